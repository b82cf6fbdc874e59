"""P(A_i = A_j | r_i ≠ r_j), exactly: how often two differently rewarded rows of a group get the same advantage.

Rows are independent draws of n binary columns. Sum, then normalise: the two sums must agree, whatever the rest of the
group. Normalise, then sum: Σ_k w_k (r_ik − r_jk)/σ_k = 0, which depends on the rest only through how many ones each
column has there; their distribution is worked out in whole numbers, row by row.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from jeoul.benchmarks.collapse.distinct import Inverse
from jeoul.benchmarks.collapse.families import family, whole_weights
from jeoul.errors import UsageError

__all__ = ["Rows", "collapse_probability", "make_rows"]

STATES = 2_000_000
"""Column counts of the other rows that are followed at a time."""
DIGITS = 60


@dataclass(frozen=True)
class Rows:
    """How a reward row is drawn.

    Attributes:
        chances: of each pattern, [2ⁿ], the first column being the highest bit: 00, 01, 10, 11.
        exact: False where the correlation makes them irrational; they are then cut at 60 digits.
    """

    chances: tuple[Fraction, ...]
    exact: bool = True

    @property
    def columns(self) -> int:
        """How many columns."""
        return len(self.chances).bit_length() - 1


def make_rows(marginals: Sequence[Fraction], correlation: Fraction | None = None) -> Rows:
    """Rows with the given chances of a 1, and the given correlation of every two columns (0: independent).

    Two columns: P(1, 1) = p q + ρ √(p(1−p) q(1−q)). More: with chance ρ all columns are one draw, else independent;
    that is correlation ρ for equal marginals and ρ ≥ 0, the only case taken (any other has no single joint).

    >>> make_rows([Fraction(1, 2)] * 2, Fraction(-1, 2)).chances
    (Fraction(1, 8), Fraction(3, 8), Fraction(3, 8), Fraction(1, 8))
    """
    if not marginals or any(not 0 <= p <= 1 for p in marginals):
        raise UsageError(f"marginals are {_listed(marginals)}; write the chance of a 1 in each column, from 0 to 1")
    apart = tuple(
        math.prod((p if bit else 1 - p for p, bit in zip(marginals, bits, strict=True)), start=Fraction(1))
        for bits in itertools.product((0, 1), repeat=len(marginals))
    )
    if not correlation:
        return Rows(apart)
    if not -1 <= correlation <= 1:
        raise UsageError(f"correlation is {correlation}; write a number from -1 to 1")
    if len(marginals) == 2:
        p, q = marginals
        root, exact = _root(p * (1 - p) * q * (1 - q))
        extra = correlation * root
        chances = tuple(chance + sign * extra for chance, sign in zip(apart, (1, -1, -1, 1), strict=True))
        if min(chances) < 0:
            raise UsageError(f"columns with marginals {p} and {q} cannot have correlation {correlation}")
        return Rows(chances, exact)
    if len(set(marginals)) > 1 or correlation < 0:
        raise UsageError(
            f"more than two columns: one correlation of {correlation} and marginals {_listed(marginals)} leave the "
            "rows open; write equal marginals and a correlation of at least 0, or --joint"
        )
    shared = [Fraction(0)] * len(apart)
    shared[0], shared[-1] = 1 - marginals[0], marginals[0]
    return Rows(tuple(correlation * s + (1 - correlation) * a for s, a in zip(shared, apart, strict=True)))


def collapse_probability(
    rows: Rows, size: int, estimator: str, weights: Sequence[Fraction] | None = None
) -> Fraction | None:
    """P(A_i = A_j | r_i ≠ r_j) of two rows of a group of ``size``, before any batch step; None if rows never differ.

    >>> fair = make_rows([Fraction(1, 2)] * 2)
    >>> [str(collapse_probability(fair, size, "grpo")) for size in (2, 16)]
    ['1/6', '1/6']
    >>> [str(collapse_probability(fair, size, "gdpo")) for size in (2, 4)]
    ['1/6', '1/12']
    """
    n = rows.columns
    if 2**n != len(rows.chances) or n < 1 or min(rows.chances) < 0 or sum(rows.chances) != 1:
        raise UsageError(f"{len(rows.chances)} chances that add up to {sum(rows.chances)}; write 2ⁿ that add up to 1")
    if size < 2:
        raise UsageError(f"groups of {size} have no two rows; write 2 or more")
    kind = family(estimator)
    if kind == "correlation":
        raise UsageError("corr_grpo gives whole groups 0 where correlations cancel; there are exact counts of it only")
    factors = [1] * n if weights is None else whole_weights(weights)
    apart = _differences(rows)
    differ = sum(apart.values(), start=Fraction(0))
    if not differ:
        return None
    if kind != "columns":
        merged = (
            chance for signs, chance in apart.items() if not sum(s * w for s, w in zip(signs, factors, strict=True))
        )
        return sum(merged, start=Fraction(0)) / differ
    rest, whole = _ones_in_the_rest(rows, size - 2)
    inverse, together = Inverse(size), Fraction(0)
    for signs, chance in apart.items():
        if chance:
            hit = int(rest[_cancels(signs, factors, inverse, size)].sum())
            together += chance * Fraction(hit, whole)
    return together / differ


def _differences(rows: Rows) -> dict[tuple[int, ...], Fraction]:
    """Chance of each r_i − r_j that is not 0, of ordered pairs of rows."""
    patterns = list(itertools.product((0, 1), repeat=rows.columns))
    found: dict[tuple[int, ...], Fraction] = {}
    for (a, p), (b, q) in itertools.permutations(zip(patterns, rows.chances, strict=True), 2):
        signs = tuple(x - y for x, y in zip(a, b, strict=True))
        found[signs] = found.get(signs, Fraction(0)) + p * q
    return found


def _ones_in_the_rest(rows: Rows, others: int) -> tuple[Any, int]:
    """Weight of each (c_1, …, c_n), c_k ones of column k in the other rows, and the sum of all weights."""
    n = rows.columns
    if (others + 1) ** n > STATES:
        raise UsageError(
            f"{n} columns and groups of {others + 2} have {(others + 1) ** n:,} column counts, more than {STATES:,}; "
            "write fewer columns or a smaller group"
        )
    common = math.lcm(*(chance.denominator for chance in rows.chances))
    counts: Any = np.zeros((others + 1,) * n, dtype=object)
    counts[(0,) * n] = 1
    for drawn in range(others):
        after: Any = np.zeros_like(counts)
        for bits, chance in zip(itertools.product((0, 1), repeat=n), rows.chances, strict=True):
            if chance:
                before = counts[(slice(0, drawn + 1),) * n]
                after[tuple(slice(bit, bit + drawn + 1) for bit in bits)] += before * int(chance * common)
        counts = after
    return counts, common**others


def _cancels(signs: tuple[int, ...], weights: list[int], inverse: Inverse, size: int) -> Any:
    """For which (c_1, …, c_n) Σ_k w_k sign_k/σ_k is 0; where sign_k is not 0 the pair itself has exactly one 1."""
    n = len(signs)
    zero: Any = np.ones((size - 1,) * n, dtype=bool)
    for place in range(len(inverse.free)):
        total: Any = np.zeros((1,) * n, dtype=np.int64)
        for axis, (sign, weight) in enumerate(zip(signs, weights, strict=True)):
            ones = slice(1, size)  # those in the rest, and one
            line = np.where(inverse.place[ones] == place, inverse.factor[ones], 0) * (sign * weight)
            total = total + line.reshape([-1 if k == axis else 1 for k in range(n)])
        zero &= total == 0
    return zero


def _root(square: Fraction) -> tuple[Fraction, bool]:
    """√ of a rational, and whether that is exact; otherwise cut at 60 digits."""
    number = square.numerator * square.denominator
    whole = math.isqrt(number)
    if whole * whole == number:
        return Fraction(whole, square.denominator), True
    return Fraction(math.isqrt(number * 10 ** (2 * DIGITS)), square.denominator * 10**DIGITS), False


def _listed(numbers: Sequence[Fraction]) -> str:
    return ", ".join(map(str, numbers)) or "none"
