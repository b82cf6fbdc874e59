from __future__ import annotations

import math
from pathlib import Path

import pytest

from jeoul import Recipe, exact_match
from jeoul.errors import DataError, UsageError
from jeoul.evals.exporters.grading import SuiteGrader, grades_of, recipe_of, refuse_raw
from jeoul.evals.protocols import find_protocol


def test_grades_are_those_of_the_suite() -> None:
    opened = SuiteGrader.open("sample@gdpo", samples=3)
    assert (opened.protocol.name, opened.columns[0], len(opened.problems)) == ("gdpo[n=3]", "correct", 74)
    row = opened.problems.rows[0]
    right, wrong = opened.grades(row, [f"\\boxed{{{row['answer']}}}", "no idea"])
    assert (right["correct"].value, wrong["correct"].value) == (1, 0)
    assert right["correct"].status == "ok"
    assert wrong["correct"].reason.startswith("no_answer")
    assert right["boxed"].value == 1


def test_another_suite_than_was_exported_is_refused() -> None:
    whole = SuiteGrader.open("sample").problems.suite.fingerprint
    assert SuiteGrader.open("sample", suite_hash=whole[:16])
    with pytest.raises(DataError, match="no longer the suite that was exported"):
        SuiteGrader.open("sample", suite_hash="0" * 16)


def test_rewards_by_any_name(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text('[reward.exact_match]\nanswer = "gold"\n', encoding="utf-8")
    for what in (exact_match(), exact_match, "exact_match", Recipe(exact_match()), str(tmp_path / "r.toml")):
        assert recipe_of(what).names == ("exact_match",) or list(recipe_of(what).names) == ["exact_match"]
    with pytest.raises(UsageError, match="is no recipe, column or reward"):
        recipe_of(3)


def test_a_cell_without_a_value_says_so() -> None:
    (grade,) = [
        found["exact_match"] for found in grades_of(recipe_of("exact_match"), [{"completion": "x", "answer": None}])
    ]
    assert math.isnan(grade.value)
    assert grade.status == "not_applicable"


def test_a_raw_prompt_is_no_chat() -> None:
    refuse_raw(find_protocol("gdpo"))
    with pytest.raises(UsageError, match="'drgrpo_r1' is a raw prompt"):
        refuse_raw(find_protocol("drgrpo_r1"))
