"""What a path holds that can be watched: evaluations, finished or not, metrics of training, and its rollouts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from jeoul.dashboard.following import parsed
from jeoul.dashboard.rollouts import completion_of
from jeoul.dashboard.training import step_of
from jeoul.errors import DataError
from jeoul.evals.run_folder import RUN, SAMPLES

__all__ = ["Source", "find_sources"]

Kind = Literal["evaluation", "training", "rollouts"]
STATE, METRICS = "trainer_state.json", "metrics.jsonl"
DEEP, NEWEST = 4, 5


@dataclass(frozen=True)
class Source:
    """Something to watch.

    Attributes:
        kind: what it is.
        path: the folder of an evaluation; the file of metrics or rollouts.
        label: unique among those found together.
    """

    kind: Kind
    path: Path
    label: str


def find_sources(paths: Iterable[Path]) -> list[Source]:
    """Evaluations and metrics in files and folders, up to four folders deep, in the order of the paths.

    Metrics are JSON lines with a ``step``, or TRL's ``trainer_state.json``; of several checkpoints in a folder the
    last one counts. Rollouts are JSON lines with completions; of a folder's files the newest five count.

    Raises:
        DataError: a path is absent, or nothing in it can be watched.
    """
    found: dict[Path, Kind] = {}
    for path in paths:
        if not path.exists():
            raise DataError(f"there is no {path}")
        there = dict(_found(path))
        if not there:
            raise DataError(
                f"{path} holds nothing to watch: expected {SAMPLES} or {RUN} of an evaluation, JSON lines with a step "
                f"such as {METRICS}, or with completions, or {STATE}"
            )
        found |= there
    return [Source(kind, path, label) for (path, kind), label in zip(found.items(), _labels(list(found)), strict=True)]


def _found(path: Path, depth: int = 0) -> Iterator[tuple[Path, Kind]]:
    if path.is_file():
        if path.name == SAMPLES:
            yield path.parent, "evaluation"
        elif kind := "training" if path.name == STATE else _kind(path):
            yield path, kind
        return
    if any((path / name).is_file() for name in (RUN, SAMPLES)):
        yield path, "evaluation"
    lines = {one: _kind(one) for one in sorted(path.glob("*.jsonl")) if one.name != SAMPLES}
    yield from ((one, "training") for one, kind in lines.items() if kind == "training")
    rollouts = [one for one, kind in lines.items() if kind == "rollouts"]
    newest = sorted(rollouts, key=lambda one: one.stat().st_mtime, reverse=True)[:NEWEST]
    yield from ((one, "rollouts") for one in newest)
    states = sorted(path.glob(f"checkpoint-*/{STATE}"), key=lambda one: one.stat().st_mtime)
    if (path / STATE).is_file() or states:
        yield (path / STATE if (path / STATE).is_file() else states[-1]), "training"
    if depth < DEEP:
        inside = sorted(one for one in path.iterdir() if one.is_dir() and not one.name.startswith((".", "checkpoint-")))
        for one in inside:
            yield from _found(one, depth + 1)


def _kind(path: Path) -> Kind | None:
    """By its first lines: with completions they are rollouts, else with a step metrics."""
    try:
        with path.open("rb") as file:
            rows = [parsed(line) or {} for line in islice(file, 5)]
    except OSError:
        return None
    if any(completion_of(row) is not None for row in rows):
        return "rollouts"
    return "training" if path.name == METRICS or any(step_of(row) is not None for row in rows) else None


def _labels(paths: list[Path]) -> list[str]:
    """The shortest ends of the paths that differ; a file of metrics is called as its folder."""
    if not paths:
        return []
    whole = [path.absolute() for path in paths]
    named = [path.parent if path.name in (METRICS, STATE) else path for path in whole]
    parts = [(named if named.count(name) == 1 else whole)[place].parts for place, name in enumerate(named)]
    for size in range(1, max(map(len, parts)) + 1):
        labels = [os.sep.join(one[-size:]) for one in parts]
        if len(set(labels)) == len(labels):
            return labels
    return [str(path) for path in whole]
