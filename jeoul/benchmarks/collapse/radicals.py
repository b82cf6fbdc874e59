"""Exact numbers Σ q·√s, for equality that rounding cannot decide.

A standard deviation of rationals is a root of a rational, so advantages are sums of roots. Square roots of different
squarefree numbers are linearly independent over the rationals: two such sums are equal iff all their q are.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from fractions import Fraction

__all__ = ["Surd", "split_square"]


@functools.cache
def split_square(number: int) -> tuple[int, int]:
    """Write a positive whole number as s·f² with s squarefree: (s, f).

    >>> split_square(12), split_square(49)
    ((3, 2), (1, 7))
    """
    free, factor, divisor = number, 1, 2
    while divisor * divisor <= free:
        while free % (divisor * divisor) == 0:
            free //= divisor * divisor
            factor *= divisor
        divisor += 1
    return free, factor


class Surd:
    """Σ q·√s over squarefree s, with rational q; immutable, compared and hashed exactly.

    >>> Surd.root(Fraction(1, 2)) + Surd.root(2), Surd.root(8) - Surd.root(2) * 2 == Surd()
    (3/2·√2, True)
    """

    __slots__ = ("parts",)

    def __init__(self, parts: Mapping[int, Fraction] | None = None) -> None:
        self.parts = tuple(sorted((free, q) for free, q in (parts or {}).items() if q))

    @classmethod
    def root(cls, square: Fraction | int) -> Surd:
        """√ of a rational that is not negative."""
        square = Fraction(square)
        if not square:
            return cls()
        free, factor = split_square(square.numerator * square.denominator)
        return cls({free: Fraction(factor, square.denominator)})

    def __add__(self, other: Surd) -> Surd:
        parts = dict(self.parts)
        for free, q in other.parts:
            parts[free] = parts.get(free, Fraction(0)) + q
        return Surd(parts)

    def __sub__(self, other: Surd) -> Surd:
        return self + other * -1

    def __mul__(self, factor: Fraction | int) -> Surd:
        return Surd({free: q * factor for free, q in self.parts})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Surd) and self.parts == other.parts

    def __hash__(self) -> int:
        return hash(self.parts)

    def __float__(self) -> float:
        return math.fsum(float(q) * math.sqrt(free) for free, q in self.parts)

    def __repr__(self) -> str:
        terms = [
            str(q) if free == 1 else f"{'' if q == 1 else '-' if q == -1 else f'{q}·'}√{free}" for free, q in self.parts
        ]
        return " + ".join(terms).replace("+ -", "- ") or "0"
