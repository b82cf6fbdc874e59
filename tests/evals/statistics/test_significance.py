from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar

from jeoul.errors import UsageError
from jeoul.evals.statistics import mcnemar_p, sign_flip_p


def enumerated(differences: list[float]) -> float:
    sums = [
        abs(sum(s * d for s, d in zip(signs, differences, strict=True)))
        for signs in itertools.product((1, -1), repeat=len(differences))
    ]
    return sum(one >= abs(sum(differences)) - 1e-9 for one in sums) / len(sums)


@settings(max_examples=60)
@given(st.lists(st.sampled_from([0, 0.25, -0.25, 0.5, -1, 0.123]), min_size=1, max_size=8))
def test_is_enumeration(differences: list[float]) -> None:
    assert sign_flip_p(differences) == (pytest.approx(enumerated(differences)), "exact")


def test_a_lattice_is_exact_for_any_number() -> None:
    random = np.random.default_rng(0)
    a, b = random.binomial(16, 0.5, 18) / 16, random.binomial(12, 0.6, 18) / 12  # multiples of 1/48
    assert np.count_nonzero(a != b) > 16
    p, how = sign_flip_p(b - a)
    theirs = scipy.stats.permutation_test((b - a,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert (how, p) == ("exact", pytest.approx(theirs.pvalue))


def test_the_rest_is_drawn() -> None:
    d = np.random.default_rng(1).normal(0.15, 1, 200)
    p, how = sign_flip_p(d, seed=1)
    assert how == "monte carlo"
    assert sign_flip_p(d, seed=1)[0] == p != sign_flip_p(d, seed=2)[0]
    assert p == pytest.approx(scipy.stats.ttest_1samp(d, 0).pvalue, abs=0.01)
    assert sign_flip_p(d + 5, draws=999)[0] == 1 / 1000  # never 0


def test_drawn_is_near_exact() -> None:
    d = np.round(np.random.default_rng(2).normal(0.1, 0.4, 40) * 16) / 16
    exact, drawn = sign_flip_p(d), sign_flip_p(d + 1e-7 * np.sqrt(np.arange(40)))
    assert (exact[1], drawn[1]) == ("exact", "monte carlo")
    assert drawn[0] == pytest.approx(exact[0], abs=0.01)


@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_is_statsmodels(only_a: int, only_b: int) -> None:
    theirs = mcnemar([[5, only_a], [only_b, 9]], exact=True).pvalue
    assert mcnemar_p(only_a, only_b) == pytest.approx(min(theirs, 1))
    assert mcnemar_p(only_a, only_b) == pytest.approx(sign_flip_p([-1] * only_a + [1] * only_b + [0])[0])


def test_nothing_differs() -> None:
    assert sign_flip_p([0, 0]) == (1, "exact")
    assert math.isnan(sign_flip_p([])[0])
    assert mcnemar_p(0, 0) == 1


def test_bad_input() -> None:
    with pytest.raises(UsageError, match="two counts"):
        mcnemar_p(-1, 2)
    with pytest.raises(UsageError, match="finite"):
        sign_flip_p([math.nan])
    with pytest.raises(UsageError, match="draws is 0"):
        sign_flip_p(np.random.default_rng(0).normal(size=30), draws=0)
