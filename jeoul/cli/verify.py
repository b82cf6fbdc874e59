"""``jeoul verify``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from jeoul.cli.output import note, print_json, print_table
from jeoul.errors import UsageError

__all__ = ["run"]


SHOWN = 300  # characters of a side that are printed; --json has all

Side = Annotated[str | None, Parameter(allow_leading_hyphen=True)]  # -x is an answer


def run(
    gold: Side = None,
    answer: Side = None,
    /,
    *,
    golds: Path | None = None,
    column: str = "answer",
    decimals: Literal["declared", "exact"] = "declared",
    percent: Literal["value", "either"] = "value",
    angles: Literal["convert", "exact"] = "convert",
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    r"""Explain the verdict on a maths answer, or audit the golds of a data set.

    Exit code 0: correct (or no suspicious gold); 1: anything else.

    Parameters
    ----------
    gold
        The accepted answer, bare, in $…$ or boxed.
    answer
        A completion, or an answer alone. Exit code 0 if it is correct, else 1.
    golds
        A file of rows with golds: what kinds they are, and which look wrong. Exit code 1 if any does.
    column
        The column of the golds.
    decimals
        declared: a decimal gold of 3 or more significant digits takes answers that round to it; exact: it does not.
    percent
        value: 25% is 0.25 and not 25; either: it is both.
    angles
        convert: 90° is π/2; exact: it is not.
    json
        Print as JSON.
    """
    from jeoul.rewards.math.explaining import explain
    from jeoul.rewards.math.verdict import Policy

    if (golds is None) == (gold is None) or (gold is not None and answer is None):
        raise UsageError("give GOLD and ANSWER, or --golds FILE")
    if golds is not None:
        told = _audit(golds, column)
        _print_audit(told, json)
        sys.exit(1 if told["suspicious"] else 0)
    told = explain(str(gold), str(answer), Policy(decimals, percent, angles))
    if json:
        print_json({name: _clean(value) for name, value in told.items()})
    else:
        print(f"extracted  {_line(told['extracted'])}  (from {told['how']})")
        for side in ("gold", "answer"):
            print(f"{side:9}  " + "\n           or ".join(map(_line, told[side] or ["blank"])))
        print(f"{told['outcome']:9}  stage {told['stage']}: {_line(told['why'])}")
        if told["how"] == "the whole text" and told["outcome"] != "no_answer":
            note("nothing is boxed, tagged or stated in it: as a completion, math_correct gives it 0")
    sys.exit(0 if told["outcome"] == "correct" else 1)


def _clean(value: Any) -> Any:
    """Without lone surrogates, which no encoding can print."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    return [_clean(item) for item in value] if isinstance(value, list) else value


def _line(text: str) -> str:
    """At most 300 characters on one line, with escapes for what a terminal would obey."""
    cut = text if len(text) <= SHOWN else text[:SHOWN] + "…"
    return "".join(char if char.isprintable() else _escaped(char) for char in cut)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _audit(path: Path, column: str) -> dict[str, Any]:
    from jeoul.reading import read_columns
    from jeoul.rewards.math.explaining import audit

    columns = read_columns(path)
    if column not in columns:
        raise UsageError(f"{path} has no column {column!r}; it has {', '.join(columns)}")
    cells = columns[column]
    golds = [gold for cell in cells for gold in (cell if isinstance(cell, list) else [cell])]
    return audit(["" if gold is None else str(gold) for gold in golds])


def _print_audit(told: dict[str, Any], json: bool) -> None:
    if json:
        print_json(
            told | {"suspicious": [{name: _clean(cell) for name, cell in row.items()} for row in told["suspicious"]]}
        )
        return
    rows = [[name, str(count), f"{count / told['golds']:.1%}"] for name, count in told["kinds"].items()]
    print_table(f"{told['golds']} golds", ["kind", "golds", "share"], rows)
    if told["suspicious"]:
        rows = [[str(row["row"]), _line(row["gold"][:80]), row["why"]] for row in told["suspicious"]]
        print_table("Suspicious", ["row", "gold", "why"], rows, left=3)
    else:
        note("every gold equals itself, and none looks wrong")
