"""What a study found, as data: results by arm, paired outcomes, claims, and every run's whereabouts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jeoul
from jeoul.benchmarks.collapse.outcomes import LEVEL
from jeoul.benchmarks.collapse.plan import Figure, Plan, Scenario, read_plan
from jeoul.benchmarks.collapse.recorded import Run, read_runs, results_of
from jeoul.benchmarks.collapse.study import TIE, Finding, Metric, Result, Settled, compared, settle

__all__ = ["Report", "Told", "make_report"]


@dataclass(frozen=True)
class Told:
    """One scenario: results of finished runs, each arm beside the baseline, and how many runs of an arm crashed."""

    scenario: Scenario
    results: list[Result]
    findings: list[Finding]
    crashed: Mapping[str, int]

    def result(self, arm: str, figure: str) -> Result | None:
        """What an arm came to in a figure; None where no run of it is finished."""
        return next((each for each in self.results if (each.arm, each.figure) == (arm, figure)), None)

    def finding(self, arm: str, figure: str, metric: Metric) -> Finding | None:
        """An arm beside the baseline; None where there is nothing to compare."""
        wanted = (arm, figure, metric)
        return next((each for each in self.findings if (each.arm, each.figure, each.metric) == wanted), None)


@dataclass(frozen=True)
class Report:
    """A study's report.

    Attributes:
        notes: what a reader must know before the figures.
        version: of Jeoul that made the report.
    """

    plan: Plan
    runs: list[Run]
    told: list[Told]
    claims: list[Settled]
    notes: list[str]
    version: str

    def curves(self, scenario: Scenario, figure: Figure) -> dict[str, dict[int, tuple[list[int], list[float]]]]:
        """Arm → seed → (steps, values) of finished runs, for the charts."""
        return {
            arm: {
                run.seed: run.series(figure.key)
                for run in self.runs
                if (run.scenario, run.arm, run.status) == (scenario.name, arm, "finished") and run.series(figure.key)[0]
            }
            for arm in scenario.arms
        }


def make_report(folder: Path) -> Report:
    """Read a study's folder and compare what is finished in it.

    Raises:
        DataError: there is no study, or no run of it is finished.
    """
    plan = read_plan(folder)
    runs = read_runs(folder, plan)
    told = []
    for scenario in plan.scenarios:
        results = results_of(scenario, runs)
        findings = []
        for watched in (False, True):  # two families: rewards are what is optimised, the rest is only watched
            ranges = {each.name: each.range for each in scenario.figures if (each.range is None) == watched}
            family = [each for each in results if each.figure in ranges]
            findings += compared(family, scenario.baseline, ranges)
        crashed = Counter(run.arm for run in runs if (run.scenario, run.status) == (scenario.name, "crashed"))
        told.append(Told(scenario, results, findings, {arm: crashed[arm] for arm in scenario.arms}))
    spans = {(one.name, figure.name): figure.range for one in plan.scenarios for figure in one.figures}
    claims = settle((each for one in told for each in one.results), plan.claims, spans)
    return Report(plan, runs, told, claims, _notes(plan, runs, told), jeoul.__version__)


def _notes(plan: Plan, runs: Sequence[Run], told: Sequence[Told]) -> list[str]:
    """Few seeds, runs that are not there, runs that crashed."""
    notes = []
    counts = Counter(run.status for run in runs)
    if counts["finished"] < len(runs):
        parts = [f"{counts[status]} {status}" for status in ("finished", "crashed", "unfinished", "missing")]
        notes.append(
            f"{len(runs)} runs were planned: {', '.join(parts)}. Only finished runs are compared; where runs of an arm "
            "crashed, that flatters it."
        )
    findings = [each for one in told for each in one.findings]
    if any(each.outcome.by == "t" for each in findings):
        n = max(each.outcome.comparison.n for each in findings)
        least = 2.0 ** (1 - n)
        notes.append(
            f"With {n} paired seeds sign flips cannot give p below {least:.4g} (2/2^{n}), and over many comparisons "
            f"Holm's p of them cannot reach {LEVEL:g} at all. Where that is so, a difference is called by Holm's p of "
            "paired t, which assumes about normal differences, and only if every seed agrees on the direction."
        )
    notes.append(
        "Verdicts: better or worse where Holm's p is at most .05, over the rewards of a scenario (figures that are "
        "only watched are a family of their own, and are higher or lower); a tie where two one-sided t tests put the "
        f"difference within {TIE['final']:.0%} of the figure's range ({TIE['steps']:.0%} of all steps); else "
        "undecided, which is not a tie. Intervals: BCa bootstrap of the paired differences, 95 %, not corrected for "
        "their number. Steps of runs that never came to the threshold count as one more than there were: differences "
        "with them are bounds, and their intervals too narrow."
    )
    return notes
