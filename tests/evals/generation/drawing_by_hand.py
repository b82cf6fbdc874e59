"""The draw of one token, written a second time."""

from __future__ import annotations

import numpy as np


def by_hand(logits: list[float], chance: float, temperature: float, top_p: float) -> int:
    """One row in plain Python: likeliest first until top_p is reached, then inversion in order of the vocabulary."""
    weights = np.exp((np.array(logits) - max(logits)) / temperature)
    probs = weights / weights.sum()
    order, kept, reached = sorted(range(len(probs)), key=lambda token: -probs[token]), set[int](), 0.0
    for token in order:
        if reached >= top_p:
            break
        kept.add(token)
        reached += probs[token]
    total = sum(probs[token] for token in kept)
    reached = 0.0
    for token in sorted(kept):
        reached += probs[token] / total
        if reached > chance:
            return token
    return max(kept)
