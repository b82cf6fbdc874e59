from __future__ import annotations

import itertools
from fractions import Fraction

import pytest

from jeoul.rewards.math.numbers import Number
from jeoul.rewards.math.units import factor, in_unit_of, read_mixed

IN_METRES = {"mm": 0.001, "cm": 0.01, "m": 1, "km": 1000, "in": 0.0254, "ft": 0.3048, "yd": 0.9144, "mi": 1609.344}
IN_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "week": 604800}


@pytest.mark.parametrize("table", [IN_METRES, IN_SECONDS])
def test_factors_are_those_of_the_standards(table: dict[str, float]) -> None:
    for one, other in itertools.product(table, repeat=2):
        found = factor(one, other)
        assert found is not None
        assert float(found) == pytest.approx(table[one] / table[other], rel=1e-12)
        assert factor(f"{one}^2", f"{other}^2") == found**2


def test_what_does_not_measure_the_same() -> None:
    for one, other in [
        ("m", "s"),
        ("m", "m^2"),
        ("kg", "lb^2"),
        ("ton", "kg"),
        ("apple", "cm"),
        ("'", "in"),
        ("", "m"),
    ]:
        assert factor(one, other) is None


def test_digits_go_with_the_unit() -> None:
    length = in_unit_of(Number(Fraction(265), digits=3, step=Fraction(1), unit="cm"), Number(Fraction(1), unit="m"))
    assert length == Number(Fraction(265, 100), digits=3, step=Fraction(1, 100), unit="m")


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ('2 "hours" 5 "minutes"', 125, "min"), ("2 hours and 5 minutes", 125, "min"), ("1시간 30분", 90, "min"),
        ("6 ft 1 in", 73, "in"), ('3 "m" 40 "cm"', 340, "cm"), ("1 hour 0.5 minutes", Fraction(121, 2), "min"),
    ],
)  # fmt: skip
def test_two_units(text: str, value: Fraction, unit: str) -> None:
    assert read_mixed(text) == Number(Fraction(value), unit=unit)


@pytest.mark.parametrize(
    "text", ["5 minutes 2 hours", "1 hour 75 minutes", "2 hours 3 cm", "2 hours", "2 apples 3 eggs"]
)
def test_not_two_units(text: str) -> None:
    assert read_mixed(text) is None
