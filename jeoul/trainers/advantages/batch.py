"""What every estimator starts from: checked rewards, and each column's deviations from its group mean.

Shapes: B rows, K columns (those with a weight other than 0), N groups, G rows in the largest group. "Folded"
tensors are [G, N, …] (see grouping); group statistics are [1, N, …] and broadcast against them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from jeoul.errors import UsageError
from jeoul.trainers.advantages.grouping import Grouping, group_rows
from jeoul.trainers.presets import NanRule, Preset

__all__ = ["Batch", "check_groups", "check_labels", "check_lengths", "check_rewards", "check_weights", "make_batch"]

ULPS = 16
"""Rewards of a group that lie within this many units of rounding of one another are one and the same reward."""


@dataclass(frozen=True)
class Batch:
    """Deviations of rewards from their group means, in float64 and folded, and what the formulas need beside them.

    centred   r − μ; 0 in absent cells, rounding where the column is constant in the group
    mean      μ, [1, N, K]
    low, high least and greatest present reward, [1, N, K]
    rounding  range that rounding alone can cause in a group and column: tolerance · max(1, |r|), [1, N, K]
    alive     1 where the column tells the rows of the group apart, high − low > rounding, else 0; [1, N, K]
    count     present cells, [1, N, K] or one number for all
    present   which cells are present, [G, N, K] (None: all)
    real      rows that take part in statistics over rows, [G, N] (None: all)
    lengths   tokens of each row, [G, N]
    poisoned  rows, [B], of groups with a NaN that must reach the result, or None
    weights   of the columns in use, [K]
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
    lengths: Tensor | None
    poisoned: Tensor | None
    weights: Tensor
    used: list[int]
    groups: Grouping
    preset: Preset

    def sum_rows(self, x: Tensor) -> Tensor:
        """Sum over all rows of the batch; x must be 0 in those that take no part."""
        return x.sum((0, 1)) if self.groups.segments is None else x.sum(0)

    def row_count(self) -> Tensor | float:
        """Count the rows that take part in batch statistics."""
        return float(self.groups.rows) if self.real is None else self.real.sum()

    def rows_per_group(self) -> Tensor | float:
        """Count the rows of each group that take part, [1, N] or one number for all."""
        if self.real is not None:
            return self.groups.count_true(self.real)
        if self.groups.segments is None:
            return float(self.groups.size)
        return self.groups.total(torch.ones_like(self.centred[:, 0]))


@dataclass(frozen=True)
class Cells:
    """What is known of missing cells before rows are laid out by group.

    rewards   [B, K], NaN where absent
    complete  no cell is absent
    real      rows that take part in statistics over rows, [B] (None: all)
    poisoned  rows with a NaN that must reach the result, [B] (None: none)
    """

    rewards: Tensor
    complete: bool
    real: Tensor | None = None
    poisoned: Tensor | None = None


def make_batch(
    rewards: Tensor,
    groups: Grouping,
    weights: list[float],
    lengths_B: Tensor | None,
    preset: Preset,
    nan_rule: NanRule,
) -> Batch:
    """Centre checked rewards in their groups and find which columns carry signal there.

    A column is constant in a group when max − min ≤ tolerance · max(1, |r|); an epsilon beside σ would let rounding
    through. Columns of weight 0 are dropped unread, so that they cannot change a bit of the result.
    """
    used = [k for k, weight in enumerate(weights) if weight != 0]
    cells = _find_absent(rewards if len(used) == len(weights) else rewards[:, used], used, preset, nan_rule)
    folded = groups.fold(cells.rewards).to(torch.float64)
    present = real = None
    if cells.complete and groups.full:
        high, low, total = groups.highest(folded), groups.lowest(folded), groups.total(folded)
        count: Tensor | float = float(groups.size) if groups.segments is None else _sizes(groups, folded)
        mean = total / count
        # float64 rewards may be the caller's own memory: only a converted copy is centred in place
        centred = torch.sub(folded, groups.spread(mean), out=None if rewards.dtype == torch.float64 else folded)
    else:
        present = ~folded.isnan()
        real = _fold_real(groups, cells)
        filled = torch.empty_like(folded)
        high = groups.highest(torch.nan_to_num(folded, nan=-math.inf, out=filled))
        low = groups.lowest(torch.nan_to_num(folded, nan=math.inf, out=filled))
        total = groups.total(torch.nan_to_num(folded, nan=0.0, out=filled))
        count = groups.count_true(present)
        mean = total / count.clamp(min=1.0)
        centred = torch.sub(folded, groups.spread(mean), out=filled).nan_to_num_(nan=0.0)
    rounding = torch.maximum(high, -low).clamp_(min=1.0).mul_(_tolerance(rewards.dtype))
    return Batch(
        centred=centred,
        mean=mean,
        low=low,
        high=high,
        rounding=rounding,
        alive=((high - low) > rounding).to(torch.float64),
        count=count,
        present=present,
        real=real,
        lengths=None if lengths_B is None else groups.fold(lengths_B, empty=0.0),
        poisoned=cells.poisoned,
        weights=torch.tensor([weights[k] for k in used], dtype=torch.float64, device=rewards.device),
        used=used,
        groups=groups,
        preset=preset,
    )


def _fold_real(groups: Grouping, cells: Cells) -> Tensor:
    """Lay out which rows take part; empty slots do not."""
    if cells.real is not None:
        return groups.fold(cells.real, empty=False)
    return groups.fold(torch.ones_like(cells.rewards[:, 0], dtype=torch.bool), empty=False)


def _sizes(groups: Grouping, x: Tensor) -> Tensor:
    """Count the rows of each group in the scattered layout, [N, 1]."""
    return groups.total(torch.ones_like(x[:, :1]))


def _tolerance(dtype: torch.dtype) -> float:
    """Relative rounding of rewards of this type. Half precision cells are taken at their word, as float32.

    A difference of one unit in bfloat16 is 0.4 % of a reward: more likely real than rounding.
    """
    return ULPS * torch.finfo(torch.float64 if dtype == torch.float64 else torch.float32).eps


def _find_absent(rewards_BK: Tensor, used: list[int], preset: Preset, nan_rule: NanRule) -> Cells:
    """Find NaN cells and treat them as `nan_rule` says; inf is an error."""
    if math.isfinite(float(rewards_BK.sum())):
        return Cells(rewards_BK, complete=True)
    infinite_BK = rewards_BK.isinf()
    if bool(infinite_BK.any()):
        row, column = (int(i) for i in infinite_BK.nonzero()[0])
        raise UsageError(
            f"rewards[{row}, {used[column]}] is {float(rewards_BK[row, column])}; a reward must be finite "
            "(clip it), or NaN where it does not apply"
        )
    absent_BK = rewards_BK.isnan()
    if not bool(absent_BK.any()):
        return Cells(rewards_BK, complete=True)
    empty_B = absent_BK.all(1)
    if nan_rule == "poison":
        return Cells(rewards_BK, complete=False, real=~empty_B, poisoned=absent_BK.any(1))
    counted = preset.nan_rows == "count"
    if nan_rule == "zero":
        zeroed_BK = absent_BK if counted else absent_BK & ~empty_B[:, None]
        rewards_BK = rewards_BK.masked_fill(zeroed_BK, 0.0)
        return Cells(rewards_BK, complete=counted, real=None if counted else ~empty_B)
    return Cells(rewards_BK, complete=False, real=None if counted else ~empty_B)


def check_rewards(rewards_BK: Tensor, allow_empty: bool = False) -> None:
    """Accept a floating tensor [B, K] with at least one cell (`allow_empty`: or without rows)."""
    if not isinstance(rewards_BK, Tensor):
        raise UsageError(f"rewards is a {type(rewards_BK).__name__}; pass a torch tensor [B, K]")
    if rewards_BK.dim() != 2:
        remedy = "rewards[:, None] makes one column" if rewards_BK.dim() == 1 else "one row a completion"
        raise UsageError(f"rewards has shape {list(rewards_BK.shape)}; expected [B, K] ({remedy})")
    if rewards_BK.dtype not in (torch.float64, torch.float32, torch.bfloat16, torch.float16):
        raise UsageError(f"rewards has dtype {rewards_BK.dtype}; expected a floating type: rewards.float()")
    if rewards_BK.shape[1] == 0 or (rewards_BK.shape[0] == 0 and not allow_empty):
        raise UsageError(f"rewards has shape {list(rewards_BK.shape)}; an empty batch has no advantages: skip the step")


def check_weights(weights_K: Tensor | Sequence[float] | None, columns: int) -> list[float]:
    """Read weights as a list of finite numbers, one a column; None is 1.0 each."""
    if weights_K is None:
        return [1.0] * columns
    if isinstance(weights_K, Mapping):
        raise UsageError(f"weights is a mapping; give a list in the order of the columns: {list(weights_K.values())}")
    if isinstance(weights_K, str) or (isinstance(weights_K, Tensor) and weights_K.dim() != 1):
        shape = list(weights_K.shape) if isinstance(weights_K, Tensor) else repr(weights_K)
        raise UsageError(f"weights is {shape}; expected one number a column, [{columns}]")
    values = [float(weight) for weight in (weights_K.tolist() if isinstance(weights_K, Tensor) else weights_K)]
    if len(values) != columns:
        raise UsageError(f"weights has {len(values)} entries, rewards has {columns} columns; give one weight a column")
    if not all(map(math.isfinite, values)):
        raise UsageError(f"weights are {values}; every weight must be finite (0 switches a column off)")
    return values


def check_labels(groups_B: Tensor, rewards_BK: Tensor) -> None:
    """Accept integer labels, one a row, on the device of the rewards."""
    rows = rewards_BK.shape[0]
    if groups_B.dim() != 1 or groups_B.shape[0] != rows:
        raise UsageError(f"groups has shape {list(groups_B.shape)}, rewards has {rows} rows; expected [{rows}]")
    if groups_B.is_floating_point() or groups_B.is_complex() or groups_B.dtype == torch.bool:
        raise UsageError(f"groups has dtype {groups_B.dtype}; expected integer labels: groups.long()")
    if groups_B.device != rewards_BK.device:
        raise UsageError(f"groups is on {groups_B.device}, rewards on {rewards_BK.device}; move one of them")


def check_groups(groups: Tensor | Grouping, rewards_BK: Tensor) -> Grouping:
    """Factorise integer labels [B]; a Grouping made before is taken as it is."""
    if isinstance(groups, Tensor):
        check_labels(groups, rewards_BK)
        return group_rows(groups)
    if not isinstance(groups, Grouping):
        raise UsageError(f"groups is a {type(groups).__name__}; pass an integer tensor [B], or group_rows(labels)")
    if groups.rows != rewards_BK.shape[0]:
        raise UsageError(
            f"groups was made for {groups.rows} rows, rewards has {rewards_BK.shape[0]}; call group_rows again"
        )
    return groups


def check_lengths(lengths_B: Tensor | None, rewards_BK: Tensor) -> Tensor | None:
    """Read the tokens of each row, in float64."""
    if lengths_B is None:
        return None
    if not isinstance(lengths_B, Tensor) or lengths_B.shape != rewards_BK.shape[:1]:
        shape = list(lengths_B.shape) if isinstance(lengths_B, Tensor) else type(lengths_B).__name__
        raise UsageError(f"lengths is {shape}; expected the tokens of each row, [{rewards_BK.shape[0]}]")
    lengths_B = lengths_B.to(rewards_BK.device, torch.float64)
    if not (float(lengths_B.amin()) >= 0 and 2 <= float(lengths_B.sum()) < math.inf):
        raise UsageError("lengths must be finite, at least 0, and add up to at least 2 tokens")
    return lengths_B
