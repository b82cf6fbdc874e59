r"""Sets of real numbers: intervals, unions, inequalities and set-builder notation, compared as sets."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from jeoul.rewards.math.canonical import Form, Items, Reading, Value, Words
from jeoul.rewards.math.expressions import Expr, negate, symbols
from jeoul.rewards.math.identity import identical, real_value
from jeoul.rewards.math.scalars import Scalar, read_scalar
from jeoul.rewards.math.verdict import Verdict

__all__ = ["Region", "compare_regions", "read_region"]

INFINITY = Expr("const", "inf")
MINUS_INFINITY = negate(INFINITY)
_OPERATOR = re.compile(r"<|>|\\le(?![A-Za-z])|\\ge(?![A-Za-z])|\\ne(?![A-Za-z])")
_BUILDER = re.compile(
    r"(?=\\\{|[A-Za-z]\s*(?:\||:|\\in|\\colon)|\\mathbb)"
    r"(?:\\\{)?\s*(?:([A-Za-z])\s*)?(?:(?:\\in)?\s*\\mathbb ?\{? ?R ?\}?\s*)?"
    r"(?:\||:|\\colon)\s*(.+?)\s*(?:\\\})?",
    re.DOTALL,
)
_ALL = re.compile(r"\\mathbb ?\{? ?R ?\}?|ℝ|\\R")
_WITHOUT = re.compile(r"(?:\\mathbb ?\{? ?R ?\}?|ℝ|\\R) ?(?:\\setminus|\\backslash|-) ?\\\{(.*)\\\}")
_FLIPPED = {"<": ">", ">": "<", "\\le": "\\ge", "\\ge": "\\le", "\\ne": "\\ne"}
REALS = frozenset(
    ("all real numbers", "all reals", "real numbers", "all real values", "모든 실수", "실수 전체", "every real number")
)


class Piece(NamedTuple):
    """From ``low`` to ``high``, each with or without itself."""

    low: Expr
    low_in: bool
    high: Expr
    high_in: bool


class Region(NamedTuple):
    """A set of reals.

    Attributes:
        pieces: in order, apart from one another.
        variable: what it is said of, or "".
        certain: whether the text can mean nothing else: ``(1,2)`` may be a point, ``(1,2]`` not.
        constant: whether all bounds are constants.
    """

    pieces: tuple[Piece, ...]
    variable: str = ""
    certain: bool = True
    constant: bool = True


def compare_regions(gold: Reading, answer: Reading) -> Verdict | None:
    """The verdict on two sets of reals; None unless both are such, and one certainly."""
    one, other = read_region(gold), read_region(answer)
    if one is None or other is None or not (one.certain or other.certain):
        return None
    if one.variable and other.variable and one.variable != other.variable:
        return Verdict("undecided", f"a set of {other.variable} against one of {one.variable}", 2)
    if len(one.pieces) != len(other.pieces):
        right = "incorrect" if one.constant and other.constant else "undecided"
        return Verdict("incorrect" if right == "incorrect" else "undecided", "sets of reals with other pieces", 2)
    outcomes = set[str]()
    for ours, theirs in zip(one.pieces, other.pieces, strict=True):
        if (ours.low_in, ours.high_in) != (theirs.low_in, theirs.high_in):
            outcomes.add("different")
        outcomes.add(identical(ours.low, theirs.low).outcome if ours.low != theirs.low else "same")
        outcomes.add(identical(ours.high, theirs.high).outcome if ours.high != theirs.high else "same")
    constant = one.constant and other.constant
    infinite = {INFINITY, MINUS_INFINITY}
    for ours, theirs in zip(one.pieces, other.pieces, strict=True):
        if any(
            (left in infinite) != (right in infinite)
            for left, right in ((ours.low, theirs.low), (ours.high, theirs.high))
        ):
            outcomes.add("different")
    if outcomes <= {"same"}:
        return Verdict("correct", "the same set of reals", 2)
    if "different" in outcomes and (constant or len(one.pieces) == 1):
        return Verdict("incorrect", "other bounds", 2)
    return Verdict("undecided", "sets of reals whose bounds are not decided", 2)


def read_region(reading: Reading) -> Region | None:
    """The set of reals a reading is; None if it is nothing of the kind."""
    found = _region(reading.value)
    if found is None or not reading.label:
        return found
    return found._replace(variable=reading.label, certain=True)


def _region(value: Value) -> Region | None:
    if isinstance(value, Words):
        return Region((Piece(MINUS_INFINITY, False, INFINITY, False),)) if value.text in REALS else None
    if isinstance(value, Form):
        return _of_form(value.source)
    if not isinstance(value, Items):
        return None
    if value.kind == "tuple" and len(value.elements) == 2:
        return _interval(value)
    if value.kind == "union":
        parts = [_region(element.value) or _points(element.value) for element in value.elements]
        return _joined(parts) if parts else None
    if value.kind in ("list", "tuple") and value.brackets == "":
        return _of_list(value)
    return None


def _of_list(value: Items) -> Region | None:
    """Inequalities side by side: all of them together if they overlap, else one or the other."""
    parts = [read_region(element) or (_points(element.value) if element.label else None) for element in value.elements]
    parts = [
        part._replace(variable=element.label) if part and element.label else part
        for part, element in zip(parts, value.elements, strict=True)
    ]
    known = [part for part in parts if part is not None and part.certain]
    if len(known) != len(parts) or len({part.variable for part in known}) > 1 or len(parts) > 8:
        return None
    joined = _joined(known)
    if joined is None or not joined.constant or all(piece.low == piece.high for piece in joined.pieces):
        return None
    if len(joined.pieces) == sum(len(part.pieces) for part in known):
        return joined._replace(variable=known[0].variable)
    common = known[0].pieces
    for part in known[1:]:
        common = tuple(both for ours in common for theirs in part.pieces if (both := _common(ours, theirs)))
    return _normal(common, known[0].variable) if common else None


def _interval(value: Items) -> Region | None:
    ends = [_end(element) for element in value.elements]
    if ends[0] is None or ends[1] is None:
        return None
    low, high = ends[0], ends[1]
    infinite = low in (INFINITY, MINUS_INFINITY) or high in (INFINITY, MINUS_INFINITY)
    found = _normal((Piece(low, value.brackets[0] == "[", high, value.brackets[1] == "]"),))
    certain = infinite or value.brackets in ("(]", "[)")
    return found._replace(certain=certain) if found else None


def _end(reading: Reading) -> Expr | None:
    scalar = None if reading.label else read_scalar(reading.value)
    return scalar.expr if scalar and not scalar.doubts and not scalar.unit else None


def _points(value: Value) -> Region | None:
    """A set of numbers as pieces of no length."""
    elements: Iterable[Value] = (value,)
    if isinstance(value, Items) and value.kind == "set":
        elements = [element.value for element in value.elements]
    elif isinstance(value, Form) and (inside := re.fullmatch(r"\\\{([^,{}]+)\\\}", value.source)):
        elements = [Form("", inside[1])]
    scalars = [read_scalar(element) for element in elements]
    exprs = [scalar.expr for scalar in scalars if scalar and not scalar.doubts]
    if len(exprs) != len(scalars):
        return None
    return _normal(tuple(Piece(expr, True, expr, True) for expr in exprs))


def _of_form(text: str) -> Region | None:
    text = text.strip()
    if _ALL.fullmatch(text):
        return Region((Piece(MINUS_INFINITY, False, INFINITY, False),))
    if (found := _WITHOUT.fullmatch(text)) is not None:
        points = _points(Form("", f"\\{{{found[1]}\\}}"))
        return _complement(points.pieces) if points and points.constant else None
    builder = _BUILDER.fullmatch(text)
    if builder is not None:
        inner = _of_form(builder[2])
        return inner._replace(variable="") if inner and builder[1] in (None, inner.variable) else None
    return _inequality(text)


def _inequality(text: str) -> Region | None:
    operators = _OPERATOR.findall(text)
    if not 1 <= len(operators) <= 2 or "=" in text:
        return None
    sides = [read_scalar(Form("", part.strip())) if part.strip() else None for part in _OPERATOR.split(text)]
    known = [side for side in sides if side is not None and not side.doubts]
    if len(known) != len(sides):
        return None
    if len(operators) == 2:
        return _between(known, operators)
    variable, bound, operator = known[0].expr, known[1].expr, operators[0]
    if variable.op != "sym" and not (variable.op == "fn" and variable.value == "abs"):
        variable, bound, operator = bound, variable, _FLIPPED[operator]
    if variable.op == "fn" and variable.value == "abs" and variable.args[0].op == "sym":
        return _absolute(variable.args[0], bound, operator)
    if variable.op != "sym" or str(variable.value) in symbols(bound):
        return None
    return _normal(_half(bound, operator), str(variable.value))


def _half(bound: Expr, operator: str) -> tuple[Piece, ...]:
    closed = operator in ("\\le", "\\ge")
    below = Piece(MINUS_INFINITY, False, bound, closed)
    above = Piece(bound, closed, INFINITY, False)
    return (below, above) if operator == "\\ne" else (below,) if operator in ("<", "\\le") else (above,)


def _between(sides: list[Scalar], operators: list[str]) -> Region | None:
    low, middle, high = (side.expr for side in sides)
    if {*operators} <= {">", "\\ge"}:
        low, high, operators = high, low, [_FLIPPED[operator] for operator in reversed(operators)]
    if not {*operators} <= {"<", "\\le"} or middle.op != "sym" or str(middle.value) in symbols(low) | symbols(high):
        return None
    return _normal((Piece(low, operators[0] == "\\le", high, operators[1] == "\\le"),), str(middle.value))


def _absolute(variable: Expr, bound: Expr, operator: str) -> Region | None:
    value = real_value(bound)
    if value is None or value <= 0 or operator == "\\ne":
        return None
    closed = operator in ("\\le", "\\ge")
    inside = Piece(negate(bound), closed, bound, closed)
    outside = (Piece(MINUS_INFINITY, False, negate(bound), closed), Piece(bound, closed, INFINITY, False))
    return _normal((inside,) if operator in ("<", "\\le") else outside, str(variable.value))


# -- arithmetic of sets


def _at(bound: Expr) -> Fraction | float | None:
    if bound in (INFINITY, MINUS_INFINITY):
        return float("inf") if bound == INFINITY else float("-inf")
    return real_value(bound)


def _normal(pieces: tuple[Piece, ...], variable: str = "") -> Region | None:
    """In order, with what touches joined; None where a piece is empty. Symbolic bounds are left as they stand."""
    placed = [(_at(piece.low), _at(piece.high), piece) for piece in pieces]
    if any(low is None or high is None for low, high, _ in placed):
        return Region(pieces, variable, True, False)
    known = sorted(
        ((low, high, piece) for low, high, piece in placed if low is not None and high is not None), key=_order
    )
    out: list[Piece] = []
    for low, high, piece in known:
        if low > high or (low == high and not (piece.low_in and piece.high_in)):
            return None
        end = _at(out[-1].high) if out else None
        if end is not None and (low < end or (low == end and (piece.low_in or out[-1].high_in))):
            last = out[-1]
            if high > end or (high == end and piece.high_in):
                out[-1] = last._replace(high=piece.high, high_in=piece.high_in)
        else:
            out.append(piece)
    return Region(tuple(out), variable)


def _order(item: tuple[Fraction | float, Fraction | float, Piece]) -> tuple[Fraction | float, bool]:
    return item[0], not item[2].low_in


def _joined(parts: Iterable[Region | None]) -> Region | None:
    pieces: list[Piece] = []
    for part in parts:
        if part is None:
            return None
        pieces += part.pieces
    return _normal(tuple(pieces))


def _common(one: Piece, other: Piece) -> Piece | None:
    """What two pieces with constant bounds share."""
    lows = sorted((one, other), key=lambda piece: (_at(piece.low) or 0, not piece.low_in))
    highs = sorted((one, other), key=lambda piece: (_at(piece.high) or 0, piece.high_in))
    both = Piece(lows[1].low, lows[1].low_in, highs[0].high, highs[0].high_in)
    return both if _normal((both,)) else None


def _complement(points: tuple[Piece, ...]) -> Region | None:
    edges = [MINUS_INFINITY, *(point.low for point in points), INFINITY]
    return _normal(tuple(Piece(low, False, high, False) for low, high in itertools.pairwise(edges)))
