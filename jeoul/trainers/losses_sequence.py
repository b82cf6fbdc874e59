"""Policy losses with one importance ratio per sequence: gspo, gspo_token, luspo, gmpo, hmpo, gvpo, vespo.

Shape legend: B sequences, T padded token positions, T_b tokens of sequence b. d_t = log π_θ(y_t) − log π_old(y_t).
Objectives are maximised; every function returns the negated objective. Common arguments and metrics: ``losses_token``.
The value of a sequence stands at each of its tokens, so that every aggregation has its usual meaning: with
``sequence_mean_token_mean`` it is the mean over sequences, with ``sequence_mean_token_sum`` each is multiplied by its
length.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from jeoul.errors import UsageError
from jeoul.trainers.aggregation import aggregate
from jeoul.trainers.loss_inputs import Loss, TokenBatch, exp_ratio, finish, masked_figures, positive, token_batch
from jeoul.trainers.losses_token import check_clip, clip_shares, weighted

__all__ = ["gmpo", "gspo", "gspo_token", "gvpo", "hmpo", "luspo", "vespo"]


def gspo(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    *,
    clip_low: float = 3e-4,
    clip_high: float = 4e-4,
    weights: Tensor | None = None,
    aggregation: str = "sequence_mean_token_mean",
    length: float | None = None,
    denominator: float | None = None,
    max_log_ratio: float = 20.0,
) -> Loss:
    """min(sA, clip(s)A) with s = exp(mean_t d_t), mean over sequences. Source: GSPO 2507.18071 Eq. 5 and 7.

    Every token of a sequence has the same gradient weight sA/T_b. s is a geometric mean of ratios and hugs 1: the
    paper clips at 3e-4 / 4e-4, and a clip of 0.2 (both frameworks' default) is about 500 times too wide.

    Options:
        advantages: [B]; for advantages per token there is :func:`gspo_token`.

    Differs from verl: its ``gspo`` is :func:`gspo_token`, and clamps the log of s above at 10. Equal to TRL's
    ``importance_sampling_level="sequence", loss_type="grpo"``.

    >>> logp = torch.tensor([[0.3, -0.3, 0.0]], requires_grad=True)
    >>> gspo(logp, torch.zeros(1, 3), torch.tensor([3.0]), torch.ones(1, 3) > 0).value.backward()
    >>> logp.grad
    tensor([[-1., -1., -1.]])
    """
    batch = token_batch(logp_BT, old_logp_BT, advantages, mask_BT, weights, per_sequence=True)
    ratio_B1 = exp_ratio(_mean_log_ratio(batch.log_ratio, batch), max_log_ratio)
    objective_BT, metrics = _clipped(ratio_B1.expand_as(batch.mask), batch, clip_low, clip_high)
    return finish(
        aggregate(objective_BT, batch.mask, aggregation, length=length, denominator=denominator), metrics, batch
    )


def gspo_token(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    *,
    clip_low: float = 3e-4,
    clip_high: float = 4e-4,
    weights: Tensor | None = None,
    aggregation: str = "sequence_mean_token_mean",
    length: float | None = None,
    denominator: float | None = None,
    max_log_ratio: float = 20.0,
) -> Loss:
    """min(s_t A_t, clip(s_t) A_t) with s_t = sg[s]·π_t/sg[π_t], for advantages per token. Source: GSPO Eq. 13 and 14.

    The value of s_t is s; its gradient belongs to token t alone. With A_t = A for all t it equals :func:`gspo` in value
    and gradient.

    >>> logp = torch.tensor([[0.3, -0.3]], requires_grad=True)
    >>> gspo_token(logp, torch.zeros(1, 2), torch.tensor([[1.0, -2.0]]), torch.ones(1, 2) > 0).value.backward()
    >>> logp.grad
    tensor([[-0.5000,  1.0000]])
    """
    batch = token_batch(logp_BT, old_logp_BT, advantages, mask_BT, weights)
    ratio_B1 = exp_ratio(_mean_log_ratio(batch.log_ratio, batch), max_log_ratio).detach()
    ratio_BT = ratio_B1 * torch.exp(batch.logp - batch.logp.detach())
    objective_BT, metrics = _clipped(ratio_BT, batch, clip_low, clip_high)
    return finish(
        aggregate(objective_BT, batch.mask, aggregation, length=length, denominator=denominator), metrics, batch
    )


def luspo(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    *,
    clip_low: float = 3e-4,
    clip_high: float = 4e-4,
    weights: Tensor | None = None,
    aggregation: str = "sequence_mean_token_sum",
    length: float | None = None,
    denominator: float | None = None,
    max_log_ratio: float = 20.0,
) -> Loss:
    """:func:`gspo` with each sequence multiplied by its length: T_b·min(sA, clip(s)A). Source: LUSPO 2602.05261.

    So every token has gradient weight sA, and long answers are not favoured or shunned. Equal to TRL's
    ``loss_type="luspo"`` with ``importance_sampling_level="sequence"``. The clip range is GSPO's, since s is GSPO's
    (TRL leaves 0.2).

    >>> logp, mask = torch.zeros(1, 3), torch.ones(1, 3) > 0
    >>> luspo(logp, logp, torch.tensor([2.0]), mask).value.item()
    -6.0
    """
    return gspo(
        logp_BT,
        old_logp_BT,
        advantages,
        mask_BT,
        clip_low=clip_low,
        clip_high=clip_high,
        weights=weights,
        aggregation=aggregation,
        length=length,
        denominator=denominator,
        max_log_ratio=max_log_ratio,
    )


def gmpo(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    *,
    clip_low: float = 0.4,
    clip_high: float = 0.4,
    weights: Tensor | None = None,
    aggregation: str = "sequence_mean_token_mean",
    length: float | None = None,
    denominator: float | None = None,
    max_log_ratio: float = 20.0,
) -> Loss:
    """A·exp(mean_t d̃_t), mean over sequences; d̃ = min(d, ε_high) if A > 0, else max(d, −ε_low). Source: 2507.20673.

    The clip is one-sided, per token, in log space (so the ratio is held within e^±0.4) and before the mean. A clipped
    token has gradient 0, all others of the sequence have the same; without clipping it is :func:`gspo` without
    clipping. No KL.

    Same as verl's ``geo_mean`` (whose clip is also of the log) and TRL's experimental GMPO, at equal ε; their default
    0.2 of verl is the shared ``clip_ratio``, not the paper's.

    >>> logp = torch.tensor([[0.7, -0.4]], requires_grad=True)
    >>> gmpo(logp, torch.zeros(1, 2), torch.tensor([2.0]), torch.ones(1, 2) > 0).value.backward()
    >>> logp.grad
    tensor([[ 0., -1.]])
    """
    batch = token_batch(logp_BT, old_logp_BT, advantages, mask_BT, weights, per_sequence=True)
    held_BT, metrics = _clipped_log_ratio(batch, clip_low, clip_high)
    ratio_B1 = exp_ratio(_mean_log_ratio(held_BT, batch), max_log_ratio)
    return _of_sequences(ratio_B1, metrics, batch, aggregation, length, denominator)


def hmpo(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    *,
    clip_low: float = 0.4,
    clip_high: float = 0.4,
    weights: Tensor | None = None,
    aggregation: str = "sequence_mean_token_mean",
    length: float | None = None,
    denominator: float | None = None,
    max_log_ratio: float = 20.0,
) -> Loss:
    """A·T_b/Σ_t e^{−d̃_t}, the harmonic mean of the ratios clipped as in :func:`gmpo`; mean over sequences.

    HM ≤ GM ≤ AM; a token's gradient is A·HM²/(T_b·ρ_t), so tokens that have become unlikely count most. Computed as
    exp(log T_b − logsumexp(−d̃)), which cannot overflow. Source: the formula of the callsys/GMPO repository (no paper).

    >>> logp = torch.tensor([[0.0, -1.0]], requires_grad=True)
    >>> hmpo(logp, torch.zeros(1, 2), torch.tensor([1.0]), torch.ones(1, 2) > 0).value.backward()
    >>> (logp.grad[0, 1] / logp.grad[0, 0]).item()  # e
    2.7182817459106445
    """
    batch = token_batch(logp_BT, old_logp_BT, advantages, mask_BT, weights, per_sequence=True)
    held_BT, metrics = _clipped_log_ratio(batch, clip_low, clip_high)
    # A sequence without tokens must not reach logsumexp of nothing: its gradient would be NaN.
    inside_BT = batch.mask | ~batch.mask.any(dim=-1, keepdim=True)
    inverse_BT = torch.where(inside_BT, -held_BT, torch.full_like(held_BT, -math.inf))
    log_mean_B1 = (batch.tokens.log() - torch.logsumexp(inverse_BT, dim=-1)).unsqueeze(-1)
    return _of_sequences(exp_ratio(log_mean_B1, max_log_ratio), metrics, batch, aggregation, length, denominator)


def gvpo(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    *,
    groups: Tensor,
    beta: float = 0.1,
    denominator: float | None = None,
) -> Loss:
    """½·Σ_i w_i²/(G − 1), mean over groups, with w_i = (R_i − R̄) − β(D_i − D̄) and D_i = Σ_t d_t.

    Its gradient is that of −β·Σ_i sg[w_i]·log π_θ(y_i)/(G − 1): sequences are pushed until the implied reward β·D
    agrees with R up to a constant per group. No ratio, no clipping, any sampling distribution. Source: GVPO 2504.19599,
    with the unbiased G − 1 of its algorithm.

    Options:
        old_logp_BT: under π_θ′, the policy that the KL is measured to.
        advantages: rewards [B] or anything equal to them up to a constant per group (r − r̄), *not* divided by the
            group's std: β would then mean something else in every group.
        groups: integer labels [B]; a group with fewer than two sequences gives 0.
        denominator: number of groups to divide by, instead of those in this batch that have two sequences or more.

    >>> logp = torch.tensor([[0.0], [0.0]], requires_grad=True)
    >>> rewards, mask = torch.tensor([1.0, 0.0]), torch.ones(2, 1) > 0
    >>> loss = gvpo(logp, torch.zeros(2, 1), rewards, mask, groups=torch.tensor([7, 7]))
    >>> loss.value.backward()
    >>> loss.value.item(), logp.grad[:, 0].tolist()
    (0.25, [-0.05000000074505806, 0.05000000074505806])
    """
    positive(beta=beta, denominator=denominator)
    batch = token_batch(logp_BT, old_logp_BT, advantages, mask_BT, per_sequence=True)
    if groups.shape != advantages.shape or groups.is_floating_point():
        raise UsageError(f"groups must be integer labels of shape {tuple(advantages.shape)}, not {tuple(groups.shape)}")
    present_B = batch.mask.any(dim=-1)
    rewards_B = torch.where(present_B, advantages.detach().to(batch.logp.dtype), 0.0)
    labels, index_B = torch.unique(groups, return_inverse=True)
    implied_B = batch.log_ratio.sum(dim=-1)
    counts_G = rewards_B.new_zeros(len(labels)).index_add(0, index_B, present_B.to(rewards_B.dtype))
    excess_B = torch.where(present_B, rewards_B - beta * implied_B, 0.0)
    mean_G = torch.zeros_like(counts_G).index_add(0, index_B, excess_B) / counts_G.clamp(min=1)
    weight_B = torch.where(present_B & (counts_G > 1)[index_B], excess_B - mean_G[index_B], 0.0)
    used = (counts_G > 1).sum().clamp(min=1) if denominator is None else denominator
    value = 0.5 * (weight_B.square() / (counts_G[index_B] - 1).clamp(min=1)).sum() / used
    return finish(-value, masked_figures(weight_B, present_B, "weight"), batch)


def vespo(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    *,
    k_positive: float = 2.0,
    lambda_positive: float = 3.0,
    k_negative: float = 3.0,
    lambda_negative: float = 2.0,
    weights: Tensor | None = None,
    aggregation: str = "token_mean",
    length: float | None = None,
    denominator: float | None = None,
    max_log_ratio: float = 20.0,
) -> Loss:
    """sg[φ(W)]·A·log π_t with φ(w) = e^λ·w^k·e^{−λw} and W = Π_t ρ_t, mean over tokens. Source: VESPO 2602.10693.

    φ(1) = 1; k and λ depend on the sign of A (A ≥ 0 counts as positive). As TRL's ``loss_type="vespo"``: log W is
    clamped to [log 1e-8, ``max_log_ratio``], and ``weights`` (π_old/μ) are part of W instead of a factor.

    >>> logp = torch.tensor([[0.0, 0.0]], requires_grad=True)
    >>> vespo(logp, torch.zeros(1, 2), torch.tensor([1.0]), torch.ones(1, 2) > 0).value.backward()
    >>> logp.grad
    tensor([[-0.5000, -0.5000]])
    """
    positive(lambda_positive=lambda_positive, lambda_negative=lambda_negative)
    batch = token_batch(logp_BT, old_logp_BT, advantages, mask_BT, weights)
    log_ratio_BT = batch.log_ratio.detach().clamp(-max_log_ratio, max_log_ratio)
    if batch.weights is not None:
        inside_BT = torch.where(batch.mask, batch.weights, 1.0)
        log_ratio_BT = log_ratio_BT + inside_BT.log().clamp(math.log(1e-8), max_log_ratio)
    log_w_B1 = log_ratio_BT.sum(dim=-1, keepdim=True).clamp(math.log(1e-8), max_log_ratio)
    positive_BT = batch.advantages >= 0
    k_BT = torch.where(positive_BT, torch.full_like(log_ratio_BT, k_positive), k_negative)
    lambda_BT = torch.where(positive_BT, torch.full_like(log_ratio_BT, lambda_positive), lambda_negative)
    phi_BT = torch.exp(lambda_BT + k_BT * log_w_B1 - lambda_BT * log_w_B1.exp())
    objective_BT = phi_BT * batch.advantages * batch.logp
    metrics = masked_figures(log_w_B1.exp().expand_as(phi_BT), batch.mask, "ratio")
    metrics |= masked_figures(phi_BT, batch.mask, "phi")
    return finish(
        aggregate(objective_BT, batch.mask, aggregation, length=length, denominator=denominator), metrics, batch
    )


def _mean_log_ratio(log_ratio_BT: Tensor, batch: TokenBatch) -> Tensor:
    return (log_ratio_BT.sum(dim=-1) / batch.tokens).unsqueeze(-1)


def _clipped(
    ratio_BT: Tensor, batch: TokenBatch, clip_low: float, clip_high: float
) -> tuple[Tensor, dict[str, Tensor]]:
    check_clip(clip_low, clip_high)
    low, high = 1 - clip_low, 1 + clip_high
    plain_BT, held_BT = ratio_BT * batch.advantages, ratio_BT.clamp(low, high) * batch.advantages
    # Ratio and clip shares are of sequences, so each is looked at once: at its first token.
    first_BT = batch.mask & (batch.mask.cumsum(dim=-1) == 1)
    metrics = masked_figures(ratio_BT, first_BT, "ratio")
    metrics |= clip_shares(ratio_BT, batch.advantages, first_BT, low, high)
    return weighted(torch.minimum(plain_BT, held_BT), batch), metrics


def _clipped_log_ratio(batch: TokenBatch, clip_low: float, clip_high: float) -> tuple[Tensor, dict[str, Tensor]]:
    """d̃ and how many tokens it holds back."""
    positive(clip_low=clip_low, clip_high=clip_high)
    log_ratio_BT = batch.log_ratio
    held_BT = torch.where(batch.advantages > 0, log_ratio_BT.clamp(max=clip_high), log_ratio_BT.clamp(min=-clip_low))
    return held_BT, clip_shares(log_ratio_BT, batch.advantages, batch.mask, -clip_low, clip_high)


def _of_sequences(
    ratio_B1: Tensor,
    metrics: dict[str, Tensor],
    batch: TokenBatch,
    aggregation: str,
    length: float | None,
    denominator: float | None,
) -> Loss:
    metrics |= masked_figures(ratio_B1.squeeze(-1), batch.mask.any(dim=-1), "ratio")
    objective_BT = weighted(ratio_B1 * batch.advantages, batch)
    return finish(
        aggregate(objective_BT, batch.mask, aggregation, length=length, denominator=denominator), metrics, batch
    )
