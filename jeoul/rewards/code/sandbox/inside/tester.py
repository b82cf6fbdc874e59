"""The tester's process: holds the tests, calls the program over plain values, and says what each test came to.

It runs no line of the program. It has a line to the zygote that the program never had; what the program sends arrives
as plain values, so that the worst it can send is a wrong one. A tester is used once: what an answer does to it (deep,
huge, colliding hashes) ends with it.
"""

from __future__ import annotations

import ast
import os
import socket
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from jeoul.rewards.code.sandbox.inside.asserts import names_misused, names_wanted, recorded
from jeoul.rewards.code.sandbox.inside.codec import decode
from jeoul.rewards.code.sandbox.inside.comparing import equal
from jeoul.rewards.code.sandbox.inside.lockdown import TESTER, Lockdown
from jeoul.rewards.code.sandbox.inside.readable import printable, short
from jeoul.rewards.code.sandbox.inside.remote import Gone, Program, Proxy, TooLarge, Unsendable
from jeoul.rewards.code.sandbox.inside.wire import FRAME, KINDS, LAP, Held, Verdict

__all__ = ["run_tester"]

_LINE, _TESTS = 3, 4
MOST_ANSWER = 200
"""Characters kept of what the program answered to one test."""


def run_tester(lockdown: Lockdown, held: Held, fds: list[int]) -> NoReturn:
    """Run all tests; never returns.

    Args:
        fds: three for the standard streams, the line to the zygote, the tests.
    """
    lockdown.arrange(fds)
    data = os.pread(_TESTS, os.fstat(_TESTS).st_size, 0)
    os.close(_TESTS)
    lockdown.enter(held, TESTER, len(fds), whole_run=False)
    line = socket.socket(fileno=_LINE)
    tester = _Tester(line)
    for form, *spec in decode(data):
        _FORMS[form](tester, *spec)
    os._exit(0)


class _Tester:
    """Runs tests and sends verdicts."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self.program = Program(line)
        self.next = 0

    def say(self, kind: str, detail: str = "", answer: str = "") -> None:
        """The verdict of the next test."""
        body = Verdict(self.next, KINDS.index(kind), 0.0, printable(detail), answer).pack()
        self.line.sendall(FRAME.pack(b"V", len(body)) + body)
        self.next += 1

    # -- forms

    def lap(self, test: int) -> None:
        """The first that is known of a test: from here on time counts for the next."""
        self.line.sendall(LAP.pack(b"L", 4, test))

    def call(
        self,
        function: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        expected: Any,
        inplace: int | None,
        tolerance: float | None,
        lists: bool,
    ) -> None:
        asked = self.program.asked
        try:
            answer = self.program.call(function, args, kwargs, inplace)
            right = equal(expected, answer, tolerance, lists)
        except BaseException as error:
            self.say(*_failure(error, self.program, asked))
            return
        said = "" if right else _differ(function, args, expected, answer)
        self.say("pass" if right else "wrong", said, short(answer))

    def asserts(self, source: str, entry_point: str | None) -> None:
        outcomes: dict[int, tuple[str, str] | None] = {}
        answers: dict[int, str] = {}
        asked, first = self.program.asked, self.next

        def seen(index: int) -> None:
            if index not in answers:
                self.lap(first + index)
            answers[index] = answers.get(index, "")[:MOST_ANSWER] + self.program.take_answers()

        def passed(index: int) -> None:
            seen(index)
            outcomes.setdefault(index, None)

        def failed(index: int, error: BaseException) -> None:
            seen(index)
            if outcomes.get(index) is None:
                outcomes[index] = _failure(error, self.program, asked, lines.get(index, ""))

        tree = ast.parse(source)
        lines = dict(enumerate(ast.unparse(node) for node in _asserts(tree)))
        stopped = None
        try:
            wanted = names_wanted(tree)
            misused = names_misused(tree, wanted)
            if misused:
                raise NameError(f"{misused[0]!r} is the program's: a test can call it, and do nothing else with it")
            names = {name: Proxy(self.program, name) for name in wanted}
            code, helpers = recorded(tree, passed, failed)
            names |= {**helpers, "__name__": "test"}  # type: ignore[dict-item]
            exec(code, names)
            if entry_point is not None:
                names["check"](Proxy(self.program, entry_point))
        except BaseException as error:
            stopped = _failure(error, self.program, asked)
        self._say_all(outcomes, answers, max(1, len(lines)), stopped)

    def _say_all(
        self,
        outcomes: dict[int, tuple[str, str] | None],
        answers: dict[int, str],
        count: int,
        stopped: tuple[str, str] | None,
    ) -> None:
        """An assert never reached holds where the test came to its end and none that was reached failed."""
        failures = [failure for failure in outcomes.values() if failure]
        for index in range(count):
            failure = outcomes.get(index, stopped)
            if index not in outcomes and not failure and failures:
                failure = "wrong", "not reached: another assert of the test failed"
            self.say(*(failure or ("pass", "")), answers.get(index, "")[:MOST_ANSWER])

    def checker(self, source: str, stdin: str, stdout: str, expected: str) -> None:
        names: dict[str, Any] = {"__name__": "checker"}
        try:
            exec(compile(source, "<checker>", "exec", dont_inherit=True), names)
            check: Callable[[str, str, str], Any] = names["check"]
        except BaseException as error:
            self.say("test_error", f"the checker: {type(error).__name__}: {error}")
            return
        try:
            verdict = check(stdin, stdout, expected)
        except BaseException as error:
            self.say("wrong", f"the checker could not read the output: {type(error).__name__}: {error}")
        else:
            self.say("pass") if verdict is True else self.say("wrong", f"the checker said {short(verdict)}")


_FORMS: dict[str, Callable[..., None]] = {
    "call": _Tester.call,
    "asserts": _Tester.asserts,
    "checker": _Tester.checker,
}


def _failure(error: BaseException, program: Program, asked: int, test: str = "") -> tuple[str, str]:
    """What a test that raised says of the program.

    Args:
        asked: calls that had been begun before the test: while there are no more, the test has failed by itself.
    """
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, Gone):
        return "gone", str(error.process)
    if isinstance(error, TooLarge):
        return "output_limit", f"its answer is too large: {error}"
    if isinstance(error, Unsendable):
        said = f"the test gives the program what is no plain value: {error}"
    if error is program.raised:
        return ("memory" if isinstance(error, MemoryError) else "runtime_error"), said
    if isinstance(error, AssertionError):
        return "wrong", printable(str(error) or test or "an assert failed", 300)
    if program.asked == asked:
        return "test_error", f"the test failed before it called the program: {said}"
    return "wrong", f"the test could not use its answer: {said}"


def _differ(function: str, args: Sequence[Any], expected: Any, answer: Any) -> str:
    given = ", ".join(short(each) for each in args[:4]) + (", …" if len(args) > 4 else "")
    return f"{function}({given}) gave {short(answer)}, not {short(expected)}"


def _asserts(tree: ast.Module) -> list[ast.Assert]:
    """The asserts in the order in which :func:`recorded` numbers them."""
    found: list[ast.Assert] = []

    class Collect(ast.NodeVisitor):
        def visit_Assert(self, node: ast.Assert) -> None:
            found.append(node)

    Collect().visit(tree)
    return found
