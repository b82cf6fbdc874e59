"""BERTScore's formula: each token with its likest in the other text."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

__all__ = ["Matched", "f1", "idf_weights", "matched"]

Matched = tuple[float, float]
"""Precision and recall."""
PAIRS = 64


def f1(precision: float, recall: float) -> float:
    """``2·p·r/(p+r)``; 0 where that is not within −1 and 1, as it can be where the two have different signs.

    >>> f1(0.5, 1.0), f1(-0.5, -0.5), f1(0.1, -0.1001), f1(0.0, 0.0)
    (0.6666666666666666, -0.5, 0.0, 0.0)
    """
    total = precision + recall
    value = 2 * precision * recall / total if total else 0.0
    return value if abs(value) <= max(abs(precision), abs(recall), 1.0) else 0.0


def idf_weights(documents: Sequence[Iterable[int]], special: frozenset[int]) -> Callable[[Sequence[int]], list[float]]:
    """Weights of token numbers: ``ln((N+1)/(n+1))``, where n of N texts have it; the same for all that would weigh 0.

    bert-score gives 0/0 for a text each of whose tokens is in every reference, so above all where there is one
    reference: recall NaN, F1 0. Here such tokens weigh the same, as without idf.
    """
    counts = Counter(number for document in documents for number in set(document))
    total = len(documents)
    unseen = math.log(total + 1)
    weights = {number: math.log((total + 1) / (count + 1)) for number, count in counts.items()}

    def of(ids: Sequence[int]) -> list[float]:
        found = [weights.get(number, unseen) for number in ids]
        return found if any(found) else [float(number not in special) for number in ids]

    return of


def matched(
    pairs: Sequence[tuple[Any, Any]], weights: Sequence[tuple[Any, Any]], clamps: Sequence[tuple[bool, bool]]
) -> list[Matched]:
    """Precision and recall of pairs of token embeddings (unit vectors), candidate first.

    ``precision = Σ_i w_i·max_j cos(c_i, r_j) / Σ_i w_i`` over the candidate's tokens, recall likewise over the
    reference's. A pair's tokens are compared with each other and with no padding.

    Args:
        pairs: [tokens, size] each.
        weights: [tokens] each, their sum above 0.
        clamps: whether a negative maximum counts 0 in precision, in recall: see :class:`bertscore`'s ``clamp``.
    """
    found: list[Matched] = [(0.0, 0.0)] * len(pairs)
    order = sorted(range(len(pairs)), key=lambda index: (len(pairs[index][0]), len(pairs[index][1])))
    for start in range(0, len(order), PAIRS):
        batch = order[start : start + PAIRS]
        values = _batch([pairs[i] for i in batch], [weights[i] for i in batch], [clamps[i] for i in batch])
        for index, value in zip(batch, values, strict=True):
            found[index] = value
    return found


def _batch(pairs: list[tuple[Any, Any]], weights: list[tuple[Any, Any]], clamps: list[tuple[bool, bool]]) -> Any:
    import torch
    from torch.nn.utils.rnn import pad_sequence

    candidates, references = (pad_sequence([pair[side] for pair in pairs], batch_first=True) for side in (0, 1))
    own, other = (pad_sequence([pair[side] for pair in weights], batch_first=True) for side in (0, 1))
    cosines_BCR = candidates @ references.mT
    device = cosines_BCR.device
    for side, dim in ((0, 1), (1, 2)):
        lengths = torch.tensor([len(pair[side]) for pair in pairs], device=device)
        padding = torch.arange(cosines_BCR.shape[dim], device=device) >= lengths[:, None]
        cosines_BCR = cosines_BCR.masked_fill(padding[:, :, None] if side == 0 else padding[:, None, :], -2.0)
    values = []
    for side, weight in ((0, own), (1, other)):
        best = cosines_BCR.amax(2 - side)
        at_least = torch.tensor([0.0 if clamp[side] else -2.0 for clamp in clamps], device=device)
        best = torch.maximum(best, at_least[:, None])
        values.append((best * weight).sum(1) / weight.sum(1))
    return list(zip(*(value.tolist() for value in values), strict=True))
