from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jeoul.evals.reports.samples import records_of
from jeoul.rewards.tables.table import RewardTable


@pytest.fixture(scope="module")
def table(run_folder: Path) -> RewardTable:
    return RewardTable.load(run_folder / "table.parquet")


def test_records_say_what_the_table_says(table: RewardTable) -> None:
    records = records_of(table, "correct")
    assert [(sample["p"], sample["i"]) for sample in records.samples] == [
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
        (2, 0),
        (2, 1),
        (3, 0),
    ]
    for row, sample in enumerate(records.samples):
        assert sample["x"] == table.value[row].tolist()
        assert sample["v"] == ("correct" if table.value[row, 0] == 1 else "incorrect")
        assert sample["n"] == len(table.rollouts.texts[row])
    assert records.samples[-1]["f"] == "length"
    assert records.problems[1] == {
        "id": "b",
        "text": "2의 세제곱은?",
        "answer": "8",
        "subject": "거듭제곱",
        "level": "2",
    }


def test_a_long_text_keeps_its_end(table: RewardTable) -> None:
    sample = records_of(table, "correct", limit=1000).samples[-1]
    assert (len(sample["t"]), len(sample["z"])) == (750, 250)
    assert sample["c"] == sample["n"] - 1000
    assert sample["z"].endswith("\\boxed{4}")


def test_by_default_texts_are_cut_at_20000_characters(table: RewardTable) -> None:
    records = records_of(table, "correct")
    assert records.limit == 20_000
    assert len(records.samples[-1]["t"]) + len(records.samples[-1]["z"]) == 20_000
    assert all("c" not in sample for sample in records.samples[:-1])


def test_ten_megabytes_are_cut_to_what_a_page_holds(table: RewardTable) -> None:
    texts = ["x" * 10_000_000 + "\ud800 the end", *table.rollouts.texts[1:]]
    huge = replace(table, rollouts=replace(table.rollouts, texts=texts))
    sample = records_of(huge, "correct").samples[0]
    assert len(sample["t"]) + len(sample["z"]) == 20_000
    assert sample["c"] == 10_000_009 - 20_000
    assert sample["z"].endswith("\ufffd the end")


def test_a_score_with_more_than_right_and_wrong_has_no_verdict(table: RewardTable) -> None:
    for column, expected in ((0, {"correct", "incorrect"}), (2, {"scored"})):
        value = table.value.copy()
        value[0, column] = 0.5
        records = records_of(replace(table, value=value), "short")
        assert {sample["v"] for sample in records.samples} == expected
