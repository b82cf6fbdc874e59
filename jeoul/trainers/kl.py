"""Terms beside the policy objective: KL to a reference, entropy bonus, correction for another sampler than the trainer.

Shape legend: B sequences, T padded token positions. Each term is a ``Loss``, so that it can be added to a policy loss.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from jeoul.errors import UsageError, did_you_mean
from jeoul.trainers.aggregation import aggregate
from jeoul.trainers.loss_inputs import Loss, TokenBatch, token_batch

__all__ = ["KL_ESTIMATORS", "entropy_bonus", "kl_estimate", "kl_penalty", "sampler_weights"]

KL_ESTIMATORS: dict[str, str] = {
    "k1": "−u: unbiased value, may be negative; its own gradient is that of log π, with mean zero",
    "k2": "u²/2: biased value, low variance; its gradient is the unbiased gradient of KL",
    "k3": "e^u − u − 1: unbiased value, never negative, low variance",
}
"""Estimators of KL(π_θ ‖ π_ref) on samples of π_θ, u = log π_ref − log π_θ (Schulman, joschu.net/blog/kl-approx)."""


def kl_estimate(logp: Tensor, ref_logp: Tensor, estimator: str = "k3", *, max_log_ratio: float = 20.0) -> Tensor:
    """KL(π_θ ‖ π_ref) token by token, on tokens that π_θ sampled; any shape, differentiable in ``logp``.

    Source: DeepSeekMath 2402.03300 Eq. 4 (k3). verl also clamps k3's value to ±10, TRL clamps nothing; here only the
    declared ``max_log_ratio`` limits u inside e^u, so that k3 grows linearly beyond it instead of overflowing.

    >>> u = torch.tensor([0.0, 1.0])
    >>> kl_estimate(torch.zeros(2), u, "k3")
    tensor([0.0000, 0.7183])
    """
    if estimator not in KL_ESTIMATORS:
        hint = did_you_mean(str(estimator), KL_ESTIMATORS)
        raise UsageError(f"KL estimator {estimator!r} is unknown{hint}; write one of {', '.join(KL_ESTIMATORS)}")
    u = ref_logp.detach() - logp
    if estimator == "k1":
        return -u
    if estimator == "k2":
        return 0.5 * u.square()
    return torch.expm1(u if math.isinf(max_log_ratio) else u.clamp(-max_log_ratio, max_log_ratio)) - u


def kl_penalty(
    logp_BT: Tensor,
    ref_logp_BT: Tensor,
    mask_BT: Tensor,
    *,
    coefficient: float,
    estimator: str = "k3",
    weights: Tensor | None = None,
    aggregation: str = "token_mean",
    length: float | None = None,
    denominator: float | None = None,
    max_log_ratio: float = 20.0,
) -> Loss:
    """Penalise by coefficient · aggregate(KL(π_θ ‖ π_ref)), to add to a policy loss.

    Options:
        logp_BT, ref_logp_BT: log-probabilities under the policy and the reference; the reference is a constant.
        coefficient: β, at least 0.
        estimator: see :data:`KL_ESTIMATORS`.
        weights: detached factors [B] or [B, T]; with π_θ/π_old here the estimate is corrected for samples of π_old
            (DeepSeek-V3.2; TRL's ``use_bias_correction_kl``, which lets gradients through the factor as well).
        aggregation, length, denominator: see :func:`jeoul.trainers.aggregation.aggregate`.

    Returns:
        ``Loss`` with the metric ``kl/reference`` (before the coefficient).

    >>> kl_penalty(torch.zeros(1, 2), torch.ones(1, 2), torch.ones(1, 2) > 0, coefficient=0.5).value
    tensor(0.3591)
    """
    if not coefficient >= 0:
        raise UsageError(f"coefficient must not be negative, not {coefficient!r}: a KL term is a penalty")
    zeros_B = torch.zeros(logp_BT.shape[:1], device=logp_BT.device)
    batch = token_batch(logp_BT, ref_logp_BT, zeros_B, mask_BT, weights, names=("logp", "ref_logp"))
    kl_BT = kl_estimate(batch.logp, batch.old_logp, estimator, max_log_ratio=max_log_ratio)
    value = aggregate(_weighted(kl_BT, batch), batch.mask, aggregation, length=length, denominator=denominator)
    return Loss(coefficient * value, {"kl/reference": value.detach()})


def entropy_bonus(
    entropy_BT: Tensor,
    mask_BT: Tensor,
    *,
    coefficient: float,
    aggregation: str = "token_mean",
    length: float | None = None,
    denominator: float | None = None,
) -> Loss:
    """−coefficient · aggregate(H), to add to a policy loss; H per token as from ``selective_logp(…, entropy=True)``.

    The default is the mean over tokens for every objective, as in TRL; verl aggregates it as the policy term.

    >>> entropy_bonus(torch.tensor([[1.0, 3.0]]), torch.ones(1, 2) > 0, coefficient=0.01).value.item()
    -0.019999999552965164
    """
    zeros_B = torch.zeros(entropy_BT.shape[:1], device=entropy_BT.device)
    batch = token_batch(entropy_BT, entropy_BT, zeros_B, mask_BT, names=("entropy", "entropy"))
    value = aggregate(batch.logp, batch.mask, aggregation, length=length, denominator=denominator)
    return Loss(-coefficient * value, {"entropy": value.detach()})


def sampler_weights(
    old_logp_BT: Tensor,
    sampler_logp_BT: Tensor,
    mask_BT: Tensor,
    *,
    level: str = "token",
    cap: float = 2.0,
    floor: float = 0.0,
    outside: str = "truncate",
    max_log_ratio: float = 20.0,
) -> Tensor:
    """Importance weights π_old/μ for samples of an inference engine μ that differs from the trainer's π_old.

    ``level="token"``: w_t = π_old(y_t)/μ(y_t) (biased, low variance). ``level="sequence"``: w = Π_t of them (unbiased,
    high variance), the same for every token. ``outside="truncate"`` clamps to [floor, cap] (truncated importance
    sampling); ``"mask"`` gives 0 to what lies outside (IcePop, masked importance sampling).

    Differs from frameworks: verl truncates above only; TRL's default is ``level="sequence", outside="mask", cap=3``.

    Options:
        old_logp_BT: the trainer's log-probabilities of the sampled tokens, before the update.
        sampler_logp_BT: what the inference engine reported.
        max_log_ratio: limit of the log weight before exp.

    Returns:
        [B, T], detached, 0 outside the mask: pass it as ``weights=`` to any policy loss.

    >>> old, engine = torch.tensor([[0.0, -1.0]]), torch.tensor([[-2.0, -1.0]])
    >>> sampler_weights(old, engine, torch.ones(1, 2) > 0, cap=2.0).tolist()
    [[2.0, 1.0]]
    """
    if level not in ("token", "sequence"):
        raise UsageError(f"level must be 'token' or 'sequence', not {level!r}")
    if outside not in ("truncate", "mask"):
        raise UsageError(f"outside must be 'truncate' or 'mask', not {outside!r}")
    if not 0 <= floor <= cap:
        raise UsageError(f"floor and cap must satisfy 0 <= floor <= cap, not {floor!r} and {cap!r}")
    zeros_B = torch.zeros(old_logp_BT.shape[:1], device=old_logp_BT.device)
    names = ("old_logp", "sampler_logp")
    batch = token_batch(old_logp_BT.detach(), sampler_logp_BT, zeros_B, mask_BT, names=names)
    log_weights_BT = batch.log_ratio
    if level == "sequence":
        log_weights_BT = log_weights_BT.sum(dim=-1, keepdim=True).expand_as(log_weights_BT)
    raw_BT = torch.exp(log_weights_BT.clamp(-max_log_ratio, max_log_ratio))
    if outside == "truncate":
        held_BT = raw_BT.clamp(floor, cap)
    else:
        held_BT = torch.where((raw_BT >= floor) & (raw_BT <= cap), raw_BT, torch.zeros_like(raw_BT))
    return torch.where(batch.mask, held_BT, torch.zeros_like(held_BT))


def _weighted(values_BT: Tensor, batch: TokenBatch) -> Tensor:
    return values_BT if batch.weights is None else values_BT * batch.weights
