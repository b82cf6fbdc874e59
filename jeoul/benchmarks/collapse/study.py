"""Arms of an environment measured by seed, compared with a baseline, and held against claims.

The bandits and the training study are measured, compared and judged by the same functions.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from jeoul.benchmarks.collapse.learner import Arm, Environment
from jeoul.benchmarks.collapse.outcomes import Outcome, Pair, outcomes
from jeoul.errors import DataError

__all__ = [
    "CLAIMS",
    "METRICS",
    "Claim",
    "Finding",
    "Metric",
    "Result",
    "Settled",
    "compared",
    "measure",
    "measured",
    "settle",
]

Metric = Literal["steps", "area", "final", "least", "greatest", "variation"]
METRICS: tuple[Metric, ...] = ("steps", "area", "final")
OF_VALUES: dict[Metric, Callable[[Sequence[float]], float]] = {
    "area": statistics.fmean,
    "final": lambda values: values[-1],
    "least": min,
    "greatest": max,
    "variation": lambda values: statistics.stdev(values) / (statistics.fmean(values) or math.nan),
}
TIE = {"steps": 0.1, "area": 0.05, "final": 0.05}
"""A difference below this share (of the steps there were; of the figure's range) does not matter. Written before any
result of the training study was seen."""


@dataclass(frozen=True)
class Result:
    """What an arm came to, by seed.

    Attributes:
        environment: where.
        arm: who.
        figure: column, or another figure of the environment.
        seeds: in the order of all lists.
        horizon: the last step.
        values: metric → one value a seed. ``steps`` until the figure is at the threshold, horizon + 1 where it never is
            (a bound, not a value); ``area``, the mean over all steps; ``final``; ``least``, ``greatest`` and
            ``variation`` (sd / mean) over the steps.
        curve: mean over seeds, from before the first update where that is known.
    """

    environment: str
    arm: str
    figure: str
    seeds: list[int]
    horizon: int
    values: dict[Metric, list[float]]
    curve: list[float]

    @property
    def reached(self) -> int:
        """How many seeds came to the threshold."""
        return sum(steps <= self.horizon for steps in self.values.get("steps", ()))


@dataclass(frozen=True)
class Finding:
    """One arm against the baseline in one figure and metric; Holm's p is over one environment."""

    environment: str
    arm: str
    baseline: str
    figure: str
    metric: Metric
    outcome: Outcome


@dataclass(frozen=True)
class Claim:
    """Held against every run: ``arm`` is better than ``baseline`` in this, or is not.

    Attributes:
        better: whether it is said to be.
        source: "reference" (its section on cheap environments), "ours", or who else says so.
    """

    environment: str
    arm: str
    baseline: str
    figure: str
    metric: Metric
    better: bool
    source: str = "reference"


@dataclass(frozen=True)
class Settled:
    """A claim, what came out (Holm's p over all claims), and whether it held."""

    claim: Claim
    outcome: Outcome
    held: bool


CLAIMS = (
    Claim("A", "gdpo", "grpo", "format", "steps", True),
    Claim("A", "grpo_scaled", "grpo", "format", "steps", True),
    Claim("A", "grpo_bn", "grpo", "format", "steps", False),
    Claim("A", "gdpo", "grpo_bn", "format", "steps", True),
    Claim("A", "gdpo", "grpo", "format", "area", True),
    Claim("A", "grpo", "gdpo", "correct", "area", True),
    Claim("A8", "gdpo", "grpo", "format", "steps", True),
    Claim("A8", "grpo_bn", "grpo", "format", "steps", False),
    Claim("A8", "gdpo", "grpo_bn", "format", "steps", True),
    Claim("B", "gdpo", "grpo", "short", "final", True),
    Claim("B", "grpo_bn", "grpo", "short", "final", True),
    Claim("B", "gdpo", "grpo_bn", "short", "final", False),
    Claim("B2", "gdpo", "grpo", "correct, long prompts", "final", False),
    Claim("B2", "grpo, short gated", "grpo", "correct, long prompts", "final", True),
    Claim("B2", "gdpo, short gated", "gdpo", "correct, long prompts", "final", True),
    Claim("B2", "grpo, short × 0.25", "grpo", "correct, long prompts", "final", True),
    Claim("B2", "gdpo, short × 0.25", "gdpo", "correct, long prompts", "final", True),
    Claim("C", "gdpo", "gdpo_nobn", "mean of all", "final", True),
    Claim("C", "gdpo_nobn, rate/√n", "gdpo_nobn", "mean of all", "final", True),
    Claim("C", "gdpo", "gdpo_nobn, rate/√n", "mean of all", "final", False),
    Claim("C1", "gdpo_nobn", "gdpo", "mean of all", "final", True, "ours"),
    Claim("D", "gdpo", "grpo", "format", "steps", True, "ours"),
    Claim("E", "gdpo", "grpo", "brief", "steps", True, "ours"),
    Claim("E", "grpo", "gdpo", "correct", "final", True, "ours"),
)
"""The reference has no figures for D and E; their claims carry A's over: the quieter column gains, the louder pays.
C1's is the other side of C's: if a step without the batch step is only longer, it wins where rates are low."""


def measure(environment: Environment, arms: list[Arm], curves: dict[str, Tensor]) -> list[Result]:
    """The results of every arm of a bandit, from the curves [E, S, T + 1] of ``train``."""
    return [
        measured(
            environment.name,
            arm.name,
            figure,
            {seed: (range(curve_ST.shape[1]), curve) for seed, curve in enumerate(curve_ST.tolist())},
            threshold=threshold,
        )
        for e, arm in enumerate(arms)
        for figure, threshold in environment.thresholds.items()
        for curve_ST in [curves[figure][e]]
    ]


def measured(
    environment: str,
    arm: str,
    figure: str,
    series: Mapping[int, tuple[Sequence[int], Sequence[float]]],
    *,
    threshold: float | None = None,
    rising: bool = True,
    metrics: Sequence[Metric] = METRICS,
) -> Result:
    """An arm's metrics from its curves: seed → (steps, values), all with the same steps; step 0 is before any update.

    >>> curves = {0: ([0, 10, 20], [0.1, 0.5, 0.9]), 1: ([0, 10, 20], [0.1, 0.2, 0.3])}
    >>> found = measured("A", "gdpo", "format", curves, threshold=0.5)
    >>> found.values["steps"], found.reached, [round(area, 2) for area in found.values["area"]]
    ([10.0, 21.0], 1, [0.7, 0.25])
    """
    lasts = {tuple(steps) for steps, _ in series.values()}
    if len(lasts) > 1:
        raise DataError(
            f"{environment}, {arm}: seeds were recorded at different steps; leave out those that are not finished"
        )
    horizon = max((steps[-1] for steps in lasts), default=0)
    values: dict[Metric, list[float]] = {}
    for metric in metrics:
        if metric != "steps":
            after = [[v for step, v in zip(*curve, strict=True) if step] for curve in series.values()]
            values[metric] = [OF_VALUES[metric](each) for each in after]
        elif threshold is not None:
            values[metric] = [
                _first(*curve, threshold if rising else -threshold, 1 if rising else -1) for curve in series.values()
            ]
    curve = [statistics.fmean(at) for at in zip(*(curve for _, curve in series.values()), strict=True)]
    return Result(environment, arm, figure, list(series), horizon, values, curve)


def compared(
    results: Iterable[Result], baseline: str, ranges: Mapping[str, float | None] | None = None
) -> list[Finding]:
    """Every arm of one environment against the baseline, paired by the seeds both have, with Holm's p over all of them.

    ``ranges`` (figure → its range) says which differences do not matter (:data:`TIE`); without, no tie is looked for.
    What fewer than two seeds have in common is not compared, nor are steps where no seed of either arm came to the
    threshold: nothing is known of them.
    """
    by_name = {(each.arm, each.figure): each for each in results}
    names: dict[str, tuple[Result, Metric]] = {}
    pairs: dict[str, Pair] = {}
    for (arm, figure), one in by_name.items():
        other = by_name.get((baseline, figure))
        if arm == baseline or other is None:
            continue
        for metric in one.values:
            pair = _pair(one, other, metric, None if ranges is None else ranges[figure])
            if pair is not None:
                key = f"{arm}\n{figure}\n{metric}"
                names[key], pairs[key] = (one, metric), pair
    return [
        Finding(names[key][0].environment, names[key][0].arm, baseline, names[key][0].figure, names[key][1], outcome)
        for key, outcome in outcomes(pairs).items()
    ]


def settle(
    results: Iterable[Result],
    claims: Iterable[Claim] = CLAIMS,
    ranges: Mapping[tuple[str, str], float | None] | None = None,
) -> list[Settled]:
    """The claims that can be held against what was run (two seeds of both arms, or more), with Holm's p over them.

    ``ranges``, by environment and figure, as in :func:`compared`.
    """
    by_name = {(each.environment, each.arm, each.figure): each for each in results}
    named, pairs = {}, {}
    for claim in claims:
        one = by_name.get((claim.environment, claim.arm, claim.figure))
        other = by_name.get((claim.environment, claim.baseline, claim.figure))
        span = None if ranges is None else ranges[claim.environment, claim.figure]
        pair = None if one is None or other is None else _pair(one, other, claim.metric, span)
        if pair is not None:
            named[repr(claim)], pairs[repr(claim)] = claim, pair
    return [
        Settled(named[name], outcome, (outcome.verdict == "better") == named[name].better)
        for name, outcome in outcomes(pairs).items()
    ]


def _first(steps: Sequence[int], values: Sequence[float], threshold: float, sign: int) -> float:
    """The first step at the threshold; one more than the last where there is none."""
    return float(
        next((step for step, value in zip(steps, values, strict=True) if sign * value >= threshold), steps[-1] + 1)
    )


def _pair(one: Result, other: Result, metric: Metric, span: float | None) -> Pair | None:
    both = [seed for seed in one.seeds if seed in other.seeds]
    if len(both) < 2:
        return None
    arm, baseline = ([r.values[metric][r.seeds.index(seed)] for seed in both] for r in (one, other))
    if metric == "steps" and min([*arm, *baseline], default=math.inf) > one.horizon:
        return None
    scale = one.horizon if metric == "steps" else span
    margin = None if span is None or scale is None or metric not in TIE else TIE[metric] * scale
    return Pair(baseline, arm, metric != "steps", margin)
