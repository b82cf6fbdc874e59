"""Questions that one side solves and the other does not, with a text of each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from jeoul.evals.comparison.alike import gold_columns
from jeoul.evals.comparison.measures import by_question, is_graded
from jeoul.evals.comparison.result import Flip, Flips, Text
from jeoul.evals.comparison.sides import Side

__all__ = ["find_flips", "text_of"]

LONGEST = 12_000  # characters of a text that are kept: its two ends


def find_flips(a: Side, b: Side, most: int) -> Flips:
    """The flipped questions of those both sides have; of each direction the ``most`` with the largest difference."""
    means_a, means_b = _means(a), _means(b)
    graded = is_graded(a) or is_graded(b)
    gained, lost = [], []
    for question, mean in means_a.items():
        if question not in means_b or math.isnan(mean + means_b[question]):
            continue
        other = means_b[question]
        if other > mean and (graded or mean < 0.5 <= other):
            gained.append(question)
        elif other < mean and (graded or other < 0.5 <= mean):
            lost.append(question)

    def size(question: str) -> float:
        return -abs(means_b[question] - means_a[question])

    chosen = [*sorted(gained, key=size)[:most], *sorted(lost, key=size)[:most]]
    rows_a, rows_b, golds = _rows(a, chosen), _rows(b, chosen), gold_columns(a)
    shown = [_flip(a, b, one, (rows_a[one], rows_b[one]), (means_a[one], means_b[one]), golds)
             for one in sorted(chosen, key=size)]  # fmt: skip
    return Flips(graded, len(gained), len(lost), tuple(shown))


def _flip(
    a: Side, b: Side, question: str, rows: tuple[list[int], list[int]], means: tuple[float, float], golds: list[str]
) -> Flip:
    b_is_better = means[1] > means[0]
    gold = a.column(golds[0]) if golds else None
    return Flip(
        question=question,
        problem=_kept(str(a.table.rollouts.prompts()[rows[0][0]])),
        answer="" if gold is None else str(gold[rows[0][0]]),
        mean_a=means[0],
        mean_b=means[1],
        samples_a=len(rows[0]),
        samples_b=len(rows[1]),
        text_a=text_of(a, _telling(a, rows[0], best=not b_is_better)),
        text_b=text_of(b, _telling(b, rows[1], best=b_is_better)),
    )


def text_of(side: Side, row: int) -> Text:
    """One row of a side."""
    table = side.table
    text, index = table.rollouts.texts[row], table.index(side.score)
    finish, tokens = side.column("finish_reason"), side.column("completion_tokens")
    return Text(
        sample=side.samples[row],
        completion=_kept(text),
        characters=len(text),
        score=float(table.value[row, index]),
        reason=str(table.reason[row][index]),
        finish_reason=None if finish is None or finish[row] is None else str(finish[row]),
        tokens=None if tokens is None or tokens[row] is None else int(tokens[row]),
    )


def _telling(side: Side, rows: Sequence[int], best: bool) -> int:
    """The first row of the best score, or of the worst."""
    score = side.table.column(side.score)
    known = [row for row in rows if not math.isnan(score[row])]
    return (max if best else min)(known, key=lambda row: float(score[row]))


def _means(side: Side) -> dict[str, float]:
    found = {}
    for question, values in by_question(side, side.table.column(side.score)).items():
        known = [one for one in values if not math.isnan(one)]
        found[question] = math.fsum(known) / len(known) if known else math.nan
    return found


def _rows(side: Side, wanted: Sequence[str]) -> Mapping[str, Any]:
    found: dict[str, list[int]] = {one: [] for one in wanted}
    for row, question in enumerate(side.questions):
        if question in found:
            found[question].append(row)
    return found


def _kept(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    half = LONGEST // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half:,} characters left out …]\n{text[-half:]}"
