"""The folder of a run of the flat loop: ``metrics.jsonl``, a line a step, and ``checkpoint.pt``, whole or not there."""

from __future__ import annotations

import fcntl
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import torch

from jeoul.errors import DataError, UsageError
from jeoul.writing import whole_file

__all__ = ["CHECKPOINT", "METRICS", "Run", "read_metrics"]

METRICS, CHECKPOINT = "metrics.jsonl", "checkpoint.pt"
FREE = ("steps", "save_every", "evaluate_every", "workers")
"""Settings that may differ when a run goes on: they do not change what a step computes."""


class Run:
    """Keeps metrics in memory and, with a folder, on disk.

    Args:
        folder: made where it is missing; None keeps nothing on disk.
        settings: what makes it this run; a checkpoint with others is refused.
    """

    def __init__(self, folder: Path | None, settings: Mapping[str, Any]) -> None:
        self.folder, self.settings = folder, json.loads(json.dumps(settings, default=repr))
        self.metrics: list[dict[str, Any]] = []
        self.file: IO[str] | None = None

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        if self.file is not None:
            self.file.close()

    def resume(self, model: Any, optimizer: torch.optim.Optimizer) -> int:
        """Load the checkpoint, if there is one, and drop metrics of later steps; the step it was saved after, or 0."""
        if self.folder is None:
            return 0
        self.folder.mkdir(parents=True, exist_ok=True)
        path, metrics = self.folder / CHECKPOINT, self.folder / METRICS
        self.file = metrics.open("a", encoding="utf-8")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(
                f"another process is training into {self.folder}; wait for it, or choose another"
            ) from None
        step = 0
        if path.exists():
            saved = _load(path, model.device)
            self._check(saved["settings"], path)
            model.load_state_dict(saved["model"])
            optimizer.load_state_dict(saved["optimizer"])
            step = int(saved["step"])
            self.metrics = read_metrics(metrics, step)
        self.file.truncate(sum(len(line) + 1 for line in metrics.read_bytes().split(b"\n")[:step]))
        return step

    def write(self, step: int, figures: Mapping[str, Any]) -> dict[str, Any]:
        """Add the metrics of a step: plain numbers, NaN as None."""
        plain = {name: _number(value) for name, value in figures.items()}
        row: dict[str, Any] = {"step": step, **plain}
        self.metrics.append(row)
        if self.file is not None:
            self.file.write(_line(row))
            self.file.flush()
        return row

    def save(self, step: int, model: Any, optimizer: torch.optim.Optimizer) -> None:
        """Replace the checkpoint; a kill leaves the old one or the new one."""
        if self.folder is None:
            return
        state = {"step": step, "model": model.state_dict(), "optimizer": optimizer.state_dict()}
        with whole_file(self.folder / CHECKPOINT) as beside:
            torch.save(state | {"settings": self.settings}, beside)

    def _check(self, saved: Mapping[str, Any], path: Path) -> None:
        names = [name for name in self.settings if name not in FREE and saved.get(name) != self.settings[name]]
        if names:
            told = ", ".join(f"{name} {saved.get(name)!r} there and {self.settings[name]!r} here" for name in names)
            raise UsageError(f"{path} is of another run: {told}; give another folder, or delete this one")


def read_metrics(path: Path, last: int | None = None) -> list[dict[str, Any]]:
    """The lines of a ``metrics.jsonl`` up to a step; a torn last line is not one.

    Raises:
        DataError: a step is missing.
    """
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() if path.exists() else [], start=1):
        try:
            row = json.loads(line)
        except ValueError:
            break
        if row.get("step") != number:
            raise DataError(f"{path}, line {number}: expected step {number}, not {row.get('step')!r}")
        rows.append(row)
    if last is None:
        return rows
    if len(rows) < last:
        raise DataError(f"{path} ends at step {len(rows)}, its checkpoint is of step {last}; delete the folder")
    return rows[:last]


def _load(path: Path, device: Any) -> dict[str, Any]:
    try:
        saved: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:
        raise DataError(f"{path} is no checkpoint of the loop ({error}); delete it to start anew") from None
    return saved


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row) + "\n"


def _number(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
