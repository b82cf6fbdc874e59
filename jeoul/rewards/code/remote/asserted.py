"""Asserts as calls, so that what they expect need not be sent: ``assert f(1, 2) == 3`` is a call and a value."""

from __future__ import annotations

import ast
from typing import Any

from jeoul.errors import DataError
from jeoul.rewards.code.forms import Asserts, Call

__all__ = ["calls_of"]


def calls_of(test: Asserts) -> list[Call] | str:
    r"""The calls that are the same test, or why there are none.

    Read are ``assert f(…) == value``, ``assert value == f(…)``, ``assert f(…) is None`` and
    ``assert abs(f(…) - value) < tolerance``, with literals for arguments and value, at the margin or in
    ``check(candidate)``. ``assert f(…)`` is not: what is truthy cannot be told from a form.

    >>> calls_of(Asserts("assert double(2) == 4"))[0].expected
    4
    >>> calls_of(Asserts("for n in range(3):\n    assert double(n) == 2 * n"))
    'not all asserts are calls with literal arguments and values, so they need a sandbox on this machine'
    """
    tree = ast.parse(test.source)
    found: list[Call] = []
    for statement in _statements(tree, test.entry_point):
        if not isinstance(statement, ast.Assert):
            if not _harmless(statement):
                return _NOT
            continue
        call = _call(statement.test, test.entry_point)
        if call is None:
            return _NOT
        found.append(call)
    return found if len(found) == test.count else _NOT


_NOT = "not all asserts are calls with literal arguments and values, so they need a sandbox on this machine"


def _statements(tree: ast.Module, entry_point: str | None) -> list[ast.stmt]:
    if entry_point is None:
        return tree.body
    made: list[ast.stmt] = []
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "check":
            made += statement.body
        else:
            made.append(statement)
    return made


def _harmless(statement: ast.stmt) -> bool:
    """Imports, texts and the assignment of constants (METADATA): no part of what is tested."""
    if isinstance(statement, ast.Assign):
        return all(isinstance(target, ast.Name) and target.id.isupper() for target in statement.targets)
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Import | ast.ImportFrom | ast.Pass)


def _call(test: ast.expr, entry_point: str | None) -> Call | None:
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return None
    left, operator, right = test.left, test.ops[0], test.comparators[0]
    if isinstance(operator, ast.Eq):
        return _made(left, right, entry_point) or _made(right, left, entry_point)
    if isinstance(operator, ast.Is) and isinstance(right, ast.Constant) and right.value is None:
        return _made(left, right, entry_point)
    if isinstance(operator, ast.Lt | ast.LtE) and _is_abs(left):
        inner = left.args[0]  # type: ignore[attr-defined]
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Sub):
            return _made(inner.left, inner.right, entry_point, right)
    return None


def _is_abs(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "abs" and len(node.args) == 1
    )


def _made(call: ast.expr, value: ast.expr, entry_point: str | None, near: ast.expr | None = None) -> Call | None:
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return None
    name = call.func.id
    if entry_point is not None and name == "candidate":
        name = entry_point
    try:
        arguments = [ast.literal_eval(argument) for argument in call.args]
        given: dict[str, Any] = {str(one.arg): ast.literal_eval(one.value) for one in call.keywords if one.arg}
        tolerance = None if near is None else float(ast.literal_eval(near))
        if len(given) < len(call.keywords):
            return None
        return Call(name, tuple(arguments), given, ast.literal_eval(value), tolerance=tolerance)
    except (ValueError, TypeError, SyntaxError, DataError):
        return None
