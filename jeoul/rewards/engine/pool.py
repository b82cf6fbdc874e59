"""A pool of worker processes with a hard deadline per cell: what runs over is killed, and costs nothing but itself.

Works from any thread, inside an event loop, and in processes that must not be forked. One thread at a time uses a pool.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import mmap
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Sequence
from typing import Self

from jeoul.errors import ScoringError, UsageError
from jeoul.rewards.engine.dispatch import LOAD_SECONDS, Dispatch, Done, Unit
from jeoul.rewards.engine.handle import Worker, read_socket
from jeoul.rewards.engine.worker import PAGE, REPLY, REQUEST, Load

__all__ = ["WorkerPool", "default_workers", "shared_pool"]

MEMORY = 4 * 2**30

_ZYGOTE = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[3]); "
    "from jeoul.rewards.engine.worker import main; main(int(sys.argv[1]), int(sys.argv[2]))"
)


def default_workers() -> int:
    """As many as the process may use processors, at most 16."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(16, usable))


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
        self._workers: list[Worker] = []
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
                Dispatch(self, load, units, deadline, done).drive()
            except BaseException:
                self._end_all()  # whatever they hold, or were just asked, is not wanted any more
                raise

    # -- processes

    def ready(self, wanted: int) -> list[Worker]:
        """The workers, at least ``wanted`` of them (never more than the pool's size)."""
        while len(self._workers) < min(wanted, self.size):
            self._workers.append(self._fork())
        return self._workers

    def _fork(self) -> Worker:
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
            return Worker(pid, ours, mmap.mmap(file.fileno(), PAGE.size))

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

    def end(self, worker: Worker, gone: bool = False) -> int:
        """Kill a worker, take what it still sent, and note what it was at; its wait status.

        Args:
            gone: it hung up. It is given a moment to end by itself; the status is then -1 where it does not.
        """
        status = self._ask(b"G" if gone else b"K", worker.pid)
        self._workers.remove(worker)
        with contextlib.suppress(ConnectionError):
            read_socket(worker)
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
