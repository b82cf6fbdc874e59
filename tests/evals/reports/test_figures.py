from __future__ import annotations

from pathlib import Path

from jeoul.evals.reports.figures import facts, figure_rows, meaning
from jeoul.evals.run_folder import read_run


def test_rows_are_the_summary(run_folder: Path) -> None:
    figures = read_run(run_folder).summary["figures"]
    rows = {row.name: row for row in figure_rows(figures)}
    assert list(rows) == list(figures)
    score = rows["avg@2"]
    assert (score.value, score.n, score.samples, score.missing) == ("62.5%", 4, 7, 1)
    assert score.interval == "{:.1f}% to {:.1f}%".format(*(100 * end for end in figures["avg@2"]["interval"]))
    assert score.how == "95% clustered Wilson"
    assert (rows["characters"].drawn, score.drawn) == (False, True)


def test_what_is_not_there_is_a_dash() -> None:
    (row,) = figure_rows({"pass@64": {"estimate": None, "interval": [None, None], "n": 0}})
    assert (row.value, row.interval, row.total, row.how, row.drawn) == ("–", "–", "–", "", False)


def test_every_figure_of_a_run_is_explained(run_folder: Path) -> None:
    assert all(meaning(name) for name in read_run(run_folder).summary["figures"])
    assert meaning("mine") == ""


def test_facts_hold_every_hash(run_folder: Path) -> None:
    about = read_run(run_folder).about
    told = {f"{section}.{key}": value for section, rows in facts(about).items() for key, value in rows}
    for name in ("suite", "protocol", "data"):
        assert told[f"{name}.hash"] == about[name]["hash"]
    assert told["grader.recipe_hash"] == about["grader"]["recipe_hash"]
