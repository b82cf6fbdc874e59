"""The problems of the saved logs, and rows as the suite meets them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jeoul.evals.importers import format_of, read_rows
from jeoul.evals.outputs import match_outputs
from jeoul.evals.suites import parse_suite
from jeoul.evals.suites_rows import Problems, load_problems

LOGS = Path(__file__).parent / "logs"
ROWS = [
    {"id": "a", "problem": "What is 7 times 8?", "answer": "56"},
    {"id": "b", "problem": "Halve $\\frac{6}{7}$.", "answer": "\\frac{3}{7}"},
    {"id": "c", "problem": "한 변이 3인 정사각형의 넓이는?", "answer": "9"},
]
RIGHT = {"a": "So \\boxed{56}.", "b": "So \\boxed{\\frac{3}{7}}.", "c": "So \\boxed{9}."}
OTHER = {"a": "I think \\boxed{54}", "b": "Let me see" + " and see" * 40, "c": "답은 \\boxed{9}"}
TOLD = {(key, index): texts[key] for index, texts in enumerate((RIGHT, OTHER)) for key in RIGHT}


def problems(folder: Path) -> Problems:
    (folder / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return load_problems(
        parse_suite('[source]\npath = "own.jsonl"\n[reward.correct]\nuse = "math_correct"\n', "own", folder)
    )


def outputs(log: Path, folder: Path, format: str) -> dict[tuple[str, int], Any]:
    """The completions of a log by problem and sample; its format is found by its shape."""
    assert format_of(log) == format
    assert read_rows(log) == read_rows(log, format)
    found = match_outputs(read_rows(log), problems(folder), name=str(log))
    return {(row.problem, row.index): row for row in found.rows}
