"""Saved completions find their problems, and what finds none is an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jeoul.errors import DataError, UsageError
from jeoul.evals.outputs import all_alike, match_outputs, read_outputs
from jeoul.evals.suites import find_suite, parse_suite
from jeoul.evals.suites_rows import Problems, load_problems

SUITE = '[source]\npath = "p.jsonl"\n[reward.correct]\nuse = "math_correct"\n'
TEXTS = {"a": "What is 1+1?", "b": "What is 1+1? Think of binary, too.", "c": "Compute {x}\n twice."}


@pytest.fixture
def problems(tmp_path: Path) -> Problems:
    rows = [{"id": key, "problem": text, "answer": "2"} for key, text in TEXTS.items()]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return load_problems(parse_suite(SUITE, "own", tmp_path))


def keys(rows: list[dict[str, Any]], problems: Problems, **how: Any) -> list[tuple[str, int, str]]:
    return [(row.problem, row.index, row.completion) for row in match_outputs(rows, problems, **how).rows]


def test_by_id_in_the_order_of_the_problems(problems: Problems) -> None:
    rows = [{"id": "b", "completion": "1"}, {"id": "a", "completion": "2"}, {"id": "b", "completion": "3"}]
    assert keys(rows, problems) == [("a", 0, "2"), ("b", 0, "1"), ("b", 1, "3")]


@pytest.mark.parametrize(
    "row",
    [
        {"problem": "Compute {x} twice.\n"},
        {"question": "Compute {x}\t twice."},
        {"prompt": "Question: Compute {x}\n twice. Answer in a box."},
        {"prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Compute {x}\n twice."}]},
        {"id": 17, "prompt": TEXTS["c"]},
        {"problem": "c"},  # what generation writes: the id
        {"unique_id": "c", "prompt": "something else"},
    ],
)
@pytest.mark.parametrize("column", ["completion", "response", "output"])
def test_by_text_where_there_is_no_known_id(row: dict[str, Any], column: str, problems: Problems) -> None:
    assert keys([row | {column: "4"}], problems) == [("c", 0, "4")]


def test_a_problem_inside_another_is_not_taken_for_it(problems: Problems) -> None:
    assert keys([{"prompt": f"Q: {TEXTS['b']} A:", "completion": "2"}], problems) == [("b", 0, "2")]
    assert keys([{"prompt": f"Q: {TEXTS['a']} A:", "completion": "2"}], problems) == [("a", 0, "2")]


def test_lists_of_completions_and_null_ones(problems: Problems) -> None:
    rows = [{"id": "a", "completions": ["1", None, "2"], "finish_reason": ["stop", "stop", "length"], "completion_tokens": [1, 0, 9]},
            {"id": "a", "completions": ["3"]}, {"id": "b", "completions": [None]}]  # fmt: skip
    found = match_outputs(rows, problems)
    assert [(row.index, row.completion, row.finish_reason, row.completion_tokens) for row in found.rows] == [
        (0, "1", "stop", 1), (2, "2", "length", 9), (3, "3", None, None)]  # fmt: skip
    assert (found.null, found.asked) == (2, 3)


def test_chats_are_read_as_text(problems: Problems) -> None:
    chat = [{"role": "assistant", "content": r"\boxed{2}"}]
    assert keys([{"id": "a", "completion": chat}], problems) == [("a", 0, r"\boxed{2}")]


@pytest.mark.parametrize(
    ("rows", "how", "error", "message"),
    [
        ([{"id": "z", "completion": "1"}] * 2 + [{"id": "a", "completion": "1"}], {}, DataError,
         r"2 of 3 rows of the outputs match no problem of own, neither by id nor by text: row 0: id='z'; row 1"),
        ([{"id": "a", "sample": 3, "completion": "1"}] * 2, {}, DataError, "row 1: sample 3 of problem 'a' is there twice"),
        ([{"id": "a", "text": "1"}], {}, DataError, "has no column 'completion'.*name it with --completion; its columns: id, text"),
        ([{"id": "a", "completion": "1"}] * 3, {"asked": 2}, UsageError, "3 samples of problem 'a'.*asks for 2.*--samples 3"),
        ([{"id": "a", "problem": TEXTS["b"], "completion": "1"}], {}, DataError, "its id is 'a', but its problem is that of 'b'"),
        ([{"id": "a", "completion": 4}], {}, DataError, "row 0: 'completion' is"),
        ([{"id": "a", "completion": None}], {}, DataError, r"no completion \(1 rows are null\)"),
        ([{"id": "a", "completion": "1"}], {"id": "key"}, DataError, "has no column 'key'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_an_error(
    rows: list[dict[str, Any]], how: dict[str, Any], error: type[Exception], message: str, problems: Problems
) -> None:
    with pytest.raises(error, match=message):
        match_outputs(rows, problems, **how)


def test_files_and_folders_of_runs(tmp_path: Path) -> None:
    rows = [{"id": "a", "completion": "\ud800 \x00 {{{"}, {"id": "b", "completion": "x" * 100_000}]
    (tmp_path / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert read_outputs(tmp_path) == read_outputs(tmp_path / "samples.jsonl")
    assert [row["id"] for row in read_outputs(tmp_path)] == ["a", "b"]


def test_many_rows_and_many_problems_stay_linear() -> None:
    problems = load_problems(find_suite("sample"))
    prompts = [f"Solve. {row['problem']} Box it." for row in problems.rows]
    rows = [{"prompt": prompt, "completion": "x"} for prompt in prompts for _ in range(100)]
    assert match_outputs(rows, problems).matched_by == {"text": 7400}


def test_numbers_behind_ids_of_a_batch(problems: Problems) -> None:
    rows = [{"custom_id": f"{key}-{number}", "completion": str(number)} for key in "ab" for number in (10, 2)]
    assert keys(rows, problems) == [("a", 2, "2"), ("a", 10, "10"), ("b", 2, "2"), ("b", 10, "10")]
    assert keys([{"custom_id": "c", "completion": "x"}, {"custom_id": "a_1", "completion": "y"}], problems) == [
        ("a", 1, "y"),
        ("c", 0, "x"),
    ]


def test_a_prompt_of_another_problem_beside_an_id_is_an_error(problems: Problems) -> None:
    with pytest.raises(DataError, match="its id is 'c', but its prompt is that of 'b'"):
        match_outputs([{"id": "c", "prompt": f"Q: {TEXTS['b']} A:", "completion": "1"}], problems)
    shots = f"{TEXTS['c']} It is 2x. {TEXTS['b']}"  # few-shot prompts hold several
    assert keys([{"id": "c", "prompt": shots, "completion": "1"}], problems) == [("c", 0, "1")]


def test_repeats_that_are_all_alike(problems: Problems) -> None:
    def made(*texts: str) -> Any:
        rows = [{"id": key, "completion": text} for key in "ab" for text in texts]
        return match_outputs(rows, problems)

    assert all_alike(made("x", "x"))
    assert not all_alike(made("x", "y"))
    assert not all_alike(made("x"))
