"""Runs programs on another machine, many at a time, and judges here what they answered."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

from jeoul.errors import UsageError, listed
from jeoul.rewards.code.forms import Asserts, Call, Checker, Compiles, Stdio, Test
from jeoul.rewards.code.outcomes import Kind, ProgramResult, TestResult
from jeoul.rewards.code.remote.asserted import calls_of
from jeoul.rewards.code.remote.driver import answer_in, form, program_for, sendable, stdin_for
from jeoul.rewards.code.remote.ended import Ended, UnavailableError
from jeoul.rewards.code.remote.protocols import PROTOCOLS
from jeoul.rewards.code.sandbox.inside.readable import printable
from jeoul.rewards.code.sandbox.judging import HEAD, same_output
from jeoul.rewards.code.sandbox.limits import Limits

if TYPE_CHECKING:
    import httpx2

__all__ = ["Remote"]

FIRST_WAIT = 0.1
"""Seconds; the wait before the second try is four times that, and so on."""
MOST_REPLY = 64 * 2**20


class Remote:
    """A runner like the local sandbox, on a machine that speaks SandboxFusion's or Piston's protocol.

    Code and standard input are sent; expected output and values stay here. A 5xx, a 429, no answer, an answer that
    cannot be read and SandboxFusion's ``SandboxError`` are failures of the machine: after ``tries`` the test is
    ``infra_error``, which is never the program's fault.

    Args:
        address: protocol and address: ``sandbox_fusion+http://host:8080``, ``piston+http://host:2000``.
        concurrency: runs at a time.
        limits: of each run; CPU and idle seconds together are the time that the other machine is told.
        tries: of each run.

    Raises:
        UsageError: the address is none of these.
    """

    def __init__(self, address: str, *, concurrency: int = 16, limits: Limits | None = None, tries: int = 3) -> None:
        name, plus, url = address.partition("+")
        if not plus or name not in PROTOCOLS or not url.startswith(("http://", "https://")):
            known = listed([f"{name}+http://host:port" for name in PROTOCOLS])
            raise UsageError(f"the address of a remote sandbox is one of {known}, not {address!r}")
        if concurrency < 1 or tries < 1:
            raise UsageError(f"concurrency and tries are at least 1, not {concurrency} and {tries}")
        self.protocol, self.url = PROTOCOLS[name], url.rstrip("/")
        self.concurrency, self.limits, self.tries = concurrency, limits or Limits(), tries
        self._lock = threading.Lock()
        self._client: httpx2.Client | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connections."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def run(self, program: str, tests: Sequence[Test], deadline: float | None = None) -> ProgramResult:
        """Run one program against its tests; see :meth:`run_many`."""
        return self.run_many([(program, tests)], deadline)[0]

    def run_many(
        self, jobs: Iterable[tuple[str, Sequence[Test]]], deadline: float | None = None
    ) -> list[ProgramResult]:
        """Run programs against their tests, ``concurrency`` tests at a time.

        Args:
            deadline: seconds for all of them; what has not been answered by then is ``not_run``.
        """
        until = time.monotonic() + deadline if deadline is not None else float("inf")
        work = [(program, tuple(tests)) for program, tests in jobs]
        with ThreadPoolExecutor(self.concurrency, "jeoul-remote") as threads:
            waiting = [
                [
                    threads.submit(self._test, program, part, index, until)
                    for index, test in enumerate(tests)
                    for part in _parts(test)
                ]
                for program, tests in work
            ]
            return [
                ProgramResult(tuple(future.result() for future in futures), "R", (), ("unknown: not this machine",))
                for futures in waiting
            ]

    # -- one test

    def _test(self, program: str, test: Test | str, index: int, until: float) -> TestResult:
        if isinstance(test, str):
            return TestResult(Kind.test_error, test, test=index)
        if time.monotonic() >= until:
            return TestResult(Kind.not_run, "the deadline of the batch had passed", test=index)
        broken = _broken(program)
        if broken is not None:
            return TestResult(Kind.compile_error, broken, test=index)
        try:
            compile_only = isinstance(test, Compiles)
            ended = Ended(Kind.passed) if compile_only else self._run(program, test, until)
        except UnavailableError as error:
            return TestResult(Kind.infra_error, printable(str(error)), test=index)
        kind, detail = ended.kind, ended.detail
        if kind is Kind.passed:
            kind, detail = _judged(test, ended.stdout)
        answer = printable(answer_in(ended.stdout) or "", 200)
        return TestResult(
            kind, printable(detail), ended.signal, ended.seconds, stdout=printable(ended.stdout, HEAD),
            stderr=printable(ended.stderr[-HEAD:], HEAD), answer=answer, test=index,
        )  # fmt: skip

    def _run(self, program: str, test: Test, until: float) -> Ended:
        if isinstance(test, Call):
            return self._ask(program_for(program), stdin_for(test), until)
        assert isinstance(test, Stdio)
        return self._ask(program, test.stdin, until)

    def _ask(self, code: str, stdin: str, until: float) -> Ended:
        body = self.protocol.request(code, stdin, self.limits)
        why: UnavailableError | None = None
        for attempt in range(self.tries):
            if attempt:
                time.sleep(max(0.0, min(FIRST_WAIT * 4**attempt, until - time.monotonic())))
            try:
                return self.protocol.read(self._post(body), self.limits)
            except UnavailableError as error:
                why = error
        raise UnavailableError(f"{why} ({self.tries} tries)")

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        import httpx2

        try:
            with self._connected().stream("POST", self.url + self.protocol.path, json=body) as reply:
                data = bytearray()
                for piece in reply.iter_bytes():
                    data += piece
                    if len(data) > MOST_REPLY:
                        raise UnavailableError(f"an answer of more than {MOST_REPLY} bytes")
        except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
            raise UnavailableError(f"{self.url} cannot be reached or broke off ({type(error).__name__})") from None
        if reply.status_code != 200:
            raise UnavailableError(f"{self.url} answers {reply.status_code}")
        return _object(bytes(data))

    def _connected(self) -> httpx2.Client:
        import httpx2

        with self._lock:
            if self._client is None:
                wait = self.limits.wall + 10
                limits = httpx2.Limits(max_connections=self.concurrency, max_keepalive_connections=self.concurrency)
                self._client = httpx2.Client(timeout=httpx2.Timeout(wait), limits=limits)
            return self._client


def _object(data: bytes) -> dict[str, Any]:
    import json

    try:
        made = json.loads(data)
    except (ValueError, RecursionError):
        made = None
    if not isinstance(made, dict):
        raise UnavailableError("an answer that is no JSON object")
    return made


def _parts(test: Test) -> list[Test | str]:
    """What is run for a test: asserts as calls, or why that cannot be."""
    if isinstance(test, Asserts):
        calls = calls_of(test)
        return [*calls] if isinstance(calls, list) else [calls] * test.count
    if isinstance(test, Call) and not sendable(test):
        return ["its arguments cannot be written as a literal"]
    if isinstance(test, Stdio | Call | Compiles):
        return [test]
    return [f"{type(test).__name__} tests need a sandbox on this machine"]


def _broken(program: str) -> str | None:
    """Why it is no Python program; None where the parser says nothing against it."""
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(program)
    except SyntaxError as error:
        return f"SyntaxError: {error.msg} (line {error.lineno})"
    except (ValueError, RecursionError, MemoryError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def _judged(test: Test, stdout: str) -> tuple[Kind, str]:
    """The verdict on a run that came to its end."""
    if isinstance(test, Stdio):
        differs = same_output(test, stdout.encode("utf-8", "surrogatepass"))
        return (Kind.wrong, differs) if differs else (Kind.passed, "")
    if isinstance(test, Checker):
        raise AssertionError("checkers are not run remotely")
    if isinstance(test, Call):
        answer = answer_in(stdout)
        if answer is None:
            return Kind.early_exit, "ended before it had answered"
        if _same(test, answer):
            return Kind.passed, ""
        return Kind.wrong, f"{test.function} gave {printable(answer, 100)}, not {printable(repr(test.expected), 100)}"
    return Kind.passed, ""


def _same(test: Call, answer: str) -> bool:
    if answer == form(test.expected, test.lists):
        return True
    return test.tolerance is not None and _near(answer, test)


def _near(answer: str, test: Call) -> bool:
    """Numbers within the tolerance, everything else the same text."""
    import math
    import re

    number = re.compile(r"-?[0-9a-f]{1,400}/[0-9a-f]{1,400}")
    expected = form(test.expected, test.lists)
    if number.sub("#", answer) != number.sub("#", expected):
        return False
    for one, other in zip(number.findall(answer), number.findall(expected), strict=True):
        left, right = (_value(text) for text in (one, other))
        if left is None or right is None:
            return False
        if not math.isclose(left, right, rel_tol=test.tolerance or 0.0, abs_tol=test.tolerance or 0.0):
            return False
    return True


def _value(text: str) -> float | None:
    up, down = (int(part, 16) for part in text.split("/"))
    try:
        return up / down
    except (ZeroDivisionError, OverflowError):
        return None
