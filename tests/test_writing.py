from __future__ import annotations

from pathlib import Path

import pytest

from jeoul.writing import plain, whole_file


def half_written(path: Path) -> None:
    with whole_file(path) as beside:
        beside.write_text("half")
        assert beside.suffix == ".csv"
        raise ValueError("half way")


def test_an_error_leaves_what_was_there_and_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("before")
    with pytest.raises(ValueError, match="half way"):
        half_written(path)
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]
    assert path.read_text() == "before"


def test_it_is_replaced_when_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("before")
    with whole_file(path) as beside:
        beside.write_text("after")
        assert path.read_text() == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]
    assert path.read_text() == "after"


def test_a_document_is_json_whatever_is_in_it() -> None:
    nested = {"a": {1: [float("inf"), (float("-inf"), -0.0)]}, "b": None, "c": "nan", "d": 10**30}
    assert plain(nested) == {"a": {"1": [None, [None, 0.0]]}, "b": None, "c": "nan", "d": 10**30}
