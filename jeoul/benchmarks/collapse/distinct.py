"""How many different advantage groups there are: sorted G-tuples over all binary G × n reward matrices, exactly.

Closed forms for sum-then-normalise with equal weights; else every group is made and signed. A signature holds whole
numbers only: the coordinates of Σ q·√s (see ``radicals``), or the primitive direction of s − s̄ with its divisor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from jeoul.benchmarks.collapse.families import Family, family, whole_weights
from jeoul.benchmarks.collapse.groups import Counts, Whole, column_counts, group_blocks, patterns
from jeoul.benchmarks.collapse.radicals import split_square
from jeoul.errors import UsageError

__all__ = ["Inverse", "distinct_groups", "group_total"]


def distinct_groups(
    columns: int, size: int, estimator: str, weights: Sequence[Fraction] | None = None, limit: int | None = None
) -> int | None:
    """Number of distinct advantage groups; None where more than ``limit`` groups would have to be made.

    >>> [distinct_groups(2, size, "gdpo") for size in (2, 3, 4)], distinct_groups(3, 16, "grpo")
    ([3, 6, 14], 786)
    """
    if columns < 1 or not 2 <= size <= 255:
        raise UsageError(f"{columns} columns and groups of {size}; write 1 column or more, and groups of 2 to 255")
    kind = family(estimator)
    factors = [1] * columns if weights is None else whole_weights(weights)
    if len(set(factors)) == 1 and kind in ("raw", "centred", "std"):
        return _closed_form(columns, size, kind)
    if limit is not None and group_total(columns, size) > limit:
        return None
    signs = _Signs(kind, factors, size)
    seen: set[bytes] = set()
    for groups in group_blocks(factors, size, constants=kind == "raw"):
        rows = np.ascontiguousarray(signs.of(groups))
        seen.update(rows.view(f"V{rows.shape[1] * rows.itemsize}").ravel().tolist())
    return len(seen)


def group_total(columns: int, size: int) -> int:
    """Groups as multisets of rows, C(2ⁿ + G − 1, G)."""
    return math.comb(2**columns + size - 1, size)


def _closed_form(columns: int, size: int, kind: Family) -> int:
    """Raw: multisets of 0 … n. Centred: those with least 0. Over σ_s: of these, those without a common divisor."""
    if kind == "raw":
        return math.comb(columns + size, size)
    if kind == "centred":
        return math.comb(columns + size - 1, columns)
    total = 1
    for divisor in range(1, columns + 1):
        top = columns // divisor
        total += _moebius(divisor) * (math.comb(top + size - 1, top) - 1)
    return total


def _moebius(number: int) -> int:
    sign, rest = 1, number
    for divisor in range(2, number + 1):
        if rest % divisor == 0:
            rest //= divisor
            sign = -sign
            if rest % divisor == 0:
                return 0
    return sign


class Inverse:
    """1/√(c(G−c)) for c ones of G: coordinate factor[c] at √free[place[c]]; 0 where the column is constant.

    Coordinates at √s are in units of 1/(common[place]·√s), the same in every group, so that they are whole numbers.
    √(c(G−c)) itself is root[c]·√free[place[c]].
    """

    def __init__(self, size: int) -> None:
        parts = {ones: split_square(ones * (size - ones)) for ones in range(1, size)}
        self.free = sorted({free for free, _ in parts.values()})
        self.common = [math.lcm(*(root for s, root in parts.values() if s == free)) for free in self.free]
        if max(self.common) >= 2**40:  # times G < 2⁸ and weights < 2¹²
            raise UsageError(f"groups of {size} need whole numbers of more than 64 bits; write a smaller group")
        self.place = np.zeros(size + 1, dtype=np.int64)
        self.factor = np.zeros(size + 1, dtype=np.int64)
        self.root = np.zeros(size + 1, dtype=np.int64)
        for ones, (free, root) in parts.items():
            self.place[ones] = self.free.index(free)
            self.factor[ones] = self.common[self.place[ones]] // root
            self.root[ones] = root


class _Products:
    """1/√(c(G−c)·d(G−d)): coordinate factor[c]·factor[d]·times[place[c], place[d]] at √free[where], in units of 1/one.

    (√s·√t)⁻¹ = 1/(g·√u) with s·t = g²·u.
    """

    def __init__(self, inverse: Inverse, size: int) -> None:
        pairs = [[split_square(a * b) for b in inverse.free] for a in inverse.free]
        self.free = sorted({s for row in pairs for s, _ in row})
        self.where = np.array([[self.free.index(s) for s, _ in row] for row in pairs])
        shared = [[f * a * b for (_, f), b in zip(row, inverse.common, strict=True)]
                  for row, a in zip(pairs, inverse.common, strict=True)]  # fmt: skip
        self.one = math.lcm(*(each for row in shared for each in row))
        if self.one * size**2 >= 2**56:
            raise UsageError("corr_grpo needs whole numbers of more than 64 bits here; write a smaller group")
        self.times = np.array([[self.one // each for each in row] for row in shared])


class _Signs:
    """Signatures of groups, [N, G] or [N, G + 1]: equal iff the sorted advantages are."""

    def __init__(self, kind: Family, weights: list[int], size: int) -> None:
        self.kind, self.weights, self.size = kind, np.array(weights), size
        self.rows = patterns(len(weights))
        self.sums = self.rows @ self.weights
        self.inverse = Inverse(size)
        self.products = _Products(self.inverse, size) if kind == "correlation" else None
        self.known: dict[bytes, int] = {}
        """Divisors and values seen so far, numbered."""

    def of(self, groups_NP: Counts) -> Whole:
        counts = column_counts(groups_NP, len(self.weights))
        if self.kind == "columns":
            return self._laid_out(self._values(counts), groups_NP)
        if self.kind == "raw":
            return self._laid_out(np.broadcast_to(self.sums, groups_NP.shape), groups_NP)
        centred = self.size * self.sums - (counts @ self.weights)[:, None]
        if self.kind == "centred":
            return self._laid_out(centred, groups_NP)
        common = np.gcd.reduce(np.where(groups_NP > 0, centred, 0), axis=1)
        common[common == 0] = 1  # s is constant: every row in the group is 0
        if self.kind == "std":
            return self._laid_out(centred // common[:, None], groups_NP)
        divisor, constant = self._divisor(counts, groups_NP), (np.where(groups_NP > 0, centred, 0) == 0).all(1)
        power = 1 if self.kind == "sum of stds" else 2  # √Σρ is compared by its square
        divisor = np.concatenate([divisor, common[:, None] ** power], axis=1)
        divisor //= np.maximum(np.gcd.reduce(divisor, axis=1), 1)[:, None]
        dead = constant | (divisor[:, :-1] == 0).all(1)  # a divisor of 0 defines no advantage: 0
        divisor[dead], centred = 0, np.where(dead[:, None], 0, centred // common[:, None])
        return np.concatenate([self._laid_out(centred, groups_NP), self._numbered(divisor)[:, None]], axis=1)

    def _laid_out(self, values_NP: Whole, groups_NP: Counts) -> Whole:
        """The values of a group's rows in order, [N, G]."""
        rows: Whole = np.repeat(values_NP.ravel(), groups_NP.ravel()).reshape(len(groups_NP), self.size)
        rows.sort(axis=1)
        return rows

    def _values(self, counts_Nn: Whole) -> Whole:
        """Each pattern's Σ_k w_k (r_k − μ_k)/σ_k, numbered, [N, P]; worked out once for each tuple of column counts."""
        tuples, which = np.unique(counts_Nn, axis=0, return_inverse=True)
        inverse = self.inverse
        deviations = self.size * self.rows[None] - tuples[:, None, :]  # [T, P, n]
        terms = deviations * (self.weights * inverse.factor[tuples])[:, None, :]
        place = inverse.place[tuples][:, None, :]
        coordinates = [np.where(place == each, terms, 0).sum(2) for each in range(len(inverse.free))]
        values = np.stack(coordinates, axis=2).reshape(-1, len(inverse.free))
        numbers: Whole = self._numbered(values).reshape(len(tuples), -1)[which.ravel()]
        return numbers

    def _divisor(self, counts_Nn: Whole, groups_NP: Counts) -> Whole:
        """Σ w σ, or Σ_lm ρ_lm, up to a constant factor: coordinates over roots of squarefree numbers, [N, R]."""
        inverse, products = self.inverse, self.products
        if products is None:
            terms, place = self.weights * inverse.root[counts_Nn], inverse.place[counts_Nn]
            return np.stack([np.where(place == each, terms, 0).sum(1) for each in range(len(inverse.free))], axis=1)
        found = np.zeros((len(counts_Nn), len(products.free)), dtype=np.int64)
        found[:, 0] = (inverse.factor[counts_Nn] > 0).sum(1) * products.one  # √1 comes first
        every = np.arange(len(counts_Nn))
        for a in range(len(self.weights)):
            for b in range(a):
                both = groups_NP.astype(np.int64) @ (self.rows[:, a] * self.rows[:, b])
                one, two = counts_Nn[:, a], counts_Nn[:, b]
                pair = (inverse.place[one], inverse.place[two])
                term = 2 * (self.size * both - one * two) * inverse.factor[one] * inverse.factor[two]
                np.add.at(found, (every, products.where[pair]), term * products.times[pair])
        return found

    def _numbered(self, rows: Whole) -> Whole:
        """A number for each different row, the same in every block."""
        different, which = np.unique(rows, axis=0, return_inverse=True)
        numbers = [self.known.setdefault(row.tobytes(), len(self.known)) for row in different]
        return np.array(numbers, dtype=np.int64)[which.ravel()]
