"""Programs of known verdict, run before anything is believed: a broken sandbox would call every program wrong."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from jeoul.rewards.code.forms import Call, Stdio, Test
from jeoul.rewards.code.outcomes import ProgramResult

__all__ = ["canaries_fail"]

_PRINTS = "print(int(input()) * 7 + 3)"
_CALLED = """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
def good(x): return x * 7 + 3
def bad(x): return x * 7 + 4
def equal(x): return Equal()
"""


def canaries_fail(run: Callable[[str, Sequence[Test]], ProgramResult]) -> str:
    """Run a right program, a wrong one and one whose answer claims to equal everything.

    Returns:
        ``""`` where each came out as it must, else which did not, and how.
    """
    number = random.Random().randrange(10**6)
    right = number * 7 + 3
    printed = run(_PRINTS, [Stdio(f"{number}\n", f"{right}\n"), Stdio(f"{number}\n", f"{right + 1}\n")])
    called = run(_CALLED, [Call(name, (number,), expected=right) for name in ("good", "bad", "equal")])
    found = [*printed.tests, *called.tests]
    wanted = ["pass", "wrong", "pass", "wrong", "wrong"]
    what = [
        "a right program", "a program that prints something else", "a right function", "a wrong function",
        "an object equal to everything",
    ]  # fmt: skip
    for name, test, kind in zip(what, found, wanted, strict=True):
        if test.kind != kind:
            return f"{name} came out as {test}, not {kind}" + (f"; it said: {test.stderr}" if test.stderr else "")
    return ""
