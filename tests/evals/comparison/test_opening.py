"""What a user names becomes sides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_runs import SUITE, answers, make_run, write_problems

from jeoul import Recipe
from jeoul.errors import DataError, UsageError
from jeoul.evals.comparison.making import compare_sides, matched_sets
from jeoul.evals.comparison.opening import labels_of, open_sides
from jeoul.rewards.math.correct import math_correct

ROWS = answers({n: [1, 0] for n in range(12)})


def outputs(folder: Path, name: str) -> str:
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return str(folder / name)


def test_runs_outputs_and_tables(tmp_path: Path) -> None:
    write_problems(tmp_path)
    suite = tmp_path / "sums.toml"
    suite.write_text(SUITE, encoding="utf-8")
    run = make_run(tmp_path, "run", ROWS)
    sides = open_sides([str(run), outputs(tmp_path, "out.jsonl")], suite=str(suite), workers=0)
    assert [[one.kind for one in side] for side in sides] == [["run"], ["outputs"]]
    found = compare_sides(matched_sets(sides)[0])
    assert found.sets[0].alike["suite"]  # a run and outputs scored here are alike, hashes and all
    assert found.sets[0].pairs[0].score.difference == 0

    table = Recipe(math_correct(answer="answer")).score(
        [row | {"prompt": row["id"], "answer": str(2 * int(row["id"][1:]))} for row in ROWS], workers=0
    )
    table.save(tmp_path / "t.parquet")
    sides = open_sides([str(tmp_path / "t.parquet")] * 2)
    assert sides[0][0].kind == "table"
    assert compare_sides(matched_sets(sides)[0]).sets[0].score == "math_correct"


def test_regrading_makes_other_versions_alike(tmp_path: Path) -> None:
    from dataclasses import replace

    from jeoul.rewards.tables.table import RewardTable

    runs = [str(make_run(tmp_path, name, ROWS)) for name in ("a", "b")]
    old = RewardTable.load(f"{runs[1]}/table.parquet")
    replace(old, info={**old.info, "rewards": dict.fromkeys(old.info["rewards"], "0" * 16)}).save(
        f"{runs[1]}/table.parquet"
    )
    with pytest.raises(DataError, match=r"grader\.code\.correct"):
        compare_sides(matched_sets(open_sides(runs))[0])
    assert compare_sides(matched_sets(open_sides(runs, regrade=True, workers=0))[0]).sets


def test_labels() -> None:
    assert labels_of(["a/x", "b/x"]) == ["A a/x", "B b/x"]
    assert labels_of([".", ".."]) == ["A .", "B .."]


def test_refuses(tmp_path: Path) -> None:
    given = outputs(tmp_path, "out.jsonl")
    with pytest.raises(DataError, match="there is no file or folder nowhere"):
        open_sides(["nowhere", given])
    with pytest.raises(UsageError, match="write --suite SUITE"):
        open_sides([given, given])
    with pytest.raises(UsageError, match="2 sides to 26, not 1"):
        open_sides([given])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no finished run"):
        open_sides([str(tmp_path / "empty"), given])
    (tmp_path / "other.parquet").write_bytes(b"PAR1")
    with pytest.raises(UsageError, match="no run and no reward table"):
        open_sides([str(tmp_path / "other.parquet"), given])


def test_logs_of_other_harnesses(tmp_path: Path) -> None:
    """The same completions as lm-eval, lighteval and inspect_ai logged them, but for one that inspect_ai's filtered."""
    logs = Path(__file__).parents[1] / "importers/logs"
    rows = [
        {"id": "a", "problem": "What is 7 times 8?", "answer": "56"},
        {"id": "b", "problem": "Halve $\\frac{6}{7}$.", "answer": "\\frac{3}{7}"},
        {"id": "c", "problem": "한 변이 3인 정사각형의 넓이는?", "answer": "9"},
    ]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "own.toml").write_text(SUITE, encoding="utf-8")
    origins = [str(logs / name) for name in ("samples_sums.jsonl", "details_sums.parquet", "inspect.eval")]
    found = compare_sides(matched_sets(open_sides(origins, suite=str(tmp_path / "own.toml"), workers=0))[0])
    same, other = (pair for _, pair in found.pairs)
    for pair in (same, other):
        assert (pair.questions, pair.score.samples_a, pair.score.samples_b) == (3, 6, 6)
        assert pair.score.a == pytest.approx((0.5 + 0.5 + 1) / 3)
    assert same.score.difference == 0
    assert other.score.difference == pytest.approx(-0.5 / 3)
