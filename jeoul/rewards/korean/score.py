"""The contest's score for one answer, as a reward."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

from jeoul.errors import DataError, UsageError
from jeoul.rewards._text import shown
from jeoul.rewards.korean.answers import SOURCE, gold_of
from jeoul.rewards.korean.components import COMPONENTS, component
from jeoul.rewards.korean.exact import Parser, is_exact
from jeoul.rewards.korean.reasons import golds_of, measured, written_reason
from jeoul.rewards.registry import reward
from jeoul.rewards.scores import Score, does_not_apply

__all__ = ["contest_partial_score", "contest_score"]

Name = Literal["rouge1", "bertscore", "bleurt"]
_GAMES = ("a choice of two is right half of the time", "one reason for every question: half of the reason's points")


@reward(reference=SOURCE, cost="dear", batch=64, hacks=_GAMES)
def contest_score(
    completions: list[str],
    answer: list[Any],
    reason: list[Any] | None = None,
    rouge1: list[float | None] | None = None,
    bertscore: list[float | None] | None = None,
    bleurt: list[float | None] | None = None,
    *,
    parser: Parser = "official",
) -> list[float | None]:
    r"""The contest's final score of one answer: ``0.5·EM + (ROUGE-1 + BERTScore + BLEURT)/6``.

    The three are between the reasons; all are 0 where the reason is missing. The mean over a submission equals the
    server's ``final_score`` whenever every item has a reason, and does not pay for leaving reasons out: the server
    takes its means over the items that have one.

    Args:
        completions: texts of the model.
        answer: golds of the contest, ``"…"가 옳다. reason``.
        reason: the gold reasons, where ``answer`` holds none.
        rouge1: values computed elsewhere, between the two reasons; the column is computed where it is absent.
        bertscore: likewise.
        bleurt: likewise, since BLEURT is what takes the time.
        parser: see ``contest_exact_match``.

    NaN where there is no gold, or where the gold has no reason. There is no score without one of the three: a
    UsageError says which cannot be had. ``contest_partial_score`` is the mean of those that can, by another name.

    >>> gold = ['"비가 온다."가 옳다. 앞말에 받침이 없다.']
    >>> contest_score(['"비가 온다."가 옳다. 모음 뒤이다.'], gold, rouge1=[0.3], bertscore=[0.7], bleurt=[0.5])
    [0.75]
    """
    given = {"rouge1": rouge1, "bertscore": bertscore, "bleurt": bleurt}
    return _scores(completions, answer, reason, given, COMPONENTS, parser)


@reward(reference=SOURCE, cost="dear", batch=64, hacks=_GAMES)
def contest_partial_score(
    completions: list[str],
    answer: list[Any],
    reason: list[Any] | None = None,
    rouge1: list[float | None] | None = None,
    bertscore: list[float | None] | None = None,
    bleurt: list[float | None] | None = None,
    *,
    components: tuple[Name, ...] = ("rouge1", "bertscore"),
    parser: Parser = "official",
) -> list[float | None]:
    r"""``0.5·EM + 0.5·mean(components)``: the contest's score with fewer measures, which is not the contest's score.

    For training without BLEURT. Arguments, 0 and NaN as in ``contest_score``; a cell's reason names what is absent.

    >>> gold, text = '"비가 온다."가 옳다. 앞말에 받침이 없다.', '"비가 온다."가 옳다. 모음 뒤이다.'
    >>> score = contest_partial_score([text], [gold], rouge1=[0.3], components=("rouge1",))[0]
    >>> score, score.reason
    (0.65, 'EM 1, rouge1 0.300; without bertscore, bleurt')
    """
    if not components or len(set(components)) < len(components):
        raise UsageError(f"components are one to three different ones of {', '.join(COMPONENTS)}, not {components!r}")
    given = {"rouge1": rouge1, "bertscore": bertscore, "bleurt": bleurt}
    return _scores(completions, answer, reason, given, components, parser)


def _scores(
    completions: Sequence[str],
    answer: Sequence[Any],
    reason: Sequence[Any] | None,
    given: dict[str, list[float | None] | None],
    names: Sequence[str],
    parser: Parser,
) -> list[float | None]:
    golds = golds_of(answer, reason, parser)
    columns = {}
    for name in names:
        column = given[name]
        if column is None:
            columns[name] = measured(completions, golds, parser, _measure(name))
        else:
            columns[name] = [_given(value, name) for value in column]
    absent = [name for name in COMPONENTS if name not in names]
    return [
        _score(text, cell, gold, {name: columns[name][row] for name in names}, absent, parser)
        for row, (text, cell, gold) in enumerate(zip(completions, answer, golds, strict=True))
    ]


def _measure(name: str) -> Callable[[], Any]:
    return lambda: component(name)


def _given(value: Any, name: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if value is None:
        return math.nan
    raise DataError(f"the column {name} holds numbers, not {shown(repr(value))}")


def _score(text: str, cell: Any, wanted: str, values: dict[str, Any], absent: list[str], parser: Parser) -> Score:
    gold = gold_of(cell)
    if gold is None or not wanted:
        return does_not_apply("there is no gold" if gold is None else "the gold has no reason")
    right = float(is_exact(text, gold, parser)[0])
    if not written_reason(text, parser):
        values = dict.fromkeys(values, 0.0)
    missing = [name for name, value in values.items() if value is None or math.isnan(value)]
    if missing:
        return does_not_apply(f"no value for {', '.join(missing)}")
    parts = ", ".join(f"{name} {value:.3f}" for name, value in values.items())
    without = f"; without {', '.join(absent)}" if absent else ""
    return Score(0.5 * right + sum(values.values()) / (2 * len(values)), f"EM {right:.0f}, {parts}{without}")
