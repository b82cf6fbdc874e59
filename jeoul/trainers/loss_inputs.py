"""What every policy loss starts and ends with: checked inputs, made safe outside the mask, and the result.

Shape legend: B sequences, T padded token positions, ``_BT`` a value per token, ``_B`` a value per sequence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from jeoul.errors import UsageError

__all__ = ["Loss", "TokenBatch", "exp_ratio", "finish", "masked_figures", "positive", "token_batch"]


@dataclass(frozen=True, eq=False)
class Loss:
    """A loss to minimise and the figures that explain it. Losses add: ``ppo(…) + kl_penalty(…) + entropy_bonus(…)``.

    ``value`` is a 0-d tensor with gradient; ``metrics`` are detached 0-d tensors by name.
    """

    value: Tensor
    metrics: Mapping[str, Tensor]

    def __add__(self, other: Loss) -> Loss:
        both = self.metrics.keys() & other.metrics.keys()
        if both:
            raise UsageError(f"two terms of one loss share the metrics {sorted(both)}; give one of them another name")
        return Loss(self.value + other.value, {**self.metrics, **other.metrics})


@dataclass(frozen=True)
class TokenBatch:
    """Checked inputs [B, T] in float32 or float64; every value outside the mask is 0 and has no gradient."""

    logp: Tensor
    old_logp: Tensor
    advantages: Tensor
    mask: Tensor
    weights: Tensor | None

    @property
    def log_ratio(self) -> Tensor:
        """d_t = log π_θ(y_t) − log π_old(y_t)."""
        return self.logp - self.old_logp

    @property
    def tokens(self) -> Tensor:
        """Tokens of each sequence [B], at least 1 so that it can divide."""
        return self.mask.sum(dim=-1).clamp(min=1).to(self.logp.dtype)


def token_batch(
    logp_BT: Tensor,
    old_logp_BT: Tensor,
    advantages: Tensor,
    mask_BT: Tensor,
    weights: Tensor | None = None,
    *,
    per_sequence: bool = False,
    names: tuple[str, str] = ("logp", "old_logp"),
) -> TokenBatch:
    """Check the inputs of a policy loss and make them safe.

    float16 and bfloat16 become float32, float64 stays. ``old_logp_BT``, ``advantages`` and ``weights`` are constants:
    they are detached, so that passing ``logp`` twice is on-policy and does not cancel the gradient.

    Options:
        logp_BT, old_logp_BT: log-probabilities of the sampled tokens.
        advantages: [B], or [B, T] unless ``per_sequence``.
        mask_BT: boolean or 0/1.
        weights: factors of the objective [B] or [B, T], as from ``sampler_weights``; None means 1.
        per_sequence: the objective has one ratio per sequence, so that advantages per token have no meaning.
        names: what the caller calls the first two, for the errors.
    """
    new, old = names
    shape = tuple(checked_rank(new, logp_BT, (2,)).shape)
    checked_mask = _checked_mask(mask_BT, shape)
    given = {new: logp_BT, old: old_logp_BT, "advantages": advantages}
    ranks = {new: (2,), old: (2,), "advantages": (1,) if per_sequence else (1, 2)}
    if weights is not None:
        given["weights"] = weights
    for name, tensor in given.items():
        checked_rank(name, tensor, ranks.get(name, (1, 2)))
        if tuple(tensor.shape) != shape[: tensor.dim()]:
            raise UsageError(f"{name} has shape {tuple(tensor.shape)}, {new} has {shape}; pass one row per sequence")
    dtype = compute_dtype(*given.values())
    spread = {name: _spread(tensor, checked_mask, dtype) for name, tensor in given.items()}
    _check_finite(spread, given)
    return TokenBatch(
        spread[new],
        spread[old].detach(),
        spread["advantages"].detach(),
        checked_mask,
        None if weights is None else spread["weights"].detach(),
    )


def checked_rank(name: str, tensor: Tensor, ranks: tuple[int, ...]) -> Tensor:
    """The tensor itself, if it is a floating tensor of one of the ranks; else an error naming it."""
    if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
        came = tensor.dtype if isinstance(tensor, Tensor) else type(tensor).__name__
        raise UsageError(f"{name} must be a floating-point tensor, not {came}; convert it with .float()")
    if tensor.dim() not in ranks:
        allowed = " or ".join({0: "[]", 1: "[B]", 2: "[B, T]"}[rank] for rank in ranks)
        raise UsageError(f"{name} must have shape {allowed}, not {tuple(tensor.shape)}")
    return tensor


def compute_dtype(*tensors: Tensor) -> torch.dtype:
    """float64 if any input is, else float32: half precision is for storage."""
    return torch.float64 if any(tensor.dtype == torch.float64 for tensor in tensors) else torch.float32


def exp_ratio(log_ratio: Tensor, limit: float) -> Tensor:
    """exp(clamp(d, ±limit)): beyond the limit the ratio stands still and has no gradient, and exp cannot overflow."""
    return torch.exp(log_ratio if math.isinf(limit) else log_ratio.clamp(-limit, limit))


def positive(**options: float | None) -> None:
    """Refuse options that are given and not above 0; the keyword names them."""
    for name, value in options.items():
        if value is not None and not value > 0:
            raise UsageError(f"{name} must be above 0, not {value!r}")


def masked_figures(values: Tensor, mask: Tensor, name: str) -> dict[str, Tensor]:
    """``name/min``, ``name/mean``, ``name/max`` over the mask, detached; NaN where the mask is empty."""
    held = values.detach()[mask]
    if held.numel() == 0:
        return {f"{name}/{figure}": values.new_full((), math.nan) for figure in ("min", "mean", "max")}
    return {f"{name}/min": held.min(), f"{name}/mean": held.mean(), f"{name}/max": held.max()}


def finish(objective: Tensor, metrics: Mapping[str, Tensor], batch: TokenBatch) -> Loss:
    """The negated objective with its metrics; the approximate KL to the old policy is added to them.

    ``kl/k1`` = E_old[−d] and ``kl/k3`` = E_old[e^d − d − 1] estimate KL(π_old ‖ π_θ) on samples of π_old.
    """
    log_ratio = batch.log_ratio.detach()[batch.mask]
    divergence = {"kl/k1": -log_ratio, "kl/k3": torch.expm1(log_ratio) - log_ratio}
    figures = {name: values.mean() for name, values in divergence.items()}
    return Loss(-objective, {**metrics, **figures, "objective": objective.detach()})


def _checked_mask(mask_BT: Tensor, shape: tuple[int, ...]) -> Tensor:
    if not isinstance(mask_BT, Tensor) or tuple(mask_BT.shape) != shape:
        came = tuple(mask_BT.shape) if isinstance(mask_BT, Tensor) else type(mask_BT).__name__
        raise UsageError(f"mask must be a tensor of logp's shape {shape}, not {came}")
    if mask_BT.dtype == torch.bool:
        return mask_BT
    if not bool(((mask_BT == 0) | (mask_BT == 1)).all()):
        raise UsageError("mask must be boolean or hold only 0 and 1; per-token factors belong in weights=")
    return mask_BT != 0


def _spread(tensor: Tensor, mask_BT: Tensor, dtype: torch.dtype) -> Tensor:
    """[B] or [B, T] → [B, T] in the computing dtype, 0 outside the mask (also for the gradient)."""
    full = tensor.to(dtype)
    full = full.unsqueeze(1).expand(mask_BT.shape) if full.dim() == 1 else full
    return torch.where(mask_BT, full, torch.zeros((), dtype=dtype, device=full.device))


def _check_finite(spread: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> None:
    remedies = {
        "advantages": "the advantage of a row that does not apply is 0, not NaN",
        "weights": "importance weights overflow when the log-ratio is not limited; see sampler_weights",
    }
    usual = "take such positions out of the mask, or compute them without the sampler's top-k/top-p filter"
    # One synchronisation for all of them; which one it was matters only when something is wrong.
    if bool(torch.stack([torch.isfinite(tensor.detach()).all() for tensor in spread.values()]).all()):
        return
    for name, tensor in spread.items():
        wrong = ~torch.isfinite(tensor.detach())
        if bool(wrong.any()):
            raise UsageError(
                f"{name} (shape {tuple(given[name].shape)}) holds {int(wrong.sum())} non-finite values under the mask, "
                f"the first at {tuple(wrong.nonzero()[0].tolist())}; {remedies.get(name, usual)}"
            )
