"""Words of any script, by the script: the default tokenizer of text rewards."""

from __future__ import annotations

import functools
import re
import unicodedata

from jeoul.rewards._text import normal

__all__ = ["HANGUL", "unicode_words"]

# No spaces between words: Han, kana, Bopomofo, Thai, Lao, Myanmar, Khmer. One character is one token there.
_SPACELESS = (
    "\u3005-\u3007\u3040-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\U0001b000-\U0001b16f\U00020000-\U0003fffd"
)
HANGUL = "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb"
_ASCII_WORDS = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+|(?<=\d)[.,]\d+)*")


def unicode_words(text: str) -> list[str]:
    r"""Words of any script: NFC and casefold, then cut as ROUGE's authors cut English, by script.

    - Letters, with their combining marks, and digits run together: ``naïve``, ``हिन्दी``, ``H2O``. An apostrophe inside
      a word and a point or comma inside a number stay (UAX #29): ``don't``, ``3.14``.
    - Hangul is cut at spaces (eojeol) and where the script changes: ``KBS는 12개다`` is ``kbs 는 12 개다``.
    - Scripts written without spaces (Han, kana, Thai, Lao, Myanmar, Khmer) give one token a character.
    - Everything else (punctuation, symbols, emoji) separates.

    >>> unicode_words("KBS는 방송사이다. It's 3.14 — 東京!")
    ['kbs', '는', '방송사이다', "it's", '3.14', '東', '京']
    """
    if text.isascii():
        return _ASCII_WORDS.findall(text.lower())
    return _words_pattern().findall(normal(text.casefold(), "NFC").replace("\u2019", "'"))


@functools.cache
def _words_pattern() -> re.Pattern[str]:
    """Built at first use: ``re`` knows no Unicode categories, and asking for all of them takes some 20 ms."""
    marks = _mark_class()
    letters = rf"[^\W_{_SPACELESS}{HANGUL}]"  # digits too; marks are not word characters for ``re``
    plain = rf"{letters}[{marks}]*+"
    word = rf"(?:{plain})++(?:'(?:{plain})++|(?<=\d)[.,](?=\d)(?:{plain})++)*+"
    return re.compile(rf"[{_SPACELESS}][{marks}]*+|(?:[{HANGUL}][{marks}]*+)++|{word}")


def _mark_class() -> str:
    """All combining marks (category M) as the inside of a regex class."""
    marks = [code for code in range(0x300, 0x1F000) if unicodedata.category(chr(code))[0] == "M"]
    marks += range(0xE0100, 0xE01F0)
    ranges: list[list[int]] = []
    for code in marks:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"{chr(low)}-{chr(high)}" for low, high in ranges)
