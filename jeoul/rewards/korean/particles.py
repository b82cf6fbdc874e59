"""Agreement of 이/가 with the sentence before it."""

from __future__ import annotations

import unicodedata

from jeoul.rewards.korean.tables import plain

__all__ = ["fitting_particle"]

_UNITS = "%‰℃℉°′″㎏"


def fitting_particle(sentence: str) -> str:
    """The particle that follows ``sentence``: "이" after a final consonant, "가" after a vowel, "이/가" where both may.

    The last letter or digit decides; punctuation, quotes and spaces after it are skipped. Digits as they are read:
    0 1 3 6 7 8 → 이, 2 4 5 9 → 가. A consonant jamo (ㄱ) → 이, a vowel jamo (ㅏ) → 가. Latin letters, units, emoji and
    whatever else has no one reading → both; so does a text with nothing to read.

    >>> [fitting_particle(text) for text in ("물", "비.", "3", '"5"', "ㄱ", "ㅏ", "KBS", "10%", "")]
    ['이', '가', '이', '가', '이', '가', '이/가', '이/가', '이/가']
    """
    for char in reversed(plain(sentence[-1000:])):
        if "가" <= char <= "힣":
            return "이" if (ord(char) - ord("가")) % 28 else "가"
        if char in "013678":
            return "이"
        if char in "2459":
            return "가"
        if "ㄱ" <= char <= "ㅎ":
            return "이"
        if "ㅏ" <= char <= "ㅣ":
            return "가"
        if char in _UNITS or unicodedata.category(char)[0] not in "PZC":
            return "이/가"
    return "이/가"
