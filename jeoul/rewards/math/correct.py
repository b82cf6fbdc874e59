"""The reward for a right final answer in mathematics."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from jeoul.rewards.math import canonical, extract
from jeoul.rewards.math.canonical import read, tidy, with_comma
from jeoul.rewards.math.compare import compare_readings
from jeoul.rewards.math.extract import CANDIDATE_LIMIT, Extracted, Method, find_answer, spelled
from jeoul.rewards.math.numbers import DIGIT_LIMIT
from jeoul.rewards.math.verdict import DEFAULT, Angles, Decimals, Percent, Policy, Verdict
from jeoul.rewards.registry import reward
from jeoul.rewards.scores import Score, does_not_apply

__all__ = ["bare", "forget", "judge", "math_correct"]

_ONE_COMMA = re.compile(r"-?\d+,\d")
SAME_TEXT = Verdict("correct", "same text")
SAME_NUMBER, OTHER_NUMBER = Verdict("correct", "exact number"), Verdict("incorrect", "exact number")


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
    - *Units, currency, degrees, labels* (``x=``): one side may leave them out; units of one dimension are converted
      (60 cm is 0.6 m), others differ. A base that one side leaves out, and unknown words: undecided.
    - *Around a value*: a chain is its last member (``x=3+4=7``), an approximation after an exact value does not count,
      nor does "for all real x". ``B) 12`` is the choice and what stands behind it.
    - *Several values*: bare lists and ``\{…\}`` in any order; ``(…)``, intervals and matrices in theirs; ± is two
      values; boxes side by side are one list, so that naming two candidates is not naming the right one.
    - *Expressions*: equal wherever both are real. Intervals, inequalities, general solutions and equations as what
      they are. ``angles="exact"``: 90° is not π/2.

    Differs from its namesakes, all on Math-Verify 0.9, each given the gold itself in a box. Golds bare: TRL's
    ``accuracy_reward`` and ms-swift's ``accuracy`` do not give 1 for 21.6 % of MATH500, 28 % of OlympiadBench and 54 %
    of Minerva (about half of these are skipped by TRL and 0 in ms-swift); open-r1's gives 1 to *any* answer for 90 % of
    MATH500, whose golds it cannot parse. Golds in ``$…$``: 1.6, 0.1 and 0 %. Here 0 % of all, either way. Math-Verify's
    own defaults, unanchored, pay 26 % of 800 texts cut at 90 % before their box; TRL, ms-swift and this pay 2 % (an
    earlier box). On the 800 whole ones, in groups of 8, this takes about 1/57 of Math-Verify's time.

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
    return [
        _score(text, _accepted(cell) if isinstance(cell, str) else _golds(cell), extract, policy, undecided)
        for text, cell in zip(completions, answer, strict=True)
    ]


class Golds(NamedTuple):
    """Accepted answers of a cell: those there is something to compare with, and the first of all, to be shown."""

    valid: tuple[str, ...]
    first: str | None


def _golds(cell: Any) -> Golds:
    """Read a cell: itself or its items (also out of an array), as text, without what is missing."""
    if isinstance(cell, bytes):
        cell = cell.decode("utf-8", "replace")
    single = isinstance(cell, str) or not isinstance(cell, Iterable) or getattr(cell, "ndim", 1) == 0
    present = [text for gold in ([cell] if single else cell) if (text := _text(gold)) is not None]
    golds = dict.fromkeys(gold for text in present for gold in (text, *spelled(text)[1:]))
    valid = tuple(gold for gold in golds if len(gold) <= CANDIDATE_LIMIT and _says(bare(gold)))
    return Golds(valid, next(iter(golds), None))


@functools.lru_cache(maxsize=1024)
def _accepted(gold: str) -> Golds:
    """The same of a text: once for a group."""
    return Golds((gold,), gold) if _is_integer(gold) else _golds(gold)


def _text(gold: Any) -> str | None:
    """A gold as printed; None where it is missing, "" where Python refuses (an integer of more than 4,300 digits)."""
    if isinstance(gold, str):
        return gold
    try:
        text = str(gold)
    except ValueError:
        return ""
    return None if text in ("None", "nan", "<NA>") else text


def _score(text: str, golds: Golds, methods: Sequence[Method], policy: Policy, undecided: str) -> Score:
    if not golds.valid:
        return does_not_apply(f"gold_invalid: {'there is none' if golds.first is None else _shown(golds.first)}")
    return _scored(golds.valid, find_answer(text, methods), policy, undecided)


@functools.lru_cache(maxsize=2048)
def _scored(golds: tuple[str, ...], found: Extracted, policy: Policy, undecided: str) -> Score:
    """The score of what was found: once for all of a group that say the same."""
    if found.text is None:
        return Score(0.0, f"no_answer: {found.how}")
    if not _says(found.text):
        return Score(0.0, f"no_answer: nothing in {found.how}")
    verdict, gold = _decide(golds, found.text, found.percent, policy)
    reason = functools.partial(_reason, golds, found, verdict, gold)
    if verdict.outcome == "undecided" and undecided == "nan":
        return does_not_apply(reason)
    return Score(verdict.outcome == "correct", reason)


def _decide(golds: tuple[str, ...], answer: str, percent: bool, policy: Policy) -> tuple[Verdict, str]:
    """The most favourable verdict on an answer, and the gold it is about.

    A percent sign right behind the box belongs to the answer, or does not.
    """
    if len(golds) == 1 and not percent:
        return judge(golds[0], answer, policy), golds[0]
    spellings = (answer, answer + "\\%") if percent else (answer,)
    verdicts = [(judge(gold, spelling, policy), gold) for gold in golds for spelling in spellings]
    order = ("correct", "undecided", "incorrect")
    return min(verdicts, key=lambda pair: order.index(pair[0].outcome))


def _reason(golds: tuple[str, ...], found: Extracted, verdict: Verdict, gold: str) -> str:
    relation = {"correct": "=", "incorrect": "≠", "undecided": "?"}[verdict.outcome]
    several = f" or {len(golds) - 1} more" if len(golds) > 1 and verdict.outcome != "correct" else ""
    assert found.text is not None
    return (
        f"{verdict.outcome}: {_shown(found.text)} {relation} {_shown(gold)}{several} ({verdict.why}; from {found.how})"
    )


def judge(gold: str, answer: str, policy: Policy = DEFAULT) -> Verdict:
    r"""The verdict on an extracted answer, neither of the two being blank.

    >>> judge(r"\frac{1}{2}", "0.5"), judge("0.5", "x+1").outcome
    (Verdict(outcome='correct', why='exact number', stage=1), 'incorrect')
    """
    if not _is_integer(gold):
        gold = bare(gold)
    if gold == answer:
        return SAME_TEXT
    if _is_integer(gold) and _is_integer(answer):  # most of all pairs
        return SAME_NUMBER if int(gold) == int(answer) else OTHER_NUMBER
    if tidy(gold) == tidy(answer):
        return SAME_TEXT
    found = compare_readings(with_comma(gold, False), with_comma(answer, True), policy)
    if found.outcome == "correct" and _ONE_COMMA.fullmatch(tidy(answer)):
        plain = compare_readings(with_comma(gold, False), read(answer), policy)
        return plain if plain.outcome == "correct" else Verdict("undecided", "two numbers, or a decimal with a comma")
    return found


@functools.lru_cache(maxsize=1024)
def bare(gold: str) -> str:
    r"""A gold without what is around its box, where it has one."""
    return spelled(gold)[0]


def forget() -> None:
    """Empty what this process remembers of answers, for measuring and for tests that are to compute."""
    for remembered in (_accepted, _scored, bare, tidy, canonical._remembered, extract._remembered):
        remembered.cache_clear()


def _is_integer(text: str) -> bool:
    return text.isdigit() and text.isascii() and len(text) <= DIGIT_LIMIT


def _says(text: str) -> bool:
    """Whether there is anything to compare."""
    return _is_integer(text) or bool(tidy(text))


def _shown(text: str) -> str:
    """At most 60 characters of a text on one line."""
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:57] + "…"
