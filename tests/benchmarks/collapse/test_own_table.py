"""The benchmark's questions asked of a saved table: run as a user would."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from jeoul import Recipe, contains, exact_match
from jeoul.benchmarks.collapse.arms import ESTIMATED
from jeoul.benchmarks.collapse.distinct import distinct_groups

RUN = [sys.executable, "-c", "from jeoul.cli import main; main()", "bench", "collapse", "table"]
SIZE = 4


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every group of four of two binary rewards, in every order: answer "4" or not, a word in it or not."""
    texts = {(1, 0): "4", (0, 0): "5", (0, 1): "5 so\x1b[31m[red]", (1, 1): "so"}
    groups = itertools.product(texts, repeat=SIZE)
    rows = [
        {"prompt": str(number), "completion": texts[cell], "answer": "so" if cell == (1, 1) else "4"}
        for number, group in enumerate(groups)
        for cell in group
    ]
    path = tmp_path_factory.mktemp("own") / "table.parquet"
    recipe = (
        Recipe(exact_match(answer="answer"))
        + contains(any_of=("so",))
        + contains(any_of=("5",)).named("five").monitor()
    )
    recipe.score(rows, workers=0).save(path)
    return path


def test_every_group_there_is(table: Path, tmp_path: Path) -> None:
    chart = tmp_path / "chart.json"
    done = subprocess.run(
        [*RUN, str(table), "--json", "--chart", str(chart)], capture_output=True, text=True, timeout=300, check=True
    )
    found = json.loads(done.stdout)
    figures = {each["name"]: each for each in found["estimators"]}
    assert tuple(figures) == ESTIMATED
    for name in ("dr_grpo", "gdpo"):
        # grpo's eps tells apart what differs by scale alone; these have none, or one that scale leaves alone
        assert figures[name]["distinct"][1] == distinct_groups(2, SIZE, name)
    assert figures["grpo"]["distinct"][0] == 35
    assert figures["grpo"]["collapse"] == pytest.approx(1 / 6)  # exact: `jeoul bench collapse counts`
    assert figures["gdpo"]["collapse"] == pytest.approx(1 / 12)
    assert len(figures["grpo"]["rows"]) > len(figures["gdpo"]["rows"]) > 0
    assert {flip["estimators"][0] for flip in found["flips"]} == {"grpo"}
    assert [column["name"] for column in found["columns"] if column["monitored"]] == ["five"]
    drawn = json.loads(chart.read_text())
    bars = {row["estimator"]: row["collapse"] for row in drawn["vconcat"][0]["data"]["values"]}
    assert bars["gdpo"] == pytest.approx(1 / 12)


def test_reads(table: Path) -> None:
    done = subprocess.run(
        [*RUN, str(table), "--estimator", "gdpo"], capture_output=True, text=True, timeout=300, check=True
    )
    assert "1024 completions in 256 groups" in done.stdout
    assert "five" not in done.stdout.split("Different rewards")[0]  # a monitor has no share
    assert "under grpo" in done.stdout
    assert "\\x1b[31m[red]" in done.stdout  # as it is, and no colour
    assert "\x1b" not in done.stdout


def test_refused(tmp_path: Path, table: Path) -> None:
    done = subprocess.run(
        [*RUN, str(tmp_path / "none.parquet")], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode in (2, 3)
    assert "Traceback" not in done.stderr
    done = subprocess.run(
        [*RUN, str(table), "--estimator", "gdop"], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 2
    assert "did you mean 'gdpo'" in done.stderr
