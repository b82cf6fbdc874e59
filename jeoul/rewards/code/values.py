"""What the columns make of one run: pure functions of its results, each a value with its reason."""

from __future__ import annotations

from collections.abc import Callable

from jeoul.rewards.code.outcomes import Kind, ProgramResult, TestResult
from jeoul.rewards.code.runs import Run
from jeoul.rewards.scores import Score, failed, machine_failed

__all__ = ["BUGS", "bug_free", "compiles", "pass_all", "pass_rate", "vacuous"]

BUGS = frozenset(
    {
        Kind.compile_error, Kind.compile_timeout, Kind.compile_crash, Kind.runtime_error, Kind.early_exit, Kind.crash,
        Kind.memory, Kind.output_limit,
    }
)  # fmt: skip
"""Ways of ending that are bugs whatever the test asked; whether a timeout is one is a switch."""


def pass_rate(run: Run) -> Score:
    """Share of the tests that passed."""
    unscored = _unscored(run)
    if unscored is None:
        unscored = _unfinished(run)
    if unscored is not None:
        return unscored
    return Score(_result(run).pass_rate, _told(run, _first(run, lambda test: not test.passed)))


def pass_all(run: Run) -> Score:
    """1 if all tests passed. One that failed decides, whatever the machine did to others."""
    unscored = _unscored(run)
    if unscored is not None:
        return unscored
    first = _first(run, lambda test: not test.passed)
    if first is None and (unfinished := _unfinished(run)) is not None:
        return unfinished
    return Score(first is None, _told(run, first))


def bug_free(run: Run, timeout_is_bug: bool = True, when_passing: bool = False) -> Score:
    """1 if there is a program and no test of it ended in a bug, and one passed where that is asked for."""
    unscored = _unscored(run)
    if unscored is not None:
        return unscored
    bugs = BUGS | {Kind.timeout} if timeout_is_bug else BUGS
    first = _first(run, lambda test: test.kind in bugs)
    if first is None and (unfinished := _unfinished(run)) is not None:
        return unfinished
    if first is None and when_passing and not any(test.passed for test in _result(run).judged):
        return Score(0, "no bug, but no test passed")
    return Score(first is None, _told(run, first) if first is not None else "no bug")


def compiles(run: Run) -> Score:
    """1 if the program compiled."""
    unscored = _unscored(run)
    if unscored is not None:
        return unscored
    first = _first(run, lambda test: test.kind.is_compile)
    if first is None and not _result(run).judged:
        return machine_failed(run.unfinished)
    return Score(first is None, _told(run, first) if first is not None else "compiles")


def vacuous(run: Run) -> Score:
    """1 if the program ran without a bug and answered nothing, or the same to all of several tests."""
    unscored = _unscored(run)
    if unscored is None:
        unscored = _unfinished(run)
    if unscored is not None:
        return unscored
    free = bug_free(run)
    if not free:
        return Score(0, free.reason)
    answers = {test.answer or test.stdout.strip() for test in _result(run).judged}
    if answers == {""}:
        return Score(1, "it answers nothing")
    if len(answers) == 1 and len(_result(run).judged) > 1:
        return Score(1, f"it answers {len(_result(run).judged)} tests with the same")
    return Score(0, f"{len(answers)} different answers")


def _result(run: Run) -> ProgramResult:
    assert run.result is not None
    return run.result


def _unscored(run: Run) -> Score | None:
    """The cell of a run without results that count; None where there are some."""
    if run.fault:
        return failed(run.fault)
    if run.result is None:
        return Score(0, f"no_code: {run.found.how}")
    if not run.result.judged and not run.unfinished:
        return _broken(run)
    return None


def _unfinished(run: Run) -> Score | None:
    return machine_failed(run.unfinished) if run.unfinished else None


def _broken(run: Run) -> Score:
    first = next(iter(_result(run).tests), None)
    return failed(f"no test can be judged: {first}" if first is not None else "there are no tests")


def _first(run: Run, wanted: Callable[[TestResult], bool]) -> TestResult | None:
    return next((test for test in _result(run).judged if wanted(test)), None)


def _told(run: Run, first: TestResult | None) -> str:
    """The kind of the first test that decides, first; then how many passed, and what did not hold the program."""
    result = _result(run)
    judged = result.judged
    broken = len(result.tests) - len(judged)
    beside = f", {broken} not judged" if broken else ""
    count = f"{sum(test.passed for test in judged)} of {len(judged)} tests passed{beside} ({run.found.how})"
    weak = "; weak: it could forge this" if result.trust == "weak" else ""
    loose = f"; tier {result.tier}, not enforced: {', '.join(result.missing)}" if result.missing else ""
    if first is None:
        return f"pass: {count}{weak}{loose}"
    kind = f"{first.kind}: {first.signal} " if first.signal else f"{first.kind}: "
    return f"{kind}{first.detail or 'test ' + str(first.test)}; {count}{weak}{loose}"
