"""What to watch while a policy learns, as pure functions: the reward columns, the importance ratios, the machine.

Shape legend: B rows (sequences), T padded token positions, K reward columns. Every figure is a detached tensor; a
figure without data is NaN, never 0. A NaN reward is a cell that does not apply: it is left out of every statistic.
Figures of mixture-of-experts routing are in ``monitor_moe``.
"""

from __future__ import annotations

import math
import resource
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from jeoul.errors import UsageError
from jeoul.trainers.loss_inputs import TokenBatch, checked_rank, compute_dtype, masked_figures, token_batch
from jeoul.trainers.losses_token import clip_shares

__all__ = [
    "Collapse",
    "approximate_kl",
    "clip_fractions",
    "collapse",
    "column_correlations",
    "effective_sample_size",
    "gradient_norm",
    "importance_ratios",
    "mean_entropy",
    "peak_memory",
    "reward_figures",
    "share_of_advantage",
    "throughput",
    "train_inference_gap",
]


class Collapse(NamedTuple):
    """Pairs of rows of one group with different rewards, how many of them got the same advantage, and their share."""

    pairs: int
    collapsed: int
    probability: float


def reward_figures(
    rewards_BK: Tensor,
    groups_B: Tensor,
    names: Sequence[str],
    *,
    highest_K: Tensor | None = None,
    tolerance: float = 1e-6,
) -> dict[str, Tensor]:
    """``reward/<col>/{mean,std,zero_std_frac,saturation}`` for every column.

    ``std`` is over the batch with ddof 1. ``zero_std_frac`` is the share of groups that have the column and get no
    signal from it: fewer than two cells, or all within max − min ≤ tolerance·max(1, |r|). ``saturation`` is the share
    of cells at the column's highest value.

    Options:
        highest_K: the highest value each column can take; None = the highest in the batch, by which a constant column
            is saturated.

    >>> r = torch.tensor([[1.0], [1.0], [0.0], [1.0]])
    >>> figures = reward_figures(r, torch.tensor([0, 0, 1, 1]), ["correct"])
    >>> {name: round(value.item(), 3) for name, value in figures.items()}  # doctest: +NORMALIZE_WHITESPACE
    {'reward/correct/mean': 0.75, 'reward/correct/std': 0.5, 'reward/correct/zero_std_frac': 0.5,
     'reward/correct/saturation': 0.75}
    """
    rewards_BK, index_B, groups = _grouped(rewards_BK, groups_B)
    if len(names) != rewards_BK.shape[1] or len(set(names)) != len(names):
        raise UsageError(f"names must be {rewards_BK.shape[1]} different names, one a column, not {list(names)}")
    present_BK = ~rewards_BK.isnan()
    count_K = present_BK.sum(dim=0).to(torch.float64)
    mean_K = torch.where(present_BK, rewards_BK, 0.0).sum(dim=0) / count_K
    square_K = torch.where(present_BK, (rewards_BK - mean_K).square(), 0.0).sum(dim=0)
    low_GK, high_GK, count_GK = _group_ranges(rewards_BK, index_B, groups)
    scale_GK = torch.maximum(low_GK.abs(), high_GK.abs()).clamp(min=1)
    flat_GK = (count_GK > 0) & ((count_GK < 2) | (high_GK - low_GK <= tolerance * scale_GK))
    top_K = torch.where(present_BK, rewards_BK, -torch.inf).amax(dim=0) if highest_K is None else highest_K.to(mean_K)
    at_top_BK = present_BK & (rewards_BK >= top_K - tolerance * top_K.abs().clamp(min=1))
    figures = {
        "mean": mean_K,
        "std": torch.where(count_K > 1, square_K / (count_K - 1), torch.nan).sqrt(),
        "zero_std_frac": flat_GK.to(torch.float64).sum(dim=0) / (count_GK > 0).sum(dim=0),
        "saturation": at_top_BK.to(torch.float64).sum(dim=0) / count_K,
    }
    return {f"reward/{name}/{key}": values[k] for k, name in enumerate(names) for key, values in figures.items()}


def share_of_advantage(contributions_BK: Tensor) -> Tensor:
    """Σ_b |w_k A_bk| / Σ_l Σ_b |w_l A_bl| for every column: who drives the update. [B, K] → [K]; NaN counts as 0.

    Args:
        contributions_BK: w_k A_bk, what each column adds to the advantage before they are summed.

    Returns:
        [K] adding up to 1, or zeros where no column contributes anything.

    >>> share_of_advantage(torch.tensor([[1.0, -3.0], [-1.0, 3.0]]))
    tensor([0.2500, 0.7500])
    """
    checked_rank("contributions", contributions_BK, (2,))
    sums_K = contributions_BK.detach().nan_to_num(nan=0.0).abs().to(compute_dtype(contributions_BK)).sum(dim=0)
    total = sums_K.sum()
    return torch.where(total > 0, sums_K / total, torch.zeros_like(sums_K))


def column_correlations(rewards_BK: Tensor, groups_B: Tensor | None = None) -> Tensor:
    """Pearson correlation [K, K] of every two columns over the rows that have both; NaN where one does not vary.

    Options:
        groups_B: with groups, every column is first centred in its group (over the rows that have both): the
            correlation of what a group-relative advantage sees, without differences between prompts.

    >>> column_correlations(torch.tensor([[0.0, 1.0], [1.0, 0.0], [2.0, -1.0]])).round(decimals=4)
    tensor([[ 1., -1.],
            [-1.,  1.]], dtype=torch.float64)
    """
    labels_B = torch.zeros(len(rewards_BK), dtype=torch.long) if groups_B is None else groups_B
    values_BK, index_B, groups = _grouped(rewards_BK, labels_B.to(rewards_BK.device))
    columns = values_BK.shape[1]
    result_KK = torch.full((columns, columns), math.nan, dtype=torch.float64, device=values_BK.device)
    for first in range(columns):
        for second in range(first, columns):
            pair_B2 = values_BK[:, [first, second]]
            both_B = ~pair_B2.isnan().any(dim=1)
            result_KK[first, second] = result_KK[second, first] = _correlation(pair_B2[both_B], index_B[both_B], groups)
    return result_KK


def collapse(rewards_BK: Tensor, groups_B: Tensor, advantages_B: Tensor, *, tolerance: float = 1e-6) -> Collapse:
    """P(A_i = A_j | r_i ≠ r_j) over all pairs of rows of one group: what the advantage no longer distinguishes.

    Rewards differ where any cell does (NaN equals NaN); advantages are equal within ``tolerance``, absolutely. The
    pairs are counted exactly by sorting, in O(B log B), not listed.

    >>> rewards = torch.tensor([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> collapse(rewards, torch.tensor([0, 0, 0]), torch.tensor([-0.6, -0.6, 1.2]))
    Collapse(pairs=3, collapsed=1, probability=0.3333333333333333)
    """
    rewards_BK, index_B, _ = _grouped(rewards_BK, groups_B)
    checked_rank("advantages", advantages_B, (1,))
    if len(advantages_B) != len(rewards_BK) or not bool(advantages_B.isfinite().all()):
        raise UsageError(f"advantages must be {len(rewards_BK)} finite values, one a row; a row without any gets 0")
    keyed = torch.cat([index_B.to(torch.float64).unsqueeze(1), *_comparable(rewards_BK)], dim=1)
    same_B = torch.unique(keyed, dim=0, return_inverse=True)[1]
    advantages_B = advantages_B.detach().to(torch.float64)
    pairs = _pairs(index_B) - _pairs(same_B)
    collapsed = _close_pairs(index_B, advantages_B, tolerance) - _close_pairs(same_B, advantages_B, tolerance)
    return Collapse(pairs, collapsed, collapsed / pairs if pairs else math.nan)


def importance_ratios(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    mask_BT: Tensor,
    *,
    quantiles: Sequence[float] = (0.01, 0.05, 0.5, 0.95, 0.99),
) -> dict[str, Tensor]:
    """``ratio/token/…`` of ρ_t = π_θ/π_old and ``ratio/sequence/…`` of exp(mean_t log ρ_t): min, mean, max, ``q05`` ….

    >>> figures = importance_ratios(torch.tensor([[0.0, math.log(4)]]), torch.zeros(1, 2), torch.ones(1, 2) > 0)
    >>> round(figures["ratio/token/max"].item(), 4), round(figures["ratio/sequence/max"].item(), 4)
    (4.0, 2.0)
    """
    batch = _ratio_batch(logp_BT, old_logp_BT, mask_BT)
    present_B = batch.mask.any(dim=1)
    ratios = {
        "ratio/token": batch.log_ratio[batch.mask].exp(),
        "ratio/sequence": (batch.log_ratio.sum(dim=1) / batch.tokens)[present_B].exp(),
    }
    figures: dict[str, Tensor] = {}
    for name, values in ratios.items():
        figures |= masked_figures(values, torch.ones_like(values, dtype=torch.bool), name)
        figures |= {f"{name}/q{100 * q:02.0f}": _quantile(values, q) for q in quantiles}
    return figures


def clip_fractions(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    *,
    clip_low: float = 0.2,
    clip_high: float = 0.2,
) -> dict[str, Tensor]:
    """``clip/low``: share of tokens with A < 0 and ρ < 1 − ε_low; ``clip/high``: with A > 0 and ρ > 1 + ε_high.

    These are the tokens that ppo gives no gradient; a ratio outside the range on the other side of A keeps its own.
    """
    batch = token_batch(logp_BT.detach(), old_logp_BT, advantages, mask_BT)
    return clip_shares(batch.log_ratio.exp(), batch.advantages, batch.mask, 1 - clip_low, 1 + clip_high)


def approximate_kl(logp_BT: Tensor, old_logp_BT: Tensor, mask_BT: Tensor) -> dict[str, Tensor]:
    """``kl/k1`` = E[−d] and ``kl/k3`` = E[e^d − d − 1], estimates of KL(π_old ‖ π_θ) on tokens that π_old sampled.

    >>> approximate_kl(torch.ones(1, 2), torch.zeros(1, 2), torch.ones(1, 2) > 0)
    {'kl/k1': tensor(-1.), 'kl/k3': tensor(0.7183)}
    """
    batch = _ratio_batch(logp_BT, old_logp_BT, mask_BT)
    log_ratio = batch.log_ratio[batch.mask]
    return {"kl/k1": -log_ratio.mean(), "kl/k3": (torch.expm1(log_ratio) - log_ratio).mean()}


def mean_entropy(entropy_BT: Tensor, mask_BT: Tensor) -> Tensor:
    """Mean entropy over tokens in nats; per token from ``selective_logp(…, entropy=True)``."""
    batch = token_batch(
        entropy_BT.detach(), entropy_BT, torch.zeros_like(entropy_BT[:, 0]), mask_BT, names=("entropy", "entropy")
    )
    return batch.logp[batch.mask].mean()


def effective_sample_size(log_weights: Tensor) -> Tensor:
    """(Σw)²/Σw² as a share of the n weights, from their logarithms of any shape: 1 = all equal, 1/n = one dominates.

    >>> effective_sample_size(torch.zeros(4)).item(), round(effective_sample_size(torch.tensor([0.0, -99.0])).item(), 4)
    (1.0, 0.5)
    """
    flat = log_weights.detach().to(compute_dtype(log_weights)).flatten()
    if not flat.numel():
        return flat.new_full((), math.nan)
    return torch.exp(2 * torch.logsumexp(flat, 0) - torch.logsumexp(2 * flat, 0)) / flat.numel()


def train_inference_gap(old_logp_BT: Tensor, sampler_logp_BT: Tensor, mask_BT: Tensor) -> dict[str, Tensor]:
    """How far the trainer's π_old is from the engine μ that sampled; ρ = π_old/μ on tokens of μ.

    ``kl`` = E_μ[log μ/π_old], ``kl_k3`` its low-variance estimate, ``chi2`` = E_μ[ρ²] − 1 (0 where they agree, and what
    the variance of importance weights grows with), ``ess`` the effective sample size of the token weights.

    >>> gap = train_inference_gap(torch.tensor([[-1.0, -2.0]]), torch.tensor([[-1.0, -2.0]]), torch.ones(1, 2) > 0)
    >>> {name: value.item() for name, value in gap.items()}
    {'mismatch/kl': 0.0, 'mismatch/kl_k3': 0.0, 'mismatch/chi2': 0.0, 'mismatch/ess': 1.0}
    """
    batch = _ratio_batch(old_logp_BT, sampler_logp_BT, mask_BT, names=("old_logp", "sampler_logp"))
    log_ratio = batch.log_ratio[batch.mask]
    return {
        "mismatch/kl": 0 - log_ratio.mean(),
        "mismatch/kl_k3": (torch.expm1(log_ratio) - log_ratio).mean(),
        "mismatch/chi2": torch.expm1(2 * log_ratio).mean(),
        "mismatch/ess": effective_sample_size(log_ratio),
    }


def gradient_norm(parameters: Iterable[Tensor]) -> Tensor:
    """√Σ g² over the gradients of the parameters, in float32 or wider; NaN or inf if any gradient is.

    >>> p = torch.nn.Parameter(torch.zeros(2)); p.grad = torch.tensor([3.0, 4.0])
    >>> gradient_norm([p])
    tensor(5.)
    """
    gradients = [parameter.grad.detach() for parameter in parameters if parameter.grad is not None]
    if not gradients:
        return torch.zeros(())
    norms = [torch.linalg.vector_norm(grad, dtype=compute_dtype(grad)).to(gradients[0].device) for grad in gradients]
    total: Tensor = torch.linalg.vector_norm(torch.stack([norm.to(compute_dtype(*norms)) for norm in norms]))
    return total


def throughput(seconds: float, *, tokens: int, sequences: int) -> dict[str, float]:
    """``throughput/{tokens,sequences}_per_second`` of a step.

    >>> throughput(2.0, tokens=1000, sequences=10)
    {'throughput/tokens_per_second': 500.0, 'throughput/sequences_per_second': 5.0}
    """
    if not seconds > 0:
        raise UsageError(f"seconds must be above 0, not {seconds!r}")
    return {
        "throughput/tokens_per_second": tokens / seconds,
        "throughput/sequences_per_second": sequences / seconds,
    }


def peak_memory(device: torch.device | str | None = None) -> dict[str, float]:
    """``memory/peak_gib``: most memory this process has had; with a CUDA device also ``memory/device_peak_gib``."""
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in KiB elsewhere
    figures = {"memory/peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30}
    if device is not None and torch.device(device).type == "cuda":
        figures["memory/device_peak_gib"] = torch.cuda.max_memory_allocated(device) / 2**30
    return figures


def _grouped(rewards_BK: Tensor, groups_B: Tensor) -> tuple[Tensor, Tensor, int]:
    """Rewards in float64, and each row's group as a number from 0."""
    checked_rank("rewards", rewards_BK, (2,))
    if groups_B.shape != rewards_BK.shape[:1] or groups_B.is_floating_point():
        raise UsageError(f"groups must be integer labels of shape ({len(rewards_BK)},), not {tuple(groups_B.shape)}")
    labels, index_B = torch.unique(groups_B, return_inverse=True)
    return rewards_BK.detach().to(torch.float64), index_B, len(labels)


def _group_ranges(rewards_BK: Tensor, index_B: Tensor, groups: int) -> tuple[Tensor, Tensor, Tensor]:
    """Lowest, highest and number of present cells by group and column, [G, K]."""
    present_BK = ~rewards_BK.isnan()
    index_BK = index_B.unsqueeze(1).expand_as(rewards_BK)
    high_GK = rewards_BK.new_full((groups, rewards_BK.shape[1]), -torch.inf)
    low_GK, count_GK = -high_GK, torch.zeros_like(high_GK)
    high_GK.scatter_reduce_(0, index_BK, torch.where(present_BK, rewards_BK, -torch.inf), "amax")
    low_GK.scatter_reduce_(0, index_BK, torch.where(present_BK, rewards_BK, torch.inf), "amin")
    return low_GK, high_GK, count_GK.index_add_(0, index_B, present_BK.to(torch.float64))


def _correlation(pair_N2: Tensor, index_N: Tensor, groups: int) -> Tensor:
    counts_G = torch.bincount(index_N, minlength=groups).clamp(min=1).unsqueeze(1)
    means_G2 = pair_N2.new_zeros(groups, 2).index_add_(0, index_N, pair_N2) / counts_G
    centred_N2 = pair_N2 - means_G2[index_N]
    size_2 = torch.linalg.vector_norm(centred_N2, dim=0)
    # A constant column is 0 up to rounding: 1e-12 of its values, far below any real spread.
    if not bool((size_2 > 1e-12 * pair_N2.abs().sum(dim=0).clamp(min=1e-300)).all()):
        return pair_N2.new_full((), math.nan)
    product: Tensor = (centred_N2[:, 0] * centred_N2[:, 1]).sum()
    product = product / size_2.prod()
    return product.clamp(-1, 1)


def _comparable(rewards_BK: Tensor) -> tuple[Tensor, Tensor]:
    """Rewards and which are NaN, so that equality of the two is equality of rows."""
    absent_BK = rewards_BK.isnan()
    return torch.where(absent_BK, 0.0, rewards_BK) + 0.0, absent_BK.to(torch.float64)


def _pairs(keys_B: Tensor) -> int:
    counts = torch.bincount(keys_B)
    return int((counts * (counts - 1) // 2).sum())


def _close_pairs(keys_B: Tensor, values_B: Tensor, tolerance: float) -> int:
    """How many pairs have the same key and |v_i − v_j| ≤ tolerance.

    In the order of (key, value), the partners of i above it are those up to v_i + tolerance. Sorting the values
    together with these limits counts them: before limit i stand all values of earlier keys and those of its own that
    are ≤ the limit.
    """
    order = values_B.argsort(stable=True)
    order = order[keys_B[order].argsort(stable=True)]
    keys, values, count = keys_B[order], values_B[order], len(order)
    both_keys, both = torch.cat([keys, keys]), torch.cat([values, values + tolerance])
    merged = both.argsort(stable=True)  # a value equal to a limit stands first, so it is counted
    merged = merged[both_keys[merged].argsort(stable=True)]
    is_value = merged < count
    before = is_value.cumsum(0)[~is_value]
    return int((before - (merged[~is_value] - count) - 1).sum())


def _ratio_batch(
    logp_BT: Tensor, old_logp_BT: Tensor, mask_BT: Tensor, names: tuple[str, str] = ("logp", "old_logp")
) -> TokenBatch:
    checked_rank(names[0], logp_BT, (2,))
    return token_batch(logp_BT.detach(), old_logp_BT, logp_BT.new_zeros(len(logp_BT)), mask_BT, names=names)


def _quantile(values: Tensor, q: float) -> Tensor:
    """Linear interpolation between order statistics; torch.quantile refuses more than 16 million values."""
    if not values.numel():
        return values.new_full((), math.nan)
    place = q * (values.numel() - 1)
    ordered = values.sort().values
    low = ordered[math.floor(place)]
    return low + (ordered[math.ceil(place)] - low) * (place - math.floor(place))
