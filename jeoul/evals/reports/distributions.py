"""How values are spread: bars for a chart, by value where there are few, else in bins of equal width."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["histogram"]

FEW, BINS = 5, 24


def histogram(values: NDArray[np.float64], kinds: Sequence[str], bins: int = BINS) -> list[dict[str, Any]]:
    """Counts by bar and kind; NaN and infinite values are in no bar.

    Args:
        values: [B].
        kinds: [B], what each is, such as its verdict.
        bins: how many, where there are more than 5 different values.

    Returns:
        Bars in order, ``{value, kind, count}`` (the value as text) or ``{low, high, kind, count}``, without empty ones.

    >>> histogram(np.array([0.0, 1.0, 1.0, np.nan]), ["wrong", "right", "right", "right"])
    [{'value': '0', 'kind': 'wrong', 'count': 1}, {'value': '1', 'kind': 'right', 'count': 2}]
    """
    finite = np.isfinite(values)
    present = values[finite]
    owners = [kind for kind, shown in zip(kinds, finite, strict=True) if shown]
    distinct = np.unique(present)
    if len(distinct) <= FEW:
        counts = Counter(zip(present.tolist(), owners, strict=True))
        return [
            {"value": f"{value:.3g}", "kind": kind, "count": count} for (value, kind), count in sorted(counts.items())
        ]
    edges = np.histogram_bin_edges(present, bins=bins)
    place = np.clip(np.searchsorted(edges, present, side="right") - 1, 0, bins - 1)
    counts = Counter(zip(place.tolist(), owners, strict=True))
    return [
        {"low": float(edges[bar]), "high": float(edges[bar + 1]), "kind": kind, "count": count}
        for (bar, kind), count in sorted(counts.items())
    ]
