"""Rewards in this process: one by one, in batches, asynchronously."""

from __future__ import annotations

import asyncio
import math
import random
import threading
import time

import pytest

from jeoul.rewards.engine.batches import CONCURRENT, run_async, run_batches, run_inline
from jeoul.rewards.engine.outcomes import Outcome, call_reward
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


def test_async_calls_run_beside_each_other_but_no_more_than_so_many():
    now, most = [0], [0]

    async def slow(data):
        now[0] += 1
        most[0] = max(most[0], now[0])
        await asyncio.sleep(0.05)
        now[0] -= 1
        return lengths(data)

    sink = Sink()
    start = time.monotonic()
    run_async(slow, ["completions"], [("x" * index,) for index in range(100)], 5, sink)
    assert time.monotonic() - start < 100 * 0.05 / 3
    assert most[0] == CONCURRENT
    assert [cell.value for cell in sink.cells()] == list(range(100))


async def misbehaves(data):
    (text,) = data["completions"]
    if text == "hang":
        await asyncio.sleep(3600)
    if text == "late":
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0.05)  # it cleans up
    if text == "raise":
        raise ValueError("no")
    if text == "own timeout":
        raise TimeoutError("the service did not answer")
    if text == "exit":
        raise SystemExit
    if text == "cancelled":
        raise asyncio.CancelledError
    return {"short": [], "text": "1", "none": [None]}.get(text, [1.0])


def test_async_cells_fail_alone():
    expected = {
        "fine": (Status.ok, ""),
        "hang": (Status.timeout, "took more than 0.2 s"),
        "late": (Status.timeout, "took more than 0.2 s"),
        "raise": (Status.error, "ValueError: no"),
        "own timeout": (Status.error, "TimeoutError: the service did not answer"),
        "exit": (Status.error, "SystemExit"),
        "cancelled": (Status.error, "CancelledError"),
        "short": (Status.error, "returned 0 values for 1 completions"),
        "text": (Status.error, "returned a str"),
        "none": (Status.not_applicable, ""),
    }
    sink = Sink()
    start = time.monotonic()
    run_async(misbehaves, ["completions"], [(text,) for text in expected] * 2, 0.2, sink)
    assert time.monotonic() - start < 3
    for cell, (text, (status, reason)) in zip(sink.cells(), list(expected.items()) * 2, strict=True):
        assert cell.status == status, text
        assert cell.reason.startswith(reason), text
        assert math.isnan(cell.value) == (status != Status.ok)


def test_async_inside_a_thread_while_a_loop_runs():
    async def fine(data):
        await asyncio.sleep(0)
        return [1.0]

    async def outer():
        sink = Sink()
        await asyncio.to_thread(run_async, fine, ["completions"], [("a",)] * 5, 5, sink)
        return sink.cells()

    assert asyncio.run(outer()) == [Outcome(1.0, 0, "")] * 5


def test_what_the_callback_raises_ends_the_run():
    async def fine(data):
        await asyncio.sleep(0.01)
        return [1.0]

    def done(index, outcomes):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        run_async(fine, ["completions"], [("a",)] * 50, 5, done)


def test_a_stopped_run_makes_no_more_calls():
    stopped, calls = threading.Event(), []

    async def slow(data):
        calls.append(1)
        if len(calls) == CONCURRENT:
            stopped.set()
        await asyncio.sleep(0.01)
        return [1.0]

    run_async(slow, ["completions"], [("a",)] * 500, 5, Sink(), stopped)
    assert len(calls) == CONCURRENT


def test_no_units():
    for run in (
        lambda sink: run_async(misbehaves, [], [], 1, sink),
        lambda sink: run_batches(lengths, [], [], 4, sink),
    ):
        sink = Sink()
        run(sink)
        assert sink.found == {}


def test_a_call_that_is_not_even_awaitable():
    sink = Sink()
    run_async(lambda data: [1.0], ["completions"], [("a",)], 1, sink)
    assert sink.cells()[0].status == Status.error
    assert call_reward(lambda data: [1.0], {}, 1)[0].status == Status.ok
