"""Rewards in this process: one by one, in batches, asynchronously."""

from __future__ import annotations

import random

import pytest

from jeoul.rewards.engine.batches import run_batches, run_inline
from jeoul.rewards.engine.outcomes import Outcome
from jeoul.rewards.tables.status import Status


class Sink:
    """Takes outcomes; each unit once."""

    def __init__(self):
        self.found = {}

    def __call__(self, index, outcomes):
        assert index not in self.found
        self.found[index] = outcomes

    def cells(self):
        return [cell for index in sorted(self.found) for cell in self.found[index]]


def lengths(data):
    return [float(len(text)) for text in data["completions"]]


# -- one by one


def test_inline_units_and_groups():
    sink = Sink()
    run_inline(lengths, ["completions"], [("a",), ("bb",)], False, sink)
    assert sink.cells() == [Outcome(1.0, 0, ""), Outcome(2.0, 0, "")]
    sink = Sink()
    run_inline(lengths, ["completions"], [(["a", "bb"],), (["ccc"],)], True, sink)
    assert [len(sink.found[index]) for index in (0, 1)] == [2, 1]


# -- batches


def test_batches_are_of_like_length_at_most_so_many_and_longest_first():
    draw = random.Random(0)
    units = [("x" * draw.randrange(200), index) for index in range(101)]
    seen = []

    def model(data):
        seen.append([len(text) for text in data["completions"]])
        return [len(text) * 1000 + answer for text, answer in zip(data["completions"], data["answer"], strict=True)]

    sink = Sink()
    run_batches(model, ["completions", "answer"], units, 8, sink)
    assert [len(batch) for batch in seen] == [8] * 12 + [5]
    flat = [length for batch in seen for length in batch]
    assert flat == sorted(flat, reverse=True)
    assert [cell.value for cell in sink.cells()] == [len(text) * 1000 + index for text, index in units]


def test_a_batch_that_fails_is_scored_one_by_one():
    calls = []

    def model(data):
        calls.append(len(data["completions"]))
        if "bad" in data["completions"]:
            raise RuntimeError("device assert")
        return lengths(data)

    sink = Sink()
    units = [("a",), ("bad",), ("cc",), ("dddd",), ("eeeee",), ("f",)]
    run_batches(model, ["completions"], units, 3, sink)
    assert [cell.status for cell in sink.cells()] == [0, Status.error, 0, 0, 0, 0]
    assert sink.found[1][0].reason.startswith("RuntimeError: device assert")
    assert sorted(calls) == [1, 1, 1, 3, 3]


@pytest.mark.parametrize("results", [[1.0], "text", None])
def test_a_batch_with_the_wrong_number_of_results_is_scored_one_by_one(results):
    sink = Sink()
    run_batches(
        lambda data: [1.0] if len(data["completions"]) == 1 else results, ["completions"], [("a",)] * 3, 3, sink
    )
    assert sink.cells() == [Outcome(1.0, 0, "")] * 3


def test_single_errors_in_a_batch_are_not_repeated():
    calls = []

    def model(data):
        calls.append(1)
        return [1.0, None, "x"]

    sink = Sink()
    run_batches(model, ["completions"], [("ccc",), ("bb",), ("a",)], 3, sink)
    assert ([cell.status for cell in sink.cells()], len(calls)) == ([0, 1, 2], 1)


def test_ctrl_c_ends_batches():
    def model(data):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_batches(model, ["completions"], [("a",)], 3, Sink())


# -- asynchronous


def test_no_units():
    for run in (lambda sink: run_batches(lengths, [], [], 4, sink),):
        sink = Sink()
        run(sink)
        assert sink.found == {}
