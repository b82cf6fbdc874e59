"""``jeoul report`` as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def jeoul(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from jeoul.cli import main; main()", *arguments]
    around = {**os.environ, "NO_COLOR": "1", "PYTHONUTF8": "1"}
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, env=around, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("report")
    (made / "mine.toml").write_text('[source]\npath = "mine.jsonl"\n[reward.correct]\nuse = "math_correct"\n')
    (made / "mine.jsonl").write_text('{"id": "a", "problem": "1 + 1?", "answer": "2"}\n')
    (made / "out.jsonl").write_text('{"id": "a", "completion": "\\\\boxed{2}"}\n')
    done = jeoul("eval", "mine.toml", "--outputs", "out.jsonl", "-o", "run", "-q", cwd=made)
    assert done.returncode == 0, done.stderr
    return made


def test_html_goes_into_the_folder_and_the_ending_says_the_format(folder: Path) -> None:
    done = jeoul("report", "run", cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "wrote run/report.html\n")
    assert (folder / "run/report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert jeoul("report", "run", "-o", "figures.md", "-q", cwd=folder).stderr == ""
    assert (folder / "figures.md").read_text(encoding="utf-8").startswith("# mine@given")


def test_stdout(folder: Path) -> None:
    done = jeoul("report", "run", "-o", "-", "--format", "json", cwd=folder)
    assert json.loads(done.stdout)["runs"][0]["summary"]["figures"]["accuracy"]["estimate"] == 1
    card = jeoul("report", "run", "-o", "-", "--format", "model-card", "--model", "me/mine", cwd=folder)
    assert "- name: me/mine" in card.stdout


def test_a_run_that_is_graded_again_has_a_new_report(folder: Path) -> None:
    done = jeoul("eval", "mine.toml", "--outputs", "out.jsonl", "-o", "graded", "-q", cwd=folder)
    assert done.returncode == 0, done.stderr
    (folder / "graded/report.html").write_text("old")
    (folder / "nothing.toml").write_text('[reward.correct]\nuse = "math_correct"\nextract = ["answer_tag"]\n')
    done = jeoul("regrade", "graded", "--recipe", "nothing.toml", "-o", "graded", "--force", "-q", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert '<p class="value">0.0%</p>' in (folder / "graded/report.html").read_text(encoding="utf-8")


def test_two_runs(folder: Path) -> None:
    done = jeoul("eval", "mine.toml", "--outputs", "out.jsonl", "-o", "again", "-q", cwd=folder)
    assert done.returncode == 0, done.stderr
    done = jeoul("report", "run", "again", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "wrote report.html\n")
    assert "B again against A run" in (folder / "report.html").read_text(encoding="utf-8")
    card = jeoul("report", "run", "again", "--format", "model-card", "-o", "-", cwd=folder)
    assert card.stdout.count("name: accuracy") == 2


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("nowhere",), 3, "nowhere holds no finished run"),
        (("run", "--format", "pdf"), 2, "pdf"),
        (("run", "--model", "m"), 2, "--model names the model in a model card"),
        (("run", "-o", "no/such/r.html"), 3, "cannot be written"),
    ],
)
def test_mistakes(arguments: tuple[str, ...], code: int, message: str, folder: Path) -> None:
    done = jeoul("report", *arguments, cwd=folder)
    told = done.stderr + done.stdout
    assert (done.returncode, message in told, "Traceback" in told) == (code, True, False), told
