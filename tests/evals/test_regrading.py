"""Samples graded again: the same grader changes nothing, another one says what it changed, in which direction."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from made_runs import SUITE, answers, make_run, side, write_problems

from jeoul.errors import DataError, UsageError
from jeoul.evals.comparison.alike import differences
from jeoul.evals.comparison.making import compare_sides
from jeoul.evals.regrading import Regrading, problems_of_run, protocol_of_run, regrade, write_regraded
from jeoul.evals.run_folder import RUN, SAMPLES, read_run
from jeoul.evals.suites import parse_suite
from jeoul.evals.suites_rows import load_problems
from jeoul.rewards.recipes.recipe import Recipe
from jeoul.rewards.tables.table import RewardTable

ROWS = [
    *answers({0: [1, 0], 1: [1, None, 1]}, finish_reason="stop", completion_tokens=5),
    {"id": "q2", "sample": 0, "completion": "The answer is 4", "finish_reason": "length", "completion_tokens": 9},
    {"id": "q2", "sample": 1, "completion": "nothing"},
]
BOXED = '[reward.correct]\nuse = "math_correct"\nextract = ["boxed"]\nundecided = "wrong"\n'


def regraded(folder: Path, recipe: str | None = None, **how: object) -> Regrading:
    run = read_run(make_run(folder, "run", ROWS, protocol="gdpo"))
    return regrade(run, recipe=None if recipe is None else Recipe.from_toml(recipe), workers=0, **how)


def test_the_same_grader_changes_nothing(tmp_path: Path) -> None:
    made = regraded(tmp_path)
    assert made.same_grader
    assert not made.changes
    assert made.columns == {"boxed": 0}
    old = read_run(tmp_path / "run")
    assert json.loads(json.dumps(made.evaluation.summary.to_dict()).replace("NaN", "null")) == old.summary
    about = {name: value for name, value in made.evaluation.about.items() if name != "regraded"}
    assert json.loads(json.dumps(about)) == old.about
    assert not list(differences(side(tmp_path / "run", "A"), side(written(made, tmp_path), "B")))


def written(made: Regrading, folder: Path) -> Path:
    write_regraded(folder / "again", read_run(folder / "run"), made)
    return folder / "again"


def test_missing_problems_and_samples_stay_missing(tmp_path: Path) -> None:
    summary = regraded(tmp_path).evaluation.summary
    assert (summary.problems, summary.answered, summary.asked, summary.samples, summary.missing) == (12, 3, 16, 6, 186)
    assert summary.figures["avg@16"].n_missing == 9


def test_another_recipe_says_what_changed_and_how(tmp_path: Path) -> None:
    made = regraded(tmp_path, BOXED)
    assert [(one.question, one.direction, one.before.score, one.after.score) for one in made.changes] == [
        ("q2", "down", 1, 0)
    ]
    change = made.changes[0]
    assert (change.problem, change.before.completion, change.before.tokens) == ("2 + 2?", "The answer is 4", 9)
    assert change.before.reason.startswith("correct:")
    assert change.after.reason.startswith("no_answer")
    assert made.figures["avg@16"] == (pytest.approx((0.5 + 1 + 0.5) / 3), pytest.approx((0.5 + 1 + 0) / 3))
    assert made.figures["form"][1] is None  # the recipe has no such column
    assert not made.same_grader
    back = made.to_dict()
    assert back["changed"] == {"up": 0, "down": 1, "gone": 0, "come": 0, "reason": 0}


def test_both_directions_and_cells_without_a_score(tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text(
        "import math\n"
        "def odd(completions, answer):\n"
        "    return [math.nan if 'nothing' in c else float('{1}' in c or '{0}' in c) for c in completions]\n"
    )
    made = regraded(tmp_path, f'[reward.odd]\nuse = "{tmp_path}/odd.py:odd"\n', score="odd")
    directions = {(one.question, one.before.sample): one.direction for one in made.changes}
    assert directions == {("q0", 1): "up", ("q1", 0): "down", ("q1", 2): "down", ("q2", 0): "down", ("q2", 1): "gone"}
    back = regrade(read_run(written(made, tmp_path)), recipe=Recipe.from_toml(BOXED), workers=0)
    assert {(one.question, one.before.sample): one.direction for one in back.changes}["q2", 1] == "come"


def test_another_outcome_of_the_same_score(tmp_path: Path) -> None:
    rows = [{"id": "q2", "completion": "\\boxed{9}"}, {"id": "q3", "completion": "\\boxed{6}"}]
    run = read_run(make_run(tmp_path, "run", rows))
    tags = Recipe.from_toml(BOXED.replace("boxed", "answer_tag"))
    kinds = {one.question: one.direction for one in regrade(run, recipe=tags, workers=0).changes}
    assert kinds == {"q2": "reason", "q3": "down"}  # incorrect, and now no answer
    words = Recipe.from_toml('[reward.correct]\nuse = "exact_match"\n')
    assert [one.question for one in regrade(run, recipe=words, workers=0).changes] == ["q3"]  # it has no outcomes


def test_a_run_written_again(tmp_path: Path) -> None:
    made = regraded(tmp_path, BOXED)
    before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    folder = written(made, tmp_path)
    assert {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before
    assert (folder / SAMPLES).read_bytes() == before[SAMPLES]
    run = read_run(folder)
    assert run.about["regraded"]["from"] == str(tmp_path / "run")
    assert run.about["regraded"]["grader"]["recipe_hash"] == read_run(tmp_path / "run").about["grader"]["recipe_hash"]
    assert run.about["protocol"] == read_run(tmp_path / "run").about["protocol"]
    assert run.table().column("correct").tolist() == made.evaluation.table.column("correct").tolist()
    fields = [field for field, _, _ in differences(side(tmp_path / "run", "A"), side(folder, "B"))]
    assert fields[:2] == ["suite.hash", "grader.recipe"]
    other = regrade(read_run(make_run(tmp_path, "b", ROWS, protocol="gdpo")), recipe=Recipe.from_toml(BOXED), workers=0)
    write_regraded(tmp_path / "b2", read_run(tmp_path / "b"), other)
    assert compare_sides([[side(folder, "A"), side(tmp_path / "b2", "B")]]).sets  # both by the new recipe: alike again


def test_in_place_samples_stay(tmp_path: Path) -> None:
    made = regraded(tmp_path, BOXED)
    samples = (tmp_path / "run" / SAMPLES).read_bytes()
    write_regraded(tmp_path / "run", read_run(tmp_path / "run"), made)
    assert (tmp_path / "run" / SAMPLES).read_bytes() == samples
    assert read_run(tmp_path / "run").summary["figures"]["avg@16"]["estimate"] == pytest.approx(0.5)


def test_samples_that_are_gone_come_from_the_table(tmp_path: Path) -> None:
    made = regraded(tmp_path)
    (tmp_path / "run" / SAMPLES).unlink()
    rows = [json.loads(line) for line in (written(made, tmp_path) / SAMPLES).read_text().splitlines()]
    assert [row["completion"] for row in rows] == [row["completion"] for row in ROWS]
    assert rows[4]["finish_reason"] == "length"


def test_another_grader_version_meets_its_like_again(tmp_path: Path) -> None:
    """What compare refuses for its grader's code, it takes once both are graded again."""
    runs = [make_run(tmp_path, name, ROWS) for name in ("a", "b")]
    path = runs[0] / "table.parquet"
    old = RewardTable.load(path)
    wrong = old.value.copy()
    wrong[:, old.index("correct")] = 0
    replace(old, value=wrong, info={**old.info, "rewards": dict.fromkeys(old.info["rewards"], "0" * 16)}).save(path)
    assert list(differences(side(runs[0], "A"), side(runs[1], "B")))
    made = regrade(read_run(runs[0]), workers=0)
    assert made.count("up") == 4
    assert not made.same_grader
    write_regraded(tmp_path / "new", read_run(runs[0]), made)
    assert compare_sides([[side(tmp_path / "new", "A"), side(runs[1], "B")]]).sets[0].pairs[0].score.difference == 0


def test_another_suite_with_other_golds_and_ids(tmp_path: Path) -> None:
    run = read_run(make_run(tmp_path, "run", ROWS))
    (tmp_path / "new").mkdir()
    write_problems(tmp_path / "new")
    text = (tmp_path / "new/p.jsonl").read_text().replace('"q2"', '"two"').replace('"answer": "4"', '"answer": "5"')
    (tmp_path / "new/p.jsonl").write_text(text)
    problems = load_problems(parse_suite(SUITE.replace("version = 1", "version = 2"), "sums", tmp_path / "new"))
    made = regrade(run, problems=problems, workers=0)
    assert [(one.question, one.direction, one.before.score) for one in made.changes] == [("two", "down", 1)]
    about = made.evaluation.about
    assert (about["suite"]["version"], about["data"]["hash"]) == (2, problems.fingerprint)
    assert about["protocol"] == run.about["protocol"]


def test_refuses(tmp_path: Path) -> None:
    recipe = Recipe.from_toml(BOXED)
    run = read_run(make_run(tmp_path, "run", ROWS))
    problems = problems_of_run(run, run.table())
    with pytest.raises(UsageError, match="a recipe or a suite, not both"):
        regrade(run, recipe=recipe, problems=problems)
    with pytest.raises(UsageError, match="did you mean 'correct'"):
        regrade(run, recipe=recipe, score="corect")
    with pytest.raises(UsageError, match="--score names a column of --recipe"):
        regrade(run, score="correct")
    with pytest.raises(DataError, match="nowhere"):
        regrade(run, recipe=Recipe.from_toml('[reward.x]\nuse = "rouge1"\nreference = "nowhere"\n'), workers=0)
    about = json.loads((tmp_path / "run" / RUN).read_text())
    (tmp_path / "run" / RUN).write_text(json.dumps(about | {"protocol": {"name": "x", "odd": 1}}))
    with pytest.raises(DataError, match="is damaged: its protocol"):
        protocol_of_run(read_run(tmp_path / "run"))


@pytest.mark.parametrize("protocol", ["gdpo", "drgrpo_r1", "given", "field"])
def test_a_protocol_is_read_back(tmp_path: Path, protocol: str) -> None:
    rows = answers({0: [1]})
    run = read_run(make_run(tmp_path, "run", rows, protocol=protocol))
    assert protocol_of_run(run).fingerprint == run.about["protocol"]["hash"]
