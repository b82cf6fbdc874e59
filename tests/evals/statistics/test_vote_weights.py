"""Votes by generating functions are those by the definition: a sum over all numbers drawn of each class."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul.evals.statistics.vote_weights import MOST, left_out_votes, vote


def by_definition(classes: Any, silent: int, k: int) -> float:
    """Over how many are drawn of each class, by products of binomial coefficients."""
    total = 0.0
    for drawn in itertools.product(*(range(count + 1) for count, _ in classes)):
        if k - silent <= sum(drawn) <= k:
            ways = math.prod(math.comb(count, many) for (count, _), many in zip(classes, drawn, strict=True))
            top = (
                [value for (_, value), many in zip(classes, drawn, strict=True) if many == max(drawn)]
                if any(drawn)
                else [0.0]
            )
            total += ways * math.comb(silent, k - sum(drawn)) * sum(top) / len(top)
    return total / math.comb(sum(count for count, _ in classes) + silent, k)


@st.composite
def cases(draw: Any) -> tuple[Any, int, int]:
    values = st.sampled_from([0.0, 1.0, 0.5, -2.0])
    classes = draw(st.lists(st.tuples(st.integers(1, 6), values), min_size=0, max_size=5))
    silent = draw(st.integers(0 if classes else 1, 5))
    n = sum(count for count, _ in classes) + silent
    return tuple(sorted(classes)), silent, draw(st.integers(1, n))


@settings(max_examples=150)
@given(cases())
def test_is_the_definition(case: Any) -> None:
    classes, silent, k = case
    assert vote(classes, silent, k) == pytest.approx(by_definition(classes, silent, k), abs=1e-10)


@settings(max_examples=100)
@given(cases())
def test_one_left_out_is_the_definition_without_it(case: Any) -> None:
    classes, silent, k = case
    if k == sum(count for count, _ in classes) + silent:
        return
    kinds = sorted(set(classes))
    expected = []
    for count, value in kinds:
        rest = list(classes)
        rest.remove((count, value))
        left = tuple(sorted([*rest, *([(count - 1, value)] if count > 1 else [])]))
        expected.append((by_definition(left, silent, k), count * classes.count((count, value))))
    if silent:
        expected.append((by_definition(classes, silent - 1, k), silent))
    found = left_out_votes(classes, silent, k)
    assert [times for _, times in found] == [times for _, times in expected]
    assert [one for one, _ in found] == pytest.approx([one for one, _ in expected], abs=1e-10)


def test_many_samples_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    classes, silent, k = ((3, 0.0), (9, 0.0), (20, 0.0), (22, 1.0)), 10, 32
    whole = vote(classes, silent, k), left_out_votes(classes, silent, k)
    monkeypatch.setattr("jeoul.evals.statistics.vote_weights.MOST", 50)
    assert vote(classes, silent, k) == pytest.approx(whole[0], abs=1e-12)
    assert [one for one, _ in left_out_votes(classes, silent, k)] == pytest.approx(
        [one for one, _ in whole[1]], abs=1e-12
    )
    assert MOST > 50
    assert vote(((40_000, 0.0), (60_000, 1.0)), 0, 101) == pytest.approx(0.97875, abs=1e-3)  # binomial tail beyond 50
