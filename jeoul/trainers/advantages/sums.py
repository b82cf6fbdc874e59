"""Sum, then normalise: the columns are added up first, s = Σ_k w_k r_k, and A = (s − s̄) / D.

Common to all of them: rewards [B, K] (NaN = does not apply), integer groups [B] in any order and of any size,
weights [K] (None: 1 each), options as in `Options`; result [B]. A missing cell counts as its column's mean in the
group, so it adds nothing (the presets trl, swift and nvlabs read it as reward 0, as those frameworks do). A group
in which s is constant, or of one row, gives exactly 0. σ uses n − 1 (`ddof`).
"""

from __future__ import annotations

from typing import Unpack

import torch
from torch import Tensor

from jeoul.errors import UsageError
from jeoul.trainers.advantages.batch import Batch
from jeoul.trainers.advantages.bounds import Bounds, column_bounds
from jeoul.trainers.advantages.evaluate import Formula, Options, Weights, apply_formula
from jeoul.trainers.advantages.grouping import Grouping
from jeoul.trainers.advantages.steps import (
    Mixed,
    at_least_one,
    batch_moments,
    inverse,
    left_out,
    mix_columns,
    over_group_std,
    root_of_squares,
    spread,
)

__all__ = [
    "corr_grpo",
    "dr_grpo",
    "dvao",
    "grpo",
    "grpo_batch_std",
    "grpo_bn",
    "grpo_scaled",
    "reinforce_pp",
    "reinforce_pp_baseline",
    "rloo",
]


def grpo(rewards: Tensor, groups: Tensor | Grouping, weights: Weights = None, **options: Unpack[Options]) -> Tensor:
    """Standardise s in its group: A = (s − s̄_group) / (σ_group(s) + eps).

    Source: DeepSeekMath 2402.03300, §4.1.

    eps is `sum_eps`: 1e-4 in TRL and swift, 1e-6 in verl and NeMo. verl gives a group of one its raw reward;
    here it is 0. The preset nemo leaves a row's own reward out of mean and σ, and does not divide where σ is 0.

    >>> grpo(torch.tensor([[1.0], [0.0], [0.0], [0.0]]), torch.zeros(4, dtype=torch.long), preset="trl")
    tensor([ 1.4997, -0.4999, -0.4999, -0.4999])
    """
    return apply_formula(_GRPO, rewards, groups, weights, options)


def dr_grpo(rewards: Tensor, groups: Tensor | Grouping, weights: Weights = None, **options: Unpack[Options]) -> Tensor:
    """Centre s in its group: A = s − s̄_group.

    Source: Dr. GRPO 2503.20783; MiniRL uses the same advantage.

    >>> dr_grpo(torch.tensor([[1.0], [0.0], [0.0], [0.0]]), torch.zeros(4, dtype=torch.long))
    tensor([ 0.7500, -0.2500, -0.2500, -0.2500])
    """
    return apply_formula(Formula(_weights), rewards, groups, weights, options)


def rloo(rewards: Tensor, groups: Tensor | Grouping, weights: Weights = None, **options: Unpack[Options]) -> Tensor:
    """Compare s with the others of its group: A = s − (their mean) = G/(G−1) · (s − s̄_group).

    Source: RLOO 2402.14740.

    With missing cells each column is compared with its other present cells.

    >>> rloo(torch.tensor([[1.0], [0.0], [0.0], [0.0]]), torch.zeros(4, dtype=torch.long))
    tensor([ 1.0000, -0.3333, -0.3333, -0.3333])
    """
    return apply_formula(Formula(_left_out_weights), rewards, groups, weights, options)


def grpo_batch_std(
    rewards: Tensor, groups: Tensor | Grouping, weights: Weights = None, **options: Unpack[Options]
) -> Tensor:
    """Centre in the group, scale by the batch: A = (s − s̄_group) / (σ_batch(s) + eps).

    Source: TRL, scale_rewards="batch".

    The divisor is the spread of the rewards themselves, between groups too; `reinforce_pp_baseline` divides by the
    spread of what is left after centring. For σ_batch a missing cell counts as its column's mean in the batch.

    >>> grpo_batch_std(torch.tensor([[1.0], [0.0], [4.0], [3.0]]), torch.tensor([0, 0, 1, 1]))
    tensor([ 0.2738, -0.2738,  0.2738, -0.2738])
    """
    return apply_formula(Formula(_weights, _over_batch_std, whole=True), rewards, groups, weights, options)


def reinforce_pp_baseline(
    rewards: Tensor, groups: Tensor | Grouping, weights: Weights = None, **options: Unpack[Options]
) -> Tensor:
    """Centre in the group, c = s − s̄_group, then whiten over the batch: A = c / (σ_batch(c) + eps).

    Source: REINFORCE++ 2501.03262, the variant with baseline.

    The step follows the preset (`batch`, `batch_eps`): with verl and `lengths` it runs over tokens, as there.

    >>> reinforce_pp_baseline(torch.tensor([[1.0], [0.0], [4.0], [3.0]]), torch.tensor([0, 0, 1, 1]))
    tensor([ 0.8659, -0.8659,  0.8659, -0.8659])
    """
    return apply_formula(Formula(_weights, batch_step="always"), rewards, groups, weights, options)


def reinforce_pp(
    rewards: Tensor, groups: Tensor | Grouping, weights: Weights = None, **options: Unpack[Options]
) -> Tensor:
    """Whiten s over the batch: A = (s − s̄_batch) / (σ_batch(s) + eps); groups play no part.

    Source: REINFORCE++ 2501.03262.

    Without a group baseline a constant group has an advantage (it may be better than the batch); a constant batch
    gives exactly 0. The paper's KL penalty is a reward column of its own here. A missing cell counts as its
    column's mean in the batch.

    >>> reinforce_pp(torch.tensor([[1.0], [1.0], [0.0], [0.0]]), torch.tensor([0, 0, 1, 1]))
    tensor([ 0.8659,  0.8659, -0.8659, -0.8659])
    """
    return apply_formula(Formula(_weights, batch_step="always", pooled=True), rewards, groups, weights, options)


def grpo_bn(rewards: Tensor, groups: Tensor | Grouping, weights: Weights = None, **options: Unpack[Options]) -> Tensor:
    """Follow grpo by the batch step of gdpo.

    A control: what of gdpo's effect is the batch step's?

    >>> grpo_bn(torch.tensor([[1.0], [0.0], [1.0], [1.0]]), torch.tensor([0, 0, 1, 1]))
    tensor([ 1.2245, -1.2245,  0.0000,  0.0000])
    """
    return apply_formula(Formula(_weights, over_group_std, "preset"), rewards, groups, weights, options)


def grpo_scaled(
    rewards: Tensor,
    groups: Tensor | Grouping,
    weights: Weights = None,
    *,
    bounds: Bounds = None,
    **options: Unpack[Options],
) -> Tensor:
    """Apply grpo to columns rescaled to unit range, r ↦ r/(high − low).

    A control: is gdpo more than rescaling?

    bounds  (low, high) of each column as declared; None: the range seen in the batch. A column of no range is
            left out. Only high − low matters: a shift never changes grpo.

    >>> r = torch.tensor([[3.0, 0.0], [-3.0, 1.0], [-3.0, 0.0]])
    >>> grpo_scaled(r, torch.zeros(3, dtype=torch.long), bounds=[(-3, 3), (0, 1)])
    tensor([ 0.5773,  0.5773, -1.1545])
    """

    def unit_range(batch: Batch) -> Tensor:
        low_K, high_K = column_bounds(batch, bounds, rewards.shape[1])
        return batch.weights * batch.column(inverse(high_K - low_K, 0.0))

    return apply_formula(Formula(unit_range, over_group_std, whole=bounds is None), rewards, groups, weights, options)


def dvao(rewards: Tensor, groups: Tensor | Grouping, weights: Weights = None, **options: Unpack[Options]) -> Tensor:
    """Divide by the weighted spread of the columns: A = (s − s̄_group) / (Σ_k w_k σ_k + eps), σ_k in the group.

    Source: DVAO 2605.25604.

    Equivalently gdpo's A_k weighted by w_k σ_k / Σ_l w_l σ_l. The divisor is one number a group, so two rows with the
    same sum collapse exactly as under grpo. Weights must not be negative.

    >>> dvao(torch.tensor([[3.0, 0.0], [0.0, 1.0], [0.0, 0.0]]), torch.zeros(3, dtype=torch.long))
    tensor([ 0.7217, -0.1443, -0.5773])
    """
    return apply_formula(Formula(_weights, _over_sum_of_stds), rewards, groups, weights, options)


def corr_grpo(
    rewards: Tensor, groups: Tensor | Grouping, weights: Weights = None, **options: Unpack[Options]
) -> Tensor:
    """Divide by the correlations of the weighted columns in the group: A = (s − s̄_group) / (√Σ_lm ρ_lm + eps).

    Source: CorrGRPO 2609.36820, from secondary notes: grpo's σ_s is √Σ_lm σ_l σ_m ρ_lm, and the σ are dropped.
    Constant columns take no part. A group whose correlations cancel (two columns with ρ = −1) has divisor 0, hence no
    defined advantage: it gets 0. With missing cells ρ is computed with them at their column's mean.

    >>> corr_grpo(torch.tensor([[3.0, 0.0], [0.0, 1.0], [0.0, 0.0]]), torch.zeros(3, dtype=torch.long))
    tensor([ 1.6665, -0.3333, -1.3332])
    """
    return apply_formula(Formula(_weights, _over_correlation), rewards, groups, weights, options)


def _weights(batch: Batch) -> Tensor:
    return batch.weights


def _left_out_weights(batch: Batch) -> Tensor:
    return batch.weights * spread(batch, left_out(batch.count))


def _over_batch_std(batch: Batch, mixed: Mixed) -> Tensor:
    centred, _, _ = batch_moments(batch)
    total = (centred * batch.weights).sum(0)
    rows = float(batch.groups.rows) if batch.real is None else batch.real.sum()
    variance = total.square().sum() / at_least_one(rows, 1)
    return inverse(variance.sqrt(), batch.preset.sum_eps)


def _over_sum_of_stds(batch: Batch, mixed: Mixed) -> Tensor:
    if bool((batch.weights < 0).any()):
        raise UsageError(f"weights are {batch.weights.tolist()}; dvao divides by Σ w σ: give weights of at least 0")
    std = root_of_squares(batch) / at_least_one(batch.count, batch.preset.ddof) ** 0.5
    return batch.groups.spread(inverse((std * batch.weights).sum(0), batch.preset.sum_eps))


def _over_correlation(batch: Batch, mixed: Mixed) -> Tensor:
    """Σ_lm ρ_lm = ‖Σ_k ± c_k/‖c_k‖‖²: no K × K matrix is needed."""
    unit = inverse(root_of_squares(batch), 0.0) * batch.weights.sign()
    together = mix_columns(batch, batch.groups.spread(unit)).total
    root = batch.groups.total(together.square()).sqrt()
    return batch.groups.spread(torch.where(root > 0, inverse(root, batch.preset.sum_eps), 0.0))


_GRPO = Formula(_weights, over_group_std)
