"""The steps that estimators are composed of: mix the columns, scale each group, normalise the batch.

Every estimator of this package reads   A = batch step( u · scale ),   u_b = Σ_k m_k (r_bk − μ_k).

The mix m holds what multiplies a column: its weight (sum, then normalise) or weight / σ_k (normalise, then sum).
Missing cells and columns that are constant in a group have deviation 0, so "NaN adds no advantage" and "no signal,
no advantage" hold in every estimator by construction, and A splits into the summands of its columns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from jeoul.errors import UsageError
from jeoul.trainers.advantages.batch import Batch, Cells

__all__ = [
    "Mixed",
    "Shift",
    "at_least_one",
    "batch_moments",
    "batch_shift",
    "column_std",
    "inverse",
    "left_out",
    "live_rows",
    "mix_columns",
    "over_group_std",
    "root_of_squares",
    "row_std",
    "spread",
]


@dataclass(frozen=True)
class Mixed:
    """u_b = Σ_k m_k (r_bk − μ_k), folded.

    mix    m, 0 where a column is constant in its group; broadcasts against cells, [K, G, N]
    total  u, [G, N]; exactly 0 in rows without signal
    live   1 in groups with signal, else 0; broadcasts against total
    """

    mix: Tensor
    total: Tensor
    live: Tensor


@dataclass(frozen=True)
class Shift:
    """The batch step as numbers: A ↦ (A − mean) · factor.

    mean    None where it is 0 by construction
    weight  how often a row counts, [G, N] (None: once each); count: their sum
    """

    mean: float | None
    factor: float
    weight: Tensor | None
    count: float


def mix_columns(batch: Batch, mix: Tensor) -> Mixed:
    """Combine the columns. Where they cancel within a group (complementary binary rewards), u is exactly 0.

    They cancel when u varies by no more than the rounding of its terms; an epsilon in a later division would not stop
    a batch step from blowing that rounding up. One column has nothing to cancel with.
    """
    groups = batch.groups
    mix = mix * groups.spread(batch.alive)
    parts = batch.centred * mix
    if len(mix) == 1:
        return Mixed(mix, parts[0], groups.spread(batch.alive[0]))
    total = parts.sum(0)
    varies = (groups.highest(total) - groups.lowest(total)).gt_(_slack(batch, mix))
    live = groups.spread(varies)
    return Mixed(mix, total.mul_(live), live)


def _slack(batch: Batch, mix: Tensor) -> Tensor:
    """Bound the range of u that rounding alone can cause in a group: Σ_k |m_k| · rounding_k, [1, N]."""
    return batch.groups.highest((mix.abs() * batch.groups.spread(batch.rounding)).sum(0))


def live_rows(batch: Batch, mixed: Mixed) -> Tensor:
    """Find the rows that have a present cell in a column with signal (1, else 0), [G, N]."""
    if batch.present is None:
        return mixed.live.expand_as(mixed.total)
    return mixed.live * ((batch.groups.spread(batch.alive) > 0) & batch.present).any(0)


def column_std(batch: Batch) -> Tensor:
    """Find σ_k of each group and column over present cells; with leave_one_out, of the other cells, for each cell."""
    if batch.preset.leave_one_out:
        return _std_of_others(batch, batch.centred, batch.count, batch.rounding, batch.present)
    return _std(batch, batch.centred, batch.count)


def row_std(batch: Batch, mixed: Mixed) -> Tensor:
    """Find σ of u in each group over the rows that take part; with leave_one_out, of the other rows, for each row."""
    if batch.preset.leave_one_out:
        return _std_of_others(batch, mixed.total, batch.rows_per_group(), _slack(batch, mixed.mix), batch.real)
    return _std(batch, mixed.total, batch.rows_per_group())


def _std(batch: Batch, centred: Tensor, count: Tensor | float) -> Tensor:
    """Compute √(Σ c² / (n − ddof)), c being centred in its group."""
    square = batch.groups.total(centred * centred)
    return batch.groups.spread(square.div_(at_least_one(count, batch.preset.ddof)).sqrt_())


def _std_of_others(
    batch: Batch, centred: Tensor, count: Tensor | float, slack: Tensor, present: Tensor | None
) -> Tensor:
    """Compute for each row the σ of the others of its group: without row b, Σc² becomes Σc² − c_b²·n/(n−1).

    That difference is rounding where the others agree with one another, so it is 0 there by the range test.
    """
    groups, ddof = batch.groups, batch.preset.ddof
    square = groups.total(centred * centred)
    others = groups.spread(square) - centred * centred * spread(batch, left_out(count))
    variance = others.clamp_(min=0.0) / spread(batch, at_least_one(count, 1 + ddof))
    return torch.where(_others_agree(batch, centred, count, slack, present), 0.0, variance.sqrt())


def _others_agree(
    batch: Batch, centred: Tensor, count: Tensor | float, slack: Tensor, present: Tensor | None
) -> Tensor:
    """Find rows without which the group is constant: the rest lies at one end of its range, the row does not."""
    groups = batch.groups
    high = centred if present is None else torch.where(present, centred, -math.inf)
    low = centred if present is None else torch.where(present, centred, math.inf)
    at_top = high >= groups.spread(groups.highest(high) - slack)
    at_bottom = low <= groups.spread(groups.lowest(low) + slack)
    all_but_one = count - 1.0
    top_holds = groups.spread(groups.total(at_top.to(centred.dtype)) == all_but_one)
    bottom_holds = groups.spread(groups.total(at_bottom.to(centred.dtype)) == all_but_one)
    return (top_holds & ~at_top) | (bottom_holds & ~at_bottom)


def left_out(count: Tensor | float) -> Tensor | float:
    """Compute n/(n − 1): r minus the mean of the others is that many times r − μ."""
    return count / at_least_one(count, 1)


def inverse(deviation: Tensor, eps: float, skip_zero: bool = False) -> Tensor:
    """Compute 1/(σ + eps); 0 where that is 1/0; with skip_zero, 1 where σ = 0."""
    divisor = deviation + eps
    if skip_zero:
        divisor = torch.where(deviation > 0, divisor, 1.0)
    return torch.where(divisor > 0, divisor.reciprocal(), 0.0) if eps == 0 else divisor.reciprocal_()


def over_group_std(batch: Batch, mixed: Mixed) -> Tensor:
    """Compute 1/(σ_group(u) + eps), the second half of grpo. With leave-one-out, u minus the mean of the others too."""
    chosen = batch.preset
    factor = inverse(row_std(batch, mixed), chosen.sum_eps, chosen.skip_zero_std)
    return factor * spread(batch, left_out(batch.rows_per_group())) if chosen.leave_one_out else factor


def batch_moments(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Find deviations (0 where absent), mean and σ (n − 1) of every column over the present cells of the batch.

    σ is 0, by the range test, where the column is constant in the batch.
    """
    low, high, rounding = (x.flatten(1) for x in (batch.low, batch.high, batch.rounding))
    varies_K = (high.amax(1) - low.amin(1)) > rounding.amax(1)
    rewards = batch.centred + batch.groups.spread(batch.mean)
    count: Tensor | float = float(batch.groups.rows)
    if batch.present is not None:
        rewards.mul_(batch.present)
        count = batch.sum_rows(batch.present.to(rewards.dtype)).clamp(min=1.0)
    mean_K = batch.sum_rows(rewards) / count
    centred = rewards.sub_(batch.column(mean_K))
    if batch.present is not None:
        centred.mul_(batch.present)
    variance_K = batch.sum_rows(centred * centred) / at_least_one(count, 1)
    return centred, mean_K, variance_K.sqrt() * varies_K


def batch_shift(cells: Cells, advantages: Tensor) -> Shift:
    """Find mean and divisor of the batch step; always with n − 1.

    sequence: (A − mean)/(σ + eps), every row that takes part counting once, dead groups too (2601.05242 Eq. 7).
    token: every row counting as often as it has tokens, divided by √(σ² + eps): verl's masked_whiten of the
    [B, T] advantages, in closed form in the lengths.

    Where every row counts once and groups are centred on their own mean, the mean over the batch is 0 (rows that
    take no part have A = 0); taking the computed one off would only move dead rows by its rounding.
    """
    chosen = cells.preset
    every = cells.real is None and cells.groups.full
    weight = None if every else cells.groups.fold(cells.rows_that_count(), torch.float64)
    per_token = chosen.batch == "token"
    if per_token:
        if cells.lengths is None:
            raise UsageError(
                f"lengths is missing: preset {chosen.name!r} normalises over tokens; "
                'pass lengths=[B], or preset(…, batch="sequence")'
            )
        lengths = cells.groups.fold(cells.lengths)
        weight = lengths if weight is None else lengths.mul_(weight)
    count = float(cells.groups.rows if weight is None else weight.sum())
    mean = None
    if per_token or chosen.leave_one_out:
        mean = (float(advantages.sum()) if weight is None else _dot(advantages, weight)) / max(count, 1.0)
        advantages = advantages - mean
        square = _dot(advantages, advantages if weight is None else advantages * weight)
    else:
        square = _dot(advantages, advantages)
    variance = square / max(count - 1.0, 1.0)
    divisor = math.sqrt(variance + chosen.batch_eps) if per_token else math.sqrt(variance) + chosen.batch_eps
    return Shift(mean, 1.0 / divisor if divisor > 0 else 0.0, weight, count)


def _dot(x: Tensor, y: Tensor) -> float:
    """Compute Σ x·y without a temporary."""
    return float(torch.dot(x.reshape(-1), y.reshape(-1)))


def root_of_squares(batch: Batch) -> Tensor:
    """Compute √Σ (r − μ)² of each group and column: σ_k √(n − ddof), without leave-one-out."""
    return batch.groups.total(batch.centred.square()).sqrt() * batch.alive


def at_least_one(count: Tensor | float, less: int) -> Tensor | float:
    """Compute max(count − less, 1), a divisor for sums that are 0 where there is too little to divide."""
    return (count - less).clamp(min=1.0) if isinstance(count, Tensor) else max(count - less, 1.0)


def spread(batch: Batch, statistic: Tensor | float) -> Tensor | float:
    """Make a statistic of groups, or one number for all of them, broadcast against rows or cells."""
    return batch.groups.spread(statistic) if isinstance(statistic, Tensor) else statistic
