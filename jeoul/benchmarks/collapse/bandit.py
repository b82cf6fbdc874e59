"""``jeoul bench collapse bandit``: estimators trained side by side on small bandits, seeds paired.

Steps to a threshold, area under the curve and final expected reward of every column; differences to the baseline with
paired bootstrap (BCa) intervals of 95 % and sign-flip p, Holm's over an environment; and the reference's claims, each
held against what came out.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
from cyclopts import Parameter

from jeoul.benchmarks.collapse.arms import ESTIMATED
from jeoul.benchmarks.collapse.environments import ENVIRONMENTS
from jeoul.benchmarks.collapse.learner import Arm, Environment, train
from jeoul.benchmarks.collapse.outcomes import Outcome
from jeoul.benchmarks.collapse.study import METRICS, Finding, Result, Settled, compared, measure, settle
from jeoul.charts import lines_chart, save_chart, stacked
from jeoul.cli.output import note, print_json, print_table
from jeoul.errors import UsageError, did_you_mean
from jeoul.evals.statistics import Comparison
from jeoul.progress import Bars
from jeoul.trainers.advantages import estimator as find_estimator

__all__ = ["Study", "run", "study"]

SIGNS = {"better": "+", "worse": "−", "undecided": "", "tie": "="}
Words = Annotated[tuple[str, ...], Parameter(consume_multiple=True)]


@dataclass(frozen=True)
class Study:
    """What was run, and what came out.

    Attributes:
        environments: what each is about.
    """

    environments: dict[str, str]
    seeds: int
    baseline: str
    seconds: float
    results: list[Result]
    findings: list[Finding]
    claims: list[Settled]


def run(
    *,
    environment: Words = tuple(ENVIRONMENTS),
    estimator: Words = ESTIMATED,
    baseline: str = "grpo",
    seeds: int = 40,
    threads: int = 1,
    chart: Path | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Train every estimator on small bandits, with the same random numbers for all, and compare them.

    Parameters
    ----------
    environment
        A (scales; A8 with eight prompts), B (length), B2 (long prompts), C (16 columns; C1 at a low
        rate), D (tool calls), E (correlated and conflicting).
    estimator
        The arms; an environment may add some, such as a gated column.
    baseline
        Arm that the others are compared with.
    seeds
        Paired runs of each arm.
    threads
        Of torch.
    chart
        Write the mean curves here: .svg, .png, .html or .json.
    json
        Print everything as JSON, each seed's figures and the curves among it.
    """
    torch.set_num_threads(threads)
    found = study([_environment(name) for name in environment], estimator, baseline, seeds)
    if chart is not None:
        save_chart(curves_chart(found.results), chart)
    if json:
        print_json(asdict(found))
        return
    for name in environment:
        _print_environment(_environment(name), found)
    _print_claims(found.claims)
    note(f"{seeds} paired seeds, {found.seconds:.0f} s, torch {torch.__version__}, {threads} thread(s)")


def study(environments: Sequence[Environment], estimators: Sequence[str], baseline: str, seeds: int) -> Study:
    """Train, measure, compare. The same seeds give the same figures, however many are run."""
    if seeds < 2:
        raise UsageError(f"--seeds {seeds} has no spread; write 2 or more, better 40")
    for name in estimators:
        find_estimator(name)
    if baseline not in estimators:
        raise UsageError(f"--baseline {baseline} is not among the estimators {', '.join(estimators)}")
    start = time.monotonic()
    results: list[Result] = []
    findings: list[Finding] = []
    with Bars() as bars:
        for environment in environments:
            arms = [Arm(name, name) for name in estimators] + list(environment.arms)
            with bars.column(f"bandit {environment.name}", environment.steps) as tick:
                curves = train(environment, arms, seeds, lambda: tick(1))
            measured = measure(environment, arms, curves)
            results += measured
            findings += compared(measured, baseline)
    about = {environment.name: environment.about for environment in environments}
    return Study(about, seeds, baseline, time.monotonic() - start, results, findings, settle(results))


def curves_chart(results: Sequence[Result]) -> Any:
    """Mean expected reward over updates: one chart for each environment and figure, one line an arm."""
    charts = []
    for environment, figure in dict.fromkeys((each.environment, each.figure) for each in results):
        rows = [
            {"update": update, figure: round(value, 4), "arm": each.arm}
            for each in results
            if (each.environment, each.figure) == (environment, figure)
            for update, value in enumerate(each.curve)
            if update % 5 == 0
        ]
        charts.append(lines_chart(rows, "update", figure, "arm", title=f"{environment}: {figure}"))
    return stacked(charts)


def _environment(name: str) -> Environment:
    if name not in ENVIRONMENTS:
        raise UsageError(
            f"no environment {name!r}{did_you_mean(name, ENVIRONMENTS)}; there are: {', '.join(ENVIRONMENTS)}"
        )
    return ENVIRONMENTS[name]()


def _print_environment(environment: Environment, found: Study) -> None:
    by_name = {
        (each.arm, each.figure, each.metric): each for each in found.findings if each.environment == environment.name
    }
    for figure, threshold in environment.thresholds.items():
        rows = []
        for each in found.results:
            if (each.environment, each.figure) != (environment.name, figure):
                continue
            cells = [each.arm]
            for metric in METRICS:
                digits = 1 if metric == "steps" else 3
                mean = f"{statistics.fmean(each.values[metric]):.{digits}f}"
                if metric == "steps" and each.reached < found.seeds:
                    mean = f"{mean} ({each.reached}/{found.seeds})" if each.reached else "never"
                finding = by_name.get((each.arm, figure, metric))
                cells += [mean, "" if finding is None else _signed(finding.outcome, digits)]
            rows.append(cells)
        header = ["", f"steps to {threshold:g}", "Δ [95 %]", "area", "Δ [95 %]", "final", "Δ [95 %]"]
        print_table(f"{environment.name}, {figure} ({environment.about})", header, rows)


def _difference(one: Comparison, digits: int) -> str:
    low, high = one.bootstrap_interval
    if math.isnan(low):
        return f"{one.estimate:+.{digits}f}"
    return f"{one.estimate:+.{digits}f} [{low:+.{digits}f}, {high:+.{digits}f}]"


def _signed(one: Outcome, digits: int) -> str:
    """With + or − where Holm's p is at most .05 and the difference shows in these digits."""
    sign = SIGNS[one.verdict] if abs(one.comparison.estimate) >= 0.5 * 10**-digits else ""
    return f"{_difference(one.comparison, digits)} {sign}".rstrip()


def _print_claims(claims: Sequence[Settled]) -> None:
    rows = []
    for each in claims:
        claim, one = each.claim, each.outcome.comparison
        said = f"{claim.environment}: {claim.arm} {'beats' if claim.better else 'does not beat'} {claim.baseline}"
        measured = _difference(one, 1 if claim.metric == "steps" else 4)
        rows.append(
            [said, f"{claim.metric}, {claim.figure}", measured, f"{each.outcome.p:.2g}", "yes" if each.held else "NO"]
        )
    if rows:
        print_table(
            "Claims and what came out (+/− in the tables above, and p here: Holm's)",
            ["claim", "in", "difference [95 %]", "p", "held"],
            rows,
            left=2,
        )
