"""The metrics of a side, by question: what a comparison pairs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jeoul.evals.comparison.result import Unit
from jeoul.evals.comparison.sides import Side
from jeoul.evals.statistics.repeats import pass_values
from jeoul.evals.statistics.voting import vote_values
from jeoul.evals.summary import CUT, UNSTATED, outcomes_of
from jeoul.evals.votes import vote_classes

__all__ = ["Measure", "by_question", "is_graded", "lengths_of", "measures_of"]


@dataclass(frozen=True)
class Measure:
    """One metric of one side.

    Attributes:
        name: as in a run's summary.
        values: question → a value for each sample, or one for all of them; NaN: missing.
        samples: question → how many samples the values are made of.
        unit: of the values.
        higher_is_better: for length, exceeding and truncation less is better.
        per_question: whether a question has one value, made of all its samples (pass@k, maj@k).
    """

    name: str
    values: Mapping[str, Sequence[float]] = field(repr=False)
    samples: Mapping[str, int] = field(repr=False)
    unit: Unit = "share"
    higher_is_better: bool = True
    per_question: bool = False


def measures_of(side: Side, asked: int, ks: Sequence[int]) -> tuple[list[Measure], dict[str, str]]:
    """The metrics of a side, the score first; and the names of those that are not there, with the reason.

    ``asked`` is for the score's name; ``ks`` are the k of pass@k and maj@k.
    """
    score = side.table.column(side.score)
    graded = is_graded(side)
    name = "accuracy" if asked == 1 else f"avg@{asked}"
    found = [_each(side, name, score, _unit(side, side.score))]
    if side.bug:
        found.append(_each(side, "bug", 1 - side.table.column(side.bug), "share", False))
    absent: dict[str, str] = {}
    ks = [k for k in ks if k > 1]
    if ks and graded:
        absent["pass@k"] = f"{side.score} gives more than 0 and 1"
    elif ks:
        found += [_one(f"pass@{k}", side, score, pass_values(by_question(side, score), k)) for k in ks]
    if ks:
        votes, why = _votes(side, score, ks)
        found += votes
        absent |= {"maj@k": why} if why else {}
    _lengths(side, found, absent)
    if side.form:
        found.append(_each(side, "form", side.table.column(side.form)))
    else:
        absent["form"] = "no column is named for the form"
    outcomes = outcomes_of(side.table, side.score)
    if any(outcomes):
        said = [math.nan if not outcome else float(outcome not in UNSTATED) for outcome in outcomes]
        found.append(_each(side, "extracted", said))
    else:
        absent["extracted"] = f"the column {side.score} does not say where it found an answer"
    for index, other in enumerate(side.table.names):
        if other not in (side.score, side.form, side.bug):
            better = bool(side.table.weights[index] >= 0)
            found.append(_each(side, f"column:{other}", side.table.column(other), _unit(side, other), better))
    return found, absent


def by_question(side: Side, values: Sequence[float] | Any) -> dict[str, list[float]]:
    """One value a sample as question → values, in the order of the samples."""
    found: dict[str, list[float]] = {}
    for question, value in zip(side.questions, values, strict=True):
        found.setdefault(question, []).append(float(value))
    return found


def is_graded(side: Side) -> bool:
    """Whether the score has values other than 0 and 1."""
    score = side.table.column(side.score)
    return not bool(np.isin(score[~np.isnan(score)], (0, 1)).all())


def lengths_of(*sides: Side) -> tuple[Unit, list[list[float]]]:
    """The length of each sample of each side: in tokens where all samples say how many, else in characters."""
    tokens = [_tokens(side) for side in sides]
    if all(tokens) and not any(math.isnan(one) for row in tokens for one in row):
        return "tokens", tokens
    return "characters", [[float(len(text)) for text in side.table.rollouts.texts] for side in sides]


def _tokens(side: Side) -> list[float]:
    column = side.column("completion_tokens")
    return [] if column is None else [math.nan if one is None else float(one) for one in column]


def _lengths(side: Side, found: list[Measure], absent: dict[str, str]) -> None:
    tokens, exceed = _tokens(side), f"exceed@{side.exceed}"
    if tokens and not all(math.isnan(one) for one in tokens):
        found.append(_each(side, "tokens", tokens, "tokens", False))
        over = [one if math.isnan(one) else float(one > side.exceed) for one in tokens]
        found.append(_each(side, exceed, over, "share", False))
    else:
        absent |= dict.fromkeys(("tokens", exceed), "no row has completion_tokens")
    characters = [float(len(text)) for text in side.table.rollouts.texts]
    found.append(_each(side, "characters", characters, "characters", False))
    reasons = side.column("finish_reason")
    if reasons is None or all(one is None for one in reasons):
        absent["truncated"] = "no row has finish_reason"
    else:
        cut = [math.nan if one is None else float(one in CUT) for one in reasons]
        found.append(_each(side, "truncated", cut, "share", False))


def _votes(side: Side, score: Any, ks: Sequence[int]) -> tuple[list[Measure], str]:
    other = f"equal answers are told from others for math_correct, and not for {side.score}"
    if not side.table.recipe_toml:
        return [], other
    texts, golds = side.table.rollouts.texts, side.column("answer") or [None] * len(side.table)
    classes = vote_classes(side.table.recipe[side.score], texts, side.questions, score.tolist(), golds)
    if classes is None:
        return [], other
    scores = by_question(side, score)
    return [_one(f"maj@{k}", side, score, vote_values(scores, classes, k)) for k in ks], ""


def _each(side: Side, name: str, values: Any, unit: Unit = "share", higher_is_better: bool = True) -> Measure:
    found = by_question(side, values)
    return Measure(name, found, _counts(found), unit, higher_is_better)


def _one(name: str, side: Side, score: Any, values_Q: Any) -> Measure:
    """A metric with one value a question."""
    scores = by_question(side, score)
    found = {question: [float(value)] for question, value in zip(scores, values_Q, strict=True)}
    return Measure(name, found, _counts(scores), per_question=True)


def _counts(values: Mapping[str, Sequence[float]]) -> dict[str, int]:
    return {question: sum(not math.isnan(one) for one in row) for question, row in values.items()}


def _unit(side: Side, name: str) -> Unit:
    values = side.table.column(name)
    known = values[~np.isnan(values)]
    return "share" if len(known) and bool(((known >= 0) & (known <= 1)).all()) else "value"
