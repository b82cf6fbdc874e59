from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from statsmodels.stats.weightstats import DescrStatsW

from jeoul.errors import UsageError
from jeoul.evals.statistics import noninferiority, tost, without_loss

random = np.random.default_rng(0)


@pytest.mark.parametrize("n", [5, 30, 500])
@pytest.mark.parametrize("margin", [0.01, 0.1, 1])
def test_tost_is_statsmodels(n: int, margin: float) -> None:
    d = random.normal(0.02, 0.2, n)
    found = tost(d, margin)
    assert found.p == pytest.approx(DescrStatsW(d).ttost_mean(-margin, margin)[0])
    low, high = found.interval
    assert found.shown == (-margin < low and high < margin)
    assert found.level == 0.9


@pytest.mark.parametrize("margin", [0, 0.1])
def test_noninferiority_is_scipy(margin: float) -> None:
    a, b = random.normal(0, 1, 40), random.normal(0.2, 1, 40)
    assert noninferiority(b - a, margin).p == pytest.approx(
        scipy.stats.ttest_rel(b + margin, a, alternative="greater").pvalue
    )


def test_shorter_and_not_less_accurate() -> None:
    draw = np.random.default_rng(7)
    shorter, accuracy = draw.normal(200, 300, 100), draw.normal(0, 0.05, 100)
    found = without_loss(shorter, accuracy, 0.02)
    parts = [scipy.stats.ttest_1samp(shorter, 0, alternative="greater").pvalue, noninferiority(accuracy, 0.02).p]
    assert found.p == pytest.approx(max(parts))
    assert found.shown
    assert not without_loss(shorter, accuracy - 0.05, 0.02).shown
    assert not without_loss(-shorter, accuracy, 0.02).shown


def test_not_different_is_not_equivalent() -> None:
    d = np.random.default_rng(8).normal(0, 0.3, 30)
    assert scipy.stats.ttest_1samp(d, 0).pvalue > 0.05
    assert not tost(d, 0.02).shown


@pytest.mark.parametrize("n", [30, 500])
def test_errs_in_five_percent_at_the_margin(n: int) -> None:
    shown = [tost(row, 1.0).shown for row in np.random.default_rng(n).normal(1.0, 1.0, (3000, n))]
    assert 0.04 <= np.mean(shown) <= 0.06


def test_nothing_to_test() -> None:
    for d in ([], [0.1], [0.0, 0.0, 0.0]):
        assert math.isnan(tost(d, 0.1).p)
        assert not tost(d, 0.1).shown


def test_bad_input() -> None:
    with pytest.raises(UsageError, match="margin is -1"):
        tost([1, 2], -1)
    with pytest.raises(UsageError, match=r"alpha is 0\.7"):
        tost([1, 2], 1, 0.7)
    with pytest.raises(UsageError, match="the same questions"):
        without_loss([1, 2], [1, 2, 3], 0.1)
