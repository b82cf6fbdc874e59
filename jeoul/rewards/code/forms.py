"""Forms of tests: what a program is given and what it must answer. Plain data, made from data sets."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from jeoul.errors import DataError
from jeoul.rewards.code.sandbox.inside.codec import CodecError, encode

__all__ = ["Asserts", "Call", "Checker", "Compiles", "InProcess", "Stdio", "Test"]


@dataclass(frozen=True)
class Stdio:
    """Run the program on ``stdin``: it passes where it exits with status 0 and what it printed is ``stdout``.

    Lines are compared one by one without the white space at their ends; blank lines at the end are not counted; there
    must be as many as expected.

    Args:
        tolerance: where given, words that are numbers in both may differ by this much, absolutely or relatively.
    """

    stdin: str
    stdout: str
    tolerance: float | None = None


@dataclass(frozen=True)
class Call:
    """Call ``function`` (or ``Class.method``, or a method of the program's ``Solution``) and compare what it returns.

    Values are plain ones: None, numbers, text, bytes, list, tuple, set, frozenset, dict, range, deque, Fraction,
    Decimal. An object of any other class that the program returns equals nothing.

    Args:
        inplace: index of the argument that is compared after the call, in place of what it returns.
        tolerance: floats may differ by this much, absolutely or relatively; None: not at all.
        lists: a tuple equals the list of the same items (data sets stored as JSON have no tuples).

    Raises:
        DataError: an argument or the expected value is not a plain one.
    """

    function: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    expected: Any = None
    inplace: int | None = None
    tolerance: float | None = None
    lists: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "args", tuple(self.args))
        if self.inplace is not None and not 0 <= self.inplace < len(self.args):
            raise DataError(f"inplace names argument {self.inplace} of {len(self.args)}")
        try:
            encode((self.args, dict(self.kwargs), self.expected), strict=True)
        except CodecError as error:
            raise DataError(f"a test that calls {self.function} needs plain values: {error}") from None


@dataclass(frozen=True)
class Asserts:
    """Run test code that calls the program and asserts: MBPP's lists, HumanEval's ``check(candidate)``.

    The test code runs in a process of its own; what it calls by a name that neither it nor Python defines is called
    in the program's process. Each ``assert`` is one test, whether or not one before it failed.

    Args:
        source: Python; trusted.
        entry_point: where given, the source defines ``check``, which is called with this function of the program.

    Raises:
        DataError: the source is not Python.
    """

    source: str
    entry_point: str | None = None

    def __post_init__(self) -> None:
        if self.entry_point is not None and not self.entry_point.isidentifier():
            raise DataError(f"entry_point is the name of a function, not {self.entry_point!r}")
        self.count  # noqa: B018  # raises where there is a mistake

    @cached_property
    def count(self) -> int:
        """Number of ``assert`` statements, at least 1: test code without any is one test."""
        try:
            tree = ast.parse(self.source)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise DataError(f"the test code is not Python: {error}") from None
        return max(1, sum(isinstance(node, ast.Assert) for node in ast.walk(tree)))


@dataclass(frozen=True)
class Checker:
    """Run the program on ``stdin`` and let trusted code judge what it printed.

    Args:
        source: Python that defines ``check(stdin: str, stdout: str, expected: str) -> bool``. It runs in a process of
            its own; where it raises, the output was not as it must be.
        expected: handed to it: the answer of the data set, or whatever it needs.
    """

    source: str
    stdin: str = ""
    expected: str = ""

    def __post_init__(self) -> None:
        try:
            ast.parse(self.source)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise DataError(f"the checker is not Python: {error}") from None


@dataclass(frozen=True)
class InProcess:
    """Run the program and then ``source`` in the same process; it passes where nothing is raised.

    Forgeable: the program can patch what the source uses, or leave first with status 0. Not for training; refused
    unless the sandbox was made with ``in_process=True``, and results say ``trust="weak"``.
    """

    source: str
    stdin: str = ""
    weak: ClassVar[bool] = True


@dataclass(frozen=True)
class Compiles:
    """The program is a Python program: it is compiled, and not run."""


Test = Stdio | Call | Asserts | Checker | InProcess | Compiles
