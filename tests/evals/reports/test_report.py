from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from jeoul.errors import DataError
from jeoul.evals.reports import read_report
from jeoul.rewards.tables.table import RewardTable


def test_a_report_has_what_the_run_has(run_folder: Path) -> None:
    report = read_report(run_folder)
    (run,) = report.runs
    table = RewardTable.load(run_folder / "table.parquet")
    assert report.title == "four@given"
    assert run.verdicts == {"correct": 4, "incorrect": 3}
    assert [problem["id"] for problem in run.records.problems] == ["a", "b", "<b>c</b>", "d"]
    assert [column["name"] for column in run.columns] == list(table.names)
    assert run.columns[0]["mean"] == pytest.approx(table.column("correct").mean())
    assert (run.columns[2]["weight"], run.columns[2]["name"]) == (None, "short")
    for name in table.names:
        assert sum(bar["count"] for bar in run.spreads[name]) == len(table)
    assert sum(bar["count"] for bar in run.spreads["tokens"]) == len(table)


def test_a_document_is_json(run_folder: Path) -> None:
    document = json.loads(json.dumps(read_report(run_folder).to_dict(), allow_nan=False))
    assert document["runs"][0]["summary"]["figures"]["avg@2"]["samples"] == 7
    assert "label" not in document["runs"][0]


def test_files_of_different_runs_are_refused(run_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(run_folder, folder)
    about = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(about | {"grader": {"score": "elsewhere"}}))
    with pytest.raises(DataError, match="the score is 'elsewhere', and the table has no such column"):
        read_report(folder)
    (folder / "run.json").write_text(json.dumps(about))
    (folder / "summary.json").write_text("{}")
    with pytest.raises(DataError, match=r"summary\.json has no problems, answered, .*; make it again"):
        read_report(folder)
    (folder / "run.json").unlink()
    with pytest.raises(DataError, match="no finished run"):
        read_report(folder)
