"""What running a program against its tests came to: named outcomes, never bare numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

__all__ = ["Kind", "ProgramResult", "TestResult"]


class Kind(StrEnum):
    """How one test of one program ended.

    >>> Kind("pass") is Kind.passed, Kind.passed == "pass", Kind.timeout.is_masked, Kind.not_run.is_masked
    (True, True, False, True)
    """

    passed = "pass"
    """The answer was right."""
    wrong = "wrong"
    """An answer was given, and it is not the right one."""
    compile_error = "compile_error"
    """Not a Python program."""
    compile_timeout = "compile_timeout"
    """Time ran out while it was compiled."""
    compile_crash = "compile_crash"
    """The compiler died of it."""
    runtime_error = "runtime_error"
    """An exception was not caught, or the exit status was not 0."""
    early_exit = "early_exit"
    """The program ended before it had answered the call."""
    crash = "crash"
    """A signal ended it (which one: :attr:`TestResult.signal`)."""
    memory = "memory"
    """It asked for more memory than allowed."""
    timeout = "timeout"
    """CPU time, idle time or wall time ran out."""
    output_limit = "output_limit"
    """It wrote more than allowed."""
    test_error = "test_error"
    """The test itself is broken: it failed before it met the program."""
    infra_error = "infra_error"
    """The sandbox failed. Nothing that a program does leads here."""
    not_run = "not_run"
    """The deadline of the batch had passed."""

    @property
    def is_masked(self) -> bool:
        """Says nothing about the program: the cell is NaN, never 0."""
        return self in _MASKED

    @property
    def is_compile(self) -> bool:
        """The program did not get as far as running."""
        return self in _COMPILE


_MASKED = frozenset({Kind.test_error, Kind.infra_error, Kind.not_run})
_COMPILE = frozenset({Kind.compile_error, Kind.compile_timeout, Kind.compile_crash})


@dataclass(frozen=True)
class TestResult:
    """One test of one program.

    Args:
        kind: how it ended.
        detail: why, in at most 500 printable characters. May quote the program: show it as text, never as markup.
        signal: name of the signal for :attr:`Kind.crash`, e.g. ``"SIGSEGV"``.
        seconds_cpu: CPU time of the program over this test, in seconds (0 where it was not run).
        stdout: the first 2,000 characters that it wrote, unprintable ones escaped.
        stderr: the last 2,000 characters that it wrote there.
        answer: what it answered, shortened, where it was called: to tell answers apart.
        test: index of the test in the list given to the sandbox: an ``Asserts`` makes several results.
    """

    __test__: ClassVar[bool] = False  # for pytest: not a class of tests

    kind: Kind
    detail: str = ""
    signal: str = ""
    seconds_cpu: float = 0.0
    stdout: str = field(default="", repr=False)
    stderr: str = field(default="", repr=False)
    answer: str = field(default="", repr=False)
    test: int = 0

    @property
    def passed(self) -> bool:
        return self.kind is Kind.passed

    def __str__(self) -> str:
        kind = f"{self.kind}:{self.signal}" if self.signal else str(self.kind)
        return f"{kind} ({self.detail})" if self.detail else kind


@dataclass(frozen=True)
class ProgramResult:
    """All tests of one program, and what held it while it ran.

    Args:
        tests: one result a test, in the order given (an ``Asserts`` gives one for each ``assert``).
        tier: ``"A"``, ``"B"``, ``"C"`` or ``"R"`` (see the sandbox page); ``""`` where nothing was run.
        enforced: what was seen to be denied to programs.
        missing: what was not.
        trust: ``"weak"`` where a test ran inside the program's own process and may have been forged.
    """

    tests: tuple[TestResult, ...]
    tier: str = ""
    enforced: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    trust: str = "strong"

    @property
    def judged(self) -> tuple[TestResult, ...]:
        """The tests that say something about the program: without broken tests, failed sandboxes, missed deadlines."""
        return tuple(test for test in self.tests if not test.kind.is_masked)

    @property
    def pass_rate(self) -> float:
        """Share of judged tests that passed, in [0, 1]; NaN where none was judged."""
        judged = self.judged
        return sum(test.passed for test in judged) / len(judged) if judged else math.nan

    @property
    def compile_ok(self) -> bool | None:
        """Whether the program compiled; None where no test got far enough to tell."""
        judged = self.judged
        return not any(test.kind.is_compile for test in judged) if judged else None

    def __str__(self) -> str:
        """Counts by kind: ``"3 pass, 1 wrong"``."""
        counts: dict[str, int] = {}
        for test in self.tests:
            counts[test.kind] = counts.get(test.kind, 0) + 1
        return ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "no tests"
