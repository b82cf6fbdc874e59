"""Hangul below the word: by syllable and by letter (jamo); everything else as the ``unicode`` tokenizer has it."""

from __future__ import annotations

import functools
import re
import unicodedata

from jeoul.rewards.tokenizers.words import HANGUL, unicode_words

__all__ = ["jamo", "syllables"]


def syllables(text: str) -> list[str]:
    """Each syllable of Hangul a token; the words of other scripts as in ``unicode``.

    >>> syllables("KBS는 방송사다")
    ['kbs', '는', '방', '송', '사', '다']
    """
    words = unicode_words(text)
    if text.isascii():
        return words
    cut: list[str] = []
    for word in words:
        if _hangul().match(word):
            cut += word
        else:
            cut.append(word)
    return cut


def jamo(text: str) -> list[str]:
    """Each letter of Hangul a token, wherever in the syllable it stands; the words of other scripts as in ``unicode``.

    >>> jamo("각 ㄱ AI")
    ['ㄱ', 'ㅏ', 'ㄱ', 'ㄱ', 'ai']
    """
    words = unicode_words(text)
    if text.isascii():
        return words
    cut: list[str] = []
    for word in words:
        if _hangul().match(word):
            cut += unicodedata.normalize("NFD", word).translate(_letters())
        else:
            cut.append(word)
    return cut


@functools.cache
def _hangul() -> re.Pattern[str]:
    return re.compile(f"[{HANGUL}]")


@functools.cache
def _letters() -> dict[int, str]:
    """Conjoining letters → those that stand alone: ㄱ is one letter before a vowel, after it and alone."""
    alone = {}
    for code in range(0x1100, 0x1200):
        kind, _, letter = unicodedata.name(chr(code)).removeprefix("HANGUL ").partition(" ")
        if kind in ("CHOSEONG", "JUNGSEONG", "JONGSEONG"):
            try:
                alone[code] = unicodedata.lookup(f"HANGUL LETTER {letter}")
            except KeyError:  # of old Hangul, and without a form that stands alone
                continue
    return alone
