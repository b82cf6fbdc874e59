"""How programs are found and run: what the code columns of a recipe have in common, and the runners of a process."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from jeoul.errors import UsageError
from jeoul.rewards.code.extract import Method
from jeoul.rewards.code.forms import Test
from jeoul.rewards.code.outcomes import ProgramResult
from jeoul.units import Duration, seconds

__all__ = ["TWO_SECONDS", "Isolation", "Runner", "Settings", "runner_for"]

Isolation = Literal["require", "best_effort"]
TWO_SECONDS = seconds(2)


class Runner(Protocol):
    """What runs programs: the sandbox on this machine, or one on another."""

    def run_many(
        self, jobs: Sequence[tuple[str, Sequence[Test]]], deadline: float | None = None
    ) -> list[ProgramResult]:
        """One result a job, in their order."""
        ...

    def close(self) -> None:
        """End what runs."""
        ...


@dataclass(frozen=True)
class Settings:
    """Options of all code columns. Columns with equal ones share one execution of each completion.

    Attributes:
        extract: where the program stands, see :func:`jeoul.rewards.code.extract.find_code`.
        imports: a judge's usual imports stand before the program.
        tolerance: of floating-point numbers in calls and standard output.
        sandbox: "local", or the address of a remote one (``piston+http://host:2000``).
        isolation: "require" refuses where programs are not held; "best_effort" says in every reason what is missing.
        cpu, idle: seconds a test may compute and sit idle.
        memory_mb: MiB of address space.
        packages: installed packages that programs may import, beside the standard library.
        batch_deadline: seconds for one call of the reward; what has not run by then is an infra cell.
        in_process: allow tests that run inside the program's process, whose verdict can be forged.
    """

    extract: tuple[Method, ...] = ("fenced",)
    imports: bool = False
    tolerance: float | None = None
    sandbox: str = "local"
    isolation: Isolation = "require"
    cpu: Duration = TWO_SECONDS
    idle: Duration = TWO_SECONDS
    memory_mb: int = 1024
    packages: tuple[str, ...] = ("numpy",)
    batch_deadline: Duration | None = None
    in_process: bool = False

    def __post_init__(self) -> None:
        if not self.extract:
            raise UsageError('extract names one way or more: "fenced", "continuation", "whole"')
        if self.tolerance is not None and self.tolerance < 0:
            raise UsageError(f"tolerance is 0 or more, not {self.tolerance}")

    @property
    def place(self) -> tuple[object, ...]:
        """What two settings must have in common to use one runner."""
        limits = str(self.cpu), str(self.idle), self.memory_mb
        return self.sandbox, self.isolation, limits, self.packages, self.in_process

    def runner(self) -> Runner:
        """A new runner, started.

        Raises:
            IsolationError: programs would not be held on this machine.
        """
        from jeoul.rewards.code.sandbox import Limits

        limits = Limits(cpu=self.cpu.amount, idle=self.idle.amount, memory=self.memory_mb << 20)
        if self.sandbox == "local":
            from jeoul.rewards.code.sandbox import Sandbox

            made = Sandbox(limits=limits, isolation=self.isolation, in_process=self.in_process, packages=self.packages)
            made.start()
            return made
        from jeoul.rewards.code.remote import Remote

        return Remote(self.sandbox, limits=limits)


_LOCK = threading.Lock()
_runners: dict[tuple[object, ...], Runner] = {}


def runner_for(settings: Settings) -> Runner:
    """The runner of these settings in this process: started once, ended with it. A forked process has its own."""
    key = os.getpid(), *settings.place
    with _LOCK:
        if key not in _runners:
            if not _runners:
                atexit.register(_close_all)
            _runners[key] = settings.runner()
        return _runners[key]


def _close_all() -> None:
    for key, runner in list(_runners.items()):
        if key[0] == os.getpid():
            runner.close()


def _after_fork() -> None:
    global _LOCK
    _LOCK = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
