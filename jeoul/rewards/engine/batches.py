"""Rewards that run in this process: models in batches, asynchronous ones in an event loop of their own."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable, Sequence
from typing import Any

from jeoul.rewards.engine.outcomes import Outcome, call_reward, failed, read_results
from jeoul.rewards.tables.status import Status

__all__ = ["run_async", "run_batches", "run_inline"]

Unit = tuple[Any, ...]
Done = Callable[[int, list[Outcome]], None]
Call = Callable[[dict[str, Any]], Any]
CONCURRENT = 32
"""Calls of an asynchronous reward under way at once."""


def run_inline(call: Call, names: Sequence[str], units: Sequence[Unit], grouped: bool, done: Done) -> None:
    """One unit after another in this process: no deadline, nothing to start."""
    for index, unit in enumerate(units):
        if grouped:
            done(index, call_reward(call, dict(zip(names, unit, strict=True)), len(unit[0])))
        else:
            done(index, call_reward(call, {name: [value] for name, value in zip(names, unit, strict=True)}, 1))


def run_batches(call: Call, names: Sequence[str], units: Sequence[Unit], size: int, done: Done) -> None:
    """Batches of ``size`` units of like length, longest first: the first batch shows whether memory suffices.

    A batch that fails is scored again one by one, so that a cell fails alone.
    """
    order = sorted(range(len(units)), key=lambda index: -_length(units[index]))
    for start in range(0, len(order), size):
        batch = order[start : start + size]
        data = {name: [units[index][position] for index in batch] for position, name in enumerate(names)}
        outcomes = call_reward(call, data, len(batch))
        if len(batch) > 1 and all(outcome.status == Status.error for outcome in outcomes):
            singly = ({name: [value] for name, value in zip(names, units[index], strict=True)} for index in batch)
            outcomes = [call_reward(call, one, 1)[0] for one in singly]
        for index, outcome in zip(batch, outcomes, strict=True):
            done(index, [outcome])


def _length(unit: Unit) -> int:
    return sum(len(value) for value in unit if isinstance(value, str))


def run_async(
    call: Call,
    names: Sequence[str],
    units: Sequence[Unit],
    deadline: float,
    done: Done,
    stopped: threading.Event | None = None,
) -> None:
    """At most ``CONCURRENT`` calls at once in an event loop of its own; ``done`` is called from that loop's thread.

    The deadline cancels a call that awaits; one that blocks the loop, or refuses to be cancelled, cannot be ended. Once
    ``stopped`` is set no further call is made.
    """
    indices = iter(range(len(units)))

    async def one(index: int) -> list[Outcome]:
        data = {name: [value] for name, value in zip(names, units[index], strict=True)}
        limit = asyncio.timeout(deadline)
        try:
            async with limit:
                return read_results(await call(data), 1)
        except KeyboardInterrupt:
            raise
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():  # the whole run is being ended
                raise
            return [failed(error)]
        except BaseException as error:  # SystemExit too: a reward must not end the run
            if limit.expired() and isinstance(error, TimeoutError):
                return [Outcome(math.nan, Status.timeout, f"took more than {deadline:g} s")]
            return [failed(error)]

    async def one_after_another() -> None:
        for index in indices:
            if stopped is not None and stopped.is_set():
                return
            done(index, await one(index))

    async def every() -> None:
        await asyncio.gather(*(one_after_another() for _ in range(min(CONCURRENT, len(units)))))

    asyncio.run(every())
