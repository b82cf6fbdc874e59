"""한국문화 질의응답 (2025): choice, short answer and description, each with its own metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jeoul.errors import DataError, listed
from jeoul.evals.contest.estimate import Estimate, estimate
from jeoul.evals.contest.files import Item, paired, text_output
from jeoul.evals.contest.labels import Rules
from jeoul.evals.contest.measures import Measures
from jeoul.rewards._text import normal
from jeoul.rewards.korean.components import COMPONENTS

__all__ = ["CultureResult", "score_culture"]

TYPES = ("선다형", "단답형", "서술형")


@dataclass(frozen=True)
class CultureResult:
    """Figures by type, and their mean over the types that occur; None where a measure is absent."""

    figures: dict[str, Estimate]
    final_score: Estimate | None
    absent: dict[str, str]
    notes: list[str]


def score_culture(
    gold: Sequence[Item], submission: Sequence[Item], measures: Measures, rules: Rules = "official", seed: int = 0
) -> CultureResult:
    """Score a submission: accuracy, exact match against ``#`` alternatives, mean of the three measures.

    Official: a choice is equal to the letter, white space included; items of another type count nowhere. Sound: choices
    are compared without white space at the ends, and another type is an error.
    """
    pairs = paired(gold, submission)
    kinds = [str(item.input.get("question_type")) if isinstance(item.input, dict) else "None" for item in gold]
    others = [item.id for item, kind in zip(gold, kinds, strict=True) if kind not in TYPES]
    if others and rules == "sound":
        raise DataError(f"ids {listed(others, 5)}: input.question_type is none of {listed(TYPES)}")
    texts = [(text_output(one, "the gold"), text_output(two, "the submission")) for one, two in pairs]
    written = [row for row, kind in enumerate(kinds) if kind == "서술형"]
    columns = _measured(gold, texts, written, measures)
    rows = [
        _row(kind, *texts[row], [columns[name].get(row, 0.0) for name in columns], rules)
        for row, kind in enumerate(kinds)
    ]
    figures = {}
    for at, (name, kind) in enumerate((("accuracy", "선다형"), ("exact_match", "단답형"))):
        if kind in kinds:
            figures[name] = estimate([r[2 * at : 2 * at + 2] for r in rows if r[2 * at + 1]], _ratio, seed)
    if written:
        for at, name in enumerate(columns):
            figures[name] = estimate([[rows[row][5 + at], 1.0] for row in written], _ratio, seed)
    missing = measures.missing if written else {}
    final = None if missing else estimate(rows, _final, seed)
    notes = [f"{len(others)} items of another question type count nowhere"] if others else []
    return CultureResult(figures, final, missing, notes)


def _measured(
    gold: Sequence[Item], texts: Sequence[tuple[str, str]], rows: Sequence[int], measures: Measures
) -> dict[str, dict[int, float]]:
    ids, mine, wanted = [gold[r].id for r in rows], [texts[r][1] for r in rows], [texts[r][0] for r in rows]
    return {
        name: dict(zip(rows, measures.scores(name, ids, mine, wanted), strict=True)) if rows else {}
        for name in measures.names
    }


def _row(kind: str, gold: str, given: str, values: list[float], rules: Rules) -> list[float]:
    """Right and all of the choices, right and all of the short answers, descriptions, their measures."""
    if kind == "선다형":
        same = gold == given if rules == "official" else _trimmed(gold) == _trimmed(given)
        head = [float(same), 1.0, 0.0, 0.0, 0.0]
    elif kind == "단답형":
        read: Any = str.strip if rules == "official" else _trimmed
        head = [0.0, 0.0, float(read(given) in [read(one) for one in gold.split("#")]), 1.0, 0.0]
    else:
        head = [0.0, 0.0, 0.0, 0.0, float(kind == "서술형")]
    return head + values


def _trimmed(text: str) -> str:
    return normal(text, "NFC").strip()


def _ratio(sums: Sequence[float]) -> float:
    return sums[0] / sums[1] if sums[1] else 0.0


def _final(sums: Sequence[float]) -> float:
    scores = [right / every for right, every in (sums[:2], sums[2:4]) if every]
    if sums[4]:
        scores.append(sum(value / sums[4] for value in sums[5:]) / len(COMPONENTS))
    return sum(scores) / len(scores) if scores else 0.0
