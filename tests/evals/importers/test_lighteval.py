"""Details of lighteval, written by it."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from log_problems import LOGS, TOLD, outputs

from jeoul.errors import DataError
from jeoul.evals.importers import read_rows


def test_texts_tokens_and_golds(tmp_path: Path) -> None:
    found = outputs(LOGS / "details_sums.parquet", tmp_path, "lighteval")
    assert {key: row.completion for key, row in found.items()} == TOLD
    assert (found["a", 0].completion_tokens, found["b", 1].completion_tokens, found["a", 0].prompt_tokens) == (7, 64, 9)
    assert [found[key, 0].target for key in "abc"] == ["56", "\\frac{3}{7}", "9"]


def test_ids_of_the_data_and_several_golds(tmp_path: Path) -> None:
    import pyarrow as pa

    rows = pq.read_table(LOGS / "details_sums.parquet").to_pylist()[:1]
    rows[0]["doc"] |= {
        "query": "in other words",
        "specific": {"unique_id": "a"},
        "choices": ["56", "7*8", "0"],
        "gold_index": [0, 1],
    }
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "details_x.parquet")
    found = outputs(tmp_path / "details_x.parquet", tmp_path, "lighteval")
    assert found["a", 0].target == ["56", "7*8"]
    rows[0]["model_response"]["text"] = []
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "details_y.parquet")
    with pytest.raises(DataError, match="row 0: there is no generated text"):
        read_rows(tmp_path / "details_y.parquet")
