from __future__ import annotations

import pickle

import pytest

from jeoul.errors import UsageError
from jeoul.evals.statistics import avg_at_k, bca_interval, t_interval, wilson_interval


def test_the_interval_fits_the_scores() -> None:
    once, often, lengths = avg_at_k([[1], [0], [1]]), avg_at_k([[1, 0], [1, 1]]), avg_at_k([[120, 80], [400, 90]])
    assert (once.method, once.interval) == ("wilson", wilson_interval(2, 3))
    assert often.method == "clustered wilson"
    assert (lengths.method, lengths.interval) == ("t", t_interval([100, 245]))  # type: ignore[arg-type]


def test_the_interval_may_be_chosen() -> None:
    scores = [[1, 0], [1, 1], [0, 0]]
    found = avg_at_k(scores, interval="bca", seed=5)
    assert (found.method, found.seed) == ("bca", 5)
    assert found.interval == bca_interval([0.5, 1, 0], seed=5)  # type: ignore[arg-type]
    assert avg_at_k(scores, interval="t").seed is None
    with pytest.raises(UsageError, match="from 0 to 1"):
        avg_at_k([[120]], interval="wilson")


def test_says_its_denominator_and_pickles() -> None:
    found = avg_at_k([[1, 0], [1, None], [None, None]])
    assert str(found).endswith(
        "(95% clustered wilson; n = 2 questions of 3, 3 samples, 3 missing; standard error: total 0.2500, sampling 0.4330)"
    )
    assert pickle.loads(pickle.dumps(found)) == found
