r"""Canonical spelling of expressions that are not computed: arguments in braces, terms in order."""

from __future__ import annotations

import re

from jeoul.rewards.math.tables import ARITY

__all__ = ["FUNCTION", "form", "prepared", "shape"]

FUNCTION = re.compile(
    r"(?<![\\A-Za-z])(a?(?:rc)?(?:sin|cos|tan|cot|sec|csc)h?|log|ln|exp|cis|abs|floor|ceil|sgn|pi|sqrt|infty|theta|alpha|beta|gamma|lambda|omega)(?![A-Za-z])"
)
_ROOT = re.compile(r"\\sqrt\s*(?:\(([^()]*)\)|(\d+(?:\.\d+)?)(?=\s*(?:$|[-+*/,)\]}])))")
_POWER_PAREN = re.compile(r"\^\s*\(([^(){}]*)\)")

_TOKEN = re.compile(
    r"\\sqrt\s*\[[^\[\]{}]{0,20}\]|\\[A-Za-z]+|\\.|(?<=\^)\s*(?:[-+]?\d++(?:\.\d++)?|[-+][A-Za-z])|\s+|.", re.DOTALL
)


def shape(text: str) -> str:
    r"""The text with arguments in braces and no other braces: ``\frac12`` is ``\frac{1}{2}``, ``{a}+{b}`` is ``a+b``.

    A command takes the next token as TeX does (``\sqrt12`` is √1·2), a power takes all the digits after it (``x^12``
    is meant as x¹²). One pass with a stack of what each open brace and each command still waits for.

    >>> shape(r"\frac12{x}^12"), shape(r"\sqrt\frac ab"), shape("}}{{")
    ('\\frac{1}{2}x^{12}', '\\sqrt{\\frac{a}{b}}', '')
    """
    out: list[str] = []
    waiting: list[tuple[str, int]] = []  # what closes the group, and arguments its command still needs after it
    implicit: list[bool] = []
    need = 0
    for token in _TOKEN.findall(text):
        if token.isspace() and need:
            continue
        token = token.strip() or " "
        if token == "}":
            while implicit and implicit[-1]:
                out.append(waiting.pop()[0])
                implicit.pop()
            if not waiting:
                continue
            implicit.pop()
            closer, need = waiting.pop()
            out.append(closer)
        elif token == "{":
            out.append("{" if need else "")
            waiting.append(("}", need - 1) if need else ("", 0))
            implicit.append(False)
            need = 0
        else:
            arity = ARITY.get(token.partition("[")[0].strip() if token[0] == "\\" else token, 0)
            if need and not arity:
                out.append("{" + token + "}")
                need -= 1
            elif need:
                out.append("{" + token)
                waiting.append(("}", need - 1))
                implicit.append(True)
                need = arity
            else:
                out.append(token)
                need = arity
        while not need and implicit and implicit[-1]:
            implicit.pop()
            closer, need = waiting.pop()
            out.append(closer)
    out.extend(closer for closer, _ in reversed(waiting))
    return "".join(out)


def prepared(text: str) -> str:
    r"""The text shaped, with names of functions as commands and ``\sqrt(…)`` and ``^(…)`` in braces."""
    return shape(_ROOT.sub(_rooted, _POWER_PAREN.sub(r"^{\1}", FUNCTION.sub(r"\\\1 ", text))))


def _rooted(found: re.Match[str]) -> str:
    return f"\\sqrt{{{found[1] or found[2]}}}"


_ATOM_FRACTION = re.compile(
    r"(?<![\w.}/^)])(-?)(\d+(?:\.\d+)?|[A-Za-z]|\\[a-z]+ ?)/(\d+(?:\.\d+)?|[A-Za-z]|\\[a-z]+)(?![\w.(/\\^_{! ])"
)
_FORM_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|[^\s\"]")
_TERM = re.compile(r"\\[{}]|[(){}\[\]]|(?<![-+*/^=<>(,{\[ ])[-+]")
_NOT_A_SUM = re.compile(r'[<>|",]|\\(?:pm|mp|sum|int|prod|lim|in|le|ge|ne|cup|cap|mod|bmod|pmod)(?![A-Za-z])')


def form(text: str) -> str:
    r"""Canonical spelling of a form: no spaces, arguments braced, simple ``a/b`` as a fraction, terms of sums in order.

    >>> form("2x + 1") == form("1+2 x"), form(r"\pi/2") == form(r"\frac{\pi}2"), form("b-a") == form("a-b")
    (True, True, False)
    """
    text = prepared(text)
    text = _ATOM_FRACTION.sub(r"\1\\frac{\2}{\3}", _joined(_FORM_TOKEN.findall(text)))
    if _NOT_A_SUM.search(text):
        return text
    return "=".join(_sorted_sum(side) for side in text.split("="))


def _joined(tokens: list[str]) -> str:
    """Tokens without spaces, save where two would become one; a product's sign only between numbers."""
    out: list[str] = []
    for index, token in enumerate(tokens):
        before, after = (out[-1] if out else ""), (tokens[index + 1] if index + 1 < len(tokens) else "")
        numbers = before[-1:].isdigit() and (after[:1].isdigit() or after == "\\frac")
        if token == "*" and before and after and not numbers:
            continue
        command = before[:1] == "\\" and before[-1].isalpha()
        if (before[-1:].isdigit() and token[0].isdigit()) or (command and token[0].isalpha()):
            out.append(" ")
        out.append(token)
    return "".join(out)


def _sorted_sum(text: str) -> str:
    level, start = 0, 0
    terms: list[str] = []
    for token in _TERM.finditer(text):
        mark = token[0][-1]
        if mark in "([{":
            level += 1
        elif mark in ")]}":
            level -= 1
        elif not level and token.start() > start:
            terms.append(text[start : token.start()])
            start = token.start()
    terms.append(text[start:])
    signed = sorted(term if term[:1] in ("+", "-") else "+" + term for term in terms)
    return "".join(signed).removeprefix("+")
