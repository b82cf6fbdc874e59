"""What the text rewards share: a safe normal form, user patterns, and reasons that stay short."""

from __future__ import annotations

import functools
import unicodedata
from typing import Literal

import regex as rx

from jeoul.errors import UsageError

__all__ = ["VISIBLE", "NormalForm", "compiled", "normal", "shown"]

NormalForm = Literal["NFC", "NFKC", "none"]

# A character that a reader sees. Zero-width spaces and Hangul fillers are letters or marks for ``str.isspace``.
VISIBLE = rx.compile(r"[^\s\p{Cc}\p{Default_Ignorable_Code_Point}]")
_MARKS = rx.compile(r"\P{ccc=0}{30}")
_JOINER = "\u034f"


def normal(text: str, form: NormalForm) -> str:
    r"""Give the Unicode normal form of ``text``, in linear time for any text.

    ``unicodedata`` sorts combining marks by insertion, so 40,000 of them in a row take it a second and ten times as
    many two minutes. Runs of more than 30 are cut first, as UAX #15 has it (Stream-Safe Text Format); no script needs
    longer ones.

    >>> normal("\u1112\u1161\u11ab", "NFC"), normal("①", "NFKC")
    ('한', '1')
    """
    if form == "none" or text.isascii():
        return text
    if not any(map(unicodedata.combining, text[::30])):  # no mark in every 30th place: no run of 30
        return unicodedata.normalize(form, text)
    return unicodedata.normalize(form, _MARKS.sub(r"\g<0>" + _JOINER, text)).replace(_JOINER, "")


def shown(text: str, most: int = 60) -> str:
    """``text`` as a reason quotes it: escaped, and cut after ``most`` characters.

    >>> shown("a" * 100, most=5)
    "'aaaa…'"
    """
    return repr(text if len(text) <= most else text[: most - 1] + "…")


@functools.lru_cache(maxsize=256)
def compiled(pattern: str, flags: int = 0) -> rx.Pattern[str]:
    """Compile a user's pattern (syntax of the ``regex`` package, a superset of Python's ``re``).

    Raises:
        UsageError: it is not a pattern; the message says where.
    """
    try:
        return rx.compile(pattern, flags)
    except (rx.error, ValueError, OverflowError, RecursionError) as error:
        raise UsageError(f"{shown(pattern)} is not a regular expression: {error}") from error
