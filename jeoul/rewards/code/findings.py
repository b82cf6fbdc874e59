"""What can be said against a program without running it: syntax, undefined names, unsafe calls."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from typing import Literal, NamedTuple

__all__ = ["LONGEST_LINTED", "Check", "Finding", "findings"]

Check = Literal["syntax", "undefined", "unsafe"]
LONGEST_LINTED = 2**18
"""Characters of a program above which it is not looked at: pyflakes takes seconds for a megabyte."""

UNSAFE = frozenset((
    "eval", "exec", "compile", "__import__", "breakpoint", "os.system", "os.popen", "os.fork", "os.forkpty",
    "os.kill", "os.killpg", "os.abort", "os._exit", "os.remove", "os.unlink", "os.rmdir", "os.removedirs",
    "os.rename", "os.replace", "os.chmod", "os.chown", "os.setuid", "os.putenv", "os.startfile", "shutil.rmtree",
    "shutil.move", "pty.spawn", "pty.fork", "pickle.load", "pickle.loads", "marshal.load", "marshal.loads",
    "runpy.run_path", "runpy.run_module", "code.interact", "importlib.import_module", "sys.settrace",
    "sys.setprofile", "gc.get_objects", "gc.get_referrers",
))  # fmt: skip
"""Calls by their full name."""
UNSAFE_MODULES = frozenset((
    "subprocess", "socket", "ctypes", "multiprocessing", "urllib.request", "http.client", "ftplib", "smtplib",
    "telnetlib", "requests", "httpx", "paramiko", "asyncio.subprocess", "_ctypes", "_posixsubprocess",
))  # fmt: skip
"""Modules any call into which is unsafe."""
_FAMILIES = ("os.exec", "os.spawn", "os.posix_spawn")


class Finding(NamedTuple):
    """One thing found, and in which line (from 1; 0 where there is none)."""

    check: Check
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.text} (line {self.line})" if self.line else self.text


def findings(code: str, names: tuple[str, ...] = ()) -> list[Finding]:
    r"""All findings, in the order of their lines; a program that cannot be parsed has one.

    Args:
        code: Python.
        names: that are there without being defined (a judge's ``List``, ``TreeNode``).

    >>> [str(finding) for finding in findings("import os as o\nprint(x)\no.system('ls')")]
    ["undefined name 'x' (line 2)", 'unsafe call os.system (line 3)']
    >>> findings("def f(:")[0].check
    'syntax'
    """
    if len(code) > LONGEST_LINTED:
        return [Finding("syntax", 0, f"longer than {LONGEST_LINTED:,} characters")]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\\d" in a program is not a matter of ours
            tree = ast.parse(code)
        found = [*_undefined(tree, names), *_unsafe(tree)]
    except SyntaxError as error:
        return [Finding("syntax", error.lineno or 0, f"syntax error: {str(error.msg)[:100]}")]
    except ValueError as error:  # a NUL, a lone surrogate
        return [Finding("syntax", 0, f"not text that Python reads: {str(error)[:100]}")]
    except (RecursionError, MemoryError):
        return [Finding("syntax", 0, "nested too deeply")]
    return sorted(found, key=lambda finding: finding.line)


def _undefined(tree: ast.Module, names: tuple[str, ...]) -> Iterator[Finding]:
    from pyflakes import messages
    from pyflakes.checker import Checker

    kinds = (messages.UndefinedName, messages.UndefinedLocal, messages.UndefinedExport)
    for message in Checker(tree, builtins={*names, "exit", "quit"}).messages:
        if isinstance(message, kinds):
            yield Finding("undefined", message.lineno, f"undefined name {str(message.message_args[0])[:60]!r}")


def _unsafe(tree: ast.Module) -> Iterator[Finding]:
    nodes = list(ast.walk(tree))
    aliases = dict(_imported(nodes))
    defined = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)}
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        name = _dotted(node.func, aliases)
        if name is not None and name not in defined and _is_unsafe(name):
            yield Finding("unsafe", node.lineno, f"unsafe call {name[:80]}")
        elif name in ("open", "io.open") and _writes(node):
            yield Finding("unsafe", node.lineno, "opens a file to write")


def _imported(nodes: list[ast.AST]) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (first, first)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _dotted(node: ast.expr, aliases: dict[str, str]) -> str | None:
    """The full name of what is called, through the imports; None where it is no name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute) and len(parts) < 6:
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return ".".join([aliases.get(node.id, node.id), *reversed(parts)]).removeprefix("builtins.")


def _is_unsafe(name: str) -> bool:
    heads = [name[:at] for at, char in enumerate(name) if char == "."]
    return name in UNSAFE or name.startswith(_FAMILIES) or any(head in UNSAFE_MODULES for head in heads)


def _writes(call: ast.Call) -> bool:
    given = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    return any(isinstance(mode, ast.Constant) and set("wax+") & set(str(mode.value)) for mode in given)
