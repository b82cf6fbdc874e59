"""``jeoul regrade`` as a process: what it prints, writes and exits with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = """
[source]
path = "p.jsonl"
[reward.correct]
use = "math_correct"
undecided = "wrong"
"""
BOXED = '[reward.correct]\nuse = "math_correct"\nextract = ["boxed"]\n'


def jeoul(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from jeoul.cli import main; main()", *arguments]
    around = {**os.environ, "NO_COLOR": "1", "PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, env=around, check=False)
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("regrade")
    (made / "sums.toml").write_text(SUITE, encoding="utf-8")
    (made / "boxed.toml").write_text(BOXED, encoding="utf-8")
    rows = [{"id": f"q{n}", "problem": f"{n} + {n}?", "answer": str(2 * n)} for n in range(4)]
    (made / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    texts = ["\\boxed{0}", "The answer is 2", "\x1b[31mThe answer is 4", "\\boxed{7}"]
    given = [{"id": f"q{n}", "completion": text} for n, text in enumerate(texts)]
    (made / "out.jsonl").write_text("".join(json.dumps(row) + "\n" for row in given), encoding="utf-8")
    assert jeoul("eval", "sums.toml", "--outputs", "out.jsonl", "-o", "run", "--workers", "0", cwd=made).returncode == 0
    return made


def test_the_same_grader(folder: Path) -> None:
    done = jeoul("regrade", "run", "--fail-if-changed", "--workers", "0", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "0 verdicts changed" in done.stdout
    assert "recipe, code and engines are those the run was graded with" in done.stderr
    assert "wrote run-regraded" in done.stderr
    again = jeoul("regrade", "run", "--workers", "0", cwd=folder)
    assert (again.returncode, "run-regraded holds a finished run; give --force" in again.stderr) == (2, True)
    assert jeoul("regrade", "run", "-o", "run", "--workers", "0", cwd=folder).returncode == 2  # never over itself
    compared = jeoul("compare", "run", "run-regraded", cwd=folder)
    assert compared.returncode == 0, compared.stderr


def test_another_recipe(folder: Path) -> None:
    how = ("regrade", "run", "--recipe", "boxed.toml", "--workers", "0", "--force")
    done = jeoul(*how, "-o", "boxed", "--show", "1", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "2 verdicts changed:\n  2: score went down\n    q1, sample 0: 1 → 0\n      …The answer is 2\n" in done.stdout
    assert "      before: correct: 2 = 2" in done.stdout
    assert "      after:  no_answer" in done.stdout
    assert "q2, sample 0" not in done.stdout
    whole = jeoul(*how, "-o", "boxed", cwd=folder)
    assert "q2, sample 0" in whole.stdout
    assert "\x1b" not in whole.stdout
    assert jeoul(*how, "-o", "boxed", "--fail-if-changed", cwd=folder).returncode == 1
    told = json.loads(jeoul(*how, "-o", "boxed", "--json", cwd=folder).stdout)
    assert (told["changed"]["down"], told["folder"], told["figures"]["accuracy"]) == (
        2,
        "boxed",
        {"before": 0.75, "after": 0.25},
    )


def test_mistakes(folder: Path) -> None:
    assert jeoul("regrade", "nowhere", cwd=folder).returncode == 3
    assert (
        jeoul("regrade", "run", "-o", "x", "--recipe", "boxed.toml", "--suite", "sums.toml", cwd=folder).returncode == 2
    )
    assert jeoul("regrade", "run", "-o", "x", "--deadline", "soon", cwd=folder).returncode == 2
    assert not (folder / "x").exists()
