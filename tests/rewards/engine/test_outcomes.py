"""What calling a reward comes to, whatever it returns or raises."""

from __future__ import annotations

import math
from collections import deque
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from jeoul.rewards.engine.outcomes import LONGEST_REASON, Outcome, call_reward, failed, read_results
from jeoul.rewards.scores import Score, does_not_apply
from jeoul.rewards.tables.status import Status


class Louder(Score):
    """A Score of the user's own."""


class Unfriendly:
    def __float__(self):
        raise ZeroDivisionError


class NoList:
    def tolist(self):
        raise RuntimeError("on the other device")


def read(result):
    (cell,) = read_results([result], 1)
    return cell


@pytest.mark.parametrize(
    ("given_", "value"),
    [
        (1, 1.0), (0, 0.0), (True, 1.0), (False, 0.0), (-2.5, -2.5), (np.float32(0.5), 0.5), (np.int64(3), 3.0),
        (np.bool_(True), 1.0), (Fraction(1, 4), 0.25), (Decimal("0.5"), 0.5), (torch.tensor(2.0), 2.0),
        (np.array(3.0), 3.0), (torch.tensor([4.0]), 4.0), (10**38, 1e38),
    ],
)  # fmt: skip
def test_numbers(given_, value):
    assert read(given_) == Outcome(value, Status.ok, "")


def test_minus_zero_keeps_its_sign():
    assert math.copysign(1, read(-0.0).value) == -1


@pytest.mark.parametrize("nothing", [None, math.nan, np.float32("nan"), Score(math.nan), torch.tensor(math.nan)])
def test_what_does_not_apply(nothing):
    value, status, reason = read(nothing)
    assert math.isnan(value)
    assert (status, reason) == (Status.not_applicable, "")


def test_reasons():
    assert read(Score(0.5, "why")) == Outcome(0.5, Status.ok, "why")
    assert read(Louder(0.5, "why")) == Outcome(0.5, Status.ok, "why")
    assert read(does_not_apply("no gold"))[1:] == (Status.not_applicable, "no gold")
    assert len(read(Score(1, "x" * 10**6)).reason) == LONGEST_REASON
    assert read(Score(1, None)).reason == "None"  # type: ignore[arg-type]
    assert read(float.__new__(Score, 1.0)) == Outcome(1.0, Status.ok, "")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("1.0", "gave the text '1.0', not a number"),
        (b"1", "gave the text b'1', not a number"),
        ([1.0], "gave a list, not a number"),
        ({"score": 1}, "gave a dict, not a number"),
        (1j, "gave a complex, not a number"),
        (object(), "gave a object, not a number"),
        (np.array([1.0, 2.0]), "gave a ndarray, not a number"),
        (torch.tensor([1.0, 2.0]), "gave a Tensor, not a number"),
        (Unfriendly(), "gave a Unfriendly, not a number"),
        (math.inf, "gave inf, which no sum survives; give a finite number or None"),
        (-math.inf, "gave -inf, which no sum survives; give a finite number or None"),
        (Score(math.inf, "a / 0"), "gave inf, which no sum survives; give a finite number or None: a / 0"),
        (1e300, "gave 1e+300, which float32 tensors cannot hold; give a finite number or None"),
        (10**400, "gave inf, which no sum survives; give a finite number or None"),
        (-(10**400), "gave -inf, which no sum survives; give a finite number or None"),
    ],
)
def test_what_is_no_number(bad, reason):
    value, status, why = read(bad)
    assert math.isnan(value)
    assert (status, why) == (Status.error, reason)


@pytest.mark.parametrize(
    "results",
    [[1, 0], (1, 0), np.array([1, 0]), torch.tensor([1.0, 0.0]), torch.tensor([1.0, 0.0], dtype=torch.bfloat16),
     torch.tensor([1.0, 0.0], requires_grad=True), range(1, -1, -1), deque([1, 0]), np.array([True, False]),
     [np.float16(1), torch.tensor(0)]],
)  # fmt: skip
def test_any_sequence(results):
    assert read_results(results, 2) == [Outcome(1.0, Status.ok, ""), Outcome(0.0, Status.ok, "")]


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        (1.0, "returned a float, not a list with one number per completion"),
        (None, "returned a NoneType, not a list with one number per completion"),
        ("10", "returned a str, not a list with one number per completion"),
        (b"10", "returned a bytes, not a list with one number per completion"),
        (bytearray(b"10"), "returned a bytearray, not a list with one number per completion"),
        ({"a": 1, "b": 2}, "returned a dict, not a list with one number per completion"),
        ({1, 2}, "returned a set, not a list with one number per completion"),
        (iter([1, 2]), "returned a list_iterator, not a list with one number per completion"),
        (np.float64(1), "returned a float, not a list with one number per completion"),
        (torch.tensor(1.0), "returned a float, not a list with one number per completion"),
        ([], "returned 0 values for 2 completions"),
        ([1], "returned 1 values for 2 completions"),
        ([1, 2, 3], "returned 3 values for 2 completions"),
        (np.zeros(3), "returned 3 values for 2 completions"),
    ],
)
def test_what_is_no_list_of_the_right_length(results, reason):
    cells = read_results(results, 2)
    assert [cell[1:] for cell in cells] == [(Status.error, reason)] * 2
    assert all(math.isnan(cell.value) for cell in cells)


def test_one_bad_value_fails_alone():
    assert [cell.status for cell in read_results([1, "x", None, math.inf], 4)] == [0, 2, 1, 2]
    assert [cell.reason for cell in read_results(np.ones((2, 2)), 2)] == ["gave a list, not a number"] * 2


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit("no"), MemoryError("no"), GeneratorExit("no")])
def test_exceptions_are_cells(error):
    def raises(data):
        raise error

    cells = call_reward(raises, {}, 3)
    assert [cell.status for cell in cells] == [Status.error] * 3
    assert cells[0].reason.startswith(f"{type(error).__name__}: no (test_outcomes.py:")


def test_ctrl_c_is_not_a_cell():
    def interrupted(data):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        call_reward(interrupted, {}, 1)


def test_results_that_raise_when_they_are_read_are_cells():
    assert call_reward(lambda data: NoList(), {}, 1)[0].reason.startswith("RuntimeError: on the other device")

    class Evil(list):
        def __len__(self):
            raise OSError("len")

    assert call_reward(lambda data: Evil(), {}, 1)[0].status == Status.error


def test_long_and_broken_messages():
    class BrokenError(Exception):
        def __str__(self):
            raise RuntimeError

    assert failed(BrokenError()).reason == "BrokenError: and its own message raised RuntimeError"
    assert failed(ValueError("x" * 10**6)).reason == f"ValueError: {'x' * 299}…"
    assert failed(ValueError("plain")).reason == "ValueError: plain"


@given(st.lists(st.one_of(st.none(), st.floats(), st.integers(), st.booleans(), st.text(), st.binary()), max_size=8))
def test_every_list_gives_one_cell_a_value(results):
    cells = read_results(results, len(results))
    assert len(cells) == len(results)
    for cell, result in zip(cells, results, strict=True):
        assert (cell.status == Status.ok) == math.isfinite(cell.value)
        if cell.status == Status.ok:
            assert cell.value == float(result)
        assert (cell.status == Status.error) == bool(cell.reason)
