"""Whether two readings of answers are the same answer: exactly, element by element, or undecided."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from jeoul.rewards.math.bases import compare_bases
from jeoul.rewards.math.canonical import Choice, Form, Items, Reading, Time, Value, Words, says_nothing
from jeoul.rewards.math.evaluation import compared, fresh_allowance
from jeoul.rewards.math.families import compare_families
from jeoul.rewards.math.identity import identical
from jeoul.rewards.math.numbers import Number, approximate, hundredth, same
from jeoul.rewards.math.regions import INFINITY, MINUS_INFINITY, compare_regions
from jeoul.rewards.math.rounding import rounded
from jeoul.rewards.math.scalars import compare_equations, compare_relations, compare_scalars, read_scalar, renamed
from jeoul.rewards.math.tables import ENDLESS, NO_NUMBER
from jeoul.rewards.math.units import in_unit_of
from jeoul.rewards.math.vectors import compare_vectors
from jeoul.rewards.math.verdict import DEFAULT, Policy, Verdict, verdict

__all__ = ["compare_readings"]

MATCHING_LIMIT = 32
MATCHED_FORMS = 12  # values that are matched where each pair may cost an identity test
_LEAST, _MOST = ("min", "least", "small"), ("max", "great", "larg")
_ORDER = ("incorrect", "undecided", "correct")


def compare_readings(gold: tuple[Reading, ...], answer: tuple[Reading, ...], policy: Policy = DEFAULT) -> Verdict:
    """The verdict over all readings of both sides: correct if any pair agrees, incorrect only if every pair differs."""
    fresh_allowance()
    if isinstance(gold[0].value, Time | Choice) and type(gold[0].value) is type(answer[0].value):
        return _marked(gold, answer, policy)
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


def _marked(gold: tuple[Reading, ...], answer: tuple[Reading, ...], policy: Policy) -> Verdict:
    """Times of day, and letters of a choice with what stands behind each."""
    found = _readings(gold[0], answer[0], policy)
    if len(gold) < 2 or len(answer) < 2:
        return found
    said = _readings(gold[1], answer[1], policy)
    if isinstance(gold[0].value, Choice):
        differs = found.outcome == "correct" and said.outcome == "incorrect"
        return Verdict("undecided", "the same letter with another text") if differs else found
    return said if said.outcome == "correct" else found


def _readings(gold: Reading, answer: Reading, policy: Policy, top: bool = False) -> Verdict:
    if not compared():
        return Verdict("undecided", "too many values to compare")
    found = renamed(gold, answer) if gold.label[-1:] == answer.label[-1:] == ")" else None
    if found is not None:
        return found
    found = _values(gold.value, answer.value, policy)
    if found.outcome != "correct" and (vectors := compare_vectors(gold.value, answer.value)) is not None:
        return vectors
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
    """``y`` and ``f(x)`` both name the value of a function; ``f(x)`` and ``g(x)`` those of two."""
    names = {re.sub(r"^[a-zA-Z]\([a-zA-Z]\)$", "y", label) for label in (one, other)}
    return names == {"y"} and "y" in (one, other)


def _across_kinds(gold: Reading, answer: Reading, found: Verdict, top: bool) -> Verdict | None:
    """What sets of reals, general solutions and equations say where values by themselves are not equal."""
    if top:
        general = compare_families(gold, answer)
        if general is not None:
            return general
    if found.outcome == "undecided":
        ordered = compare_relations(gold, answer)
        if ordered is not None:
            return ordered
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
            shared = _shared(one, other, policy) if other is gold else None
            return shared or _one_and_several(one, other)
    if isinstance(gold, Choice) and isinstance(answer, Choice):
        return verdict(gold == answer, "choice")
    if isinstance(gold, Time) and isinstance(answer, Time):
        halves = "" in (gold.half, answer.half) or gold.half == answer.half
        return verdict(gold.minutes == answer.minutes and halves, "time of day")
    if says_nothing(gold) and says_nothing(answer):
        return Verdict("correct", "both say that there is none")
    if _endless(gold) and _endless(answer):
        return Verdict("correct", "both say that there is no end")
    if isinstance(gold, Words) and isinstance(answer, Words):
        return _words(gold.text, answer.text)
    for one, other in ((gold, answer), (answer, gold)):
        if isinstance(one, Words) and isinstance(other, Form) and other.source.casefold() == one.text:
            return Verdict("correct", "words")
    if isinstance(gold, Form) and isinstance(answer, Form) and gold == answer:
        return Verdict("correct", "same form")
    if isinstance(gold, Form | Number) and isinstance(answer, Form | Number):
        found = compare_bases(gold, answer) or compare_scalars(gold, answer, policy)
        return found or Verdict("undecided", "expressions that differ in form")
    for one, other in ((gold, answer), (answer, gold)):
        if isinstance(one, Number) and isinstance(other, Words) and other.text in NO_NUMBER:
            return Verdict("incorrect", "words against a number")
    return Verdict("undecided", f"{_name(answer)} against {_name(gold)}")


def _endless(value: Value) -> bool:
    return (isinstance(value, Words) and value.text in ENDLESS) or (
        isinstance(value, Form) and value.text in ("\\infty", "+\\infty")
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
    if (gold.unit == "°") != (answer.unit == "°"):
        if not same(gold, answer) and _in_radians(gold, answer):
            return Verdict("correct" if policy.angles == "convert" else "undecided", "degrees against radians")
        if (gold if gold.unit == "°" else answer).pi and same(gold, answer):
            return Verdict("undecided", "a multiple of π in degrees")
    found = rounded(gold, answer, policy) or verdict(same(gold, answer), "exact number")
    if gold.unit and answer.unit and gold.unit != answer.unit:
        converted = in_unit_of(answer, gold)
        if converted is not None:
            return rounded(gold, converted, policy) or verdict(same(gold, converted), f"{answer.unit} as {gold.unit}")
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
    sides = [hundredth(number) if number.percent else number for number in (gold, answer)]
    near = rounded(sides[0], sides[1], policy)
    if same(sides[0], sides[1]) or (near is not None and near.outcome == "correct"):
        return Verdict("correct", "percent as a number")
    if not same(percent, bare):
        return Verdict("incorrect", "percent")
    return Verdict("correct" if policy.percent == "either" else "undecided", "a % sign on one side only")


def _shared(one: Form | Number, several: Items, policy: Policy) -> Verdict | None:
    """``5`` for ``x = y = 5``: one value for all the names; None where the names' values differ."""
    values = {element.value for element in several.elements}
    if len(values) != 1 or not all(element.label for element in several.elements):
        return None
    found = _values(one, values.pop(), policy)
    return found if found.outcome == "correct" else None


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
            tuples = all(isinstance(element.value, Items) for element in gold.elements)
            if len({*gold.elements}) == len(gold.elements) and (tuples or kinds == {"set"}):
                return Verdict("correct", "the same values, some of them repeated")
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
    if not any(full) or {gold.brackets, answer.brackets} & {"[)", "(]"}:
        return None
    if all(full):
        if set(names[0]) != set(names[1]):
            return None
        order = [names[1].index(name) for name in names[0]]
        return _all(_readings(one, answer.elements[at], policy) for one, at in zip(gold.elements, order, strict=True))
    if any(names[full.index(False)]):
        return None
    if (answer if full[0] else gold).brackets not in ("", "()"):
        return Verdict("undecided", "names against a set, which has no order")
    if any(_extremes(side) is False for side in (gold, answer)):
        return Verdict("undecided", "a maximum that is less than the minimum")
    pairs = zip(gold.elements, answer.elements, strict=True)
    found = _all(_values(one.value, other.value, policy) for one, other in pairs)
    if found.outcome == "incorrect" and _matched(gold, answer, policy).outcome != "incorrect":
        if _extremes(gold) or _extremes(answer):
            return Verdict("correct", "the least and the greatest value", found.stage)
        return Verdict("undecided", "the same values, in another order than the names'")
    return found


def _extremes(items: Items) -> bool | None:
    """Whether two numbers are named as the least and the greatest of them; False if the wrong way round."""
    values = [element.value for element in items.elements]
    labels = [element.label.casefold() for element in items.elements]
    least, most = ([label.startswith(word) for label in labels] for word in (_LEAST, _MOST))
    one, other = values[0], values[-1]
    if len(values) != 2 or not isinstance(one, Number) or not isinstance(other, Number):
        return None
    if least[0] is least[1] or most[0] is most[1] or least[0] is most[0]:
        return None
    return (approximate(one) <= approximate(other)) is least[0]


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
            worst = one._replace(stage=max(one.stage, worst.stage))
        if one.outcome == "incorrect":
            return worst._replace(why=f"value {count}: {worst.why}")
    return worst._replace(why=f"{count} values: {worst.why}")


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
