"""What every estimator starts from: each column's deviations from its group mean, and which cells are missing.

Shapes: B rows, K columns (those with a weight other than 0), N groups, G rows in the largest group. "Folded"
tensors are [G, N] or [K, G, N] (see grouping); group statistics are [K, 1, N] and broadcast against them.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from jeoul.errors import UsageError
from jeoul.trainers.advantages.grouping import Grouping
from jeoul.trainers.presets import NanRule, Preset

__all__ = ["Batch", "Cells", "find_cells", "make_batch"]

ULPS = 16
"""Rewards of a group that lie within this many units of rounding of one another are one and the same reward."""


@dataclass(frozen=True)
class Cells:
    """Checked rewards and what is known of missing ones, before rows are laid out by group.

    rewards   of the columns in use, [B, K], NaN where absent; padded (see Grouping.pad)
    weights   of the columns in use, [K], in float64
    used      which of the caller's columns these K are
    complete  no cell is absent
    real      rows that take part in statistics over rows, [B], padded (None: all)
    poisoned  rows, [B], of groups with a NaN that must reach the result (None: none)
    lengths   tokens of each row, [B], padded
    """

    rewards: Tensor
    weights: Tensor
    used: list[int]
    groups: Grouping
    preset: Preset
    complete: bool
    real: Tensor | None
    poisoned: Tensor | None
    lengths: Tensor | None

    def rows_that_count(self) -> Tensor:
        """Find the rows that take part in statistics over rows, [B], padded; empty slots do not."""
        if self.real is not None:
            return self.real
        return self.groups.pad(self.rewards.new_ones(self.groups.rows, dtype=torch.bool), empty=False)


@dataclass(frozen=True)
class Batch:
    """Deviations of rewards from their group means, in float64 and folded, and what the formulas need beside them.

    centred   r − μ, [K, G, N]; 0 in absent cells, rounding where the column is constant in the group
    mean      μ, [K, 1, N]
    low, high least and greatest present reward, [K, 1, N]
    rounding  range that rounding alone can cause in a group and column: tolerance · max(1, |r|), [K, 1, N]
    alive     1 where the column tells the rows of the group apart, high − low > rounding, else 0; [K, 1, N]
    count     present cells, [K, 1, N] or one number for all
    present   which cells are present, [K, G, N] (None: all)
    real      rows that take part in statistics over rows, [G, N] (None: all)
    weights   of the columns, [K, 1, 1]
    used      which of the caller's columns these K are
    """

    centred: Tensor
    mean: Tensor
    low: Tensor
    high: Tensor
    rounding: Tensor
    alive: Tensor
    count: Tensor | float
    present: Tensor | None
    real: Tensor | None
    weights: Tensor
    used: list[int]
    groups: Grouping
    preset: Preset

    def sum_rows(self, x: Tensor) -> Tensor:
        """Sum each column over all rows of the batch, [K]; x must be 0 in those that take no part."""
        return x.sum((-2, -1)) if self.groups.segments is None else x.sum(-1)

    def column(self, x_K: Tensor) -> Tensor:
        """Make a number for each column broadcast against cells."""
        return x_K.view(-1, *[1] * (self.centred.dim() - 1))

    def rows_per_group(self) -> Tensor | float:
        """Count the rows of each group that take part, [1, N] or one number for all."""
        if self.real is not None:
            return self.groups.count_true(self.real)
        if self.groups.segments is None:
            return float(self.groups.size)
        return self.groups.total(torch.ones_like(self.centred[0]))


def make_batch(cells: Cells, groups: Grouping) -> Batch:
    """Centre the rewards of `groups`, all of the batch's or some of them, and find which columns carry signal there.

    A column is constant in a group when max − min ≤ tolerance · max(1, |r|); an epsilon beside σ would let rounding
    through.
    """
    folded = groups.fold(cells.rewards, torch.float64)
    present = real = None
    if cells.complete and groups.full:
        high, low = groups.highest(folded), groups.lowest(folded)
        count: Tensor | float = float(groups.size) if groups.segments is None else _sizes(groups, folded)
        mean = groups.total(folded).div_(count)
        centred = folded.sub_(groups.spread(mean))
    else:
        present = folded == folded
        real = groups.fold(cells.rows_that_count())
        filled = torch.empty_like(folded)
        high = groups.highest(torch.nan_to_num(folded, nan=-math.inf, out=filled))
        low = groups.lowest(torch.nan_to_num(folded, nan=math.inf, out=filled))
        count = groups.count_true(present)
        mean = groups.total(torch.nan_to_num(folded, nan=0.0, out=filled)).div_(count.clamp(min=1.0))
        centred = folded.sub_(groups.spread(mean)).nan_to_num_(nan=0.0)
    rounding = torch.maximum(high, low.neg()).clamp_(min=1.0).mul_(_tolerance(cells.rewards.dtype))
    return Batch(
        centred=centred,
        mean=mean,
        low=low,
        high=high,
        rounding=rounding,
        alive=(high - low).gt_(rounding),
        count=count,
        present=present,
        real=real,
        weights=cells.weights.view(-1, *[1] * (folded.dim() - 1)),
        used=cells.used,
        groups=groups,
        preset=cells.preset,
    )


def _sizes(groups: Grouping, x: Tensor) -> Tensor:
    """Count the rows of each group in the scattered layout, [1, N]."""
    return groups.total(torch.ones_like(x[:1]))


def _tolerance(dtype: torch.dtype) -> float:
    """Relative rounding of rewards of this type. Half precision cells are taken at their word, as float32.

    A difference of one unit in bfloat16 is 0.4 % of a reward: more likely real than rounding.
    """
    return ULPS * torch.finfo(torch.float64 if dtype == torch.float64 else torch.float32).eps


def find_cells(
    rewards_BK: Tensor,
    groups: Grouping,
    weights: list[float],
    lengths_B: Tensor | None,
    preset: Preset,
    nan_rule: NanRule,
) -> Cells:
    """Find NaN cells and treat them as `nan_rule` says; inf is an error.

    Columns of weight 0 are dropped unread, so that they cannot change a bit of the result.
    """
    used = [k for k, weight in enumerate(weights) if weight != 0]
    if len(used) < len(weights):
        rewards_BK = rewards_BK[:, used]
    complete, real, poisoned = True, None, None
    if not math.isfinite(float(rewards_BK.sum())):
        _refuse_infinite(rewards_BK, used)
        absent_BK = rewards_BK.isnan()
        complete = not bool(absent_BK.any())  # the sum has left the range of its type
    if not complete:
        counted = preset.nan_rows == "count" and nan_rule != "poison"
        real = None if counted else ~absent_BK.all(1)
        if nan_rule == "poison":
            poisoned = absent_BK.any(1)
        elif nan_rule == "zero":
            rewards_BK = rewards_BK.masked_fill(absent_BK if real is None else absent_BK & real[:, None], 0.0)
            complete = counted
    return Cells(
        rewards=groups.pad(rewards_BK),
        weights=_weights(tuple([weights[k] for k in used]), rewards_BK.device),
        used=used,
        groups=groups,
        preset=preset,
        complete=complete,
        real=None if real is None else groups.pad(real, empty=False),
        poisoned=poisoned,
        lengths=None if lengths_B is None else groups.pad(lengths_B, empty=0.0),
    )


@functools.lru_cache(maxsize=64)
def _weights(weights: tuple[float, ...], device: torch.device) -> Tensor:
    """Weights on a device: the same at every step of a run, and never written to."""
    return torch.tensor(weights, dtype=torch.float64, device=device)


def _refuse_infinite(rewards_BK: Tensor, used: list[int]) -> None:
    if math.isfinite(float(rewards_BK.nansum())):
        return
    infinite_BK = rewards_BK.isinf()
    if bool(infinite_BK.any()):  # else the sum has left the range of its type
        row, column = (int(i) for i in infinite_BK.nonzero()[0])
        raise UsageError(
            f"rewards[{row}, {used[column]}] is {float(rewards_BK[row, column])}; a reward must be finite "
            "(clip it), or NaN where it does not apply"
        )
