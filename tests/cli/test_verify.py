"""``jeoul verify`` as a process: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def verify(*arguments: str | bytes, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from jeoul.cli import main; main()", "verify", *arguments]
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", timeout=60, env=environment, check=False
    )


@pytest.mark.parametrize(
    ("gold", "answer", "code", "lines"),
    [
        ("(1,2)", r"so \boxed{1<x<2}", 0, ["extracted  1<x<2  (from \\boxed)", "correct    stage 2: the same set of reals"]),
        ("12", "정답은 12개입니다.", 0, ["extracted  12개입니다  (from \"정답은\")"]),
        ("-x", r"\boxed{-x}", 0, ["gold       expression -x"]),
        (r"-\frac{1}{2}", "-0.5", 0, ["gold       number -1/2", "answer     number -1/2"]),
        ("-5", "5", 1, ["incorrect  stage 1: exact number"]),
        ("5", r"\boxed{6}", 1, ["incorrect  stage 1: exact number"]),
        ("5", "", 1, ["no_answer  stage 0: nothing to compare", "answer     blank"]),
        ("", "5", 1, ["gold_invalid  stage 0: nothing to compare"]),
        ("9^{9^{9^{9}}}", r"\boxed{5}", 1, ["undecided  stage 2: not evaluated: too large or too small a power"]),
        ("5", "--json", 1, ["extracted  --json  (from the whole text)"]),
    ],
)  # fmt: skip
def test_a_verdict_is_explained(gold: str, answer: str, code: int, lines: list[str], tmp_path: Path) -> None:
    done = verify("--", gold, answer, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert set(lines) <= set(done.stdout.splitlines())


def test_a_leading_minus_needs_no_dashes(tmp_path: Path) -> None:
    assert verify("-x", "-x", cwd=tmp_path).returncode == 0
    assert json.loads(verify(r"-\sqrt2", "-2^{1/2}", "--json", cwd=tmp_path).stdout)["outcome"] == "correct"


def test_what_math_correct_would_not_find_is_said(tmp_path: Path) -> None:
    assert "math_correct gives it 0" in verify("5", "5", cwd=tmp_path).stderr
    assert verify("5", r"\boxed{5}", cwd=tmp_path).stderr == ""


@pytest.mark.parametrize(
    ("options", "answer", "outcome"),
    [
        ((), "25%", "undecided"), (("--percent", "either"), "25%", "correct"),
        (("--decimals", "exact"), "25.0", "correct"), (("--angles", "exact"), "25", "correct"),
    ],
)  # fmt: skip
def test_policies(options: tuple[str, ...], answer: str, outcome: str, tmp_path: Path) -> None:
    told = json.loads(verify("25", answer, *options, "--json", cwd=tmp_path).stdout)
    assert told["outcome"] == outcome
    assert set(told) == {"extracted", "how", "gold", "answer", "outcome", "stage", "why"}


@pytest.mark.parametrize(
    "answer",
    [
        b"\x1b[31m\xff\xfe", "\u202e\u2028\x07", "\\boxed{" * 9000, "9" * 100_000, "{" * 100_000, "__import__('os').system('touch X')",
        "\\boxed{\\sum_{k=1}^{10^9} k!}", "a" + "\u0301" * 5000,
    ],
    ids=range(8),
)  # fmt: skip
def test_hostile_answers(answer: str | bytes, tmp_path: Path) -> None:
    for options in ((), ("--json",)):
        done = verify("5", answer, *options, cwd=tmp_path)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert not {"\x1b", "\x07", "\u2028", "\u202e"} & set(done.stdout) or options
        assert options or len(done.stdout) < 2000
        assert not options or json.loads(done.stdout)["outcome"] == "undecided"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "give GOLD and ANSWER, or --golds FILE"), (("5",), 2, "give GOLD and ANSWER"),
        (("5", "6", "7"), 2, "7"), (("5", "5", "--nope"), 2, "--nope"), (("5", "--golds", "x"), 2, "or --golds FILE"),
        (("5", "5", "--percent", "maybe"), 2, '"value", "either"'), (("--golds", "missing.jsonl"), 3, "missing.jsonl"),
        (("--golds", "bad.jsonl"), 3, "line 1"), (("--golds", "empty.jsonl"), 3, "no rows"), (("--golds", "."), 3, "."),
        (("--golds", "ok.jsonl", "--column", "gold"), 2, "no column 'gold'"),
    ],
)  # fmt: skip
def test_mistakes(arguments: tuple[str, ...], code: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("nothing\n")
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "ok.jsonl").write_text('{"answer": "5"}\n')
    done = verify(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


ROWS = ["42", r"\frac{1}{2}", "5 frogs", None, ["1/2", "0.5"], "$5", "\x1b[31m("]


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_golds_are_audited(suffix: str, tmp_path: Path) -> None:
    import pandas as pd

    rows = [gold if isinstance(gold, str) else None if gold is None else gold[0] for gold in ROWS]
    if suffix == "jsonl":
        (tmp_path / "golds.jsonl").write_text("".join(json.dumps({"answer": gold}) + "\n" for gold in rows))
    else:
        pd.DataFrame({"answer": rows}).to_parquet(tmp_path / "golds.parquet")
    done = verify("--golds", f"golds.{suffix}", cwd=tmp_path)
    assert done.returncode == 1
    assert "7 golds" in done.stdout
    assert "\x1b" not in done.stdout
    told = json.loads(verify("--golds", f"golds.{suffix}", "--json", cwd=tmp_path).stdout)
    assert told["golds"] == 7
    assert (told["kinds"]["number"], told["kinds"]["blank"]) == (4, 1)
    assert {row["row"] for row in told["suspicious"]} >= {2, 3, 6}


def test_good_golds(tmp_path: Path) -> None:
    (tmp_path / "golds.jsonl").write_text('{"gold": ["1/2", "0.5"]}\n{"gold": 7}\n')
    done = verify("--golds", "golds.jsonl", "--column", "gold", cwd=tmp_path)
    assert (done.returncode, "none looks wrong" in done.stderr) == (0, True)
    assert "3 golds" in done.stdout


def test_help_says_what_it_does(tmp_path: Path) -> None:
    done = verify("--help", cwd=tmp_path)
    assert done.returncode == 0
    words = ("GOLD", "ANSWER", "--golds", "--column", "--decimals", "--percent", "--angles", "--json", "Exit code")
    assert all(word in done.stdout for word in words)
