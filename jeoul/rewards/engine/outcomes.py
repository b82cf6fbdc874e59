"""What calling a reward came to, cell by cell: a value, a status and a reason, whatever the function did."""

from __future__ import annotations

import math
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from jeoul.rewards.scores import Failed, Score
from jeoul.rewards.tables.status import Status

__all__ = ["Outcome", "call_reward", "read_results"]


LONGEST_REASON = 2000
"""Characters of a reason that are kept: a reward may quote a completion, which may be endless."""


class Outcome(NamedTuple):
    """One cell: its value (NaN unless ok), status, and why."""

    value: float
    status: int
    reason: str


def call_reward(call: Callable[[dict[str, Any]], Any], data: dict[str, Any], count: int) -> list[Outcome]:
    """Call a reward on ``count`` completions. Nothing it raises gets out: every cell says what happened."""
    try:
        return read_results(call(data), count)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: a reward must not end the run
        return [failed(error)] * count


def read_results(results: Any, count: int) -> list[Outcome]:
    """The cells of what a reward returned.

    >>> [(cell.value, int(cell.status)) for cell in read_results([1, None], 2)]
    [(1.0, 0), (nan, 1)]
    >>> read_results([1], 2)[0].reason
    'returned 1 values for 2 completions'
    """
    if hasattr(results, "tolist"):  # numpy arrays and tensors
        results = results.tolist()
    if not isinstance(results, Sequence) or isinstance(results, str | bytes | bytearray):
        return [_error(f"returned a {type(results).__name__}, not a list with one number per completion")] * count
    if len(results) != count:
        return [_error(f"returned {len(results)} values for {count} completions")] * count
    return [_cell(result) for result in results]


def failed(error: BaseException) -> Outcome:
    """The cell of an exception: its type, message and the line it came from."""
    try:
        where = traceback.extract_tb(error.__traceback__)
        text = str(error)
    except Exception as second:  # a __str__ that raises, or no memory left to look
        where, text = traceback.StackSummary(), f"and its own message raised {type(second).__name__}"
    place = f" ({where[-1].filename.rpartition('/')[2]}:{where[-1].lineno})" if where else ""
    return _error(f"{type(error).__name__}: {text if len(text) <= 300 else text[:299] + '…'}{place}")


def _error(reason: str) -> Outcome:
    return Outcome(math.nan, Status.error, reason)


def _cell(result: Any) -> Outcome:
    kind = type(result)
    if kind is float or kind is Score or kind is int or kind is bool:
        huge = kind is int and not -_LARGEST <= result <= _LARGEST
        value = (math.inf if result > 0 else -math.inf) if huge else float(result)
    elif result is None:
        return Outcome(math.nan, Status.not_applicable, "")
    elif isinstance(result, str | bytes):
        return _error(f"gave the text {result[:80]!r}, not a number")
    else:
        try:
            value = float(result)
        except Exception:  # whatever its __float__ raises
            return _error(f"gave a {kind.__name__}, not a number")
    reason = str(getattr(result, "reason", ""))[:LONGEST_REASON] if isinstance(result, Score) else ""
    if isinstance(result, Failed):
        return Outcome(math.nan, Status[result.status], reason)
    if math.isnan(value):
        return Outcome(math.nan, Status.not_applicable, reason)
    if abs(value) > GREATEST:
        size = "which no sum survives" if math.isinf(value) else "which float32 tensors cannot hold"
        return _error(f"gave {value}, {size}; give a finite number or None{': ' if reason else ''}{reason}")
    return Outcome(value, Status.ok, reason)


_LARGEST = int(sys.float_info.max)
GREATEST = 3.4e38
"""Greatest value of a cell: what a float32 tensor holds."""
