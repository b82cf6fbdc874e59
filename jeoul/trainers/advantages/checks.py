"""What the estimators accept: rewards, weights, group labels and lengths, each refused with its shape and a remedy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from jeoul.errors import UsageError
from jeoul.trainers.advantages.grouping import Grouping, group_rows

__all__ = ["check_groups", "check_labels", "check_lengths", "check_rewards", "check_weights"]


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
