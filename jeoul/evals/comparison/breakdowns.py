"""Questions by subject, level and length."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from jeoul.evals.comparison.measures import by_question, lengths_of
from jeoul.evals.comparison.sides import Side
from jeoul.evals.summary import BREAKDOWNS, label_of, natural_order

__all__ = ["groups_of"]

FEWEST = 8  # questions below which quarters of length say nothing


def groups_of(a: Side, b: Side, questions: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """Breakdown → group → its questions, where there are two groups or more.

    Length is A's own, as it was before B was there: quarters by B's would sort questions by what B made of them.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for name in BREAKDOWNS:
        labels = _labels(b, name) | _labels(a, name)
        groups: dict[str, list[str]] = {}
        for question in questions:
            if question in labels:
                groups.setdefault(labels[question], []).append(question)
        if len(groups) > 1:
            found[name] = dict(sorted(groups.items(), key=natural_order))
    quarters = _quarters(a, questions)
    return found | ({"length": quarters} if quarters else {})


def _labels(side: Side, name: str) -> dict[str, str]:
    column = side.column(name)
    if column is None:
        return {}
    return {
        question: label_of(value)
        for question, value in zip(side.questions, column, strict=True)
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    }


def _quarters(a: Side, questions: Sequence[str]) -> dict[str, list[str]]:
    if len(questions) < FEWEST:
        return {}
    unit, (lengths,) = lengths_of(a)
    rows = by_question(a, lengths)
    means = {question: math.fsum(rows[question]) / len(rows[question]) for question in questions}
    bounds = [math.floor(one) for one in np.quantile([*means.values()], (0.25, 0.5, 0.75))]
    edges = [0, *(bound + 1 for bound in bounds), math.floor(max(means.values())) + 1]
    if len(set(edges)) < len(edges):
        return {}
    return {
        f"{low:,}–{high - 1:,} {unit}": [question for question, mean in means.items() if low <= math.floor(mean) < high]
        for low, high in pairwise(edges)
    }
