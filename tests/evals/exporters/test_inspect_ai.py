"""An exported task and scorers in inspect_ai itself, with a model that answers by rule; where that is installed."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("inspect_ai", reason="inspect_ai is not installed")
pytestmark = pytest.mark.filterwarnings("default")

from inspect_ai import Task  # noqa: E402
from inspect_ai import eval as inspect_eval  # noqa: E402
from inspect_ai.dataset import Sample  # noqa: E402
from inspect_ai.model import ModelOutput, ModelUsage, get_model  # noqa: E402

from jeoul import exact_match  # noqa: E402
from jeoul.evals.exporters.files import inspect_file  # noqa: E402
from jeoul.evals.exporters.inspect_ai import as_inspect_scorer, suite_task  # noqa: E402

SUITE = """
[source]
path = "p.jsonl"
[fields]
hint = "hint"
[reward.correct]
use = "exact_match"
[reward.near]
use = "rouge1"
reference = "hint"
monitor = true
"""
PROBLEMS = [
    {"id": "a", "problem": "1 + 1?", "answer": "2", "hint": "2"},
    {"id": "b", "problem": "2 + 2?", "answer": ["4", "four"]},
    {"id": "c", "problem": "3 + 3?", "answer": "6", "hint": "7"},
]


@pytest.fixture(autouse=True)
def swept() -> Iterator[None]:
    """What inspect_ai leaves unclosed is said here, and not in another test."""
    yield
    gc.collect()


@pytest.fixture
def suite(tmp_path: Path) -> str:
    (tmp_path / "sums.toml").write_text(SUITE, encoding="utf-8")
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in PROBLEMS), encoding="utf-8")
    return str(tmp_path / "sums.toml")


def answering(replies: dict[str, str]) -> Any:
    def reply(messages: Any, *_: Any) -> ModelOutput:
        said = next(text for start, text in replies.items() if messages[-1].text.startswith(start))
        output = ModelOutput.from_content("mockllm/model", said)
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)  # or it loads a tokenizer
        return output

    return get_model("mockllm/model", custom_outputs=reply)


def run(task: Task, folder: Path, **replies: str) -> Any:
    asked = {f"{key[1]} + ": text for key, text in replies.items()}
    (log,) = inspect_eval(task, model=answering(asked), display="none", log_dir=str(folder / "logs"))
    assert log.status == "success", log.error
    return log


def test_a_suite_has_its_prompts_sampling_repeats_and_grades(suite: str, tmp_path: Path) -> None:
    log = run(suite_task(f"{suite}@gdpo", samples=2), tmp_path, n1="2", n2="four", n3="7")
    assert log.eval.config.epochs == 2
    assert (log.plan.config.temperature, log.plan.config.top_p, log.plan.config.max_tokens) == (0.6, 0.95, 32768)
    assert "put your final answer within" in log.samples[0].input[-1].text
    means = {score.name: score.metrics["mean"].value for score in log.results.scores}
    assert means["correct"] == pytest.approx(2 / 3)
    assert means["near"] == pytest.approx(1)  # over a and c; b has no hint, and is no 0
    told = log.samples[0].scores["suite_scorer"]
    assert told.metadata["correct"]["status"] == "ok"


def test_the_exported_file_is_run_by_inspect(suite: str, tmp_path: Path) -> None:
    (tmp_path / "task.py").write_text(inspect_file(f"{suite}@greedy"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "inspect_ai", "list", "tasks", "task.py", "--json"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert '"name": "sums"' in done.stdout, done.stderr
    (tmp_path / "sums.toml").write_text(SUITE.replace("exact_match", "math_correct"), encoding="utf-8")
    names: dict[str, Any] = {}
    exec((tmp_path / "task.py").read_text(encoding="utf-8"), names)
    with pytest.raises(Exception, match="no longer the suite that was exported"):
        names["sums"]()


def test_any_reward_is_a_scorer(tmp_path: Path) -> None:
    data = [Sample(id="a", input="1 + 1?", target="2"), Sample(id="b", input="2 + 2?", target=["4", "four"])]
    task = Task(dataset=data, scorer=as_inspect_scorer(exact_match(ignore_case=True)))
    log = run(task, tmp_path, n1="3", n2="FOUR")
    assert {score.name: score.metrics["mean"].value for score in log.results.scores} == {"exact_match": 0.5}
    named = Task(dataset=[Sample(input="1 + 1?", target="2", metadata={"gold": "3"})],
                 scorer=as_inspect_scorer(exact_match(answer="gold")))  # fmt: skip
    assert run(named, tmp_path, n1="3").results.scores[0].metrics["mean"].value == 1


def test_a_failed_grade_is_unscored_and_no_zero(tmp_path: Path) -> None:
    def fails(completions: Any) -> Any:
        raise ValueError("never")

    task = Task(dataset=[Sample(input="1 + 1?", target="2")], scorer=as_inspect_scorer(fails))
    log = run(task, tmp_path, n1="2")
    (score,) = log.samples[0].scores.values()
    assert score.value != score.value
    assert "never" in score.explanation
