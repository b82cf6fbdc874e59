"""Several columns as one: sum, product, weighted geometric mean, min, max, cell by cell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jeoul.rewards.tables.status import FAILED, Status

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jeoul.rewards.recipes.combination import Combination

__all__ = ["Combined", "combine"]


@dataclass(frozen=True)
class Combined:
    """Value and status per row, and why a row has none."""

    value: NDArray[np.float64]
    status: NDArray[np.uint8]
    reason: Callable[[int], str]


def combine(combination: Combination, parts_KB: NDArray[np.float64], status_KB: NDArray[np.uint8]) -> Combined:
    """The combined column, [B].

    A row in which any part is NaN is NaN: failed where a part failed, else "does not apply". A geometric mean of a
    negative part is an error of that row, never a silent floor.
    """
    names, shares = combination.names(), np.array([share for _, share in combination.parts])
    absent = np.isnan(parts_KB)
    failed = np.isin(status_KB, FAILED) & absent
    negative = (parts_KB < 0) if combination.kind == "geometric_mean" else np.zeros_like(absent)
    status = np.where(absent.any(0), np.uint8(Status.not_applicable), np.uint8(Status.ok))
    status = np.where(negative.any(0) & ~absent.any(0), np.uint8(Status.error), status)
    worst = np.where(failed, status_KB, 0).max(axis=0)
    status = np.where(worst > 0, worst, status).astype(np.uint8)
    value = np.where(status == Status.ok, _value(combination.kind, parts_KB, shares), np.nan)

    def reason(row: int) -> str:
        for mask, text in ((failed, "failed"), (absent, "does not apply"), (negative, "is negative")):
            if mask[:, row].any():
                return f"{', '.join(names[part] for part in np.flatnonzero(mask[:, row]))} {text}"
        return "the result is not finite" if overflow[row] else ""

    overflow = (status == Status.ok) & ~np.isfinite(value)
    return Combined(np.where(overflow, np.nan, value), np.where(overflow, np.uint8(Status.error), status), reason)


def _value(kind: str, parts_KB: NDArray[np.float64], shares_K: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        match kind:
            case "sum":
                return _weighted_sum(shares_K, parts_KB)
            case "product":
                return np.asarray(parts_KB.prod(axis=0))
            case "min":
                return np.asarray(parts_KB.min(axis=0))
            case "max":
                return np.asarray(parts_KB.max(axis=0))
        return np.asarray(np.exp(_weighted_sum(shares_K, np.log(parts_KB)) / shares_K.sum()))


def _weighted_sum(shares_K: NDArray[np.float64], parts_KB: NDArray[np.float64]) -> NDArray[np.float64]:
    """Term by term: a matrix product rounds a row differently in another batch."""
    total = np.zeros(parts_KB.shape[1])
    for share, part_B in zip(shares_K, parts_KB, strict=True):
        total += share * part_B
    return total
