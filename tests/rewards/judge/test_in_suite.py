"""A judge as a column of a suite: evaluation, comparison and grading again meet it like any other reward."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jeoul.errors import DataError
from jeoul.evals.comparison.making import compare_sides
from jeoul.evals.comparison.sides import Side, side_of_evaluation
from jeoul.evals.evaluation import Evaluation, evaluate_outputs
from jeoul.evals.outputs import match_outputs
from jeoul.evals.protocols import find_protocol
from jeoul.evals.suites import parse_suite
from jeoul.evals.suites_rows import load_problems

SUITE = """
[source]
path = "p.jsonl"
[reward.correct]
use = "exact_match"
[reward.judged]
use = "judge"
model = "{model}"
base_url = "{url}"
rubric = "{{prompt}} {{answer}} {{completion}}"
monitor = true
"""


def evaluated(folder: Path, server: Any, texts: list[str], model: str = "tiny") -> Evaluation:
    rows = [{"id": f"q{n}", "problem": f"{n} + {n}?", "answer": str(2 * n)} for n in range(len(texts))]
    (folder / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    problems = load_problems(parse_suite(SUITE.format(model=model, url=server.url), "sums", folder))
    outputs = match_outputs([{"id": f"q{n}", "completion": text} for n, text in enumerate(texts)], problems)
    return evaluate_outputs(outputs, problems, find_protocol("given"), workers=0)


def side(made: Evaluation, label: str) -> Side:
    return side_of_evaluation(made, label, label)


def test_a_judged_column_is_evaluated_and_compared(server: Any, tmp_path: Path) -> None:
    texts = [str(2 * n) for n in range(12)]
    a = evaluated(tmp_path, server, texts)
    b = evaluated(tmp_path, server, [text + " and more" for text in texts])
    assert a.about["grader"]["engines"]["judged"]["model"] == "tiny"
    rows = {row.name: row for row in compare_sides([[side(a, "A"), side(b, "B")]]).sets[0].pairs[0].metrics}
    assert (rows["accuracy"].a, rows["accuracy"].b) == (1, 0)
    assert rows["column:judged"].difference > 0.5
    assert rows["column:judged"].verdict == "better"


def test_columns_of_different_judges_are_not_compared(server: Any, tmp_path: Path) -> None:
    a, b = evaluated(tmp_path, server, ["0", "2"]), evaluated(tmp_path, server, ["0", "2"], model="other")
    with pytest.raises(DataError, match=r"grader\.engines\.judged\.model: 'tiny' in A, 'other' in B"):
        compare_sides([[side(a, "A"), side(b, "B")]])
