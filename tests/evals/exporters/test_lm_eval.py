"""What an exported lm-eval task calls; and the task in lm-eval itself, where that is installed."""

from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path
from typing import Any

import pytest

from jeoul.errors import DataError
from jeoul.evals.exporters.files import lm_eval_files, write_files
from jeoul.evals.exporters.lm_eval import ExportedTask, mean_of_known

SUITE = """
[source]
path = "p.jsonl"
[fields]
hint = "hint"
[reward.correct]
use = "exact_match"
extract = '\\[(.*)\\]'
[reward.near]
use = "rouge1"
reference = "hint"
monitor = true
"""
PROBLEMS = [
    {"id": "a", "problem": "1 + 1? {{braces}}", "answer": "2", "hint": "two"},
    {"id": "b", "problem": "2 + 2?", "answer": ["4", "four"]},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sums.toml").write_text(SUITE, encoding="utf-8")
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in PROBLEMS), encoding="utf-8")
    write_files({tmp_path / "task" / name: text for name, text in
                 lm_eval_files(f"{tmp_path}/sums.toml@greedy").items()}, force=False)  # fmt: skip
    return tmp_path


def test_its_utils_are_what_the_yaml_names(folder: Path) -> None:
    spec = importlib.util.spec_from_file_location("exported_utils", folder / "task/utils.py")
    assert spec is not None
    assert spec.loader is not None
    utils: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(utils)
    docs = utils.problems(version=1)["test"]
    assert docs[0] == {
        "id": "a",
        "prompt": "1 + 1? {{braces}}\n\nPut your final answer within \\boxed{}.",
        "answer": "2",
    }
    assert docs[1]["answer"] == '["4", "four"]'
    assert utils.results(docs[1], ["[four]"])["correct"] == 1
    assert utils.mean([1.0, math.nan]) == 1


def test_all_samples_of_a_problem_count(folder: Path) -> None:
    task = ExportedTask(folder / "task")
    found = task.results({"id": "a"}, [["[2]", "[3]", "two", "[2]"]])  # as take_first_k hands them on
    assert found == {"correct": 0.5, "near": pytest.approx(0.25), "scored": 1}
    none = task.results({"id": "b"}, [["x", "y"]])
    assert math.isnan(none["near"])  # there is no hint: it does not apply, and is no 0


def test_another_suite_is_refused(folder: Path) -> None:
    text = (folder / "sums.toml").read_text().replace("exact_match", "contains").replace("extract", "# ")
    (folder / "sums.toml").write_text(text.replace("[reward.correct]", '[reward.correct]\nphrase = "answer"'))
    with pytest.raises(DataError, match="no longer the suite that was exported"):
        ExportedTask(folder / "task").results({"id": "a"}, ["[2]"])


def test_a_mean_of_nothing_is_none() -> None:
    assert math.isnan(mean_of_known([math.nan]))


@pytest.mark.filterwarnings("default")
def test_in_lm_eval(folder: Path) -> None:
    pytest.importorskip("lm_eval", reason="lm-eval is not installed")
    from lm_eval import simple_evaluate
    from lm_eval.api.model import LM
    from lm_eval.tasks import TaskManager

    class Answers(LM):
        def loglikelihood(self, requests: Any) -> Any:
            raise NotImplementedError

        loglikelihood_rolling = loglikelihood

        def generate_until(self, requests: Any, disable_tqdm: bool = False) -> list[str]:
            return ["[2]" for _ in requests]

    manager = TaskManager(include_path=str(folder / "task"))
    found = simple_evaluate(model=Answers(), tasks=["jeoul_sums"], task_manager=manager, bootstrap_iters=0)
    results = found["results"]["jeoul_sums"]
    assert (results["correct,all"], results["scored,all"]) == (0.5, 1)
