"""Characters that a reader takes for the same, as explicit maps: quotes, spaces, what nobody sees, fullwidth ASCII.

Not NFKC: that turns the letter ㄱ into the initial consonant U+1100 and changes one gold in five.
"""

from __future__ import annotations

import re

from jeoul.rewards._text import normal

__all__ = ["BRACKETS", "FULLWIDTH", "INVISIBLE", "SPACES", "bare", "flat", "plain", "sentence_key", "visible"]

DOUBLE = "“”„‟〝〞＂″«»"
SINGLE = "‘’‚‛＇`´｀′"
BRACKETS = {"「": "」", "『": "』", "《": "》", "〈": "〉", "<": ">"}
SPACES = "\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
INVISIBLE = (
    "".join(map(chr, (*range(9), 11, 12, *range(14, 32), 127)))
    + "\xad\u034f\u115f\u1160\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    + "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u3164\ufeff\uffa0"
)
FULLWIDTH = "".join(map(chr, range(0xFF01, 0xFF5F)))

_SAME = (
    {ord(char): chr(ord(char) - 0xFEE0) for char in FULLWIDTH}
    | dict.fromkeys(map(ord, DOUBLE), '"')
    | dict.fromkeys(map(ord, SINGLE), "'")
    | dict.fromkeys(map(ord, SPACES), " ")
    | dict.fromkeys(map(ord, "\r\x85\u2028\u2029"), "\n")
)
_UNSEEN = re.compile(f"[{re.escape(INVISIBLE)}]+")
_NO_QUOTES = str.maketrans("", "", "\"'")


def visible(text: str) -> str:
    r"""NFC, one line end for ``\r\n``, nothing unseen.

    >>> visible("\u1112\u1161\u11ab\u200b글\r\n")
    '한글\n'
    """
    return _UNSEEN.sub("", normal(text.replace("\r\n", "\n"), "NFC"))


def flat(text: str) -> str:
    """Straight quotes, one kind of space and of line end, ASCII for its fullwidth twins: one character for each.

    >>> flat("“ＫＢＳ”가 옳다．"), flat("ㄱ ① ㎏")
    ('"KBS"가 옳다.', 'ㄱ ① ㎏')
    """
    return text if text.isascii() else text.translate(_SAME)


def plain(text: str) -> str:
    """What a reader takes ``text`` for: :func:`visible`, then :func:`flat`."""
    return flat(visible(text))


def bare(text: str) -> str:
    r"""``text`` as the official exact match compares it: no straight quotes, no white space at the ends.

    >>> bare('"그가 \'네.\'라고 했다."가 옳다 ')
    '그가 네.라고 했다.가 옳다'
    """
    return text.translate(_NO_QUOTES).strip()


def sentence_key(sentence: str) -> str:
    """What two sentences must have in common to be the same for a reader: every letter, sign and word space.

    The style of quotes, the kind and number of spaces and the width of ASCII are no difference; a missing space is
    one, because spacing is what some questions ask.

    >>> sentence_key("그가  “네.”라고 했다.") == sentence_key("그가 '네.'라고 했다."), sentence_key("할수") == "할 수"
    (True, False)
    """
    return " ".join(bare(plain(sentence)).split())
