"""Test code, with each of its asserts recorded: what passed, what did not, what was never reached."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from typing import Any

__all__ = ["names_misused", "names_wanted", "recorded"]

PASSED, FAILED = "__jeoul_passed__", "__jeoul_failed__"


def recorded(
    tree: ast.Module, passed: Callable[[int], None], failed: Callable[[int, BaseException], None]
) -> tuple[Any, dict[str, Any]]:
    """The test code compiled so that every assert says what became of it and none keeps the next from being tried.

    Returns:
        Code, and the names it needs beside its own.
    """
    changed = ast.fix_missing_locations(_Recorder().visit(tree))
    return compile(changed, "<test>", "exec", dont_inherit=True), {PASSED: passed, FAILED: failed}


class _Recorder(ast.NodeTransformer):
    def __init__(self) -> None:
        self.count = 0

    def visit_Assert(self, node: ast.Assert) -> ast.Try:  # the name is Python's
        index = ast.Constant(self.count)
        self.count += 1
        caught = ast.Name("__jeoul_error__", ast.Load())
        return ast.Try(
            body=[node],
            handlers=[
                ast.ExceptHandler(
                    type=ast.Name("BaseException", ast.Load()),
                    name="__jeoul_error__",
                    body=[ast.Expr(ast.Call(ast.Name(FAILED, ast.Load()), [index, caught], []))],
                )
            ],
            orelse=[ast.Expr(ast.Call(ast.Name(PASSED, ast.Load()), [index], []))],
            finalbody=[],
        )


def names_wanted(tree: ast.Module) -> set[str]:
    r"""Names that the test code uses and nobody there defines: the program's.

    >>> sorted(names_wanted(ast.parse("import math\nassert math.isclose(area(2), f(x := 1)) and len('a') + x")))
    ['area', 'f']
    """
    used: set[str] = set()
    made: set[str] = set(vars(builtins))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else made).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            made.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            made.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.arg):
            made.add(node.arg)
        elif (isinstance(node, ast.ExceptHandler) and node.name) or (
            isinstance(node, ast.MatchAs | ast.MatchStar) and node.name
        ):
            made.add(node.name)
    return used - made


def names_misused(tree: ast.Module, names: set[str]) -> list[str]:
    """Those of ``names`` that the test code does anything with but call them or hand them on, in order.

    Decided by the test code alone, before the program is asked anything.

    >>> names_misused(ast.parse("assert f(1) == LIMIT and list(map(g, [T.x]))"), {"f", "g", "LIMIT", "T"})
    ['LIMIT', 'T']
    """
    fine: set[int] = set()
    for node in ast.walk(tree):
        handed: list[ast.expr | None] = []
        if isinstance(node, ast.Call):
            tests_class = isinstance(node.func, ast.Name) and node.func.id in ("isinstance", "issubclass")
            handed = [node.func] if tests_class else [node.func, *node.args, *(word.value for word in node.keywords)]
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr | ast.Return | ast.keyword):
            handed = [node.value]
        elif isinstance(node, ast.List | ast.Tuple | ast.Set):
            handed = [*node.elts]
        elif isinstance(node, ast.Dict):
            handed = [*node.values]
        elif isinstance(node, ast.Expr):
            handed = [node.value]
        fine |= {id(each) for each in handed if isinstance(each, ast.Name)}
    found = [
        node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in names and id(node) not in fine
    ]
    return list(dict.fromkeys(node.id for node in sorted(found, key=lambda node: (node.lineno, node.col_offset))))
