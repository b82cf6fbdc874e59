"""Rollouts and validation samples that verl's own function wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from log_problems import LOGS, TOLD, outputs

from jeoul.errors import DataError, UsageError
from jeoul.evals.importers import read_rows


def test_decoded_prompts_find_their_problems(tmp_path: Path) -> None:
    found = outputs(LOGS / "verl_20.jsonl", tmp_path, "verl")
    assert {key: row.completion for key, row in found.items()} == TOLD
    assert found["a", 0].target == "56"


def test_steps_are_not_mixed(tmp_path: Path) -> None:
    text = (LOGS / "verl_20.jsonl").read_text(encoding="utf-8")
    (tmp_path / "10.jsonl").write_text(text.replace('"step": 20', '"step": 10'), encoding="utf-8")
    (tmp_path / "20.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"holds 2 logs of verl: 10.jsonl, 20.jsonl; give one of them"):
        read_rows(tmp_path)
    (tmp_path / "both.jsonl").write_text(text + text.replace('"step": 20', '"step": 10'), encoding="utf-8")
    with pytest.raises(DataError, match=r"2 training steps \(10, 20\)"):
        read_rows(tmp_path / "both.jsonl")
