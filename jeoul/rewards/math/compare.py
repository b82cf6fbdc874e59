"""Whether two readings of answers are the same answer: exactly, element by element, or undecided."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from jeoul.rewards.math.bases import compare_bases
from jeoul.rewards.math.canonical import Choice, Form, Items, Reading, Time, Value, Words
from jeoul.rewards.math.families import compare_families
from jeoul.rewards.math.identity import identical
from jeoul.rewards.math.numbers import Number, same
from jeoul.rewards.math.regions import INFINITY, MINUS_INFINITY, compare_regions
from jeoul.rewards.math.rounding import rounded
from jeoul.rewards.math.scalars import compare_equations, compare_scalars, read_scalar, renamed
from jeoul.rewards.math.tables import NO_NUMBER, NOTHING
from jeoul.rewards.math.verdict import DEFAULT, Policy, Verdict, verdict

__all__ = ["compare_readings"]

MATCHING_LIMIT = 32
MATCHED_FORMS = 12  # values that are matched where each pair may cost an identity test
_ORDER = ("incorrect", "undecided", "correct")


def compare_readings(gold: tuple[Reading, ...], answer: tuple[Reading, ...], policy: Policy = DEFAULT) -> Verdict:
    """The verdict over all readings of both sides: correct if any pair agrees, incorrect only if every pair differs."""
    found = [
        _readings(one, other, policy, top=True)
        for index, one in enumerate(gold)
        for place, other in enumerate(answer)
        if not (index and place)  # two numbers with commas are numbers, or both are something else: never by turns
    ]
    for outcome in ("correct", "undecided", "incorrect"):
        for one in found:
            if one.outcome == outcome:
                return one
    raise ValueError("both sides need a reading")


def _readings(gold: Reading, answer: Reading, policy: Policy, top: bool = False) -> Verdict:
    found = renamed(gold, answer) if gold.label[-1:] == answer.label[-1:] == ")" else None
    found = found or _values(gold.value, answer.value, policy)
    labelled = gold.label and answer.label and gold.label != answer.label
    if found.outcome == "correct" and not labelled:
        return found
    if found.stage > 1 or found.outcome == "undecided":
        other = _across_kinds(gold, answer, found, top)
        if other is not None:
            return other
    if labelled and found.outcome == "correct" and not _same_role(gold.label, answer.label):
        return Verdict("undecided", f"{answer.label} is not {gold.label}")
    return found


def _same_role(one: str, other: str) -> bool:
    """``y`` and ``f(x)`` both name the value of a function."""
    names = {re.sub(r"^[a-zA-Z]\([a-zA-Z]\)$", "y", label) for label in (one, other)}
    return names == {"y"}


def _across_kinds(gold: Reading, answer: Reading, found: Verdict, top: bool) -> Verdict | None:
    """What sets of reals, general solutions and equations say where values by themselves are not equal."""
    if top:
        general = compare_families(gold, answer)
        if general is not None:
            return general
    if found.outcome == "undecided":
        region = compare_regions(gold, answer)
        if region is not None:
            return region
    if gold.label != answer.label or not gold.label:
        equations = compare_equations(gold, answer)
        if equations is not None and (found.outcome == "undecided" or equations.outcome == "correct"):
            return equations
    return None


def _values(gold: Value, answer: Value, policy: Policy) -> Verdict:
    if isinstance(gold, Number) and isinstance(answer, Number):
        return _numbers(gold, answer, policy)
    if isinstance(gold, Items) and isinstance(answer, Items):
        return _items(gold, answer, policy)
    for one, other in ((gold, answer), (answer, gold)):
        if isinstance(one, Form | Number) and isinstance(other, Items):
            return _one_and_several(one, other)
    if isinstance(gold, Choice) and isinstance(answer, Choice):
        return verdict(gold == answer, "choice")
    if isinstance(gold, Time) and isinstance(answer, Time):
        halves = "" in (gold.half, answer.half) or gold.half == answer.half
        return verdict(gold.minutes == answer.minutes and halves, "time of day")
    if _nothing(gold) and _nothing(answer):
        return Verdict("correct", "both say that there is none")
    if isinstance(gold, Words) and isinstance(answer, Words):
        return _words(gold.text, answer.text)
    if isinstance(gold, Form) and isinstance(answer, Form) and gold == answer:
        return Verdict("correct", "same form")
    if isinstance(gold, Form | Number) and isinstance(answer, Form | Number):
        found = compare_bases(gold, answer) or compare_scalars(gold, answer, policy)
        return found or Verdict("undecided", "expressions that differ in form")
    for one, other in ((gold, answer), (answer, gold)):
        if isinstance(one, Number) and isinstance(other, Words) and other.text in NO_NUMBER:
            return Verdict("incorrect", "words against a number")
    return Verdict("undecided", f"{_name(answer)} against {_name(gold)}")


def _nothing(value: Value) -> bool:
    return (isinstance(value, Words) and value.text in NOTHING) or (
        isinstance(value, Form) and value.text.strip() in ("\\emptyset", "\\{\\}")
    )


def _name(value: Value) -> str:
    kinds = {Items: "several values", Form: "an expression", Words: "words"}
    return kinds.get(type(value), f"a {type(value).__name__.lower()}")


def _words(gold: str, answer: str) -> Verdict:
    if gold != answer and (set(gold.split()) & set(answer.split()) or gold in answer or answer in gold):
        return Verdict("undecided", "words")
    return verdict(gold == answer, "words")


def _numbers(gold: Number, answer: Number, policy: Policy) -> Verdict:
    if gold.percent != answer.percent:
        return _percent(gold, answer, policy)
    if gold.scale != answer.scale:
        right = same(_scaled(gold), _scaled(answer))
        if not right and same(gold, answer):
            return Verdict("undecided", "one side says a scale word, the other may imply it")
        return verdict(right, "exact number")
    if (gold.unit == "°") != (answer.unit == "°") and not same(gold, answer) and _in_radians(gold, answer):
        return Verdict("correct" if policy.angles == "convert" else "undecided", "degrees against radians")
    found = rounded(gold, answer, policy) or verdict(same(gold, answer), "exact number")
    if gold.unit and answer.unit and gold.unit != answer.unit:
        if found.outcome == "correct":
            return Verdict("incorrect", f"{answer.unit} is not {gold.unit}")
        return Verdict("undecided", f"{answer.unit} against {gold.unit}")
    return found


def _in_radians(one: Number, other: Number) -> bool:
    """Whether 90° against π/2: the side in degrees, as a multiple of π, is the other, which says π."""
    degrees, radians = (one, other) if one.unit == "°" else (other, one)
    return (
        radians.pi == 1
        and radians.unit in ("", "rad")
        and same(replace(degrees, value=degrees.value / 180, pi=1), radians)
    )


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


def _one_and_several(one: Form | Number, several: Items) -> Verdict:
    """Two values that are known to differ are not one value, whatever that is."""
    if isinstance(one, Number) and _all_numbers(several) and len(set(several.elements)) > 1:
        return Verdict("incorrect", "one number against several")
    scalar = read_scalar(one)
    named_set = isinstance(one, Form) and "\\mathbb" in one.source
    if scalar is not None and not scalar.doubts and not named_set and _distinct(several):
        return Verdict("incorrect", "one value against several", 2)
    return Verdict("undecided", "one value against several")


def _distinct(items: Items) -> bool:
    """Whether all its values are expressions without doubt, and the first differs from one of the others."""
    values = [element.value for element in items.elements]
    if any(isinstance(value, Items) for value in values):
        return len(values) > 1 and all(isinstance(value, Items) and _distinct(value) for value in values)
    scalars = [read_scalar(value) for value in values]
    known = [scalar.expr for scalar in scalars if scalar is not None and not scalar.doubts]
    ends = {INFINITY, MINUS_INFINITY}
    return 1 < len(known) == len(values) and any(
        known[0] in ends or other in ends or identical(known[0], other).outcome == "different" for other in known[1:]
    )


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
    named = _named(gold, answer, policy) if kinds <= {"list", "set", "tuple", "parts"} else None
    if named is not None:
        return named
    if kinds <= {"list", "set"} or kinds == {"union"}:
        return _matched(gold, answer, policy)
    pairs = zip(gold.elements, answer.elements, strict=True)
    found = _all(_readings(one, other, policy) for one, other in pairs)
    if found.outcome == "correct" and _brackets_agree(gold, answer):
        return found
    if len(kinds) == 1 and found.outcome != "correct":
        return found
    free = found.outcome != "correct" and kinds <= {"list", "set", "tuple"}
    if free and _matched(gold, answer, policy).outcome == "incorrect":
        return Verdict("incorrect", found.why, found.stage)
    return Verdict("undecided", f"{answer.kind} {answer.brackets} against {gold.kind} {gold.brackets}")


def _named(gold: Items, answer: Items, policy: Policy) -> Verdict | None:
    """Values with a name each, ``w=16, d=3``: by name, or in the order of the names where one side leaves them out."""
    names = [[_stem(element.label) for element in side.elements] for side in (gold, answer)]
    full = [all(side) and len(set(side)) == len(side) > 1 for side in names]
    if not any(full):
        return None
    if all(full):
        if set(names[0]) != set(names[1]):
            return None
        order = [names[1].index(name) for name in names[0]]
        return _all(_readings(one, answer.elements[at], policy) for one, at in zip(gold.elements, order, strict=True))
    if any(names[full.index(False)]):
        return None
    pairs = zip(gold.elements, answer.elements, strict=True)
    found = _all(_values(one.value, other.value, policy) for one, other in pairs)
    if found.outcome == "incorrect" and _matched(gold, answer, policy).outcome != "incorrect":
        return Verdict("undecided", "the same values, in another order than the names'")
    return found


def _stem(label: str) -> str:
    """A name without its number: roots x_1 and x_2 have no order."""
    return re.sub(r"_\{?\d+\}?$|(?<=[a-z])\d$", "", label)


def _brackets_agree(gold: Items, answer: Items) -> bool:
    """Equal brackets; else a tuple of any but two values in either kind, or a pair in (…) against a bare list.

    A column or row of a matrix is also the tuple in round brackets.
    """
    if (gold.kind, gold.brackets) == (answer.kind, answer.brackets):
        return True
    kinds = {gold.kind, answer.kind}
    if "parts" in kinds:
        return kinds <= {"parts", "list", "tuple"} and {gold.brackets, answer.brackets} <= {"", "()"}
    vector = next((kind.split()[1] for kind in kinds if kind.startswith("matrix")), "")
    if vector:
        return "()" in (gold.brackets, answer.brackets) and (set(vector.split("/")) == {"1"} or "/" not in vector)
    loose = ("", "()") if len(gold.elements) == 2 else ("", "()", "[]")
    return kinds <= {"list", "tuple"} and gold.brackets in loose and answer.brackets in loose


def _all(verdicts: Iterable[Verdict]) -> Verdict:
    """All parts right is right, one wrong is wrong (the rest is not looked at), else the first that is undecided."""
    worst, count = Verdict("correct", "same"), 0
    for one in verdicts:
        count += 1
        if count == 1 or _ORDER.index(one.outcome) < _ORDER.index(worst.outcome):
            worst = replace(one, stage=max(one.stage, worst.stage))
        if one.outcome == "incorrect":
            return replace(worst, why=f"value {count}: {worst.why}")
    return replace(worst, why=f"{count} values: {worst.why}")


def _matched(gold: Items, answer: Items, policy: Policy) -> Verdict:
    """Every value of the gold with a different one of the answer, in any order."""
    count = len(gold.elements)
    if count > (MATCHING_LIMIT if _all_numbers(gold) or _all_numbers(answer) else MATCHED_FORMS):
        right = sorted(map(repr, gold.elements)) == sorted(map(repr, answer.elements))
        return Verdict("correct" if right else "undecided", f"{count} values in any order")
    table = [[_readings(one, other, policy) for other in answer.elements] for one in gold.elements]
    stage = max((cell.stage for row in table for cell in row), default=1)
    if _perfect([[column for column, cell in enumerate(row) if cell.outcome == "correct"] for row in table]):
        return Verdict("correct", f"{count} values in any order", stage)
    if any({cell.outcome for cell in line} == {"incorrect"} for line in (*table, *zip(*table, strict=True))):
        return Verdict("incorrect", f"{count} values, one is missing", stage)
    return Verdict("undecided", f"{count} values, some of them forms that differ", stage)


def _perfect(choices: list[list[int]]) -> bool:
    """Whether each row can have a column of its own: augmenting paths, found without recursion."""
    owner: dict[int, int] = {}
    for start in range(len(choices)):
        parents: dict[int, int] = {}
        queue, free = [start], None
        for row in queue:
            for column in choices[row]:
                if column not in parents:
                    parents[column] = row
                    if column not in owner:
                        free = column
                        break
                    queue.append(owner[column])
            if free is not None:
                break
        if free is None:
            return False
        while free is not None:
            row = parents[free]
            previous = next((column for column, holder in owner.items() if holder == row and column != free), None)
            owner[free] = row
            free = previous if row != start else None
    return True
