r"""Letters that an answer declares to be any integer, as general solutions have them."""

from __future__ import annotations

import re

__all__ = ["INTEGER", "declared"]

INTEGER = "ℤ"  # stands for the variable of a general solution
_INTEGERS = r"(?:\\mathbb ?\{? ?Z ?\}?|\\Z|ℤ|Z)(?:\^\+|_\{?>0\}?)?"
_QUANTIFIER = r"(?:any|all|some|every|each)"
_DECLARED = re.compile(
    rf'[,;]?\s*\(?"?\s*(?:,?\s*(?:where|for|with|{_QUANTIFIER})\s+)*"?\s*(?:integers?\s+)?"?(?P<a>[k-nKNMt])"?\s*'
    rf'(?:\\in\s*{_INTEGERS}|"?\s*(?:is|are|be)?\s*(?:an?|any)?\s*(?:arbitrary\s+)?integers?|'
    rf'(?:은|는|이|가)?\s*(?:임의의\s*)?정수)\s*"?\)?\s*$'
    rf'|[,;]?\s*\(?"?\s*(?:where|for|with)?\s*{_QUANTIFIER}\s+integers?\s*"?\s*(?P<b>[k-nKNMt])\s*"?\)?\s*$'
)


def declared(text: str) -> str:
    r"""The text without "k is an integer" at its end, and that letter marked as one; of ``\{… | …\}`` what is inside.

    >>> declared(r"\frac{\pi}{6}+k\pi, k\in\mathbb{Z}"), declared(r"\{2k | k\in\mathbb{Z}\}"), declared("2k")
    ('\\frac{\\pi}{6}+ℤ\\pi', '2ℤ', '2k')
    """
    built = re.fullmatch(r"\\\{\s*([^|:]*?)\s*(?:\||:)\s*(.*)\\\}", text)
    if built is not None and _DECLARED.search(f", {built[2]}"):
        text = built[2] if len(built[1]) == 1 else f"{built[1]}, {built[2]}"
    found = _DECLARED.search(text)
    if found is None or not found.start():
        return text
    name = found["a"] or found["b"]
    return (
        re.sub(rf"(?<![A-Za-z\\]){name}(?![A-Za-z])|(?<=\\pi ){name}", INTEGER, text[: found.start()])
        .rstrip(' ,;("')
        .lstrip(' ,;"')
    )
