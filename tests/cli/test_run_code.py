"""``jeoul run-code`` and ``jeoul sandbox check`` as processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jeoul.rewards.code.sandbox import Sandbox

ADD = "def add(a, b):\n    return a + b if a < 10 else 1 / 0\n"
CHECK = "def check(candidate):\n    assert candidate(1, 2) == 3\n"


@pytest.fixture(scope="module", autouse=True)
def _held() -> None:
    if not Sandbox(slots=1).report().holds:
        pytest.skip("programs are not held here")


def jeoul(*arguments: str, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from jeoul.cli import main; main()", *arguments]
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONUTF8": "1"}
    return subprocess.run(
        command, cwd=cwd, input=stdin, capture_output=True, text=True, timeout=300, env=environment, check=False
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "add.py").write_text(ADD)
    (tmp_path / "good.py").write_text("assert add(1, 2) == 3\nassert add(0, 0) == 0\n")
    (tmp_path / "bad.py").write_text("assert add(1, 2) == 3\nassert add(2, 2) == 5\nassert add(20, 1) == 21\n")
    (tmp_path / "check.py").write_text(CHECK)
    row = {"task_id": "Own/1", "prompt": "def add(a, b):\n", "entry_point": "add", "test": CHECK}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    (tmp_path / "answer.txt").write_text("Here:\n```python\n" + ADD + "```\n")
    return tmp_path


def test_one_verdict(folder):
    good = jeoul("run-code", "add.py", "--tests", "good.py", cwd=folder)
    assert good.returncode == 0, good.stderr
    assert "2 of 2 tests passed (the whole text)" in good.stdout
    bad = jeoul("run-code", "add.py", "--tests", "bad.py", "--json", cwd=folder)
    assert bad.returncode == 1, bad.stderr
    told = json.loads(bad.stdout)
    assert [test["kind"] for test in told["tests"]] == ["pass", "wrong", "runtime_error"]
    assert told["passed"] is False


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "said"),
    [
        (
            ["answer.txt", "--tests", "check.py", "--entry-point", "add"],
            "",
            0,
            "1 of 1 tests passed (the python block)",
        ),
        (["-", "--tests", "rows.jsonl"], "    return a + b\n", 0, "the continuation of the prompt"),
        (["-", "--tests", "good.py"], ADD, 0, "the whole text"),
        (["answer.txt", "--tests", "good.py", "--extract", "whole"], "", 1, "compile_error"),
        (["-", "--tests", "good.py", "--extract", "fenced"], "words", 1, "no_code: there is no fenced block"),
    ],
)
def test_where_the_program_and_the_tests_are(arguments, stdin, code, said, folder):
    done = jeoul("run-code", *arguments, cwd=folder, stdin=stdin)
    assert done.returncode == code, done.stderr
    assert said in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["none.py", "--tests", "good.py"], 3, "none.py cannot be read"),
        (["add.py", "--tests", "check.py"], 3, "check.py: tests that define check() need the column entry_point"),
        (["add.py", "--tests", "rows.jsonl", "--row", "4"], 2, "has rows 0 to 0"),
        (["add.py", "--tests", "good.py", "--cpu", "2"], 2, "--cpu '2' is not a number and a unit"),
        (["add.py", "--tests", "good.py", "--sandbox", "x"], 2, "the address of a remote sandbox is one of"),
    ],
)
def test_a_users_mistake_is_one_message(arguments, code, said, folder):
    done = jeoul("run-code", *arguments, cwd=folder)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_enforced_is_what_was_observed(tmp_path):
    limits_only = jeoul("sandbox", "check", "--tier", "C", "--json", cwd=tmp_path)
    told = json.loads(limits_only.stdout)
    assert (limits_only.returncode, told["holds"], told["tier"]) == (1, False, "C")
    assert "fork" in told["not_denied"]
    assert told["fixes"]
    auto = jeoul("sandbox", "check", cwd=tmp_path)
    assert auto.returncode in (0, 1)
    assert ("programs are held" in auto.stderr) == (auto.returncode == 0)
    assert "Traceback" not in auto.stderr
