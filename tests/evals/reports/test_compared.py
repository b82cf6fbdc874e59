from __future__ import annotations

import json
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from jeoul.errors import DataError, UsageError
from jeoul.evals.reports import render
from jeoul.evals.reports.compared import compared_report, joined_report


def test_a_report_of_two_has_both_runs_and_what_their_comparison_found(run_folder: Path, other_folder: Path) -> None:
    report = compared_report([run_folder, other_folder])
    assert report.title == "four@given: A run and B other"
    assert [run.label for run in report.runs] == ["A run", "B other"]
    assert report.comparison is not None
    (pair,) = report.comparison.sets[0].pairs
    assert (pair.flips.gained, pair.flips.lost) == (0, 1)
    document = json.loads(render(report, "json"))
    assert document["comparison"]["sets"][0]["pairs"][0]["questions"] == 4
    assert "## four@given: B other against A run" in render(report, "md")


def test_unlike_runs_and_things_that_are_no_run_are_refused(run_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a comparison is of 2 sides"):
        compared_report([run_folder])
    with pytest.raises(UsageError, match="is no run, and a report is of runs"):
        compared_report([run_folder, run_folder / "table.parquet"])
    with pytest.raises(DataError):
        compared_report([run_folder, tmp_path])


def test_a_card_of_several_runs_has_all_their_figures(run_folder: Path, other_folder: Path) -> None:
    card = ModelCard(render(joined_report([run_folder, other_folder]), "model-card"))
    assert [result.metric_name for result in card.data.eval_results].count("avg@2") == 2
    assert card.text.count("`four@given`") == 2
