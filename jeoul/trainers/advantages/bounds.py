"""What values a column can take: declared by the caller, or seen in the batch."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from jeoul.errors import UsageError
from jeoul.trainers.advantages.batch import Batch

__all__ = ["Bounds", "column_bounds"]

Bounds = Sequence[tuple[float, float]] | None


def column_bounds(batch: Batch, bounds: Bounds, columns: int) -> tuple[Tensor, Tensor]:
    """Find (low, high) of the columns in use, [K] each. `bounds` has a pair for each of the caller's columns.

    Without declared bounds, the lowest and highest present cell of the batch (0, 0 in a column without any).
    """
    if bounds is None:
        low_K, high_K = batch.low.flatten(1).amin(1), batch.high.flatten(1).amax(1)
        seen_K = low_K <= high_K
        return torch.where(seen_K, low_K, 0.0), torch.where(seen_K, high_K, 0.0)
    pairs = [tuple(float(limit) for limit in pair) for pair in bounds]
    if len(pairs) != columns:
        raise UsageError(f"bounds has {len(pairs)} pairs, rewards has {columns} columns; give (low, high) for each")
    for column, pair in enumerate(pairs):
        if len(pair) != 2 or not all(map(math.isfinite, pair)) or pair[0] >= pair[1]:
            raise UsageError(f"bounds[{column}] is {pair}; expected two finite numbers (low, high) with low < high")
    chosen = torch.tensor([pairs[k] for k in batch.used], dtype=torch.float64, device=batch.mean.device)
    return chosen[:, 0], chosen[:, 1]
