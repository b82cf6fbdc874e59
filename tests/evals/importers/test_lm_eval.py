"""Logs of lm-evaluation-harness, written by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from log_problems import LOGS, TOLD, outputs

from jeoul.errors import DataError
from jeoul.evals.importers import read_rows


def test_all_repeats_once_whatever_the_filters_made_of_them(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in (LOGS / "samples_sums.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {line["filter"] for line in lines} == {"first", "number"}  # each document twice
    assert all(len(line["filtered_resps"]) == 1 for line in lines)  # and of two repeats one was scored
    found = outputs(LOGS / "samples_sums.jsonl", tmp_path, "lm-eval")
    assert {key: row.completion for key, row in found.items()} == TOLD
    assert found["b", 1].prompt == "Question: Halve $\\frac{6}{7}$.\nAnswer:"
    assert found["b", 1].target == "\\frac{3}{7}"
    assert {row.finish_reason for row in found.values()} == {None}  # it does not say


def test_arguments_as_lists_and_documents_without_ids(tmp_path: Path) -> None:
    rows = [
        {
            "doc_id": 0,
            "doc": {"x": 1},
            "arguments": [["Q: What is 7 times 8?", {}]],
            "resps": [["56"]],
            "filter": "none",
        }
    ]
    (tmp_path / "samples_old.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert list(outputs(tmp_path / "samples_old.jsonl", tmp_path, "lm-eval")) == [("a", 0)]


def test_log_likelihoods_are_no_completions() -> None:
    with pytest.raises(DataError, match=r"row 0: its responses are no generated texts .* a log-likelihood task"):
        read_rows(LOGS / "samples_choice.jsonl")
