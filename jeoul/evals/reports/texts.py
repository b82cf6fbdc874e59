"""Texts of models on a page: cut to what a page can hold, and nothing in them that is not seen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from jeoul.arrow_column import valid_text

__all__ = ["LONGEST", "Cut", "cut", "fitting", "visible"]

LONGEST, ALTOGETHER = 20_000, 48_000_000
"""Characters of one text, and of all texts of a page."""
LEAST = 400
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class Cut(NamedTuple):
    """The beginning of a text, how many characters are left out behind it, and its end."""

    head: str
    left_out: int
    tail: str


def cut(text: str, limit: int = LONGEST) -> Cut:
    """At most ``limit`` characters, a quarter of them from the end, where the answer stands.

    >>> cut("abcdefghijkl", limit=8)
    Cut(head='abcdef', left_out=4, tail='kl')
    >>> cut("abc", limit=8)
    Cut(head='abc', left_out=0, tail='')
    """
    if len(text) <= limit:
        return Cut(valid_text(text), 0, "")
    tail = limit // 4
    return Cut(valid_text(text[: limit - tail]), len(text) - limit, valid_text(text[len(text) - tail :]))


def fitting(lengths: Sequence[int], altogether: int = ALTOGETHER, longest: int = LONGEST) -> int:
    """The limit of one text (400 to ``longest``) under which all of them take no more than ``altogether``.

    >>> fitting([100, 100_000]), fitting([10_000] * 10_000)
    (20000, 4800)
    """
    low, high = LEAST, longest
    if sum(min(length, high) for length in lengths) <= altogether:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if sum(min(length, middle) for length in lengths) <= altogether:
            low = middle
        else:
            high = middle
    return low


def visible(text: str) -> str:
    r"""Control characters and marks that turn the direction of writing, as something to see; lone surrogates as �.

    >>> visible("a\x00b\u202ec\ud800")
    'a␀b⟨U+202E⟩c�'
    """
    return _UNSEEN.sub(_shown, valid_text(text))


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"
