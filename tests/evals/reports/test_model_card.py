from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from jeoul.evals.reports import read_report, render


def test_the_hub_reads_it(run_folder: Path) -> None:
    report = read_report(run_folder)
    card = ModelCard(render(report, "model-card", model="me/mine"))
    figures = report.runs[0].summary["figures"]
    results = {result.metric_name: result for result in card.data.eval_results}
    assert card.data.model_name == "me/mine"
    assert set(results) == {name for name, figure in figures.items() if figure["estimate"] is not None}
    score = results["avg@2"]
    assert score.metric_value == figures["avg@2"]["estimate"]
    assert score.dataset_name == score.dataset_type == "four"
    assert score.dataset_args["data_hash"] == report.runs[0].about["data"]["hash"]
    assert score.metric_args["interval"] == pytest.approx(figures["avg@2"]["interval"])
    assert (score.metric_args["problems"], score.metric_args["samples_missing"]) == (4, 1)
    assert results["tokens"].metric_args["unit"] == "tokens"
    assert "## Evaluation" in card.text
    assert "| avg@2 | 62.5% |" in card.text


def test_a_data_set_of_the_hub_is_named_as_there(run_folder: Path) -> None:
    report = read_report(run_folder)
    (run,) = report.runs
    data = {**run.about["data"], "origin": "hub:HuggingFaceH4/MATH-500@main/test"}
    there = replace(report, runs=(replace(run, about={**run.about, "data": data}),))
    result = ModelCard(render(there, "model-card")).data.eval_results[0]
    assert (result.dataset_type, result.dataset_revision, result.dataset_split) == (
        "HuggingFaceH4/MATH-500",
        "main",
        "test",
    )


def test_the_models_name_is_that_of_the_run(run_folder: Path) -> None:
    report = read_report(run_folder)
    (run,) = report.runs
    assert ModelCard(render(report, "model-card")).data.model_name == "out"
    about = {**run.about, "generated": {"model": {"backend": "transformers", "model": "owner/model"}}}
    there = replace(report, runs=(replace(run, about=about),))
    assert ModelCard(render(there, "model-card")).data.model_name == "owner/model"
