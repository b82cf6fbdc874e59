from __future__ import annotations

import json
from pathlib import Path

import pytest

from jeoul.evals.reports.compared import compared_report
from jeoul.evals.reports.html import report_html
from jeoul.evals.reports.pairs import PairView, flipped, pair_views
from jeoul.evals.reports.report import Report


@pytest.fixture(scope="module")
def report(run_folder: Path, other_folder: Path) -> Report:
    return compared_report([run_folder, other_folder])


@pytest.fixture(scope="module")
def view(report: Report) -> PairView:
    assert report.comparison
    (found,) = pair_views(report.comparison)
    return found


def test_tables_are_the_comparisons(view: PairView) -> None:
    assert view.metrics.header[0] == "metric"
    assert [row[0] for row in view.metrics.rows] == [row.name for row in view.pair.metrics]
    assert [part.header[0] for part in view.breakdowns] == list(view.pair.breakdowns)
    assert view.health is not None
    assert view.health.header[0] == "grader"
    assert set(view.charts) == {"metrics", *(f"by {name}" for name in view.pair.breakdowns)}


def test_flips_name_the_questions(report: Report, view: PairView) -> None:
    assert report.comparison
    flips = flipped(report.comparison)
    assert flips == {"A run alone solves it, not B": [("four@given", "d")]}
    assert view.flips == {"B other alone solves it, not A": 0, "A run alone solves it, not B": 1}


def test_the_page_has_all_samples_problem_by_problem(report: Report) -> None:
    page = report_html(report)
    data = json.loads(page.split('id="data">')[1].split("</script>")[0])
    assert [(sample["p"], sample["a"]) for sample in data["samples"][:5]] == [(0, 0), (0, 0), (0, 1), (0, 1), (1, 0)]
    assert len(data["samples"]) == 7 + 8
    assert len(data["problems"]) == 4
    assert data["flips"] == {"A run alone solves it, not B": [3]}
    assert "<img" not in page
