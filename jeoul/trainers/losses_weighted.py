"""Policy losses that weight log π or bend the ratio: minirl, cispo, sapo, dppo_tv, dppo_kl, clip_cov, kl_cov.

Shape legend: B sequences, T padded token positions. d_t = log π_θ(y_t) − log π_old(y_t), ρ_t = exp(d_t), sg = no
gradient. Objectives are maximised; every function returns the negated objective. Common arguments and metrics:
``losses_token``. Where the objective is sg[w]·A·log π its value means little; its gradient w·A is the point.
"""

from __future__ import annotations

import torch
from torch import Tensor

from jeoul.errors import UsageError
from jeoul.trainers.aggregation import aggregate
from jeoul.trainers.loss_inputs import Loss, TokenBatch, exp_ratio, finish, masked_figures, positive, token_batch
from jeoul.trainers.losses_token import check_clip, clip_shares, weighted

__all__ = ["cispo", "clip_cov", "dppo_kl", "dppo_tv", "kl_cov", "minirl", "sapo"]


def minirl(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    *,
    clip_low: float = 0.2,
    clip_high: float = 0.27,
    sampler_logp_BT: Tensor | None = None,
    importance_cap: float = 5.0,
    weights: Tensor | None = None,
    aggregation: str = "sequence_mean_token_sum",
    length: float | None = None,
    denominator: float | None = None,
    max_log_ratio: float = 20.0,
) -> Loss:
    """Σ_t M_t·sg[min(π_θ/μ, cap)]·A·log π_θ, mean over sequences. Source: MiniRL 2512.01374, with A = s − s̄.

    M = 0 where (A > 0, ρ > 1 + ε_high) or (A < 0, ρ < 1 − ε_low), else 1; ρ = π_θ/π_old decides the mask, π_θ/μ is the
    weight. With μ = π_old the gradient is that of :func:`ppo` with token sums, below the cap.

    Options:
        sampler_logp_BT: log μ, as the inference engine reported it; None = μ is π_old. ``weights`` must then not hold
            the same correction a second time.
        importance_cap: cap of the whole weight π_θ/μ.

    >>> logp = torch.tensor([[0.2, 1.0]], requires_grad=True)
    >>> minirl(logp, torch.zeros(1, 2), torch.tensor([1.0]), torch.ones(1, 2) > 0).value.backward()
    >>> [round(g, 4) for g in logp.grad[0].tolist()]
    [-1.2214, -0.0]
    """
    check_clip(clip_low, clip_high)
    positive(importance_cap=importance_cap)
    batch = token_batch(logp_BT, old_logp_BT, advantages, mask_BT, weights)
    sampler_BT = batch.old_logp
    if sampler_logp_BT is not None:
        names = ("logp", "sampler_logp")
        sampler_BT = token_batch(logp_BT, sampler_logp_BT, advantages, mask_BT, names=names).old_logp
    ratio_BT = exp_ratio(batch.log_ratio.detach(), max_log_ratio)
    importance_BT = exp_ratio((batch.logp - sampler_BT).detach(), max_log_ratio).clamp(max=importance_cap)
    keep_BT = ~_outside(ratio_BT, batch.advantages, 1 - clip_low, 1 + clip_high)
    objective_BT = keep_BT * importance_BT * batch.advantages * batch.logp
    metrics = _ratio_metrics(ratio_BT, batch, 1 - clip_low, 1 + clip_high)
    metrics |= masked_figures(importance_BT, batch.mask, "importance")
    return _reduced(objective_BT, metrics, batch, aggregation, length, denominator)


def cispo(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    *,
    clip_low: float = 1.0,
    clip_high: float = 4.0,
    weights: Tensor | None = None,
    aggregation: str = "token_mean",
    length: float | None = None,
    denominator: float | None = None,
    max_log_ratio: float = 20.0,
) -> Loss:
    """sg[clip(ρ, 1 − ε_low, 1 + ε_high)]·A·log π, mean over tokens: no token loses its gradient. Source: 2506.13585.

    The paper keeps no lower bound (ε_low = 1 here) and tunes ε_high without printing it; the default caps ρ at 5, as
    ScaleRL's runs and TRL's documentation do. verl = ``clip_low=0.2, clip_high=0.2`` (two-sided). TRL's
    ``epsilon_high`` is the cap itself: TRL's 5.0 is ``clip_high=4.0`` here.

    >>> logp = torch.tensor([[0.0, 3.0]], requires_grad=True)
    >>> cispo(logp, torch.zeros(1, 2), torch.tensor([1.0]), torch.ones(1, 2) > 0).value.backward()
    >>> logp.grad
    tensor([[-0.5000, -2.5000]])
    """
    check_clip(clip_low, clip_high)
    batch = token_batch(logp_BT, old_logp_BT, advantages, mask_BT, weights)
    ratio_BT = exp_ratio(batch.log_ratio.detach(), max_log_ratio)
    objective_BT = ratio_BT.clamp(1 - clip_low, 1 + clip_high) * batch.advantages * batch.logp
    metrics = _ratio_metrics(ratio_BT, batch, 1 - clip_low, 1 + clip_high)
    return _reduced(objective_BT, metrics, batch, aggregation, length, denominator)


def sapo(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    *,
    tau_positive: float = 1.0,
    tau_negative: float = 1.05,
    weights: Tensor | None = None,
    aggregation: str = "sequence_mean_token_mean",
    length: float | None = None,
    denominator: float | None = None,
    max_log_ratio: float = 20.0,
) -> Loss:
    """(4/τ)·sigmoid(τ(ρ − 1))·A, mean over sequences of the token mean. Source: SAPO 2511.20347.

    τ = τ₊ where A > 0, else τ₋. The gradient in log π is 4p(1 − p)·ρ·A with p = sigmoid(τ(ρ − 1)): it is A at ρ = 1 for
    any τ and fades smoothly where ppo cuts. Equal to verl's (which ignores its aggregation mode) and TRL's.

    >>> logp = torch.tensor([[0.0]], requires_grad=True)
    >>> sapo(logp, torch.zeros(1, 1), torch.tensor([-1.5]), torch.ones(1, 1) > 0).value.backward()
    >>> round(logp.grad.item(), 6)
    1.5
    """
    positive(tau_positive=tau_positive, tau_negative=tau_negative)
    batch = token_batch(logp_BT, old_logp_BT, advantages, mask_BT, weights)
    ratio_BT = exp_ratio(batch.log_ratio, max_log_ratio)
    tau_BT = torch.where(batch.advantages > 0, torch.full_like(ratio_BT, tau_positive), tau_negative)
    objective_BT = 4 / tau_BT * torch.sigmoid(tau_BT * (ratio_BT - 1)) * batch.advantages
    return _reduced(
        objective_BT, masked_figures(ratio_BT, batch.mask, "ratio"), batch, aggregation, length, denominator
    )


def dppo_tv(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    *,
    clip_low: float = 0.15,
    clip_high: float = 0.15,
    importance_cap: float = 20.0,
    weights: Tensor | None = None,
    aggregation: str = "token_mean",
    length: float | None = None,
    denominator: float | None = None,
    max_log_ratio: float = 20.0,
) -> Loss:
    """M·sg[min(ρ, cap)]·A·log π; M = 0 where the token's *probability* has moved too far. Source: DPPO 2602.04879.

    M = 0 where (A > 0, π − π_old > δ_high) or (A ≤ 0, π_old − π > δ_low): the binary total variation. A rare token may
    change its ratio freely, a frequent one may not. As verl's ``dppo_tv``; δ as in its example script.

    >>> logp = torch.tensor([[-0.1, -6.0]], requires_grad=True)
    >>> old = torch.tensor([[-0.5, -9.0]])
    >>> dppo_tv(logp, old, torch.tensor([1.0]), torch.ones(1, 2) > 0).value.backward()
    >>> [round(g, 4) for g in logp.grad[0].tolist()]
    [-0.0, -10.0]
    """
    batch = token_batch(logp_BT, old_logp_BT, advantages, mask_BT, weights)
    moved_BT = batch.logp.detach().exp() - batch.old_logp.exp()
    return _trust_region(
        batch,
        moved_BT,
        moved_BT.abs(),
        clip_low,
        clip_high,
        importance_cap,
        max_log_ratio,
        aggregation,
        length,
        denominator,
    )


def dppo_kl(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    *,
    clip_low: float = 0.05,
    clip_high: float = 0.05,
    importance_cap: float = 20.0,
    weights: Tensor | None = None,
    aggregation: str = "token_mean",
    length: float | None = None,
    denominator: float | None = None,
    max_log_ratio: float = 20.0,
) -> Loss:
    """:func:`dppo_tv` with the binary KL(π_old ‖ π) of {this token, any other} as distance. Source: DPPO 2602.04879.

    KL = p_o·(log p_o − log p) + (1 − p_o)·log((1 − p_o + 1e-8)/(1 − p + 1e-8)), the 1e-8 as in verl's ``dppo_kl``.

    >>> logp = torch.tensor([[-0.1, -6.0]], requires_grad=True)
    >>> old = torch.tensor([[-0.5, -9.0]])
    >>> dppo_kl(logp, old, torch.tensor([1.0]), torch.ones(1, 2) > 0).value.backward()
    >>> [round(g, 4) for g in logp.grad[0].tolist()]
    [-0.0, -10.0]
    """
    batch = token_batch(logp_BT, old_logp_BT, advantages, mask_BT, weights)
    new_BT, old_BT = batch.logp.detach().exp(), batch.old_logp.exp()
    others_BT = (1 - old_BT) * torch.log((1 - old_BT + 1e-8) / (1 - new_BT + 1e-8))
    divergence_BT = others_BT - old_BT * batch.log_ratio.detach()
    return _trust_region(
        batch,
        new_BT - old_BT,
        divergence_BT,
        clip_low,
        clip_high,
        importance_cap,
        max_log_ratio,
        aggregation,
        length,
        denominator,
    )


def clip_cov(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    *,
    clip_low: float = 0.2,
    clip_high: float = 0.2,
    share: float = 2e-4,
    bounds: tuple[float, float] = (1.0, 5.0),
    generator: torch.Generator | None = None,
    weights: Tensor | None = None,
    aggregation: str = "token_mean",
    length: float | None = None,
    denominator: float | None = None,
    max_log_ratio: float = 20.0,
) -> Loss:
    """PPO, and a random ``share`` of the tokens whose covariance lies within ``bounds`` gets no gradient.

    cov_t = (log π_t − mean)·(A_t − mean), both means over the batch's tokens. max(1, ⌊share·#tokens⌋) are drawn from
    those with bounds[0] < cov < bounds[1] that ppo does not clip already. Source: 2505.22617 (Clip-Cov), as verl's
    ``clip_cov``.

    Options:
        generator: seeds the draw; on the tensors' device.

    >>> logp, old = torch.tensor([[-3.0, 0.0, 0.0, 0.0]]), torch.tensor([[-3.0, 0.0, 0.0, 0.0]])
    >>> advantages = torch.tensor([[-3.0, 1.0, 1.0, 1.0]])
    >>> clip_cov(logp, old, advantages, torch.ones(1, 4) > 0, bounds=(1.0, 9.0)).metrics["cov/chosen"].item()
    0.25
    """
    check_clip(clip_low, clip_high)
    positive(share=share)
    batch = token_batch(logp_BT, old_logp_BT, advantages, mask_BT, weights)
    ratio_BT = exp_ratio(batch.log_ratio, max_log_ratio)
    plain_BT = ratio_BT * batch.advantages
    held_BT = ratio_BT.clamp(1 - clip_low, 1 + clip_high) * batch.advantages
    free_BT = batch.mask & ~(held_BT < plain_BT)
    covariance_BT = _covariance(batch)
    candidates = (free_BT & (covariance_BT > bounds[0]) & (covariance_BT < bounds[1])).flatten().nonzero().flatten()
    most = max(1, int(share * int(batch.mask.sum())))
    order = torch.randperm(len(candidates), generator=generator, device=candidates.device)
    chosen_BT = _flags(candidates[order[:most]], batch.mask)
    objective_BT = torch.where(chosen_BT, torch.zeros_like(plain_BT), torch.minimum(plain_BT, held_BT))
    metrics = _ratio_metrics(ratio_BT, batch, 1 - clip_low, 1 + clip_high) | _chosen_share(chosen_BT, batch)
    return _reduced(objective_BT, metrics, batch, aggregation, length, denominator)


def kl_cov(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    *,
    share: float = 2e-4,
    beta: float = 1.0,
    weights: Tensor | None = None,
    aggregation: str = "token_mean",
    length: float | None = None,
    denominator: float | None = None,
    max_log_ratio: float = 20.0,
) -> Loss:
    """ρA, and for the ``share`` of tokens with the largest covariance ρA − β·|d|; no clip. Source: 2505.22617 (KL-Cov).

    max(1, ⌊share·#tokens⌋) tokens by cov_t = (log π_t − mean)·(A_t − mean). The paper writes KL(π_old ‖ π_θ) for the
    penalty; |d| is what its code and verl's ``kl_cov`` compute. verl's configuration has β = 0.1.

    >>> logp = torch.tensor([[0.0, -1.0, -1.0, -1.0]])
    >>> advantages = torch.tensor([[3.0, -1.0, -1.0, -1.0]])
    >>> kl_cov(logp, logp - 0.5, advantages, torch.ones(1, 4) > 0).value.item()  # −ρ·mean A + 0.5/4
    0.125
    """
    positive(share=share)
    if not beta >= 0:
        raise UsageError(f"beta must not be negative, not {beta!r}: it is a penalty")
    batch = token_batch(logp_BT, old_logp_BT, advantages, mask_BT, weights)
    ratio_BT = exp_ratio(batch.log_ratio, max_log_ratio)
    tokens = int(batch.mask.sum())
    ranked_BT = torch.where(batch.mask, _covariance(batch), torch.full_like(ratio_BT, -torch.inf))
    most = min(tokens, max(1, int(share * tokens)))
    chosen_BT = _flags(ranked_BT.flatten().topk(most).indices, batch.mask)
    objective_BT = ratio_BT * batch.advantages - chosen_BT * beta * batch.log_ratio.abs()
    metrics = masked_figures(ratio_BT, batch.mask, "ratio") | _chosen_share(chosen_BT, batch)
    return _reduced(objective_BT, metrics, batch, aggregation, length, denominator)


def _trust_region(
    batch: TokenBatch,
    moved_BT: Tensor,
    distance_BT: Tensor,
    clip_low: float,
    clip_high: float,
    importance_cap: float,
    max_log_ratio: float,
    aggregation: str,
    length: float | None,
    denominator: float | None,
) -> Loss:
    """DPPO: no gradient for a token that has moved with its advantage by more than the allowed distance."""
    positive(clip_low=clip_low, clip_high=clip_high, importance_cap=importance_cap)
    upwards_BT = batch.advantages > 0
    beyond_BT = torch.where(
        upwards_BT, (moved_BT > 0) & (distance_BT > clip_high), (moved_BT < 0) & (distance_BT > clip_low)
    )
    ratio_BT = exp_ratio(batch.log_ratio.detach(), max_log_ratio)
    objective_BT = ~beyond_BT * ratio_BT.clamp(max=importance_cap) * batch.advantages * batch.logp
    count = batch.mask.sum().clamp(min=1)
    metrics = masked_figures(ratio_BT, batch.mask, "ratio")
    metrics["clip/low"] = (beyond_BT & ~upwards_BT & batch.mask).sum() / count
    metrics["clip/high"] = (beyond_BT & upwards_BT & batch.mask).sum() / count
    return _reduced(objective_BT, metrics, batch, aggregation, length, denominator)


def _outside(ratio_BT: Tensor, advantages_BT: Tensor, low: float, high: float) -> Tensor:
    return ((advantages_BT > 0) & (ratio_BT > high)) | ((advantages_BT < 0) & (ratio_BT < low))


def _ratio_metrics(ratio_BT: Tensor, batch: TokenBatch, low: float, high: float) -> dict[str, Tensor]:
    figures = masked_figures(ratio_BT, batch.mask, "ratio")
    return figures | clip_shares(ratio_BT, batch.advantages, batch.mask, low, high)


def _covariance(batch: TokenBatch) -> Tensor:
    """(log π − mean)·(A − mean), the means over tokens; detached."""
    logp_BT = batch.logp.detach()
    means = (aggregate(values, batch.mask) for values in (logp_BT, batch.advantages))
    return (logp_BT - next(means)) * (batch.advantages - next(means))


def _flags(positions: Tensor, mask_BT: Tensor) -> Tensor:
    return torch.zeros_like(mask_BT).flatten().index_fill(0, positions, True).view_as(mask_BT)


def _chosen_share(chosen_BT: Tensor, batch: TokenBatch) -> dict[str, Tensor]:
    return {"cov/chosen": chosen_BT.sum() / batch.mask.sum().clamp(min=1)}


def _reduced(
    objective_BT: Tensor,
    metrics: dict[str, Tensor],
    batch: TokenBatch,
    aggregation: str,
    length: float | None,
    denominator: float | None,
) -> Loss:
    value = aggregate(weighted(objective_BT, batch), batch.mask, aggregation, length=length, denominator=denominator)
    return finish(value, metrics, batch)
