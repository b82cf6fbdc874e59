"""What the comparisons of ``jeoul bench text`` share: a line of the table, groups of texts, two ways timed in turn."""

from __future__ import annotations

import functools
import pydoc_data.topics
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["GROUP", "Group", "Line", "Way", "manual", "paired", "spent"]

GROUP = 8
ROUND_SECONDS = 0.2
Group = tuple[str, list[str]]
"""A reference and its completions."""
Way = Callable[[Sequence[Group]], list[float]]
"""Scores of all completions, group by group."""


@dataclass(frozen=True)
class Line:
    """One comparison.

    Attributes:
        what: is computed, with which settings.
        words: of a text.
        peer: whose scorer.
        theirs: pairs a second.
        ours: pairs a second.
        ratio: of processor time, median of the rounds.
        equal: whether all scores were the same (``within``); None where they are not meant to be.
        goal: least ratio aimed at, 0 for none.
        within: difference up to which scores are the same; 0 is to the last bit.
        difference: greatest between two scores, where it was measured.
    """

    what: str
    words: int
    peer: str
    theirs: float
    ours: float
    ratio: float
    equal: bool | None
    goal: float = 0.0
    within: float = 0.0
    difference: float | None = None


@functools.cache
def manual() -> list[str]:
    """Words of Python's manual."""
    return " ".join(pydoc_data.topics.topics.values()).split()


def paired(
    theirs: Way, ours: Way, texts: Callable[[int], list[Group]], rounds: int
) -> tuple[float, float, float, bool]:
    """Time both ways on the same groups, in turn: their pairs a second, ours, the ratio, whether all scores are equal.

    Args:
        texts: gives so many groups that no call before gave.
        rounds: how many times both are timed; the way that goes first alternates.
    """
    warm = texts(1)
    ours(warm)
    count = max(1, int(ROUND_SECONDS / max(spent(theirs, warm)[0], 1e-6)))
    seconds: list[tuple[float, float]] = []
    equal = True
    for number in range(rounds):
        groups = texts(count)
        first = spent(theirs, groups) if number % 2 else None
        mine = spent(ours, groups)
        peer = first or spent(theirs, groups)
        equal &= peer[1] == mine[1]
        seconds.append((peer[0], mine[0]))
    pairs = sum(len(completions) for _, completions in groups)
    rates = [pairs / statistics.median(column) for column in zip(*seconds, strict=True)]
    return rates[0], rates[1], statistics.median(peer / mine for peer, mine in seconds), equal


def spent(way: Way, groups: list[Group]) -> tuple[float, list[float]]:
    """Processor seconds of a call, and its scores."""
    start = time.process_time()
    scores = way(groups)
    return max(time.process_time() - start, 1e-9), scores
