"""What a report shows: runs with their figures, columns and samples. No layout, no files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from jeoul.errors import DataError, listed
from jeoul.evals.reports.distributions import histogram
from jeoul.evals.reports.samples import TONES, Records, records_of
from jeoul.evals.run_folder import read_run

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jeoul.evals.comparison.result import Comparison
    from jeoul.rewards.tables.table import RewardTable

__all__ = ["Report", "ReportedRun", "model_name", "read_report", "reported_run"]

KEYS = ("problems", "answered", "asked", "samples", "missing", "figures", "absent", "breakdowns", "grader")
"""Of summary.json."""


@dataclass(frozen=True)
class ReportedRun:
    """One run of a report.

    Attributes:
        label: its name in the report; "" where it is the only one.
        about: run.json.
        summary: summary.json.
        columns: one mapping a reward column: ``name``, ``weight`` (None for a monitor), ``mean``, ``std``, ``min``,
            ``max``, cells by status, ``gated`` and ``silent_groups``; None where there is no such figure.
        spreads: column → bars (:func:`histogram`) by verdict; "characters" and "tokens" beside the columns.
        records: the samples.
    """

    label: str
    about: Mapping[str, Any] = field(repr=False)
    summary: Mapping[str, Any] = field(repr=False)
    columns: Sequence[Mapping[str, Any]] = field(repr=False)
    spreads: Mapping[str, Sequence[Mapping[str, Any]]] = field(repr=False)
    records: Records = field(repr=False)

    @property
    def verdicts(self) -> dict[str, int]:
        """Verdict → how many samples, in the order of :data:`TONES`, without those there are none of."""
        counts = dict.fromkeys(TONES, 0)
        for sample in self.records.samples:
            counts[sample["v"]] += 1
        return {name: count for name, count in counts.items() if count}

    def to_dict(self) -> dict[str, Any]:
        """The figures, without the samples: those are in samples.jsonl and table.parquet."""
        spreads = {name: list(bars) for name, bars in self.spreads.items()}
        named = {"label": self.label} if self.label else {}
        return named | {
            "about": self.about,
            "summary": self.summary,
            "columns": list(self.columns),
            "verdicts": self.verdicts,
            "spreads": spreads,
        }


@dataclass(frozen=True)
class Report:
    """A report of one run, or of several with what their comparison found."""

    title: str
    runs: tuple[ReportedRun, ...]
    comparison: Comparison | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it; NaN is for the writer to make null."""
        found = {"comparison": self.comparison.to_dict()} if self.comparison else {}
        return {"title": self.title, **found, "runs": [run.to_dict() for run in self.runs]}


def read_report(folder: str | Path) -> Report:
    """The report of a run's folder.

    Raises:
        DataError: it holds no finished run, or its files are not of one run.
    """
    run = read_run(Path(folder))
    made = reported_run(run.about, run.summary, run.table(), name=str(folder))
    return Report(str(run.about.get("score", Path(folder).name)), (made,))


def model_name(about: Mapping[str, Any]) -> str:
    """What run.json calls the model; else the name of the file of completions.

    >>> model_name({"generated": {"model": {"backend": "vllm", "model": "owner/model"}}})
    'owner/model'
    >>> model_name({"outputs": {"origin": "logs/mine.jsonl.gz"}})
    'mine'
    """
    told = (about.get("generated") or {}).get("model") or {}
    origin = str((about.get("outputs") or {}).get("origin") or "")
    return str(told.get("model") or PurePath(origin).name.partition(".")[0] or "model")


def reported_run(
    about: Mapping[str, Any], summary: Mapping[str, Any], table: RewardTable, *, label: str = "", name: str = "the run"
) -> ReportedRun:
    """What a report shows of a run. ``name``: for messages."""
    score = about.get("grader", {}).get("score")
    if score not in table.names:
        raise DataError(f"{name}: run.json says that the score is {score!r}, and the table has no such column")
    if absent := [key for key in KEYS if key not in summary]:
        raise DataError(f"{name}: summary.json has no {listed(absent)}; make it again with jeoul eval")
    records = records_of(table, score)
    return ReportedRun(label, about, summary, _columns(table), _spreads(table, records), records)


def _columns(table: RewardTable) -> list[dict[str, Any]]:
    frame = table.summary()
    rows = [{"name": str(name), **figures} for name, figures in zip(frame.index, frame.to_dict("records"), strict=True)]
    return [{str(key): _finite(value) for key, value in row.items()} for row in rows]


def _spreads(table: RewardTable, records: Records) -> dict[str, list[dict[str, Any]]]:
    kinds = [sample["v"] for sample in records.samples]
    characters = np.array([float(sample["n"]) for sample in records.samples])
    tokens = np.array([float(sample.get("k", np.nan)) for sample in records.samples])
    spread: dict[str, NDArray[np.float64]] = {name: table.column(name) for name in table.names}
    for length, values in (("tokens", tokens), ("characters", characters)):
        if length not in spread and not np.isnan(values).all():
            spread[length] = values
    return {name: histogram(values, kinds) for name, values in spread.items()}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not np.isfinite(value) else value
