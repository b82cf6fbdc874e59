"""CPU time and idle time of a child, as the kernel counts them, and whether they have run out.

Not wall time: on a loaded machine two seconds of wall time may hold half a second of CPU, and load would become bugs.
A child is idle where it neither runs nor waits for a processor: idle = wall - CPU - wait in the run queue. Where the
wait cannot be read (macOS, containers that hide /proc) idle time has no limit of its own: the wall limit must do.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

from jeoul.rewards.code.sandbox.inside.libc import LINUX
from jeoul.rewards.code.sandbox.inside.wire import Held

__all__ = ["Budget", "cpu_seconds", "waited_seconds"]

SHORTEST = 0.005
"""Seconds between two looks, at least."""


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

    def renew(self) -> None:
        """A new test begins."""
        self.began = self.seen = time.monotonic()
        self.idle = 0.0
        self.spent = {}

    def look(self, pids: Iterable[int]) -> tuple[int, bytes, float]:
        """Measure the processes of a run, which work one after another.

        Returns:
            Which process is over a limit (0: none), which limit (``c``, ``i``, ``w``), and seconds until the next look.
        """
        now = time.monotonic()
        ran = 0.0
        worst, pids = 0.0, list(pids)
        over = 0
        for pid in pids:
            cpu = max(cpu_seconds(pid), self.cpu.get(pid, 0.0))
            step = cpu - self.cpu.get(pid, 0.0)
            waited = waited_seconds(pid)
            ran += step + sum(max(0.0, waited[task] - self.waited.get(task, 0.0)) for task in waited)
            self.cpu[pid] = cpu
            self.waited.update(waited)
            self.spent[pid] = self.spent.get(pid, 0.0) + step
            worst = max(worst, self.spent[pid])
            if self.spent[pid] >= self.held.cpu:
                over = pid
        self.idle += max(0.0, now - self.seen - ran)
        self.seen = now
        if over:
            return over, b"c", 0.0
        if self.measures_idle and self.idle >= self.held.idle:
            return pids[0], b"i", 0.0
        if now - self.began >= self.held.wall:
            return pids[0], b"w", 0.0
        left = min(self.held.cpu - worst, self.held.wall - (now - self.began))
        if self.measures_idle:
            left = min(left, self.held.idle - self.idle)
        return 0, b"-", max(SHORTEST, min(left, 0.25))
