"""How sound a side's scores are: cells that failed, completions that were cut, answers that were not found."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from jeoul.evals.comparison.alike import gold_columns
from jeoul.evals.comparison.result import Health
from jeoul.evals.comparison.sides import Side
from jeoul.evals.summary import CUT, outcomes_of
from jeoul.rewards.tables.status import Status

__all__ = ["health_of"]

TAIL = 300  # characters at the end in which an answer is looked for


def health_of(side: Side) -> Health:
    """Counts of samples; see :class:`~jeoul.evals.comparison.result.Health`."""
    table = side.table
    status = Counter(int(one) for one in table.status[:, table.index(side.score)])
    outcomes = outcomes_of(table, side.score)
    reasons = side.column("finish_reason")
    said = reasons is not None and any(one is not None for one in reasons)
    tells = any(outcomes)
    return Health(
        timeout=status[Status.timeout],
        error=status[Status.error],
        infra=status[Status.infra],
        not_applicable=status[Status.not_applicable],
        truncated=sum(one in CUT for one in reasons or ()) if said else None,
        no_answer=outcomes.count("no_answer") if tells else None,
        unread=_unread(side, outcomes) if tells else None,
        gold_invalid=outcomes.count("gold_invalid") if tells else None,
    )


def _unread(side: Side, outcomes: list[str]) -> int:
    names = gold_columns(side)
    if not names:
        return 0
    golds: Any = side.column(names[0])
    texts = side.table.rollouts.texts
    return sum(
        _stands_in(golds[row], texts[row][-TAIL:]) for row, outcome in enumerate(outcomes) if outcome == "no_answer"
    )


def _stands_in(gold: Any, text: str) -> bool:
    """Whether a gold, or one of several, is a word of its own in the text.

    >>> _stands_in("12", "so it is 12."), _stands_in("12", "so it is 112"), _stands_in(["a", "1/2"], "x = 1/2")
    (True, False, True)
    """
    if isinstance(gold, list):
        return any(_stands_in(one, text) for one in gold)
    wanted = str(gold).strip().strip("$").strip()
    return bool(wanted) and re.search(rf"(?<![\w.,/^]){re.escape(wanted)}(?![\w/^]|[.,]\d)", text) is not None
