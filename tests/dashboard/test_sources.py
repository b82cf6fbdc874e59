from __future__ import annotations

import json
from pathlib import Path

import pytest

from jeoul.dashboard.sources import find_sources
from jeoul.errors import DataError


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_everything_that_can_be_watched_is_found(run_folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "flat/a/metrics.jsonl", "")  # no step yet
    write(tmp_path / "flat/b/metrics.jsonl", '{"step": 1, "loss": 2}\n')
    write(tmp_path / "flat/b/notes.jsonl", '{"text": "no step"}\n')
    write(tmp_path / "verl/log.jsonl", '{"step": 1, "data": {"actor/lr": 1}}\n')
    state = json.dumps({"log_history": [{"step": 1, "reward": 0.5}]})
    write(tmp_path / "trl/checkpoint-10/trainer_state.json", state)
    write(tmp_path / "going/suite@field/m/samples.jsonl", "")
    found = find_sources([tmp_path, run_folder])
    assert {(one.kind, one.label) for one in found} == {
        ("training", "a"),
        ("training", "b"),
        ("training", "log.jsonl"),
        ("training", "checkpoint-10"),
        ("evaluation", "m"),
        ("evaluation", "run"),
    }
    assert find_sources([tmp_path / "flat/b/metrics.jsonl"])[0].path == tmp_path / "flat/b/metrics.jsonl"
    assert find_sources([run_folder / "samples.jsonl"]) == find_sources([run_folder])


def test_labels_differ(tmp_path: Path) -> None:
    for name in ("x/seed0", "y/seed0", "y/seed1"):
        write(tmp_path / name / "metrics.jsonl", "")
    write(tmp_path / "y/seed1/eval.jsonl", '{"step": 1}\n')
    labels = [one.label for one in find_sources([tmp_path])]
    assert labels == ["x/seed0", "y/seed0", "seed1/eval.jsonl", "y/seed1"] or len(set(labels)) == 4
    assert all("seed" in label for label in labels)


def test_nothing_to_watch(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no .*/nowhere"):
        find_sources([tmp_path / "nowhere"])
    write(tmp_path / "notes.jsonl", '{"text": "x"}\n')
    with pytest.raises(DataError, match=r"holds nothing to watch: expected samples\.jsonl or run\.json"):
        find_sources([tmp_path])
