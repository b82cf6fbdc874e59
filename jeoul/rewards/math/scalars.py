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
from jeoul.rewards.math.identity import constant_ratio, identical, is_linear, real_value, says_i, substitute
from jeoul.rewards.math.integers import INTEGER
from jeoul.rewards.math.numbers import Number, hundredth, read_unit
from jeoul.rewards.math.parser import parse
from jeoul.rewards.math.rounding import rounded
from jeoul.rewards.math.tables import UNITS
from jeoul.rewards.math.units import factor
from jeoul.rewards.math.verdict import Policy, Verdict, verdict

__all__ = ["Scalar", "compare_equations", "compare_scalars", "read_scalar", "renamed"]

STAGE = 2
FREE = frozenset(("C", "c", "K", "k", "C_1", "c_1"))  # what a constant of integration is called
GIVEN = frozenset(("y", "\\rho", "r"))  # what a curve's equation is solved for
Sides = tuple[Expr, frozenset[str]] | None
_UNIT_AT_END = re.compile(
    r'^(.*?[^\s"])\s*((?:"[^"]{1,40}"\s*(?:\^\s*\{?\s*-?\d\s*\}?)?\s*(?:[*/]\s*)?){1,4})$', re.DOTALL
)
_UNIT_LETTERS = frozenset("mgslhLNJWVAK")  # 5m may be 5 metres where the other side has a unit
RELATION = re.compile(r"<|>|\\le(?![A-Za-z])|\\ge(?![A-Za-z])|\\ne(?![A-Za-z])")
FLIPPED = {"<": ">", ">": "<", "\\le": "\\ge", "\\ge": "\\le", "\\ne": "\\ne"}
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
    if one.unit and other.unit and one.unit != other.unit and (times := factor(other.unit, one.unit)) is not None:
        found = identical(one.expr, multiply([other.expr, number(times)]))
        if found.outcome != "unknown":
            return verdict(found.outcome == "same", f"{other.unit} as {one.unit}", STAGE)
    if found.outcome == "same":
        if one.unit and other.unit and one.unit != other.unit:
            return Verdict("incorrect", f"{other.unit} is not {one.unit}", STAGE)
        return Verdict("correct", f"identity: {found.why}", STAGE)
    doubts = one.doubts | other.doubts
    if "log" in doubts and identical(_decadic(one.expr), _decadic(other.expr)).outcome == "same":
        return Verdict("correct", "identity, with log to base 10", STAGE)
    if one.degrees or other.degrees:
        pair = [_without_degrees(side) for side in (gold, answer)]  # none where it says π°
        if pair[0] is not None and pair[1] is not None and identical(pair[0], pair[1]).outcome == "same":
            return Verdict("correct", "identity, ° left out on one side", STAGE)
        doubts |= {"°"}
    if found.outcome == "unknown":
        return Verdict("undecided", f"not evaluated: {found.why}", STAGE)
    near = _rounding(gold, one, answer, other, policy)
    if near is not None:
        return near
    if any(_electric(*sides) for sides in ((one.expr, other.expr), (other.expr, one.expr))):
        return Verdict("correct", "j for i", STAGE)
    if doubts:
        return Verdict("undecided", f"they differ, but what is read is in doubt: {', '.join(sorted(doubts))}", STAGE)
    letters = symbols(one.expr) | symbols(other.expr)
    if letters and letters <= _UNIT_LETTERS and not (symbols(one.expr) and symbols(other.expr)):
        bare = [substitute(side.expr, {name: number(1) for name in letters}) for side in (one, other)]
        if identical(bare[0], bare[1]).outcome == "same":
            return Verdict("undecided", f"the same, if {', '.join(sorted(letters))} is a unit", STAGE)
    if _lettered(one, other) or _lettered(other, one):
        return Verdict("correct", "the same, the letter being a unit", STAGE)
    if (one.unit and other.unit and one.unit != other.unit) or ((one.unit or other.unit) and letters & _UNIT_LETTERS):
        return Verdict("undecided", "they may differ in their units", STAGE)
    if _same_but_for_names(one.expr, other.expr):
        if INTEGER in letters and len(letters) == 2:
            return Verdict("correct", "the same for every integer", STAGE)
        if _free_constant(one.expr, other.expr):
            return Verdict("correct", "the same but for the name of a constant", STAGE)
        return Verdict("undecided", "the same but for the names of variables", STAGE)
    return Verdict("incorrect", f"identity: {found.why}", STAGE)


def _lettered(one: Scalar, other: Scalar) -> bool:
    """Whether ``500 g`` is what the other side says in kg, its letter read as the unit."""
    names = symbols(other.expr)
    unit = (
        UNITS.get(next(iter(names)).lower()) if len(names) == 1 and not other.unit and not symbols(one.expr) else None
    )
    times = factor(unit, one.unit) if unit and one.unit and names <= _UNIT_LETTERS else None
    if times is None:
        return False
    name = next(iter(names))
    once, twice = (substitute(other.expr, {name: number(times * count)}) for count in (1, 2))
    return (
        identical(one.expr, once).outcome == "same" and identical(multiply([number(2), once]), twice).outcome == "same"
    )


def _electric(one: Expr, other: Expr) -> bool:
    """Whether engineers' ``3+4j`` is ``3+4i``."""
    if "j" not in symbols(other) or "j" in symbols(one) or says_i(other):
        return False
    return identical(one, substitute(other, {"j": Expr("const", "i")})).outcome == "same"


def _decadic(one: Expr) -> Expr:
    args = tuple(map(_decadic, one.args))
    if one.op == "log" and len(args) == 1:
        args = (*args, number(10))
    return one._replace(args=args)


def _without_degrees(value: Value) -> Expr | None:
    if isinstance(value, Form):
        found = _of_text(value.source.replace("°", "")) if not re.search(r"\\pi.*°", value.source) else None
        return found.expr if found else None
    scalar = read_scalar(value)
    return scalar.expr if scalar else None


def _rounding(gold: Value, one: Scalar, answer: Value, other: Scalar, policy: Policy) -> Verdict | None:
    """Where one side is a decimal and the other a constant: what the policy says of rounding."""
    sides = []
    for value, scalar in ((gold, one), (answer, other)):
        if isinstance(value, Number):
            sides.append(hundredth(value) if value.percent else value)
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


def _free_constant(one: Expr, other: Expr) -> bool:
    """Whether all that differs is the letter of a constant of integration, a term of its own: ``x^2+C``, ``x^2+c``."""
    ours, theirs = symbols(one) - symbols(other), symbols(other) - symbols(one)
    if len(ours) != 1 or len(theirs) != 1 or not ours | theirs <= FREE:
        return False
    name = next(iter(ours))
    step = substitute(one, {name: add([symbol(name), number(1)])})
    here = substitute(other, {next(iter(theirs)): symbol(name)})
    return all(identical(*sides).outcome == "same" for sides in ((step, add([one, number(1)])), (one, here)))


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
    """Equations are one if they differ by a constant factor; linear ones that do not are different.

    An answer in one variable has to be solved: ``2x+3=13`` says no more than the question does.
    """
    if gold.label and answer.label:
        return None
    one, other = equation(gold), equation(answer)
    if one is None or other is None:
        return _explicit(gold, one, answer, other)
    found, _ = constant_ratio(one[0], other[0])
    if found.outcome == "same":
        if not answer.label and len(symbols(other[0])) == 1 and not _solved(answer.value, other[0]):
            return Verdict("undecided", "an equation in one variable that is not solved", STAGE)
        return Verdict("correct", "equations equal up to a factor", STAGE)
    for side, written in ((answer, one), (gold, other)):  # y = 6/x gives what xy = 6 says
        if side.label in GIVEN and (explicit := _given(side.label, side.value, written)):
            return explicit
    linear = found.outcome == "different" and not (one[1] | other[1]) and is_linear(one[0]) and is_linear(other[0])
    if linear and symbols(one[0]) == symbols(other[0]):
        return Verdict("incorrect", "different linear equations", STAGE)
    return Verdict("undecided", "equations that are not one up to a constant factor", STAGE)


def _explicit(gold: Reading, one: Sides, answer: Reading, other: Sides) -> Verdict | None:
    """``y+1=x^2`` against ``x^2-1``: an equation that gives y, against what it gives."""
    written, side = (one, answer) if one is not None else (other, gold)
    if written is None or side.label or not isinstance(side.value, Form) or "=" in side.value.source:
        return None
    scalar = read_scalar(side.value)
    names = (symbols(written[0]) - symbols(scalar.expr)) & GIVEN if scalar is not None else frozenset[str]()
    return _given(next(iter(names)), side.value, written) if len(names) == 1 else None


def _given(name: str, value: Value, written: Sides) -> Verdict | None:
    """Whether an equation, of first degree in a name, gives an expression for it."""
    scalar = read_scalar(value)
    if scalar is None or written is None or scalar.doubts or written[1] or not symbols(scalar.expr):
        return None
    if symbols(written[0]) != symbols(scalar.expr) | {name} or name in symbols(scalar.expr):
        return None
    one, other = symbol(name + "§"), symbol(name + "§§")
    middle = multiply([number(Fraction(1, 2)), add([one, other])])
    at = [substitute(written[0], {name: value}) for value in (one, other, middle)]
    straight = add([at[0], at[1], negate(multiply([number(2), at[2]]))])
    given = substitute(written[0], {name: scalar.expr})
    if all(_vanishes(one) for one in (straight, given)) and _only(name, scalar.expr, written[0]):
        return Verdict("correct", f"what the equation gives for {name}", STAGE)
    return None


def _only(name: str, given: Expr, written: Expr) -> bool:
    """Whether a linear equation gives nothing else: its slope is nowhere 0, but where the expression has no value.

    ``xy=6`` is ``y=6/x``; ``xy=2x^2`` is ``y=2x`` or ``x=0``, and ``0y=0x`` says nothing.
    """
    ends = [substitute(written, {name: number(index)}) for index in (0, 1)]
    slope = add([ends[1], negate(ends[0])])
    here = {each: number(index + 2) for index, each in enumerate(sorted(symbols(slope)))}
    if not _vanishes(slope) and identical(slope, substitute(slope, here)).outcome == "same":
        return True
    return any(constant_ratio(slope, multiply(list(below)))[0].outcome == "same" for below in _denominators(given))


def _denominators(one: Expr) -> list[tuple[Expr, ...]]:
    """What an expression divides by: each of it, and all together."""
    found = _divisors(one)
    return [*((each,) for each in found), tuple(found)] if found else []


def _divisors(one: Expr) -> list[Expr]:
    return [*(one.args if one.op == "inv" else ()), *(each for part in one.args for each in _divisors(part))]


def _vanishes(one: Expr) -> bool:
    """Whether it is zero everywhere; shifted, for only relative differences count."""
    return identical(add([one, symbol("§")]), symbol("§")).outcome == "same"


def compare_relations(gold: Reading, answer: Reading) -> Verdict | None:
    """Orders such as ``f(2)<f(1)<f(4)``, with equal members in the same or the opposite direction."""
    if gold.label or answer.label or not isinstance(gold.value, Form) or not isinstance(answer.value, Form):
        return None
    one, other = _ordered(gold.value.source), _ordered(answer.value.source)
    if one is None or other is None or len(one[1]) != len(other[1]):
        return None
    for signs, members in (other, ([FLIPPED[sign] for sign in reversed(other[0])], other[1][::-1])):
        pairs = zip(one[1], members, strict=True)
        if signs == one[0] and all(identical(left, right).outcome == "same" for left, right in pairs):
            return Verdict("correct", "the same order", STAGE)
    return None


def _ordered(text: str) -> tuple[list[str], list[Expr]] | None:
    signs = RELATION.findall(text)
    if not 1 <= len(signs) <= 8 or "=" in text:
        return None
    members = [_of_text(part.strip()) for part in RELATION.split(text)]
    known = [member.expr for member in members if member is not None]
    return (signs, known) if len(known) == len(members) else None


def _solved(value: Value, difference: Expr) -> bool:
    """Whether an equation is ``x = …`` or ``x - … = 0``, not one with its variable in a longer expression."""
    found = _ONE_EQUALS.match(value.source) if isinstance(value, Form) else None
    if found is None:
        return False
    name = next(iter(symbols(difference)))
    sides = [read_scalar(Form("", side.strip())) for side in found.groups()]
    exprs = [side.expr for side in sides if side is not None]
    if any(expr == symbol(name) for expr in exprs) and any(not symbols(expr) for expr in exprs):
        return True
    unit = identical(substitute(difference, {name: add([symbol(name), number(1)])}), add([difference, number(1)]))
    return number(0) in exprs and unit.outcome == "same"


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
