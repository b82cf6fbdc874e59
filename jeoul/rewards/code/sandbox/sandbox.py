"""The sandbox: slots that run programs, each a warm process of its own."""

from __future__ import annotations

import math
import os
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Self

from jeoul.errors import UsageError
from jeoul.rewards.code.forms import InProcess, Test
from jeoul.rewards.code.outcomes import Kind, ProgramResult, TestResult
from jeoul.rewards.code.sandbox.canaries import canaries_fail
from jeoul.rewards.code.sandbox.errors import IsolationError, IsolationWarning
from jeoul.rewards.code.sandbox.lease import Lease
from jeoul.rewards.code.sandbox.limits import Limits
from jeoul.rewards.code.sandbox.plans import Plan, plans
from jeoul.rewards.code.sandbox.running import Running, test_count
from jeoul.rewards.code.sandbox.slot import DeadlineError, Slot, descendants
from jeoul.rewards.code.sandbox.starting import Report, choose

__all__ = ["Job", "Sandbox", "default_slots"]

CHECK_SECONDS = 30.0
"""Single runs are preceded by programs of known verdict where the last were longer ago."""

Job = tuple[str, Sequence[Test]]
"""A program and its tests."""


def default_slots() -> int:
    """As many as the process may use processors, at most 8."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(8, usable))


class Sandbox:
    """Runs programs that nobody trusts and says what their tests came to.

    A program runs in a process that holds neither its tests nor their answers; the verdict is reached in another, from
    plain data. Use as a context manager, from any thread.

    Args:
        slots: programs that run at the same time; default one per usable processor, at most 8.
        limits: of each test.
        isolation: ``"require"`` refuses to start where a probe finds that programs are not held (see
            :meth:`report`); ``"best_effort"`` warns and says in every result what is missing.
        tier: ``"A"`` namespaces and all of B, ``"B"`` seccomp, Landlock and limits, ``"C"`` limits only, ``"auto"``
            the first of them that works here.
        in_process: allow :class:`~jeoul.rewards.code.forms.InProcess` tests, which a program can forge.

        packages: installed packages that programs may import, beside the standard library.

    Raises:
        UsageError: an argument is not one of these.

    Entering the context, or the first run, raises IsolationError where programs would not be held as ``isolation``
    requires, or where programs of known verdict come out otherwise; it says what is missing and what helps.
    """

    def __init__(
        self,
        slots: int | None = None,
        limits: Limits | None = None,
        isolation: str = "require",
        tier: str = "auto",
        in_process: bool = False,
        packages: Sequence[str] = ("numpy",),
    ) -> None:
        if slots is not None and (type(slots) is not int or not 1 <= slots <= 256):
            raise UsageError(f"slots is a whole number from 1 to 256, not {slots!r}")
        if isolation not in ("require", "best_effort"):
            raise UsageError(f"isolation is 'require' or 'best_effort', not {isolation!r}")
        if tier not in ("auto", "A", "B", "C"):
            raise UsageError(f"tier is 'auto', 'A', 'B' or 'C', not {tier!r}")
        if os.name != "posix":
            raise UsageError("the sandbox needs Linux or macOS; elsewhere use a remote one")
        self.slots = slots or default_slots()
        self.limits = limits or Limits()
        self.isolation = isolation
        self.in_process = in_process
        self.packages = tuple(packages)
        self._wanted = tier
        self._report: Report | None = None
        self._reset()
        _every.add(self)

    def _reset(self) -> None:
        self._starting = threading.Lock()
        self._checked = -math.inf
        self._free: list[Slot] = []
        self._all_slots: weakref.WeakSet[Slot] = weakref.WeakSet()
        self._used = 0
        self._closed = False
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- starting

    def start(self) -> Report:
        """Find a way to hold programs, unless that was done; see :meth:`report`.

        Raises:
            IsolationError: there is none that ``isolation`` allows, or none that gives right verdicts.
        """
        report = self.report()
        if report.chosen is None:
            raise IsolationError(f"no sandbox works here.\n{report}")
        if report.missing and self.isolation == "require":
            raise IsolationError(f"programs would not be held here.\n{report}")
        return report

    def report(self) -> Report:
        """What holds programs here: observed, by a program that tries everything."""
        with self._starting:
            if self._report is None:
                self._report = choose(plans(self._wanted, self.packages), self._tried, self.limits)
                self._drop_all()
                self._checked = time.monotonic()
                if self._report.missing and self._report.chosen and self.isolation == "best_effort":
                    warnings.warn(f"programs are not held: {self._report}", IsolationWarning, stacklevel=3)
            return self._report

    def _tried(self, plan: Plan) -> Callable[[str, Sequence[Test]], ProgramResult]:
        """A function that runs a program on a slot of this plan, for a probe."""
        self._drop_all()
        self._plan = plan
        return self._job

    def _check(self, many: bool) -> None:
        """Programs of known verdict, once a batch (single runs: now and then)."""
        if not many and time.monotonic() - self._checked < CHECK_SECONDS:
            return
        failed = canaries_fail(self._known)
        if failed:
            raise IsolationError(f"the sandbox gives wrong verdicts: {failed}")
        self._checked = time.monotonic()

    def _known(self, program: str, tests: Sequence[Test]) -> ProgramResult:
        """Run a program of known verdict: not for want of time may it fail."""
        cpu, idle = max(self.limits.cpu, 2.0), max(self.limits.idle, 5.0)
        return self._job(program, tests, limits=replace(self.limits, cpu=cpu, idle=idle))

    @property
    def tier(self) -> str:
        """The tier in use."""
        return self.report().tier

    # -- running

    def run(self, program: str, tests: Sequence[Test], deadline: float | None = None) -> ProgramResult:
        """Run one program against its tests; see :meth:`run_many`."""
        return self.run_many([(program, tests)], deadline)[0]

    def run_many(self, jobs: Iterable[Job], deadline: float | None = None) -> list[ProgramResult]:
        """Run programs against their tests, as many at a time as there are slots.

        Args:
            jobs: pairs of a program and its tests.
            deadline: seconds for all of them. What has not come to an end by then is ``not_run``.

        Returns:
            One result a job, in their order, with one entry a test (an ``Asserts`` gives one for each assert).

        Raises:
            UsageError: a test needs ``in_process=True``.
        """
        work = [(program, tuple(tests)) for program, tests in jobs]
        for _, tests in work:
            if not self.in_process and any(isinstance(test, InProcess) for test in tests):
                raise UsageError(
                    "InProcess tests can be forged: Sandbox(in_process=True) allows them, not for training"
                )
        if not work:
            return []
        self.start()
        until = time.monotonic() + deadline if deadline is not None else math.inf
        self._check(len(work) > 1)
        results = self._all(work, until)
        if len(results) > 1 and not any(test.passed for result in results for test in result.tests):
            self._check(True)  # every program failed: is it them?
        return results

    def _all(self, work: Sequence[tuple[str, tuple[Test, ...]]], until: float) -> list[ProgramResult]:
        if min(self.slots, len(work)) <= 1:
            return [self._job(program, tests, until) for program, tests in work]
        with ThreadPoolExecutor(min(self.slots, len(work)), "jeoul-sandbox") as threads:
            try:
                return list(threads.map(lambda job: self._job(job[0], job[1], until), work))
            except BaseException:  # Ctrl-C: what has not begun is not begun any more
                threads.shutdown(wait=False, cancel_futures=True)
                raise

    def _job(
        self, program: str, tests: Sequence[Test], until: float = math.inf, limits: Limits | None = None
    ) -> ProgramResult:
        trust = "weak" if any(isinstance(test, InProcess) for test in tests) else "strong"
        limits = limits or self.limits
        try:
            with Lease(self._take, self._slot, self._give_back, limits, until) as lease:
                results = Running(program, limits, lease.ask).results(tests)
        except DeadlineError:
            missed = "the deadline of the batch had passed"
            results = [
                TestResult(Kind.not_run, missed, test=index)
                for index, test in enumerate(tests)
                for _ in range(test_count(test))
            ]
        report = self._report
        if report is None:  # a probe's own
            return ProgramResult(tuple(results), self._plan.tier, trust=trust)
        return ProgramResult(tuple(results), report.tier, report.enforced, report.missing, trust)

    # -- slots

    def _take(self, until: float) -> Slot:
        with self._changed:
            while not self._free and self._used >= self.slots:
                left = until - time.monotonic()
                if left <= 0:
                    raise DeadlineError("no slot was free before the deadline")
                self._changed.wait(min(left, 60.0))
            self._used += 1
            if self._free:
                return self._free.pop()
        try:
            return self._slot()
        except BaseException:
            self._give_back(None)
            raise

    def _slot(self) -> Slot:
        plan = self._report.chosen.plan if self._report and self._report.chosen else self._plan
        slot = Slot(plan)
        self._all_slots.add(slot)
        return slot

    def _give_back(self, slot: Slot | None) -> None:
        """A slot that may be used again, or none in place of one that may not."""
        with self._changed:
            self._used -= 1
            if slot is not None and not self._closed:
                self._free.append(slot)
                slot = None
            self._changed.notify()
        if slot is not None:
            slot.close()

    def close(self) -> None:
        """End all processes. Runs under way in other threads end theirs when they are done."""
        self._closed = True
        self._drop_all()

    def _drop_all(self) -> None:
        with self._changed:
            free, self._free = self._free, []
        for slot in free:
            slot.close()

    def processes(self) -> list[int]:
        """Ids of the processes under it: zygotes, and what they run (Linux)."""
        with self._changed:
            return [pid for slot in self._all_slots for pid in (slot.pid, *descendants(slot.pid))]

    def __reduce__(self) -> tuple[type[Sandbox], tuple[object, ...]]:
        """Another of the same options: in another process, with processes of its own."""
        return type(self), (self.slots, self.limits, self.isolation, self._wanted, self.in_process, self.packages)

    def __del__(self) -> None:
        if hasattr(self, "_all_slots"):
            self.close()

    def _forked(self) -> None:
        """In a forked child: start anew, and keep no line open that tells the parent's zygotes to end."""
        for slot in self._all_slots:
            slot.hang_up()
        self._reset()


_every: weakref.WeakSet[Sandbox] = weakref.WeakSet()


def _after_fork() -> None:
    for sandbox in list(_every):
        sandbox._forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
