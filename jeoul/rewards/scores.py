"""What a reward gives for one completion: a float that can say why."""

from __future__ import annotations

import math
from typing import Self, SupportsFloat

__all__ = ["Score", "does_not_apply"]


class Score(float):
    """A reward value with its reason. It is a float everywhere a float is wanted (TRL, numpy, sums).

    ``Score(nan, why)`` is a cell to which the reward does not apply.

    >>> score = Score(0.0, "no <answer> tag")
    >>> score + 1, score.reason
    (1.0, 'no <answer> tag')
    """

    __slots__ = ("reason",)
    reason: str

    def __new__(cls, value: SupportsFloat, reason: str = "") -> Self:
        score = super().__new__(cls, value)
        score.reason = reason
        return score

    def __getnewargs__(self) -> tuple[float, str]:  # type: ignore[override]
        return float(self), self.reason


def does_not_apply(reason: str) -> Score:
    """The NaN cell, with the reason for it: no reward, rather than a reward of zero."""
    return Score(math.nan, reason)
