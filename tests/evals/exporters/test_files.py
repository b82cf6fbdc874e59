"""What is written for other harnesses: it reads back, says what was exported, and nothing in a suite can break out."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from jeoul.errors import UsageError
from jeoul.evals.exporters.files import inspect_file, lm_eval_files, write_files
from jeoul.evals.suites import find_suite

SUITE = """
version = 3
about = 'Sums \"\"\" and # \\ more'
[source]
path = "p.jsonl"
[reward.correct]
use = "exact_match"
[reward.near]
use = "rouge1"
reference = "answer"
monitor = true
"""


class Loader(yaml.SafeLoader):
    """YAML with lm-eval's ``!function``, left as its name."""


Loader.add_constructor("!function", lambda loader, node: f"!{node.value}")


def task_of(files: dict[str, str]) -> dict[str, Any]:
    (name,) = [name for name in files if name.endswith(".yaml")]
    found: dict[str, Any] = yaml.load(files[name], Loader)
    assert name == f"{found['task']}.yaml"
    return found


def test_an_lm_eval_task_takes_every_sample() -> None:
    task = task_of(lm_eval_files("sample@gdpo"))
    assert task["repeats"] == 16
    assert task["filter_list"] == [{"name": "all", "filter": [{"function": "take_first_k", "k": 16}]}]
    assert task["generation_kwargs"] == {
        "until": [], "max_gen_toks": 32768, "do_sample": True, "temperature": 0.6, "top_p": 0.95
    }  # fmt: skip
    assert [metric["metric"] for metric in task["metric_list"]] == ["correct", "boxed", "scored"]
    assert (task["custom_dataset"], task["process_results"]) == ("!utils.problems", "!utils.results")
    assert "description" not in task
    greedy = task_of(lm_eval_files("sample@drgrpo"))
    assert greedy["generation_kwargs"] == {"until": [], "max_gen_toks": 3000, "do_sample": False}
    assert greedy["description"].startswith("{% raw %}Please reason step by step")


def test_a_raw_prompt_says_that_no_template_belongs_to_it() -> None:
    files = lm_eval_files("sample@drgrpo_r1")
    assert "this raw prompt must not have it" in files["jeoul_sample.yaml"]
    with pytest.raises(UsageError, match="raw prompt"):
        inspect_file("sample@drgrpo_r1")


def test_what_was_exported_is_kept() -> None:
    whole = find_suite("sample").fingerprint
    about = json.loads(lm_eval_files("sample@gdpo", 2)["jeoul.json"])
    assert about == {"suite": "sample@gdpo", "samples": 2, "suite_hash": whole[:16]}
    assert f'suite_hash="{whole[:16]}"' in inspect_file("sample@gdpo", 2)


def test_a_suite_of_a_file_is_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my-sums.toml").write_text(SUITE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    about = json.loads(lm_eval_files("my-sums.toml@gdpo")["jeoul.json"])
    assert about["suite"] == f"{tmp_path.resolve()}/my-sums.toml@gdpo"
    tree = ast.parse(inspect_file("my-sums.toml@gdpo"))
    assert [node.name for node in tree.body if isinstance(node, ast.FunctionDef)] == ["my_sums"]
    assert "Sums ''' and # / more" in str(ast.get_docstring(tree))
    assert task_of(lm_eval_files("my-sums.toml"))["task"] == "jeoul_my_sums"


def test_a_suite_that_cannot_be_scored_is_not_exported(tmp_path: Path) -> None:
    (tmp_path / "later.toml").write_text('pending = "no grader yet"\n[source]\npath = "p.jsonl"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be scored: no grader yet"):
        lm_eval_files(str(tmp_path / "later.toml"))


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    path = tmp_path / "a/b.py"
    write_files({path: "one"}, force=False)
    with pytest.raises(UsageError, match=r"b\.py exists; give --force"):
        write_files({tmp_path / "c.py": "two", path: "two"}, force=False)
    assert not (tmp_path / "c.py").exists()
    write_files({path: "two"}, force=True)
    assert path.read_text() == "two"
