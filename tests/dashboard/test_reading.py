from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jeoul.dashboard.evaluation import brief
from jeoul.dashboard.following import Follower
from jeoul.dashboard.reading import Book, book_of, find


def book(folder: Path, finished: bool) -> Book:
    return book_of(folder, Follower(folder / "samples.jsonl", brief).read(), finished)


def test_a_finished_run_has_verdicts_and_cells(run_folder: Path) -> None:
    read = book(run_folder, finished=True)
    assert [(one.problem, one.index, one.outcome) for one in read.entries[:3]] == [
        ("a", 0, "correct"),
        ("a", 1, "incorrect"),
        ("b", 0, "correct"),
    ]
    page = read.open(read.entries[3])
    assert (page.completion, page.answer, page.problem) == ("여섯 \\boxed{6}", "8", "2의 세제곱은?")
    assert [cell["reward"] for cell in page.cells] == ["correct", "boxed", "short"]
    assert page.cells[0]["value"] == 0
    long = read.open(read.entries[-1])
    assert "characters are not shown" in long.completion
    assert long.completion.endswith("\\boxed{4}")


def test_an_unfinished_run_is_read_from_its_file(run_folder: Path, tmp_path: Path) -> None:
    shutil.copy(run_folder / "samples.jsonl", tmp_path)
    read = book(tmp_path, finished=False)
    assert [one.outcome for one in read.entries] == ["stop"] * 6 + ["length"]
    page = read.open(read.entries[5])
    assert "nul ␀ bell ␇ turn ⟨U+202E⟩" in page.completion
    assert page.about.endswith("tokens · stop")
    assert page.cells == ()


@pytest.mark.parametrize("finished", [True, False])
def test_search(run_folder: Path, finished: bool) -> None:
    read = book(run_folder, finished)
    assert [one.problem for one in find(read, "여섯 BOXED")] == ["b"]
    assert find(read, "no such") == []
    assert find(read) == list(read.entries)
    assert len(find(read, "", ["correct" if finished else "length"])) == (4 if finished else 1)
