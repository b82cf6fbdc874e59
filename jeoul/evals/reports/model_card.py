"""A block for a model card: YAML with ``model-index`` as the Hugging Face hub reads it, and the figures in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jeoul.evals.reports.figures import LENGTHS, meaning
from jeoul.evals.reports.report import model_name
from jeoul.evals.reports.sections import Section, environment

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

    from jeoul.evals.reports.report import Report, ReportedRun

__all__ = ["model_card"]


def model_card(report: Report, model: str | None = None) -> str:
    """The card's front matter and an "Evaluation" section.

    Shares are given as they are (0.921, not 92.1), each with its interval, standard errors and denominators in
    ``metric_args``; figures that are not there (NaN) are left out.

    Args:
        report: whose figures.
        model: the model's name in the card; default what the run calls it.
    """
    from huggingface_hub import ModelCardData

    name = model or model_name(report.runs[0].about)
    results = [result for run in report.runs for result in _results(run)]
    data = ModelCardData(model_name=name, eval_results=results)
    body = environment().get_template("card.md.j2").render(sections=list(map(Section, report.runs)))
    return f"---\n{data.to_yaml()}\n---\n\n" + re.sub(r"\n{3,}", "\n\n", body)


def _results(run: ReportedRun) -> Iterator[EvalResult]:
    from huggingface_hub import EvalResult

    about, name = run.about, str(run.about.get("score", "")).partition("@")[0]
    protocol, data = about.get("protocol") or {}, about.get("data") or {}
    for figure, told in run.summary["figures"].items():
        if told.get("estimate") is None:
            continue
        where, revision, split = _data_set(str(data.get("origin", "")))
        yield EvalResult(
            task_type="text-generation",
            dataset_type=where or name,
            dataset_name=name,
            dataset_revision=revision,
            dataset_split=split,
            dataset_args={"protocol": protocol.get("name"), "protocol_hash": protocol.get("hash"),
                          "data_hash": data.get("hash"), "suite_hash": (about.get("suite") or {}).get("hash")},
            metric_type=figure,
            metric_name=figure,
            metric_value=told["estimate"],
            metric_args=_args(figure, told),
        )  # fmt: skip


def _args(figure: str, told: dict[str, Any]) -> dict[str, Any]:
    names = ("interval", "level", "method", "total_error", "sampling_error", "samples")
    kept = {name: told.get(name) for name in names if told.get(name) not in (None, [None, None])}
    unit = {"unit": figure} if figure in LENGTHS else {}
    about = {"about": meaning(figure)} if meaning(figure) else {}
    return about | unit | kept | {"problems": told.get("n"), "samples_missing": told.get("samples_missing")}


def _data_set(origin: str) -> tuple[str | None, str | None, str | None]:
    """Data set, revision and split on the hub; None where the problems are from a file."""
    found = re.fullmatch(r"hub:([^@]+)@([^/]+)/(.+)", origin)
    return (found[1], found[2], found[3]) if found else (None, None, None)
