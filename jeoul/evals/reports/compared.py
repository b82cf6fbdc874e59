"""Reports of several runs: compared question by question, or only side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jeoul.errors import UsageError
from jeoul.evals.comparison.making import compare_sides, matched_sets
from jeoul.evals.comparison.opening import open_sides
from jeoul.evals.reports.report import Report, read_report, reported_run
from jeoul.evals.run_folder import read_run

__all__ = ["compared_report", "joined_report"]

ALL = 1_000_000
"""Flipped questions of a pair: the page lists them all."""


def compared_report(folders: Sequence[str | Path]) -> Report:
    """B against A, and C against A …, with the samples of all of them.

    Args:
        folders: runs, or folders of runs of several suites.

    Raises:
        UsageError: fewer than two, or something that is no run.
        DataError: runs of unlike suites, protocols, data or graders; the message says what differs.
    """
    if files := [folder for folder in folders if Path(folder).is_file()]:
        raise UsageError(f"{files[0]} is no run, and a report is of runs; jeoul compare takes tables and outputs, too")
    opened = open_sides([str(folder) for folder in folders])
    sets, left_out = matched_sets(opened)
    found = compare_sides(sets, flips=ALL, left_out=left_out)
    runs = [
        reported_run(
            side.about,
            read_run(Path(side.origin)).summary,
            side.table,
            label=side.label if len(sets) == 1 else f"{side.label} {side.name}",
            name=side.origin,
        )
        for sides in sets
        for side in sides
    ]
    title = f"{', '.join(one.score for one in found.sets)}: {' and '.join(side.label for side in found.sets[0].sides)}"
    return Report(title, tuple(runs), found)


def joined_report(folders: Sequence[str | Path]) -> Report:
    """Runs of one model on several suites, not compared: for a model card."""
    runs = [replace(run, label=str(folder)) for folder in folders for run in read_report(folder).runs]
    return Report(", ".join(str(run.about.get("score")) for run in runs), tuple(runs))
