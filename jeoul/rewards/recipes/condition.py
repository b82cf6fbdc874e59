"""Gates: ``when = "correct >= 1 and not hacked > 0"`` as data, evaluated over the columns of a table.

Three-valued (Kleene): a comparison with NaN is unknown, and a gate opens only where its condition is known to hold.
"""

from __future__ import annotations

import ast
import operator
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jeoul.rewards.recipes.column import Column

__all__ = ["All", "AnyOf", "Compare", "Condition", "Not", "parse_condition"]

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_SYNTAX: dict[type[ast.cmpop], str] = {
    ast.GtE: ">=", ast.LtE: "<=", ast.Gt: ">", ast.Lt: "<", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


class Condition:
    """A condition on columns; ``&``, ``|`` and ``~`` combine conditions."""

    def __and__(self, other: Condition) -> Condition:
        return All(self, other) if isinstance(other, Condition) else NotImplemented

    def __or__(self, other: Condition) -> Condition:
        return AnyOf(self, other) if isinstance(other, Condition) else NotImplemented

    def __invert__(self) -> Condition:
        return Not(self)

    def __bool__(self) -> bool:
        raise TypeError("a condition has no truth value of its own; combine conditions with & | ~, not and/or/not")

    def columns(self) -> Iterator[Column | str]:
        """The columns (or their names) it compares, in order."""
        raise NotImplementedError

    def named(self) -> Condition:
        """The same condition with names in place of columns."""
        raise NotImplementedError

    def truth(self, values: Mapping[str, NDArray[np.float64]]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """(known to hold, known not to hold) per row; where NaN decides, neither."""
        raise NotImplementedError

    def opens(self, values: Mapping[str, NDArray[np.float64]]) -> NDArray[np.bool_]:
        """Where the gate is open.

        >>> parse_condition("a >= 1").opens({"a": np.array([0.0, 1.0, np.nan])})
        array([False,  True, False])
        """
        return self.truth(values)[0]


@dataclass(frozen=True)
class Compare(Condition):
    """``column op number``."""

    column: Column | str
    operator: str
    number: float

    def __post_init__(self) -> None:
        number = self.number
        if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) <= sys.float_info.max:
            raise ValueError(f"a gate compares a column with a finite number, not {number!r}")
        object.__setattr__(self, "number", float(number) + 0.0)  # 0.0 of -0.0: equal gates, one text

    def columns(self) -> Iterator[Column | str]:
        yield self.column

    def named(self) -> Condition:
        return Compare(_name(self.column), self.operator, self.number)

    def truth(self, values: Mapping[str, NDArray[np.float64]]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        column = values[_name(self.column)]
        holds = _OPERATORS[self.operator](column, self.number) & ~np.isnan(column)
        return holds, ~holds & ~np.isnan(column)

    def __str__(self) -> str:
        return f"{_name(self.column)} {self.operator} {repr(self.number).removesuffix('.0')}"


@dataclass(frozen=True)
class Not(Condition):
    """The opposite, and unknown where the inner condition is."""

    inner: Condition

    def columns(self) -> Iterator[Column | str]:
        return self.inner.columns()

    def named(self) -> Condition:
        return Not(self.inner.named())

    def truth(self, values: Mapping[str, NDArray[np.float64]]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        return self.inner.truth(values)[::-1]

    def __str__(self) -> str:
        return f"not {_grouped(self.inner)}"


class _Many(Condition):
    word = ""
    inner: tuple[Condition, ...]

    def __init__(self, *inner: Condition) -> None:
        flat: list[Condition] = []
        for condition in inner:
            flat += condition.inner if isinstance(condition, type(self)) else [condition]
        self.inner = tuple(flat)

    def columns(self) -> Iterator[Column | str]:
        for condition in self.inner:
            yield from condition.columns()

    def named(self) -> Condition:
        return type(self)(*(condition.named() for condition in self.inner))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and other.inner == self.inner

    def __hash__(self) -> int:
        return hash((type(self), self.inner))

    def __str__(self) -> str:
        return f" {self.word} ".join(_grouped(condition) for condition in self.inner)

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self.inner!r}"


class All(_Many):
    """Every one holds."""

    word = "and"

    def truth(self, values: Mapping[str, NDArray[np.float64]]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        parts = [condition.truth(values) for condition in self.inner]
        return np.logical_and.reduce([p[0] for p in parts]), np.logical_or.reduce([p[1] for p in parts])


class AnyOf(_Many):
    """At least one holds."""

    word = "or"

    def truth(self, values: Mapping[str, NDArray[np.float64]]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        parts = [condition.truth(values) for condition in self.inner]
        return np.logical_or.reduce([p[0] for p in parts]), np.logical_and.reduce([p[1] for p in parts])


def _grouped(condition: Condition) -> str:
    return f"({condition})" if isinstance(condition, _Many) else str(condition)


def _name(column: Column | str) -> str:
    return column if isinstance(column, str) else column.name


def parse_condition(text: str) -> Condition:
    """Read ``"correct >= 1 and length < 0.5"``: comparisons of a column with a number, ``and``, ``or``, ``not``, ( ).

    >>> str(parse_condition("not (a >= 1 or b < .5)"))
    'not (a >= 1 or b < 0.5)'
    >>> parse_condition("correct")
    Traceback (most recent call last):
    ValueError: 'correct' is not a comparison; write a condition like "correct >= 1 and length < 0.5"

    Raises:
        ValueError: it is anything else; nothing in it is ever executed.
    """
    try:
        return _read(ast.parse(text.strip().replace("\0", "?"), mode="eval").body)
    except (SyntaxError, RecursionError, MemoryError, UnicodeEncodeError):
        raise ValueError(f"{text!r} cannot be read; {_EXAMPLE}") from None


_EXAMPLE = 'write a condition like "correct >= 1 and length < 0.5"'


def _read(node: ast.expr) -> Condition:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return All(*map(_read, values))
        case ast.BoolOp(op=ast.Or(), values=values):
            return AnyOf(*map(_read, values))
        case ast.UnaryOp(op=ast.Not(), operand=inner):
            return Not(_read(inner))
        case ast.Compare(left=ast.Name(id=name), ops=[op], comparators=[right]) if type(op) in _SYNTAX:
            return Compare(name, _SYNTAX[type(op)], _number(right))
    raise ValueError(f"{ast.unparse(node)!r} is not a comparison; {_EXAMPLE}")


def _number(node: ast.expr) -> float:
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_number(inner)
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return value
    raise ValueError(f"{ast.unparse(node)!r} is not a number: a gate compares a column with a number")
