"""Runs of a small suite, evaluated for real."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jeoul.evals.comparison.sides import Side, side_of_run
from jeoul.evals.evaluation import evaluate_outputs
from jeoul.evals.outputs import match_outputs
from jeoul.evals.protocols import Protocol, find_protocol
from jeoul.evals.run_folder import read_run, write_run
from jeoul.evals.suites import parse_suite
from jeoul.evals.suites_rows import load_problems

SUITE = """
version = 1
form = "boxed"
[source]
path = "p.jsonl"
[reward.correct]
use = "math_correct"
undecided = "wrong"
[reward.boxed]
use = "regex"
pattern = 'boxed'
monitor = true
"""


def write_problems(folder: Path, count: int = 12) -> None:
    """Problem qN: what is N + N?"""
    rows = [
        {"id": f"q{n}", "problem": f"{n} + {n}?", "answer": str(2 * n), "subject": "even" if n % 2 == 0 else "odd",
         "level": n % 3}
        for n in range(count)
    ]  # fmt: skip
    (folder / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def answers(right: Mapping[int, Sequence[int | None]], **more: Any) -> list[dict[str, Any]]:
    """Rows of outputs: for each problem its samples, 1 right, 0 wrong, None missing."""
    return [
        {"id": f"q{n}", "sample": index, "completion": f"So \\boxed{{{2 * n if one else 2 * n + 1}}}", **more}
        for n, row in right.items()
        for index, one in enumerate(row)
        if one is not None
    ]


def make_run(
    folder: Path,
    name: str,
    rows: Sequence[Mapping[str, Any]],
    *,
    suite: str = SUITE,
    protocol: str | Protocol = "given",
    suite_name: str = "sums",
) -> Path:
    """A finished run folder."""
    if not (folder / "p.jsonl").exists():
        write_problems(folder)
    problems = load_problems(parse_suite(suite, suite_name, folder))
    chosen = find_protocol(protocol) if isinstance(protocol, str) else protocol
    outputs = match_outputs(rows, problems, asked=chosen.asked)
    made = evaluate_outputs(outputs, problems, chosen, workers=0)
    write_run(folder / name, made.about, outputs.rows, made.table, made.summary.to_dict())
    return folder / name


def side(folder: Path, label: str) -> Side:
    return side_of_run(read_run(folder), label)
