from __future__ import annotations

import math
import statistics

import numpy as np
import pytest

from jeoul.evals.statistics import standard_errors


def test_are_the_formulas() -> None:
    rows = [[1, 0, 1], [0, 0, 1, 1], [1, 1], [0.5, 0.25, 0.75]]
    found = standard_errors(rows)
    means = [statistics.fmean(row) for row in rows]
    assert found.total == pytest.approx(statistics.stdev(means) / 2)
    assert found.sampling == pytest.approx(math.sqrt(sum(statistics.variance(row) / len(row) for row in rows)) / 4)


def test_missing_samples_are_missing() -> None:
    assert standard_errors([[1, 0, None], [1, 1, math.nan]]) == standard_errors([[1, 0], [1, 1]])
    found = standard_errors([[1, 0], [None, None], [1, 1]])
    assert (found.n, found.n_missing) == (2, 1)


def test_one_sample_says_nothing_about_sampling() -> None:
    found = standard_errors([[1], [0], [1]])
    assert math.isnan(found.sampling)
    assert found.total > 0
    assert math.isnan(standard_errors([[1, 0]]).total)
    assert math.isnan(standard_errors([[None]]).total)


def test_one_sample_takes_the_variance_of_the_others() -> None:
    found = standard_errors([[1, 0], [1]])
    assert found.sampling == pytest.approx(math.sqrt(0.5 / 2 + 0.5) / 2)


def test_sampling_is_the_spread_over_seeds() -> None:
    random = np.random.default_rng(0)
    chances_Q = random.beta(0.5, 0.5, 40)
    runs = random.random((3000, 40, 8)) < chances_Q[:, None]
    spread = runs.mean(axis=(1, 2)).std()
    found = np.sqrt(np.mean([standard_errors(run.astype(float)).sampling ** 2 for run in runs[:300]]))
    assert found == pytest.approx(spread, rel=0.05)


def test_samples_of_a_question_are_not_independent() -> None:
    random = np.random.default_rng(1)
    chances = random.beta(0.3, 0.7, (2000, 30))  # other questions every time: what the total error is of
    scores = random.binomial(64, chances) / 64
    spread = scores.mean(axis=1).std()
    tables = [(np.arange(64) < 64 * row[:, None]).astype(float) for row in scores[:200]]
    total = np.sqrt(np.mean([standard_errors(table).total ** 2 for table in tables]))
    naive = math.sqrt(scores.mean() * (1 - scores.mean()) / (30 * 64))
    assert total == pytest.approx(spread, rel=0.05)
    assert naive < spread / 5
