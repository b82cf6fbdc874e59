from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jeoul.dashboard import following
from jeoul.dashboard.following import Follower


def step(row: dict[str, Any]) -> Any:
    return row.get("step")


def test_a_file_cut_at_any_byte_gives_its_whole_lines(tmp_path: Path) -> None:
    rows = [{"step": number, "text": "한\n" * number} for number in range(4)]
    data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    path = tmp_path / "m.jsonl"
    growing = Follower(path, step)
    for end in range(len(data) + 1):
        path.touch()
        with path.open("r+b") as file:
            file.truncate(0)
            file.write(data[:end])
        whole = list(range(data[:end].count(b"\n")))
        assert Follower(path, step).read().rows == whole
        assert growing.read().rows == whole
    assert [growing.row(number) for number in range(4)] == rows
    assert growing.damaged == 0


def test_damaged_lines_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(b'{"step": 1}\n\xff\xfe\n[1]\n\n' + b"[" * 100_000 + b'\n{"step": 2}\n')
    follower = Follower(path, step).read()
    assert (follower.rows, follower.damaged) == ([1, 2], 3)


def test_another_file_in_its_place_is_read_anew(tmp_path: Path) -> None:
    path, other = tmp_path / "m.jsonl", tmp_path / "new"
    follower = Follower(path, step)
    assert follower.read().rows == []
    path.write_text('{"step": 1}\n{"step": 2}\n')
    assert follower.read().rows == [1, 2]
    other.write_text('{"step": 1}\n{"step": 7}\n')
    other.replace(path)
    assert follower.read().rows == [1, 7]
    path.write_text('{"step": 9}\n')
    assert follower.read().rows == [9]
    path.unlink()
    assert follower.read().rows == []


def test_a_reading_takes_a_bounded_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "MOST", 30)
    path = tmp_path / "m.jsonl"
    path.write_text('{"step": 1}\n' * 10)
    follower = Follower(path, step)
    assert (len(follower.read().rows), follower.behind) == (3, True)
    while follower.behind:
        follower.read()
    assert len(follower.read().rows) == 10
