"""The reward for a right final answer in mathematics."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from jeoul.rewards.math.canonical import read
from jeoul.rewards.math.compare import compare_readings
from jeoul.rewards.math.evaluation import fresh_allowance
from jeoul.rewards.math.extract import CANDIDATE_LIMIT, Method, boxed, find_answer
from jeoul.rewards.math.tidying import tidy
from jeoul.rewards.math.verdict import DEFAULT, Angles, Decimals, Percent, Policy, Verdict
from jeoul.rewards.registry import reward
from jeoul.rewards.scores import Score, does_not_apply

__all__ = ["bare", "judge", "math_correct"]


@reward(
    range=(0, 1),
    reference="exact arithmetic on anchored answers; peer: Math-Verify 0.9, in the accuracy rewards of TRL and open-r1",
    hacks=(
        "an expression in the box that is not compared: NaN and no penalty (watch its share, or undecided='wrong')",
        "a guess where answers are few (a choice, a small integer): the reasoning is not looked at",
        "the question's own expression in the box, where the gold is another form of it",
    ),
)
def math_correct(
    completions: list[str],
    answer: list[Any],
    *,
    extract: tuple[Method, ...] = ("boxed", "answer_tag", "phrase"),
    decimals: Decimals = "declared",
    percent: Percent = "value",
    angles: Angles = "convert",
    undecided: Literal["nan", "wrong"] = "nan",
) -> list[float | None]:
    r"""1 if the final answer that a completion states equals the gold, 0 if it differs or none is stated.

    ``answer`` is the gold, bare, in ``$…$`` or boxed; a list holds several accepted answers; a number is taken as
    printed. Decided by exact arithmetic and canonical spelling, else by the values of trees (mpmath, a budget
    of steps): no SymPy, no ``eval``, no clock. See docs/math.md.

    Outcomes (the first word of the reason): ``correct`` 1; ``incorrect`` and ``no_answer`` 0; ``gold_invalid`` (none,
    or blank) NaN; ``undecided`` NaN, or 0 with ``undecided="wrong"``. Undecided are expressions that may differ in
    form only, and words left beside a number: 0 would punish right answers there. NaN lets a policy escape a 0 by
    boxing an odd expression, so watch the column's share of NaN.

    Rules:

    - *Where*: by the methods of ``extract`` in order, see :func:`jeoul.rewards.math.extract.find_answer`; nothing
      unanchored, for that pays reasoning which was cut before its answer.
    - *Integers and fractions*: exactly. ``12346`` is not ``12345``; ``27.0`` is the integer 27.
    - *Decimals*: a gold with a fractional part, or in scientific notation, declares its significant digits. With
      three or more, an answer written more precisely is right if it rounds to the gold (13.1796 for 13.18); with
      fewer it is undecided. An exact gold takes a decimal of six or more significant digits (0.333333 for 1/3). There
      is no absolute tolerance. ``decimals="exact"`` switches all of this off.
    - *Percent*: 25% is 0.25. Against 25 it is undecided, or right with ``percent="either"``.
    - *Units, currency, degrees, labels* (``x=``): one side may leave them out; two different ones are not equal.
      Unknown words: undecided.
    - *Several values*: bare lists and ``\{…\}`` in any order; ``(…)``, intervals and matrices in theirs; ± is two
      values; boxes side by side are one list, so that naming two candidates is not naming the right one.
    - *Expressions*: equal wherever both are real. Intervals, inequalities, general solutions and equations as what
      they are. ``angles="exact"``: 90° is not π/2.

    Differs from its namesakes, all on Math-Verify 0.9, each given the gold itself in a box. Golds bare: TRL's
    ``accuracy_reward`` and ms-swift's ``accuracy`` do not give 1 for 21.6 % of MATH500, 28 % of OlympiadBench and 54 %
    of Minerva (about half of these are skipped by TRL and 0 in ms-swift); open-r1's gives 1 to *any* answer for 90 % of
    MATH500, whose golds it cannot parse. Golds in ``$…$``: 1.6, 0.1 and 0 %. Here 0 % of all, either way. Math-Verify's
    own defaults, unanchored, pay 26 % of 800 texts cut at 90 % before their box; TRL, ms-swift and this pay 2 % (an
    earlier box). On the 800 whole ones, in groups of 8, this takes about 1/40 of Math-Verify's time.

    >>> texts = [r"So \boxed{\frac{1}{2}}.", "정답은 50%입니다.", "0.5", r"\boxed{41}", r"\boxed{3} or \boxed{5}"]
    >>> for score in math_correct([*texts, r"\boxed{\sin 1}"], ["0.5", "1/2", "0.5", 42, "5", "0.84"]):
    ...     print(score.reason)
    correct: \frac{1}{2} = 0.5 (exact number; from \boxed)
    correct: 50%입니다 = 1/2 (percent as a number; from "정답은")
    no_answer: there is no \boxed{…}, <answer>, stated answer
    incorrect: 41 ≠ 42 (exact number; from \boxed)
    incorrect: 3, 5 ≠ 5 (one number against several; from \boxed)
    undecided: \sin 1 ? 0.84 (rounds to the gold, which has only 2 significant digits; from \boxed)
    """
    policy = Policy(decimals, percent, angles)
    golds = [_golds(cell) for cell in answer]
    return [_score(text, gold, extract, policy, undecided) for text, gold in zip(completions, golds, strict=True)]


def _golds(cell: Any) -> tuple[str, ...]:
    """Accepted answers of a cell: itself or its items (also out of an array), as text, without what is missing."""
    several = [cell] if isinstance(cell, str) or not isinstance(cell, Iterable) else list(cell)
    present = (gold for gold in several if isinstance(gold, str) or str(gold) not in ("None", "nan", "<NA>"))
    return tuple(dict.fromkeys(map(str, present)))


def _score(text: str, golds: tuple[str, ...], methods: Sequence[Method], policy: Policy, undecided: str) -> Score:
    valid = [gold for gold in golds if len(gold) <= CANDIDATE_LIMIT and read(bare(gold))]
    if not valid:
        return does_not_apply(f"gold_invalid: {_shown(golds[0]) if golds else 'there is none'}")
    found = find_answer(text, methods)
    if found.text is None:
        return Score(0.0, f"no_answer: {found.how}")
    if not read(found.text):
        return Score(0.0, f"no_answer: nothing in {found.how}")
    verdicts = [(judge(gold, found.text, policy), gold) for gold in valid]
    order = ("correct", "undecided", "incorrect")
    verdict, gold = min(verdicts, key=lambda pair: order.index(pair[0].outcome))
    relation = {"correct": "=", "incorrect": "≠", "undecided": "?"}[verdict.outcome]
    several = f" or {len(valid) - 1} more" if len(valid) > 1 and verdict.outcome != "correct" else ""
    reason = (
        f"{verdict.outcome}: {_shown(found.text)} {relation} {_shown(gold)}{several} ({verdict.why}; from {found.how})"
    )
    if verdict.outcome == "undecided" and undecided == "nan":
        return does_not_apply(reason)
    return Score(verdict.outcome == "correct", reason)


@functools.lru_cache(maxsize=2048)
def judge(gold: str, answer: str, policy: Policy = DEFAULT) -> Verdict:
    r"""The verdict on an extracted answer, neither of the two being blank.

    >>> judge(r"\frac{1}{2}", "0.5"), judge("0.5", "x+1").outcome
    (Verdict(outcome='correct', why='exact number', stage=1), 'incorrect')
    """
    gold = bare(gold)
    if gold == answer or tidy(gold) == tidy(answer):
        return Verdict("correct", "same text")
    fresh_allowance()
    return compare_readings(read(gold), read(answer), policy)


@functools.lru_cache(maxsize=1024)
def bare(gold: str) -> str:
    r"""A gold without what is around its box, where it has one."""
    return boxed(gold) or gold


def _shown(text: str) -> str:
    """At most 60 characters of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:57] + "…"
