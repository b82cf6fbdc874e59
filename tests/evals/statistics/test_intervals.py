from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from jeoul.errors import UsageError
from jeoul.evals.statistics import bca_interval, clustered_wilson_interval, t_interval, wilson_interval

random = np.random.default_rng(0)


@pytest.mark.parametrize(("right", "n"), [(0, 30), (1, 30), (17, 30), (30, 30), (480, 500), (1, 1)])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_wilson_is_statsmodels(right: int, n: int, level: float) -> None:
    assert wilson_interval(right, n, level) == pytest.approx(proportion_confint(right, n, 1 - level, "wilson"))


def test_t_is_scipy() -> None:
    values = random.normal(size=30)
    assert t_interval(values) == pytest.approx(tuple(scipy.stats.ttest_1samp(values, 0).confidence_interval()))


@pytest.mark.parametrize(
    "values", [random.exponential(size=30), random.beta(0.3, 0.7, 30), random.binomial(1, 0.2, 40)]
)
def test_bca_is_scipy(values: np.ndarray) -> None:
    theirs = scipy.stats.bootstrap((values,), np.mean, n_resamples=40_000, method="BCa", rng=1).confidence_interval
    ours = bca_interval(values, resamples=40_000, expanded=False)
    assert ours == pytest.approx(tuple(theirs), abs=0.015 * np.ptp(values) / math.sqrt(len(values)) * 3)
    low, high = bca_interval(values, resamples=40_000)
    assert low <= ours[0] < ours[1] <= high


def test_bca_is_seeded() -> None:
    values = random.normal(size=20)
    assert bca_interval(values, seed=3) == bca_interval(values, seed=3) != bca_interval(values, seed=4)


def test_bootstrap_spread_is_not_divided_by_the_resamples() -> None:
    values = random.normal(size=50)
    few, many = (np.subtract(*bca_interval(values, resamples=resamples)[::-1]) for resamples in (1000, 100_000))
    low, high = t_interval(values)
    assert few == pytest.approx(many, rel=0.1)
    assert many == pytest.approx(high - low, rel=0.1)


@given(st.lists(st.integers(0, 8), min_size=2, max_size=40))
def test_clustered_wilson(counts: list[int]) -> None:
    values = np.array(counts) / 8
    low, high = clustered_wilson_interval(values, 8 * len(values))
    assert 0 <= low <= values.mean() + 1e-12
    assert values.mean() - 1e-12 <= high <= 1
    assert high - low > 0


def test_clustered_wilson_is_t_in_the_middle() -> None:
    values = random.binomial(16, random.beta(2, 2, 2000)) / 16
    assert clustered_wilson_interval(values, 32_000) == pytest.approx(t_interval(values), abs=2e-4)


def test_all_right_is_not_certain() -> None:
    assert clustered_wilson_interval(np.ones(30), 480)[0] < 0.9
    assert wilson_interval(30, 30)[0] < 0.9


def test_no_variation_says_nothing() -> None:
    for values in ([], [1.0], [2.5, 2.5, 2.5]):
        for interval in (t_interval, bca_interval):
            assert all(map(math.isnan, interval(np.array(values))))
    assert all(map(math.isnan, wilson_interval(0, 0)))


def test_bad_input() -> None:
    with pytest.raises(UsageError, match="successes"):
        wilson_interval(3, 2)
    with pytest.raises(UsageError, match="finite"):
        t_interval(np.array([1, math.nan]))
    with pytest.raises(UsageError, match="resamples is 10"):
        bca_interval(np.array([1.0, 2]), resamples=10)
