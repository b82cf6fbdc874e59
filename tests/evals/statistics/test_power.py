from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from statsmodels.stats.power import TTestPower

from jeoul.errors import UsageError
from jeoul.evals.statistics import Spread, detectable_multiple, minimum_detectable_effect, settling, t_power


@pytest.mark.parametrize("n", [5, 30, 83, 500])
@pytest.mark.parametrize("effect", [0.0001, 0.1, 0.4, 1.0, 5.0])
def test_power_is_statsmodels(n: int, effect: float) -> None:
    theirs = TTestPower().power(effect, n, 0.05)
    assert t_power(effect, 1 / math.sqrt(n), n - 1) == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize(("n", "multiple"), [(30, 2.90), (83, 2.83), (500, 2.81), (100_000, 2.80)])
def test_multiples(n: int, multiple: float) -> None:
    assert detectable_multiple(n) == pytest.approx(multiple, abs=0.005)
    if n < 1000:
        assert detectable_multiple(n) == pytest.approx(TTestPower().solve_power(nobs=n, alpha=0.05, power=0.8) * n**0.5)


def test_is_what_scipy_says_far_out() -> None:
    bound = scipy.stats.t.isf(0.025, 29)
    for shift in (0.5, 3, 7.9, 8.1, 25):
        there = scipy.stats.nct.sf(bound, 29, shift) + scipy.stats.nct.cdf(-bound, 29, shift)
        assert t_power(shift, 1, 29) == pytest.approx(there if there == there else 1, abs=1e-7)
    assert t_power(1000, 1, 29) == pytest.approx(1)
    assert math.isnan(t_power(1, 0, 29))
    assert math.isnan(detectable_multiple(2))
    assert math.isnan(detectable_multiple(3, alpha=0.0001))


# n, k, difficulties Beta(mean·size, (1 − mean)·size), figure in points. B = A plus noise of sd 0.075, cut to [0, 1].
FIGURES = [
    ("AIME", 30, 16, 0.27, 0.90, 6.7),
    ("AIME", 30, 64, 0.27, 0.90, 4.5),
    ("MATH500", 500, 4, 0.85, 0.70, 2.3),
    ("AMC83", 83, 16, 0.70, 1.20, 4.3),
]


def drawn(n: int, k: int, mean: float, size: float, runs: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(n + k)
    a = random.beta(mean * size, (1 - mean) * size, (runs, n))
    b = np.clip(a + random.normal(0, 0.075, (runs, n)), 0, 1)
    return random.binomial(k, a) / k, random.binomial(k, b) / k


@pytest.mark.parametrize(("name", "n", "k", "mean", "size", "points"), FIGURES)
def test_published_figures(name: str, n: int, k: int, mean: float, size: float, points: float) -> None:
    a, b = drawn(n, k, mean, size, 2000)
    error = math.sqrt(np.mean((b - a).var(axis=1, ddof=1)) / n)
    assert 100 * minimum_detectable_effect(error, n) == pytest.approx(points, abs=0.1)


def test_published_unpaired_figure() -> None:
    a, b = drawn(30, 16, 0.27, 0.90, 2000)
    error = math.sqrt(np.mean(a.var(axis=1, ddof=1) + b.var(axis=1, ddof=1)) / 30)
    assert 100 * detectable_multiple(59) * error == pytest.approx(24.2, abs=0.3)  # 58 degrees of freedom


@pytest.mark.parametrize(("n", "k"), [(30, 16), (500, 4)])
def test_power_is_as_planned(n: int, k: int) -> None:
    random = np.random.default_rng(5)
    runs, spread = 6000, Spread(between=0.004, within=2 * 0.24)
    effect = minimum_detectable_effect(spread.error(n, k), n)
    chance = random.normal(0, math.sqrt(0.004), (runs, n)) + effect
    d = chance + random.normal(0, math.sqrt(2 * 0.24 / k), (runs, n))
    found = scipy.stats.ttest_1samp(d, 0, axis=1).pvalue <= 0.05
    assert 0.78 <= found.mean() <= 0.82


@pytest.mark.parametrize("effect", [0.03, 0.045, 0.1])
def test_settles_and_one_less_does_not(effect: float) -> None:
    spread, n, k = Spread(0.0043, 0.187), 30, 16
    found = settling(spread, effect, n, k)
    assert found.questions is not None
    for questions, enough in ((found.questions, True), (found.questions - 1, False)):
        assert (minimum_detectable_effect(spread.error(questions, k), questions) <= effect) is enough
    if found.k is None:
        assert minimum_detectable_effect(spread.error(n, 1_000_000), n) > effect
    else:
        assert minimum_detectable_effect(spread.error(n, found.k), n) <= effect
        assert found.k == 1 or minimum_detectable_effect(spread.error(n, found.k - 1), n) > effect


def test_nothing_settles_no_difference() -> None:
    assert settling(Spread(0.1, 0.1), 0, 30, 4) == settling(Spread(0.1, 0.1), -0.0, 30, 4)
    assert settling(Spread(0.1, 0.1), 0, 30, 4).k is None
    assert settling(Spread(0.1, math.nan), 0.1, 30, 1).k is None


def test_bad_input() -> None:
    with pytest.raises(UsageError, match="above alpha"):
        detectable_multiple(30, power=0.01)
    with pytest.raises(UsageError, match="power is 80"):
        detectable_multiple(30, power=80)
    with pytest.raises(UsageError, match="k is 0"):
        Spread(1, 1).error(30, 0)
