from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from jeoul.errors import UsageError
from jeoul.evals.statistics import compare_algorithms

pandas = pytest.importorskip("pandas")


def drawn(random: np.random.Generator, seeds: int, n: int, seed_sd: float) -> tuple[np.ndarray, np.ndarray]:
    """Per-question means of runs of two algorithms that are alike: [seeds, questions, 1] each."""
    question = random.normal(0.5, 0.3, n)
    runs = []
    for _ in range(2):
        taste = random.normal(0, 0.05, n)  # what this algorithm finds hard
        luck = random.normal(0, seed_sd, (seeds, 1))
        runs.append((question + taste + luck + random.normal(0, 0.1, (seeds, n)))[:, :, None])
    return runs[0], runs[1]


def test_is_anova() -> None:
    random = np.random.default_rng(0)
    a, b = drawn(random, 4, 12, 0.1)
    found = compare_algorithms(list(a), list(b))
    seeds = rest = 0.0
    for table in (a[:, :, 0], b[:, :, 0]):
        places = np.indices(table.shape)
        frame = pandas.DataFrame({"y": table.ravel(), "seed": places[0].ravel(), "question": places[1].ravel()})
        squares = anova_lm(ols("y ~ C(seed) + C(question)", frame).fit())
        mean = squares["sum_sq"] / squares["df"]
        seeds += mean["C(seed)"] / table.size
        rest += mean["Residual"] / table.size
    d = (b.mean(axis=0) - a.mean(axis=0)).ravel()
    questions = d.var(ddof=1) / 12
    assert found.total_error**2 == pytest.approx(max(seeds + questions - rest, seeds, questions))
    assert (found.seed_error**2, found.question_error**2) == (pytest.approx(seeds), pytest.approx(questions))
    half = scipy.stats.t.ppf(0.975, found.df) * found.total_error
    assert found.interval == pytest.approx((d.mean() - half, d.mean() + half))
    assert found.p == pytest.approx(2 * scipy.stats.t.sf(abs(d.mean()) / found.total_error, found.df))


@pytest.mark.parametrize("n", [30, 500])
@pytest.mark.parametrize(("seeds", "seed_sd"), [(3, 0.03), (5, 0.03), (5, 0.1)])
def test_covers_where_questions_alone_do_not(n: int, seeds: int, seed_sd: float) -> None:
    random, runs = np.random.default_rng(n + seeds), 1000
    held = models_differ = 0
    for _ in range(runs):
        a, b = drawn(random, seeds, n, seed_sd)
        low, high = compare_algorithms(list(a), list(b)).interval
        held += low <= 0 <= high
        models_differ += scipy.stats.ttest_rel(a[0, :, 0], b[0, :, 0]).pvalue <= 0.05
    assert 0.93 <= held / runs <= 0.975, held / runs
    assert models_differ / runs > 0.15  # one run of each, tested over questions: the luck of the seed


def test_missing_questions_leave_every_run() -> None:
    a = [[[1, 0], [1, 1], [0, None]], [[0, 0], [1, 0], [None, None]]]
    found = compare_algorithms(a, [[[1], [1], [1]], [[1], [0], [1]]])
    assert (found.n, found.n_missing, found.seeds_a, found.seeds_b) == (2, 1, 2, 2)


def test_no_variation_says_nothing() -> None:
    found = compare_algorithms([[[1], [1]]] * 2, [[[1], [1]]] * 2)
    assert math.isnan(found.p)
    assert all(map(math.isnan, found.interval))


def test_bad_input() -> None:
    run = [[1, 0], [0, 1]]
    with pytest.raises(UsageError, match="A needs two runs or more"):
        compare_algorithms([run], [run, run])
    with pytest.raises(UsageError, match="runs of A have 2 questions, of B 3"):
        compare_algorithms([run, run], [[*run, [1]]] * 2)
    with pytest.raises(UsageError, match=r"the runs of B have \[1, 2\] questions"):
        compare_algorithms([run, run], [run, run[:1]])
    with pytest.raises(UsageError, match="1 questions are in every run"):
        compare_algorithms([[[1], [None]]] * 2, [[[1], [0]]] * 2)
