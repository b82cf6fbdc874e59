r"""Comparison of single expressions and equations: by identity of their trees' values."""

from __future__ import annotations

import functools
import itertools
import re
from fractions import Fraction
from typing import NamedTuple

from jeoul.rewards.math.canonical import Form, Reading, Value
from jeoul.rewards.math.expressions import (
    Expr,
    UnreadableError,
    add,
    inverse,
    multiply,
    negate,
    number,
    power,
    symbol,
    symbols,
)
from jeoul.rewards.math.identity import constant_ratio, identical, is_linear, real_value, substitute
from jeoul.rewards.math.numbers import Number, read_unit
from jeoul.rewards.math.parser import parse
from jeoul.rewards.math.rounding import rounded
from jeoul.rewards.math.verdict import Policy, Verdict

__all__ = ["Scalar", "compare_equations", "compare_scalars", "read_scalar", "renamed"]

STAGE = 2
_UNIT_AT_END = re.compile(
    r'^(.*?[^\s"])\s*((?:"[^"]{1,40}"\s*(?:\^\s*\{?\s*-?\d\s*\}?)?\s*(?:[*/]\s*)?){1,4})$', re.DOTALL
)
_UNIT_LETTERS = frozenset("mgslhLNJWVAK")  # 5m may be 5 metres where the other side has a unit
_ONE_EQUALS = re.compile(r"^([^=<>]+)=([^=<>]+)$")


class Scalar(NamedTuple):
    """An expression with its unit, as text says it."""

    expr: Expr
    doubts: frozenset[str] = frozenset()
    unit: str = ""
    degrees: bool = False


def read_scalar(value: Value) -> Scalar | None:
    """The expression that a number or form is; None for anything else."""
    if isinstance(value, Number):
        return _of_number(value)
    return _of_text(value.source) if isinstance(value, Form) and value.source else None


@functools.lru_cache(maxsize=512)
def _of_number(value: Number) -> Scalar:
    rational = value.value * value.scale / (100 if value.percent else 1)
    factors = [number(rational)]
    if value.root != 1:
        factors.append(Expr("root", "", (number(value.root), number(2))))
    if value.pi:
        factors.append(power(Expr("const", "pi"), number(value.pi)))
    return Scalar(multiply(factors), frozenset(), value.unit)


@functools.lru_cache(maxsize=512)
def _of_text(text: str) -> Scalar | None:
    unit = ""
    found = _UNIT_AT_END.match(text) if text.endswith(('"', "}")) or text[-1:].isdigit() else None
    if found is not None:
        named = read_unit(re.sub(r"\^\s*\{?\s*(-?\d)\s*\}?", r"^{\1}", found[2]))
        if named:
            text, unit = found[1], named
    if text[:1] == "¤" and not unit:
        text, unit = text[1:], "dollar"
    try:
        sides = text.split(":") if text.count(":") == 1 else [text]
        expr, doubts = parse(sides[0])
        if len(sides) > 1:  # a ratio
            second = parse(sides[1])
            expr, doubts = multiply([expr, inverse(second.expr)]), doubts | second.doubts
    except UnreadableError:
        return None
    return Scalar(expr, doubts, unit, "°" in text)


def compare_scalars(gold: Value, answer: Value, policy: Policy) -> Verdict | None:
    """The verdict on two expressions; None where one of them is not understood."""
    one, other = read_scalar(gold), read_scalar(answer)
    if one is None or other is None:
        return None
    found = identical(one.expr, other.expr)
    if found.outcome == "same":
        if one.unit and other.unit and one.unit != other.unit:
            return Verdict("incorrect", f"{other.unit} is not {one.unit}", STAGE)
        return Verdict("correct", f"identity: {found.why}", STAGE)
    doubts = one.doubts | other.doubts
    if "log" in doubts and identical(_decadic(one.expr), _decadic(other.expr)).outcome == "same":
        return Verdict("correct", "identity, with log to base 10", STAGE)
    if one.degrees or other.degrees:
        pair = [_without_degrees(side) for side in (gold, answer)]
        if pair[0] is not None and pair[1] is not None and identical(pair[0], pair[1]).outcome == "same":
            return Verdict("correct", "identity, ° left out on one side", STAGE)
        doubts |= {"°"}
    if found.outcome == "unknown":
        return Verdict("undecided", f"not evaluated: {found.why}", STAGE)
    near = _rounding(gold, one, answer, other, policy)
    if near is not None:
        return near
    if doubts:
        return Verdict("undecided", f"they differ, but what is read is in doubt: {', '.join(sorted(doubts))}", STAGE)
    letters = symbols(one.expr) | symbols(other.expr)
    if letters and letters <= _UNIT_LETTERS and not (symbols(one.expr) and symbols(other.expr)):
        bare = [substitute(side.expr, {name: number(1) for name in letters}) for side in (one, other)]
        if identical(bare[0], bare[1]).outcome == "same":
            return Verdict("undecided", f"the same, if {', '.join(sorted(letters))} is a unit", STAGE)
    if (one.unit and other.unit and one.unit != other.unit) or ((one.unit or other.unit) and letters & _UNIT_LETTERS):
        return Verdict("undecided", "they may differ in their units", STAGE)
    if _same_but_for_names(one.expr, other.expr):
        return Verdict("undecided", "the same but for the names of variables", STAGE)
    return Verdict("incorrect", f"identity: {found.why}", STAGE)


def _decadic(one: Expr) -> Expr:
    args = tuple(map(_decadic, one.args))
    if one.op == "log" and len(args) == 1:
        args = (*args, number(10))
    return one._replace(args=args)


def _without_degrees(value: Value) -> Expr | None:
    if isinstance(value, Form):
        found = _of_text(value.source.replace("°", ""))
        return found.expr if found else None
    scalar = read_scalar(value)
    return scalar.expr if scalar else None


def _rounding(gold: Value, one: Scalar, answer: Value, other: Scalar, policy: Policy) -> Verdict | None:
    """Where one side is a decimal and the other a constant: what the policy says of rounding."""
    sides = []
    for value, scalar in ((gold, one), (answer, other)):
        if isinstance(value, Number):
            sides.append(value)
            continue
        real = real_value(scalar.expr)
        if real is None:
            return None
        sides.append(Number(real))
    found = rounded(sides[0], sides[1], policy)
    return None if found is None else Verdict(found.outcome, found.why, STAGE)


def _same_but_for_names(one: Expr, other: Expr) -> bool:
    ours, theirs = sorted(symbols(one)), sorted(symbols(other))
    if len(ours) != len(theirs) or not 0 < len(ours) <= 3 or ours == theirs:
        return False
    for order in itertools.permutations(ours):
        by = dict(zip(theirs, map(symbol, order), strict=True))
        if identical(one, substitute(other, by)).outcome == "same":
            return True
    return False


def renamed(gold: Reading, answer: Reading) -> Verdict | None:
    """Functions that are the same with another name for what they are of: ``f(x)=2x`` and ``f(n)=2n``."""
    names = [re.fullmatch(r"(\\?[A-Za-z]+)\(([A-Za-z])\)", reading.label) for reading in (gold, answer)]
    one, other = read_scalar(gold.value), read_scalar(answer.value)
    if not names[0] or not names[1] or names[0][1] != names[1][1] or one is None or other is None:
        return None
    if names[0][2] in symbols(other.expr) and names[0][2] != names[1][2]:
        return None
    found = identical(one.expr, substitute(other.expr, {names[1][2]: symbol(names[0][2])}))
    if found.outcome == "same":
        return Verdict("correct", f"the same function, of {names[1][2]} instead of {names[0][2]}", STAGE)
    return None


def equation(reading: Reading) -> tuple[Expr, frozenset[str]] | None:
    """Left side less right side, of a labelled value or of a form with one equals sign."""
    value = reading.value
    sides: list[Scalar | None]
    if reading.label:
        sides = [_of_text(re.sub(r"\([A-Za-z]\)$", "", reading.label)), read_scalar(value)]
    elif isinstance(value, Form) and (found := _ONE_EQUALS.match(value.source)):
        sides = [_of_text(found[1].strip()), _of_text(found[2].strip())]
    else:
        return None
    left, right = sides
    if left is None or right is None:
        return None
    return add([left.expr, negate(right.expr)]), left.doubts | right.doubts


def compare_equations(gold: Reading, answer: Reading) -> Verdict | None:
    """Equations are one if they differ by a constant factor; linear ones that do not are different."""
    if gold.label and answer.label:
        return None
    one, other = equation(gold), equation(answer)
    if one is None or other is None:
        return None
    found, _ = constant_ratio(one[0], other[0])
    if found.outcome == "same":
        return Verdict("correct", "equations equal up to a factor", STAGE)
    linear = found.outcome == "different" and not (one[1] | other[1]) and is_linear(one[0]) and is_linear(other[0])
    if linear and symbols(one[0]) == symbols(other[0]):
        return Verdict("incorrect", "different linear equations", STAGE)
    return Verdict("undecided", "equations that are not one up to a constant factor", STAGE)


def residue(one: Expr, name: str) -> tuple[Fraction, Fraction, bool] | None:
    """Of ``a + b·name``: a and b as rationals, and whether those are multiples of π; None if it is not of that kind."""
    values = [substitute(one, {name: number(index)}) for index in range(3)]
    pi = Expr("const", "pi")
    for of_pi in (False, True):
        exact = [_rational(multiply([value, Expr("inv", "", (pi,))]) if of_pi else value) for value in values]
        if exact[0] is not None and exact[1] is not None and exact[2] is not None:
            step = exact[1] - exact[0]
            return (exact[0], step, of_pi) if step and exact[2] - exact[1] == step else None
    return None


def _rational(one: Expr) -> Fraction | None:
    value = real_value(one)
    if value is None:
        return None
    simple = value.limit_denominator(10**6)
    return simple if abs(simple - value) <= Fraction(1, 10**30) * (1 + abs(value)) else None
