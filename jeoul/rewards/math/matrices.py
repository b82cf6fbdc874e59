r"""Environments that stand for something else: ``cases`` for a list, brackets around a matrix, sums of matrices."""

from __future__ import annotations

import itertools
import re

from jeoul.rewards.math.tidying import ROW

__all__ = ["MATRIX", "unrolled"]

CELL_LIMIT = 36
MATRIX = r"\\begin ?\{([pbB]?(?:small)?matrix)\}(.*?)\\end ?\{\1\}"
_ROWS = re.compile(r"\\begin ?\{(cases|aligned|array|gathered)\} ?(?:\{[lcr| ]*\})?(.*)\\end ?\{\1\}")
_WRAPPED = re.compile(r"[(\[]\s*(\\begin ?\{([pbB]?(?:small)?matrix)\}.*\\end ?\{\2\})\s*[)\]]")
_EACH = re.compile(MATRIX)
Cells = list[list[str]]


def unrolled(text: str) -> str:
    """A tidied text without environments that say no more than a list or one matrix does."""
    if "\\begin" not in text:
        return text
    rows = _ROWS.fullmatch(text.removeprefix("\\{").strip())
    if rows is not None and "\\begin" not in rows[2]:
        cells = [row.replace("&", "").strip(" ,;.") for row in rows[2].split(ROW)]
        return ", ".join(cell for cell in cells if cell)
    if text.count("\\begin") > 1:
        return _computed(text) or text
    wrapped = _WRAPPED.fullmatch(text)
    return wrapped[1] if wrapped is not None else text


def _computed(text: str) -> str | None:
    """A sum, difference or product of matrices as one, its cells as expressions; None if it is none of these."""
    found = list(_EACH.finditer(text))
    signs = {text[one.end() : two.start()].strip() for one, two in itertools.pairwise(found)}
    if len(found) > 4 or len(signs) != 1 or text[: found[0].start()].strip() or text[found[-1].end() :].strip():
        return None
    sign = signs.pop()
    total, *rest = [_cells(one[2]) for one in found]
    for other in rest:
        result = _product(total, other) if sign in ("", "*") else _sum(total, other, sign) if sign in "+-" else None
        if (
            result is None
            or sum(map(len, result)) > CELL_LIMIT
            or max((len(cell) for row in result for cell in row), default=0) > 400
        ):
            return None
        total = result
    return r"\begin{pmatrix}" + ROW.join("&".join(row) for row in total) + r"\end{pmatrix}"


def _cells(text: str) -> Cells:
    return [[cell.strip() for cell in row.split("&")] for row in text.split(ROW) if row.strip()]


def _sum(one: Cells, other: Cells, sign: str) -> Cells | None:
    if [len(row) for row in one] != [len(row) for row in other]:
        return None
    return [[f"({a}){sign}({b})" for a, b in zip(row, line, strict=True)] for row, line in zip(one, other, strict=True)]


def _product(one: Cells, other: Cells) -> Cells | None:
    if not one or not other or {len(row) for row in one} != {len(other)} or len({len(row) for row in other}) != 1:
        return None
    columns = range(len(other[0]))
    return [
        ["+".join(f"({a})({line[at]})" for a, line in zip(row, other, strict=True)) for at in columns] for row in one
    ]
