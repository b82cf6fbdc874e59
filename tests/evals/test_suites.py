"""Suites: every shipped file, a user's own, copies with traps, the hub's loader on a real local data set."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jeoul.errors import DataError, UsageError
from jeoul.evals.suites import find_suite, parse_suite, shipped_suites, split_name
from jeoul.evals.suites_rows import DATA_VARIABLE, check_example, load_problems
from jeoul.rewards.math.correct import math_correct

COPIES = Path(__file__).parents[3] / "shared/data/suites"
needs_copies = pytest.mark.skipif(not COPIES.is_dir(), reason="no local copies of the suites")
OWN = """
about = "mine"
[source]
path = "mine.jsonl"
[fields]
problem = "q.text"
[reward.correct]
use = "math_correct"
"""


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def _no_folder_of_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DATA_VARIABLE, raising=False)


@pytest.mark.parametrize("name", shipped_suites())
def test_a_shipped_suite_says_all_there_is_to_say(name: str) -> None:
    suite = find_suite(name)
    assert suite.name == name
    assert suite.about
    assert suite.licence
    assert suite.example
    assert all(0 < one.score < 1 and "arXiv" in one.source for one in suite.published)
    assert not suite.pending
    check_example(suite)
    assert suite.score in suite.recipe.names
    assert suite.fingerprint == find_suite(name).fingerprint


def test_a_suite_may_wait_for_what_can_score_it() -> None:
    suite = parse_suite('about = "x"\npending = "nothing scores it"\n[source]\nlocal = "x.jsonl"', "x")
    with pytest.raises(UsageError, match="x cannot be scored: nothing scores it"):
        suite.recipe  # noqa: B018


def test_the_suites_people_ask_for_are_there() -> None:
    asked = "aime24 aime25 amc83 amc23 math500 olympiadbench minerva geometry3k gsm8k hrm8k korean_contest humaneval mbpp livecodebench"
    assert set(asked.split()) <= set(shipped_suites())


@needs_copies
@pytest.mark.parametrize("name", ["aime24", "amc83", "amc23", "math500", "minerva", "olympiadbench"])
def test_local_copies_load_and_every_gold_is_right(name: str) -> None:
    problems = load_problems(find_suite(name), COPIES)
    assert len(problems) == problems.suite.rows
    row = {name: column for name, column in problems.rows[0].items() if name in ("id", "problem", "answer")}
    assert set(row) == {"id", "problem", "answer"}
    if name in ("aime24", "amc23", "amc83"):
        golds = [row["answer"] for row in problems.rows]
        boxed = [f"\\boxed{{{int(float(gold))}}}" for gold in golds]
        assert math_correct(boxed, golds) == [1.0] * len(golds)  # 025 is 25, 27.0 and 144.0 are integers


@needs_copies
def test_amc83_contains_amc23_and_says_so() -> None:
    large, small = (load_problems(find_suite(name), COPIES) for name in ("amc83", "amc23"))
    texts = {" ".join(row["problem"].split()) for row in large.rows}
    assert sum(" ".join(row["problem"].split()) in texts for row in small.rows) == 40
    assert any("amc23" in note for note in large.suite.notes)
    assert any("amc83" in note for note in small.suite.notes)


def test_rows_repeated_32_times_are_refused_or_dropped(tmp_path: Path) -> None:
    rows = [{"id": f"{number}", "q": {"text": f"{number}+1?"}, "answer": str(number + 1)} for number in range(30)]
    write(tmp_path / "mine.jsonl", [row | {"id": f"{row['id']}-{time}"} for row in rows for time in range(32)])
    with pytest.raises(
        DataError, match=r"960 rows and only 30 different problems .* stands 32 times.*repeated = \"drop\""
    ):
        load_problems(parse_suite(OWN, "mine", tmp_path))
    dropped = OWN.replace('path = "mine.jsonl"', 'path = "mine.jsonl"\nrepeated = "drop"')
    assert len(load_problems(parse_suite(dropped, "mine", tmp_path))) == 30


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"q": {"text": "1?"}, "answer": "1"}, {"q": {"text": " 1? "}, "answer": "2"}], "the same problem has two golds"),
        ([{"id": "a", "q": {"text": "1?"}, "answer": "1"}, {"id": "a", "q": {"text": "2?"}, "answer": "2"}], "two problems have the id 'a'"),
        ([{"question": "1?", "answer": "1"}], r"there is no problem \(column q.text\); the row has question, answer"),
        ([{"q": {"text": "1?"}, "answer": None}, {"q": {"text": "2?"}, "answer": "2"}], "1 problems have no gold: mine-0000"),
        ([{"q": {"text": "1?"}, "answer": []}], "the list of golds is empty"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_scored_are_refused(rows: list[dict[str, Any]], message: str, tmp_path: Path) -> None:
    write(tmp_path / "mine.jsonl", rows)
    with pytest.raises(DataError, match=message):
        load_problems(parse_suite(OWN, "mine", tmp_path))


def test_another_number_of_rows_is_another_set(tmp_path: Path) -> None:
    write(tmp_path / "aime24.jsonl", [{"problem": "1+1?", "answer": "2"}])
    with pytest.raises(DataError, match="holds 1 problems, and aime24 has 30"):
        load_problems(find_suite("aime24"), tmp_path)


def test_the_data_hash_is_of_problems_and_golds(tmp_path: Path) -> None:
    suite = parse_suite(OWN, "mine", tmp_path)
    prints = []
    for text, gold, more in (("1?", "1", {}), ("1? ", "1", {"level": 3}), ("1?", "01", {})):
        write(tmp_path / "mine.jsonl", [{"q": {"text": text}, "answer": gold, **more}])
        prints.append(load_problems(suite).fingerprint)
    assert prints[0] == prints[1] != prints[2]


def test_pictures_are_kept_and_texts_may_repeat(tmp_path: Path) -> None:
    write(
        tmp_path / "geometry3k.jsonl",
        [{"problem": "Find x.", "answer": str(n), "images": [f"{n}.png"]} for n in range(601)],
    )
    problems = load_problems(find_suite("geometry3k"), tmp_path)
    assert len(problems) == 601
    assert problems.rows[7]["images"] == ["7.png"]
    assert problems.rows[7]["id"] == "geometry3k-0007"


def test_every_mistake_of_a_suite_is_told_at_once() -> None:
    text = """
    versoin = 2
    notes = "a"
    score = "corect"
    [source]
    hob = "x"
    [fields]
    problem = 3
    completion = "c"
    [[published]]
    model = "m"
    [reward.correct]
    use = "math_correct"
    """
    with pytest.raises(UsageError) as caught:
        parse_suite(text, "bad")
    for part in ("versoin: unknown (did you mean 'version'?)", "notes: must be a list", "source.hob: unknown (did you mean 'hub'?)",
                 "fields.problem: must be", "fields.completion: belongs to the completions", "published: must be tables",
                 "score: there is no column 'corect' (did you mean 'correct'?)"):  # fmt: skip
        assert part in str(caught.value)
    with pytest.raises(UsageError, match="is not TOML"):
        parse_suite("[", "bad")
    with pytest.raises(UsageError, match=r"source: is missing.*\n.*reward: is missing"):
        parse_suite("", "bad")
    with pytest.raises(UsageError, match=r"there is no suite 'amie24' \(did you mean 'aime24'\?\)"):
        find_suite("amie24")


def test_an_example_that_fails_its_own_recipe_is_a_mistake(tmp_path: Path) -> None:
    suite = parse_suite(
        OWN + '[example]\nproblem = "1+1?"\nanswer = "2"\ncompletion = "two or three"\n', "mine", tmp_path
    )
    with pytest.raises(UsageError, match="its own example scores 0"):
        check_example(suite)


@pytest.mark.parametrize(
    ("name", "parts"), [("a@b", ("a", "b")), ("a", ("a", "given")), ("x/y.toml@p.toml", ("x/y.toml", "p.toml"))]
)
def test_names(name: str, parts: tuple[str, str]) -> None:
    assert split_name(name) == parts


@pytest.mark.parametrize("name", ["@gdpo", "aime24@"])
def test_half_a_name(name: str) -> None:
    with pytest.raises(UsageError, match="is not SUITE@PROTOCOL"):
        split_name(name)


def test_the_folder_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "other.jsonl", [{"problem": "1?", "answer": "1"}])
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    suite = parse_suite(
        OWN.replace("path", "local").replace("mine.jsonl", "other.jsonl").replace("q.text", "problem"), "other"
    )
    assert load_problems(suite).origin == str(tmp_path / "other.jsonl")
    with pytest.raises(DataError, match=r"holds no copy of other; expected .*other.jsonl"):
        load_problems(suite, Path(__file__).parent)
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path / "gone"))
    with pytest.raises(DataError, match="there is no file or folder"):
        load_problems(suite)


def test_the_hub_loader_reads_a_real_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``load_dataset`` takes a folder where it takes a hub id: the very same call."""
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "set").mkdir()
    write(tmp_path / "set/test.jsonl", [{"question": "1+1?", "answer": "2"}, {"question": "2+2?", "answer": "4"}])
    text = f'rows = 2\n[source]\nhub = "{tmp_path}/set"\n[fields]\nproblem = "question"\n[reward.correct]\nuse = "math_correct"\n'
    problems = load_problems(parse_suite(text, "hubbed"))
    assert [row["id"] for row in problems.rows] == ["hubbed-0000", "hubbed-0001"]
    assert problems.origin.startswith("hub:")


def test_offline_the_options_are_named() -> None:
    code = (
        "from jeoul.evals.suites import *; from jeoul.evals.suites_rows import *; load_problems(find_suite('aime25'))"
    )
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    last = done.stderr.strip().splitlines()[-1]
    assert "DataError: aime25: math-ai/aime25 (test) cannot be read from the hub" in last
    assert "--data FOLDER with aime25.jsonl" in last
    assert DATA_VARIABLE in last


def test_the_first_problems_are_other_data() -> None:
    whole = load_problems(find_suite("sample"))
    assert [row["id"] for row in whole.first(3).rows] == [row["id"] for row in whole.rows[:3]]
    assert whole.first(3).fingerprint != whole.fingerprint
    assert whole.first(74) is whole
    with pytest.raises(UsageError, match="limit is 0"):
        whole.first(0)
