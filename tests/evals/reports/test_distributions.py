from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jeoul.evals.reports.distributions import FEW, histogram

VALUES = st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")) | st.just(float("inf")), max_size=80)


@given(VALUES, st.integers(1, 30))
def test_every_finite_value_is_in_one_bar(values: list[float], bins: int) -> None:
    array = np.array(values, dtype=np.float64)
    kinds = ["even" if place % 2 == 0 else "odd" for place in range(len(values))]
    bars = histogram(array, kinds, bins)
    finite = array[np.isfinite(array)]
    assert sum(bar["count"] for bar in bars) == len(finite)
    for kind in ("even", "odd"):
        there = sum(one == kind and np.isfinite(value) for one, value in zip(kinds, values, strict=True))
        assert sum(bar["count"] for bar in bars if bar["kind"] == kind) == there
    if len(np.unique(finite)) > FEW:
        counts, edges = np.histogram(finite, bins)
        got = dict.fromkeys(edges[:-1].tolist(), 0)
        for bar in bars:
            got[bar["low"]] += bar["count"]
        assert list(got.values()) == counts.tolist()


def test_equal_values_do_not_make_bins() -> None:
    assert histogram(np.ones(100), ["x"] * 100) == [{"value": "1", "kind": "x", "count": 100}]
