"""Formats are found by their shape, and what has another shape is told."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest
from log_problems import LOGS

from jeoul.errors import DataError, UsageError
from jeoul.evals.importers import FORMATS, format_of, read_rows

KINDS = {
    "inspect.eval": "inspect-ai",
    "inspect.json": "inspect-ai",
    "samples_sums.jsonl": "lm-eval",
    "details_sums.parquet": "lighteval",
    "completions_00001.parquet": "trl",
    "verl_20.jsonl": "verl",
}


@pytest.mark.parametrize("log", KINDS)
def test_every_log_has_one_format_whatever_its_name(log: str, tmp_path: Path) -> None:
    assert format_of(LOGS / log) == KINDS[log]
    shutil.copy(LOGS / log, tmp_path / "renamed")
    assert format_of(tmp_path / "renamed") == KINDS[log]
    for other in {*FORMATS} - {KINDS[log], "plain"}:
        with pytest.raises(
            DataError, match=f"does not have the shape of {other}.*leave out --format, or write one of inspect-ai"
        ):
            read_rows(LOGS / log, other)


def test_compressed_lines_are_seen_through(tmp_path: Path) -> None:
    (tmp_path / "x.gz").write_bytes(gzip.compress((LOGS / "verl_20.jsonl").read_bytes()))
    assert format_of(tmp_path / "x.gz") == "verl"
    assert read_rows(tmp_path / "x.gz") == read_rows(LOGS / "verl_20.jsonl")


def test_plain_rows_and_runs(tmp_path: Path) -> None:
    line = json.dumps({"id": "a", "completion": "1"}) + "\n"
    (tmp_path / "samples.jsonl").write_text(line)
    shutil.copy(LOGS / "verl_20.jsonl", tmp_path)
    for source in (tmp_path, tmp_path / "samples.jsonl"):  # a run of ours, whatever lies beside it
        assert format_of(source) == "plain"
        assert read_rows(source) == [{"id": "a", "completion": "1"}]
    for text in ("", "no JSON", "[1]", "{", '"a"', "\x00\xff"):
        (tmp_path / "odd").write_bytes(text.encode("latin-1"))
        assert format_of(tmp_path / "odd") == "plain"
        with pytest.raises(DataError):
            read_rows(tmp_path / "odd")


def test_folders(tmp_path: Path) -> None:
    (tmp_path / "deep/er").mkdir(parents=True)
    shutil.copy(LOGS / "samples_sums.jsonl", tmp_path / "deep/er")
    (tmp_path / "deep/results_x.json").write_text("{}")
    assert format_of(tmp_path) == "lm-eval"
    assert read_rows(tmp_path) == read_rows(LOGS / "samples_sums.jsonl")
    shutil.copy(LOGS / "samples_choice.jsonl", tmp_path)
    with pytest.raises(UsageError, match=r"holds 2 logs of lm-eval: deep/er/samples_sums.jsonl, samples_choice.jsonl"):
        read_rows(tmp_path)
    shutil.copy(LOGS / "inspect.eval", tmp_path)
    with pytest.raises(UsageError, match=r"holds logs of inspect-ai, lm-eval; give one file, or --format NAME"):
        read_rows(tmp_path)
    with pytest.raises(DataError, match="holds no log of trl"):
        read_rows(tmp_path, "trl")


def test_mistakes(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no format 'lm_eval' \(did you mean 'lm-eval'\?\); there are inspect-ai"):
        read_rows(LOGS / "samples_sums.jsonl", "lm_eval")
    for format in ("verl", None):
        with pytest.raises(DataError, match="there is no file"):
            read_rows(tmp_path / "none", format)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and no more")
    (tmp_path / "bad.zip").write_bytes(b"PK and no more")
    for name in ("bad.parquet", "bad.zip"):
        with pytest.raises(DataError, match=name):
            read_rows(tmp_path / name)
