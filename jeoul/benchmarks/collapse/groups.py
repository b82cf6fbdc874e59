"""Every group of G binary reward rows, as counts of its 2ⁿ patterns, once for each order of interchangeable columns.

Shapes: N groups, P = 2ⁿ patterns. Pattern p has bit k in column k, the first column being the highest bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["column_counts", "group_blocks", "patterns"]

Whole = npt.NDArray[np.int64]
Counts = npt.NDArray[np.uint8]
BLOCK = 256
"""Groups without their last column that are completed at a time: up to a million groups or so."""


def patterns(columns: int) -> Whole:
    """The reward rows, [P, n].

    >>> patterns(2).tolist()
    [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    rows = np.arange(2**columns)
    return np.stack([rows >> (columns - 1 - k) & 1 for k in range(columns)], axis=1)


def column_counts(groups_NP: Counts, columns: int) -> Whole:
    """Ones in each column, [N, n]."""
    return groups_NP.astype(np.int64) @ patterns(columns)


def group_blocks(weights: Sequence[int], size: int, constants: bool = False) -> Iterator[Counts]:
    """Groups of ``size`` rows, [N, P], in blocks.

    Neighbouring columns of equal weight are interchangeable: only groups in which the earlier one has at least as many
    ones are made, so every group is there up to their order (with ties, some twice). A column of ones is left out
    beside a column of zeros, since centring makes both 0, unless ``constants``.

    >>> [len(block) for block in group_blocks([1, 1], 2)]
    [4]
    """
    most = size if constants else size - 1
    groups = np.array([[size]], dtype=np.uint8)
    ones = np.array([most], dtype=np.int64)
    for k in range(len(weights) - 1):
        groups, ones = _add_column(groups, _limit(weights, k, ones, most))
    limit = _limit(weights, len(weights) - 1, ones, most)
    for start in range(0, len(groups), BLOCK):
        yield _add_column(groups[start : start + BLOCK], limit[start : start + BLOCK])[0]


def _limit(weights: Sequence[int], k: int, ones_N: Whole, most: int) -> Whole:
    tied = k > 0 and weights[k] == weights[k - 1]
    return ones_N if tied else np.full_like(ones_N, most)


def _add_column(groups: Counts, limit_N: Whole) -> tuple[Counts, Whole]:
    """Split every pattern's rows into zeros and ones of a new column in every way, with at most so many ones."""
    where = np.arange(len(groups))
    ones = np.zeros(len(groups), dtype=np.int64)
    splits: list[Counts] = []
    for cell in range(groups.shape[1]):
        ways = np.minimum(groups[where, cell].astype(np.int64), limit_N[where] - ones) + 1
        chosen = np.arange(int(ways.sum())) - np.repeat(np.cumsum(ways) - ways, ways)
        where, ones = np.repeat(where, ways), np.repeat(ones, ways) + chosen
        splits = [np.repeat(split, ways) for split in splits] + [chosen.astype(np.uint8)]
    made: Any = np.stack(splits, axis=1)
    both = np.stack([groups[where] - made, made], axis=2)
    return both.reshape(len(where), -1), ones
