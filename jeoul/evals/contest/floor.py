"""What chance and a trick give: the figures below which a score says nothing."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from jeoul.rewards.korean.components import Component
from jeoul.rewards.tokenizers import find_tokenizer

__all__ = ["chance_of_choosing", "reason_floor"]

_CHOICE = re.compile(r"\{([^{}]{1,400})\}")
CANDIDATES, WORDS = 16, 40


def reason_floor(golds: Sequence[str], measure: Component, tokenizer: str, seed: int = 0) -> dict[str, float]:
    """Mean score of three reasons that answer nothing, against ``golds``.

    ``random_pair``: the gold reasons of other items, at random. ``constant``: one gold reason for all, the best of 16
    drawn. ``frequent_words``: the 40 most frequent tokens of the golds for all. Empty for fewer than two golds.
    """
    reasons = [text for text in golds if text]
    if len(reasons) < 2:
        return {}
    drawn = random.Random(seed)
    order = drawn.sample(range(len(reasons)), len(reasons))
    others = dict(zip(order, [*order[1:], order[0]], strict=True))  # a circle: nobody is paired with itself
    counts: Counter[Any] = Counter()
    for text in reasons:
        counts.update(find_tokenizer(tokenizer).tokens(text))
    bag = " ".join(str(token) for token, _ in counts.most_common(WORDS))
    constants = [
        _mean(measure([text] * (len(reasons) - 1), [other for place, other in enumerate(reasons) if place != index]))
        for index in sorted(drawn.sample(range(len(reasons)), min(CANDIDATES, len(reasons))))
        for text in [reasons[index]]
    ]
    return {
        "random_pair": _mean(measure([reasons[others[index]] for index in range(len(reasons))], reasons)),
        "constant": max(constants),
        "frequent_words": _mean(measure([bag] * len(reasons), reasons)) if bag else 0.0,
    }


def chance_of_choosing(questions: Sequence[str]) -> float:
    """Expected exact match of one who chooses at random where the question offers ``{a/b}``, and else fails.

    >>> chance_of_choosing(["그는 {선생님으로서/선생님으로써} 갔다.", "고치시오."])
    0.25
    """
    if not questions:
        return 0.0
    total = 0.0
    for question in questions:
        options = [choice.count("/") + 1 for choice in _CHOICE.findall(question) if "/" in choice]
        chance = 1.0 if options else 0.0
        for count in options:
            chance /= count
        total += chance
    return total / len(questions)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
