"""A pool of worker processes with a hard deadline per cell: what runs over is killed, and costs nothing but itself.

Works from any thread, inside an event loop, and in processes that must not be forked. One thread at a time uses a pool.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import math
import mmap
import os
import pickle
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from jeoul.errors import ScoringError, UsageError
from jeoul.rewards.engine.outcomes import Outcome
from jeoul.rewards.engine.worker import LENGTH, LOADING, PAGE, REPLY, REQUEST, Load
from jeoul.rewards.tables.status import Status

__all__ = ["WorkerPool", "default_workers", "shared_pool"]

CHUNK_SECONDS, CHUNK_BYTES, MOST_UNITS = 0.03, 2**20, 2048
LOAD_SECONDS = 120.0
"""How long a reward may take to start, and how long a worker with work may say nothing between cells."""
MEMORY = 4 * 2**30
IDLE, MOST_IDLE_DEATHS = -1, 8
Unit = tuple[Any, ...]
Done = Callable[[int, list[Outcome]], None]

_ZYGOTE = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[3]); "
    "from jeoul.rewards.engine.worker import main; main(int(sys.argv[1]), int(sys.argv[2]))"
)


def default_workers() -> int:
    """As many as the process may use processors, at most 16."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(16, usable))


@dataclass(eq=False)
class _Chunk:
    number: int
    units: list[int]
    reported: int = 0


@dataclass(eq=False)
class _Worker:
    pid: int
    connection: socket.socket
    page: mmap.mmap
    jobs: set[int] = field(default_factory=set)
    chunks: deque[_Chunk] = field(default_factory=deque)
    outgoing: bytearray = field(default_factory=bytearray)
    incoming: bytearray = field(default_factory=bytearray)
    last: tuple[int, int, float] = (0, 0, 0.0)
    heard: float = 0.0
    spent: bool = False
    """It ended itself after a MemoryError: nobody is to blame for its end."""

    def doing(self) -> tuple[int, int, float]:
        """(chunk, position, start); start 0 = idle."""
        chunk, position, start = PAGE.unpack_from(self.page, 0)
        return chunk, position, start


class WorkerPool:
    """``workers`` processes that score cells; started at first use, kept until :meth:`close`.

    Args:
        workers: how many; default one per usable processor.
        memory: bytes each may take above what it starts with; a cell that needs more fails with MemoryError.
    """

    def __init__(self, workers: int | None = None, memory: int = MEMORY) -> None:
        if workers is not None and workers < 1:
            raise UsageError(f"a pool needs at least 1 worker, not {workers}")
        if os.name != "posix":
            raise UsageError("worker processes need Linux or macOS; elsewhere score with workers=0 (no deadlines)")
        self.size = workers or default_workers()
        self.memory = memory
        self.lock = threading.Lock()
        self._owner = os.getpid()
        self._zygote: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._workers: list[_Worker] = []
        self._numbers = iter(range(1, 2**62))
        _every.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- scoring

    def run(self, load: Load, units: Sequence[Unit], deadline: float, done: Done) -> None:
        """Score ``units`` and hand each one's outcomes to ``done(index, outcomes)``, in any order.

        Raises:
            ScoringError: the reward cannot be loaded in a worker, or the processes were ended from outside. The pool
                starts new ones when it is used again.
        """
        if os.getpid() != self._owner:
            raise ScoringError("this pool belongs to the process this one was forked from; make another")
        with self.lock:
            if self._zygote is not None and self._zygote.poll() is not None:
                self._end_all()
            try:
                _Run(self, load, units, deadline, done).drive()
            except BaseException:
                self._end_all()  # whatever they hold, or were just asked, is not wanted any more
                raise

    # -- processes

    def ready(self, wanted: int) -> list[_Worker]:
        """The workers, at least ``wanted`` of them (never more than the pool's size)."""
        while len(self._workers) < min(wanted, self.size):
            self._workers.append(self._fork())
        return self._workers

    def _fork(self) -> _Worker:
        if self._control is None:
            self._start()
        ours, theirs = socket.socketpair()
        with theirs, tempfile.TemporaryFile() as file:
            file.truncate(PAGE.size)
            try:
                pid = self._ask(b"F", fds=[theirs.fileno(), file.fileno()])
            except BaseException:
                ours.close()
                raise
            ours.setblocking(False)
            return _Worker(pid, ours, mmap.mmap(file.fileno(), PAGE.size))

    def _start(self) -> None:
        self._control, theirs = socket.socketpair()
        self._control.settimeout(LOAD_SECONDS)
        with theirs:
            arguments = [str(theirs.fileno()), str(self.memory), json.dumps([str(path) for path in sys.path])]
            self._zygote = subprocess.Popen(
                [sys.executable, "-u", "-c", _ZYGOTE, *arguments],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=2,  # what a reward prints must not land between the lines of --json
                start_new_session=True,  # a kill of our process group must leave one who ends the workers
            )

    def _ask(self, command: bytes, pid: int = 0, fds: Sequence[int] = ()) -> int:
        assert self._control is not None
        request, data = REQUEST.pack(command, pid), b""
        try:
            socket.send_fds(self._control, [request], fds) if fds else self._control.sendall(request)
            while len(data) < REPLY.size:
                more = self._control.recv(REPLY.size - len(data))
                if not more:
                    raise ConnectionResetError
                data += more
        except OSError as error:
            raise ScoringError("the process that starts workers was ended (killed, or the pool closed)") from error
        return int(REPLY.unpack(data)[0])

    def end(self, worker: _Worker, gone: bool = False) -> int:
        """Kill a worker, take what it still sent, and note what it was at; its wait status.

        Args:
            gone: it hung up. It is given a moment to end by itself; the status is then -1 where it does not.
        """
        status = self._ask(b"G" if gone else b"K", worker.pid)
        self._workers.remove(worker)
        with contextlib.suppress(ConnectionError):
            _read(worker)
        worker.last = worker.doing()
        worker.connection.close()
        worker.page.close()
        return status

    def close(self) -> None:
        """End all processes. The pool starts them again when it is used again; a run under way fails."""
        if os.getpid() != self._owner:
            return
        if self.lock.acquire(blocking=False):
            try:
                self._end_all()
            finally:
                self.lock.release()
        elif self._control is not None:
            with contextlib.suppress(OSError):
                self._control.shutdown(socket.SHUT_RDWR)  # the run under way notices, and cleans up

    def _end_all(self) -> None:
        workers, control, zygote = self._workers, self._control, self._zygote
        self._workers, self._control, self._zygote = [], None, None
        for worker in workers:
            worker.connection.close()
            worker.page.close()
        if control is not None:
            with contextlib.suppress(OSError):
                control.shutdown(socket.SHUT_RDWR)  # the zygote kills its workers and ends, whoever else holds a copy
            control.close()
        if zygote is None:
            return
        try:
            zygote.wait(10)
        except subprocess.TimeoutExpired:
            zygote.kill()
            zygote.wait()
        if zygote.returncode:  # killed: its workers that hang are ours to end
            for worker in workers:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(worker.pid, signal.SIGKILL)

    def _forked(self) -> None:
        """In a forked child: hold nothing that would keep the parent's workers alive after the parent."""
        self.lock = threading.Lock()
        for end in (self._control, *(worker.connection for worker in self._workers)):
            if end is not None:
                end.close()
        self._control, self._workers = None, []
        if self._zygote is not None:
            self._zygote.returncode = 0  # not this process's to wait for


class _Run:
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

    def give(self, worker: _Worker, units: list[int]) -> None:
        if self.job not in worker.jobs:
            worker.jobs = {self.job}
            self.frame(worker, ("job", self.job, self.load))
        chunk = _Chunk(next(self.pool._numbers), units)
        size = self.frame(worker, ("chunk", chunk.number, self.job, [self.units[index] for index in units]))
        self.unit_bytes = size / len(units)
        worker.chunks.append(chunk)
        worker.heard = time.monotonic()

    def frame(self, worker: _Worker, message: Any) -> int:
        try:
            body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
        except Exception as error:
            raise ScoringError(f"the data holds what cannot be sent to a worker process: {error}") from error
        worker.outgoing += LENGTH.pack(len(body)) + body
        return len(body)

    def watch(self, worker: _Worker) -> None:
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if worker.outgoing else 0)
        known = self.selector.get_map().get(worker.connection)
        if known is None:
            self.selector.register(worker.connection, events, worker)
        elif known.events != events:
            self.selector.modify(worker.connection, events, worker)

    # -- taking results

    def exchange(self, worker: _Worker) -> None:
        try:
            if worker.outgoing:
                with contextlib.suppress(BlockingIOError):
                    del worker.outgoing[: worker.connection.send(worker.outgoing)]
            alive = _read(worker)
        except ConnectionError:
            alive = False
        self.watch(worker)
        worker.heard = time.monotonic()
        for message in _messages(worker):
            self.result(worker, message)
        if not alive:
            self.died(worker)

    def result(self, worker: _Worker, message: tuple[Any, ...]) -> None:
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

    def overdue(self, worker: _Worker, seen: tuple[int, int, float]) -> None:
        self.bury(worker)
        if worker.last != seen:  # it got on while it was being killed: nothing in it is to blame
            return self.requeue(worker)
        if not seen[2]:
            return self.lost(worker, "it stopped answering")
        if seen[1] == LOADING:
            raise ScoringError(f"the reward takes more than {LOAD_SECONDS:g} s to start in a worker")
        return self.requeue(worker, self.blamed(worker), Status.timeout, f"took more than {self.deadline:g} s")

    def died(self, worker: _Worker) -> None:
        status = self.bury(worker, gone=True)
        if worker.spent or not worker.chunks:
            return self.requeue(worker)
        if status < 0:
            return self.lost(worker, "it closed its connection")
        if not os.WIFSIGNALED(status):
            return self.lost(worker, f"exit {status >> 8}")
        number = os.WTERMSIG(status)
        return self.lost(worker, _signal_name(number), killed=number == signal.SIGKILL)

    def lost(self, worker: _Worker, how: str, killed: bool = False) -> None:
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

    def bury(self, worker: _Worker, gone: bool = False) -> int:
        self.selector.unregister(worker.connection)
        status = self.pool.end(worker, gone)
        for message in _messages(worker):
            self.result(worker, message)
        return status

    def blamed(self, worker: _Worker) -> int:
        """The unit a dead worker was at; IDLE where it was at none."""
        number, position, start = worker.last
        chunk = worker.chunks[0] if worker.chunks else None
        if chunk is None or (start and position == LOADING):
            return IDLE
        if start and chunk.number == number:
            return chunk.units[position]
        left = chunk.units[chunk.reported :]  # between cells: what a lone one did may show only afterwards
        return left[0] if len(left) == 1 else IDLE

    def requeue(self, worker: _Worker, culprit: int = IDLE, status: Status = Status.ok, reason: str = "") -> None:
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


def _read(worker: _Worker) -> bool:
    """Take what the socket holds; False where the other side is gone."""
    while True:
        try:
            data = worker.connection.recv(2**20)
        except BlockingIOError:
            return True
        if not data:
            return False
        worker.incoming += data


def _messages(worker: _Worker) -> Iterator[tuple[Any, ...]]:
    while len(worker.incoming) >= LENGTH.size:
        (length,) = LENGTH.unpack_from(worker.incoming)
        if len(worker.incoming) < LENGTH.size + length:
            return
        body = bytes(worker.incoming[LENGTH.size : LENGTH.size + length])
        del worker.incoming[: LENGTH.size + length]
        yield pickle.loads(body)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"


_shared: dict[int, WorkerPool] = {}
_every: weakref.WeakSet[WorkerPool] = weakref.WeakSet()


def shared_pool(workers: int | None = None) -> WorkerPool:
    """The process's own pool of this size, kept for the next call."""
    size = workers or default_workers()
    made = WorkerPool(size)  # it starts nothing before it is used
    pool = _shared.setdefault(size, made)
    if pool is made:
        atexit.register(pool.close)
    return pool


def _after_fork() -> None:
    for pool in list(_every):
        pool._forked()
    _shared.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
