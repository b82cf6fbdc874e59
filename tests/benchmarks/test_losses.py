"""``jeoul bench losses`` at toy sizes: it runs, and its log-probabilities are right."""

from __future__ import annotations

import json
import subprocess
import sys

from jeoul.benchmarks.logp_once import HEADS, LOGITS, Job, measure


def bench(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from jeoul.cli import main; main()", "bench", "losses", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_command() -> None:
    size = ["--rows", "32", "--vocab", "500", "--hidden", "8", "--rounds", "1", "--dtypes", "float32", "--json"]
    done = bench(*size)
    assert done.returncode == 0, done.stderr
    lines = json.loads(done.stdout)["lines"]
    assert {line["what"] for line in lines} == {"From logits", "From hidden states of width 8"}
    assert all(line["error"] < 1e-5 for line in lines)
    shown = {line["way"] for line in lines}
    assert {"ours", "ours, consuming the logits", "naive torch", "full logits, naive torch"} <= shown
    for way in {*LOGITS, *HEADS} - shown:
        assert f"{way.split()[0].lower()} is not installed" in done.stderr


def test_a_measurement_that_fails_says_which() -> None:
    done = bench("--rows", "4", "--vocab", "9", "--dtypes", "int8", "--rounds", "1")
    assert done.returncode == 2
    assert "ours, 4 × 9 int8" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_measurement_in_half_precision() -> None:
    for way, hidden in (("ours", 0), ("ours", 8)):
        outcome = measure(Job(way, rows=20, vocab=300, dtype="bfloat16", hidden=hidden))
        assert outcome.seconds > 0
        assert outcome.error < 1e-5
