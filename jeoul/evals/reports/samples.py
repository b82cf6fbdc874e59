"""Scored samples as records of a page: verdict, cells, and the text as far as a page holds it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from jeoul.evals.reports.texts import cut, fitting
from jeoul.evals.summary import OUTCOMES
from jeoul.rewards.tables.status import FAILED, Gate, Status

if TYPE_CHECKING:
    from jeoul.rewards.tables.table import RewardTable

__all__ = ["TONES", "Records", "records_of", "verdict"]

TONES = {
    "correct": "good",
    "incorrect": "bad",
    "no_answer": "pale",
    "undecided": "warn",
    "gold_invalid": "warn",
    "error": "warn",
    "timeout": "warn",
    "infra": "warn",
    "not_applicable": "none",
    "scored": "accent",
}
"""Verdict → the role of its colour (:data:`jeoul.charts.COLORS`)."""
REASON, PROBLEM = 600, 6_000


@dataclass(frozen=True)
class Records:
    """Samples and problems of a run, as JSON holds them.

    Attributes:
        problems: id, text, answer, subject and level of each.
        samples: ``p`` place of its problem, ``i`` which sample, ``v`` verdict, ``t`` text, ``n`` its characters, ``x``
            the columns' values (None: does not apply), ``r`` reasons; where there is something to say: ``c``
            characters left out between ``t`` and ``z``, ``k`` tokens, ``f`` finish reason, ``s`` statuses, ``g``
            columns behind a closed gate.
        limit: characters above which texts were cut.
    """

    problems: Sequence[Mapping[str, Any]] = field(repr=False)
    samples: Sequence[Mapping[str, Any]] = field(repr=False)
    limit: int


def verdict(value: float, status: int, reason: str, graded: bool = False) -> str:
    """One of :data:`TONES`: what became of the score's cell; ``graded``: the score knows more than right and wrong.

    >>> verdict(1.0, Status.ok, "correct: 3/4 = 3/4"), verdict(0.0, Status.ok, ""), verdict(1.0, Status.ok, "", True)
    ('correct', 'incorrect', 'scored')
    >>> verdict(math.nan, Status.timeout, "5 s passed"), verdict(0.0, Status.ok, "no_answer: nothing is boxed")
    ('timeout', 'no_answer')
    """
    if status in FAILED:
        return Status(status).name
    if math.isnan(value):
        return "not_applicable"
    word = reason.partition(":")[0]
    if word in OUTCOMES:
        return word
    return "scored" if graded else "correct" if value == 1 else "incorrect"


def records_of(table: RewardTable, score: str, limit: int | None = None) -> Records:
    """The rows of a scored run; ``limit``: of one text, default what all of them allow (:func:`fitting`)."""
    texts = table.rollouts.texts
    limit = fitting([len(text) for text in texts]) if limit is None else limit
    columns = {
        name: list(table.rollouts.columns[name])
        for name in ("id", "sample", "prompt", "answer", "subject", "level", "finish_reason", "completion_tokens")
        if name in table.rollouts.columns
    }
    place = table.index(score)
    values = table.value[:, place]
    graded = not np.isin(values[~np.isnan(values)], (0, 1)).all()
    problems: dict[str, dict[str, Any]] = {}
    samples = []
    for row, text in enumerate(texts):
        at = {name: values[row] for name, values in columns.items()}
        problem = str(at.get("id", table.groups[row]))
        if problem not in problems:
            problems[problem] = {"place": len(problems), **_problem(problem, at)}
        cells = _cells(table, row)
        head, left_out, tail = cut(text, limit)
        record = {
            "p": problems[problem]["place"],
            "i": at.get("sample", 0),
            "v": verdict(values[row], int(table.status[row, place]), table.reason[row][place], graded),
            "t": head,
            "n": len(text),
            **cells,
        }
        if left_out:
            record |= {"c": left_out, "z": tail}
        if at.get("completion_tokens") is not None:
            record["k"] = at["completion_tokens"]
        if at.get("finish_reason") is not None:
            record["f"] = at["finish_reason"]
        samples.append(record)
    kept = [{name: value for name, value in one.items() if name != "place"} for one in problems.values()]
    return Records(kept, samples, limit)


def _problem(name: str, at: Mapping[str, Any]) -> dict[str, Any]:
    head, left_out, tail = cut(str(at.get("prompt") or ""), PROBLEM)
    made = {"id": name, "text": f"{head} … {left_out:,} characters left out … {tail}" if left_out else head}
    if (gold := at.get("answer")) is not None:
        made["answer"] = cut(" | ".join(map(str, gold)) if isinstance(gold, list) else str(gold), REASON).head
    for key in ("subject", "level"):
        if (value := at.get(key)) is not None:
            made[key] = f"{value:g}" if isinstance(value, float) else str(value)
    return made


def _cells(table: RewardTable, row: int) -> dict[str, Any]:
    statuses = table.status[row].tolist()
    gated = [index for index, gate in enumerate(table.gate[row]) if gate == Gate.closed]
    made: dict[str, Any] = {
        "x": [round(value, 6) if math.isfinite(value) else None for value in table.value[row].tolist()],
        "r": [cut(reason, REASON).head for reason in table.reason[row]],
    }
    if any(statuses):
        made["s"] = [Status(status).name for status in statuses]
    return made | {"g": gated} if gated else made
