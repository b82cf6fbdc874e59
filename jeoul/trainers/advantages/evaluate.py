"""From rewards to advantages: check, gather, apply an estimator's formula, put the rows back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict

import torch
from torch import Tensor

from jeoul.errors import did_you_mean
from jeoul.trainers.advantages.batch import (
    Batch,
    check_groups,
    check_lengths,
    check_rewards,
    check_weights,
    make_batch,
)
from jeoul.trainers.advantages.grouping import Grouping, whole_batch
from jeoul.trainers.advantages.rows import gather_rows
from jeoul.trainers.advantages.steps import Mixed, batch_shift, mix_columns
from jeoul.trainers.presets import Preset, preset

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup

__all__ = ["Formula", "Options", "Weights", "apply_formula"]

Weights = Tensor | Sequence[float] | None


class Options(TypedDict, total=False):
    """Options that every estimator takes.

    preset         name or Preset; "paper" by default
    by_column      True gives [B, K], each column's part of the advantage; the parts of a row add up to it
    lengths        tokens of each row [B]; needed where the preset normalises over tokens ("verl")
    process_group  ranks that hold the other rows of the batch: statistics then run over all of them
    """

    preset: str | Preset
    by_column: bool
    lengths: Tensor | None
    process_group: ProcessGroup | None


@dataclass(frozen=True)
class Formula:
    """An estimator: how columns are mixed, what a group is scaled by, and whether the batch step follows.

    mix         what deviations are multiplied by, broadcasts against cells
    scale       what the mixed sum is multiplied by, broadcasts against rows; None is 1
    normalises  columns are put on one scale before the sum: the preset's `nan` applies, not `sum_nan`
    batch_step  as the preset says, or always (per sequence where the preset has none)
    pooled      the whole batch is one group
    """

    mix: Callable[[Batch], Tensor]
    scale: Callable[[Batch, Mixed], Tensor | float] | None = None
    batch_step: Literal["never", "preset", "always"] = "never"
    normalises: bool = False
    pooled: bool = False


@torch.no_grad()
def apply_formula(
    formula: Formula, rewards: Tensor, groups: Tensor | Grouping, weights: Weights, options: Options
) -> Tensor:
    """Compute advantages [B], or their parts [B, K], in the rewards' dtype (float32 for bfloat16 and float16)."""
    for name in options.keys() - Options.__annotations__.keys():  # a misspelt option must not be a default in disguise
        raise TypeError(f"unknown option {name!r}{did_you_mean(name, Options.__annotations__)}")
    chosen = preset(options.get("preset", "paper"))
    by_column = options.get("by_column", False)
    lengths = options.get("lengths")
    process_group = options.get("process_group")
    own = None
    if process_group is not None:
        rows = gather_rows(rewards, groups, lengths, process_group)
        rewards, groups, lengths, own = rows.rewards, rows.groups, rows.lengths, rows.own
    check_rewards(rewards)
    grouping = check_groups(groups, rewards)
    lengths = check_lengths(lengths, rewards)
    weights_K = check_weights(weights, rewards.shape[1])
    dtype = torch.float64 if rewards.dtype == torch.float64 else torch.float32
    if not any(weights_K):
        nothing = torch.zeros(rewards.shape if by_column else rewards.shape[:1], dtype=dtype, device=rewards.device)
        return nothing if own is None else nothing[own]
    batch = make_batch(
        rewards,
        whole_batch(rewards.shape[0]) if formula.pooled else grouping,
        weights_K,
        lengths,
        chosen,
        chosen.nan if formula.normalises else chosen.sum_nan,
    )
    result = _compute(formula, batch, by_column)
    if by_column and len(batch.used) < len(weights_K):
        where_K = torch.tensor(batch.used, device=result.device)
        result = result.new_zeros(rewards.shape).index_copy_(1, where_K, result)
    result = result.to(dtype)
    return result if own is None else result[own]


def _compute(formula: Formula, batch: Batch, by_column: bool) -> Tensor:
    """Compute advantages [B], or their parts [B, K], in float64."""
    mixed = mix_columns(batch, formula.mix(batch))
    scale = 1.0 if formula.scale is None else formula.scale(batch, mixed)
    result = mixed.total if formula.scale is None else mixed.total * scale
    shifts = formula.batch_step == "always" or (formula.batch_step == "preset" and batch.preset.batch != "none")
    if by_column:
        parts = mixed.parts * (scale.unsqueeze(-1) if isinstance(scale, Tensor) else scale)
        result = _step_parts(batch, result, parts, mixed.live) if shifts else parts
    elif shifts:
        shift = batch_shift(batch, result)
        if shift.mean is not None:
            result = result - shift.mean * _shifted_rows(batch, mixed.live)
        result = result * shift.factor
    result_B = batch.groups.unfold(result) + 0.0  # no negative zeros
    if batch.poisoned is not None:
        result_B[_poisoned_rows(batch, shifts)] = torch.nan
    return result_B


def _step_parts(batch: Batch, advantages: Tensor, parts: Tensor, live: Tensor) -> Tensor:
    """Apply the batch step to the parts of A: its mean is the sum of the means of the parts."""
    shift = batch_shift(batch, advantages)
    if shift.mean is None:
        return parts * shift.factor
    weighted = parts if shift.weight is None else parts * shift.weight.unsqueeze(-1)
    mean_K = batch.sum_rows(weighted) / shift.count
    return (parts - mean_K * _shifted_rows(batch, live).unsqueeze(-1)) * shift.factor


def _shifted_rows(batch: Batch, live: Tensor) -> Tensor:
    """Find the rows that the batch step shifts (1, else 0): not those without signal, unless the preset says so."""
    if batch.preset.dead_rows == "zero":
        return live
    return torch.ones_like(live) if batch.real is None else batch.real.to(live.dtype)


def _poisoned_rows(batch: Batch, over_batch: bool) -> Tensor:
    """Find the rows that a NaN reaches: its group, or every row when a batch statistic has seen it."""
    assert batch.poisoned is not None
    if over_batch:
        return torch.ones_like(batch.poisoned)
    groups = batch.groups
    hit = groups.highest(groups.fold(batch.poisoned.double(), empty=0.0))
    return groups.unfold(groups.spread(hit).broadcast_to(batch.centred.shape[:-1])) > 0
