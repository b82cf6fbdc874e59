"""Completions that TRL's GRPOTrainer wrote while it trained a tiny model."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from log_problems import LOGS, outputs

from jeoul.errors import DataError
from jeoul.evals.importers import read_rows


def test_conversations_of_one_step(tmp_path: Path) -> None:
    found = outputs(LOGS / "completions_00001.parquet", tmp_path, "trl")
    assert {*found} == {(key, index) for key in "abc" for index in range(2)}
    told = pq.read_table(LOGS / "completions_00001.parquet").to_pylist()
    assert sorted(row.completion for row in found.values()) == sorted(row["completion"][0]["content"] for row in told)


def test_steps_are_not_mixed(tmp_path: Path) -> None:
    table = pq.read_table(LOGS / "completions_00001.parquet")
    later = table.set_column(0, "step", pa.array([2] * len(table)))
    pq.write_table(pa.concat_tables([table, later]), tmp_path / "both.parquet")
    with pytest.raises(DataError, match=r"completions of 2 training steps \(1, 2\)"):
        read_rows(tmp_path / "both.parquet")


def test_plain_prompts_and_ids(tmp_path: Path) -> None:
    rows = [{"step": 3, "prompt": "?", "completion": "56", "r": 1.0, "advantage": 0.5, "id": "a", "answer": "56"}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "plain.parquet")
    assert outputs(tmp_path / "plain.parquet", tmp_path, "trl")["a", 0].target == "56"
