"""``jeoul compare`` as a process: what it prints and exits with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SUITE = """
[source]
path = "p.jsonl"
[reward.correct]
use = "math_correct"
undecided = "wrong"
"""
DATA = Path(__file__).parents[3] / "shared/data/generations/math100_qwen_x8.jsonl"


def run_compare(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from jeoul.cli import main; main()", "compare", *arguments]
    around = {**os.environ, "NO_COLOR": "1", "PYTHONUTF8": "1"}
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, env=around, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("compare")
    (made / "sums.toml").write_text(SUITE, encoding="utf-8")
    rows = [{"id": f"q{n}", "problem": f"{n} + {n}?", "answer": str(2 * n)} for n in range(12)]
    (made / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    for name, wrong in (("good", 1), ("bad", 9)):
        given = [{"id": f"q{n}", "completion": f"\\boxed{{{2 * n + (n < wrong)}}}"} for n in range(12)]
        (made / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in given), encoding="utf-8")
    return made


def test_a_drop_is_found_and_fails(folder: Path) -> None:
    done = run_compare("good.jsonl", "bad.jsonl", "--suite", "sums.toml", "--workers", "0", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "sums@given: B bad.jsonl against A good.jsonl, 12 of 12 questions" in done.stdout
    assert "accuracy: worse (-66.7 points" in done.stdout
    assert "B alone solves 0 questions, A alone solves 8" in done.stdout
    assert done.stderr == ""
    how = ("--suite", "sums.toml", "--workers", "0", "--fail-if-worse")
    failed = run_compare("good.jsonl", "bad.jsonl", *how, cwd=folder)
    assert failed.returncode == 1
    assert "worse: sums@given: B bad.jsonl against A good.jsonl: accuracy: worse" in failed.stderr
    assert run_compare("good.jsonl", "bad.jsonl", *how, "--worse-by", "0.7", cwd=folder).returncode == 0
    assert run_compare("bad.jsonl", "good.jsonl", *how, cwd=folder).returncode == 0


def test_json_and_markdown(folder: Path) -> None:
    how = ("good.jsonl", "bad.jsonl", "good.jsonl", "--suite", "sums.toml", "--workers", "0", "--pairwise")
    told = json.loads(run_compare(*how, "--json", cwd=folder).stdout)
    pairs = told["sets"][0]["pairs"]
    assert [(one["a"], one["b"]) for one in pairs] == [
        ("A good.jsonl", "B bad.jsonl"), ("A good.jsonl", "C good.jsonl"), ("B bad.jsonl", "C good.jsonl")
    ]  # fmt: skip
    assert pairs[1]["metrics"][0]["detectable"] is None  # NaN is null
    assert [one["metrics"][0]["verdict"] for one in pairs] == ["worse", "inconclusive", "better"]
    text = run_compare(*how, "--markdown", cwd=folder).stdout
    assert text.startswith("## sums@given: B bad.jsonl against A good.jsonl, 12 of 12 questions\n\n- accuracy: worse")
    assert run_compare(*how, "--json", "--markdown", cwd=folder).returncode == 2


def test_mistakes_have_their_exit_codes(folder: Path) -> None:
    def told(*arguments: str) -> tuple[int, str]:
        done = run_compare(*arguments, cwd=folder)
        assert "Traceback" not in done.stderr
        return done.returncode, done.stderr

    assert told()[0] == told("good.jsonl")[0] == 2
    code, said = told("good.jsonl", "bad.jsonl")
    assert (code, "write --suite SUITE" in said) == (2, True)
    code, said = told("good.jsonl", "none.jsonl", "--suite", "sums.toml")
    assert (code, "there is no file or folder none.jsonl" in said) == (3, True)
    assert told("good.jsonl", "bad.jsonl", "--suite", "sums.toml", "--worse-by", "-1")[0] == 2
    assert told("good.jsonl", "bad.jsonl", "--suite", "sums.toml", "--level", "2", "--workers", "0")[0] == 2


def make_halves(folder: Path) -> list[dict[str, Any]]:
    """Samples 0–3 and 4–7 of real completions as two files, and their suite; all rows."""
    suite = SUITE.replace('"p.jsonl"', f'"{DATA}"\nrepeated = "drop"\n[fields]\nproblem = "prompt"')
    (folder / "math100.toml").write_text(suite, encoding="utf-8")
    rows = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
    for name, samples in (("first", range(4)), ("second", range(4, 8))):
        half = [json.dumps(row) + "\n" for row in rows if row["sample"] in samples]
        (folder / f"{name}.jsonl").write_text("".join(half), encoding="utf-8")
    return rows


@pytest.mark.skipif(not DATA.is_file(), reason="no shared data")
def test_two_halves_of_real_samples_are_no_different(tmp_path: Path) -> None:
    rows = make_halves(tmp_path)
    done = run_compare("first.jsonl", "second.jsonl", "--suite", "math100.toml", "--json", cwd=tmp_path)
    pair = json.loads(done.stdout)["sets"][0]["pairs"][0]
    score = pair["metrics"][0]
    assert (score["name"], score["questions"], score["samples_a"], score["samples_b"]) == ("avg@4", 100, 400, 400)
    labels = [sum(row["label"] for row in rows if row["sample"] in half) / 400 for half in (range(4), range(4, 8))]
    assert [score["a"], score["b"]] == pytest.approx(labels, abs=0.02)  # that repository's own grader
    assert score["verdict"] in ("equivalent", "inconclusive")
    assert pair["flips"]["gained"] + pair["flips"]["lost"] < 10


@pytest.mark.skipif(not DATA.is_file(), reason="no shared data")
def test_the_documentation_shows_what_is_printed(tmp_path: Path) -> None:
    """docs/compare.md has the comparison of the two halves; it cannot be run where the data is absent."""
    make_halves(tmp_path)
    done = run_compare("first.jsonl", "second.jsonl", "--suite", "math100.toml", "--flips", "1", cwd=tmp_path)
    page = (Path(__file__).parents[2] / "docs/compare.md").read_text(encoding="utf-8")
    shown = page.partition("$ jeoul compare first.jsonl second.jsonl")[2].partition("```")[0]
    expected, printed = (
        [" ".join(line.replace("─", " ").split()) for line in text.splitlines()[skip:]]
        for text, skip in ((shown, 1), (done.stdout, 0))
    )
    assert [line for line in expected if line] == [line for line in printed if line]
