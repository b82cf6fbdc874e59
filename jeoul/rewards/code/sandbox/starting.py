"""Finding how programs can be held here: ways are tried until what is required was seen to be denied."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jeoul.errors import listed
from jeoul.rewards.code.forms import Test
from jeoul.rewards.code.outcomes import ProgramResult
from jeoul.rewards.code.sandbox.canaries import canaries_fail
from jeoul.rewards.code.sandbox.errors import IsolationError
from jeoul.rewards.code.sandbox.inside.landlock import version
from jeoul.rewards.code.sandbox.inside.syscalls import machine
from jeoul.rewards.code.sandbox.limits import Limits
from jeoul.rewards.code.sandbox.plans import Plan
from jeoul.rewards.code.sandbox.probe import PROBED, Observed, observe

__all__ = ["Attempt", "Report", "choose"]

RunOn = Callable[[Plan], Callable[[str, Sequence[Test]], ProgramResult]]


@dataclass(frozen=True)
class Attempt:
    """One way that was tried.

    Args:
        failed: why it does not work at all here; ``""`` where it does.
        observed: what it denies to programs; None where it does not work.
    """

    plan: Plan
    failed: str = ""
    observed: Observed | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        return self.observed.missing if self.observed else tuple(PROBED)


@dataclass(frozen=True)
class Report:
    """What holds programs here.

    Args:
        chosen: the way that is used; None where none gives right verdicts.
        attempts: all ways that were tried, in order.
        fixes: what helps where something is missing.
    """

    chosen: Attempt | None
    attempts: tuple[Attempt, ...]
    fixes: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """All that is probed was denied."""
        return self.chosen is not None and not self.chosen.missing

    @property
    def tier(self) -> str:
        return self.chosen.plan.tier if self.chosen else ""

    @property
    def enforced(self) -> tuple[str, ...]:
        return self.chosen.observed.enforced if self.chosen and self.chosen.observed else ()

    @property
    def missing(self) -> tuple[str, ...]:
        return self.chosen.missing if self.chosen else tuple(PROBED)

    def __str__(self) -> str:
        lines = []
        for attempt in self.attempts:
            state = attempt.failed or (
                f"does not deny {listed([PROBED[name] for name in attempt.missing], most=30)}"
                if attempt.missing
                else f"denies all {len(PROBED)} that a probe tries"
            )
            lines.append(f"{attempt.plan}: {state}")
        return "\n".join([*lines, *(f"fix: {fix}" for fix in self.fixes)])


def choose(plans: Sequence[Plan], run_on: RunOn, limits: Limits) -> Report:
    """Try each way until one denies everything; else the one that denies most.

    Args:
        run_on: gives a way's function that runs a program; raises where it cannot be started.
    """
    attempts: list[Attempt] = []
    for plan in plans:
        attempts.append(_attempt(plan, run_on, limits))
        if not attempts[-1].failed and not attempts[-1].missing:
            break
    working = [attempt for attempt in attempts if not attempt.failed]
    chosen = min(working, key=lambda attempt: len(attempt.missing)) if working else None
    complete = chosen is not None and not chosen.missing
    return Report(chosen, tuple(attempts), () if complete else tuple(_fixes(attempts)))


def _attempt(plan: Plan, run_on: RunOn, limits: Limits) -> Attempt:
    try:
        run = run_on(plan)
        failed = canaries_fail(run)
        return Attempt(plan, failed) if failed else Attempt(plan, observed=observe(run, limits))
    except IsolationError as error:
        return Attempt(plan, str(error))


def _fixes(attempts: Sequence[Attempt]) -> list[str]:
    fixes = []
    closed = attempts[0].plan.interpreter.closed() if os.geteuid() == 0 else ""
    tiers = {attempt.plan.tier for attempt in attempts}
    if sys.platform != "linux":
        fixes.append("only Linux can hold programs: run there")
    elif tiers == {"C"}:
        fixes.append("tier='auto': tier C holds nothing but time, memory and output")
    else:
        if not version():
            fixes.append("a kernel with Landlock (Linux 5.13 or newer, with landlock among the LSMs at boot)")
        if not machine():
            fixes.append("an x86_64 or aarch64 machine, with a 64-bit Python")
        if closed:
            fixes.append(
                f"other users may not enter {closed}, where Python is: chmod o+x {closed}, or Python elsewhere"
            )
        if "A" in tiers:
            fixes.append("namespaces: install bubblewrap, or let this user make user namespaces")
    return [*fixes, "a remote sandbox", "for programs that you trust, isolation='best_effort'"]
