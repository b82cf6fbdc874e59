r"""From an answer's text to what it is: a number, time, choice, collection, words, or a form in canonical spelling."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from jeoul.rewards.math.forms import form, prepared, shape
from jeoul.rewards.math.numbers import DIGIT_LIMIT, Number, read_number
from jeoul.rewards.math.tidying import ROW, TRAILING, tidy

__all__ = ["INTEGER", "Choice", "Form", "Items", "Reading", "Time", "Value", "Words", "form", "read", "shape", "tidy"]


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
    """Anything else, in canonical spelling: equal text is equal meaning, unequal text says nothing.

    Attributes:
        source: the tidied text it came from, for the parser.
    """

    text: str
    source: str = field(default="", compare=False, repr=False)


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

_WORDS = re.compile(r"[^\W\d_]+(?:[ '.-]+[^\W\d_]+)*+")
_AND = re.compile(r'"?\s*,?\s*(?<![A-Za-z])(?:and|or|또는|혹은|그리고)(?![A-Za-z])\s*"?')
_LABEL = re.compile(
    r"(\\?[A-Za-z]+(?:_\{?[\w\\ ]{1,6}\}?)?'?(?:\([A-Za-z]\))?)\s*(?:=(?!=)|\\(?:in|approx)(?![A-Za-z]))(?=\s*\S)"
)
_NAME = re.compile(
    r"((?:m ?)?(?:\\(?:angle|triangle|overline|widehat) ?\{?)?[A-Z]{2,4}\}?|\|[A-Z]{2}\||[A-Za-z]\([^()=<>]{1,12}\)|"
    r'"[^"]{1,30}"|[A-Za-z][A-Za-z ]{3,30})\s*=(?=[^=<>]*(?:\d|\\pi))'
)
INTEGER = "ℤ"  # stands for the variable of a general solution
_INTEGERS = r"(?:\\mathbb ?\{? ?Z ?\}?|\\Z|ℤ|Z)(?:\^\+|_\{?>0\}?)?"
_QUANTIFIER = r"(?:any|all|some|every|each)"
_DECLARED = re.compile(
    rf'[,;]?\s*\(?"?\s*(?:,?\s*(?:where|for|with|{_QUANTIFIER})\s+)*"?\s*(?:integers?\s+)?"?(?P<a>[k-nKNM])"?\s*'
    rf'(?:\\in\s*{_INTEGERS}|"?\s*(?:is|are|be)?\s*(?:an?|any)?\s*(?:arbitrary\s+)?integers?|'
    rf'(?:은|는|이|가)?\s*(?:임의의\s*)?정수)\s*"?\)?\s*$'
    rf'|[,;]?\s*\(?"?\s*(?:where|for|with)?\s*{_QUANTIFIER}\s+integers?\s*"?\s*(?P<b>[k-nKNM])\s*"?\)?\s*$'
)
_PART = re.compile(r'(?:^|(?<=[\s,;.]))"?\((?:([a-e1-5])|(i{1,3}|iv|v))\)"?\s*(?=[^\s,)])')


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
    if "Z" in plain or "integer" in plain or "정수" in plain or INTEGER in plain:
        plain = _general(plain)
    if plain[:1] in '("' and (parts := _parts(plain)):
        return (Reading(parts),)
    first = _read(plain, 0)
    if isinstance(first.value, Number) and "," in plain and ",0" not in plain:
        return first, Reading(_several(_split(plain, ","), 0), first.label)
    return (first,)


_cached = functools.lru_cache(maxsize=1024)(_readings)


def _form(text: str) -> Form:
    return Form(form(text), text)


def _general(text: str) -> str:
    r"""The text without "k is an integer" at its end, and that letter marked as one."""
    declared = _DECLARED.search(text)
    if declared is None or not declared.start():
        return text
    name = declared["a"] or declared["b"]
    return re.sub(rf"(?<![A-Za-z\\]){name}(?![A-Za-z])|(?<=\\pi ){name}", INTEGER, text[: declared.start()]).strip(
        ' ,;("'
    )


def _parts(text: str) -> Items | None:
    """The answers of a question in parts, ``(a) 5 (b) 6``, in their order; None if it is not of that kind."""
    marks = list(_PART.finditer(text))
    names = [mark[1] or mark[2] for mark in marks]
    if len(marks) < 2 or marks[0].start() or names not in [list(row[: len(names)]) for row in _PART_NAMES]:
        return None
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    cells = [text[mark.end() : end].strip(" ,;.") for mark, end in zip(marks, ends, strict=True)]
    return _several(cells, 0, "parts") if all(cells) else None


_PART_NAMES = ("abcde", "12345", ("i", "ii", "iii", "iv", "v"))


def _read(text: str, depth: int) -> Reading:
    label = _LABEL.match(text)
    if label is not None and "=" not in text[label.end() :]:
        name = "".join(label[1].split())
        if len(name.strip("\\'")) == 1 or not name.isalpha():
            return Reading(_value(text[label.end() :].strip(), depth), name)
    named = _NAME.match(text) if "=" in text else None
    if named is not None and "=" not in text[named.end() :]:
        return Reading(_value(text[named.end() :].strip(), depth), "".join(named[1].split()))
    return Reading(_value(text, depth))


def _value(text: str, depth: int) -> Value:
    text = text.strip()
    words = re.sub(r'["\s]+', " ", text).strip(TRAILING).casefold()
    leaf = _simple(text, words)
    if leaf is not None or depth >= 4:
        return leaf or _form(text)
    if text[:1] == "{" and re.fullmatch(r"\{[^{}]*,[^{}]*\}", text):  # a set in plain text
        text = f"\\{text[:-1]}\\}}"
    if "\\begin" in text:
        return _matrix(text, depth) or _form(text)
    inside, brackets = _unwrap(text)
    if brackets:
        parts = _split(inside, ",") if "," in inside else _split(inside, ";")
        if len(parts) > 1:
            return _several(parts, depth, "set" if brackets == "{}" else "tuple", brackets)
        if brackets in ("()", "[]", "{}") and inside:
            only = _value(inside, depth + 1)
            return only if not isinstance(only, Form) or brackets == "{}" else _form(text)
    if "\\cup" in text and len(union := _split(text, "\\cup")) > 1:
        return _several(union, depth, "union")
    if not brackets:
        listed = _AND.sub(",", text) if len(words) < 400 else text
        parts = [part for part in _split(listed, ",") if part.strip()]
        if len(parts) > 1 or "\\pm" in text:
            return _several(parts, depth)
    return _form(text)


def _simple(text: str, words: str) -> Value | None:
    """A number, time, choice or words."""
    number = read_number(prepared(text))
    if number is not None:
        return number
    clock = re.fullmatch(r"(\d{1,2}) ?(?:: ?(\d{2}))? ?(?:([ap])\.? ?(m?)\.*)?", words)
    if clock is not None and (clock[2] or clock[4]) and int(clock[1]) < 25 and int(clock[2] or 0) < 60:
        hour, minute = int(clock[1]), int(clock[2] or 0)
        half = clock[3] or ("p" if 12 < hour < 24 else "a" if hour in (0, 24) else "")
        return Time(hour % 12 * 60 + minute, half)
    bare = text.replace('"', " ").strip()
    letter = re.fullmatch(
        r"(?:(?i:option|choice|answer)\s?)?\(?\s?([A-J])\s?\)?(?:번|[.):])?(?:(?<=[).:])\s*+\S.*)?", bare
    )
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
    text = re.sub(
        r"^[(\[]\s*\\begin ?\{array\} ?\{[lcr| ]+\}(.*)\\end ?\{array\}\s*[)\]]$",
        r"\\begin{matrix}\1\\end{matrix}",
        text,
    )
    found = re.fullmatch(r"\\begin ?\{([pb]?(?:small)?matrix)\}(.*)\\end ?\{\1\}", text)
    if found is None or "\\begin" in found[2]:
        return None
    rows = [[cell.strip() for cell in row.split("&")] for row in found[2].split(ROW) if row.strip()]
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
