"""Decimals that are rounded: which digits a gold declares, and which an answer must have."""

from __future__ import annotations

from fractions import Fraction

from jeoul.rewards.math.numbers import Number, approximate, same
from jeoul.rewards.math.verdict import Policy, Verdict

__all__ = ["rounded"]

DECLARED_DIGITS = 3  # least significant digits of a decimal gold whose rounding counts
ROUNDED_DIGITS = 6  # least significant digits of a decimal answer to an exact gold


def rounded(gold: Number, answer: Number, policy: Policy) -> Verdict | None:
    """The verdict where one side is a rounded decimal of the other; None where rounding has no say."""
    if policy.decimals == "exact" or same(gold, answer):
        return None
    if _inexact(gold) and (not _inexact(answer) or (answer.step or 0) < (gold.step or 0)):
        if not _near(approximate(answer), gold):
            return None
        if (gold.digits or 0) < DECLARED_DIGITS:
            return Verdict("undecided", f"rounds to the gold, which has only {gold.digits} significant digits")
        return Verdict("correct", f"rounds to the gold's {gold.digits} significant digits")
    whole = gold.value.denominator == 1 and gold.root == 1 and not gold.pi
    if not whole and not _inexact(gold) and _inexact(answer) and (answer.digits or 0) >= ROUNDED_DIGITS:
        return Verdict("correct", f"the gold to {answer.digits} digits") if _near(approximate(gold), answer) else None
    return None


def _inexact(number: Number) -> bool:
    """Written as a decimal that is not a whole number (27.0 is), or in scientific notation with digits to spare."""
    return number.step is not None and (number.value.denominator != 1 or number.step > 1)


def _near(value: Fraction, decimal: Number) -> bool:
    """Whether it rounds to the decimal, a half away from zero."""
    over = abs(value) - abs(decimal.value) if value * decimal.value >= 0 else abs(value) + abs(decimal.value)
    return -(decimal.step or 0) <= over * 2 < (decimal.step or 0)
