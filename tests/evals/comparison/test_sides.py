"""Runs, tables and folders become sides, or an error says what they are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_runs import answers, make_run, side

from jeoul import Recipe
from jeoul.errors import DataError, UsageError
from jeoul.evals.comparison.sides import runs_in, side_of_run, side_of_table
from jeoul.evals.run_folder import RUN, read_run
from jeoul.rewards.matching import contains, exact_match
from jeoul.rewards.tables.table import RewardTable

ROWS = answers({0: [1, 0], 1: [1, 1]})


def table(rows: list[dict[str, object]], recipe: Recipe | None = None) -> RewardTable:
    return (recipe or Recipe(exact_match(answer="answer"))).score(rows, workers=0)


def row(prompt: str, completion: str, **more: object) -> dict[str, object]:
    return {"prompt": prompt, "completion": completion, "answer": "1", **more}


def test_a_run(tmp_path: Path) -> None:
    found = side(make_run(tmp_path, "run", ROWS, protocol="gdpo"), "A")
    assert (found.name, found.kind, found.score, found.form) == ("sums@gdpo", "run", "correct", "boxed")
    assert (found.asked, found.total, found.exceed, found.questions) == (16, 12, 4000, ["q0", "q0", "q1", "q1"])
    assert found.samples == [0, 1, 0, 1]
    assert len(found.hash_of("protocol")) == 64
    assert found.column("nothing") is None


def test_a_damaged_run(tmp_path: Path) -> None:
    folder = make_run(tmp_path, "run", ROWS)
    about = json.loads((folder / RUN).read_text())
    del about["grader"]["score"]
    (folder / RUN).write_text(json.dumps(about))
    with pytest.raises(DataError, match="is damaged: KeyError"):
        side_of_run(read_run(folder), "A")


def test_a_folder_of_runs(tmp_path: Path) -> None:
    make_run(tmp_path, "model/sums@given/x", ROWS)
    make_run(tmp_path, "model/other@given", ROWS, suite_name="other")
    assert [str(run.folder.relative_to(tmp_path)) for run in runs_in(tmp_path / "model")] == [
        "model/other@given",
        "model/sums@given/x",
    ]
    assert len(runs_in(tmp_path / "model/other@given")) == 1
    with pytest.raises(DataError, match="holds no finished run"):
        runs_in(tmp_path / "nothing")


def test_a_table_by_id_or_by_prompt() -> None:
    by_id = side_of_table(table([row("a", "1", id=3), row("a", "2", id=3), row("b", "1", id=4)]), "A", "t")
    assert (by_id.questions, by_id.samples, by_id.asked, by_id.total) == (["3", "3", "4"], [0, 1, 0], 2, None)
    by_prompt = side_of_table(table([row("a  b", "1"), row("c", "1"), row("a  b", "2")]), "A", "t")
    assert by_prompt.questions == ["a b", "c", "a b"]
    rows = side_of_table(table([row("a", "1", id=1), row("a", "2", id=2)]), "A", "t")  # ids of rows, not of questions
    assert rows.questions == ["a", "a"]


def test_a_table_whose_questions_or_samples_cannot_be_told_apart() -> None:
    with pytest.raises(DataError, match="its questions cannot be told apart"):
        side_of_table(table([{"completion": "1", "answer": "1"}, {"completion": "2", "answer": "1"}]), "A", "t")
    with pytest.raises(DataError, match=r"two rows are the same sample \(sample\) of one question"):
        side_of_table(table([row("a", "1", sample=0), row("a", "2", sample=0)]), "A", "t")


def test_which_column_is_the_score() -> None:
    two = table([row("a", "1")], exact_match(answer="answer") + contains(phrase="answer"))
    with pytest.raises(UsageError, match="t has 2 columns that train, so which is the score"):
        side_of_table(two, "A", "t")
    assert side_of_table(two, "A", "t", "contains").score == "contains"
    with pytest.raises(UsageError, match="did you mean 'contains'"):
        side_of_table(two, "A", "t", "contain")
    one = table([row("a", "1")], exact_match(answer="answer") + contains(phrase="answer").monitor())
    assert side_of_table(one, "A", "t").score == "exact_match"
