"""The report of a study: it finds the shifts that were put in, invents none, and says what is not there."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package: helpers are found beside them

from made_study import STEPS, study, write_run

from jeoul.benchmarks.collapse.plan import DONE, run_folder
from jeoul.benchmarks.collapse.report_files import as_csv, as_html, as_markdown, draw, write_report
from jeoul.benchmarks.collapse.report_words import summary, tables
from jeoul.benchmarks.collapse.reporting import Report, Told, make_report
from jeoul.benchmarks.collapse.study import Claim
from jeoul.errors import DataError

SHIFTS = {"grpo": 50.0, "gdpo": 30.0, "grpo_bn": 50.0, "dr_grpo": float("inf")}
CLAIMS = (
    Claim("made", "gdpo", "grpo", "format", "steps", True, "ours"),
    Claim("made", "grpo_bn", "grpo", "format", "steps", True, "a <b>blog</b>"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("study")
    study(path, SHIFTS, 5, claims=CLAIMS)
    return path


@pytest.fixture(scope="module")
def found(folder: Path) -> Report:
    return make_report(folder)


def verdicts(told: Told) -> dict[tuple[str, str, str], str]:
    return {(each.arm, each.figure, each.metric): each.outcome.verdict for each in told.findings}


def test_the_shift_is_found(found: Report) -> None:
    said = verdicts(found.told[0])
    assert said["gdpo", "format", "steps"] == "better"
    assert said["gdpo", "format", "area"] == "better"
    assert said["gdpo", "format", "final"] == "tie"  # both learn it in the end
    assert said["grpo_bn", "format", "area"] in ("tie", "undecided")
    assert said["dr_grpo", "format", "final"] == said["dr_grpo", "format", "area"] == "worse"
    steps = found.told[0].finding("gdpo", "format", "steps")
    assert steps is not None
    assert steps.outcome.comparison.estimate == pytest.approx(-20, abs=5)
    area = found.told[0].finding("gdpo", "format", "area")
    assert area is not None
    low, high = area.outcome.comparison.bootstrap_interval
    assert low < 0.2 < high


def test_five_seeds_are_said_to_be_few(found: Report) -> None:
    outcome = found.told[0].findings[0].outcome
    assert (outcome.least_p, outcome.by) == (1 / 16, "t")
    assert any("below 0.0625" in note for note in found.notes)


def test_censored_steps_are_bounds(found: Report) -> None:
    never = found.told[0].result("dr_grpo", "format")
    assert never is not None
    assert (never.values["steps"], never.reached) == ([STEPS + 1] * 5, 0)
    table = next(each for each in tables(found.told[0]) if each.figure.name == "format")
    cells = {arm: cells for arm, _, cells in table.rows}
    assert cells["dr_grpo"][0].value == "never"


def test_claims_are_held_against_it(found: Report) -> None:
    assert [(each.claim.arm, each.held) for each in found.claims] == [("gdpo", True), ("grpo_bn", False)]


def test_without_a_shift_nothing_is_found(tmp_path: Path) -> None:
    called = 0
    for trial in range(6):
        study(tmp_path / str(trial), {"grpo": 45.0, "gdpo": 45.0, "dvao": 45.0}, 5, random=trial)
        said = verdicts(make_report(tmp_path / str(trial)).told[0])
        called += any(word in ("better", "worse") for word in said.values())
    assert called <= 2  # of 6 at 5 % each: more has a chance of 0.2 %


def test_never_beside_never_is_not_compared(tmp_path: Path) -> None:
    study(tmp_path, {"grpo": float("inf"), "gdpo": float("inf")}, 5)
    report = make_report(tmp_path)
    assert ("gdpo", "format", "steps") not in verdicts(report.told[0])
    assert verdicts(report.told[0])["gdpo", "format", "final"] == "tie"


def test_only_what_is_there(tmp_path: Path) -> None:
    plan = study(tmp_path, {"grpo": 50.0, "gdpo": 30.0}, 3, claims=CLAIMS[:1])
    generator = np.random.default_rng(0)
    for arm, seed in (("gdpo", 0), ("grpo", 1)):
        at = run_folder(tmp_path, "made", arm, seed)
        (at / "metrics.jsonl").unlink()
        (at / DONE).unlink()
        at.rmdir()
    write_run(run_folder(tmp_path, "made", "gdpo", 0), 30.0, generator, last=40, done=False)
    (run_folder(tmp_path, "made", "grpo", 2) / DONE).write_text('{"error": "the loss is <nan>"}')
    report = make_report(tmp_path)
    status = {(run.arm, run.seed): (run.status, run.step) for run in report.runs}
    assert status["gdpo", 0] == ("unfinished", 40)  # and the torn line is not a step
    assert status["grpo", 1] == ("missing", 0)
    assert status["grpo", 2] == ("crashed", STEPS)
    assert not report.told[0].findings  # one seed of grpo is left
    assert not report.claims
    assert any("1 crashed, 1 unfinished, 1 missing" in note for note in report.notes)
    page = as_html(report, {})
    assert "the loss is &lt;nan&gt;" in page
    assert "| made | grpo | 1 | missing | 0 |" in as_markdown(report, {})
    assert plan.title in page


def test_files(found: Report, folder: Path, tmp_path: Path) -> None:
    written = write_report(found, tmp_path)
    names = {path.name for path in written}
    assert names == {path.name for path in tmp_path.iterdir()}
    assert {name for name in names if name.endswith(".svg")} == {"made-format.svg", "made-differences.svg"}
    for path in tmp_path.glob("*.svg"):
        ElementTree.fromstring(path.read_text())
        assert path.stat().st_size < 150_000
    page = (tmp_path / "report.html").read_text()
    assert page.count("<svg") == 3  # that of the watched ratio too
    assert "<script" not in page
    assert "http://" not in page.replace("http://www.w3.org/", "")
    assert "a &lt;b&gt;blog&lt;/b&gt;" in page
    markdown = (tmp_path / "report.md").read_text()
    assert "| gdpo | 5 |" in markdown
    data = json.loads((tmp_path / "report.json").read_text())
    assert len(data["runs"]) == 20
    assert data["results"][0]["values"]["steps"] == found.told[0].results[0].values["steps"]


def test_csv_is_what_was_measured(found: Report) -> None:
    files = as_csv(found)
    values = list(csv.DictReader(files["values.csv"].splitlines()))
    told = found.told[0].result("gdpo", "format")
    assert told is not None
    mine = [
        float(row["value"])
        for row in values
        if (row["arm"], row["figure"], row["metric"]) == ("gdpo", "format", "steps")
    ]
    assert mine == told.values["steps"]
    assert {row["reached"] for row in values if row["arm"] == "dr_grpo" and row["metric"] == "steps"} == {"false"}
    rows = list(csv.DictReader(files["comparisons.csv"].splitlines()))
    assert len(rows) == len(found.told[0].findings) == 3 * 4
    watched = {row["verdict"] for row in rows if row["figure"] == "ratio"}
    assert watched <= {"higher", "lower", "undecided"}


def test_summary_in_both_languages(found: Report) -> None:
    english, korean = summary(found.told[0])
    assert english[0].startswith("gdpo against grpo: better: format (steps")
    assert korean[0].startswith("gdpo (기준 grpo): 우세: format (도달 스텝")


def test_curves_have_every_seed(found: Report) -> None:
    svg = next(each.svg for each in draw(found)["made"] if each.name == "made-format.svg")
    lines = [each for each in svg.split("<path") if 'stroke-width="0.7"' in each]
    assert len(lines) == 4 * 5


def test_command(folder: Path, tmp_path: Path) -> None:
    run = [sys.executable, "-c", "from jeoul.cli import main; main()", "bench", "collapse", "report"]
    done = subprocess.run(
        [*run, str(folder), "-o", str(tmp_path / "out")], capture_output=True, text=True, timeout=300, check=True
    )
    assert "gdpo against grpo: better: format" in done.stdout
    assert "not reproduced" in done.stdout
    assert "below 0.0625" in done.stderr
    assert (tmp_path / "out" / "report.html").exists()
    refused = subprocess.run([*run, str(tmp_path)], capture_output=True, text=True, timeout=300, check=False)
    assert refused.returncode == 3
    assert "has no study.json" in refused.stderr


def test_no_study(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        make_report(tmp_path)
