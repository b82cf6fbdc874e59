"""``jeoul bench eval``: a small run of it, and its parts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jeoul.benchmarks.evaluation import WRONG, _wrong, made_bodies, run, written_bodies
from jeoul.errors import DataError, UsageError


def test_a_small_run(capfd: pytest.CaptureFixture[str]) -> None:
    run(rows=150, workers=0, json=True)
    told = json.loads(capfd.readouterr().out)
    assert told["samples"] == 148
    assert told["seconds"] > 0
    if Path("/proc/self/smaps_rollup").exists():
        assert told["processor seconds"] >= told["of the main process"] > 0
        assert told["peak MB, all processes"] > 20
    assert abs(told["accuracy made"] - told["accuracy found"]) < 0.1
    assert 0.4 < told["accuracy made"] < 0.8


def test_bodies_and_wrong_answers(tmp_path: Path) -> None:
    import random

    assert all(400 < len(body) < 4000 for body in made_bodies(20))
    assert made_bodies(20) == made_bodies(20)
    wrong = _wrong("\\frac{12}{7}", ["3", "5"], random.Random(0))
    assert len(wrong) == WRONG
    assert "\\frac{12}{7}" not in wrong
    (tmp_path / "g.jsonl").write_text('{"completion": "So \\\\boxed{4}."}\n')
    assert written_bodies(tmp_path / "g.jsonl") == ["So "]
    (tmp_path / "x.jsonl").write_text('{"text": "1"}\n')
    with pytest.raises(DataError, match="has no column 'completion'"):
        written_bodies(tmp_path / "x.jsonl")
    with pytest.raises(UsageError, match="--rows is 3; sample has 74 problems"):
        run(rows=3)
