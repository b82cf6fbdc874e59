r"""General solutions: values plus every multiple of a period, ``\frac{\pi}{6}+k\pi``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from jeoul.rewards.math.canonical import Items, Reading
from jeoul.rewards.math.expressions import symbols
from jeoul.rewards.math.integers import INTEGER
from jeoul.rewards.math.scalars import read_scalar, residue
from jeoul.rewards.math.verdict import Verdict, verdict

__all__ = ["compare_families"]

PARAMETERS = frozenset("knmlKNMtpq")
RESIDUE_LIMIT = 2000
Family = tuple[Fraction, Fraction, bool]


def compare_families(gold: Reading, answer: Reading) -> Verdict | None:
    """Unions of arithmetic progressions, compared as sets; None unless both sides are such."""
    one, other = _families(gold), _families(answer)
    if one is None or other is None:
        return None
    if one[0].isdisjoint({INTEGER}) and other[0].isdisjoint({INTEGER}) and not _angles(one[1]):
        return None  # nobody says that the variable is an integer
    if {family[2] for family in one[1]} != {family[2] for family in other[1]}:
        return None
    left, right = _residues(one[1], other[1]), _residues(other[1], one[1])
    if left is None or right is None:
        return None
    return verdict(left == right, "general solutions, for every integer", 2)


def _angles(families: Sequence[Family]) -> bool:
    return all(family[2] for family in families)


def _families(reading: Reading) -> tuple[set[str], list[Family]] | None:
    value = reading.value
    elements = value.elements if isinstance(value, Items) and value.kind in ("list", "set", "union") else (reading,)
    found, names = list[Family](), set[str]()
    for element in elements:
        inner = element.value
        scalar = read_scalar(inner)
        free = symbols(scalar.expr) if scalar else frozenset[str]()
        if scalar is None or len(free) != 1 or not free <= PARAMETERS | {INTEGER}:
            return None
        name = next(iter(free))
        family = residue(scalar.expr, name)
        if family is None:
            return None
        if scalar.degrees:
            family = (family[0] * 180, family[1] * 180, True) if not family[2] else family
        names.add(name)
        found.append(family)
    return (names, found) if found else None


def _residues(families: list[Family], others: list[Family]) -> frozenset[Fraction] | None:
    """All members in one common period of both sides."""
    periods = [abs(family[1]) for family in (*families, *others)]
    bottom = math.lcm(*(period.denominator for period in periods))
    common = Fraction(math.lcm(*(int(period * bottom) for period in periods)), bottom)
    if sum(common / abs(family[1]) for family in families) > RESIDUE_LIMIT:
        return None
    return frozenset(
        (start + index * abs(step)) % common for start, step, _ in families for index in range(int(common / abs(step)))
    )
