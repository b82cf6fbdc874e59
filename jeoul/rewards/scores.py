"""What a reward gives for one completion: a float that can say why."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, Self, SupportsFloat

__all__ = ["Failed", "Score", "does_not_apply", "failed", "machine_failed", "timed_out"]


class Score(float):
    """A reward value with its reason. It is a float everywhere a float is wanted (TRL, numpy, sums).

    ``Score(nan, why)`` is a cell to which the reward does not apply. The reason may be a function that writes it, where
    writing takes longer than scoring and a trainer never asks.

    >>> score = Score(0.0, "no <answer> tag")
    >>> score + 1, score.reason
    (1.0, 'no <answer> tag')
    """

    __slots__ = ("_reason",)
    _reason: str | Callable[[], str]

    def __new__(cls, value: SupportsFloat, reason: str | Callable[[], str] = "") -> Self:
        score = float.__new__(cls, value)
        score._reason = reason
        return score

    @property
    def reason(self) -> str:
        """Why, in words; written when it is asked for, where the reward gave a function."""
        return self._reason() if callable(self._reason) else self._reason

    def __reduce__(self) -> tuple[type[Self], tuple[float, str]]:
        return type(self), (float(self), self.reason)


def does_not_apply(reason: str | Callable[[], str]) -> Score:
    """The NaN cell, with the reason for it: no reward, rather than a reward of zero."""
    return Score(math.nan, reason)


class Failed(Score):
    """The NaN cell of a completion that could not be scored: an error, a timeout, a failure of the machine ("infra").

    A table shows it as that, and not as "does not apply"; a run that goes on later owes an infra cell again.
    """

    __slots__ = ("status",)
    status: Literal["error", "timeout", "infra"]

    def __reduce__(self) -> tuple[Callable[[str], Failed], tuple[str]]:  # type: ignore[override]
        return {"error": failed, "timeout": timed_out, "infra": machine_failed}[self.status], (self.reason,)


def failed(reason: str | Callable[[], str]) -> Failed:
    """A cell that cannot be scored though it should: its row's data are broken.

    >>> failed("row 3 has no tests"), failed("row 3 has no tests").status
    (nan, 'error')
    """
    cell = Failed(math.nan, reason)
    cell.status = "error"
    return cell


def machine_failed(reason: str | Callable[[], str]) -> Failed:
    """A cell that nobody could score: the machine failed, which is not the completion's doing and never a 0."""
    cell = Failed(math.nan, reason)
    cell.status = "infra"
    return cell


def timed_out(reason: str | Callable[[], str]) -> Failed:
    """A cell whose reward waited for another machine until its own time was over."""
    cell = Failed(math.nan, reason)
    cell.status = "timeout"
    return cell
