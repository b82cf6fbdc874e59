"""Columns made of columns, against the formulas and against plain Python."""

from __future__ import annotations

import math
from statistics import geometric_mean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.rewards.engine.combining import combine
from jeoul.rewards.recipes.column import Combination
from jeoul.rewards.tables.status import Status

NAN = math.nan


def made(kind, parts_KB, shares=None, status_KB=None):
    parts = np.array(parts_KB, dtype=float)
    status = np.where(np.isnan(parts), Status.not_applicable, Status.ok) if status_KB is None else np.array(status_KB)
    names = "abcdef"[: len(parts)]
    shares = shares or [1.0] * len(parts)
    return combine(Combination(kind, tuple(zip(names, shares, strict=True))), parts, status.astype(np.uint8))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("sum", [3.0, 5.0]), ("product", [2.0, 6.0]), ("min", [1.0, 2.0]), ("max", [2.0, 3.0]),
     ("geometric_mean", [math.sqrt(2), math.sqrt(6)])],
)  # fmt: skip
def test_kinds(kind, expected):
    found = made(kind, [[1, 2], [2, 3]])
    assert found.value == pytest.approx(expected)
    assert found.status.tolist() == [Status.ok, Status.ok]
    assert found.value.dtype == np.float64
    assert found.status.dtype == np.uint8


def test_shares():
    assert made("sum", [[1, 2], [10, 20]], [0.5, -2]).value.tolist() == [-19.5, -39]
    assert made("geometric_mean", [[1.0], [8.0]], [1.0, 2.0]).value == pytest.approx([4.0])
    assert made("geometric_mean", [[2.0], [8.0]], [0.001, 0.001]).value == pytest.approx([4.0])


@pytest.mark.parametrize("kind", ["sum", "product", "min", "max", "geometric_mean"])
def test_a_part_that_does_not_apply(kind):
    found = made(kind, [[1, NAN, NAN], [2, 2, NAN]])
    assert [math.isnan(value) for value in found.value] == [False, True, True]
    assert found.status.tolist() == [0, 1, 1]
    assert [found.reason(row) for row in range(3)] == ["", "a does not apply", "a, b does not apply"]


@pytest.mark.parametrize("kind", ["sum", "product", "min", "max", "geometric_mean"])
def test_a_part_that_failed(kind):
    status = [[Status.error, Status.timeout, Status.ok, Status.error], [0, Status.error, Status.infra, 0]]
    found = made(kind, [[NAN, NAN, 1, 0.5], [1, NAN, NAN, 1]], status_KB=status)
    assert found.status.tolist() == [Status.error, Status.timeout, Status.infra, Status.ok]  # the last has a fallback
    assert np.isnan(found.value).tolist() == [True, True, True, False]
    assert [found.reason(row) for row in range(3)] == ["a failed", "a, b failed", "b failed"]


def test_a_geometric_mean_of_a_negative_is_an_error_of_that_row_and_of_zero_is_zero():
    found = made("geometric_mean", [[-1, 0, 4, -1], [1, 5, 9, NAN]])
    assert found.status.tolist() == [Status.error, 0, 0, Status.not_applicable]
    assert found.value[1:3].tolist() == pytest.approx([0, 6])
    assert found.reason(0) == "a is negative"
    assert found.reason(3) == "b does not apply"


def test_minus_zero_is_not_negative():
    assert made("geometric_mean", [[-0.0], [4.0]]).value.tolist() == [0.0]


@pytest.mark.parametrize("kind", ["sum", "product"])
def test_an_overflow_is_an_error_that_says_so(kind):
    found = made(kind, [[1.7e308, 1.0], [1.7e308, 1.0]])
    assert found.status.tolist() == [Status.error, Status.ok]
    assert math.isnan(found.value[0])
    assert found.reason(0) == "the result is not finite"


values = st.floats(0, 100).filter(lambda value: value == 0 or value > 1e-100)


@given(st.lists(st.tuples(values, values, values), min_size=1, max_size=20))
def test_against_plain_python_and_the_same_in_every_batch(rows):
    parts = np.array(rows).T
    shares = [1.5, 0.25, 3.0]
    plain = {
        "sum": lambda row: math.fsum(share * value for share, value in zip(shares, row, strict=True)),
        "product": math.prod, "min": min, "max": max,
        "geometric_mean": lambda row: 0.0 if 0 in row else geometric_mean([row[0]] * 6 + [row[1]] + [row[2]] * 12),
    }  # fmt: skip
    for kind, by_hand in plain.items():
        weighted = shares if kind in ("sum", "geometric_mean") else None
        whole = made(kind, parts, weighted).value
        assert whole == pytest.approx([by_hand(row) for row in rows], rel=1e-9, abs=1e-300)
        alone = [made(kind, parts[:, [row]], weighted).value[0] for row in range(len(rows))]
        assert whole.tolist() == alone, kind
