"""Whether two expressions are one: by their values at random points, relative to their size, at two precisions."""

from __future__ import annotations

import functools
import random
import zlib
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from jeoul.rewards.math.evaluation import Budget, UndefinedError, contexts, evaluate
from jeoul.rewards.math.expressions import Expr, add, inverse, multiply, negate, number, ordered, symbol, symbols

__all__ = ["Identity", "constant_ratio", "identical", "real_value", "same_at_points"]

STEPS = 12_000
POINTS = 5
INTEGERS = frozenset("nkmNKMljpqrd")
WHOLE = frozenset(("fact", "binom", "sum", "prod"))


class Identity(NamedTuple):
    """``same``, ``different`` or ``unknown``, and how that was found."""

    outcome: Literal["same", "different", "unknown"]
    why: str


def identical(one: Expr, other: Expr) -> Identity:
    r"""Whether they have the same value wherever both have one.

    Rational constants are compared exactly. Everything else is evaluated at rational points, the same for both sides
    (a name has the same value on both), to 40 digits; where these agree to 30, to 200 digits, of which 150 must
    agree. Only relative differences count. At points where one side is not real and the other is (``\ln ab`` and
    ``\ln a+\ln b`` with both negative) nothing is compared.

    >>> from jeoul.rewards.math.parser import parse
    >>> pairs = [(r"(a+1)^2", "a^2+2a+1"), (r"\sqrt{x^2}", "x"), ("9^{9^{9^9}}", "5")]
    >>> [identical(parse(one).expr, parse(other).expr).outcome for one, other in pairs]
    ['same', 'different', 'unknown']
    """
    if one == other:
        return Identity("same", "same tree")
    if one.op == other.op == "num":
        return Identity("different", "exact numbers")
    names = symbols(one) | symbols(other)
    if names and (_stepped(one) or _stepped(other)):
        return _at_steps(one, other, names)
    found = same_at_points(one, other, _points(names))
    several = len(names) > 1
    if found.outcome == "same" and names and (_folded(one, several) or _folded(other, several)):
        far = same_at_points(one, other, _far(names))
        found = far if far.outcome == "different" else found
    if found.outcome == "different" and names and names <= INTEGERS and (_whole(one) or _whole(other)):
        return _at_integers(one, other, names, found)
    if found.outcome == "unknown" and names <= INTEGERS and names:
        found = _at_integers(one, other, names, found)
    if found.outcome == "unknown" and ordered(one) == ordered(other):
        return Identity("same", "same tree but for the order")
    return found


@functools.lru_cache(maxsize=64)
def _points(names: frozenset[str]) -> tuple[dict[str, Fraction], ...]:
    points = []
    for index in range(POINTS if names else 1):
        signs = random.Random(index)
        point = {}
        for name in sorted(names):
            chance = random.Random(zlib.crc32(name.encode()) + index)
            value = Fraction(
                chance.randrange(300, 3000) * (1 if index < POINTS - 1 else 409), 997
            )  # one of them far out
            point[name] = -value if index >= POINTS // 2 and signs.random() < 0.7 else value
        points.append(point)
    return tuple(points)


def _folded(one: Expr, rooted: bool) -> bool:
    r"""Whether there is an absolute value, or (``rooted``) a root, which of a square is one: ``\sqrt{x^2y^2}``."""
    power = one.op == "pow" and getattr(one.args[1].value, "denominator", 1) != 1
    here = (one.op == "fn" and one.value == "abs") or (rooted and (one.op == "root" or power))
    return here or any(_folded(part, rooted) for part in one.args)


def _far(names: frozenset[str]) -> list[dict[str, Fraction]]:
    """Points far out on both sides, where ``|x+1000|-1000`` is no longer x; two names together, and apart."""
    return [
        {
            name: Fraction((-1) ** (place * turn // 2) * sign * 10**size * (7 + place), 6)
            for place, name in enumerate(sorted(names))
        }
        for size in (4, 7, 12)
        for sign in (1, -1)
        for turn in (0, 2, 1)[: len(names)]  # all on one side, by turns, in pairs
    ]


def same_at_points(one: Expr, other: Expr, points: Sequence[dict[str, Fraction]]) -> Identity:
    """The verdict over points: different if they differ at one, same if they agree at half of them or more."""
    rough, fine = contexts()
    budget = Budget(STEPS)
    imaginary = not symbols(one) | symbols(other) or says_i(one) or says_i(other)
    agreed, reason = 0, "no point where both have a value"
    for point in points:
        try:
            left, right = (evaluate(side, rough, point, budget) for side in (one, other))
            branches = not imaginary and not (_real(left, rough) and _real(right, rough))
            if branches and any(value < 0 for value in point.values()):
                continue
            exact = agreed == 0 or not _near(left, right, rough, 30)
            if exact:  # at the first point, and where they differ: cancellation may have eaten the digits
                more = [evaluate(side, fine, point, budget) for side in (one, other)]
                if point and not all(more) and max(map(abs, more)) < fine.mpf(10) ** -150:
                    reason = "too small to tell from zero"
                    continue
                if not _agree(more, (left, right), fine):
                    if branches:  # of a logarithm or a root, which people choose as they need
                        reason = "they differ where they are not real"
                        continue
                    return Identity("different", "they differ at a point" if point else "their values differ")
            agreed += 1
        except UndefinedError as error:
            reason = str(error)
    if agreed * 2 >= len(points):
        return Identity("same", f"equal at {agreed} points" if points[0] else "equal to 150 digits")
    return Identity("unknown", reason)


def says_i(one: Expr) -> bool:
    return (one.op == "const" and one.value == "i") or any(map(says_i, one.args))


def _real(value: Any, context: Any) -> bool:
    return not isinstance(value, context.mpc) or abs(value.imag) <= abs(value.real) * context.mpf(10) ** -30


def _near(left: Any, right: Any, context: Any, digits: int) -> bool:
    return bool(abs(left - right) <= max(abs(left), abs(right)) * context.mpf(10) ** -digits)


def _agree(more: list[Any], less: tuple[Any, Any], context: Any) -> bool:
    """Equal to 150 digits of what is left after cancellation, which two precisions tell."""
    difference = abs(more[0] - more[1])
    lost = sum(abs(fine - rough) for fine, rough in zip(more, less, strict=True))
    return bool(difference <= max(map(abs, more)) * context.mpf(10) ** -150 + lost * context.mpf(10) ** -120)


def _whole(one: Expr) -> bool:
    if one.op in WHOLE or (one.op == "fn" and one.value in ("floor", "ceil", "cos", "sin")):
        return True
    if one.op == "pow" and one.args[0].value in (Fraction(-1), "i"):
        return True
    return any(map(_whole, one.args))


def _at_integers(one: Expr, other: Expr, names: frozenset[str], otherwise: Identity) -> Identity:
    """With factorials, floors or (-1)^n the names are of integers: at every one of 12 such points."""
    points = []
    for index in range(12):
        chance = random.Random(index)
        points.append(
            {name: Fraction(index + 1 if len(names) == 1 else chance.randrange(1, 14)) for name in sorted(names)}
        )
    found = same_at_points(one, other, points)
    return Identity("same", "equal at 12 integers") if found.outcome == "same" else otherwise


def _stepped(one: Expr) -> bool:
    return (one.op == "fn" and one.value in ("floor", "ceil", "sign")) or any(map(_stepped, one.args))


def _at_steps(one: Expr, other: Expr, names: frozenset[str]) -> Identity:
    """Floors and ceilings agree by chance at many points: at 40 of them, integers if the names are of integers.

    For other names a quarter are integers and halves, where steps are, and a third negative, where floors are no longer
    truncation.
    """
    points = []
    for index in range(40):
        chance = random.Random(index)
        spread = 30 if index < 30 else 3000
        over = 1 if names <= INTEGERS else 2 if index % 4 == 1 else 97
        sign = -1 if over > 1 and index % 3 == 1 else 1
        points.append({name: sign * Fraction(chance.randrange(1, spread * over), over) for name in sorted(names)})
    found = same_at_points(one, other, points)
    return found if found.outcome != "same" else Identity("same", f"equal at {len(points)} points, with steps")


def constant_ratio(one: Expr, other: Expr) -> tuple[Identity, bool]:
    """Whether one is the other times a constant that is not zero, and whether that is positive."""
    names = symbols(one) | symbols(other)
    if not names or symbols(one) != symbols(other):
        return Identity("different" if names else "unknown", "not the same variables"), False
    first = _points(names)[0]
    try:
        values = [evaluate(side, contexts()[1], first, Budget(STEPS)) for side in (one, other)]
        if not all(values):
            return Identity("unknown", "zero at a point"), False
        positive = contexts()[1].re(values[0] / values[1]) > 0
    except UndefinedError as error:
        return Identity("unknown", str(error)), False
    here = {name: number(value) for name, value in first.items()}
    ones, others = (substitute(side, here) for side in (one, other))
    found = identical(multiply([one, others]), multiply([other, ones]))
    return found, bool(positive)


def substitute(one: Expr, by: dict[str, Expr]) -> Expr:
    """The expression with other expressions in the place of variables."""
    if one.op == "sym":
        return by.get(str(one.value), one)
    if not one.args:
        return one
    if one.op in (
        "sum",
        "prod",
    ):  # the bound name gets another: it is not the variable, and must not catch what comes in
        bound = str(one.value) + "§"
        start, end = (substitute(part, by) for part in one.args[:2])
        return Expr(one.op, bound, (start, end, substitute(one.args[2], {**by, str(one.value): symbol(bound)})))
    args = tuple(substitute(part, by) for part in one.args)
    if one.op == "add":
        return add(list(args))
    if one.op == "mul":
        return multiply(list(args))
    return inverse(args[0]) if one.op == "inv" else one._replace(args=args)


def is_linear(one: Expr) -> bool:
    """Whether it is of first degree in all its variables together, as far as points can tell."""
    names = sorted(symbols(one))
    middle = {name: multiply([number(Fraction(1, 2)), add([symbol(name), symbol(name + "§")])]) for name in names}
    other = {name: symbol(name + "§") for name in names}
    both = add([one, substitute(one, other), negate(multiply([number(2), substitute(one, middle)]))])
    return identical(add([both, symbol("§")]), symbol("§")).outcome == "same"


def real_value(one: Expr) -> Fraction | None:
    """A real constant to about 40 digits; None for anything else."""
    if isinstance(one.value, Fraction):
        return one.value
    if symbols(one):
        return None
    rough = contexts()[0]
    try:
        value = evaluate(one, rough, {}, Budget(STEPS))
    except UndefinedError:
        return None
    if isinstance(value, rough.mpc):
        if not _real(value, rough):
            return None
        value = value.real
    if value and abs(rough.mag(value)) > 4000:
        return None
    sign, mantissa, exponent, _ = value._mpf_
    return Fraction(-int(mantissa) if sign else int(mantissa)) * Fraction(2) ** int(exponent)
