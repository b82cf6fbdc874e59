"""English numerals in words."""

from __future__ import annotations

from fractions import Fraction

from jeoul.rewards.math.numbers import Number

__all__ = ["worded"]

_WORDS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen twenty thirty forty fifty sixty seventy eighty ninety
"""
_ONES = {word: value for value, word in enumerate(_WORDS.split()[:20])}
_TENS = {word: 20 + 10 * place for place, word in enumerate(_WORDS.split()[20:])}
_PARTS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4, "fourths": 4,
    "fifth": 5, "fifths": 5, "sixth": 6, "sixths": 6, "eighth": 8, "eighths": 8, "tenth": 10, "tenths": 10,
}  # fmt: skip


def worded(words: str) -> Number | None:
    """The number that a text in lower case is; None for anything else.

    >>> [worded(text).value for text in ("five", "twenty-one", "two hundred and six", "three quarters")]
    [Fraction(5, 1), Fraction(21, 1), Fraction(206, 1), Fraction(3, 4)]
    >>> worded("five or six"), worded("one two")
    (None, None)
    """
    if len(words) > 60 or not words.isascii():
        return None
    parts = words.replace("-", " ").split()
    if not parts or (parts[0] not in _ONES and parts[0] not in _TENS):
        return None
    if len(parts) == 2 and parts[1] in _PARTS and parts[0] in _ONES:
        return Number(Fraction(_ONES[parts[0]], _PARTS[parts[1]]))
    total = 0
    if len(parts) > 1 and parts[1] == "hundred" and 0 < _ONES.get(parts[0], 0) < 10:
        total, parts = 100 * _ONES[parts[0]], parts[2:]
        if parts[:1] == ["and"]:
            parts = parts[1:] or ["and"]
    rest = _below_hundred(parts)
    return None if rest is None else Number(Fraction(total + rest))


def _below_hundred(parts: list[str]) -> int | None:
    if not parts:
        return 0
    if len(parts) == 1:
        return _ONES.get(parts[0], _TENS.get(parts[0]))
    if len(parts) == 2 and parts[0] in _TENS and 0 < _ONES.get(parts[1], 0) < 10:
        return _TENS[parts[0]] + _ONES[parts[1]]
    return None
