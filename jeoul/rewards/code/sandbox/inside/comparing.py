"""Whether an answer is the expected one. Both are plain values."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

__all__ = ["equal"]


def equal(expected: Any, answer: Any, tolerance: float | None = None, lists: bool = False) -> bool:
    """``expected == answer``, with floats that may differ and tuples that count as lists where so wanted.

    Args:
        tolerance: greatest difference of two numbers one of which is a float, absolute or relative.

    >>> equal([0.3, "a"], [0.1 + 0.2, "a"]), equal([0.3, "a"], [0.1 + 0.2, "a"], tolerance=1e-9)
    (False, True)
    >>> equal([[1, 2]], [(1, 2)]), equal([[1, 2]], ((1, 2),), lists=True)
    (False, True)
    """
    if tolerance is None and not lists:
        return bool(expected == answer)
    if isinstance(expected, float | complex) or isinstance(answer, float | complex):
        return _near(expected, answer, tolerance)
    if lists and isinstance(expected, list | tuple) and isinstance(answer, list | tuple):
        return _same_items(expected, answer, tolerance, lists)
    if type(expected) is not type(answer):
        return bool(expected == answer)
    if isinstance(expected, list | tuple | deque):
        return _same_items(expected, answer, tolerance, lists)
    if isinstance(expected, dict):
        return expected.keys() == answer.keys() and all(
            equal(value, answer[key], tolerance, lists) for key, value in expected.items()
        )
    return bool(expected == answer)


def _same_items(expected: Any, answer: Any, tolerance: float | None, lists: bool) -> bool:
    return len(expected) == len(answer) and all(
        equal(left, right, tolerance, lists) for left, right in zip(expected, answer, strict=True)
    )


def _near(expected: Any, answer: Any, tolerance: float | None) -> bool:
    if expected == answer:
        return True
    if tolerance is None or any(isinstance(each, bool | complex) for each in (expected, answer)):
        return False
    if not all(isinstance(each, int | float) for each in (expected, answer)):
        return False
    try:
        return math.isclose(expected, answer, rel_tol=tolerance, abs_tol=tolerance)
    except OverflowError:  # an int beyond all floats
        return False
