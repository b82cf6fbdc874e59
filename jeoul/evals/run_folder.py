"""A folder of one evaluation: samples.jsonl, table.parquet, summary.json, and run.json, written last."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jeoul.errors import DataError, UsageError, did_you_mean
from jeoul.writing import plain, whole_file

if TYPE_CHECKING:
    from jeoul.evals.outputs import Output
    from jeoul.rewards.tables.table import RewardTable

__all__ = [
    "REPORT",
    "RUN",
    "SAMPLES",
    "SUMMARY",
    "TABLE",
    "Run",
    "read_run",
    "refuse_existing",
    "samples_file",
    "sweep",
    "write_run",
]

RUN, SAMPLES, TABLE, SUMMARY = "run.json", "samples.jsonl", "table.parquet", "summary.json"
REPORT = "report.html"


@dataclass(frozen=True)
class Run:
    """A finished evaluation, read from its folder.

    Attributes:
        folder: where it is.
        about: run.json: what was run, with versions and hashes.
        summary: summary.json: the figures.
    """

    folder: Path
    about: Mapping[str, Any] = field(repr=False)
    summary: Mapping[str, Any] = field(repr=False)

    def table(self) -> RewardTable:
        """The scored samples."""
        from jeoul.rewards.tables.table import RewardTable

        return RewardTable.load(self.folder / TABLE)


def refuse_existing(folder: Path, force: bool) -> None:
    """UsageError where a finished run, or something else, is in the way."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is no folder; choose another -o")
    if (folder / RUN).exists() and not force:
        raise UsageError(f"{folder} holds a finished run; give --force to replace it, or another -o")
    if folder.is_dir() and not (folder / RUN).exists() and not force and any(folder.iterdir()):
        raise UsageError(
            f"{folder} is not empty and holds no finished run; give --force to write into it, or another -o"
        )


def samples_file(folder: Path, outputs: str) -> bool:
    """Whether the completions are the folder's own samples, as generation left them."""
    own = folder / SAMPLES
    return own.is_file() and Path(outputs).resolve() in (folder.resolve(), own.resolve())


def sweep(folder: Path) -> None:
    """Remove files that a killed process had begun; the caller holds the folder's lock."""
    for path in folder.iterdir():
        if re.fullmatch(r"\.\d+\.[^.]+\.[^/]+", path.name):  # as whole_file names them
            path.unlink(missing_ok=True)


def write_run(
    folder: Path,
    about: Mapping[str, Any],
    samples: Iterable[Output] | None,
    table: RewardTable,
    summary: Mapping[str, Any],
) -> None:
    """Write a run; each file is whole or absent, and only a folder with run.json is finished.

    ``samples=None``: those that are there stay as they are.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (RUN, REPORT):  # from here on it is not finished, and the report is of other figures
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"{folder} cannot be written: {error}") from None
    if samples is not None:
        _write(
            folder / SAMPLES, (json.dumps(sample.to_dict()) + "\n" for sample in samples)
        )  # ASCII: half surrogates too
    table.save(folder / TABLE)
    for name, document in ((SUMMARY, summary), (RUN, about)):
        _write(folder / name, [json.dumps(plain(document), indent=2, ensure_ascii=True) + "\n"])


def read_run(folder: Path) -> Run:
    """A finished run; DataError where there is none."""
    documents = []
    for name in (RUN, SUMMARY):
        try:
            documents.append(json.loads((folder / name).read_text(encoding="utf-8")))
        except FileNotFoundError:
            near = [path.name for path in folder.parent.iterdir()] if folder.parent.is_dir() else []
            hint = did_you_mean(folder.name, near) if not folder.exists() else ""
            raise DataError(f"{folder} holds no finished run: there is no {name}{hint}") from None
        except (OSError, ValueError) as error:
            raise DataError(f"{folder / name} cannot be read: {error}") from None
    return Run(folder, *documents)


def _write(path: Path, lines: Iterable[str]) -> None:
    """Beside, then renamed: the file is whole, or what it was before."""
    try:
        with whole_file(path) as beside, beside.open("w", encoding="ascii", newline="\n") as file:
            file.writelines(lines)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error}") from None
