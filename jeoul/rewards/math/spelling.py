r"""Tokens, and spellings that the parser does not want to know: brackets of arguments, decimals that go on."""

from __future__ import annotations

import re
from fractions import Fraction

from jeoul.rewards.math.expressions import UnreadableError
from jeoul.rewards.math.forms import FUNCTION

__all__ = ["DIGIT_LIMIT", "braced", "recurring", "tokens"]

DIGIT_LIMIT = 600
TOKEN_LIMIT = 600
_ARGUMENT = re.compile(r"(?:\\sqrt\s*(?:\[[^\[\]{}]{0,20}\]\s*)?|\^\s*)\(")
_APPLIED = re.compile(r"\\(?:(?:arc|a|ar)?(?:sin|cos|tan|cot|sec|csc)h?|ln|log|exp)\s*\{")


_TOKEN = re.compile(
    r"""(?P<rec>\d*\.\d*(?:\\overline\{\d+\}|\(\d+\)|\\dot\{\d\}(?:\d*\\dot\{\d\})?))"""
    r"""|(?P<ell>\d*\.\d+\s*(?:\\ldots|…|\.\.\.))"""
    r"""|(?P<num>(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d+)(?:\.\d+)?(?:[eE][-+]?\d{1,3}(?![\w.^{]))?|\.\d+)"""
    r"""|(?P<cmd>\\[A-Za-z]+|\\[|{}])|(?P<text>"[^"]*")"""
    r"""|(?P<sym>[^\W\d_]'*)|(?P<op>[-+*/^_(){}\[\]|!%°,=])|(?P<space>\s+)|(?P<bad>.)""",
    re.DOTALL,
)


def tokens(text: str) -> list[tuple[str, str]]:
    """Kind and text of every token of an expression in braces, without spaces.

    Raises:
        UnreadableError: one is not understood, or there are more than 600.
    """
    out: list[tuple[str, str]] = []
    for found in _TOKEN.finditer(text):
        kind = str(found.lastgroup)
        if kind == "sym" and found[0] >= "\u3000":  # Hangul, kana and Han letters stand for no variable
            raise UnreadableError(f"{found[0]} is of a word")
        if kind == "bad":
            raise UnreadableError(f"{found[0]!r} is not understood")
        if kind != "space":
            out.append((kind, found[0]))
        if len(out) > TOKEN_LIMIT:
            raise UnreadableError(f"more than {TOKEN_LIMIT} tokens")
    return out


def braced(text: str) -> str:
    r"""Brackets of ``\sqrt(…)`` and ``^(…)`` as braces, braces of ``\sin{…}`` as brackets: its argument ends there."""
    text = FUNCTION.sub(r"\\\1 ", text)
    starts = {found.end() - 1 for found in _ARGUMENT.finditer(text)} if "(" in text else set()
    starts |= {found.end() - 1 for found in _APPLIED.finditer(text)}
    if not starts:
        return text
    out = list(text)
    stacks: dict[str, list[int]] = {"(": [], "{": []}
    for index, char in enumerate(text):
        if char in stacks:
            stacks[char].append(index)
        elif char in ")}" and (stack := stacks["(" if char == ")" else "{"]):
            opening = stack.pop()
            if opening in starts:
                out[opening], out[index] = "{}" if char == ")" else "()"
    return "".join(out)


def recurring(token: str) -> Fraction:
    r"""Value of ``0.1\overline{6}``, ``0.1(6)``, ``0.1\dot{6}`` and ``0.1666…``."""
    whole, _, rest = token.partition(".")
    if len(token) > DIGIT_LIMIT:
        raise UnreadableError(f"more than {DIGIT_LIMIT} digits")
    marked = re.fullmatch(r"(\d*)(?:\\overline\{(\d+)\}|\((\d+)\)|\\dot\{(\d)\}(?:(\d*)\\dot\{(\d)\})?)", rest)
    if marked:
        fixed, repeated = marked[1], marked[2] or marked[3] or marked[4] + (marked[5] or "") + (marked[6] or "")
    else:
        digits = re.match(r"\d+", rest)
        found = re.fullmatch(r"(\d{0,12}?)(\d{1,6}?)\2{2,}", digits[0] if digits else "")
        if found is None:
            raise UnreadableError(f"{token} does not say what goes on")
        fixed, repeated = found[1], found[2]
    period = Fraction(int(repeated), 10 ** len(repeated) - 1)
    return (int(whole + fixed or "0") + period) / Fraction(10 ** len(fixed))
