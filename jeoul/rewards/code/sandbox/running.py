"""All tests of one program, on one slot."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import replace

from jeoul.rewards.code.forms import Asserts, Call, Checker, Compiles, InProcess, Stdio, Test
from jeoul.rewards.code.outcomes import Kind, TestResult
from jeoul.rewards.code.sandbox.inside.codec import encode
from jeoul.rewards.code.sandbox.inside.readable import printable
from jeoul.rewards.code.sandbox.inside.wire import CALLS, CHECKER, COMPILE, KINDS, STDIO, End, Verdict
from jeoul.rewards.code.sandbox.judging import HEAD, ending, same_output
from jeoul.rewards.code.sandbox.limits import Limits
from jeoul.rewards.code.sandbox.payload import Payload, empty_file, read_file
from jeoul.rewards.code.sandbox.slot import Answer

__all__ = ["MOST_TIMEOUTS", "Ask", "Running", "test_count"]

MOST_TIMEOUTS = 3
"""Tests of one program that may run out of time before the rest are taken to."""

Ask = Callable[[bytes, Sequence[int], int], "Answer | str"]
"""Have a request answered: what, descriptors, tests; why not where the sandbox failed, twice."""


def test_count(test: Test) -> int:
    """Results that a test gives."""
    return test.count if isinstance(test, Asserts) else 1


class Running:
    """Runs one program against tests, in their order.

    Args:
        ask: has a request answered, by a zygote.
    """

    def __init__(self, program: str, limits: Limits, ask: Ask) -> None:
        self.text = program
        self.limits = limits
        self.ask = ask
        self.payload = Payload(program.encode("utf-8", "surrogatepass"))
        self.uncompiled: TestResult | None = None
        self.timeouts = 0

    def results(self, tests: Sequence[Test]) -> list[TestResult]:
        """One result a test, an ``Asserts`` one for each assert."""
        found: dict[int, list[TestResult]] = {}
        called = {index: test for index, test in enumerate(tests) if isinstance(test, Call | Asserts)}
        with self.payload:
            for index, test in enumerate(tests):
                if index in found:
                    continue
                if index in called:
                    found.update(self._trial(called))
                else:
                    found[index] = [self._given_up() or self._one(test)]
        return [replace(result, test=index) for index in range(len(tests)) for result in found[index]]

    # -- programs that read and print

    def _given_up(self) -> TestResult | None:
        if self.uncompiled is not None:
            return self.uncompiled
        if self.timeouts >= MOST_TIMEOUTS:
            return TestResult(Kind.timeout, f"not tried: {MOST_TIMEOUTS} tests of this program ran out of time")
        return None

    def _one(self, test: Test) -> TestResult:
        if isinstance(test, Compiles):
            return self._program("", COMPILE)[0]
        if isinstance(test, InProcess):
            with Payload(f"{self.text}\n\n{test.source}".encode("utf-8", "surrogatepass")) as both:
                return self._program(test.stdin, STDIO, both)[0]
        assert isinstance(test, Stdio | Checker)
        result, printed = self._program(test.stdin, STDIO)
        if result.kind is not Kind.passed:
            return result
        if isinstance(test, Checker):
            return self._checked(test, result, printed)
        differs = same_output(test, printed)
        return replace(result, kind=Kind.wrong, detail=differs) if differs else result

    def _program(self, stdin: str, what: bytes, program: Payload | None = None) -> tuple[TestResult, bytes]:
        """One run: passed where it came to a good end, and what it printed."""
        held = self.limits.held
        with Payload(stdin.encode("utf-8", "surrogatepass")) as given, _Written() as out, _Written() as err:
            answer = self.ask(what, [(program or self.payload).fd, given.rewound(), out.fd, err.fd], 1)
            if isinstance(answer, str):
                return TestResult(Kind.infra_error, answer), b""
            printed, size = read_file(out.fd, held.stdout)
            errors, error_size = read_file(err.fd, HEAD, tail=True)
        result = _result(answer.end, self.limits, printed[: 2 * HEAD], (size, error_size), errors)
        self._note(result)
        return result, printed

    def _checked(self, test: Checker, result: TestResult, printed: bytes) -> TestResult:
        texts = test.source, test.stdin, printed.decode("utf-8", "replace"), test.expected
        with Payload(encode([("checker", *texts)], strict=True)) as tests, _Written() as out:
            answer = self.ask(CHECKER, [self.payload.fd, tests.fd, out.fd, out.fd], 1)
        if isinstance(answer, str):
            return replace(result, kind=Kind.infra_error, detail=answer)
        if answer.verdicts:
            verdict = answer.verdicts[0]
            return replace(result, kind=Kind(KINDS[verdict.kind]), detail=printable(verdict.detail))
        why = _tester_failed(answer.end, self.limits)
        return replace(result, kind=Kind.wrong, detail=f"the checker did not come to an end on the output: {why}")

    # -- programs that are called

    def _trial(self, called: dict[int, Call | Asserts]) -> dict[int, list[TestResult]]:
        counts = {index: test_count(test) for index, test in called.items()}
        results = self._called([_spec(test) for test in called.values()], sum(counts.values()))
        found, at = {}, 0
        for index, count in counts.items():
            found[index] = results[at : at + count]
            at += count
        return found

    def _called(self, specs: list[tuple[object, ...]], count: int) -> list[TestResult]:
        given_up = self._given_up()
        if given_up is not None:
            return [given_up] * count
        with Payload(encode(specs, strict=True)) as tests, _Written() as out, _Written() as err:
            answer = self.ask(CALLS, [self.payload.fd, tests.fd, out.fd, err.fd], count)
            if isinstance(answer, str):
                return [TestResult(Kind.infra_error, answer)] * count
            printed, size = read_file(out.fd, 2 * HEAD)
            errors, error_size = read_file(err.fd, HEAD, tail=True)
        texts = _shown(printed), _shown(errors)
        results = [
            self._verdict(verdict, answer.gone, (size, error_size), errors, texts)
            for verdict in answer.verdicts[:count]
        ]
        if len(results) < count:
            results += [_unfinished(answer.end, self.limits, texts)] * (count - len(results))
        for result in results:
            self._note(result)
        return results

    def _verdict(
        self, verdict: Verdict, gone: list[End], sizes: tuple[int, int], errors: bytes, texts: tuple[str, str]
    ) -> TestResult:
        kind, detail, name = KINDS[verdict.kind], printable(verdict.detail), ""
        if kind == "gone":
            how = ending(gone[int(detail)], self.limits.held, sizes, errors.decode("utf-8", "replace"), called=True)
            assert how is not None
            kind, detail, name = how
        elif kind == "runtime_error" and f"[Errno {errno.EFBIG}]" in detail and any(_full(sizes, self.limits)):
            kind = Kind.output_limit
        return TestResult(Kind(kind), detail, name, verdict.cpu, *texts, answer=printable(verdict.answer, 200))

    def _note(self, result: TestResult) -> None:
        if result.kind.is_compile:
            self.uncompiled = replace(result, seconds_cpu=0.0)
        self.timeouts += result.kind is Kind.timeout


class _Written:
    """A file for a program to write to."""

    def __enter__(self) -> _Written:
        self.fd = empty_file()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.fd)


def _full(sizes: tuple[int, int], limits: Limits) -> tuple[bool, bool]:
    return sizes[0] >= limits.stdout, sizes[1] >= limits.stderr


def _spec(test: Call | Asserts) -> tuple[object, ...]:
    if isinstance(test, Asserts):
        return "asserts", test.source, test.entry_point
    kwargs = dict(test.kwargs)
    return "call", test.function, test.args, kwargs, test.expected, test.inplace, test.tolerance, test.lists


def _result(end: End, limits: Limits, printed: bytes, sizes: tuple[int, int], errors: bytes) -> TestResult:
    shown = _shown(errors)
    how = ending(end, limits.held, sizes, errors.decode("utf-8", "replace"))
    kind, detail, name = how or (Kind.passed, "", "")
    return TestResult(kind, detail, name, end.cpu, _shown(printed), shown)


def _shown(data: bytes) -> str:
    return printable(data.decode("utf-8", "replace"), HEAD)


def _tester_failed(end: End, limits: Limits) -> str:
    if end.over == b"c":
        return f"{limits.cpu:g} s of CPU time"
    if end.over != b"-":
        return f"no progress for {(limits.idle if end.over == b'i' else limits.wall):g} s"
    return signal.Signals(-end.status).name if end.status < 0 else f"status {end.status}"


def _unfinished(end: End, limits: Limits, texts: tuple[str, str]) -> TestResult:
    """Of tests for which the tester gave no verdict: what the program sent was too much for it."""
    why = _tester_failed(end, limits)
    if end.over != b"-":
        return TestResult(Kind.timeout, f"judging its answers took too long: {why}", "", 0.0, *texts)
    return TestResult(Kind.wrong, f"its answers could not be judged: {why}", "", 0.0, *texts)
