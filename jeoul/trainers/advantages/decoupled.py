"""Normalise, then sum: every column is put on its own scale first, A_k = (r_k − μ_k)/σ_k, then A = Σ_k w_k A_k.

Common to all of them: rewards [B, K] (NaN = does not apply), integer groups [B] in any order and of any size,
weights [K] (None: 1 each), options as in `Options`; result [B]. μ and σ run over the present cells of a group and
column; with fewer than two, or with all of them equal, the column adds exactly 0 there. A row without any present
cell gets 0. Then the batch step of 2601.05242 Eq. 7, Â = (A − mean_batch A)/(σ_batch A + eps), as the preset says.

Rows without signal and the batch step: they count in the mean and σ, as in the paper, but stay at exactly 0. With
groups centred on their mean and rows counted once, mean_batch A is 0 and nothing is lost. With leave-one-out (nemo)
or token weights (verl) it is not 0, and the frameworks move every dead row by −mean/σ: completions that nothing tells
apart are all pushed up or all pushed down. `preset("verl", dead_rows="shift")` reproduces that.
"""

from __future__ import annotations

from typing import Literal, Unpack

import torch
from torch import Tensor

from jeoul.errors import UsageError
from jeoul.trainers.advantages.batch import Batch
from jeoul.trainers.advantages.bounds import Bounds, column_bounds
from jeoul.trainers.advantages.checks import check_rewards, check_weights
from jeoul.trainers.advantages.evaluate import Formula, Options, Weights, apply_formula
from jeoul.trainers.advantages.grouping import Grouping
from jeoul.trainers.advantages.steps import batch_moments, column_std, inverse, left_out, over_group_std, spread
from jeoul.trainers.presets import preset

__all__ = ["dara", "gdpo", "gdpo_nobn", "sa_mrpo", "saw"]


def gdpo(rewards: Tensor, groups: Tensor | Grouping, weights: Weights = None, **options: Unpack[Options]) -> Tensor:
    """Standardise each column in its group, add up, normalise the batch.

    A_k = (r_k − μ_k)/(σ_k + eps), A = Σ_k w_k A_k, Â = (A − mean_batch A)/(σ_batch A + eps).
    Source: GDPO 2601.05242, Eq. 4, 6, 7.

    Differences between frameworks (all in the preset): eps 1e-4 (paper, TRL, NVlabs), 1e-6 (verl, NeMo), 1e-8
    (swift); verl whitens over tokens and needs `lengths`; NeMo leaves a row out of its own statistics; NVlabs reads
    NaN as 0 and with one column computes grpo.

    >>> r = torch.tensor([[1.0, 2.0], [0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> gdpo(r, torch.tensor([0, 0, 1, 1]))
    tensor([ 1.2246, -1.2246,  0.0000,  0.0000])
    """
    if preset(options.get("preset", "paper")).one_column == "grpo":
        check_rewards(rewards, allow_empty=True)
        if sum(weight != 0 for weight in check_weights(weights, rewards.shape[1])) == 1:
            return apply_formula(Formula(_weights_alone, over_group_std), rewards, groups, weights, options)
    return apply_formula(_GDPO, rewards, groups, weights, options)


def gdpo_nobn(
    rewards: Tensor, groups: Tensor | Grouping, weights: Weights = None, **options: Unpack[Options]
) -> Tensor:
    """Leave the batch step of gdpo out: A = Σ_k w_k (r_k − μ_k)/(σ_k + eps). Source: MO-GRPO 2509.22047.

    Its spread grows with the number of columns n: as √n for independent ones, as n for identical ones.

    >>> r = torch.tensor([[1.0, 2.0], [0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> gdpo_nobn(r, torch.tensor([0, 0, 1, 1]))
    tensor([ 1.4141, -1.4141,  0.0000,  0.0000])
    """
    return apply_formula(Formula(_standardised, normalises=True), rewards, groups, weights, options)


def saw(
    rewards: Tensor,
    groups: Tensor | Grouping,
    weights: Weights = None,
    *,
    mode: Literal["gdpo", "grpo"] = "gdpo",
    bounds: Bounds = None,
    delta: float = 1e-8,
    **options: Unpack[Options],
) -> Tensor:
    """Weigh columns by how much they vary: w_k ← w_k ω_k, ω_k = CV_k/Σ_l CV_l, CV = σ/(μ + δ) in the batch.

    Source: SAW 2606.07705.

    μ is the mean of the reward above the column's lower bound (CV has no meaning across 0): (low, high) of each
    column as declared in `bounds`, or the lowest reward of the batch. Columns that are constant in the batch weigh 0.

    mode  "gdpo" weighs A_k by n ω_k (n columns in use), then the batch step; "grpo" weighs r_k by ω_k, then grpo.
          The authors' code has the factor n in both; under grpo it changes nothing but the share of eps.

    >>> r = torch.tensor([[1.0, 2.0], [0.0, 2.0], [1.0, 2.0], [0.0, 1.0]])
    >>> saw(r, torch.tensor([0, 0, 1, 1]), bounds=[(0, 1), (0, 2)])
    tensor([ 0.7660, -0.7660,  0.9555, -0.9555])
    """
    if mode not in ("gdpo", "grpo"):
        raise UsageError(f"mode is {mode!r}; write 'gdpo' (weigh the advantages) or 'grpo' (weigh the rewards)")
    _check_number("delta", delta)

    def informativeness(batch: Batch) -> Tensor:
        _, mean_K, std_K = batch_moments(batch)
        low_K, _ = column_bounds(batch, bounds, rewards.shape[1])
        variation_K = std_K * inverse((mean_K - low_K).abs(), delta)
        return variation_K * inverse(variation_K.sum(), 0.0)

    def weigh_advantages(batch: Batch) -> Tensor:
        return _standardised(batch) * batch.column(informativeness(batch) * len(batch.used))

    def weigh_rewards(batch: Batch) -> Tensor:
        return batch.weights * batch.column(informativeness(batch))

    if mode == "grpo":
        return apply_formula(Formula(weigh_rewards, over_group_std, whole=True), rewards, groups, weights, options)
    formula = Formula(weigh_advantages, batch_step="preset", normalises=True, whole=True)
    return apply_formula(formula, rewards, groups, weights, options)


def sa_mrpo(
    rewards: Tensor,
    groups: Tensor | Grouping,
    weights: Weights = None,
    *,
    gamma: float = 0.5,
    bounds: Bounds = None,
    **options: Unpack[Options],
) -> Tensor:
    """Weigh columns by their headroom: gdpo with w_k ← w_k (1 − s_k)^γ, s_k = (mean_batch r_k − low)/(high − low).

    Source: SA-MRPO 2608.16072.

    A column near its ceiling leaves the update to those with headroom. γ = 0 is gdpo, bit for bit.
    bounds  attainable (low, high) of each column. The paper takes them as known; None uses the range seen in the
            batch, which makes s_k depend on the batch's extremes.

    >>> r = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    >>> sa_mrpo(r, torch.tensor([0, 0, 1, 1]), gamma=1, bounds=[(0, 1), (0, 1)])
    tensor([-1.2243,  1.2243,  0.0000,  0.0000])
    """
    _check_number("gamma", gamma)

    def unsaturated(batch: Batch) -> Tensor:
        _, mean_K, _ = batch_moments(batch)
        low_K, high_K = column_bounds(batch, bounds, rewards.shape[1])
        saturation_K = ((mean_K - low_K) * inverse(high_K - low_K, 0.0)).clamp(0.0, 1.0)
        return _standardised(batch) * batch.column((1.0 - saturation_K) ** gamma)

    formula = Formula(unsaturated, batch_step="preset", normalises=True, whole=True)
    return apply_formula(formula, rewards, groups, weights, options)


def dara(
    rewards: Tensor,
    groups: Tensor | Grouping,
    weights: Weights = None,
    *,
    cap: float = 5.0,
    **options: Unpack[Options],
) -> Tensor:
    """Raise sparse columns: gdpo with w_k ← w_k min(cap, √(π_max/π_k)), π_k = share of groups where k varies.

    Source: DARA 2610.00574, the symmetric variant. Under gdpo a column's energy Σ A_k² grows with π_k; this
    gives every column the energy of the densest one. (The authors' default amplifies positive advantages only.)

    >>> r = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    >>> dara(r, torch.tensor([0, 0, 1, 1]))
    tensor([-0.4686,  0.4686,  1.1313, -1.1313])
    """
    _check_number("cap", cap)

    def denser(batch: Batch) -> Tensor:
        density_K = batch.alive.flatten(1).mean(1)
        rarity_K = (density_K.max() / density_K).sqrt().clamp(max=cap)
        return _standardised(batch) * batch.column(torch.where(density_K > 0, rarity_K, 0.0))

    return apply_formula(
        Formula(denser, batch_step="preset", normalises=True, whole=True), rewards, groups, weights, options
    )


def _standardised(batch: Batch) -> Tensor:
    """w_k / (σ_k + eps); with leave-one-out, for each cell, and r minus the mean of the others."""
    chosen = batch.preset
    mix = batch.weights * inverse(column_std(batch), chosen.column_eps, chosen.skip_zero_std)
    return mix * spread(batch, left_out(batch.count)) if chosen.leave_one_out else mix


def _weights_alone(batch: Batch) -> Tensor:
    return batch.weights


def _check_number(name: str, value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
        raise UsageError(f"{name} is {value!r}; write a finite number of at least 0")


_GDPO = Formula(_standardised, batch_step="preset", normalises=True)
