"""Every reported interval holds the truth in 93–97 %, and every p errs in 4–6 % at 5 %: n = 30 and n = 500."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from jeoul.evals.statistics import (
    bca_interval,
    clustered_wilson_interval,
    matched_share_interval,
    mcnemar_p,
    sign_flip_p,
    t_interval,
    wilson_interval,
)
from jeoul.evals.statistics.intervals import Interval

SETS = [(30, 16), (500, 4)]
NOISE = 0.075  # of B about A, as in test_power


def held(intervals: list[Interval], truth: float) -> float:
    return float(np.mean([low <= truth <= high for low, high in intervals]))


def chances(random: np.random.Generator, runs: int, n: int) -> np.ndarray:
    """Most questions are nearly always or nearly never right."""
    return random.beta(0.25, 0.65, (runs, n))


@pytest.mark.parametrize(("n", "k"), SETS)
def test_a_score(n: int, k: int) -> None:
    random = np.random.default_rng(n)
    values = random.binomial(k, chances(random, 4000, n)) / k
    truth = 0.25 / 0.9
    assert 0.93 <= held([clustered_wilson_interval(row, n * k) for row in values], truth) <= 0.97
    assert 0.93 <= held([bca_interval(row, seed=1, resamples=999) for row in values[:1000]], truth) <= 0.97


@pytest.mark.parametrize(("n", "k"), SETS)
def test_a_score_near_the_top(n: int, k: int) -> None:
    random = np.random.default_rng(n + 1)
    values = random.binomial(k, random.beta(2, 0.2, (4000, n))) / k
    assert 0.93 <= held([clustered_wilson_interval(row, n * k) for row in values], 2 / 2.2) <= 0.97
    if n == 30:  # why Student's is not what a score gets
        assert held([t_interval(row) for row in values], 2 / 2.2) < 0.93


@pytest.mark.parametrize("n", [30, 500])
def test_one_sample_a_question(n: int) -> None:
    """Exact, not simulated: sums over all outcomes; for one truth coverage jumps, since outcomes are whole numbers."""
    right, truths = np.arange(n + 1), np.linspace(0.1, 0.9, 81)
    low, high = np.array([wilson_interval(one, n) for one in right.tolist()]).T
    covered = [scipy.stats.binom.pmf(right, n, one)[(low <= one) & (one <= high)].sum() for one in truths]
    assert 0.945 <= np.mean(covered) <= 0.96
    assert min(covered) >= 0.92


def differences(n: int, k: int, runs: int, seed: int) -> np.ndarray:
    """B as good as A: on each question somewhat better or worse."""
    random = np.random.default_rng(seed)
    a = chances(random, runs, n)
    b = np.clip(a + random.normal(0, NOISE, a.shape), 0, 1)
    swap = random.random(a.shape) < 0.5
    return (random.binomial(k, np.where(swap, b, a)) - random.binomial(k, np.where(swap, a, b))) / k


@pytest.mark.parametrize(("n", "k"), SETS)
def test_a_difference(n: int, k: int) -> None:
    d = differences(n, k, 3000, 99)
    assert 0.93 <= held([t_interval(row) for row in d], 0) <= 0.97
    assert 0.93 <= held([bca_interval(row, seed=1, resamples=999) for row in d[:800]], 0) <= 0.97
    fine = differences(n, 16, 6000 if n == 30 else 1200, 99)  # with few samples exact p-values are few, and cautious
    found = [sign_flip_p(row) for row in fine]
    assert {how for _, how in found} == {"exact"}
    assert 0.04 <= np.mean([p <= 0.05 for p, _ in found]) <= 0.06


@pytest.mark.parametrize("n", [30, 500])
def test_a_difference_of_one_sample_a_question(n: int) -> None:
    random = np.random.default_rng(n)
    counts = random.multinomial(n, [0.2, 0.2, 0.6], 4000)
    assert 0.93 <= held([matched_share_interval(a, b, n) for a, b, _ in counts.tolist()], 0) <= 0.97
    errs = np.mean([mcnemar_p(a, b) <= 0.05 for a, b, _ in counts.tolist()])
    assert 0.005 < errs <= 0.055  # exact and discrete: below 5 %, the more so the fewer the questions


@pytest.mark.parametrize("n", [30, 500])
def test_drawn_sign_flips(n: int) -> None:
    d = np.random.default_rng(n).standard_t(5, (400, n))  # on no lattice
    found = [sign_flip_p(row, draws=499) for row in d]
    assert {how for _, how in found} == {"monte carlo"}
    assert 0.03 <= np.mean([p <= 0.05 for p, _ in found]) <= 0.07  # 400 runs: ± 2.2 %


def test_samples_taken_as_independent_find_what_is_not_there() -> None:
    """The trap: √(2p(1−p)/nk) for the error of a difference at n = 30, k = 64."""
    n, k = 30, 64
    d = differences(n, k, 20_000, 3)
    naive = np.sqrt(2 * (0.25 / 0.9) * (0.65 / 0.9) / (n * k))
    wrong = np.mean(np.abs(d.mean(axis=1)) > 1.96 * naive)
    right = np.mean(scipy.stats.ttest_1samp(d, 0, axis=1).pvalue <= 0.05)
    assert 0.065 <= wrong <= 0.1, wrong
    assert 0.04 <= right <= 0.06
