"""The runs of a study as they lie in its folder: finished, crashed, or not there yet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from jeoul.benchmarks.collapse.plan import DONE, Figure, Plan, Scenario, run_folder
from jeoul.benchmarks.collapse.study import Result, measured
from jeoul.errors import DataError
from jeoul.trainers.loop_files import METRICS, read_metrics

__all__ = ["Run", "read_runs", "results_of"]

Status = Literal["finished", "crashed", "unfinished", "missing"]
Series = tuple[list[int], list[float]]


@dataclass(frozen=True)
class Run:
    """One run.

    Attributes:
        status: "finished" and "crashed" have a done.json; "unfinished" has steps only.
        step: the last one that is recorded.
        rows: the metrics of every step.
        error: of a crash.
        seconds: that all steps took together.
    """

    scenario: str
    arm: str
    seed: int
    status: Status
    step: int
    rows: Sequence[Mapping[str, Any]]
    error: str = ""
    seconds: float = 0.0

    def series(self, key: str) -> Series:
        """Steps and values of a figure, where it was recorded and is a number."""
        there = [(int(row["step"]), float(row[key])) for row in self.rows if row.get(key) is not None]
        return [step for step, _ in there], [value for _, value in there]


def read_runs(folder: Path, plan: Plan) -> list[Run]:
    """Every run of the plan, in its order. A torn last line of metrics is left out.

    Raises:
        DataError: a done.json is not JSON, or metrics skip a step.
    """
    return [
        _read(run_folder(folder, scenario.name, arm, seed), scenario.name, arm, seed)
        for scenario in plan.scenarios
        for arm in scenario.arms
        for seed in plan.seeds
    ]


def results_of(scenario: Scenario, runs: Sequence[Run]) -> list[Result]:
    """What finished runs of a scenario came to, for every arm and figure that has any."""
    found = []
    for arm in scenario.arms:
        finished = [run for run in runs if (run.scenario, run.arm, run.status) == (scenario.name, arm, "finished")]
        for figure in scenario.figures:
            series = _aligned({run.seed: run.series(figure.key) for run in finished})
            there = {seed: curve for seed, curve in series.items() if any(curve[0])}
            if there:
                found.append(_measured(scenario, arm, figure, there))
    return found


def _aligned(series: Mapping[int, Series]) -> dict[int, Series]:
    """Without the steps at which some seed has no number: a share of collapsed pairs, say, where no pair differs."""
    common = set.intersection(*(set(steps) for steps, _ in series.values())) if series else set()
    kept = {
        seed: [(step, value) for step, value in zip(*each, strict=True) if step in common]
        for seed, each in series.items()
    }
    return {seed: ([step for step, _ in each], [value for _, value in each]) for seed, each in kept.items()}


def _measured(scenario: Scenario, arm: str, figure: Figure, series: Mapping[int, Series]) -> Result:
    options: dict[str, Any] = {"threshold": figure.threshold, "metrics": figure.metrics}
    return measured(scenario.name, arm, figure.name, series, **options)


def _read(folder: Path, scenario: str, arm: str, seed: int) -> Run:
    rows = read_metrics(folder / METRICS)
    step = int(rows[-1]["step"]) if rows else 0
    seconds = sum(float(row.get("seconds") or 0) for row in rows)
    if not (folder / DONE).exists():
        return Run(scenario, arm, seed, "unfinished" if rows else "missing", step, rows, seconds=seconds)
    try:
        done = json.loads((folder / DONE).read_text(encoding="utf-8"))
        error = str(done.get("error") or "")
    except (ValueError, AttributeError):
        raise DataError(f"{folder / DONE} is not what a run writes when it is over; delete it and run again") from None
    return Run(scenario, arm, seed, "crashed" if error else "finished", step, rows, error, seconds)
