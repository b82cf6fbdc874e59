"""Policy losses with one clipped importance ratio per token: ppo, grpo, dr_grpo, dapo, bnpo; and PPO's value loss.

Shape legend: B sequences, T padded token positions. d_t = log π_θ(y_t) − log π_old(y_t), ρ_t = exp(d_t). Objectives are
maximised; every function returns the negated objective, to minimise.

All of them take ``logp_BT`` (with gradient), ``old_logp_BT``, ``advantages`` ([B] or [B, T]), ``mask_BT`` (boolean or
0/1) and the options ``weights`` (factors of the objective, see ``sampler_weights``), ``aggregation``, ``length`` and
``denominator`` (see ``aggregate``) and ``max_log_ratio`` (d is clamped to ± this before exp, as in verl; TRL does not;
``inf`` turns it off). Metrics of all: ``ratio/{min,mean,max}``, ``clip/low`` (share of tokens with A < 0 and ρ < 1 −
ε_low), ``clip/high`` (A > 0 and ρ > 1 + ε_high), ``kl/k1``, ``kl/k3`` to the old policy, ``objective``.
"""

from __future__ import annotations

import torch
from torch import Tensor

from jeoul.errors import UsageError
from jeoul.trainers.aggregation import aggregate
from jeoul.trainers.kl import kl_penalty
from jeoul.trainers.loss_inputs import Loss, TokenBatch, exp_ratio, finish, masked_figures, positive, token_batch

__all__ = ["bnpo", "clip_shares", "dapo", "dr_grpo", "grpo", "ppo", "value_loss"]


def ppo(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    *,
    clip_low: float = 0.2,
    clip_high: float = 0.2,
    dual_clip: float | None = None,
    weights: Tensor | None = None,
    aggregation: str = "token_mean",
    length: float | None = None,
    denominator: float | None = None,
    max_log_ratio: float = 20.0,
) -> Loss:
    """min(ρA, clip(ρ, 1 − ε_low, 1 + ε_high)·A), mean over tokens. Source: PPO 1707.06347 Eq. 7.

    The gradient is 0 exactly where (A > 0 and ρ > 1 + ε_high) or (A < 0 and ρ < 1 − ε_low), and ρA elsewhere.

    Options:
        dual_clip: c > 1: where A < 0 the objective is at least cA (1912.09729), so a token with ρ > c and A < 0
            has no gradient. None = off, as in the PPO paper; verl's default is 3. TRL's ``delta`` is the same, as long
            as it lies above 1 + ε_high.

    >>> logp = torch.tensor([[0.5, -0.1]], requires_grad=True)
    >>> loss = ppo(logp, torch.zeros(1, 2), torch.tensor([1.0]), torch.ones(1, 2) > 0)
    >>> loss.value.backward()
    >>> [round(g, 4) for g in logp.grad[0].tolist()], loss.metrics["clip/high"].item()
    ([0.0, -0.4524], 0.5)
    """
    batch = token_batch(logp_BT, old_logp_BT, advantages, mask_BT, weights)
    objective_BT, metrics = _clipped(batch, clip_low, clip_high, dual_clip, max_log_ratio)
    objective = aggregate(objective_BT, batch.mask, aggregation, length=length, denominator=denominator)
    return finish(objective, metrics, batch)


def grpo(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    *,
    clip_low: float = 0.2,
    clip_high: float = 0.2,
    ref_logp_BT: Tensor | None = None,
    beta: float | None = None,
    kl_estimator: str = "k3",
    dual_clip: float | None = None,
    weights: Tensor | None = None,
    aggregation: str = "sequence_mean_token_mean",
    length: float | None = None,
    denominator: float | None = None,
    max_log_ratio: float = 20.0,
) -> Loss:
    """PPO's objective − β·k3, mean over sequences of the token mean. Source: DeepSeekMath 2402.03300 Eq. 3 and 4.

    Options:
        ref_logp_BT: log-probabilities under the reference model; None = no KL term (TRL's default).
        beta: β; None = the paper's 0.04 where there is a reference. A positive β without reference is refused.
        kl_estimator: "k3" is the paper's.
        dual_clip: see :func:`ppo`.

    >>> logp, old = torch.zeros(1, 2, requires_grad=True), torch.zeros(1, 2)
    >>> grpo(logp, old, torch.tensor([2.0]), torch.ones(1, 2) > 0, ref_logp_BT=old + 1).value
    tensor(-1.9713, grad_fn=<AddBackward0>)
    """
    batch = token_batch(logp_BT, old_logp_BT, advantages, mask_BT, weights)
    objective_BT, metrics = _clipped(batch, clip_low, clip_high, dual_clip, max_log_ratio)
    objective = aggregate(objective_BT, batch.mask, aggregation, length=length, denominator=denominator)
    loss = finish(objective, metrics, batch)
    if ref_logp_BT is None:
        if beta:
            raise UsageError(f"beta={beta} needs ref_logp_BT, the reference log-probabilities; pass them or drop beta")
        return loss
    return loss + kl_penalty(
        logp_BT,
        ref_logp_BT,
        mask_BT,
        coefficient=0.04 if beta is None else beta,
        estimator=kl_estimator,
        max_log_ratio=max_log_ratio,
        aggregation=aggregation,
        length=length,
        denominator=denominator,
    )


def bnpo(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    *,
    clip_low: float = 0.2,
    clip_high: float = 0.2,
    ref_logp_BT: Tensor | None = None,
    beta: float | None = None,
    kl_estimator: str = "k3",
    weights: Tensor | None = None,
    aggregation: str = "token_mean",
    length: float | None = None,
    denominator: float | None = None,
    max_log_ratio: float = 20.0,
) -> Loss:
    """:func:`grpo` averaged over the tokens of the local batch. This is TRL's meaning of ``loss_type="bnpo"``.

    It is *not* the BNPO paper (2506.02864), which normalises rewards with a Beta distribution: that is an advantage.
    Differs from :func:`dapo` only by its clip range, its KL term and, in TRL, the count that it divides by (here the
    local batch, there the whole accumulation window: ``denominator``).

    >>> logp, mask = torch.zeros(1, 2), torch.ones(1, 2) > 0
    >>> bnpo(logp, logp, torch.tensor([2.0]), mask).value.item()
    -2.0
    """
    return grpo(
        logp_BT,
        old_logp_BT,
        advantages,
        mask_BT,
        clip_low=clip_low,
        clip_high=clip_high,
        ref_logp_BT=ref_logp_BT,
        beta=beta,
        kl_estimator=kl_estimator,
        weights=weights,
        aggregation=aggregation,
        length=length,
        denominator=denominator,
        max_log_ratio=max_log_ratio,
    )


def dr_grpo(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    *,
    length: float | None,
    clip_low: float = 0.2,
    clip_high: float = 0.2,
    weights: Tensor | None = None,
    aggregation: str = "sequence_mean_token_sum_norm",
    denominator: float | None = None,
    max_log_ratio: float = 20.0,
) -> Loss:
    """PPO's objective without KL, token sums divided by one constant. Source: Dr. GRPO 2503.20783, with A = s − s̄.

    Options:
        length: the constant, usually the generation limit; it has no default, see ``aggregate``. None only with another
            aggregation.

    >>> logp, mask = torch.zeros(1, 2), torch.ones(1, 2) > 0
    >>> dr_grpo(logp, logp, torch.tensor([2.0]), mask, length=8).value.item()
    -0.5
    """
    return ppo(
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


def dapo(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    *,
    clip_low: float = 0.2,
    clip_high: float = 0.28,
    weights: Tensor | None = None,
    aggregation: str = "token_mean",
    length: float | None = None,
    denominator: float | None = None,
    max_log_ratio: float = 20.0,
) -> Loss:
    """PPO's objective with a wider upper clip, no KL, mean over tokens. Source: DAPO 2503.14476 Eq. 8.

    The paper's other two parts are not a loss: dynamic sampling keeps groups with 0 < #correct < G, and the soft
    overlong penalty is a reward (``soft_overlong``).

    >>> logp, mask = torch.full((1, 2), 0.26), torch.ones(1, 2) > 0
    >>> round(dapo(logp, torch.zeros(1, 2), torch.tensor([1.0]), mask).value.item(), 4)
    -1.28
    """
    return ppo(
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


def value_loss(
    values_BT: Tensor,
    old_values_BT: Tensor,
    returns_BT: Tensor,
    mask_BT: Tensor,
    *,
    clip: float | None = 0.2,
    aggregation: str = "token_mean",
    length: float | None = None,
    denominator: float | None = None,
) -> Loss:
    """½·max((V − R)², (V_clip − R)²) with V_clip = V_old + clamp(V − V_old, ±clip), mean over tokens.

    Source: PPO's reference code (the paper has only the squared error: ``clip=None``). Same as verl's
    ``compute_value_loss``.

    Returns:
        ``Loss`` with ``value/clip`` (share of tokens whose clipped error is the larger one) and ``value/error`` (mean
        squared error, without ½ and clip).

    >>> v, old, r = torch.tensor([[1.0]]), torch.tensor([[0.0]]), torch.tensor([[2.0]])
    >>> round(value_loss(v, old, r, torch.ones(1, 1) > 0).value.item(), 4)
    1.62
    """
    positive(clip=clip)
    batch = token_batch(values_BT, old_values_BT, returns_BT, mask_BT, names=("values", "old_values"))
    error_BT = (batch.logp - batch.advantages).square()
    worst_BT = error_BT
    if clip is not None:
        held_BT = batch.old_logp + batch.log_ratio.clamp(-clip, clip)
        worst_BT = torch.maximum(error_BT, (held_BT - batch.advantages).square())
    value = 0.5 * aggregate(worst_BT, batch.mask, aggregation, length=length, denominator=denominator)
    larger_BT = (worst_BT > error_BT).to(error_BT.dtype)
    figures = {"value/clip": larger_BT, "value/error": error_BT.detach()}
    return Loss(value, {name: aggregate(values, batch.mask) for name, values in figures.items()})


def clip_shares(ratio: Tensor, advantages: Tensor, mask: Tensor, low: float, high: float) -> dict[str, Tensor]:
    """``clip/low``: share of the mask with A < 0 and ratio < low; ``clip/high``: with A > 0 and ratio > high."""
    count = mask.sum().clamp(min=1)
    return {
        "clip/low": ((advantages < 0) & (ratio.detach() < low) & mask).sum() / count,
        "clip/high": ((advantages > 0) & (ratio.detach() > high) & mask).sum() / count,
    }


def weighted(objective_BT: Tensor, batch: TokenBatch) -> Tensor:
    """The objective times the weights, if there are any."""
    return objective_BT if batch.weights is None else objective_BT * batch.weights


def check_clip(clip_low: float, clip_high: float) -> None:
    """Refuse clip ranges that are not 0 ≤ low ≤ 1 and 0 ≤ high."""
    if not 0 <= clip_low <= 1:
        raise UsageError(f"clip_low must lie in [0, 1], not {clip_low!r}: the ratio is held above 1 - clip_low")
    if not clip_high >= 0:
        raise UsageError(f"clip_high must not be negative, not {clip_high!r}: the ratio is held below 1 + clip_high")


def _clipped(
    batch: TokenBatch, clip_low: float, clip_high: float, dual_clip: float | None, max_log_ratio: float
) -> tuple[Tensor, dict[str, Tensor]]:
    check_clip(clip_low, clip_high)
    if dual_clip is not None and not dual_clip > 1:
        raise UsageError(f"dual_clip must be above 1, not {dual_clip!r}; the usual value is 3, None turns it off")
    advantages_BT = batch.advantages
    ratio_BT = exp_ratio(batch.log_ratio, max_log_ratio)
    low, high = 1 - clip_low, 1 + clip_high
    objective_BT = torch.minimum(ratio_BT * advantages_BT, ratio_BT.clamp(low, high) * advantages_BT)
    metrics = masked_figures(ratio_BT, batch.mask, "ratio")
    metrics |= clip_shares(ratio_BT, advantages_BT, batch.mask, low, high)
    if dual_clip is not None:
        floor_BT = torch.where(advantages_BT < 0, dual_clip * advantages_BT, objective_BT.detach())
        below_BT = (objective_BT < floor_BT) & batch.mask
        objective_BT = torch.where(below_BT, floor_BT, objective_BT)
        metrics["clip/dual"] = below_BT.sum() / batch.mask.sum().clamp(min=1)
    return weighted(objective_BT, batch), metrics
