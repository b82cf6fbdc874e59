"""Expressions as trees: what is rational is folded exactly, and nothing large is ever materialised."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

__all__ = [
    "BIT_LIMIT",
    "Expr",
    "UnreadableError",
    "add",
    "inverse",
    "multiply",
    "negate",
    "number",
    "ordered",
    "power",
    "symbol",
    "symbols",
]

BIT_LIMIT = 4096  # of the numerator or denominator of a rational that is kept exactly


class UnreadableError(ValueError):
    """A text is not an expression that is understood, or is too long or too deep."""


class Expr(NamedTuple):
    """One node.

    Attributes:
        op: ``num`` (value: Fraction), ``sym`` (value: name), ``const`` (pi, e, i, inf), ``add``, ``mul``, ``inv``,
            ``pow``, ``root`` (of, degree), ``fact``, ``fn`` (value: name), ``log`` (of, base), ``binom``,
            ``sum``/``prod`` (value: the bound name; from, to, term), ``opaque`` (value: canonical text).
        value: what the node is, where its parts do not say.
        args: its parts.
    """

    op: str
    value: Fraction | str = ""
    args: tuple[Expr, ...] = ()


ONE, MINUS = Expr("num", Fraction(1)), Expr("num", Fraction(-1))


def number(value: Fraction | int) -> Expr:
    """A rational constant."""
    return Expr("num", Fraction(value))


def symbol(name: str) -> Expr:
    """A variable."""
    return Expr("sym", name)


def _small(value: Fraction) -> bool:
    return max(value.numerator.bit_length(), value.denominator.bit_length()) <= BIT_LIMIT


def add(terms: list[Expr]) -> Expr:
    """A sum; its rational terms become one.

    >>> add([number(1), symbol("x"), number(2)]).args
    (Expr(op='sym', value='x', args=()), Expr(op='num', value=Fraction(3, 1), args=()))
    """
    total, rest = Fraction(0), []
    for term in terms:
        summed = total + term.value if isinstance(term.value, Fraction) else None
        if summed is not None and _small(summed):
            total = summed
        else:
            rest.append(term)
    if total or not rest:
        rest.append(number(total))
    return rest[0] if len(rest) == 1 else Expr("add", "", tuple(rest))


def multiply(factors: list[Expr]) -> Expr:
    """A product; its rational factors become one. Zero times what may be undefined is kept as it is."""
    total, rest = Fraction(1), []
    for factor in factors:
        product = total * factor.value if isinstance(factor.value, Fraction) else None
        if product is not None and _small(product):
            total = product
        else:
            rest.append(factor)
    if total != 1 or not rest:
        rest.insert(0, number(total))
    return rest[0] if len(rest) == 1 else Expr("mul", "", tuple(rest))


def negate(one: Expr) -> Expr:
    """Its negative."""
    return multiply([MINUS, one])


def inverse(one: Expr) -> Expr:
    """One divided by it; division by zero stays in the tree, for the evaluation to find."""
    if isinstance(one.value, Fraction) and one.value:
        return number(1 / one.value)
    return Expr("inv", "", (one,))


def power(base: Expr, exponent: Expr) -> Expr:
    """``base^exponent``, exactly where both are rational and the result is of bearable size (estimated beforehand).

    >>> power(number(2), number(-3)), power(number(9), power(number(9), number(9))).op
    (Expr(op='num', value=Fraction(1, 8), args=()), 'pow')
    """
    if isinstance(base.value, Fraction) and isinstance(exponent.value, Fraction) and exponent.value.denominator == 1:
        times, bits = (
            exponent.value.numerator,
            max(base.value.numerator.bit_length(), base.value.denominator.bit_length()),
        )
        if bits * abs(times) <= BIT_LIMIT and (base.value or times > 0):
            return number(base.value**times)
    return Expr("pow", "", (base, exponent))


def ordered(one: Expr, bound: tuple[str, ...] = ()) -> Expr:
    """The tree with the parts of sums and products in one order, and names bound by series replaced by their depth."""
    if one.op == "sym" and str(one.value) in bound:
        return symbol(f"§{bound.index(str(one.value))}")
    if one.op in ("sum", "prod"):
        inner = ordered(one.args[2], (str(one.value), *bound))
        return Expr(one.op, "", (ordered(one.args[0], bound), ordered(one.args[1], bound), inner))
    args = tuple(ordered(part, bound) for part in one.args)
    return one._replace(args=tuple(sorted(args, key=repr)) if one.op in ("add", "mul") else args)


def symbols(one: Expr) -> frozenset[str]:
    """Names of its free variables."""
    if one.op == "sym":
        return frozenset((str(one.value),))
    if one.op in ("sum", "prod"):  # its name is bound in the term alone, not in where it starts and ends
        start, end, term = map(symbols, one.args)
        return start | end | (term - {str(one.value)})
    return frozenset[str]().union(*map(symbols, one.args))
