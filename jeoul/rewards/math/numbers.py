r"""Exact numbers of the form c·√r·π^k, read from text by arithmetic on fractions: no ``eval``, no floats."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from fractions import Fraction

from jeoul.rewards.math.tables import CURRENCY, SCALES, UNITS

__all__ = ["Number", "approximate", "hundredth", "read_number", "same"]

DIGIT_LIMIT = 600  # below the least limit that Python lets anyone set on int ↔ str conversion (640)
POWER_LIMIT = 1000
BIT_LIMIT = 4096
NESTING_LIMIT = 6

_PLAIN = re.compile(r"(?:\d{1,3}(?:,\d{3})++(?![\d,])|\d{1,3}(?: \d{3})++(?![\d/]| \d)|\d++)(?:\.\d*+)?+|\.\d++")
_EXPONENT = re.compile(r"[eE]([+-]?\d{1,5})(?![\w.{^])")
_RECURRING = re.compile(r"(\d*)\.(\d*)\\overline\{(\d+)\}")
_POWER = re.compile(r"\^\{([+-]?)(\d{1,6})\}")
_MIXED = re.compile(r" ?(?:\\frac\{(\d+)\}\{(\d+)\}|(?<= )(\d+)/(\d+)(?![\d./]))")
_TIMES = re.compile(r" ?([*/]) ?")
_UNIT = re.compile(r"""\s*(?:(/|per\b)\s*|\*\s*)?("?)([^\W\d_]+|° ?[cfCF](?![^\W_])|[%°]|\'\'?)(?: ?\^\{(-?\d)\})?""")
_SPEED = re.compile(r"m ?/ ?s(?![A-Za-z])")
_QUOTED = re.compile(r'"([^"]*)"')
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Number:
    r"""``value·√root·π^pi``, exactly, and how it was written.

    Attributes:
        digits: significant digits, if it was written as one decimal; else None.
        step: worth of its last digit, if it was written as one decimal; else None.
        unit: canonical unit, or "".
        percent: a ``%`` followed; the value does not include it.
        scale: what a word such as "million" multiplies it by.
    """

    value: Fraction
    root: Fraction = Fraction(1)
    pi: int = 0
    digits: int | None = None
    step: Fraction | None = None
    unit: str = ""
    percent: bool = False
    scale: Fraction = Fraction(1)

    @property
    def square(self) -> Fraction:
        """value²·root with the sign of value: equal exactly for equal c·√r."""
        return self.value * abs(self.value) * self.root


def same(one: Number, other: Number) -> bool:
    """Whether both are the same number (π is transcendental, so powers of it must agree)."""
    return one.square == other.square and (one.pi == other.pi or not one.value)


def hundredth(number: Number) -> Number:
    """A percentage as the number it is."""
    step = None if number.step is None else number.step / 100
    return replace(number, value=number.value / 100, step=step, percent=False)


def approximate(number: Number) -> Fraction:
    """The number to about 40 significant digits (exactly, if it is rational and written without a root)."""
    if number.root == 1 and not number.pi:
        return number.value
    top, bottom = number.root.as_integer_ratio()
    root = Fraction(math.isqrt(top * bottom * 10**100), bottom * 10**50)
    pi = Fraction(31415926535897932384626433832795028841971693993751, 10**49)
    return number.value * root * pi**number.pi


def read_number(text: str) -> Number | None:
    r"""The number a text is, with its unit; None if it is anything else.

    ``text`` has its arguments braced, as :func:`jeoul.rewards.math.canonical.shape` leaves it.

    >>> read_number("-1 1/2").value, read_number(r"\frac{270}{7} degrees").unit, read_number("8.7*10^{8}").digits
    (Fraction(-3, 2), '°', 2)
    >>> read_number("2x"), read_number("5 apples and a pear")
    (None, None)
    """
    text = text.strip()
    if text[:1] == '"' == text[-1:] and text.count('"') == 2:
        text = text[1:-1].strip()
    sign, currency = 1, ""
    while text and (text[0] in "+-" or text[0] in CURRENCY):
        if text[0] in CURRENCY:
            if currency:
                return None
            currency = CURRENCY[text[0]]
        elif sign < 0 or (text[0] == "+" and text[1:2] == "-"):
            return None
        else:
            sign = -1 if text[0] == "-" else 1
        text = text[1:].lstrip()
    found = _product(text, 0, 0)
    if found is None:
        return None
    number, end = found
    number = replace(number, value=sign * number.value)
    rest = text[end:].strip()
    return _with_unit(number, rest, currency) if rest or currency else number


def _product(text: str, at: int, depth: int) -> tuple[Number, int] | None:
    """Factors side by side, times or divided by one another; stops at the first thing that is not a factor."""
    result: Number | None = None
    start = at
    while at < len(text):
        sign = _TIMES.match(text, at) if result is not None else None
        begin = sign.end() if sign else at
        found = _factor(text, begin, depth)
        if found is None:
            break
        factor, end = found
        if result is None:
            result, at = factor, end
            mixed = _MIXED.match(text, at) if factor.value.denominator == 1 and text[start:at].isdigit() else None
            if mixed is not None:
                return _mixed(factor, mixed)
            continue
        divide = sign is not None and sign[1] == "/"
        if sign is None and text[begin:].lstrip()[0] in "0123456789.":
            return None  # digits after a factor without a sign: 2 3
        if divide and (not factor.value or _factor(text, end, depth) is not None):
            return None  # 1/2π and 1/2(3) mean different things to different people
        result, at = _times(result, factor, divide, text[begin:end]), end
        if result is None:
            return None
    return None if result is None else (result, at)


def _mixed(whole: Number, part: re.Match[str]) -> tuple[Number, int] | None:
    if part.end() - part.start() > DIGIT_LIMIT:
        return None
    top, bottom = (int(text) for text in part.groups() if text is not None)
    return (Number(whole.value + Fraction(top, bottom)), part.end()) if 0 < top < bottom else None


def _times(one: Number, other: Number, divide: bool, written: str) -> Number | None:
    if divide:
        other = Number(1 / (other.value * other.root), other.root, -other.pi)
    value, root = one.value * other.value, one.root * other.root
    if max(value.numerator.bit_length(), value.denominator.bit_length(), root.numerator.bit_length()) > BIT_LIMIT:
        return None
    if one.step is not None and written.startswith("10^") and not divide:  # scientific notation keeps its digits
        return Number(value, digits=one.digits, step=one.step * other.value)
    return Number(value, root, one.pi + other.pi)


def _factor(text: str, at: int, depth: int) -> tuple[Number, int] | None:
    """One factor at ``at``: decimal, power of integers, fraction, square root of a rational, π."""
    if text.startswith(" ", at):
        at += 1
    if text.startswith("\\pi", at) and not text[at + 3 : at + 4].isalpha():
        power = _POWER.match(text, at + 3)
        exponent = int(power[1] + power[2]) if power else 1
        return (Number(Fraction(1), pi=exponent), power.end() if power else at + 3) if abs(exponent) < 20 else None
    if text.startswith("\\frac{", at):
        return _fraction(text, at + 5, depth)
    if text.startswith("\\sqrt{", at):
        inside, end = _argument(text, at + 5, depth)
        if inside is None or inside.value < 0 or inside.root != 1 or inside.pi:
            return None
        return Number(Fraction(1) if inside.value else Fraction(0), inside.value or Fraction(1)), end
    recurring = _RECURRING.match(text, at)
    if recurring is not None and recurring.end() - at <= DIGIT_LIMIT:
        whole, fixed, repeated = recurring.groups()
        value = int(whole + fixed or "0") + Fraction(int(repeated), 10 ** len(repeated) - 1)
        return Number(value / 10 ** len(fixed)), recurring.end()
    return _decimal(text, at)


def _fraction(text: str, at: int, depth: int) -> tuple[Number, int] | None:
    top, end = _argument(text, at, depth)
    bottom, end = _argument(text, end, depth) if top is not None else (None, end)
    if top is None or bottom is None or not bottom.value:
        return None
    quotient = _times(replace(top, digits=None, step=None), bottom, True, "")
    return None if quotient is None or _POWER.match(text, end) else (quotient, end)


def _argument(text: str, at: int, depth: int) -> tuple[Number | None, int]:
    """The number in the braces that open at ``at``, and where they end."""
    if depth >= NESTING_LIMIT or not text.startswith("{", at):
        return None, at
    level = 0
    for end in range(at, len(text)):
        level += (text[end] == "{") - (text[end] == "}")
        if not level:
            break
    inside = text[at + 1 : end].strip()
    negative = inside.startswith("-")
    found = _product(inside, int(negative), depth + 1)
    if level or found is None or found[1] != len(inside):
        return None, at
    return replace(found[0], value=-found[0].value if negative else found[0].value), end + 1


def _decimal(text: str, at: int) -> tuple[Number, int] | None:
    found = _PLAIN.match(text, at)
    if found is None or found.end() - at > DIGIT_LIMIT:
        return None
    end = found.end()
    digits, _, places = found[0].replace(",", "").replace(" ", "").partition(".")
    written = (digits + places).lstrip("0")
    value, step = Fraction(int(digits + places or "0"), 10 ** len(places)), Fraction(1, 10 ** len(places))
    exponent, power = _EXPONENT.match(text, end), _POWER.match(text, end)
    if exponent is not None and abs(int(exponent[1])) <= POWER_LIMIT:
        scale = Fraction(10) ** int(exponent[1])
        return Number(value * scale, digits=len(written), step=step * scale), exponent.end()
    if power is not None:
        return _power(value, -int(power[2]) if power[1] == "-" else int(power[2]), power.end())
    return Number(value, digits=len(written), step=step), end


def _power(base: Fraction, exponent: int, end: int) -> tuple[Number, int] | None:
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if bits * abs(exponent) > BIT_LIMIT or (not base and exponent <= 0):
        return None
    return Number(base**exponent), end


def _with_unit(number: Number, rest: str, currency: str) -> Number | None:
    """The number with what is written after it, if that is known."""
    percent = rest.startswith("%")
    scale = Fraction(1)
    word = re.match(r'"?\s*([^\W\d_]+)\s*("?)\s*', rest)
    if word is not None and word[1].casefold() in SCALES:
        opened = '"' if rest[0] == '"' and not word[2] else ""
        scale, rest = SCALES[word[1].casefold()], opened + rest[word.end() :]
    elif word is not None and word[1][:1] in SCALES and UNITS.get(word[1][1:].casefold()):  # 3만원
        scale, rest = SCALES[word[1][0]], word[1][1:]
    unit = read_unit(rest)
    if unit is None or (currency and unit and unit != currency):
        return None
    percent = percent or unit == "%"
    return replace(number, unit="" if percent else unit or currency, percent=percent, scale=scale)


def read_unit(text: str) -> str | None:
    r"""Canonical name of a unit; None if any word of it is unknown. Words of ``\text{…}`` are in quotes.

    >>> read_unit('"cm" ^{2}') == read_unit("square centimeters"), [read_unit(unit) for unit in ("km/hour", "m", '"m"')]
    (True, ['h^-1 km^1', None, 'm'])
    """
    marked = _QUOTED.sub(lambda found: _WORD.sub(r'"\g<0>', found[1]), text).strip()
    powers: dict[str, int] = {}
    at, over, raised = 0, 1, 1
    while at < len(marked):
        part = _UNIT.match(marked, at)
        if part is None:
            return None
        divided, quoted, word, power = part.groups()
        at, over = part.end(), -1 if divided else over
        if word.casefold() in ("square", "sq", "cubic"):
            raised = 3 if word.casefold() == "cubic" else 2
            continue
        mega = len(word) == 2 and word[0] == "M" and word[1].islower()  # Mg is not mg
        name = None if mega else UNITS.get(word.casefold().replace(" ", ""))
        lone = len(word) == 1 and "A" <= word <= "z" and not quoted
        if name is None or (lone and not (divided and powers) and not _SPEED.match(marked)):
            return None
        powers[name] = powers.get(name, 0) + int(power or 1) * raised * over
        raised = 1
    return _named(powers) if raised == 1 else None


def _named(powers: dict[str, int]) -> str:
    if list(powers.values()) == [1]:
        return next(iter(powers))
    return " ".join(f"{name}^{power}" for name, power in sorted(powers.items()))
