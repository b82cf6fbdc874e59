"""Units of one dimension: 60 cm is 0.6 m, 1 hour 30 minutes are 90 minutes."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from jeoul.rewards.math.numbers import Number, read_unit

__all__ = ["in_unit_of", "read_mixed"]

# One dimension a line: its name, then units and what they are worth. Exact by definition (the inch since 1959); tons,
# ounces of volume, months in days and ' (feet or minutes) mean several things and are left out.
_LINES = """
length m 1 cm 1/100 mm 1/1000 km 1000 nm 1/1000000000 in 127/5000 ft 381/1250 yd 1143/1250 mi 201168/125
time s 1 min 60 h 3600 d 86400 week 604800
years month 1 yr 12
mass g 1 kg 1000 mg 1/1000 lb 45359237/100000
volume l 1/1000 ml 1/1000000
kitchen cup 1 pint 2 quart 4 gal 16
dollars dollar 1 cent 1/100
energy j 1 kj 1000
heat cal 1 kcal 1000
power w 1 kw 1000
data bit 1 byte 8
"""
_WORTH = {
    unit: (words[0], Fraction(worth))
    for words in (line.split() for line in _LINES.strip().splitlines())
    for unit, worth in zip(words[1::2], words[2::2], strict=True)
}
_PER_HOUR = {"mph": "h^-1 mi^1"}
_MIXED = re.compile(
    r'(\d{1,9})\s*("[^"\d]{1,20}"|[^\W\d_]{1,12})\s*,?\s*(?:and\b|"\s*and\s*")?\s*'
    r'(\d{1,9}(?:\.\d{1,9})?)\s*("[^"\d]{1,20}"|[^\W\d_]{1,12})'
)


def _measure(unit: str) -> tuple[dict[str, int], Fraction] | None:
    """Powers of dimensions, and what one unit is worth; None for a unit that is not converted."""
    powers: dict[str, int] = {}
    worth = Fraction(1)
    for part in _PER_HOUR.get(unit, unit).split(" "):
        name, _, power = part.partition("^")
        known = _WORTH.get(name)
        if known is None:
            return None
        times = int(power or 1)
        dimension, value = known
        if dimension == "volume":  # a litre is a cubic decimetre
            dimension, deep = "length", 3 * times
        else:
            deep = times
        powers[dimension] = powers.get(dimension, 0) + deep
        worth *= value**times
    return {dimension: power for dimension, power in powers.items() if power}, worth


def factor(unit: str, other: str) -> Fraction | None:
    """How many of ``other`` one ``unit`` is; None where the two do not measure the same.

    >>> factor("m", "cm"), factor("l", "cm^3"), factor("h^-1 km^1", "m^1 s^-1"), factor("m", "kg")
    (Fraction(100, 1), Fraction(1000, 1), Fraction(5, 18), None)
    """
    one, two = _measure(unit), _measure(other)
    return one[1] / two[1] if one is not None and two is not None and one[0] == two[0] else None


def in_unit_of(number: Number, other: Number) -> Number | None:
    """The number in the unit of the other; None where that cannot be."""
    times = factor(number.unit, other.unit)
    if times is None:
        return None
    step = None if number.step is None else number.step * times
    return replace(number, value=number.value * times, step=step, unit=other.unit)


def read_mixed(text: str) -> Number | None:
    """A sum of two units of one dimension, the greater first, in the lesser.

    >>> read_mixed('1 "hour" 30 "minutes"').value, read_mixed("5 ft 3 in").value, read_mixed("3 kg 2 m")
    (Fraction(90, 1), Fraction(63, 1), None)
    """
    found = _MIXED.fullmatch(text)
    units = [read_unit(found[place]) for place in (2, 4)] if found is not None else []
    if found is None or not units[0] or not units[1]:
        return None
    times = factor(units[0], units[1])
    if times is None or times <= 1 or Fraction(found[3]) >= times:
        return None
    return Number(int(found[1]) * times + Fraction(found[3]), unit=units[1])
