"""Means that an outlier cannot drag along: the weighted geometric mean, and how far each mean moves.

Not GMPO: that averages importance ratios within a sequence (see the policy losses), this averages rewards.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from jeoul.errors import UsageError

__all__ = ["MeanChange", "OutlierEffect", "geometric_mean", "outlier_effect"]


def geometric_mean(
    values: Tensor | Sequence[float],
    weights: Tensor | Sequence[float] | None = None,
    *,
    floor: float = 1e-8,
    cap: float = math.inf,
) -> Tensor:
    """Take the weighted geometric mean over the last dimension, exp(Σ w ln v / Σ w), of v clipped to [floor, cap].

    That is the one clipping rule, with and without weights; there is no second clip of the logarithms to defeat it.
    values   [..., n], at least 0; NaN (does not apply) takes no part, and a row of nothing but NaN gives NaN
    weights  [n], at least 0; None: 1 each. Only their ratios matter
    floor    what a value of 0 counts as. With floor=0 a single 0 makes the mean 0

    Negative values have no geometric mean: they are refused, never floored. Returns [...], in the dtype of the values
    (float32 for half precision).

    >>> geometric_mean(torch.tensor([[1.0, 4.0], [0.25, float("nan")]]))
    tensor([2.0000, 0.2500])
    >>> geometric_mean([1.0, 16.0], weights=[3.0, 1.0])
    tensor(2.)
    >>> geometric_mean([1.0, -1.0])
    Traceback (most recent call last):
    jeoul.errors.UsageError: values has -1.0: a negative value has no geometric mean; shift or clip the column first
    """
    checked = _checked(values)
    if not (0 <= floor <= cap and floor < math.inf):
        raise UsageError(f"floor is {floor!r} and cap {cap!r}; expected 0 <= floor <= cap, floor finite")
    absent = checked.isnan()
    share = _weights(weights, checked).masked_fill(absent, 0.0)
    logs = checked.clamp(floor, cap).log()
    # 0 · log 0 is 0: a value without weight takes no part
    total = torch.where(share > 0, share * logs, 0.0).sum(-1)
    mean = (total / share.sum(-1)).exp()
    return mean.to(_result_type(values))


@dataclass(frozen=True)
class MeanChange:
    """A mean before and after the outlier. `relative` is after/before − 1; +0.797 reads "raised by 79.7 %"."""

    before: float
    after: float

    @property
    def relative(self) -> float:
        """The change as a share of the mean before."""
        return self.after / self.before - 1.0


@dataclass(frozen=True)
class OutlierEffect:
    """What one outlier does to three means of the same positive values."""

    arithmetic: MeanChange
    geometric: MeanChange
    harmonic: MeanChange


def outlier_effect(values: Sequence[float], position: int, outlier: float) -> OutlierEffect:
    """Replace one of the positive values by an outlier and compare the means.

    A high outlier raises the arithmetic mean most and the harmonic least; a low one (near 0) the other way round:
    no mean is robust on both sides.

    >>> effect = outlier_effect([0.8, 0.9, 0.7, 0.8, 0.9], position=3, outlier=15.0)
    >>> f"{effect.arithmetic.relative:.3f} {effect.geometric.relative:.3f} {effect.harmonic.relative:.3f}"
    '3.463 0.797 0.238'
    """
    before = [float(value) for value in values]
    if not before or not -len(before) <= position < len(before):
        raise UsageError(f"position is {position}, values has {len(before)} entries; name one of them")
    after = list(before)
    after[position] = float(outlier)
    if not all(0 < value < math.inf for value in before + after):
        raise UsageError(f"values are {before}, outlier {outlier}; all of them must be positive and finite")
    return OutlierEffect(
        MeanChange(math.fsum(before) / len(before), math.fsum(after) / len(after)),
        MeanChange(_geometric(before), _geometric(after)),
        MeanChange(_harmonic(before), _harmonic(after)),
    )


def _geometric(values: list[float]) -> float:
    return math.exp(math.fsum(map(math.log, values)) / len(values))


def _harmonic(values: list[float]) -> float:
    return len(values) / math.fsum(1.0 / value for value in values)


def _checked(values: Tensor | Sequence[float]) -> Tensor:
    tensor = values if isinstance(values, Tensor) else torch.tensor(values, dtype=torch.float32)
    if tensor.dim() == 0 or tensor.numel() == 0 or not tensor.is_floating_point():
        raise UsageError(f"values is {tensor.dtype} {list(tensor.shape)}; expected floating [..., n] with n at least 1")
    tensor = tensor.double()
    if bool((tensor < 0).any()):
        worst = float(tensor[tensor < 0][0])
        raise UsageError(f"values has {worst}: a negative value has no geometric mean; shift or clip the column first")
    if bool(tensor.isinf().any()):
        raise UsageError("values has inf: clip the column first, or use NaN where it does not apply")
    return tensor


def _weights(weights: Tensor | Sequence[float] | None, values: Tensor) -> Tensor:
    if weights is None:
        return torch.ones_like(values)
    given = torch.as_tensor(weights, dtype=torch.float64).to(values.device)
    if given.shape != values.shape[-1:]:
        raise UsageError(
            f"weights has shape {list(given.shape)}, values {list(values.shape)}; give [{values.shape[-1]}]"
        )
    if not bool((given >= 0).all() & given.isfinite().all()) or float(given.sum()) == 0:
        raise UsageError(f"weights are {given.tolist()}; expected finite weights of at least 0, not all of them 0")
    return given.expand_as(values)


def _result_type(values: Tensor | Sequence[float]) -> torch.dtype:
    return torch.float64 if isinstance(values, Tensor) and values.dtype == torch.float64 else torch.float32
