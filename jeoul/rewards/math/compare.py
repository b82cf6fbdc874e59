"""Whether two readings of answers are the same answer: exactly, element by element, or undecided."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from jeoul.rewards.math.canonical import Choice, Form, Items, Reading, Time, Value, Words
from jeoul.rewards.math.numbers import Number, approximate, same
from jeoul.rewards.math.tables import NO_NUMBER

__all__ = ["Decimals", "Percent", "Policy", "Verdict", "compare_readings"]

Decimals = Literal["declared", "exact"]
Percent = Literal["value", "either"]
DECLARED_DIGITS = 3  # least significant digits of a decimal gold whose rounding counts
ROUNDED_DIGITS = 6  # least significant digits of a decimal answer to an exact gold
MATCHING_LIMIT = 32


@dataclass(frozen=True, slots=True)
class Policy:
    """What is not mathematics but a decision.

    Attributes:
        decimals: whether a decimal gold of at least three significant digits takes answers that round to it.
        percent: whether ``25`` may stand for ``25%`` ("either"), or 25% is 0.25 and nothing else ("value").
    """

    decimals: Decimals = "declared"
    percent: Percent = "value"


DEFAULT = Policy()


@dataclass(frozen=True, slots=True)
class Verdict:
    """``correct``, ``incorrect`` or ``undecided``, and what decided it."""

    outcome: Literal["correct", "incorrect", "undecided"]
    why: str


def _verdict(right: bool, why: str) -> Verdict:
    return Verdict("correct" if right else "incorrect", why)


def compare_readings(gold: tuple[Reading, ...], answer: tuple[Reading, ...], policy: Policy = DEFAULT) -> Verdict:
    """The verdict over all readings of both sides: correct if any pair agrees, incorrect only if every pair differs."""
    verdicts = [_readings(one, other, policy) for one in gold for other in answer]
    for outcome in ("correct", "undecided", "incorrect"):
        for verdict in verdicts:
            if verdict.outcome == outcome:
                return verdict
    raise ValueError("both sides need a reading")


def _readings(gold: Reading, answer: Reading, policy: Policy) -> Verdict:
    verdict = _values(gold.value, answer.value, policy)
    if verdict.outcome == "correct" and gold.label and answer.label and gold.label != answer.label:
        return Verdict("undecided", f"{answer.label} is not {gold.label}")
    return verdict


def _values(gold: Value, answer: Value, policy: Policy) -> Verdict:
    if isinstance(gold, Number) and isinstance(answer, Number):
        return _numbers(gold, answer, policy)
    if isinstance(gold, Items) and isinstance(answer, Items):
        return _items(gold, answer, policy)
    if isinstance(gold, Items | Number) and isinstance(answer, Items | Number):
        return _one_and_several(gold, answer)
    if isinstance(gold, Choice) and isinstance(answer, Choice):
        return _verdict(gold == answer, "choice")
    if isinstance(gold, Time) and isinstance(answer, Time):
        halves = "" in (gold.half, answer.half) or gold.half == answer.half
        return _verdict(gold.minutes == answer.minutes and halves, "time of day")
    if isinstance(gold, Words) and isinstance(answer, Words):
        return _words(gold.text, answer.text)
    if isinstance(gold, Form) and isinstance(answer, Form):
        return _forms(gold.text, answer.text)
    for one, other in ((gold, answer), (answer, gold)):
        if isinstance(one, Number) and isinstance(other, Words) and other.text in NO_NUMBER:
            return Verdict("incorrect", "words against a number")
    return Verdict("undecided", f"{_name(answer)} against {_name(gold)}")


def _name(value: Value) -> str:
    kinds = {Items: "several values", Form: "an expression", Words: "words"}
    return kinds.get(type(value), f"a {type(value).__name__.lower()}")


def _words(gold: str, answer: str) -> Verdict:
    if gold != answer and (set(gold.split()) & set(answer.split()) or gold in answer or answer in gold):
        return Verdict("undecided", "words")
    return _verdict(gold == answer, "words")


_BASED = re.compile(r"([0-9A-Z]{1,200})_\{(\d{1,2})\}")


def _forms(gold: str, answer: str) -> Verdict:
    if gold == answer:
        return Verdict("correct", "same form")
    one, other = _BASED.fullmatch(gold), _BASED.fullmatch(answer)
    if one and other and one[2] == other[2]:
        return _verdict(one[1].lstrip("0") == other[1].lstrip("0"), f"digits in base {one[2]}")
    return Verdict("undecided", "expressions that differ in form")


def _numbers(gold: Number, answer: Number, policy: Policy) -> Verdict:
    if gold.percent != answer.percent:
        return _percent(gold, answer, policy)
    if gold.scale != answer.scale:
        right = same(_scaled(gold), _scaled(answer))
        if not right and same(gold, answer):
            return Verdict("undecided", "one side says a scale word, the other may imply it")
        return _verdict(right, "exact number")
    verdict = _rounded(gold, answer, policy) or _verdict(same(gold, answer), "exact number")
    if gold.unit and answer.unit and gold.unit != answer.unit:
        if verdict.outcome == "correct":
            return Verdict("incorrect", f"{answer.unit} is not {gold.unit}")
        return Verdict("undecided", f"{answer.unit} against {gold.unit}")
    return verdict


def _scaled(number: Number) -> Number:
    return replace(number, value=number.value * number.scale)


def _percent(gold: Number, answer: Number, policy: Policy) -> Verdict:
    """One side has a % sign. It is a hundredth; whether 25 may stand for 25% is the policy's to say."""
    percent, bare = (gold, answer) if gold.percent else (answer, gold)
    if same(replace(percent, value=percent.value / 100), bare):
        return Verdict("correct", "percent as a number")
    if not same(percent, bare):
        return Verdict("incorrect", "percent")
    return Verdict("correct" if policy.percent == "either" else "undecided", "a % sign on one side only")


def _rounded(gold: Number, answer: Number, policy: Policy) -> Verdict | None:
    """The verdict where one side is a rounded decimal of the other; None where rounding has no say."""
    if policy.decimals == "exact" or same(gold, answer):
        return None
    if _inexact(gold) and (not _inexact(answer) or (answer.step or 0) < (gold.step or 0)):
        if not _near(approximate(answer), gold):
            return None
        if (gold.digits or 0) < DECLARED_DIGITS:
            return Verdict("undecided", f"rounds to the gold, which has only {gold.digits} significant digits")
        return Verdict("correct", f"rounds to the gold's {gold.digits} significant digits")
    whole = gold.value.denominator == 1 and gold.root == 1 and not gold.pi
    if not whole and not _inexact(gold) and _inexact(answer) and (answer.digits or 0) >= ROUNDED_DIGITS:
        return Verdict("correct", f"the gold to {answer.digits} digits") if _near(approximate(gold), answer) else None
    return None


def _inexact(number: Number) -> bool:
    """Written as a decimal that is not a whole number (27.0 is), or in scientific notation with digits to spare."""
    return number.step is not None and (number.value.denominator != 1 or number.step > 1)


def _near(value: Fraction, decimal: Number) -> bool:
    return abs(value - decimal.value) * 2 <= (decimal.step or 0)


def _one_and_several(gold: Items | Number, answer: Items | Number) -> Verdict:
    several = gold if isinstance(gold, Items) else answer
    assert isinstance(several, Items)
    if _all_numbers(several) and len(set(several.elements)) > 1:
        return Verdict("incorrect", "one number against several")
    return Verdict("undecided", "one number against several values")


def _all_numbers(items: Items) -> bool:
    return all(
        isinstance(element.value, Number) or (isinstance(element.value, Items) and _all_numbers(element.value))
        for element in items.elements
    )


def _items(gold: Items, answer: Items, policy: Policy) -> Verdict:
    kinds = {gold.kind, answer.kind}
    if len(gold.elements) != len(answer.elements):
        if kinds <= {"list", "set"} and {*gold.elements} == {*answer.elements}:
            return Verdict("undecided", "the same values, some of them repeated")
        if _all_numbers(gold) and _all_numbers(answer) and "union" not in kinds:
            return Verdict("incorrect", f"{len(answer.elements)} values against {len(gold.elements)}")
        return Verdict("undecided", f"{len(answer.elements)} values against {len(gold.elements)}")
    if kinds <= {"list", "set"} or kinds == {"union"}:
        return _matched(gold, answer, policy)
    pairs = zip(gold.elements, answer.elements, strict=True)
    verdict = _all([_readings(one, other, policy) for one, other in pairs])
    if verdict.outcome == "correct" and _brackets_agree(gold, answer):
        return verdict
    if len(kinds) == 1 and verdict.outcome != "correct":
        return verdict
    if verdict.outcome != "correct" and _matched(gold, answer, policy).outcome == "incorrect":
        return Verdict("incorrect", verdict.why)
    return Verdict("undecided", f"{answer.kind} {answer.brackets} against {gold.kind} {gold.brackets}")


def _brackets_agree(gold: Items, answer: Items) -> bool:
    """Equal brackets; else a tuple of any but two values in either kind, or a pair in (…) against a bare list."""
    if (gold.kind, gold.brackets) == (answer.kind, answer.brackets):
        return True
    loose = ("", "()") if len(gold.elements) == 2 else ("", "()", "[]")
    return {gold.kind, answer.kind} <= {"list", "tuple"} and gold.brackets in loose and answer.brackets in loose


def _all(verdicts: list[Verdict]) -> Verdict:
    """All parts right is right, one wrong is wrong, else the first that is undecided."""
    worst = min(verdicts, key=lambda verdict: ("incorrect", "undecided", "correct").index(verdict.outcome))
    return Verdict(worst.outcome, f"{len(verdicts)} values: {worst.why}")


def _matched(gold: Items, answer: Items, policy: Policy) -> Verdict:
    """Every value of the gold with a different one of the answer, in any order."""
    count = len(gold.elements)
    if count > MATCHING_LIMIT:
        right = sorted(map(repr, gold.elements)) == sorted(map(repr, answer.elements))
        return Verdict("correct" if right else "undecided", f"{count} values in any order")
    table = [[_readings(one, other, policy).outcome for other in answer.elements] for one in gold.elements]
    free = set(range(count))
    for row in table:
        free.discard(next((column for column in free if row[column] == "correct"), -1))
    if not free:
        return Verdict("correct", f"{count} values in any order")
    if any(set(line) == {"incorrect"} for line in (*table, *zip(*table, strict=True))):
        return Verdict("incorrect", f"{count} values, one is missing")
    return Verdict("undecided", f"{count} values, some of them forms that differ")
