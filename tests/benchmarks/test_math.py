"""``jeoul bench math`` as a process, and its figures against counting by hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jeoul.benchmarks.math import accepted, math_verify, table
from jeoul.benchmarks.math_cases import Case

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def bench(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from jeoul.cli import main; main()", "bench", "math", *map(str, arguments)]
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, env=environment, check=False)


def test_without_data_there_are_verdicts_and_no_speed(tmp_path: Path) -> None:
    told = json.loads(bench("--rows", "40", "--json", cwd=tmp_path).stdout)
    assert told["speed"] == []
    last = told["cases"][-1]
    assert last["kind"] == "all"
    assert last["right"] + last["wrong"] == 40
    assert last["jeoul"] == [last["right"], 0]
    assert sum(row["right"] for row in told["cases"][:-1]) == last["right"]


@pytest.mark.skipif(not DATA.is_dir(), reason="no data beside the repository")
def test_speed_beside_the_peer(tmp_path: Path) -> None:
    pytest.importorskip("math_verify")
    done = bench("--data", DATA, "--rows", "12", "--rounds", "2", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [row["pairs"] for row in told["speed"]] == [96, 12, 12]
    for row in told["speed"]:
        assert 0 < row["p50 ms"] <= row["p99 ms"] <= row["longest ms"]
        assert row["least"] <= row["times faster"] <= row["most"]
        assert row["times faster"] > 1
    printed = bench("--data", DATA, "--rows", "12", "--rounds", "1", cwd=tmp_path)
    assert printed.returncode == 0, printed.stderr
    assert all(
        word in printed.stdout
        for word in ("jeoul recall", "math-verify recall", "times faster", "completions in groups of 8")
    )


def test_cases_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    rows = [("1/2", "0.5", True), ("1/2", "0.6", False), ("7", "\\text{seven frogs}", True)]
    file.write_text("".join(json.dumps({"gold": g, "answer": a, "right": r}) + "\n" for g, a, r in rows))
    last = json.loads(bench("--cases", file, "--json", cwd=tmp_path).stdout)["cases"][-1]
    assert (last["right"], last["wrong"], last["jeoul"]) == (2, 1, [1, 0])
    for text, said in (
        ('{"gold": "1", "answer": "1"}', "no column 'right'"),
        ('{"gold": "1", "answer": "1", "right": 1}', "true or false"),
    ):
        file.write_text(text + "\n")
        done = bench("--cases", file, cwd=tmp_path)
        assert done.returncode == 3
        assert said in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--rows", "0"), 2, "at least 1, not 0"), (("--rounds", "0"), 2, "at least 1, not 0"), (("--rows", "x"), 2, "--rows"),
        (("--data", "missing"), 3, "there is no file missing"), (("more",), 2, "--data"),
    ],
)  # fmt: skip
def test_mistakes(arguments: tuple[str, ...], code: int, said: str, tmp_path: Path) -> None:
    done = bench(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_the_table_counts() -> None:
    rows = [Case("a", "1", "1", True), Case("a", "2", "3", False), Case("b", "4", "5", True)]
    figures = table(rows, {"ours": accepted, "all": lambda gold, answer: True})
    assert [(row["kind"], row["right"], row["wrong"], row["ours"], row["all"]) for row in figures] == [
        ("a", 1, 1, [1, 0], [1, 1]), ("b", 1, 0, [0, 0], [1, 0]), ("all", 2, 1, [1, 0], [2, 1]),
    ]  # fmt: skip


def test_the_peer_is_asked_as_trl_asks_it() -> None:
    peer = math_verify()
    if peer is None:
        pytest.skip("Math-Verify is not installed")
    assert [peer("1/2", "0.5"), peer("$5$", "6")] == [True, False]
