"""What is decided about an answer, and what is not mathematics but a decision."""

from __future__ import annotations

from typing import Literal, NamedTuple

__all__ = ["DEFAULT", "Angles", "Decimals", "Percent", "Policy", "Verdict", "verdict"]

Decimals = Literal["declared", "exact"]
Percent = Literal["value", "either"]
Angles = Literal["convert", "exact"]


class Policy(NamedTuple):
    """What is not mathematics but a decision.

    Attributes:
        decimals: whether a decimal gold of at least three significant digits takes answers that round to it.
        percent: whether ``25`` may stand for ``25%`` ("either"), or 25% is 0.25 and nothing else ("value").
        angles: whether 90° is π/2 ("convert"), or an answer in the other unit stays undecided ("exact").
    """

    decimals: Decimals = "declared"
    percent: Percent = "value"
    angles: Angles = "convert"


DEFAULT = Policy()


class Verdict(NamedTuple):
    """``correct``, ``incorrect`` or ``undecided``, why, and in which stage (1: exact numbers; 2: trees)."""

    outcome: Literal["correct", "incorrect", "undecided"]
    why: str
    stage: int = 1


def verdict(right: bool, why: str, stage: int = 1) -> Verdict:
    """Correct or incorrect."""
    return Verdict("correct" if right else "incorrect", why, stage)
