"""From token values [B, T] to one number: the four ways in which policy losses average over a batch.

Shape legend: B sequences, T padded token positions. The mask says which positions are tokens; whatever stands elsewhere
(padding, NaN, inf) never reaches the value or the gradient, and padding a batch further changes nothing.
"""

from __future__ import annotations

import torch
from torch import Tensor

from jeoul.errors import UsageError, did_you_mean

__all__ = ["AGGREGATIONS", "aggregate"]

AGGREGATIONS: dict[str, str] = {
    "token_mean": "mean over all tokens of the batch (TM)",
    "sequence_mean_token_mean": "mean over sequences of the token mean (SMTM)",
    "sequence_mean_token_sum": "mean over sequences of the token sum (SMTS)",
    "sequence_mean_token_sum_norm": "mean over sequences of token sum / constant length (SMTS-norm)",
}
"""Every aggregation by name, with its meaning."""


def aggregate(
    values_BT: Tensor,
    mask_BT: Tensor,
    how: str = "token_mean",
    *,
    length: float | None = None,
    denominator: float | None = None,
) -> Tensor:
    """Average token values over a batch.

    ``token_mean`` Σ_bt v / #tokens · ``sequence_mean_token_mean`` mean_b (Σ_t v / T_b) · ``sequence_mean_token_sum``
    mean_b Σ_t v · ``sequence_mean_token_sum_norm`` mean_b Σ_t v / length.

    Args:
        values_BT: token values; those outside the mask may be anything.
        mask_BT: boolean, True where there is a token.
        how: one of :data:`AGGREGATIONS`.
        length: the constant of ``sequence_mean_token_sum_norm``, usually the generation limit. There is no default,
            because the padded width (verl's default) would make the loss depend on the batch's longest sequence.
        denominator: what the outer mean divides by, instead of this batch's own count of tokens (``token_mean``) or of
            sequences (the others). With the global count, micro-batches and data-parallel ranks add up to the value of
            the whole batch.

    Returns:
        A 0-d tensor. A sequence without tokens is not counted (verl's rule; TRL counts it: pass ``denominator=B``). A
        batch without tokens gives 0 with gradient 0.

    >>> v, m = torch.tensor([[1.0, 3.0], [5.0, float("nan")]]), torch.tensor([[True, True], [True, False]])
    >>> [round(aggregate(v, m, how).item(), 4) for how in list(AGGREGATIONS)[:3]]
    [3.0, 3.5, 4.5]
    >>> aggregate(v, m, "sequence_mean_token_sum_norm", length=10).item()
    0.44999998807907104
    """
    check_aggregation(how, length, denominator)
    kept_BT = torch.where(mask_BT, values_BT, torch.zeros_like(values_BT))
    tokens_B = mask_BT.sum(dim=-1).to(kept_BT.dtype)
    if how == "token_mean":
        return kept_BT.sum() / _count(tokens_B.sum(), denominator)
    sums_B = kept_BT.sum(dim=-1)
    if how == "sequence_mean_token_mean":
        sums_B = sums_B / tokens_B.clamp(min=1)
    elif length is not None:
        sums_B = sums_B / length
    return sums_B.sum() / _count((tokens_B > 0).sum().to(kept_BT.dtype), denominator)


def check_aggregation(how: str, length: float | None, denominator: float | None) -> None:
    """Refuse an unknown aggregation, a missing or useless length, and a count that is not positive."""
    if how not in AGGREGATIONS:
        hint = did_you_mean(how, AGGREGATIONS) if isinstance(how, str) else ""
        raise UsageError(f"aggregation {how!r} is unknown{hint}; write one of {', '.join(AGGREGATIONS)}")
    normed = how == "sequence_mean_token_sum_norm"
    if normed and (length is None or not length > 0):
        raise UsageError(f"length must be positive, not {length!r}; pass the generation limit, e.g. length=1024")
    if not normed and length is not None:
        raise UsageError(f"length has no meaning for {how!r}; drop it, or write 'sequence_mean_token_sum_norm'")
    if denominator is not None and not denominator > 0:
        raise UsageError(f"denominator must be positive, not {denominator!r}; pass the global token or sequence count")


def _count(own: Tensor, given: float | None) -> Tensor | float:
    return own.clamp(min=1) if given is None else given
