"""One spelling for each thing in an answer: characters, commands, delimiters, spacing."""

from __future__ import annotations

import re

from jeoul.rewards._text import normal
from jeoul.rewards.math.korean import from_korean
from jeoul.rewards.math.tables import CHARACTERS, COMMANDS, KOREAN_ENDING

__all__ = ["ROW", "TRAILING", "tidy"]

_TEXT = re.compile(r"\\(?:text(?:bf|it|rm|sf|tt|normal)?|mbox|hbox|mathrm|operatorname\*?)\s{0,8}\{([^{}]*)\}")
_COMMAND = re.compile(r"\\([A-Za-z]+)\s*")
_SPACING = re.compile(r"\\[,;:> ]|(?<!\\)~|\\(?=\n)|\s")
_DEGREE = re.compile(r"\^\s*\{?\s*(?:\\circ(?![A-Za-z])|°)\s*\}?")
_PRIMES = re.compile(r"\^\s*(?:'|\{\s*'[' ]*\})")
_ENDING = re.compile(rf"\s*(?:{KOREAN_ENDING}[.!]*)$")
_GOES_ON = re.compile(r"(?<=\d)\s*(?:\.{3,6}|…)")
_HANGUL = re.compile("[가-힣]")
ROW = "¶"  # a line break in a matrix, once tidied: never white space
TRAILING = " \t\r\n.,;:"


def tidy(text: str) -> str:
    r"""The text with one spelling for each thing: characters, commands, delimiters, spacing; nothing is computed.

    ``\text{…}`` becomes ``"…"``, ``\$`` becomes ``¤``, math delimiters and sizes of brackets vanish.

    >>> tidy(r"$\left( 3,\; \dfrac{π}{2} \right).$"), tidy(r"10,\!080"), tidy(r"５\%"), tidy(r"90^\circ")
    ('( 3, \\frac {\\pi }{2} )', '10,080', '5%', '90°')
    """
    text = normal(text, "NFC")
    if "..." in text or "…" in text:
        text = _GOES_ON.sub(r"\\ldots ", text)
    if not text.isascii():
        text = "".join([char if char < "\x80" else _character(char) for char in text])
    if "$" in text:
        text = re.sub(r"\$\s*,\s*\$", ", ", text.replace("\\$", "¤")).replace("$", "")
    if "\\" in text:
        text = text.replace("\\\\", ROW)
        text = re.sub(r"\\!\s*|\\phantom\s*\{[^{}]*\}|\\[()\[\]]|\\(?:left|right)\s*\.", "", text)
        text = _DEGREE.sub("°", text).replace("\\%", "%").replace("\\#", "#").replace("\\&", "&")
        text = _SPACING.sub(" ", _TEXT.sub(lambda found: f' "{found[1].replace(chr(34), "")}" ', text))
        text = _COMMAND.sub(_spelling, text)
    text = _PRIMES.sub(lambda found: "'" * found[0].count("'"), text)
    text = text.replace("{,}", ",").replace("**", "^" if re.search(r"\w\*\*\w", text) else "")
    text = re.sub(r" ?\bx ?(?=10\^)", "*", " ".join(text.split())).strip("*`_ ").rstrip(TRAILING)
    text = _ENDING.sub("", text) if text[-1:] > "가" else text
    text = re.sub(r'(?<=[\d}°%"])\s*(?:임|다)$', "", text) if text[-1:] in "임다" else text
    text = text.rstrip(TRAILING).lstrip(" ,;:")
    if text[:1] in "=\\":
        text = re.sub(r"^(?:=|\\approx(?![A-Za-z]))\s*(?=\S)", "", text)
    return from_korean(text) if not text.isascii() and len(text) < 80 and _HANGUL.search(text) else text


def _character(char: str) -> str:
    mapped = CHARACTERS.get(char)
    if mapped is not None:
        return mapped
    if "\uff01" <= char <= "\uff5e":
        return chr(ord(char) - 0xFEE0)
    return str(int(char)) if char.isdecimal() else char


def _spelling(found: re.Match[str]) -> str:
    name = found[1]
    canonical = COMMANDS.get(name)
    if canonical is None:
        return f"\\{name} "
    return canonical + " " if canonical[:1] == "\\" and canonical[-1:].isalpha() else canonical
