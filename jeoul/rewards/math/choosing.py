r"""Ways to choose, as schools of many countries write them: ``{n \choose k}``, ``{}_nC_k``, ``{}_nP_k``, ``C(n,k)``."""

from __future__ import annotations

import re

__all__ = ["chosen"]

_CHOOSE = re.compile(r"\{([^{}]{1,60})\\choose(?![A-Za-z])([^{}]{1,60})\}")
_PART = r"(?:\{ ?([^{}]{1,40}?) ?\}|(\d+|[a-z]))"
_BEFORE = re.compile(rf'(?:\{{ ?\}} ?)?[_^] ?{_PART} ?"? ?([CPH]) ?"? ?_ ?{_PART}')
_BESIDE = re.compile(r'(?<![\w.}])(\d{1,3}) ?"? ?([CP]) ?"? ?(\d{1,3})(?![\w.])')
_CALLED = re.compile(r"(?<![A-Za-z\\_])C ?\( ?(\d{1,6}) ?, ?(\d{1,6}) ?\)")
_STACKED = re.compile(r"(?<![A-Za-z\\])C ?_ ?\{? ?(\d{1,6}) ?\}? ?\^ ?\{? ?(\d{1,6}) ?\}?")


def chosen(text: str) -> str:
    r"""The text with its numbers of choices as binomials and quotients of factorials.

    ``C`` with two numbers is a choice only where it can be one: ``C(5,2)``, but ``C(2,5)`` is a point, and ``C_1^2`` a
    power.

    >>> chosen(r"{10 \choose 3}"), chosen("{}_{10}C_3"), chosen("C(5,2)"), chosen("C(2,5)")
    ('\\binom{10}{3}', '\\binom{10}{3}', '\\binom{5}{2}', 'C(2,5)')
    >>> chosen("_{5}P_{2}"), chosen("_3H_2")
    ('\\frac{(5)!}{(5-(2))!}', '\\binom{3+2-1}{2}')
    """
    if "\\choose" in text:
        text = _CHOOSE.sub(lambda found: rf"\binom{{{found[1].strip()}}}{{{found[2].strip()}}}", text)
    if not any(letter in text for letter in "CPH"):
        return text
    text = _BEFORE.sub(lambda found: _ways(found[1] or found[2], found[3], found[4] or found[5]), text)
    text = _BESIDE.sub(lambda found: _ways(*found.groups()), text)
    text = _CALLED.sub(_possible, text)
    return _STACKED.sub(lambda found: _possible(found) if int(found[1]) > 2 else found[0], text)


def _possible(found: re.Match[str]) -> str:
    return _ways(found[1], "C", found[2]) if int(found[1]) >= int(found[2]) else found[0]


def _ways(of: str, letter: str, many: str) -> str:
    if letter == "P":
        return rf"\frac{{({of})!}}{{({of}-({many}))!}}"
    return rf"\binom{{{of}}}{{{many}}}" if letter == "C" else rf"\binom{{{of}+{many}-1}}{{{many}}}"
