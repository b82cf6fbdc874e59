"""What a program of the corpora is: code, the test it gets, what it may come to, what its output must not say."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Literal

Form = Literal[
    "stdio", "lines", "call", "secret", "asserts", "alias", "twice", "zipped", "looped", "again", "wrapped", "bare"
]

DENIED = frozenset({"wrong", "runtime_error", "crash", "memory"})
"""An attack that was refused: by an exception that it swallows or not, or by a signal."""
EXITED = frozenset({"early_exit", "wrong"})
LIED = frozenset({"wrong", "runtime_error"})
STUCK = frozenset({"timeout"})


@dataclass(frozen=True)
class Program:
    """One program and what may come of it.

    Attributes:
        form: which of the runner's tests it gets. ``stdio``: print the sum of two numbers; ``lines``: print 1, 2, 3 on
            lines; ``call``: ``add(2, 3)``; ``secret``: ``find()`` must return a word that only the tests hold;
            ``asserts``: HumanEval's ``check(candidate)`` on ``add``; ``alias``: asserts that compare a result with its
            own argument; ``twice``: ``find(n)`` called for two tests with one secret expected value; ``zipped``, ``looped``,
            ``again``, ``wrapped``, ``bare``: test code that zips or loops over answers, hands them back, swallows.
        kinds: outcomes allowed to it; "crash" stands for every signal. Never "pass" for a hostile one.
        never: what its output must not contain: it prints that when its attack worked.
    """

    name: str
    form: Form
    kinds: frozenset[str]
    code: str
    never: str = "OPEN"


def program(name: str, form: Form, kinds: frozenset[str] | set[str], code: str, never: str = "OPEN") -> Program:
    return Program(name, form, frozenset(kinds), textwrap.dedent(code).lstrip("\n"), never)


def attempt(name: str, code: str, kinds: frozenset[str] = DENIED) -> Program:
    """A stdio program that prints OPEN where its attack raises nothing, and DENIED where it does."""
    body = textwrap.indent(textwrap.dedent(code).strip("\n"), "    ")
    text = (
        f"try:\n{body}\n    print('OPEN')\nexcept BaseException as error:\n    print('DENIED', type(error).__name__)\n"
    )
    return Program(name, "stdio", kinds, text)


SYSCALL = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def system(*arguments):
    got = libc.syscall(*arguments)
    if got < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return got
"""
"""Raw system calls, for what Python has no function."""


def raw(name: str, code: str, kinds: frozenset[str] = DENIED) -> Program:
    """An attempt with raw system calls."""
    return attempt(name, SYSCALL + textwrap.dedent(code), kinds)
