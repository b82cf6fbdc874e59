"""``jeoul verify``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from jeoul.cli.output import note, print_json, print_table
from jeoul.errors import UsageError

__all__ = ["run"]


def run(
    gold: str | None = None,
    answer: str | None = None,
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
        The accepted answer.
    answer
        A completion, or an answer alone.
    golds
        A file of rows with golds: what kinds they are, and which look wrong.
    column
        The column of the golds.
    decimals
        Whether a decimal gold takes answers that round to it.
    percent
        Whether 25 may stand for 25%.
    angles
        Whether 90° is π/2.
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
        print_json(told)
    else:
        print(f"extracted  {told['extracted']}  (from {told['how']})")
        for side in ("gold", "answer"):
            print(f"{side:9}  " + "\n           or ".join(told[side] or ["blank"]))
        print(f"{told['outcome']:9}  stage {told['stage']}: {told['why']}")
    sys.exit(0 if told["outcome"] == "correct" else 1)


def _audit(path: Path, column: str) -> dict[str, Any]:
    from jeoul.reading import read_columns
    from jeoul.rewards.math.explaining import audit

    columns = read_columns(path)
    if column not in columns:
        raise UsageError(f"{path} has no column {column!r}; it has {', '.join(columns)}")
    cells = columns[column]
    return audit([str(gold) for cell in cells for gold in (cell if isinstance(cell, list) else [cell])])


def _print_audit(told: dict[str, Any], json: bool) -> None:
    if json:
        print_json(told)
        return
    rows = [[name, str(count), f"{count / told['golds']:.1%}"] for name, count in told["kinds"].items()]
    print_table(f"{told['golds']} golds", ["kind", "golds", "share"], rows)
    if told["suspicious"]:
        rows = [[str(row["row"]), row["gold"][:80], row["why"]] for row in told["suspicious"]]
        print_table("Suspicious", ["row", "gold", "why"], rows, left=3)
    else:
        note("every gold equals itself, and none looks wrong")
