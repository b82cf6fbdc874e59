"""Reading samples: scores of k samples for each of Q questions, where a missing sample is missing and never wrong."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from jeoul.errors import UsageError, listed

__all__ = ["Floats", "Scores", "check_k", "check_level", "divided", "paired_scores", "question_means", "read_scores"]

Floats: TypeAlias = NDArray[np.float64]
Scores: TypeAlias = "Mapping[Any, Sequence[float | None]] | Sequence[Sequence[float | None]] | NDArray[Any]"
"""Samples by question id, or one row of samples a question; None or NaN where a sample is missing."""


def read_scores(scores: Scores, what: str = "scores") -> Floats:
    """``scores`` as [Q × K] with NaN where a sample is missing; shorter rows are filled up with NaN.

    >>> read_scores({"q1": [1, 0], "q2": [None]})
    array([[ 1.,  0.],
           [nan, nan]])
    """
    rows = list(scores.values()) if isinstance(scores, Mapping) else scores
    if isinstance(rows, np.ndarray) and rows.ndim != 2:
        raise UsageError(f"{what} has shape {list(rows.shape)}; expected [questions, samples]: [[1, 0], [1, 1]]")
    if isinstance(rows, str) or not hasattr(rows, "__len__"):
        raise UsageError(f"{what} is {rows!r:.40}; expected one row of samples a question, such as [[1, 0], [1, 1]]")
    if isinstance(rows, np.ndarray) and rows.dtype.kind in "fiub":
        read = list(rows.astype(np.float64))
    else:
        read = [_row(row, what, place) for place, row in enumerate(rows)]
    if not read:
        raise UsageError(f"{what} has no question; give at least one row of samples")
    table = np.full((len(read), max(map(len, read))), np.nan)
    for place, row in enumerate(read):
        table[place, : len(row)] = row
    if np.isinf(table).any():
        place = int(np.isinf(table).any(axis=1).argmax())
        raise UsageError(f"{what}[{place}] has an infinite value; write NaN or None where a sample is missing")
    return table


def paired_scores(a: Scores, b: Scores) -> tuple[Floats, Floats, int]:
    """``a`` and ``b`` row by row for the questions they share, and how many questions only one of them has.

    By id where both are mappings; else by position, which needs equally many rows.

    >>> paired_scores({"x": [1], "y": [0]}, {"y": [1], "z": [1]})
    (array([[0.]]), array([[1.]]), 2)
    """
    if isinstance(a, Mapping) != isinstance(b, Mapping):
        raise UsageError("one of A and B is by question id and the other is rows; give both by id, or both as rows")
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        shared = [question for question in a if question in b]
        if not shared:
            raise UsageError(f"A and B share no question: A has {listed(map(repr, a), 3)}; B {listed(map(repr, b), 3)}")
        only = len(a) + len(b) - 2 * len(shared)
        return read_scores([a[one] for one in shared], "A"), read_scores([b[one] for one in shared], "B"), only
    table_a, table_b = read_scores(a, "A"), read_scores(b, "B")
    if len(table_a) != len(table_b):
        raise UsageError(
            f"A has {len(table_a)} questions and B {len(table_b)}; rows are paired by position, so give equally many, "
            "or mappings from question id to samples"
        )
    return table_a, table_b, 0


def divided(sums_Q: NDArray[Any], counts_Q: NDArray[Any]) -> Floats:
    """``sums_Q / counts_Q``, NaN where nothing was counted."""
    found = np.full(len(sums_Q), np.nan)
    np.divide(sums_Q, counts_Q, out=found, where=counts_Q > 0)
    return found


def question_means(table_QK: Floats) -> Floats:
    """Mean of the samples each question has; NaN where it has none."""
    return divided(np.nansum(table_QK, axis=1), np.count_nonzero(~np.isnan(table_QK), axis=1))


def check_k(k: int) -> int:
    """``k`` if it is a whole number of samples, 1 or more."""
    if isinstance(k, bool) or not isinstance(k, (int, np.integer)) or k < 1:
        raise UsageError(f"k is {k!r}; expected a whole number of samples, 1 or more")
    return int(k)


def check_level(level: float, what: str = "level") -> float:
    """``level`` if it lies strictly between 0 and 1."""
    if not isinstance(level, (int, float)) or not 0 < level < 1:
        raise UsageError(f"{what} is {level!r}; expected a number between 0 and 1, such as 0.95")
    return float(level)


def _row(row: Any, what: str, place: int) -> Floats:
    if isinstance(row, (str, bytes, Mapping, Hashable)) and not isinstance(row, tuple):
        raise UsageError(f"{what}[{place}] is {row!r:.40}; expected a list of numbers, one a sample")
    try:
        numbers = np.array([np.nan if one is None else one for one in row], dtype=np.float64)
    except (TypeError, ValueError):
        odd = next((one for one in row if not _is_number(one)), row)
        raise UsageError(
            f"{what}[{place}] has {odd!r:.40}; expected numbers, or None where a sample is missing"
        ) from None
    if numbers.ndim != 1:
        raise UsageError(f"{what}[{place}] is nested too deep; expected a list of numbers, one a sample")
    return numbers


def _is_number(one: Any) -> bool:
    return one is None or isinstance(one, (int, float, np.number, np.bool_))
