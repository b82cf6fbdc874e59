"""``jeoul eval`` as a process: what it prints, writes and exits with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parents[3] / "shared/data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="no shared data")


def run_eval(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from jeoul.cli import main; main()", "eval", *arguments]
    around = {**os.environ, "NO_COLOR": "1", "PYTHONUTF8": "1", **environment}
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, env=around, check=False)


def sample_outputs(folder: Path, wrong: int = 10) -> Path:
    """Right answers to the shipped suite, but for the first ``wrong`` problems; two samples each, the second cut."""
    from jeoul.evals.suites import find_suite
    from jeoul.evals.suites_rows import load_problems

    rows: list[dict[str, Any]] = []
    for number, row in enumerate(load_problems(find_suite("sample")).rows):
        answer = "no idea" if number < wrong else row["answer"]
        rows.append(
            {
                "id": row["id"],
                "sample": 0,
                "completion": f"\\boxed{{{answer}}}",
                "finish_reason": "stop",
                "completion_tokens": 10,
            }
        )
        rows.append(
            {
                "id": row["id"],
                "sample": 1,
                "completion": "Let me think",
                "finish_reason": "length",
                "completion_tokens": 5000,
            }
        )
    path = folder / "out.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_the_shipped_suite_end_to_end(tmp_path: Path) -> None:
    sample_outputs(tmp_path)
    done = run_eval("sample", "--outputs", "out.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "sample@given: 74 of 74 problems, 148 samples of 148, 0 missing" in done.stdout
    assert "avg@2" in done.stdout
    for part in ("By subject", "By level", "exceed@4000", "truncated", "extracted", "maj@2", "pass@2"):
        assert part in done.stdout
    assert "wrote runs/sample@given/out" in done.stderr
    assert "Traceback" not in done.stderr

    again = run_eval("sample", "--outputs", "out.jsonl", cwd=tmp_path)
    assert (again.returncode, "--force" in again.stderr) == (2, True)

    told = json.loads(
        run_eval("sample@field", "--samples", "4", "--outputs", "out.jsonl", "--json", "-o", "r", cwd=tmp_path).stdout
    )
    figures = told["figures"]
    assert (told["score"], told["missing"], told["folder"]) == ("sample@field[n=4]", 148, "r")
    assert figures["avg@4"]["estimate"] == pytest.approx(64 / 74 / 2)
    assert figures["pass@4"]["estimate"] is None
    assert (figures["truncated"]["estimate"], figures["exceed@4000"]["estimate"]) == (0.5, 0.5)
    about = json.loads((tmp_path / "r/run.json").read_text())
    assert about["protocol"]["sampling"] == {"temperature": 0.6, "top_p": 0.95, "max_tokens": 32768, "n": 4, "stop": []}


def test_a_runs_own_samples_are_scored_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    lines = sample_outputs(tmp_path).read_text().replace('"id"', '"problem"').replace('"sample"', '"index"')
    (tmp_path / "run/samples.jsonl").write_text(lines)
    done = run_eval("sample", "--outputs", "run", "-o", "run", "-q", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert (tmp_path / "run/samples.jsonl").read_text() == lines
    assert (tmp_path / "run/run.json").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("sampel", "--outputs", "out.jsonl"), 2, "there is no suite 'sampel' (did you mean 'sample'?)"),
        (("sample@gdop", "--outputs", "out.jsonl"), 2, "did you mean 'gdpo'?"),
        (("sample@greedy", "--outputs", "out.jsonl"), 2, "has 2 samples of problem"),
        (("sample", "--outputs", "none.jsonl"), 3, "there is no file none.jsonl"),
        (("aime24", "--outputs", "out.jsonl", "--data", "."), 3, "holds no copy of aime24; expected aime24.jsonl"),
        (
            ("humaneval", "--outputs", "out.jsonl", "--data", "."),
            3,
            "holds no copy of humaneval; expected humaneval.jsonl",
        ),
        (("mine.toml", "--outputs", "out.jsonl"), 3, "there is no suite mine.toml"),
        (("sample", "--outputs", "out.jsonl", "--deadline", "5"), 2, "--deadline"),
        (("sample", "--outputs", "strange.jsonl"), 3, "1 of 1 rows of strange.jsonl match no problem of sample"),
    ],
)
def test_mistakes_have_their_exit_codes(arguments: tuple[str, ...], code: int, message: str, tmp_path: Path) -> None:
    sample_outputs(tmp_path)
    (tmp_path / "strange.jsonl").write_text('{"id": "z", "completion": "1"}\n')
    done = run_eval(*arguments, cwd=tmp_path, JEOUL_DATA="")
    assert (done.returncode, message in done.stderr, "Traceback" in done.stderr) == (code, True, False), done.stderr
    assert not (tmp_path / "runs").exists()


def test_without_outputs_it_shows_what_there_is(tmp_path: Path) -> None:
    everything = run_eval(cwd=tmp_path).stdout
    assert "math500" in everything
    assert "drgrpo" in everything
    one = run_eval("aime24", cwd=tmp_path).stdout
    assert "025 is 25" in one
    assert "published: Oat-Zero-7B 0.433 under drgrpo" in one
    assert json.loads(run_eval("aime24", "--json", cwd=tmp_path).stdout)["rows"] == 30
    assert json.loads(run_eval("--json", cwd=tmp_path).stdout)["suites"]["humaneval"]["pending"] == ""


@needs_data
def test_real_completions(tmp_path: Path) -> None:
    outputs = DATA / "generations/math100_qwen_x8.jsonl"
    refused = run_eval("math500", "--outputs", str(outputs), "--data", str(DATA / "suites"), cwd=tmp_path)
    assert (refused.returncode, "760 of 800 rows" in refused.stderr) == (3, True)
    (tmp_path / "math100.toml").write_text(
        f'form = "boxed"\n[source]\npath = "{outputs}"\nrepeated = "drop"\n[fields]\nproblem = "prompt"\n'
        '[reward.correct]\nuse = "math_correct"\nundecided = "wrong"\n[reward.boxed]\nuse = "regex"\npattern = "boxed"\nmonitor = true\n'
    )
    done = run_eval("math100.toml", "--outputs", str(outputs), "--json", "-q", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    labels = [json.loads(line)["label"] for line in outputs.read_text(encoding="utf-8").split("\n") if line]
    assert (told["samples"], told["missing"]) == (800, 0)
    assert abs(told["figures"]["avg@8"]["estimate"] - sum(labels) / 800) < 0.02  # their labels are not the truth
    assert told["figures"]["avg@8"]["sampling_error"] < told["figures"]["avg@8"]["total_error"]
    assert (
        told["figures"]["avg@8"]["estimate"]
        <= told["figures"]["maj@8"]["estimate"]
        <= told["figures"]["pass@8"]["estimate"]
    )


def test_help_is_quick(tmp_path: Path) -> None:
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        assert run_eval("--help", cwd=tmp_path).returncode == 0
        taken.append(time.perf_counter() - start)
    assert min(taken) < 2  # seconds; 0.3 on an idle machine, and this one is shared


@pytest.mark.parametrize(
    ("log", "kind", "figure"),
    [
        ("inspect.eval", "inspect-ai", "avg@2 50.0%"),
        ("samples_sums.jsonl", "lm-eval", "avg@2 66.7%"),
        ("details_sums.parquet", "lighteval", "avg@2 66.7%"),
        ("verl_20.jsonl", "verl", "avg@2 66.7%"),
    ],
)
def test_logs_of_other_harnesses(log: str, kind: str, figure: str, tmp_path: Path) -> None:
    logs = Path(__file__).parents[1] / "evals/importers/logs"
    (tmp_path / "own.toml").write_text('[source]\npath = "own.jsonl"\n[reward.correct]\nuse = "math_correct"\n')
    golds = {"What is 7 times 8?": "56", "Halve $\\frac{6}{7}$.": "\\frac{3}{7}", "한 변이 3인 정사각형의 넓이는?": "9"}
    rows = [{"problem": text, "answer": gold} for text, gold in golds.items()]
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = run_eval("own.toml", "--outputs", str(logs / log), "--workers", "0", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert figure in " ".join(done.stdout.split())
    assert f"is read as {kind}: 6 completions" in done.stderr
    kept = [
        json.loads(line)
        for line in (tmp_path / f"runs/own@given/{log.split('.')[0]}/samples.jsonl").read_text().splitlines()
    ]
    assert {row["target"] for row in kept} == {*golds.values()}


def test_a_format_that_it_is_not(tmp_path: Path) -> None:
    sample_outputs(tmp_path)
    done = run_eval("sample", "--outputs", "out.jsonl", "--format", "lm-eval", cwd=tmp_path)
    assert (done.returncode, "does not have the shape of lm-eval (it holds id, sample" in done.stderr) == (3, True)
    done = run_eval("sample", "--outputs", "out.jsonl", "--format", "helm", cwd=tmp_path)
    assert (done.returncode, "there is no format 'helm'; there are inspect-ai" in done.stderr) == (2, True)
