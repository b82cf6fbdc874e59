from __future__ import annotations

from fractions import Fraction

import pytest

from jeoul.rewards.math.wording import worded

ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def spelled(value: int) -> str:
    if value >= 100:
        rest = f" and {spelled(value % 100)}" if value % 100 else ""
        return f"{ONES[value // 100]} hundred{rest}"
    if value < 20:
        return (ONES + TEENS)[value]
    return TENS[value // 10 - 2] + (f"-{ONES[value % 10]}" if value % 10 else "")


def test_every_number_below_a_thousand() -> None:
    for value in range(1000):
        number = worded(spelled(value))
        assert number is not None
        assert number.value == value


@pytest.mark.parametrize(
    "text", ["", "one two", "twenty ten", "one hundred one hundred", "two five", "none", "five or six"]
)
def test_not_a_number(text: str) -> None:
    assert worded(text) is None


def test_parts() -> None:
    assert [number.value for text in ("one half", "three quarters") if (number := worded(text))] == [
        Fraction(1, 2),
        Fraction(3, 4),
    ]
