r"""From an answer's text to what it is: a number, time, choice, collection, words, or a form in canonical spelling."""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

from jeoul.rewards.math.forms import form, prepared, shape
from jeoul.rewards.math.framing import framed
from jeoul.rewards.math.integers import INTEGER, declared
from jeoul.rewards.math.labels import named, tuple_names
from jeoul.rewards.math.matrices import unrolled
from jeoul.rewards.math.numbers import DIGIT_LIMIT, Number, read_number
from jeoul.rewards.math.tables import NOTHING
from jeoul.rewards.math.tidying import ROW, TRAILING, tidy
from jeoul.rewards.math.units import read_mixed
from jeoul.rewards.math.wording import worded

__all__ = [
    "Choice",
    "Form",
    "Items",
    "Reading",
    "Time",
    "Value",
    "Words",
    "form",
    "read",
    "says_nothing",
    "shape",
    "tidy",
    "with_comma",
]


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
        joint: "and" or "or" where that stands between the values, and not the other.
    """

    kind: str
    elements: tuple[Reading, ...]
    brackets: str = ""
    joint: str = field(default="", compare=False)


Value = Number | Time | Choice | Words | Form | Items


@dataclass(frozen=True, slots=True)
class Reading:
    """A value and the variable it was said to be of: ``x`` in ``x = 5``."""

    value: Value
    label: str = ""


_ORDINAL = re.compile(r'(\d{1,6}) ?(?:\^ ?)?\{? ?"? ?(?:st|nd|rd|th)\b ?"? ?\}?(?: ?("?[A-Za-z]{2,12}"?))?')
LIST_LIMIT = 1000  # values of one answer; more are compared by their text
SIGNED_LIMIT = 16  # of them with ±, each of which may be eight
CACHED_LENGTH = 256  # a longer answer can become a thousand objects: not to be kept

_WORDS = re.compile(r"[^\W\d_]+(?:[ '.-]+[^\W\d_]+)*+")
_AND = re.compile(
    r'"?\s*[,;]?\s*(?:(?<![A-Za-z])(?:and|or)(?![A-Za-z])|\\l(?:and|or)(?![A-Za-z])|또는|혹은|그리고|및|或|和|または)\s*"?|(?<=[\d)}])(?:and|or)(?=[-\dA-Z(\\])'
    r"|(?<=[\d)}]) ?(?:와|과) (?=[-\d(\\])"
)
_OR = re.compile(r"(?<![A-Za-z])(?:or|\\lor)(?![A-Za-z])|또는|혹은|或|または")
_JOINT_AND = re.compile(r"(?<![A-Za-z])(?:and|\\land)(?![A-Za-z])|그리고|및|和")
_BUILT = re.compile(
    r"\\\{ ?[A-Za-z] ?(?:\\in ?\\mathbb ?\{? ?R ?\}?)? ?(?:\||:)"
)  # a set by what is true of its members
_OUTWARD = re.compile(r"([\[\](])([^\[\]]*[,;][^\[\]]*)([\[\])])")  # ]1,2[ is (1,2)
_CODED = re.compile(r'"?\s*(USD|EUR|KRW|JPY|GBP)\s*"?\s*[¤€₩£¥]?\s*(\d[\d,.]*)')
_TO = re.compile(r'(\d{1,9})\s*"?\s*to\s*"?\s*(\d{1,9})')
_PART = re.compile(r'(?:^|(?<=[\s,;.]))"?\((?:([a-e1-5])|(i{1,3}|iv|v))\)"?\s*(?=[^\s,)])')


def read(text: str) -> tuple[Reading, ...]:
    r"""What an answer's text may mean, likeliest first; nothing for an empty answer.

    Only a comma before three digits leaves two meanings: ``1,234`` is a number, or a list of two.

    >>> [type(reading.value).__name__ for text in (r"$\frac{1}{2}$", "1,234", "x+1", " $$ ") for reading in read(text)]
    ['Number', 'Number', 'Items', 'Form']
    """
    return _remembered(text) if len(text) <= CACHED_LENGTH else _readings(text)


def _readings(text: str) -> tuple[Reading, ...]:
    if text.isascii() and text.isdigit() and len(text) <= DIGIT_LIMIT:  # most golds
        return (Reading(Number(Fraction(int(text)), digits=len(text.lstrip("0")), step=Fraction(1))),)
    plain = tidy(text)
    if not plain:
        return ()
    plain = unrolled(plain)
    if "Z" in plain or "integer" in plain or "정수" in plain or INTEGER in plain:
        plain = declared(plain)
    if plain[:1] in '("' and (parts := _parts(plain)):
        return (Reading(parts),)
    plain = framed(plain)
    first = _read(plain, 0)
    if isinstance(first.value, Choice):
        said = _CHOSEN.match(plain)
        return (first, _read(said[1], 1)) if said is not None else (first,)
    if isinstance(first.value, Time) and re.fullmatch(r"[\d :]+", plain):  # or a ratio
        return first, Reading(_form(plain), first.label)
    if isinstance(first.value, Number) and "," in plain and ",0" not in plain:
        return first, Reading(_several(_split(plain, ","), 0), first.label)
    return (first,)


def with_comma(text: str, answer: bool) -> tuple[Reading, ...]:
    """Readings of a text, and the decimal that it is with a comma for a point: ``0,125`` or ``2,75``.

    ``2,5`` is read so in an answer alone: in a gold it is two numbers, in an answer the gold says what it has to be.
    """
    found = read(text)
    if "," not in text or len(text) > 40 or not found:
        return found
    plain = tidy(text)
    if answer and re.fullmatch(r"-?\d{1,3}(?:\.\d{3})+,\d{1,12}", plain):  # 1.234,5: points between thousands
        number = read_number(plain.replace(".", "").replace(",", "."))
        return found if number is None else (*found[:1], Reading(number))
    decimal = re.fullmatch(r"(-?)(\d{1,9}),(\d{1,12})", plain)
    if decimal is None or (len(decimal[3]) == 3 and decimal[2] != "0") or (len(decimal[3]) < 2 and not answer):
        return found
    number = read_number(f"{decimal[1]}{decimal[2]}.{decimal[3]}")
    return found if number is None else (*found[:1], Reading(number))


_remembered = functools.lru_cache(maxsize=1024)(_readings)


def _form(text: str) -> Form:
    return Form(form(text), text)


def _parts(text: str) -> Items | None:
    """The answers of a question in parts, ``(a) 5 (b) 6``, in their order; None if it is not of that kind."""
    marks = list(_PART.finditer(text))
    names = [mark[1] or mark[2] for mark in marks]
    if len(marks) < 2 or marks[0].start() or names not in [list(row[: len(names)]) for row in _PART_NAMES]:
        return None
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    cells = [text[mark.end() : end].strip(" ,;.") for mark, end in zip(marks, ends, strict=True)]
    return _several(cells, 0, "parts") if all(cells) else None


_CHOSEN = re.compile(r'"?(?:(?i:option|choice|answer)\s?)?\(?\s?[A-J]\s?(?:\)|[.:])[.:]?"?\s*(\S.*)', re.DOTALL)


_PART_NAMES = ("abcde", "12345", ("i", "ii", "iii", "iv", "v"))


def _read(text: str, depth: int) -> Reading:
    names, rest = tuple_names(text)
    if names:
        value = _value(rest, depth)
        if isinstance(value, Items) and value.kind in ("list", "set"):  # (x,y) = (1,2), (3,4)
            return Reading(replace(value, elements=tuple(_members(each, names) for each in value.elements)))
        return Reading(_named_values(value, names))
    label, rest = named(text)
    return Reading(_value(rest, depth), label)


def _members(reading: Reading, names: list[str]) -> Reading:
    return replace(reading, value=_named_values(reading.value, names))


def _named_values(value: Value, names: list[str]) -> Value:
    if not isinstance(value, Items) or len(value.elements) != len(names):
        return value
    return replace(value, elements=tuple(map(_called, value.elements, names)))


def _called(reading: Reading, name: str) -> Reading:
    return replace(reading, label=name)


def _value(text: str, depth: int) -> Value:
    text = text.strip()
    words = re.sub(r'["\s]+', " ", text).strip(TRAILING).casefold()
    leaf = _simple(text, words)
    if leaf is not None or depth >= 4 or _BUILT.match(text):
        return leaf or _form(text)
    if (outward := _OUTWARD.fullmatch(text)) is not None and (text[0] == "]" or text[-1] == "["):
        text = f"{'(' if text[0] == ']' else text[0]}{outward[2]}{')' if text[-1] == '[' else text[-1]}"
    if text[:1] == "{" and re.fullmatch(r"\{[^{}]*,[^{}]*\}", text):  # a set in plain text, in TeX what is inside
        text = text[1:-1]
    if "\\begin" in text:
        return _matrix(text, depth) or _form(text)
    inside, brackets = _unwrap(text)
    if brackets:
        if brackets == "()" and "," in inside and (signed := _signed(text)):
            return _several(signed, depth)
        parts = _split(inside, ",") if "," in inside else _split(inside, ";")
        if len(parts) > 1:
            return _rows(_several(parts, depth, "set" if brackets == "{}" else "tuple", brackets))
        if brackets in ("()", "[]", "{}") and inside:
            only = _value(inside, depth + 1)
            if brackets == "{}" and (depth or says_nothing(only)):  # {∅} is not ∅, nor is {{1}} the set {1}
                return _form(text)
            return only if not isinstance(only, Form) or brackets == "{}" else _form(text)
    if "\\cup" in text and len(union := _split(text, "\\cup")) > 1:
        return _several(union, depth, "union")
    if not brackets and ";" in text and len(groups := _split(text, ";")) > 1:
        return _several([group for group in groups if group.strip()], depth)
    if not brackets:
        listed = _AND.sub(",", text) if len(words) < 400 else text
        parts = [part for part in _split(listed, ",") if part.strip()]
        if len(parts) > 1 or "\\pm" in text:
            found = _several(parts, depth)
            either, both = (listed != text and word.search(text) is not None for word in (_OR, _JOINT_AND))
            return found if either is both else replace(found, joint="or" if either else "and")
    if (ratio := _TO.fullmatch(text)) is not None:
        return _form(f"{ratio[1]}:{ratio[2]}")
    return _form(text)


def says_nothing(value: Value) -> bool:
    """Whether it is the empty set, or words such as "no solution"."""
    return (isinstance(value, Words) and value.text in NOTHING) or (
        isinstance(value, Form) and value.text.strip() in ("\\emptyset", "\\{\\}")
    )


def _simple(text: str, words: str) -> Value | None:
    """A number, time, choice or words."""
    if (coded := _CODED.fullmatch(text)) is not None:  # USD 5
        text = f'{coded[2]} "{coded[1]}"'
    number = read_number(prepared(text)) or read_mixed(text) or worded(words)
    if number is not None:
        return number
    ordinal = _ORDINAL.fullmatch(text)
    if ordinal is not None and (number := read_number(f"{ordinal[1]} {ordinal[2] or ''}")) is not None:
        return replace(number, digits=None, step=None)
    clock = re.fullmatch(r"(\d{1,2}) ?(?:: ?(\d{2}))? ?(?:([ap])\.? ?(m?)\.*)?", words)
    if clock is not None and (clock[2] or clock[4]) and int(clock[1]) < 25 and int(clock[2] or 0) < 60:
        hour, minute = int(clock[1]), int(clock[2] or 0)
        half = clock[3] or ("p" if 12 < hour < 24 else "a" if hour in (0, 24) else "")
        return Time(hour % 12 * 60 + minute, half)
    bare = text.replace('"', " ").strip()
    letter = re.fullmatch(
        r"(?:(?i:option|choice|answer)\s?)?\(?\s?([A-J])\s?\)?(?:번|[.):])?(?:(?<=[).:])(?:\s++-|\s*+[^-\s+*/^=<>_!]).*)?",
        bare,
    )
    if letter is not None and not re.search(r"\b[A-J][).:]|\b(?:and|or)\b|^[^(]*,", bare[letter.end(1) + 1 :]):
        return Choice(letter[1])
    wordy = (len(words) > 3 or "가" <= words[:1] <= "힣" or '"' in text or words in ("yes", "no")) and _WORDS.fullmatch(
        words
    )
    if wordy and len(words) > 1 and not _AND.search(text):
        return Words(re.sub(r"^(?:an?|the) ", "", words))
    return None


def _several(parts: list[str], depth: int, kind: str = "list", brackets: str = "") -> Items:
    if len(parts) > LIST_LIMIT:
        return Items(kind, (Reading(_form(",".join(parts))),), brackets)
    elements: list[Reading] = []
    for part in parts:
        if (
            kind in ("list", "set")
            and len(parts) <= SIGNED_LIMIT
            and (signed := _signed(part))
            and (len(signed) == 2 or "," in part)
        ):
            elements += [_read(each, depth + 1) for each in signed]
        else:
            elements.append(_read(framed(part.strip()), depth + 1))
    return Items(kind, _systems(elements) if kind == "list" else tuple(elements), brackets)


def _systems(elements: list[Reading]) -> tuple[Reading, ...]:
    """``x=1, y=2 or x=3, y=4`` as the two solutions that it is: each time the same names in the same order."""
    names = [element.label for element in elements]
    size = names.index(names[0], 1) if names and names[0] in names[1:] else 0
    if size < 2 or not all(names) or len(set(names[:size])) < size or names != names[:size] * (len(names) // size):
        return tuple(elements)
    return tuple(Reading(Items("list", tuple(elements[at : at + size]))) for at in range(0, len(elements), size))


def _signed(text: str) -> list[str]:
    r"""All choices of the signs of one to three ±: ``(\pm 1, \pm 2)`` is four points; none with ∓."""
    parts = text.split("\\pm")
    if not 2 <= len(parts) <= 4 or "\\mp" in text:
        return []
    choices = itertools.product("+-", repeat=len(parts) - 1)
    return ["".join(map("".join, zip(parts, (*signs, ""), strict=True))).lstrip("+ ") for signs in choices]


def _rows(items: Items) -> Items:
    """``[[1,2],[3,4]]`` as the matrix it is."""
    cells = [element.value for element in items.elements]
    lines = [cell for cell in cells if isinstance(cell, Items) and cell.brackets == "[]" and cell.kind[:3] != "mat"]
    if items.brackets != "[]" or len(lines) < len(cells):
        return items
    shape = "/".join(str(len(line.elements)) for line in lines)
    return Items(f"matrix {shape}", tuple(cell for line in lines for cell in line.elements))


def _matrix(text: str, depth: int) -> Items | None:
    text = re.sub(
        r"^[(\[]\s*\\begin ?\{array\} ?\{[lcr| ]+\}(.*)\\end ?\{array\}\s*[)\]]$",
        r"\\begin{matrix}\1\\end{matrix}",
        text,
    )
    found = re.fullmatch(r"\\begin ?\{([pbB]?(?:small)?matrix)\}(.*)\\end ?\{\1\}", text)
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
