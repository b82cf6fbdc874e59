"""Calls on another machine: a program that calls one function and prints the value in a form that is compared as text.

Equal values have equal forms: 5, 5.0 and True are one, members of sets and keys of objects are sorted. A form that
comes back is compared with that of the expected value and never taken apart, so nothing in it can harm who reads it.
"""

from __future__ import annotations

from typing import Any

from jeoul.rewards.code.forms import Call

__all__ = ["MARK", "answer_in", "form", "program_for", "sendable", "stdin_for"]

MARK = "\x1ejeoul:"
"""Before the value, which is the last line that is printed. It is no secret: a program that prints it answers."""

_FORM = '''
def form(value, lists, depth=0):
    """The value as text; None where it is not a plain one."""
    from collections import deque
    from decimal import Decimal
    from fractions import Fraction
    if depth > 100:
        raise ValueError("nested too deeply")
    kind = type(value)
    def inner(items):
        return ",".join(form(item, lists, depth + 1) for item in items)
    if value is None:
        return "N"
    for base in (bool, int, Fraction):
        if isinstance(value, base):
            exact = Fraction(int.__index__(value)) if base is not Fraction else value
            return f"{exact.numerator:x}/{exact.denominator:x}"
    if isinstance(value, float):
        number = float.__float__(value)
        if number - number != 0:
            return f"F{number}"
        up, down = number.as_integer_ratio()
        return f"{up:x}/{down:x}"
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > 5000:
            return f"d{value!s}"
        exact = Fraction(value)
        return f"{exact.numerator:x}/{exact.denominator:x}"
    if isinstance(value, complex):
        if value.imag == 0:
            return form(value.real, lists)
        return f"C{value.real!r},{value.imag!r}"
    if isinstance(value, str):
        return "S" + ascii(str.__str__(value))
    if isinstance(value, (bytes, bytearray)):
        return "B" + bytes(value).hex()
    if isinstance(value, (list, tuple, deque)):
        name = "l" if lists or isinstance(value, list) else "t" if isinstance(value, tuple) else "q"
        return f"{name}[{inner(value)}]"
    if isinstance(value, (set, frozenset)):
        return "s{" + ",".join(sorted(form(item, lists, depth + 1) for item in value)) + "}"
    if isinstance(value, dict):
        pairs = sorted((form(k, lists, depth + 1), form(v, lists, depth + 1)) for k, v in dict.items(value))
        return "D{" + ",".join(f"{k}:{v}" for k, v in pairs) + "}"
    if isinstance(value, range):
        return f"r({value.start},{value.stop},{value.step})" if len(value) else "r()"
    return f"O{kind.__name__}"
'''

_DRIVER = """
import ast as _ast, sys as _sys
def _call():
    # the request is read before the program, which may read what is left
    spec = _ast.literal_eval(_sys.stdin.readline())
    names = {"__name__": "solution", "__builtins__": __builtins__}
    exec(compile(_PROGRAM, "<program>", "exec", dont_inherit=True), names)
    head, _, rest = spec["function"].partition(".")
    found = names.get(head)
    if found is None and isinstance(names.get("Solution"), type):
        found = getattr(names["Solution"](), head)
    elif found is None:
        raise NameError("name %r is not defined" % head)
    elif rest:
        found = getattr(found() if isinstance(found, type) else found, rest)
    arguments = spec["args"]
    value = found(*arguments, **spec["kwargs"])
    if spec["inplace"] is not None:
        value = arguments[spec["inplace"]]
    text = form(value, spec["lists"])
    _sys.stdout.write("\\n" + _MARK + text + "\\n")
    _sys.stdout.flush()
_call()
"""

_own: dict[str, Any] = {}
exec(compile(_FORM, "<form>", "exec", dont_inherit=True), _own)
form = _own["form"]
"""The form of a value: the same code here and there."""


def program_for(code: str) -> str:
    """The program to send: the candidate's, held as text so that a mistake in it is told from one of ours."""
    return f"_PROGRAM = {code!a}\n_MARK = {MARK!a}\n{_FORM}\n{_DRIVER}"


def stdin_for(test: Call) -> str:
    """What is called with what, on one line; the expected value is no part of it."""
    spec = {
        "function": test.function,
        "args": test.args,
        "kwargs": dict(test.kwargs),
        "inplace": test.inplace,
        "lists": test.lists,
    }
    return ascii(spec) + "\n"


def answer_in(stdout: str) -> str | None:
    """The form that was printed last; None where there is none."""
    _, mark, after = stdout.rpartition(MARK)
    return after.rstrip("\n") if mark else None


def sendable(test: Call) -> bool:
    """Whether the arguments survive being written as a literal."""
    import ast

    try:
        return bool(form(ast.literal_eval(ascii(test.args)), False) == form(test.args, False))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
