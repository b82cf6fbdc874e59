"""A figure over items with its 95 % interval, from sums of per-item statistics."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Estimate", "Figure", "estimate", "mean"]

Figure = Callable[[Any], float]
"""Sums over items of their statistics → the figure."""
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, over how many items, and between which bounds 95 % of 1,000 resamples of the items put it."""

    value: float
    n: int
    low: float
    high: float
    seed: int = 0


def estimate(statistics: np.ndarray | list[Any], figure: Figure, seed: int = 0) -> Estimate:
    """``figure`` of the column sums of ``statistics`` (items × k), with a percentile bootstrap over items.

    The interval is NaN where there are no items. Items are resampled whole, so a figure that is no mean (F1, a ratio of
    sums) has its interval by the same way.

    >>> found = estimate([[1, 1], [0, 1], [1, 1], [1, 1]], lambda sums: sums[0] / sums[1])
    >>> found.value, found.n, found.low <= found.value <= found.high
    (0.75, 4, True)
    """
    import numpy as np

    table = np.asarray(statistics, dtype=np.float64)
    n = len(table)
    if not n:
        return Estimate(math.nan, 0, math.nan, math.nan, seed)
    value = float(figure([math.fsum(column) for column in table.T.tolist()]))
    random = np.random.default_rng(seed)
    found: list[float] = []
    for _ in range(RESAMPLES // 100):  # 100 at a time, or a large submission would take all memory
        weights = random.multinomial(n, np.full(n, 1 / n), size=100)
        found += [float(figure(sums)) for sums in (weights @ table).tolist()]
    usable = [one for one in found if not math.isnan(one)] or [math.nan]
    low, high = np.quantile(usable, (0.025, 0.975)).tolist()
    return Estimate(value, n, low, high, seed)


def mean(values: list[float], seed: int = 0) -> Estimate:
    """The mean of one value an item."""
    return estimate([[value, 1.0] for value in values], lambda sums: sums[0] / sums[1], seed)
