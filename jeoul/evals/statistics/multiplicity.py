"""Several comparisons at once: Holm's correction."""

from __future__ import annotations

import math
from collections.abc import Sequence

from jeoul.errors import UsageError

__all__ = ["holm"]


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values: at most alpha of wrong finds over the whole family, whatever depends on what.

    With the m p-values in rising order ``p̃_i = max_{j≤i} min(1, (m − j + 1)·p_j)``. NaN (no test was made) stays NaN
    and does not count among the m. Source: Holm 1979, Scand. J. Statist. 6.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    for value in p_values:
        if not isinstance(value, (int, float)) or value < 0 or value > 1:
            raise UsageError(f"{value!r} is no p-value; expected numbers from 0 to 1, or NaN where no test was made")
    order = sorted((place for place, value in enumerate(p_values) if not math.isnan(value)), key=p_values.__getitem__)
    adjusted, floor = [math.nan] * len(p_values), 0.0
    for rank, place in enumerate(order):
        floor = max(floor, min(1.0, (len(order) - rank) * p_values[place]))
        adjusted[place] = floor
    return adjusted
