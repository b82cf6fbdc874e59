from __future__ import annotations

import dataclasses
import math
import pickle
from typing import Any

import numpy as np
import pytest
import scipy.stats

from jeoul.errors import UsageError
from jeoul.evals.statistics import adjust, compare, detectable_multiple, holm, matched_share_interval, mcnemar_p, tost


def drawn(n: int, k: int, gain: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    chances = random.beta(1, 1, (n, 1))
    return (random.random((n, k)) < chances).astype(float), (random.random((n, k)) < chances + gain).astype(float)


def test_is_scipys_paired_test() -> None:
    a, b = drawn(30, 16, 0.05, 0)
    found = compare(a, b)
    theirs = scipy.stats.ttest_rel(b.mean(axis=1), a.mean(axis=1))
    assert found.interval == pytest.approx(tuple(theirs.confidence_interval()))
    assert found.p == pytest.approx(theirs.pvalue, abs=0.02)
    assert found.total_error == pytest.approx(found.estimate / theirs.statistic)
    assert found.detectable == pytest.approx(detectable_multiple(30) * found.total_error)
    assert found.sampling_error == pytest.approx(
        math.sqrt((a.var(axis=1, ddof=1) + b.var(axis=1, ddof=1)).sum() / 16) / 30
    )
    assert (found.a, found.b) == (pytest.approx(a.mean()), pytest.approx(b.mean()))
    assert (found.method, found.p_method, found.n, found.n_missing) == ("t", "sign flip, exact", 30, 0)
    low, high = found.bootstrap_interval
    assert (low, high) == pytest.approx(found.interval, abs=0.3 * (high - low))


def test_one_sample_a_question_is_mcnemar() -> None:
    a, b = [[1], [0], [1], [0], [1], [1]], [[1], [1], [0], [1], [1], [1]]
    found = compare(a, b)
    assert (found.p, found.p_method) == (mcnemar_p(1, 2), "mcnemar")
    assert (found.interval, found.method) == (matched_share_interval(1, 2, 6), "matched shares")
    assert math.isnan(found.sampling_error)
    assert found.settles.k is None
    assert compare([[1, 0], *a[1:]], [[1, 1], *b[1:]]).p_method == "sign flip, exact"
    assert compare([[0.5], *a[1:]], b).p_method == "sign flip, exact"


def test_paired_by_id_and_missing_is_missing() -> None:
    a = {"x": [1, 0], "y": [None, None], "z": [0, 1], "only a": [1, 1]}
    b = {"z": [1, 1], "y": [1, 1], "x": [1, None]}
    found = compare(a, b)
    assert (found.estimate, found.n, found.n_missing) == (0.5, 2, 2)


def test_verdicts() -> None:
    a, b = drawn(500, 16, 0.1, 1)
    assert (compare(a, b).verdict, compare(b, a).verdict) == ("better", "worse")
    assert compare(100 * a, 100 * b, higher_is_better=False).verdict == "worse"
    same, other = drawn(500, 16, 0.0, 2)
    assert compare(same, other).verdict == "inconclusive"
    equal = compare(same, other, margin=0.05)
    assert (equal.verdict, equal.margin) == ("equivalent", 0.05)
    assert equal.p_equivalent == tost(other.mean(axis=1) - same.mean(axis=1), 0.05).p
    assert compare(same, other, margin=0.001).verdict == "inconclusive"
    assert compare(same, same).verdict == "inconclusive"
    assert compare(same, same).interval == matched_share_interval(0, 0, 500)


def test_settling_is_for_the_margin_or_what_was_seen() -> None:
    a, b = drawn(100, 8, 0.03, 3)
    seen, wanted = compare(a, b), compare(a, b, margin=0.06)
    assert (seen.settles.effect, wanted.settles.effect) == (abs(seen.estimate), 0.06)
    assert wanted.settles.k is not None
    assert wanted.settles.questions is not None


def test_the_k_that_settles_settles() -> None:
    found = compare(*drawn(60, 4, 0.0, 4), margin=0.08)
    assert found.detectable > 0.08
    assert found.settles.k is not None
    more = [compare(*drawn(60, found.settles.k, 0.0, seed), margin=0.08).detectable for seed in range(10, 20)]
    assert np.mean(more) == pytest.approx(0.08, rel=0.15)


def test_adjusts_over_a_family() -> None:
    family = {str(gain): compare(*drawn(100, 8, gain, 5)) for gain in (0.0, 0.04, 0.2)}
    found = adjust(family)
    assert [one.p_holm for one in found.values()] == holm([one.p for one in family.values()])
    assert found["0.2"].verdict == "better"
    weak = dataclasses.replace(family["0.2"], p=0.04)
    assert [one.verdict for one in adjust({"x": weak, "y": weak}).values()] == ["inconclusive"] * 2
    assert adjust({"x": weak})["x"].verdict == "better"


def test_same_seed_same_result_and_pickles() -> None:
    a, b = drawn(40, 4, 0.05, 6)
    assert compare(a, b, margin=0.1, seed=1) == compare(a, b, margin=0.1, seed=1)
    a_long, b_long = a * 123.4, b * 98.7 + np.arange(40)[:, None]  # on no lattice: the seed shows
    assert compare(a_long, b_long, seed=1).bootstrap_interval != compare(a_long, b_long, seed=2).bootstrap_interval
    assert pickle.loads(pickle.dumps(compare(a, b, margin=0.1))) == compare(a, b, margin=0.1)


def test_more_samples_of_one_than_of_the_other() -> None:
    a, b = drawn(50, 16, 0.1, 7)
    assert compare(a[:, :4], b).estimate == pytest.approx(b.mean() - a[:, :4].mean())


def test_one_question() -> None:
    found = compare([[1, 0]], [[1, 1]])
    assert (found.estimate, found.n, found.verdict) == (0.5, 1, "inconclusive")
    assert math.isnan(found.detectable)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"level": 95}, "level is 95"), ({"margin": 0}, "margin is 0"), ({"margin": -0.1}, r"margin is -0\.1")],
)
def test_bad_input(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        compare([[1]], [[0]], **options)
    with pytest.raises(UsageError, match="share no question of which both"):
        compare([[None], [1]], [[1], [None]])
    with pytest.raises(UsageError, match="counts that fit"):
        matched_share_interval(20, 20, 30)
