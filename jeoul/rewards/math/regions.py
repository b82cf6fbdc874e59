r"""Sets of real numbers: intervals, unions, inequalities and set-builder notation, compared as sets."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from jeoul.rewards.math.canonical import Form, Items, Reading, Value, Words, read
from jeoul.rewards.math.expressions import Expr, add, multiply, negate, number, symbols
from jeoul.rewards.math.identity import identical, real_value
from jeoul.rewards.math.scalars import FLIPPED, RELATION, Scalar, read_scalar, residue
from jeoul.rewards.math.verdict import Verdict

__all__ = ["Region", "compare_regions", "read_region"]

INFINITY = Expr("const", "inf")
MINUS_INFINITY = negate(INFINITY)
_BUILDER = re.compile(
    r"(?=\\\{|[A-Za-z]\s*(?:\||:|\\in|\\colon)|\\mathbb)"
    r"(?:\\\{)?\s*(?:([A-Za-z])\s*)?(?:(?:\\in)?\s*\\mathbb ?\{? ?R ?\}?\s*)?"
    r"(?:\||:|\\colon)\s*(.+?)\s*(?:\\\})?",
    re.DOTALL,
)
_ALL = re.compile(r"(?:\\mathbb ?\{? ?R ?\}?|ℝ|\\R)(?: ?\^ ?\{? ?([-+*]) ?\}?)?")
_WITHOUT = re.compile(r"(?:\\mathbb ?\{? ?R ?\}?|ℝ|\\R) ?(?:\\setminus|\\backslash|-) ?\\\{(.*)\\\}")
_OUTSIDE = re.compile(
    r"(?:\\mathbb ?\{? ?R ?\}?|ℝ|\\R) ?(?:\\setminus|\\backslash|-) ?([\[(\]].*[\])\[])"
    r'|"?\s*(?:all|every) real (?:numbers?|values?)(?: of [a-z]| [a-z])?,? (?:except|excluding|other than|but)(?: for)?'
    r'\s*"?\s*(?:[a-z] ?= ?)?(.+?)\s*"?',
    re.DOTALL | re.IGNORECASE,
)
_NESTED = re.compile(r"\\mathbb|[ℝ|:]|\\R|\\colon|real")  # sets within sets would be read again at every level
_LESS = re.compile(r"(\\\{.*\\\}) ?(?:\\setminus|\\backslash|-) ?(\\\{[^{}]*\\\})", re.DOTALL)
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
    """Inequalities side by side: with "or" one or the other, with "and" all together; else together if they overlap."""
    parts = [read_region(element) or (_points(element.value) if element.label else None) for element in value.elements]
    parts = [
        part._replace(variable=element.label) if part and element.label else part
        for part, element in zip(parts, value.elements, strict=True)
    ]
    known = [part for part in parts if part is not None]
    names = {part.variable for part in known if part.variable}
    if len(known) != len(parts) or len(names) > 1 or len(parts) > 8 or not any(part.certain for part in known):
        return None
    joined = _joined(known)
    if joined is None or not joined.constant or all(piece.low == piece.high for piece in joined.pieces):
        return None
    name = next(iter(names), "")
    apart = len(joined.pieces) == sum(len(part.pieces) for part in known)
    if value.joint == "or" or (apart and not (value.joint == "and" and name)):
        return joined._replace(variable=name)
    common = known[0].pieces
    for part in known[1:]:
        common = tuple(both for ours in common for theirs in part.pieces if (both := _common(ours, theirs)))
    return _normal(common, name) if common else None


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


def _of_form(text: str, depth: int = 0) -> Region | None:
    """One set less another (depth 0), of either by what is true of its members (1), said by an inequality (2)."""
    text = text.strip()
    if (reals := _ALL.fullmatch(text)) is not None:
        everything = (Piece(MINUS_INFINITY, False, INFINITY, False),)
        return _normal(_half(number(0), {"+": ">", "-": "<", "*": "\\ne"}[reals[1]]) if reals[1] else everything)
    if (found := _WITHOUT.fullmatch(text)) is not None:
        return _outside(_points(Form("", f"\\{{{found[1]}\\}}")))
    if (found := _OUTSIDE.fullmatch(text)) is not None:
        return _outside(_read(found[1] or found[2]))
    if depth == 0 and (found := _LESS.fullmatch(text)) is not None:
        whole, points = _of_form(found[1].strip(), 1), _points(Form("", found[2]))
        others = _outside(points)
        if whole is None or others is None or not whole.constant:
            return None
        left = tuple(both for ours in whole.pieces for rest in others.pieces if (both := _common(ours, rest)))
        return _normal(left) if left else None
    builder = _BUILDER.fullmatch(text) if depth < 2 else None
    if builder is not None:
        inner = _of_form(builder[2], 2) or _read(builder[2])
        return inner._replace(variable="") if inner and builder[1] in (None, inner.variable) else None
    return _inequality(text)


def _read(text: str) -> Region | None:
    """The set of reals that a part of a text is, where it is several inequalities, an interval or points."""
    if _NESTED.search(text):
        return None
    found = next((read_region(reading) for reading in read(text)[:1]), None)
    if found is not None:
        return found
    cells = [_points(part) for part in _alone(text)]
    return _joined(cells) if cells else None


def _alone(text: str) -> list[Value]:
    values = [reading.value for reading in read(text)[:1]]
    lists = [value for value in values if isinstance(value, Items) and value.kind == "list"]
    return [element.value for element in lists[0].elements] if lists else values


def _inequality(text: str) -> Region | None:
    operators = RELATION.findall(text)
    if not 1 <= len(operators) <= 2 or "=" in text:
        return None
    sides = [read_scalar(Form("", part.strip())) if part.strip() else None for part in RELATION.split(text)]
    known = [side for side in sides if side is not None and (not side.doubts or _named(side.expr))]
    if len(known) != len(sides):
        return None
    if len(operators) == 2:
        return _between(known, operators)
    variable, bound, operator = known[0].expr, known[1].expr, operators[0]
    if not (_named(variable) or _mirrored(variable)) and not (variable.op == "fn" and variable.value == "abs"):
        variable, bound, operator = bound, variable, FLIPPED[operator]
    if variable.op == "fn" and variable.value == "abs" and len(symbols(variable.args[0])) == 1:
        return _absolute(variable.args[0], bound, operator)
    if _mirrored(variable) and not symbols(bound):
        variable, bound, operator = variable.args[1], negate(bound), FLIPPED[operator]
    if not _named(variable) or str(variable.value) in symbols(bound):
        return None
    return _normal(_half(bound, operator), str(variable.value))


def _mirrored(one: Expr) -> bool:
    """Whether it is ``-x``."""
    return one.op == "mul" and len(one.args) == 2 and one.args[0].value == -1 and one.args[1].op == "sym"


def _named(one: Expr) -> bool:
    """A variable, or a function of one that stands for its values."""
    return one.op == "sym" or (one.op == "opaque" and re.fullmatch(r"[A-Za-z]\([A-Za-z]\)", str(one.value)) is not None)


def _half(bound: Expr, operator: str) -> tuple[Piece, ...]:
    closed = operator in ("\\le", "\\ge")
    below = Piece(MINUS_INFINITY, False, bound, closed)
    above = Piece(bound, closed, INFINITY, False)
    return (below, above) if operator == "\\ne" else (below,) if operator in ("<", "\\le") else (above,)


def _between(sides: list[Scalar], operators: list[str]) -> Region | None:
    low, middle, high = (side.expr for side in sides)
    if {*operators} <= {">", "\\ge"}:
        low, high, operators = high, low, [FLIPPED[operator] for operator in reversed(operators)]
    if not {*operators} <= {"<", "\\le"}:
        return None
    if middle.op == "fn" and middle.value == "abs" and middle.args[0].op == "sym" and (real_value(low) or -1) > 0:
        name = str(middle.args[0].value)
        first, second = operators[0] == "\\le", operators[1] == "\\le"
        return _normal((Piece(negate(high), second, negate(low), first), Piece(low, first, high, second)), name)
    if not _named(middle) or str(middle.value) in symbols(low) | symbols(high):
        return None
    return _normal((Piece(low, operators[0] == "\\le", high, operators[1] == "\\le"),), str(middle.value))


def _absolute(inside: Expr, bound: Expr, operator: str) -> Region | None:
    """``|a+bx|`` against a positive constant."""
    name, value = next(iter(symbols(inside))), real_value(bound)
    line = residue(inside, name)
    if value is None or value <= 0 or operator == "\\ne" or line is None or line[2]:
        return None
    ends = [multiply([add([end, number(-line[0])]), number(1 / line[1])]) for end in (negate(bound), bound)]
    low, high = ends if line[1] > 0 else ends[::-1]
    closed = operator in ("\\le", "\\ge")
    outside = (Piece(MINUS_INFINITY, False, low, closed), Piece(high, closed, INFINITY, False))
    return _normal((Piece(low, closed, high, closed),) if operator in ("<", "\\le") else outside, name)


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


def _outside(region: Region | None) -> Region | None:
    """All other reals."""
    if region is None or not region.constant:
        return None
    begin, end = Piece(MINUS_INFINITY, False, MINUS_INFINITY, True), Piece(INFINITY, True, INFINITY, False)
    between = [
        Piece(one.high, not one.high_in, other.low, not other.low_in)
        for one, other in itertools.pairwise((begin, *region.pieces, end))
        if not (one.high == other.low and one.high in (MINUS_INFINITY, INFINITY))
    ]
    return _normal(tuple(between)) if between else None
