"""What may be said of two arms: the rule finds shifts, shows ties, and errs no more often than it says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from jeoul.benchmarks.collapse.outcomes import LEVEL, Outcome, Pair, outcomes, paired_t_p
from jeoul.errors import UsageError


def test_t_is_scipys() -> None:
    d = np.random.default_rng(0).normal(0.3, 1, size=9)
    assert paired_t_p(d) == pytest.approx(stats.ttest_1samp(d, 0).pvalue)


def one(pair: Pair, others: int = 0) -> Outcome:
    return outcomes({"this": pair} | {f"other {each}": Pair([0.0, 1.0], [1.0, 0.0]) for each in range(others)})["this"]


def test_five_seeds_cannot_be_called_by_sign_flips() -> None:
    found = one(Pair([0.1, 0.12, 0.11, 0.13, 0.1], [0.9, 0.95, 0.93, 0.9, 0.96]))
    assert (found.comparison.p, found.least_p, found.by, found.verdict) == (1 / 16, 1 / 16, "t", "better")
    assert found.p < 0.001
    down = one(Pair([0.1, 0.12, 0.11, 0.13, 0.1], [0.9, 0.95, 0.93, 0.9, 0.96], higher_is_better=False))
    assert down.verdict == "worse"


def test_t_calls_nothing_that_a_seed_contradicts() -> None:
    baseline = np.zeros(9)
    arm = np.array([1.0, 1.01, 1.0, 0.99, 1.0, 1.02, 0.98, 1.0, -0.001])
    found = one(Pair(baseline.tolist(), arm.tolist()), others=40)
    assert (found.by, found.comparison.n) == ("t", 9)
    assert found.p_t < 0.01
    assert found.verdict == "undecided"


def test_many_seeds_are_decided_by_sign_flips() -> None:
    random = np.random.default_rng(1)
    baseline = random.normal(size=40)
    found = one(Pair(baseline.tolist(), (baseline + 0.5 + 0.1 * random.normal(size=40)).tolist()), others=50)
    assert (found.by, found.verdict) == ("sign flips", "better")


def test_ties_are_shown() -> None:
    alike = [0.5, 0.9, 0.7, 0.6, 0.8]
    assert one(Pair(alike, alike, margin=0.05)).verdict == "tie"
    assert one(Pair(alike, alike)).verdict == "undecided"
    near = [0.505, 0.899, 0.703, 0.6, 0.798]
    assert one(Pair(alike, near, margin=0.05)).verdict == "tie"
    far = [0.9, 0.5, 0.9, 0.2, 0.8]
    assert one(Pair(alike, far, margin=0.05)).verdict == "undecided"


def test_every_seed_by_the_same() -> None:
    """Nothing is known of the error then, as good as it looks: two seeds in steps of 5 often differ by the same."""
    found = one(Pair([0.0] * 5, [1.0] * 5, margin=0.05))
    assert (found.p_t, found.comparison.p, found.verdict) == (1 / 16, 1 / 16, "undecided")


def test_one_seed_is_refused() -> None:
    with pytest.raises(UsageError, match="two seeds"):
        one(Pair([1.0], [2.0]))


def draws(kind: str, random: np.random.Generator, n: int) -> np.ndarray:
    """Values of an arm whose law is that of the baseline: seeds share something, as paired runs do."""
    shared = random.normal(size=(n, 1))
    if kind == "normal":
        return shared + random.normal(size=(n, 2))
    if kind == "skewed":
        return shared + random.exponential(size=(n, 2)) ** 2
    if kind == "bimodal":  # a run learns or collapses, whichever arm it is of
        return (random.random((n, 2)) < 0.5) + 0.01 * random.normal(size=(n, 2))
    if kind == "coarse":  # few steps, few values
        return random.integers(0, 4, size=(n, 2)) * 5.0
    return np.minimum(random.geometric(0.02, size=(n, 2)) * 10.0, 61.0)  # steps, censored at 60


@pytest.mark.parametrize(
    ("kind", "n"),
    [
        ("normal", 5),
        ("skewed", 5),
        ("bimodal", 5),
        ("bimodal", 8),
        ("censored", 5),
        ("coarse", 2),
        ("coarse", 3),
        ("coarse", 5),
    ],
)
def test_without_a_difference_few_are_called(kind: str, n: int) -> None:
    """Families of three comparisons, none of which is there: at most 5 % may have one called, and the chance of it."""
    random = np.random.default_rng(7)
    trials, called = 200, 0
    for _ in range(trials):
        family = {}
        for each in range(3):
            values = draws(kind, random, n)
            family[str(each)] = Pair(values[:, 0].tolist(), values[:, 1].tolist())
        called += any(found.verdict in ("better", "worse") for found in outcomes(family).values())
    assert called <= stats.binom.ppf(0.999, trials, LEVEL)
