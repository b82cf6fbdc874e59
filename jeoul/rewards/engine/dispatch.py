"""Gives units to workers, takes their outcomes, and kills what is over its deadline."""

from __future__ import annotations

import contextlib
import math
import os
import pickle
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from jeoul.errors import ScoringError
from jeoul.rewards.engine.handle import Chunk, Worker, messages, read_socket
from jeoul.rewards.engine.outcomes import Outcome
from jeoul.rewards.engine.worker import LENGTH, LOADING, Load
from jeoul.rewards.tables.status import Status

if TYPE_CHECKING:
    from jeoul.rewards.engine.pool import WorkerPool

__all__ = ["Dispatch"]

CHUNK_SECONDS, CHUNK_BYTES, MOST_UNITS = 0.03, 2**20, 2048
LOAD_SECONDS = 120.0
"""How long a reward may take to start, and how long a worker with work may say nothing between cells."""
IDLE, MOST_IDLE_DEATHS = -1, 8
Unit = tuple[Any, ...]
Done = Callable[[int, list[Outcome]], None]


class Dispatch:
    """One call of :meth:`WorkerPool.run`."""

    def __init__(self, pool: WorkerPool, load: Load, units: Sequence[Unit], deadline: float, done: Done) -> None:
        self.pool, self.load, self.units, self.deadline, self.done = pool, load, units, deadline, done
        self.job = next(pool._numbers)
        self.next = 0
        self.again: deque[list[int]] = deque()
        self.left = len(units)
        self.deaths: dict[int, int] = {}
        self.suspects: set[int] = set()
        self.unit_seconds, self.unit_bytes = 0.0, 0.0
        self.selector = selectors.DefaultSelector()

    def drive(self) -> None:
        """Until every unit has its outcomes."""
        with self.selector:
            while self.left or any(worker.chunks for worker in self.pool._workers):
                self.feed()
                timeout = self.enforce()
                for key, _ in self.selector.select(timeout):
                    self.exchange(key.data)

    # -- giving work out

    def feed(self) -> None:
        """Keep two chunks at every worker: one it works on, one that waits there."""
        wanted = math.ceil((len(self.units) - self.next + len(self.again)) / 4) + 1
        for worker in self.pool.ready(wanted):
            while len(worker.chunks) < 2 and (units := self.take()):
                self.give(worker, units)
            self.watch(worker)

    def take(self) -> list[int]:
        if self.again:
            return self.again.popleft()
        left = len(self.units) - self.next
        by_time = CHUNK_SECONDS / self.unit_seconds if self.unit_seconds else 4
        by_size = CHUNK_BYTES / self.unit_bytes if self.unit_bytes else 4
        fair = math.ceil(left / (2 * self.pool.size))  # so that all end together
        count = int(max(1, min(by_time, by_size, fair, MOST_UNITS)))
        start, self.next = self.next, min(len(self.units), self.next + count)
        return list(range(start, self.next))

    def give(self, worker: Worker, units: list[int]) -> None:
        if self.job not in worker.jobs:
            worker.jobs = {self.job}
            self.frame(worker, ("job", self.job, self.load))
        chunk = Chunk(next(self.pool._numbers), units)
        size = self.frame(worker, ("chunk", chunk.number, self.job, [self.units[index] for index in units]))
        self.unit_bytes = size / len(units)
        worker.chunks.append(chunk)
        worker.heard = time.monotonic()

    def frame(self, worker: Worker, message: Any) -> int:
        try:
            body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            raise ScoringError(f"the data holds what cannot be sent to a worker process: {error}") from error
        worker.outgoing += LENGTH.pack(len(body)) + body
        return len(body)

    def watch(self, worker: Worker) -> None:
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if worker.outgoing else 0)
        known = self.selector.get_map().get(worker.connection)
        if known is None:
            self.selector.register(worker.connection, events, worker)
        elif known.events != events:
            self.selector.modify(worker.connection, events, worker)

    # -- taking results

    def exchange(self, worker: Worker) -> None:
        try:
            if worker.outgoing:
                with contextlib.suppress(BlockingIOError):
                    del worker.outgoing[: worker.connection.send(worker.outgoing)]
            alive = read_socket(worker)
        except ConnectionError:
            alive = False
        self.watch(worker)
        worker.heard = time.monotonic()
        for message in messages(worker):
            self.result(worker, message)
        if not alive:
            self.died(worker)

    def result(self, worker: Worker, message: tuple[Any, ...]) -> None:
        kind, number, *rest = message
        if kind == "unreadable":
            raise ScoringError(f"a worker process cannot read the data: {rest[0]}")
        if not worker.chunks or worker.chunks[0].number != number:
            return
        chunk = worker.chunks[0]
        if kind == "unloadable":
            raise ScoringError(f"the reward cannot be started in a worker: {rest[0]}")
        first, outcomes, seconds = rest
        if outcomes:
            self.deaths.pop(IDLE, None)
            self.unit_seconds = (self.unit_seconds or seconds / len(outcomes)) / 2 + seconds / len(outcomes) / 2
        for index, cells in zip(chunk.units[first : first + len(outcomes)], outcomes, strict=True):
            self.settle(index, [Outcome(*cell) for cell in cells])
        chunk.reported = first + len(outcomes)
        worker.spent = kind == "spent"
        if kind == "done":
            worker.chunks.popleft()

    def settle(self, index: int, outcomes: list[Outcome]) -> None:
        self.left -= 1
        self.done(index, outcomes)

    # -- deadlines and deaths

    def enforce(self) -> float | None:
        """Kill what is over its deadline; seconds until the next cell can be."""
        now, soonest = time.monotonic(), None
        for worker in list(self.pool._workers):
            if not worker.chunks:
                continue
            seen = worker.doing()
            _, position, start = seen
            allowed = LOAD_SECONDS if position == LOADING or not start else self.deadline
            remaining = (start or worker.heard) + allowed - now
            if remaining <= 0:
                self.overdue(worker, seen)
                return 0.0  # there is a worker to start before anything is waited for
            remaining = min(remaining, self.deadline)  # it may begin a cell as soon as we look away
            soonest = remaining if soonest is None else min(soonest, remaining)
        return soonest

    def overdue(self, worker: Worker, seen: tuple[int, int, float]) -> None:
        self.bury(worker)
        if worker.last != seen:  # it got on while it was being killed: nothing in it is to blame
            return self.requeue(worker)
        if not seen[2]:
            return self.lost(worker, "it stopped answering")
        if seen[1] == LOADING:
            raise ScoringError(f"the reward takes more than {LOAD_SECONDS:g} s to start in a worker")
        return self.requeue(worker, self.blamed(worker), Status.timeout, f"took more than {self.deadline:g} s")

    def died(self, worker: Worker) -> None:
        status = self.bury(worker, gone=True)
        if worker.spent or not worker.chunks:
            return self.requeue(worker)
        if status < 0:
            return self.lost(worker, "it closed its connection")
        if not os.WIFSIGNALED(status):
            return self.lost(worker, f"exit {status >> 8}")
        number = os.WTERMSIG(status)
        return self.lost(worker, _signal_name(number), killed=number == signal.SIGKILL)

    def lost(self, worker: Worker, how: str, killed: bool = False) -> None:
        """Once may be the machine's fault; the second time the unit is to blame."""
        culprit = self.blamed(worker)
        deaths = self.deaths[culprit] = self.deaths.get(culprit, 0) + 1
        if culprit == IDLE:
            if deaths >= MOST_IDLE_DEATHS:
                raise ScoringError(f"workers keep dying before they score anything ({how})")
            if worker.last[1] != LOADING:  # one of these, found out when each is scored alone
                self.suspects.update(worker.chunks[0].units)
        self.suspects.add(culprit)
        if culprit == IDLE or deaths < 2:
            return self.requeue(worker)
        reason = f"its worker died twice ({how}{', perhaps out of memory' if killed else ''})"
        return self.requeue(worker, culprit, Status.infra if killed else Status.error, reason)

    def bury(self, worker: Worker, gone: bool = False) -> int:
        self.selector.unregister(worker.connection)
        status = self.pool.end(worker, gone)
        for message in messages(worker):
            self.result(worker, message)
        return status

    def blamed(self, worker: Worker) -> int:
        """The unit a dead worker was at; IDLE where it was at none."""
        number, position, start = worker.last
        chunk = worker.chunks[0] if worker.chunks else None
        if chunk is None or (start and position == LOADING):
            return IDLE
        if start and chunk.number == number:
            return chunk.units[position]
        left = chunk.units[chunk.reported :]  # between cells: what a lone one did may show only afterwards
        return left[0] if len(left) == 1 else IDLE

    def requeue(self, worker: Worker, culprit: int = IDLE, status: Status = Status.ok, reason: str = "") -> None:
        """Give a dead worker's units to others, without the one that is settled as ``status``."""
        for chunk in reversed(worker.chunks):
            left = [index for index in chunk.units[chunk.reported :] if index != culprit]
            suspects = [index for index in left if index in self.suspects]  # alone, so that they take nothing along
            for units in ([index for index in left if index not in suspects], *([index] for index in suspects)):
                if units:
                    self.again.appendleft(units)
        if culprit != IDLE:
            self.settle(culprit, [Outcome(math.nan, status, reason)] * self.cells(culprit))

    def cells(self, index: int) -> int:
        return len(self.units[index][0]) if self.load[2] else 1


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"
