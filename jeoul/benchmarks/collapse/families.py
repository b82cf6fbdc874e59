"""What an estimator makes of one group, before any batch step: the family decides what can collapse."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from jeoul.benchmarks.collapse.radicals import Surd
from jeoul.errors import UsageError, did_you_mean
from jeoul.trainers.advantages import ESTIMATORS

__all__ = ["Family", "exact_advantages", "family", "read_weights", "whole_weights"]

Family = Literal["raw", "centred", "std", "sum of stds", "correlation", "columns"]
"""With s = Σ w r: s itself; s − s̄; that over σ_s, over Σ w σ, over √Σρ; or Σ w (r − μ)/σ."""

FAMILIES: dict[str, Family] = {
    "reinforce_pp": "raw",
    "dr_grpo": "centred",
    "rloo": "centred",
    "grpo_batch_std": "centred",
    "reinforce_pp_baseline": "centred",
    "grpo": "std",
    "grpo_bn": "std",
    "grpo_scaled": "std",  # binary columns have unit range
    "dvao": "sum of stds",
    "corr_grpo": "correlation",
    "gdpo": "columns",
    "gdpo_nobn": "columns",
}
"""A batch step and factors common to a batch (rloo's G/(G−1), a batch's σ) are one-to-one: they merge nothing."""


def family(estimator: str) -> Family:
    """Which formula decides what the estimator can tell apart within a group.

    >>> family("grpo_bn"), family("gdpo")
    ('std', 'columns')
    """
    if estimator in FAMILIES:
        return FAMILIES[estimator]
    if estimator in ESTIMATORS:
        raise UsageError(
            f"{estimator} weighs columns by what the rest of the batch holds, so one group has no advantages of its "
            "own; write gdpo with --weights, the weights it would give"
        )
    raise UsageError(
        f"no estimator named {estimator!r}{did_you_mean(estimator, FAMILIES)}; there are: {', '.join(FAMILIES)}"
    )


def read_weights(weights: Sequence[str] | None, columns: int) -> list[Fraction]:
    """The weights as rationals; None is 1 each."""
    if weights is None:
        return [Fraction(1)] * columns
    if len(weights) != columns:
        raise UsageError(f"{len(weights)} weights for {columns} columns; write one a column, such as 1 1/2")
    try:
        read = [Fraction(weight) for weight in weights]
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"weights are {' '.join(weights)}; write numbers such as 1, 0.25 or 1/3") from None
    if any(weight <= 0 for weight in read):
        raise UsageError(f"weights are {' '.join(weights)}; write positive numbers: a column of weight 0 is no column")
    return read


def whole_weights(weights: Sequence[Fraction]) -> list[int]:
    """The same proportions in the least whole numbers: a common factor of all weights merges nothing.

    >>> whole_weights([Fraction(1), Fraction(1, 2)])
    [2, 1]
    """
    common = math.lcm(*(weight.denominator for weight in weights))
    whole = [int(weight * common) for weight in weights]
    whole = [weight // math.gcd(*whole) for weight in whole]
    if sum(whole) >= 4096:  # sums of products with these must fit in 64 bits
        raise UsageError(f"weights are to one another as {whole}; write simpler ones, such as 1 and 1/4")
    return whole


def exact_advantages(
    rewards: Sequence[Sequence[Fraction | int]], estimator: str, weights: Sequence[Fraction] | None = None
) -> list[Surd]:
    """Advantages of one group, before any batch step and without eps, as exact numbers; σ with n − 1.

    >>> exact_advantages([(1, 0), (1, 0), (0, 1)], "gdpo")
    [0, 0, 0]
    >>> exact_advantages([(0, 2), (1, 1), (0, 0)], "grpo")
    [1/3·√3, 1/3·√3, -2/3·√3]
    """
    kind = family(estimator)
    columns = list(zip(*rewards, strict=True))
    factors = list(weights or [Fraction(1)] * len(columns))
    if kind == "columns":
        parts = [_standardised(column) for column in columns]
        mixed = [[part * weight for part in rows] for rows, weight in zip(parts, factors, strict=True)]
        return [sum(row, start=Surd()) for row in zip(*mixed, strict=True)]
    sums = [sum((r * w for r, w in zip(row, factors, strict=True)), start=Fraction(0)) for row in rewards]
    if kind == "std":
        return _standardised(sums)
    if kind == "raw":
        return [Surd({1: s}) for s in sums]
    if kind == "centred":
        return [Surd({1: s - Fraction(sum(sums), len(sums))}) for s in sums]
    raise UsageError(f"{estimator} divides by a sum of roots, which is no sum of roots; write grpo, dr_grpo or gdpo")


def _standardised(values: Sequence[Fraction | int]) -> list[Surd]:
    mean = Fraction(sum(values), len(values)) if values else Fraction(0)
    centred = [value - mean for value in values]
    square = sum((each * each for each in centred), start=Fraction(0))
    if not square:
        return [Surd()] * len(values)
    inverse = Surd.root((len(values) - 1) / square)
    return [inverse * each for each in centred]
