r"""Vectors by their unit vectors, ``3\mathbf{i}-2\mathbf{j}``, against vectors by their components."""

from __future__ import annotations

import re

from jeoul.rewards.math.canonical import Form, Items, Value
from jeoul.rewards.math.expressions import Expr, add, multiply, number, symbol, symbols
from jeoul.rewards.math.identity import identical, substitute
from jeoul.rewards.math.scalars import read_scalar
from jeoul.rewards.math.verdict import Verdict

__all__ = ["compare_vectors"]

_HAT = re.compile(r'\\(?:hat|vec|widehat|overline|bar) ?\{? ?(?:\\([ij])math(?![A-Za-z])|"? ?([ijk]) ?"?) ?\}?')
_QUOTED = re.compile(r'"\s*([ijk])\s*"')
UNITS = ("i", "j", "k")


def compare_vectors(gold: Value, answer: Value) -> Verdict | None:
    """The verdict where one side is a sum of multiples of i, j and k and the other too, or a tuple; else None."""
    if not any(isinstance(side, Form) and "j" in side.source for side in (gold, answer)):
        return None
    one, other = _components(gold), _components(answer)
    if one is None or other is None:
        return None
    size = max(len(one), len(other))
    padded = [side + [number(0)] * (size - len(side)) if len(side) == 2 else side for side in (one, other)]
    if len(padded[0]) != len(padded[1]):
        return None
    found = {identical(*pair).outcome for pair in zip(*padded, strict=True)}
    if found == {"same"}:
        return Verdict("correct", "the same vector", 2)
    return Verdict("incorrect" if "different" in found else "undecided", "vectors by their components", 2)


def _components(value: Value) -> list[Expr] | None:
    if isinstance(value, Form):
        return _of_sum(value.source)
    if not isinstance(value, Items) or not 2 <= len(value.elements) <= 3:
        return None
    if not (value.brackets == "()" or value.kind in ("matrix 1/1", "matrix 1/1/1", "matrix 2", "matrix 3")):
        return None
    scalars = [read_scalar(element.value) for element in value.elements]
    known = [scalar.expr for scalar in scalars if scalar is not None and not scalar.doubts]
    return known if len(known) == len(scalars) else None


def _of_sum(text: str) -> list[Expr] | None:
    """Multiples of i and j, and of k where there is any: homogeneous, of first degree."""
    text = _QUOTED.sub(r" \1 ", _HAT.sub(lambda found: f" {found[1] or found[2]} ", text))
    if "i" not in text or "j" not in text:
        return None
    scalar = read_scalar(Form("", text))
    if scalar is None or scalar.doubts or scalar.unit:
        return None
    expr = _with_symbols(scalar.expr)
    names = symbols(expr) & {*UNITS}
    if not {"i", "j"} <= names:
        return None
    size = 3 if "k" in names else 2
    parts = [substitute(expr, {name: number(name == unit) for name in UNITS[:size]}) for unit in UNITS[:size]]
    total = add([multiply([part, symbol(unit)]) for part, unit in zip(parts, UNITS, strict=False)])
    return parts if identical(expr, total).outcome == "same" else None


def _with_symbols(one: Expr) -> Expr:
    """The expression with i as a name instead of the imaginary unit."""
    if one.op == "const" and one.value == "i":
        return symbol("i")
    return one._replace(args=tuple(map(_with_symbols, one.args))) if one.args else one
