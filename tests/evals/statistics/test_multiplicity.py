from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from jeoul.errors import UsageError
from jeoul.evals.statistics import holm


@settings(max_examples=40)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_is_statsmodels(values: list[float]) -> None:
    assert holm(values) == pytest.approx(multipletests(values, method="holm")[1].tolist())
    assert all(new >= old for new, old in zip(holm(values), values, strict=True))


def test_no_test_does_not_count() -> None:
    found = holm([0.01, math.nan, 0.03])
    assert found[::2] == [0.02, 0.03]
    assert math.isnan(found[1])
    assert holm([]) == []


@pytest.mark.parametrize("wrong", [-0.1, 1.1, "0.1", None])
def test_bad_input(wrong: object) -> None:
    with pytest.raises(UsageError, match="no p-value"):
        holm([0.1, wrong])  # type: ignore[list-item]
