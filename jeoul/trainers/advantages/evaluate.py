"""From rewards to advantages: check, gather, apply an estimator's formula, put the rows back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict

import torch
from torch import Tensor

from jeoul.errors import did_you_mean
from jeoul.trainers.advantages.batch import Batch, Cells, find_cells, make_batch
from jeoul.trainers.advantages.checks import check_groups, check_lengths, check_rewards, check_weights
from jeoul.trainers.advantages.grouping import Grouping, whole_batch
from jeoul.trainers.advantages.rows import gather_rows
from jeoul.trainers.advantages.steps import Mixed, batch_shift, live_rows, mix_columns
from jeoul.trainers.presets import Preset, preset

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup

__all__ = ["Formula", "Options", "Weights", "apply_formula"]

Weights = Tensor | Sequence[float] | None

BLOCK = 1 << 16
"""Cells of a block: half a megabyte in float64."""


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
    pooled      the whole batch is one group
    whole       mix or scale look beyond a group, so that groups cannot be taken in blocks
    normalises  columns are put on one scale before the sum: the preset's `nan` applies, not `sum_nan`
    batch_step  as the preset says, or always (per sequence where the preset has none)
    """

    mix: Callable[[Batch], Tensor]
    scale: Callable[[Batch, Mixed], Tensor | float] | None = None
    batch_step: Literal["never", "preset", "always"] = "never"
    normalises: bool = False
    pooled: bool = False
    whole: bool = False


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
    cells = find_cells(
        rewards,
        whole_batch(rewards.shape[0]) if formula.pooled else grouping,
        weights_K,
        lengths,
        chosen,
        chosen.nan if formula.normalises else chosen.sum_nan,
    )
    result = _compute(formula, cells, by_column, dtype)
    if by_column and len(cells.used) < len(weights_K):
        where_K = torch.tensor(cells.used, device=result.device)
        result = result.new_zeros(rewards.shape).index_copy_(1, where_K, result)
    return result if own is None else result[own]


@dataclass(frozen=True)
class _Advantages:
    """Before the batch step, of all groups or of some: total [G, N], its parts [K, G, N], and which rows are live."""

    total: Tensor
    parts: Tensor | None
    live: Tensor | None


def _compute(formula: Formula, cells: Cells, by_column: bool, dtype: torch.dtype) -> Tensor:
    """Compute advantages [B], or their parts [B, K]."""
    groups = cells.groups
    blocks = [groups] if formula.whole else _blocks(cells)
    steps = formula.batch_step == "always" or (formula.batch_step == "preset" and cells.preset.batch != "none")
    made = [_before_step(formula, make_batch(cells, block), by_column) for block in blocks]
    total = _joined([each.total for each in made])
    result = _joined([each.parts for each in made if each.parts is not None]) if by_column else total
    if steps:
        shift = batch_shift(cells, total)
        if shift.mean is not None:
            mean: Tensor | float = shift.mean
            if by_column:  # the mean of A is the sum of the means of its parts
                counted = result if shift.weight is None else result * shift.weight
                mean = counted.flatten(1).sum(1).view(-1, *[1] * total.dim()) / max(shift.count, 1.0)
            result = result - mean * _shifted_rows(cells, made)
        result = result.mul_(shift.factor)
    result_B = groups.unfold(result, dtype).add_(0.0)  # no negative zeros
    if cells.poisoned is not None:
        result_B[_poisoned_rows(cells, steps)] = torch.nan
    return result_B


def _blocks(cells: Cells) -> Iterable[Grouping]:
    """Cut the batch so that a block's cells and their temporaries stay in a CPU core's cache."""
    groups = cells.groups
    return groups.blocks(BLOCK // cells.rewards.shape[1]) if cells.rewards.device.type == "cpu" else [groups]


def _before_step(formula: Formula, batch: Batch, by_column: bool) -> _Advantages:
    mixed = mix_columns(batch, formula.mix(batch))
    live = live_rows(batch, mixed) if batch.preset.batch == "token" or batch.preset.leave_one_out else None
    parts = batch.centred * (mixed.mix * mixed.live) if by_column else None
    if formula.scale is None:
        return _Advantages(mixed.total, parts, live)
    scale = formula.scale(batch, mixed)
    return _Advantages(mixed.total.mul_(scale), None if parts is None else parts.mul_(scale), live)


def _joined(blocks: Sequence[Tensor]) -> Tensor:
    return blocks[0] if len(blocks) == 1 else torch.cat(list(blocks), -1)


def _shifted_rows(cells: Cells, made: list[_Advantages]) -> Tensor:
    """Find the rows that the batch step shifts (1, else 0): not those without signal, unless the preset says so."""
    if cells.preset.dead_rows == "zero":
        return _joined([each.live for each in made if each.live is not None])
    if cells.real is None:
        return torch.ones_like(made[0].total[..., :1])
    return cells.groups.fold(cells.real, torch.float64)


def _poisoned_rows(cells: Cells, over_batch: bool) -> Tensor:
    """Find the rows that a NaN reaches: its group, or every row when a batch statistic has seen it."""
    assert cells.poisoned is not None
    if over_batch:
        return torch.ones_like(cells.poisoned)
    groups = cells.groups
    folded = groups.fold(groups.pad(cells.poisoned, empty=False), torch.float64)
    hit = groups.spread(groups.highest(folded)).expand_as(folded)
    return groups.unfold(hit, torch.float64) > 0
