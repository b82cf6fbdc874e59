"""One spelling for each thing in an answer: characters, commands, delimiters, spacing."""

from __future__ import annotations

import functools
import re

from jeoul.rewards._text import normal
from jeoul.rewards.math.korean import from_korean
from jeoul.rewards.math.tables import CHARACTERS, COMMANDS, KOREAN_ENDING

__all__ = ["ROW", "TRAILING", "tidy"]

_TEXT = re.compile(r"\\(?:text(?:bf|it|rm|sf|tt|normal)?|mbox|hbox|mathrm|operatorname\*?)\s{0,8}\{([^{}]*)\}")
_COMMAND = re.compile(r"\\([A-Za-z]+)\s*")
_SPACING = re.compile(r"\\[,;:> ]|(?<!\\)~|\\(?=\n)|\s")
_DEGREE = re.compile(r"\^\s*\{?\s*(?:\\circ(?![A-Za-z])|°)\s*\}?")
_BEFORE_C = re.compile(r'_ ?(?:\{[^{}]*\}|\d+) ?"? ?[CPH]')  # ₁₀C₃
_DOLLAR = re.compile(r"\s*-?\s*\$\s?\d[\d.,]*\s*$")
_SCRIPTS = re.compile(r"([_^])\{(\d)\}\1\{(\d)\}")  # of two digits in superscript or subscript
_PRIMES = re.compile(r"\^\s*(?:'|\{\s*'[' ]*\})")
_ENDING = re.compile(rf"\s*(?:{KOREAN_ENDING}[.!]*)$")
_GOES_ON = re.compile(r"(?<=\d)\s*(?:\.{3,6}|…)")
_HANGUL = re.compile("[가-힣]")
_CIRCLED = re.compile(r"(?<=[①-⑳])\s*(?=[①-⑳])")
_HTML = re.compile(r"<(su[bp])>([^<>]{1,60})</su[bp]>")
_LOST = re.compile(r"\x0c(?=rac\b|rac\{)|\t(?=frac|imes|heta)|\x08(?=egin\{|inom|ar\{)|\r(?=ight)")
_ESCAPES = {"\x0c": "\\f", "\t": "\\t", "\x08": "\\b", "\r": "\\r"}
_DOUBLED = re.compile(r"\\\\(?=[A-Za-z]{2}|[{}%,;])")
_RELATION = re.compile(r"<=|>=|==|(?<![\d)!])!=|(?<=[\d)]) +!=")
_RELATIONS = {"<=": "\\le ", ">=": "\\ge ", "==": "=", "!=": "\\ne "}
ROW = "¶"  # a line break in a matrix, once tidied: never white space
TRAILING = " \t\r\n.,;:"


@functools.lru_cache(maxsize=1024)
def tidy(text: str) -> str:
    r"""The text with one spelling for each thing: characters, commands, delimiters, spacing; nothing is computed.

    ``\text{…}`` becomes ``"…"``, ``\$`` becomes ``¤``, math delimiters and sizes of brackets vanish.

    >>> tidy(r"$\left( 3,\; \dfrac{π}{2} \right).$"), tidy(r"10,\!080"), tidy(r"５\%"), tidy(r"90^\circ")
    ('( 3, \\frac {\\pi }{2} )', '10,080', '5%', '90°')
    """
    text = _repaired(normal(text, "NFC"))
    if "..." in text or "…" in text:
        text = _GOES_ON.sub(r"\\ldots ", text)
    if not text.isascii():
        text = _CIRCLED.sub(", ", text)
        text = _SCRIPTS.sub(r"\1{\2\3}", "".join([char if char < "\x80" else _character(char) for char in text]))
    if "$" in text:
        if text.count("$") == 1 and _DOLLAR.match(text):  # no delimiter: those come in pairs
            text = text.replace("$", "¤")
        text = re.sub(r"\$\s*,\s*\$", ", ", text.replace("\\$", "¤")).replace("$", "")
    if "\\" in text:
        text = text.replace("\\\\", ROW)
        text = re.sub(r"\\!\s*|\\phantom\s*\{[^{}]*\}|\\[()\[\]]|\\(?:left|right)\s*\.", "", text)
        text = _DEGREE.sub("°", text).replace("\\%", "%").replace("\\#", "#").replace("\\&", "&")
        text = _SPACING.sub(" ", _TEXT.sub(lambda found: f' "{found[1].replace(chr(34), "")}" ', text))
        text = _COMMAND.sub(_spelling, text)
    text = _PRIMES.sub(lambda found: "'" * found[0].count("'"), text)
    if "=" in text:
        text = _RELATION.sub(lambda found: _RELATIONS[found[0].strip()], text)
    text = re.sub(r"\{\s*,\s*\}", ",", text).replace("**", "^" if re.search(r"\w\*\*\w", text) else "")
    text = re.sub(r"(?<=[\w}])\.\s*(?=[)\]]\s*$)", "", text)
    if text.count("{") > text.count("}") and text.lstrip()[:1] == "{":  # a box that is not closed
        text = text.lstrip()[1:]
    text = re.sub(r" ?\bx ?(?=10\^)", "*", " ".join(text.split()))
    text = text.strip("*` " if _BEFORE_C.match(text) else "*`_ ").rstrip(TRAILING)
    text = _ENDING.sub("", text) if text[-1:] > "가" else text
    text = re.sub(r'(?<=[\d}°%"])\s*(?:임|다)$', "", text) if text[-1:] in "임다" else text
    text = text.rstrip(TRAILING).lstrip(" ,;:")
    if text[:1] in "=\\":
        text = re.sub(r"^(?:=|\\approx(?![A-Za-z]))\s*(?=\S)", "", text)
    return from_korean(text) if not text.isascii() and len(text) < 80 and _HANGUL.search(text) else text


def _repaired(text: str) -> str:
    r"""Backslashes that a JSON reader took (``\f`` of ``\frac``) or doubled, powers in HTML."""
    if "\x0c" in text or "\t" in text or "\x08" in text or "\r" in text:
        text = _LOST.sub(lambda found: _ESCAPES[found[0]], text)
    if "<su" in text:
        text = _HTML.sub(lambda found: f"{'^' if found[1] == 'sup' else '_'}{{{found[2]}}}", text)
    if "\\\\" in text and "\\begin" not in text:
        text = _DOUBLED.sub(r"\\", text)
    if text.rstrip().endswith("\\"):
        text = text.rstrip("\\ \t\r\n")
    return re.sub(r"\\(q?quad)(?=[A-Za-z])", r"\\\1 ", text) if "quad" in text else text


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
