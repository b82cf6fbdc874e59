"""Which answers of a run are one answer, as its own grader has it: what maj@k counts votes over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from jeoul.evals.statistics.voting import answer_classes

if TYPE_CHECKING:
    from jeoul.rewards.recipes.column import Column

__all__ = ["vote_classes"]


def vote_classes(
    column: Column, completions: Sequence[str], owners: Sequence[str], scores: Sequence[float], golds: Sequence[Any]
) -> dict[str, list[int | None]] | None:
    """A class for each sample of each problem, in the order of the samples; None where it gives no answer.

    All answers that are right are one class where there is one gold: each of them equals it. Others are compared with
    each other.

    Args:
        column: the score.
        completions: of all samples.
        owners: the problem of each.
        scores: of each; 1 is right.
        golds: of each; a list holds several.

    Returns:
        None where the grader is not ``math_correct``: no other tells when two answers are equal.
    """
    if column.reward is None or column.reward.name != "math_correct":
        return None
    stated, equivalent = _grader(column)
    spoken: dict[str, list[str | None]] = {}
    right: dict[str, set[str]] = {}
    for owner, completion, score, gold in zip(owners, completions, scores, golds, strict=True):
        answer = stated(completion)
        spoken.setdefault(owner, []).append(answer)
        if score == 1 and answer is not None and not isinstance(gold, list):
            right.setdefault(owner, set()).add(answer)
    return {owner: _classes(given, right.get(owner, set()), equivalent) for owner, given in spoken.items()}


def _classes(given: Sequence[str | None], right: set[str], equivalent: Callable[[str, str], bool]) -> list[int | None]:
    others = answer_classes([None if answer in right else answer for answer in given], equivalent)
    return [
        0 if answer in right else None if place is None else place + 1
        for answer, place in zip(given, others, strict=True)
    ]


def _grader(column: Column) -> tuple[Callable[[str], str | None], Callable[[str, str], bool]]:
    """What a completion states, and whether two answers are equal."""
    from jeoul.rewards.math.canonical import read
    from jeoul.rewards.math.correct import judge
    from jeoul.rewards.math.extract import find_answer
    from jeoul.rewards.math.verdict import Policy

    policy = Policy(**{name: column.options[name] for name in Policy._fields if name in column.options})
    methods = column.options.get("extract", ("boxed", "answer_tag", "phrase"))

    def stated(completion: str) -> str | None:
        text = find_answer(completion, methods).text
        return text if text is not None and read(text) else None

    def equivalent(one: str, other: str) -> bool:
        return "correct" in (judge(one, other, policy).outcome, judge(other, one, policy).outcome)

    return stated, equivalent
