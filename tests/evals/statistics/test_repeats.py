from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul.errors import UsageError
from jeoul.evals.statistics import avg_at_k, pass_at_k, pass_probability


@pytest.mark.parametrize("n", range(1, 9))
def test_pass_is_enumeration(n: int) -> None:
    for c, k in itertools.product(range(n + 1), range(1, n + 1)):
        choices = list(itertools.combinations([1] * c + [0] * (n - c), k))
        assert pass_probability(n, c, k) == pytest.approx(sum(map(any, choices)) / len(choices))


def test_pass_is_without_replacement() -> None:
    assert pass_at_k([[1] + [0] * 15], 16).estimate == 1
    with_replacement = 1 - (1 - 1 / 16) ** 16
    assert with_replacement == pytest.approx(0.644, abs=0.001)


def test_pass_is_exact_for_many_samples() -> None:
    assert pass_probability(100_000, 1, 50_000) == 0.5
    assert 0 < pass_probability(2000, 1, 1) < pass_probability(2000, 1, 1999) < 1


def test_fewer_than_k_samples_is_nothing() -> None:
    assert math.isnan(pass_probability(3, 1, 4))
    found = pass_at_k([[1, 0, 1, 0], [1, 1, None, None]], 4)
    assert (found.estimate, found.n, found.n_missing, found.samples, found.samples_missing) == (1, 1, 1, 4, 2)
    nothing = pass_at_k([[1]], 2)
    assert math.isnan(nothing.estimate)
    assert nothing.n == 0
    assert all(map(math.isnan, (*nothing.interval, nothing.total_error, nothing.sampling_error)))
    assert avg_at_k([[1, 0], [1, None]], 2).estimate == 0.5


def test_missing_is_not_wrong() -> None:
    """One harness: 7 of 16 answers right, 7 of 8 repeats not there: .4375 became .0547."""
    scores = [[right, *[None] * 7] for right in [1] * 7 + [0] * 9]
    found = avg_at_k(scores)
    assert found.estimate == 0.4375
    assert np.nan_to_num(np.array(scores, dtype=float)).mean() == pytest.approx(0.0547, abs=1e-4)
    assert (found.n, found.samples, found.samples_missing) == (16, 16, 112)
    assert "16 samples, 112 missing" in str(found)
    assert avg_at_k([[1], [0]], asked=8).samples_missing == 14


@settings(max_examples=50)
@given(
    st.lists(st.lists(st.sampled_from([0, 1, None]), min_size=1, max_size=6), min_size=1, max_size=6), st.integers(1, 6)
)
def test_ranges_and_order(scores: list[list[int | None]], k: int) -> None:
    for found, back in (
        (pass_at_k(scores, k), pass_at_k(scores[::-1], k)),
        (avg_at_k(scores, k), avg_at_k([row[::-1] for row in scores], k)),
    ):
        assert found.n + found.n_missing == len(scores)
        assert found.estimate == pytest.approx(back.estimate, nan_ok=True)
        assert math.isnan(found.estimate) == (found.n == 0)
        assert math.isnan(found.estimate) or 0 <= found.estimate <= 1
        low, high = found.interval
        if not math.isnan(low):
            assert 0 <= low <= found.estimate + 1e-12 <= high + 2e-12 <= 1 + 3e-12
    assert pass_at_k(scores, 1).estimate == pytest.approx(avg_at_k(scores).estimate, nan_ok=True)
    assert pass_at_k(scores, 1).sampling_error == pytest.approx(avg_at_k(scores, 2).sampling_error, nan_ok=True) or any(
        0 < sum(one is not None for one in row) < 2 for row in scores
    )


def test_pass_error_is_unbiased() -> None:
    """Mean of the estimated variance over all outcomes = the variance over all outcomes, exactly."""
    n, k, chance = 8, 3, 0.2
    weights = [math.comb(n, c) * chance**c * (1 - chance) ** (n - c) for c in range(n + 1)]
    values = [pass_probability(n, c, k) for c in range(n + 1)]
    mean = sum(w * v for w, v in zip(weights, values, strict=True))
    assert mean == pytest.approx(1 - (1 - chance) ** k)
    variance = sum(w * (v - mean) ** 2 for w, v in zip(weights, values, strict=True))
    errors = [pass_at_k([[1] * c + [0] * (n - c)], k).sampling_error for c in range(n + 1)]
    assert sum(w * e**2 for w, e in zip(weights, errors, strict=True)) == pytest.approx(variance)
    assert math.isnan(pass_at_k([[1, 0, 1]], 2).sampling_error)


def test_bad_input() -> None:
    with pytest.raises(UsageError, match=r"found 0\.5"):
        pass_at_k([[0.5]], 1)
    with pytest.raises(UsageError, match="right of"):
        pass_probability(3, 4, 1)
    with pytest.raises(UsageError, match="asked is 1"):
        avg_at_k([[1, 0]], asked=1)
    with pytest.raises(UsageError, match="interval is 'wald'"):
        avg_at_k([[1, 0]], interval="wald")  # type: ignore[arg-type]
