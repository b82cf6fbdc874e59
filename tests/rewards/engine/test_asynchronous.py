from __future__ import annotations

import asyncio
import math
import threading
import time

import pytest

from jeoul import Recipe, reward, seconds
from jeoul.rewards.engine.asynchronous import CONCURRENT, run_async
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


def test_async_calls_run_beside_each_other_but_no_more_than_so_many():
    now, most = [0], [0]

    async def slow(data):
        now[0] += 1
        most[0] = max(most[0], now[0])
        await asyncio.sleep(0.2)
        now[0] -= 1
        return lengths(data)

    sink = Sink()
    start = time.monotonic()
    run_async(slow, ["completions"], [("x" * index,) for index in range(100)], 20, sink)
    assert time.monotonic() - start < 100 * 0.2 / 3
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
        "hang": (Status.timeout, "took more than 1 s"),
        "late": (Status.timeout, "took more than 1 s"),
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
    run_async(misbehaves, ["completions"], [(text,) for text in expected] * 2, 1.0, sink)
    assert time.monotonic() - start < 10
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


def test_a_call_that_is_not_even_awaitable():
    sink = Sink()
    run_async(lambda data: [1.0], ["completions"], [("a",)], 1, sink)
    assert sink.cells()[0].status == Status.error
    assert call_reward(lambda data: [1.0], {}, 1)[0].status == Status.ok


def test_a_call_that_blocks_its_loop_costs_its_own_deadline_only():
    """`time.sleep` where `await` belongs cannot be cancelled; a run that waits for it would wait for ever."""
    released = threading.Event()

    async def blocks(data):
        if data["completions"][0] == "block":
            released.wait(60)
        await asyncio.sleep(0.001)
        return [1.0]

    sink = Sink()
    start = time.monotonic()
    run_async(blocks, ["completions"], [("block" if index == 40 else "fine",) for index in range(100)], 1.5, sink)
    took = time.monotonic() - start
    released.set()
    assert took < 15
    cells = sink.cells()
    assert [index for index, cell in enumerate(cells) if cell.status != Status.ok] == [40]
    assert cells[40].status == Status.timeout
    assert "must await" in cells[40].reason


def test_no_units_no_loop():
    sink = Sink()
    run_async(misbehaves, [], [], 1, sink)
    assert sink.found == {}


def test_a_reward_has_a_deadline_of_its_own_unless_its_column_says_another():
    @reward(name="waits_a_while", deadline=seconds(30))
    async def waits_a_while(completions):
        await asyncio.sleep(0.2)
        return [1.0]

    rows = [{"completion": "x"}]
    assert Recipe(waits_a_while()).score(rows, workers=0, deadline=seconds(0.01)).status[0, 0] == Status.ok
    short = Recipe(waits_a_while().deadline("0.01 s")).score(rows, workers=0)
    assert short.status[0, 0] == Status.timeout
