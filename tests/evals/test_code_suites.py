"""The code suites, over problems of our own in the shape of their rows."""

from __future__ import annotations

import base64
import json
import pickle
import zlib
from pathlib import Path
from typing import Any

import pytest

from jeoul.evals.evaluation import evaluate_outputs
from jeoul.evals.outputs import match_outputs
from jeoul.evals.protocols import find_protocol
from jeoul.evals.suites import parse_suite, shipped_suites
from jeoul.evals.suites_rows import load_problems
from jeoul.evals.summary import Summary
from jeoul.rewards.code.sandbox import Sandbox

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module", autouse=True)
def _held() -> None:
    if not Sandbox(slots=1).report().holds:
        pytest.skip("programs are not held here")


def evaluated(name: str, rows: Rows, outputs: Rows, folder: Path) -> Summary:
    """A shipped suite over fewer rows than the real one has."""
    text = "\n".join(line for line in shipped_suites()[name].splitlines() if not line.startswith("rows ="))
    data = folder / "rows.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    problems = load_problems(parse_suite(text, name), data)
    return evaluate_outputs(match_outputs(outputs, problems), problems, find_protocol("given")).summary


def figures(summary: Summary) -> dict[str, float]:
    return {name: round(figure.estimate, 4) for name, figure in summary.figures.items()}


HUMANEVAL = [
    {
        "task_id": f"Own/{name}", "entry_point": name, "canonical_solution": "",
        "prompt": f"from typing import List\n\n\ndef {name}(xs: List[int]) -> int:\n    \"\"\"{name} of xs.\"\"\"\n",
        "test": f"def check(candidate):\n    assert candidate([1, 2]) == {value}\n    assert candidate([5]) == 5\n",
    }
    for name, value in (("total", 3), ("greatest", 2))
]  # fmt: skip


def test_humaneval_with_its_bug_ratio(tmp_path: Path) -> None:
    outputs = [
        {
            "task_id": "Own/total",
            "completion": ["    return sum(xs)\n", "```python\ndef total(xs):\n    return 0\n```"],
        },
        {"task_id": "Own/greatest", "completion": ["    return max(xs)\n\nprint(1)", "    return xs[9]\n"]},
    ]
    summary = evaluated("humaneval", HUMANEVAL, outputs, tmp_path)
    told = figures(summary)
    assert list(told)[:2] == ["avg@2", "bug"]  # the two that code is reported by
    assert (told["avg@2"], told["bug"], told["pass@2"], told["extracted"]) == (0.5, 0.25, 1, 1)
    assert (summary.grader["pass"], summary.grader["wrong"], summary.grader["runtime_error"]) == (2, 1, 1)


def test_mbpp(tmp_path: Path) -> None:
    rows = [{"task_id": 1, "text": "Double.", "test_list": ["assert double(2) == k * 2"], "test_setup_code": "k = 2"}]
    outputs = [{"task_id": 1, "completion": ["```python\ndef double(x):\n    return 2 * x\n```", "I cannot."]}]
    told = figures(evaluated("mbpp", rows, outputs, tmp_path))
    assert (told["avg@2"], told["bug"]) == (0.5, 0.5)


def test_livecodebench(tmp_path: Path) -> None:
    private = json.dumps([{"input": "[1, 2]", "output": "3", "testtype": "functional"}])
    rows = [
        {
            "question_id": "a", "question_content": "Add.", "starter_code": "", "difficulty": "easy", "contest_date": "2024-01-01",
            "public_test_cases": '[{"input": "1 2", "output": "3.0", "testtype": "stdin"}]', "private_test_cases": "[]",
        },
        {
            "question_id": "b", "question_content": "Sum.", "difficulty": "hard", "contest_date": "2024-01-02",
            "starter_code": "class Solution:\n    def total(self, xs: List[int]) -> int:\n        ", "public_test_cases": "[]",
            "private_test_cases": base64.b64encode(zlib.compress(pickle.dumps(private))).decode(),
        },
    ]  # fmt: skip
    outputs = [
        {"question_id": "a", "completion": "```python\nprint(sum(map(int, input().split())))\n```"},
        {"question_id": "b", "completion": "```python\nclass Solution:\n    def total(self, xs: List[int]) -> int:\n        return sum(xs)\n```"},
    ]  # fmt: skip
    summary = evaluated("livecodebench", rows, outputs, tmp_path)
    assert figures(summary)["accuracy"] == 1
    assert figures(summary)["bug"] == 0
    assert set(summary.breakdowns["level"]) == {"easy", "hard"}


def test_a_suite_without_programs_has_no_bug_ratio() -> None:
    assert parse_suite(shipped_suites()["gsm8k"], "gsm8k").bug == ""
    with pytest.raises(ValueError, match="bug: there is no column 'bgu'"):
        parse_suite(shipped_suites()["humaneval"].replace('bug = "bug_free"', 'bug = "bgu"'), "humaneval")
