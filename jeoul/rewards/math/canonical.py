r"""From an answer's text to what it is: a number, time, choice, collection, words, or a form in canonical spelling."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from jeoul.rewards._text import normal
from jeoul.rewards.math.numbers import DIGIT_LIMIT, Number, read_number
from jeoul.rewards.math.tables import ARITY, CHARACTERS, COMMANDS, KOREAN_ENDING

__all__ = ["Choice", "Form", "Items", "Reading", "Time", "Value", "Words", "read", "shape", "tidy"]


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day on a 12-hour face, with its half of the day where that is said (24-hour times say it)."""

    minutes: int
    half: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A letter of a multiple choice."""

    letter: str


@dataclass(frozen=True, slots=True)
class Words:
    """An answer in words, casefolded."""

    text: str


@dataclass(frozen=True, slots=True)
class Form:
    """Anything else, in canonical spelling: equal text is equal meaning, unequal text says nothing."""

    text: str


@dataclass(frozen=True, slots=True)
class Items:
    """Several answers in one.

    Attributes:
        kind: ``list`` (bare, order free), ``set`` (order free), ``tuple``, ``union``, or ``matrix`` with its shape.
        brackets: as written, for they tell an open interval from a closed one.
    """

    kind: str
    elements: tuple[Reading, ...]
    brackets: str = ""


Value = Number | Time | Choice | Words | Form | Items


@dataclass(frozen=True, slots=True)
class Reading:
    """A value and the variable it was said to be of: ``x`` in ``x = 5``."""

    value: Value
    label: str = ""


CACHED_LENGTH = 256  # a longer answer can become a thousand objects: not to be kept

_TEXT = re.compile(r"\\(?:text(?:bf|it|rm|sf|tt|normal)?|mbox|hbox|mathrm|operatorname\*?)\s{0,8}\{([^{}]*)\}")
_COMMAND = re.compile(r"\\([A-Za-z]+)\s*")
_SPACING = re.compile(r"\\[,;:> ]|(?<!\\)~|\\(?=\n)|\s")
_FUNCTION = re.compile(
    r"(?<![\\A-Za-z])(a?(?:rc)?(?:sin|cos|tan|cot|sec|csc)h?|log|ln|exp|pi|sqrt|infty|theta|alpha|beta|gamma|lambda|omega)(?![A-Za-z])"
)
_ROOT = re.compile(r"\\sqrt\s*(?:\(([^()]*)\)|(\d+(?:\.\d+)?)(?=\s*(?:$|[-+*/,)\]}])))")
_POWER_PAREN = re.compile(r"\^\s*\(([^(){}]*)\)")
_DEGREE = re.compile(r"\^\s*\{?\s*(?:\\circ(?![A-Za-z])|°)\s*\}?")
_WORDS = re.compile(r"[^\W\d_]+(?:[ '.-]+[^\W\d_]+)*+")
_PRIMES = re.compile(r"\^\s*(?:'|\{\s*'[' ]*\})")
_AND = re.compile(r'"?\s*,?\s*(?<![A-Za-z])(?:and|or|또는|혹은|그리고)(?![A-Za-z])\s*"?')
_LABEL = re.compile(
    r"(\\?[A-Za-z]+(?:_\{?[\w\\ ]{1,6}\}?)?'?(?:\([A-Za-z]\))?)\s*(?:=(?!=)|\\(?:in|approx)(?![A-Za-z]))(?=\s*\S)"
)
_ENDING = re.compile(rf"\s*(?:{KOREAN_ENDING}[.!]*)$")
_ROW = "¶"  # a line break in a matrix, once tidied: never white space
_TRAILING = " \t\r\n.,;:"


def tidy(text: str) -> str:
    r"""The text with one spelling for each thing: characters, commands, delimiters, spacing; nothing is computed.

    ``\text{…}`` becomes ``"…"``, ``\$`` becomes ``¤``, math delimiters and sizes of brackets vanish.

    >>> tidy(r"$\left( 3,\; \dfrac{π}{2} \right).$"), tidy(r"10,\!080"), tidy(r"５\%"), tidy(r"90^\circ")
    ('( 3, \\frac {\\pi }{2} )', '10,080', '5%', '90°')
    """
    text = normal(text, "NFC")
    if not text.isascii():
        text = "".join([char if char < "\x80" else _character(char) for char in text])
    if "$" in text:
        text = re.sub(r"\$\s*,\s*\$", ", ", text.replace("\\$", "¤")).replace("$", "")
    if "\\" in text:
        text = text.replace("\\\\", _ROW)
        text = re.sub(r"\\!\s*|\\phantom\s*\{[^{}]*\}|\\[()\[\]]|\\(?:left|right)\s*\.", "", text)
        text = _DEGREE.sub("°", text).replace("\\%", "%").replace("\\#", "#").replace("\\&", "&")
        text = _SPACING.sub(" ", _TEXT.sub(lambda found: f' "{found[1].replace(chr(34), "")}" ', text))
        text = _COMMAND.sub(_spelling, text)
    text = _PRIMES.sub(lambda found: "'" * found[0].count("'"), text)
    text = text.replace("{,}", ",").replace("**", "^" if re.search(r"\w\*\*\w", text) else "")
    text = re.sub(r" ?\bx ?(?=10\^)", "*", " ".join(text.split())).strip("*`_ ").rstrip(_TRAILING)
    text = _ENDING.sub("", text) if text[-1:] > "가" else text
    text = re.sub(r'(?<=[\d}°%"])\s*(?:임|다)$', "", text) if text[-1:] in "임다" else text
    return text.rstrip(_TRAILING).lstrip(" ,;:")


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


_TOKEN = re.compile(
    r"\\sqrt\s*\[[^\[\]{}]{0,20}\]|\\[A-Za-z]+|\\.|(?<=\^)\s*(?:[-+]?\d++|[-+][A-Za-z])|\s+|.", re.DOTALL
)


def shape(text: str) -> str:
    r"""The text with arguments in braces and no other braces: ``\frac12`` is ``\frac{1}{2}``, ``{a}+{b}`` is ``a+b``.

    A command takes the next token as TeX does (``\sqrt12`` is √1·2), a power takes all the digits after it (``x^12``
    is meant as x¹²). One pass with a stack of what each open brace and each command still waits for.

    >>> shape(r"\frac12{x}^12"), shape(r"\sqrt\frac ab"), shape("}}{{")
    ('\\frac{1}{2}x^{12}', '\\sqrt{\\frac{a}{b}}', '')
    """
    out: list[str] = []
    waiting: list[tuple[str, int]] = []  # what closes the group, and arguments its command still needs after it
    implicit: list[bool] = []
    need = 0
    for token in _TOKEN.findall(text):
        if token.isspace() and need:
            continue
        token = token.strip() or " "
        if token == "}":
            while implicit and implicit[-1]:
                out.append(waiting.pop()[0])
                implicit.pop()
            if not waiting:
                continue
            implicit.pop()
            closer, need = waiting.pop()
            out.append(closer)
        elif token == "{":
            out.append("{" if need else "")
            waiting.append(("}", need - 1) if need else ("", 0))
            implicit.append(False)
            need = 0
        else:
            arity = ARITY.get(token.partition("[")[0].strip() if token[0] == "\\" else token, 0)
            if need and not arity:
                out.append("{" + token + "}")
                need -= 1
            elif need:
                out.append("{" + token)
                waiting.append(("}", need - 1))
                implicit.append(True)
                need = arity
            else:
                out.append(token)
                need = arity
        while not need and implicit and implicit[-1]:
            implicit.pop()
            closer, need = waiting.pop()
            out.append(closer)
    out.extend(closer for closer, _ in reversed(waiting))
    return "".join(out)


def read(text: str) -> tuple[Reading, ...]:
    r"""What an answer's text may mean, likeliest first; nothing for an empty answer.

    Only a comma before three digits leaves two meanings: ``1,234`` is a number, or a list of two.

    >>> [type(reading.value).__name__ for text in (r"$\frac{1}{2}$", "1,234", "x+1", " $$ ") for reading in read(text)]
    ['Number', 'Number', 'Items', 'Form']
    """
    return _cached(text) if len(text) <= CACHED_LENGTH else _readings(text)


def _readings(text: str) -> tuple[Reading, ...]:
    if text.isascii() and text.isdigit() and len(text) <= DIGIT_LIMIT:  # most golds
        return (Reading(Number(Fraction(int(text)), digits=len(text.lstrip("0")), step=Fraction(1))),)
    plain = tidy(text)
    if not plain:
        return ()
    first = _read(plain, 0)
    if isinstance(first.value, Number) and "," in plain and ",0" not in plain:
        return first, Reading(_several(_split(plain, ","), 0), first.label)
    return (first,)


_cached = functools.lru_cache(maxsize=1024)(_readings)


def _read(text: str, depth: int) -> Reading:
    label = _LABEL.match(text)
    if label is not None and "=" not in text[label.end() :]:
        name = "".join(label[1].split())
        if len(name.strip("\\'")) == 1 or not name.isalpha():
            return Reading(_value(text[label.end() :].strip(), depth), name)
    return Reading(_value(text, depth))


def _value(text: str, depth: int) -> Value:
    text = text.strip()
    words = re.sub(r'["\s]+', " ", text).strip(_TRAILING).casefold()
    leaf = _simple(text, words)
    if leaf is not None or depth >= 4:
        return leaf or Form(form(text))
    if "\\begin" in text:
        return _matrix(text, depth) or Form(form(text))
    inside, brackets = _unwrap(text)
    if brackets:
        parts = _split(inside, ",") if "," in inside else _split(inside, ";")
        if len(parts) > 1:
            return _several(parts, depth, "set" if brackets == "{}" else "tuple", brackets)
        if brackets in ("()", "[]", "{}") and inside:
            only = _value(inside, depth + 1)
            return only if not isinstance(only, Form) or brackets == "{}" else Form(form(text))
    if "\\cup" in text and len(union := _split(text, "\\cup")) > 1:
        return _several(union, depth, "union")
    if not brackets:
        listed = _AND.sub(",", text) if len(words) < 400 else text
        parts = [part for part in _split(listed, ",") if part.strip()]
        if len(parts) > 1 or "\\pm" in text:
            return _several(parts, depth)
    return Form(form(text))


def _simple(text: str, words: str) -> Value | None:
    """A number, time, choice or words."""
    number = read_number(shape(_ROOT.sub(_rooted, _POWER_PAREN.sub(r"^{\1}", _FUNCTION.sub(r"\\\1 ", text)))))
    if number is not None:
        return number
    clock = re.fullmatch(r"(\d{1,2}) ?(?:: ?(\d{2}))? ?(?:([ap])\.? ?(m?)\.*)?", words)
    if clock is not None and (clock[2] or clock[4]) and int(clock[1]) < 25 and int(clock[2] or 0) < 60:
        hour, minute = int(clock[1]), int(clock[2] or 0)
        half = clock[3] or ("p" if 12 < hour < 24 else "a" if hour in (0, 24) else "")
        return Time(hour % 12 * 60 + minute, half)
    bare = text.replace('"', " ").strip()
    letter = re.fullmatch(r"\(?\s?([A-J])\s?\)?[.):]?(?:(?<=[).:])\s*+\S.*)?", bare)
    if letter is not None and not re.search(r"\b[A-J][).:]|\b(?:and|or)\b|^[^(]*,", bare[letter.end(1) + 1 :]):
        return Choice(letter[1])
    wordy = (len(words) > 3 or '"' in text or words in ("yes", "no")) and _WORDS.fullmatch(words)
    if wordy and len(words) > 1 and not _AND.search(text):
        return Words(re.sub(r"^(?:an?|the) ", "", words))
    return None


def _several(parts: list[str], depth: int, kind: str = "list", brackets: str = "") -> Items:
    elements = []
    for part in parts:
        if kind in ("list", "set") and part.count("\\pm") == 1 and "\\mp" not in part:
            elements += [_read(part.replace("\\pm", sign).lstrip("+ "), depth + 1) for sign in "+-"]
        else:
            elements.append(_read(part.strip(), depth + 1))
    return Items(kind, tuple(elements), brackets)


def _matrix(text: str, depth: int) -> Items | None:
    found = re.fullmatch(r"\\begin ?\{([pb]?matrix)\}(.*)\\end ?\{\1\}", text)
    if found is None or "\\begin" in found[2]:
        return None
    rows = [[cell.strip() for cell in row.split("&")] for row in found[2].split(_ROW) if row.strip()]
    cells = tuple(_read(cell, depth + 1) for row in rows for cell in row)
    return Items(f"matrix {'/'.join(str(len(row)) for row in rows)}", cells)


_PARTS = re.compile(r"\\[{}]|\\cup|[(){}\[\],;]")


def _split(text: str, separator: Literal[",", ";", "\\cup"]) -> list[str]:
    """Cut at a separator that is outside all brackets."""
    parts, level, start = [], 0, 0
    for token in _PARTS.finditer(text):
        mark = token[0][-1]
        if mark in "([{":
            level += 1
        elif mark in ")]}":
            level -= 1
        elif token[0] == separator and level <= 0:
            parts.append(text[start : token.start()])
            start = token.end()
    return [*parts, text[start:]]


def _unwrap(text: str) -> tuple[str, str]:
    r"""Inside of the brackets around all of the text, and which they are (``{}`` for ``\{…\}``); else ("", "")."""
    opening, closing = (2 if text.startswith("\\{") else 1), (2 if text.endswith("\\}") else 1)
    brackets = text[opening - 1 : opening] + text[-1:]
    if brackets not in ("()", "[]", "{}", "(]", "[)") or len(text) < opening + closing or text[:1] == "{":
        return "", ""
    level = 0
    for token in _PARTS.finditer(text):
        level += (token[0][-1] in "([{") - (token[0][-1] in ")]}")
        if not level and token.end() < len(text) and token[0][-1] in ")]}":
            return "", ""
    return (text[opening:-closing].strip(), brackets) if not level else ("", "")


def _rooted(found: re.Match[str]) -> str:
    return f"\\sqrt{{{found[1] or found[2]}}}"


_ATOM_FRACTION = re.compile(
    r"(?<![\w.}/^)])(-?)(\d+(?:\.\d+)?|[A-Za-z]|\\[a-z]+ ?)/(\d+(?:\.\d+)?|[A-Za-z]|\\[a-z]+)(?![\w.(/\\^_{! ])"
)
_FORM_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|[^\s\"]")
_TERM = re.compile(r"\\[{}]|[(){}\[\]]|(?<![-+*/^=<>(,{\[ ])[-+]")
_NOT_A_SUM = re.compile(r'[<>|",]|\\(?:pm|mp|sum|int|prod|lim|in|le|ge|ne|cup|cap|mod|bmod|pmod)(?![A-Za-z])')


def form(text: str) -> str:
    r"""Canonical spelling of a form: no spaces, arguments braced, simple ``a/b`` as a fraction, terms of sums in order.

    >>> form("2x + 1") == form("1+2 x"), form(r"\pi/2") == form(r"\frac{\pi}2"), form("b-a") == form("a-b")
    (True, True, False)
    """
    text = shape(_ROOT.sub(_rooted, _POWER_PAREN.sub(r"^{\1}", _FUNCTION.sub(r"\\\1 ", text))))
    text = _ATOM_FRACTION.sub(r"\1\\frac{\2}{\3}", _joined(_FORM_TOKEN.findall(text)))
    if _NOT_A_SUM.search(text):
        return text
    return "=".join(_sorted_sum(side) for side in text.split("="))


def _joined(tokens: list[str]) -> str:
    """Tokens without spaces, save where two would become one; a product's sign only between numbers."""
    out: list[str] = []
    for index, token in enumerate(tokens):
        before, after = (out[-1] if out else ""), (tokens[index + 1] if index + 1 < len(tokens) else "")
        numbers = before[-1:].isdigit() and (after[:1].isdigit() or after == "\\frac")
        if token == "*" and before and after and not numbers:
            continue
        command = before[:1] == "\\" and before[-1].isalpha()
        if (before[-1:].isdigit() and token[0].isdigit()) or (command and token[0].isalpha()):
            out.append(" ")
        out.append(token)
    return "".join(out)


def _sorted_sum(text: str) -> str:
    level, start = 0, 0
    terms: list[str] = []
    for token in _TERM.finditer(text):
        mark = token[0][-1]
        if mark in "([{":
            level += 1
        elif mark in ")]}":
            level -= 1
        elif not level and token.start() > start:
            terms.append(text[start : token.start()])
            start = token.start()
    terms.append(text[start:])
    signed = sorted(term if term[:1] in ("+", "-") else "+" + term for term in terms)
    return "".join(signed).removeprefix("+")
