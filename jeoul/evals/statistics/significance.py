"""p-values of a paired difference: sign flips, and McNemar's exact test."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from jeoul.errors import UsageError
from jeoul.evals.statistics.samples import Floats

__all__ = ["mcnemar_p", "sign_flip_p"]

EXACT_FLIPS = 16  # differences, of which every choice of signs is tried
CELLS = 100_000_000  # of the exact distribution on a lattice
NEAR = 1e-9


def sign_flip_p(differences: Any, *, seed: int = 0, draws: int = 99_999) -> tuple[float, str]:
    """Two-sided p of "A and B are alike": share of sign choices with ``|Σ ±d| ≥ |Σ d|``; and how it was had.

    ``"exact"`` where every sign choice can be counted: up to 16 differences that are not 0, or any number of them on a
    common lattice (differences of shares of k samples are multiples of 1/k), by convolution. Else ``"monte carlo"``:
    (1 + hits)/(1 + draws), seeded. 1 where all differences are 0; NaN where there are none.

    >>> sign_flip_p([1, 1, 1, 1, 1, -1])
    (0.21875, 'exact')
    """
    found = _differences(differences)
    if not len(found):
        return math.nan, "exact"
    used = np.abs(found[np.abs(found) > NEAR * max(1.0, float(np.abs(found).max()))])
    seen = abs(float(found.sum()))
    if not len(used):
        return 1.0, "exact"
    if len(used) <= EXACT_FLIPS:
        sums = np.zeros(1)
        for size in used:
            sums = np.concatenate([sums + size, sums - size])
        return float(np.mean(np.abs(sums) >= seen - NEAR * max(1.0, seen))), "exact"
    sizes = _on_lattice(used)
    if sizes is not None:
        return _lattice_p(sizes[0], round(seen * sizes[1])), "exact"
    return _drawn_p(used, seen, seed, draws), "monte carlo"


def mcnemar_p(only_a: int, only_b: int) -> float:
    """McNemar's exact two-sided p for one sample a question: ``only_a`` questions A alone has right.

    ``only_b`` those B alone has. ``p = min(1, 2·P(X ≤ min))`` with X binomial(only_a + only_b, ½). Discrete, hence
    cautious: at 5 % it errs in less than 5 %. Only for k = 1: more samples of a question are not independent. 1 where
    no question differs. Source: McNemar 1947, Psychometrika 12, in its exact form.

    >>> round(mcnemar_p(1, 5), 5)
    0.21875
    """
    if min(only_a, only_b) < 0 or only_a != int(only_a) or only_b != int(only_b):
        raise UsageError(f"McNemar's test is of two counts of questions; got {only_a!r} and {only_b!r}")
    from scipy.special import bdtr

    return min(1.0, 2 * float(bdtr(min(only_a, only_b), only_a + only_b, 0.5)))


def _on_lattice(sizes: Floats) -> tuple[list[int], int] | None:
    """``sizes`` as whole multiples of 1/D with the least D up to 4096, and D; None where none fits or is too wide."""
    parts = np.arange(1, 4097)
    for size in sizes:  # most are no share of anything: few are left after the first
        parts = parts[np.abs(size * parts - np.round(size * parts)) < NEAR * parts]
        if not len(parts):
            return None
    whole = [round(float(size * parts[0])) for size in sizes]
    return (whole, int(parts[0])) if sum(whole) * len(whole) <= CELLS else None


def _lattice_p(sizes: list[int], seen: int) -> float:
    """The distribution of the sum of the flipped-up sizes: a flipped sum is 2·up − total."""
    total = sum(sizes)
    chance = np.zeros(total + 1)
    chance[0] = 1.0
    reach = 0
    for size in sizes:
        moved = chance[: reach + 1] * 0.5
        chance[: reach + 1] = moved
        reach += size
        chance[size : reach + 1] += moved
    return float(min(1.0, chance[np.abs(2 * np.arange(total + 1) - total) >= seen].sum()))


def _drawn_p(sizes: Floats, seen: float, seed: int, draws: int) -> float:
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < 100:
        raise UsageError(f"draws is {draws!r}; expected a whole number, 100 or more")
    random, hits, left = np.random.default_rng(seed), 0, draws
    rows = max(1, 4_000_000 // len(sizes))
    while left:
        now = min(rows, left)
        signs = random.integers(0, 2, size=(now, len(sizes)), dtype=np.int8)
        sums = 2 * (signs @ sizes) - sizes.sum()
        hits += int(np.count_nonzero(np.abs(sums) >= seen - NEAR * max(1.0, seen)))
        left -= now
    return (1 + hits) / (1 + draws)


def _differences(differences: Any) -> Floats:
    found = np.asarray(differences, dtype=np.float64)
    if found.ndim != 1 or not np.isfinite(found).all():
        raise UsageError("differences must be one finite number a question; leave out the questions that have none")
    return found
