"""The exact vote of k of n samples, and of k of the n − 1 that are left when one is left out, by generating functions.

A class of c samples has the polynomial Σ b(i) xⁱ, with b binomial: the product of all, at xᵏ, is every choice of k.
Where t is the top count, a class is ``A + y·B``: fewer than t of it, or (B) exactly t. A winner among s tied ones has
the weight 1/s, which is ∫ yˢ⁻¹ dy over [0, 1]: by Gauss–Legendre nodes, exact for a polynomial of that degree.
Polynomials are kept as values at roots of unity, where a product costs one multiplication a point; the coefficient of
xᵏ is their sum.
"""

from __future__ import annotations

import math
from collections import Counter
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Classes", "left_out_votes", "vote"]

Classes = tuple[tuple[int, float], ...]
"""(count, value) of each class, sorted."""
Complex = NDArray[np.complex128]
MOST = 200_000  # values of one polynomial in memory: top counts by nodes by points


class Plan(NamedTuple):
    """What all polynomials of a question share: ``size`` roots of unity, enough that nothing else falls on xᵏ."""

    k: int
    n: int
    size: int

    @classmethod
    def of(cls, classes: Classes, silent: int, k: int) -> Plan:
        """For k of these samples, or of one fewer; no class gives more than k."""
        n = _size(classes, silent)
        degree = min(n, (len(classes) + 1) * k)
        return cls(k, n, max(k, degree - k) + 1)


class Dual(NamedTuple):
    """A product of classes, and the sum over its classes of value · B · (product of the others)."""

    all: Complex
    worth: Complex

    def times(self, other: Dual) -> Dual:
        """The product of two: the second part as a derivative has it."""
        return Dual(self.all * other.all, self.all * other.worth + self.worth * other.all)


def vote(classes: Classes, silent: int, k: int) -> float:
    """Expected score of the vote of k of the samples: ``silent`` of them give no answer. k is at most their number.

    >>> round(vote(((2, 0.0), (2, 1.0)), 0, 3), 9), round(vote(((1, 1.0), (3, 0.0)), 1, 2), 9)
    (0.5, 0.25)
    """
    plan = Plan.of(classes, silent, k)
    if k == plan.n:
        top = max((count for count, _ in classes), default=0)
        winners = [value for count, value in classes if count == top]
        return math.fsum(winners) / len(winners) if winners else 0.0
    found = math.fsum(_coefficient(one, plan) for one in _whole(classes, silent, plan))
    return _within(found / float(_binomial(plan.n, k / plan.n)[k]), classes)


def left_out_votes(classes: Classes, silent: int, k: int) -> list[tuple[float, int]]:
    """The vote of k of the samples that remain when one is left out, and of how many samples that is so.

    k is less than the number of samples. All samples of a class, and of classes alike, have the same.
    """
    plan = Plan.of(classes, silent, k)
    kinds = sorted(Counter(classes).items())
    times = [count * several for (count, _), several in kinds]
    found = np.zeros(len(kinds) + 1)
    for tops in _chunks(classes, silent, plan):
        found += [_coefficient(one, plan) for one in _rests(kinds, silent, plan, tops)]
    total = float(_binomial(plan.n - 1, k / plan.n)[k])
    made = [_within(float(one) / total, classes) for one in found]
    return [*zip(made[:-1], times, strict=True), *([(made[-1], silent)] if silent else [])]


def _whole(classes: Classes, silent: int, plan: Plan) -> list[Complex]:
    """The sums over all classes, for each chunk of top counts."""
    made = []
    for tops in _chunks(classes, silent, plan):
        parts = [_power(_kind(kind, plan, tops), several) for kind, several in sorted(Counter(classes).items())]
        product = list(accumulate(parts, Dual.times))[-1]
        made.append(_summed(product.worth * _blank(silent, plan), tops))
    return made


def _rests(kinds: list[tuple[tuple[int, float], int]], silent: int, plan: Plan, tops: Tops) -> list[Complex]:
    """The sums with one sample fewer of each kind of class, last with one silent sample fewer."""
    whole = [_kind(kind, plan, tops) for kind, _ in kinds]
    parts = [_power(one, several) for one, (_, several) in zip(whole, kinds, strict=True)]
    before = list(accumulate(parts, Dual.times))
    after = list(accumulate(reversed(parts), Dual.times))[::-1]
    blank = _blank(silent, plan)
    made = []
    for place, ((count, value), several) in enumerate(kinds):
        rest = _kind((count - 1, value), plan, tops)
        if several > 1:
            rest = rest.times(_power(whole[place], several - 1))
        if place:
            rest = rest.times(before[place - 1])
        if place + 1 < len(kinds):
            rest = rest.times(after[place + 1])
        made.append(_summed(rest.worth * blank, tops))
    fewer = _blank(max(silent - 1, 0), plan)
    return [*made, _summed(before[-1].worth * fewer, tops)]


class Tops(NamedTuple):
    """Top counts that are looked at together, and the nodes for their ties."""

    first: int
    last: int
    nodes: NDArray[np.float64]
    weights: NDArray[np.float64]


def _chunks(classes: Classes, silent: int, plan: Plan) -> list[Tops]:
    counts, k = [count for count, _ in classes], plan.k
    if not counts:
        return []
    least = max(1, math.ceil((k - silent) / len(counts)))  # else fewer than k would be drawn
    most = min(k, max(counts))
    ties = max((min(k // top, sum(count >= top for count in counts)) for top in range(least, most + 1)), default=1)
    nodes, weights = _nodes(max(1, math.ceil(ties / 2)))
    step = max(1, MOST // (len(nodes) * (plan.size // 2 + 1)))
    return [Tops(top, min(top + step - 1, most), nodes, weights) for top in range(least, most + 1, step)]


def _kind(kind: tuple[int, float], plan: Plan, tops: Tops) -> Dual:
    """``A + y·B`` and ``value·B`` of a class at [top, node, point]."""
    count, value = kind
    terms = _terms(count, plan)
    most = len(terms) - 1
    below = np.concatenate([np.zeros_like(terms[:1]), np.cumsum(terms, axis=0)])  # [top, point]: fewer than top
    at = np.arange(tops.first, tops.last + 1)
    fewer = below[np.minimum(at, most + 1)][:, None, :]
    exactly: Complex = np.where((at <= most)[:, None], terms[np.minimum(at, most)], 0)[:, None, :]
    tied: Complex = exactly * tops.nodes[None, :, None]
    worth: Complex = np.broadcast_to(exactly * complex(value), tied.shape)
    return Dual(fewer + tied, worth)


def _power(one: Dual, several: int) -> Dual:
    """The product of ``several`` alike."""
    if several == 1:
        return one
    rest = one.all ** (several - 1)
    return Dual(rest * one.all, several * rest * one.worth)


def _summed(values: Complex, tops: Tops) -> Complex:
    """Over nodes and top counts: values by point."""
    found: Complex = np.einsum("tqm,q->m", values, tops.weights)
    return found


def _coefficient(values: Complex, plan: Plan) -> float:
    """Of xᵏ, from values at half of the roots: the other half are their conjugates."""
    double = np.full(len(values), 2.0)
    double[0] = 1.0
    if plan.size % 2 == 0:
        double[-1] = 1.0
    turned = _roots(plan.size)[-plan.k * np.arange(len(values)) % plan.size]
    return float((double * values * turned).real.sum() / plan.size)


def _blank(silent: int, plan: Plan) -> Complex:
    found: Complex = _terms(silent, plan).sum(axis=0)
    return found


def _terms(count: int, plan: Plan) -> Complex:
    """``b(i) xⁱ`` at [i, point], for i up to k: no more than k of a class are drawn."""
    small = count * plan.size < 10_000
    return (_kept_terms if small else _made_terms)(count, plan)


def _made_terms(count: int, plan: Plan) -> Complex:
    i, m = np.arange(min(count, plan.k) + 1), np.arange(plan.size // 2 + 1)
    weights = _binomial(count, plan.k / plan.n)[: len(i), None]
    found: Complex = weights * _roots(plan.size)[np.outer(i, m) % plan.size]
    return found


_kept_terms = lru_cache(maxsize=256)(_made_terms)


@lru_cache(maxsize=64)
def _roots(size: int) -> Complex:
    found: Complex = np.exp(2j * np.pi * np.arange(size) / size)
    return found


@lru_cache(maxsize=64)
def _nodes(count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return (nodes + 1) / 2, weights / 2


@lru_cache(maxsize=4096)
def _binomial(n: int, share: float) -> NDArray[np.float64]:
    """Weights in place of C(n, i): the same distribution once the total is k, and nothing overflows."""
    from scipy.special import gammaln, xlog1py, xlogy

    i = np.arange(n + 1)
    choices = gammaln(n + 1) - gammaln(i + 1) - gammaln(n - i + 1)
    return np.asarray(np.exp(choices + xlogy(i, share) + xlog1py(n - i, -share)), dtype=np.float64)


def _size(classes: Classes, silent: int) -> int:
    return sum(count for count, _ in classes) + silent


def _within(value: float, classes: Classes) -> float:
    """Within the range of the values whatever the rounding."""
    worths = [0.0, *(worth for _, worth in classes)]
    return min(max(value, min(worths)), max(worths))
