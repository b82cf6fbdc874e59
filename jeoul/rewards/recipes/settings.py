"""What the keys of a column take, the same in Python and TOML; a ValueError says what to write instead."""

from __future__ import annotations

import sys
from typing import Literal

from jeoul.rewards.recipes.condition import Condition, parse_condition
from jeoul.units import Duration

__all__ = ["parse_clip", "parse_failure", "parse_gate", "parse_limit", "parse_otherwise"]


def parse_clip(value: object) -> tuple[float, float]:
    """``clip``: two numbers, the least first; either may be infinite."""
    bounds = value if isinstance(value, list | tuple) else ()
    if len(bounds) != 2 or not all(isinstance(bound, int | float) and not isinstance(bound, bool) for bound in bounds):
        raise ValueError(f"must be [least, greatest], not {value!r}")
    if not bounds[0] <= bounds[1]:
        raise ValueError(f"least must not exceed greatest: {value!r}")
    try:
        return float(bounds[0]) + 0.0, float(bounds[1]) + 0.0
    except OverflowError:
        raise ValueError("a bound is too large; inf and -inf are none") from None


def parse_gate(value: object) -> Condition:
    """``when``: a condition or its text."""
    if isinstance(value, Condition):
        return value
    if not isinstance(value, str):
        hint = "; == compares columns themselves: write column.equals(1)" if isinstance(value, bool) else ""
        raise ValueError(f'must be a condition or text like "correct >= 1", not {value!r}{hint}')
    return parse_condition(value)


def parse_otherwise(value: object) -> float | Literal["skip"]:
    """``else``: a finite number, or "skip" for NaN."""
    return "skip" if value == "skip" else _number(value, '"skip" (does not apply)')


def parse_failure(value: object) -> float | Literal["raise", "skip"]:
    """``on_error``: "raise", "skip" or a finite number."""
    return value if value in ("raise", "skip") else _number(value, '"raise", "skip" (does not apply)')


def parse_limit(value: object) -> Duration:
    """``deadline``: a duration of more than zero."""
    limit = Duration.parse(value)
    if limit.amount <= 0:
        raise ValueError("must be more than 0 seconds")
    return limit


def _number(value: object, instead: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= sys.float_info.max:
        raise ValueError(f"must be {instead} or a finite number, not {value!r}")
    return float(value) + 0.0
