"""Asynchronous rewards: many calls at once in an event loop of their own, which a call that blocks cannot hold up."""

from __future__ import annotations

import asyncio
import math
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from jeoul.rewards.engine.outcomes import Outcome, failed, read_results
from jeoul.rewards.tables.status import Status

__all__ = ["CONCURRENT", "run_async"]

Unit = tuple[Any, ...]
Done = Callable[[int, list[Outcome]], None]
Call = Callable[[dict[str, Any]], Any]
CONCURRENT = 32
"""Calls under way at once."""
BEAT_SECONDS, GRACE_SECONDS = 0.05, 0.25


def run_async(
    call: Call,
    names: Sequence[str],
    units: Sequence[Unit],
    deadline: float,
    done: Done,
    stopped: threading.Event | None = None,
) -> None:
    """At most ``CONCURRENT`` calls at once; ``done`` is called in this thread; once ``stopped`` no call is made.

    The deadline cancels a call that awaits. One that blocks its event loop cannot be cancelled: the loop is left behind
    with its thread, the calls that were under way are tried again one at a time, and the culprit is a timeout.
    """
    owed = list(range(len(units)))
    while owed:
        loop = _Loop(call, names, units, owed, deadline, stopped)
        if loop.drive(done):
            return
        for index in loop.under_way():
            if not _Loop(call, names, units, [index], deadline, stopped).drive(done):
                reason = f"blocked its event loop for more than {deadline:g} s: an asynchronous reward must await"
                done(index, [Outcome(math.nan, Status.timeout, reason)])
        owed = loop.untouched()


class _Loop(threading.Thread):
    """An event loop in a thread of its own, watched from outside by its heartbeat."""

    def __init__(
        self,
        call: Call,
        names: Sequence[str],
        units: Sequence[Unit],
        indices: list[int],
        deadline: float,
        stopped: threading.Event | None,
    ) -> None:
        super().__init__(name="jeoul-async-loop", daemon=True)
        self.call, self.names, self.units, self.deadline = call, names, units, deadline
        self.left = iter(indices)
        self.owed = dict.fromkeys(indices)
        self.begun: set[int] = set()
        self.stopped = stopped or threading.Event()
        self.abandoned = threading.Event()
        self.results: queue.SimpleQueue[tuple[int, list[Outcome]] | BaseException | None] = queue.SimpleQueue()
        self.beat = time.monotonic()

    def drive(self, done: Done) -> bool:
        """Start, and hand results on until all are there; False where the loop no longer beats."""
        self.beat = time.monotonic()
        self.start()
        try:
            while True:
                try:
                    result = self.results.get(timeout=BEAT_SECONDS)
                except queue.Empty:
                    if time.monotonic() - self.beat > self.deadline + GRACE_SECONDS:
                        return False
                    continue
                if result is None:
                    return True
                if isinstance(result, BaseException):
                    raise result
                self.owed.pop(result[0])
                done(*result)
        finally:
            self.abandoned.set()

    def under_way(self) -> list[int]:
        """Units whose calls had begun and have no result."""
        return [index for index in self.owed if index in self.begun]

    def untouched(self) -> list[int]:
        """Units nobody has called yet."""
        return [index for index in self.owed if index not in self.begun]

    # -- in the thread

    def run(self) -> None:
        """The thread's own part."""
        try:
            asyncio.run(self._every())
        except BaseException as error:
            self.results.put(error)
        else:
            self.results.put(None)

    async def _every(self) -> None:
        heart = asyncio.create_task(self._heartbeat())
        await asyncio.gather(*(self._one_after_another() for _ in range(min(CONCURRENT, len(self.owed)))))
        heart.cancel()

    async def _heartbeat(self) -> None:
        while True:
            self.beat = time.monotonic()
            await asyncio.sleep(BEAT_SECONDS)

    async def _one_after_another(self) -> None:
        for index in self.left:
            if self.stopped.is_set() or self.abandoned.is_set():
                return
            self.begun.add(index)
            self.results.put((index, await self._one(index)))

    async def _one(self, index: int) -> list[Outcome]:
        data = {name: [value] for name, value in zip(self.names, self.units[index], strict=True)}
        limit = asyncio.timeout(self.deadline)
        try:
            async with limit:
                return read_results(await self.call(data), 1)
        except KeyboardInterrupt:
            raise
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():  # the whole run is being ended
                raise
            return [failed(error)]
        except BaseException as error:  # SystemExit too: a reward must not end the run
            if limit.expired() and isinstance(error, TimeoutError):
                return [Outcome(math.nan, Status.timeout, f"took more than {self.deadline:g} s")]
            return [failed(error)]
