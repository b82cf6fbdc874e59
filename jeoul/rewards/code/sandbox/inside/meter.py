"""CPU time and idle time of a child, as the kernel counts them, and whether they have run out.

Not wall time: on a loaded machine two seconds of wall time may hold half a second of CPU, and load would become bugs.
A child is idle where it neither runs nor waits for a processor: idle = wall - CPU - wait in the run queue. Where the
wait cannot be read (macOS, containers that hide /proc) idle time has no limit of its own: the wall limit must do.

A machine may stall as a whole, or keep a process waiting that the kernel counts only once it runs. So of the time
between two looks no more counts as idle than the second was wanted after: who looks late was held up himself. And what
is ready to run when it is looked at is not idle.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

from jeoul.rewards.code.sandbox.inside.libc import LINUX
from jeoul.rewards.code.sandbox.inside.wire import Held

__all__ = ["FIRST_LOOK", "Budget", "cpu_seconds", "is_ready", "waited_seconds"]

SHORTEST, LONGEST, FIRST_LOOK = 0.005, 0.25, 0.05
"""Seconds between two looks, at least and at most, and before a run is first looked at: most have ended by then."""


def cpu_seconds(pid: int) -> float:
    """CPU time of all threads of a process, those that ended too; 0 where it cannot be read (macOS)."""
    if not LINUX:
        return 0.0
    try:
        return time.clock_gettime((~pid << 3) | 2)  # the clock id of another process: works in every pid namespace
    except OSError:
        return 0.0


def waited_seconds(pid: int) -> dict[str, float]:
    """Time that each thread of a process was ready to run and did not."""
    waited = {}
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat", "rb") as file:
                waited[task] = int(file.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        pass
    return waited


def is_ready(pid: int) -> bool:
    """Whether a thread of the process runs now, or waits for a processor or a disk."""
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/stat", "rb") as file:
                if file.read().rpartition(b") ")[2][:1] in (b"R", b"D"):
                    return True
    except OSError:
        pass
    return False


class Budget:
    """What one test of a program may take; :meth:`renew` at each test.

    Args:
        began: when the test did, on the clock of ``time.monotonic``; default now.
    """

    def __init__(self, held: Held, began: float | None = None) -> None:
        self.held = held
        self.began = self.seen = time.monotonic() if began is None else began
        self.idle = 0.0
        self.cpu: dict[int, float] = {}
        self.waited: dict[str, float] = {}
        self.measures_idle = bool(waited_seconds(os.getpid()))
        self.spent: dict[int, float] = {}
        self.pause = FIRST_LOOK

    def renew(self, pids: Iterable[int]) -> None:
        """A new test begins; what these processes ran until now is no part of it."""
        self.began = self.seen = time.monotonic()
        self.idle = 0.0
        self.spent = {}
        for pid in pids:
            self.cpu[pid] = max(cpu_seconds(pid), self.cpu.get(pid, 0.0))

    def look(self, pids: Iterable[int]) -> tuple[int, bytes, float]:
        """Measure the processes of a run, which work one after another.

        Returns:
            Which process is over a limit (0: none), which limit (``c``, ``i``, ``w``), and seconds until the next look.
        """
        now, pids = time.monotonic(), list(pids)
        ran = sum(self._measure(pid) for pid in pids)
        idle = max(0.0, min(now - self.seen, self.pause) - ran)
        self.seen = now
        worst = max(pids, key=lambda pid: self.spent[pid])
        if self.spent[worst] >= self.held.cpu:
            return worst, b"c", 0.0
        if now - self.began >= self.held.wall:
            return pids[0], b"w", 0.0
        left = min(self.held.cpu - self.spent[worst], self.held.wall - (now - self.began))
        if self.measures_idle:
            if self.idle + idle < self.held.idle or not any(map(is_ready, pids)):
                self.idle += idle
            if self.idle >= self.held.idle:
                return pids[0], b"i", 0.0
            left = min(left, self.held.idle - self.idle)
        self.pause = max(SHORTEST, min(left, LONGEST))
        return 0, b"-", self.pause

    def _measure(self, pid: int) -> float:
        """Seconds that a process ran or waited to since the last look."""
        before = self.cpu.get(pid, 0.0)
        self.cpu[pid] = max(cpu_seconds(pid), before)
        step = self.cpu[pid] - before
        self.spent[pid] = self.spent.get(pid, 0.0) + step
        waited = waited_seconds(pid)
        step += sum(max(0.0, waited[task] - self.waited.get(task, 0.0)) for task in waited)
        self.waited.update(waited)
        return step
