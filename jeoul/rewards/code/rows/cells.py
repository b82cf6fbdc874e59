"""One cell of tests, in whatever shape a data set has it, as tests."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from jeoul.errors import DataError, listed
from jeoul.rewards.code.forms import Asserts, Call, Checker, InProcess, Stdio, Test
from jeoul.rewards.code.rows.packed import unpack

__all__ = ["read_tests"]

_CHECK = re.compile(r"^def[ \t]+check[ \t]*\(", re.MULTILINE)
_ASSERT = re.compile(r"\bassert[ \t(]")
_METHOD = re.compile(r"^[ \t]*def[ \t]+(\w+)", re.MULTILINE)
_OWN = (
    "stdin",
    "stdout",
    "function",
    "args",
    "kwargs",
    "expected",
    "inplace",
    "assert",
    "checker",
    "in_process",
    "tolerance",
    "lists",
)

_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    **dict.fromkeys(("function", "assert", "checker", "in_process"), ((str,), "a text")),
    "args": ((list, tuple), "a list"),
    "kwargs": ((Mapping,), "an object"),
    "inplace": ((int, type(None)), "the index of an argument"),
    "tolerance": ((int, float, type(None)), "a number"),
    "lists": ((bool,), "true or false"),
    **dict.fromkeys(("stdin", "stdout"), ((str, list, int, float), "a text or a list of lines")),
}


def read_tests(
    cell: Any,
    *,
    private: Any = None,
    entry_point: str | None = None,
    setup: Any = None,
    starter: str | None = None,
    tolerance: float | None = None,
    where: str = "the row",
) -> tuple[Test, ...]:
    """The tests in a cell.

    Shapes, told apart by what they hold:

    - test code as text: HumanEval's with ``def check(candidate)`` (needs ``entry_point``), or ``assert`` lines;
    - a list of such lines: MBPP's ``test_list``, behind ``setup`` (``test_setup_code`` or ``test_imports``);
    - ``{"inputs": […], "outputs": […], "fn_name": …}`` (APPS, TACO), an object or its JSON: calls where there is a
      ``fn_name``, else standard input. Where every output of a function is a list of one item, as in APPS, the item is
      expected;
    - ``{"input": […], "output": […]}`` (CodeContests);
    - a list of ``{"input", "output", "testtype"}`` (LiveCodeBench), or its JSON; ``private`` as its base64 of zlib. The
      function of ``functional`` tests is ``entry_point``, else the first method in ``starter``;
    - a list of own tests: ``{"stdin", "stdout"}``, ``{"function", "args", "expected"}``, ``{"assert"}``,
      ``{"checker", "stdin", "expected"}``, ``{"in_process"}`` (see :mod:`jeoul.rewards.code.forms`).

    Args:
        private: further tests, of any shape.
        tolerance: of floating-point values, for calls and standard input.
        where: the row, for messages.

    Raises:
        DataError: there are no tests, or they are in no known shape; the message says which row and what is wrong.

    >>> read_tests(["assert double(2) == 4"])
    (Asserts(source='assert double(2) == 4', entry_point=None),)
    >>> read_tests('{"inputs": ["1 2"], "outputs": ["3"]}')
    (Stdio(stdin='1 2', stdout='3', tolerance=None),)
    """
    reader = _Reader(where, entry_point or None, _lines(setup), starter or "", tolerance)
    tests = [*reader.cell(cell), *([] if private is None else reader.cell(private))]
    if not tests:
        raise DataError(f"{where}: there are no tests")
    return tuple(tests)


def _lines(setup: Any) -> str:
    if isinstance(setup, list | tuple):
        return "\n".join(map(str, setup))
    return setup if isinstance(setup, str) else ""


class _Reader:
    """Reads the cells of one row."""

    def __init__(self, where: str, entry_point: str | None, setup: str, starter: str, tolerance: float | None) -> None:
        self.where, self.entry_point, self.setup = where, entry_point, setup
        self.starter, self.tolerance = starter, tolerance

    def cell(self, cell: Any) -> list[Test]:
        if hasattr(cell, "tolist"):  # an array out of Parquet
            cell = cell.tolist()
        if isinstance(cell, str):
            return self.text(cell)
        if isinstance(cell, Mapping):
            return self.table(cell)
        if isinstance(cell, Test):
            return [cell]
        if not isinstance(cell, Sequence) or isinstance(cell, bytes | bytearray):
            raise DataError(f"{self.where}: tests are a text, a list or an object, not {type(cell).__name__}")
        items = list(cell)
        if all(isinstance(item, str) for item in items):
            return [self.asserts("\n".join(items))] if items else []
        wrong = [type(item).__name__ for item in items if not isinstance(item, Mapping | Test)]
        if wrong:
            raise DataError(f"{self.where}: a test is an object or a line, not {wrong[0]}")
        return [test for number, item in enumerate(items) for test in self.item(item, number)]

    def text(self, cell: str) -> list[Test]:
        start = cell.lstrip()[:1]
        if not start:
            return []
        if start in ("[", "{"):
            return self.cell(self.json(cell, "the tests"))
        if _CHECK.search(cell) or _ASSERT.search(cell):
            return [self.asserts(cell)]
        if re.search(r"[ \t(]", cell[:1000]):
            raise DataError(
                f"{self.where}: the test code has neither assert nor check(candidate); code that must run in the "
                'program\'s own process (unittest) is {"in_process": …}, and its verdict can be forged'
            )
        return self.cell(self.json(unpack(cell, self.where), "the private tests"))

    def asserts(self, code: str) -> Asserts:
        name = None
        if _CHECK.search(code):
            name = self.entry_point
            if name is None:
                raise DataError(f"{self.where}: tests that define check() need the column entry_point")
        source = f"{self.setup}\n{code}" if self.setup else code
        made: Asserts = self.made(Asserts, source, name)
        return made

    def table(self, cell: Mapping[str, Any]) -> list[Test]:
        if {"inputs", "outputs"} <= set(cell):
            return self.pairs(cell["inputs"], cell["outputs"], cell.get("fn_name"))
        if isinstance(cell.get("input"), list) and "output" in cell:
            return self.pairs(cell["input"], cell["output"], None)
        return self.item(cell, 0)

    def pairs(self, inputs: Any, outputs: Any, function: Any) -> list[Test]:
        if not isinstance(inputs, list) or not isinstance(outputs, list):
            raise DataError(f"{self.where}: inputs and outputs must be lists")
        if len(inputs) != len(outputs):
            raise DataError(f"{self.where}: there are {len(inputs)} inputs and {len(outputs)} outputs")
        if not function:
            return [self.stdio(one, other) for one, other in zip(inputs, outputs, strict=True)]
        wrapped = bool(outputs) and all(isinstance(one, list) and len(one) == 1 for one in outputs)
        calls: list[Test] = []
        for number, (arguments, expected) in enumerate(zip(inputs, outputs, strict=True)):
            if isinstance(arguments, str):  # one JSON value a line
                calls.append(self.lines(str(function), arguments, expected, f"input {number}"))
                continue
            if not isinstance(arguments, list):
                raise DataError(f"{self.where}, input {number}: arguments of {function} are a list")
            calls.append(self.call(str(function), arguments, expected[0] if wrapped else expected))
        return calls

    def item(self, item: Mapping[str, Any] | Test, number: int) -> list[Test]:
        """One test that is an object."""
        if isinstance(item, Test):
            return [item]
        if "input" in item and "output" in item:
            return [self.livecodebench(item, number)]
        if unknown := [key for key in item if key not in _OWN]:
            raise DataError(
                f"{self.where}, test {number}: unknown {listed(unknown)}; a test takes stdin and stdout, or function, "
                "args and expected, or assert, or checker, stdin and expected"
            )
        for name, (kinds, words) in _KINDS.items():
            if name in item and (not isinstance(item[name], kinds) or (item[name] is True and bool not in kinds)):
                raise DataError(f"{self.where}, test {number}: {name} is {words}, not {str(item[name])[:60]!r}")
        tolerance = item.get("tolerance", self.tolerance)
        if "assert" in item:
            return [self.asserts(str(item["assert"]))]
        if "checker" in item:
            return [
                self.made(Checker, str(item["checker"]), _text(item.get("stdin", "")), _text(item.get("expected", "")))
            ]
        if "in_process" in item:
            return [self.made(InProcess, str(item["in_process"]), _text(item.get("stdin", "")))]
        if "function" in item:
            if "expected" not in item:
                raise DataError(f"{self.where}, test {number}: a call needs expected")
            given = {"tolerance": tolerance, "lists": bool(item.get("lists", True)), "inplace": item.get("inplace")}
            return [
                self.made(
                    Call, str(item["function"]), tuple(item.get("args", ())), dict(item.get("kwargs", {})),
                    item["expected"], **given,
                )
            ]  # fmt: skip
        if "stdout" in item:
            return [self.made(Stdio, _text(item.get("stdin", "")), _text(item["stdout"]), tolerance)]
        raise DataError(f"{self.where}, test {number}: there is neither stdout nor function, assert or checker")

    def livecodebench(self, item: Mapping[str, Any], number: int) -> Test:
        kind = item.get("testtype", "stdin")
        if kind == "stdin":
            return self.stdio(item["input"], item["output"])
        if kind != "functional":
            raise DataError(f"{self.where}, test {number}: testtype is stdin or functional, not {kind!r}")
        function = self.entry_point or next(iter(_METHOD.findall(self.starter)), None)
        if function is None:
            raise DataError(f"{self.where}, test {number}: a functional test needs the starter code or entry_point")
        return self.lines(function, item["input"], item["output"], f"test {number}")

    def lines(self, function: str, given: Any, expected: Any, name: str) -> Test:
        """A call whose arguments are a JSON value a line."""
        arguments = [self.json(line, f"{name}, an argument") for line in _text(given).split("\n") if line.strip()]
        return self.call(function, arguments, self.json(_text(expected), f"{name}, the output"))

    def stdio(self, given: Any, expected: Any) -> Test:
        made: Stdio = self.made(Stdio, _text(given), _text(expected), self.tolerance)
        return made

    def call(self, function: str, arguments: Sequence[Any], expected: Any) -> Test:
        made: Call = self.made(Call, function, tuple(arguments), {}, expected, tolerance=self.tolerance, lists=True)
        return made

    def made(self, form: Any, *values: Any, **options: Any) -> Any:
        try:
            return form(*values, **options)
        except DataError as error:
            raise DataError(f"{self.where}: {error}") from None

    def json(self, text: str, what: str) -> Any:
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{self.where}: {what} cannot be read as JSON: {str(error)[:200]}") from None


def _text(value: Any) -> str:
    """Input or output: a text, or a list of lines."""
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return value if isinstance(value, str) else str(value)
