"""Traps that other harnesses fell into, each as a test of ours.

Those of generation are beside it: a cache that skips sampled requests or is written only at the end
(``generation/test_generate.py``: ``test_kill_at_any_moment``; ``../cli/test_eval_model.py``), one seed for every repeat
(``generation/test_samples.py``: ``test_repeats_never_share_a_seed``). A bootstrap's error divided by √B is in
``statistics/test_intervals.py``, a start of 10 seconds for ``--help`` in ``../cli/test_eval.py``.
"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from jeoul.evals.evaluation import Evaluation, evaluate_outputs
from jeoul.evals.outputs import match_outputs, read_outputs
from jeoul.evals.protocols import find_protocol
from jeoul.evals.run_folder import write_run
from jeoul.evals.suites import parse_suite
from jeoul.evals.suites_rows import Problems, load_problems
from jeoul.units import seconds

SUITE = '[source]\npath = "p.jsonl"\n[reward.correct]\nuse = "math_correct"\nundecided = "wrong"\n'


@pytest.fixture
def problems(tmp_path: Path) -> Problems:
    rows = [
        {"id": key, "problem": f"Problem {key}?", "answer": gold}
        for key, gold in {"a": "025", "b": "25", "c": "4"}.items()
    ]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return load_problems(parse_suite(SUITE, "own", tmp_path))


def evaluated(
    problems: Problems, said: dict[str, list[str]], asked: int = 0, workers: int = 0, **how: Any
) -> Evaluation:
    rows = [{"id": key, "completion": text, "finish_reason": "stop"} for key, texts in said.items() for text in texts]
    matched = match_outputs(rows, problems, asked=asked)
    return evaluate_outputs(matched, problems, find_protocol("given"), workers=workers, **how)


def values(made: Evaluation) -> list[float]:
    return [float(value) for value in made.table.column("correct")]


def test_all_repeats_count_not_the_first(problems: Problems) -> None:
    figures = evaluated(problems, {key: ["\\boxed{25}", "no", "no", "no"] for key in "ab"}).summary.figures
    assert figures["avg@4"].estimate == pytest.approx(0.25)
    assert figures["avg@4"].samples == 8


def test_zeros_in_front_are_no_other_number(problems: Problems) -> None:
    said = {
        "a": ["\\boxed{25}", "\\boxed{025}", "\\boxed{0025}"],
        "b": ["\\boxed{025}", "\\boxed{25.0}", "\\boxed{250}"],
    }
    assert values(evaluated(problems, said)) == [1, 1, 1, 1, 1, 0]


def test_answers_are_taken_out_of_their_boxes(problems: Problems) -> None:
    said = {
        "b": ["So $\\boxed{\\text{25}}$.", "\\boxed{ 25 }", "$\\boxed{\\boxed{25}}$", "The answer is 25."],
        "c": ["\\fbox{4}"],
    }
    assert values(evaluated(problems, said))[:4] == [1, 1, 1, 1]


def test_missing_samples_are_missing_not_wrong(problems: Problems) -> None:
    """7 of 16 is .4375; with 128 asked a harness printed .0547."""
    made = evaluated(problems, {"b": ["\\boxed{25}"] * 7 + ["\\boxed{1}"] * 9}, asked=128).summary
    assert made.figures["avg@128"].estimate == pytest.approx(7 / 16)
    assert (made.figures["avg@128"].samples, made.missing) == (16, 3 * 128 - 16)


def test_pass_at_k_draws_without_replacement(problems: Problems) -> None:
    figures = evaluated(problems, {"b": ["\\boxed{25}", *["\\boxed{1}"] * 15]}).summary.figures
    assert figures["pass@16"].estimate == 1


def test_grading_in_a_thread_is_grading(problems: Problems) -> None:
    """A grader on SIGALRM raises in threads, and some count that as wrong: all rewards 0, silently."""
    said = {"a": ["\\boxed{25}"], "b": ["\\boxed{25}"], "c": ["\\boxed{5}"]}
    made: list[Any] = []
    thread = threading.Thread(target=lambda: made.append(evaluated(problems, said, workers=1)))
    thread.start()
    thread.join()
    assert values(made[0]) == [1, 1, 0]


@pytest.mark.parametrize(
    "answer",
    [
        "9^{9^{9^{9^{9}}}}",
        "(" * 5000 + "1" + ")" * 5000,
        "x" * 10_000_000,
        "\\frac{" * 3000,
        "1" * 200_000,
        "10000000!",
    ],
    ids=["power tower", "brackets", "10 MB", "fractions", "digits", "factorial"],
)
def test_one_pathological_answer_stalls_nothing(answer: str, problems: Problems) -> None:
    start = time.monotonic()
    made = evaluated(
        problems,
        {"a": ["\\boxed{25}"], "b": [f"\\boxed{{{answer}}}"], "c": ["\\boxed{4}"]},
        workers=1,
        deadline=seconds(20),
    )
    assert values(made)[::2] == [1, 1]
    assert values(made)[1] != 1
    assert time.monotonic() - start < 120


def test_rescoring_reads_our_own_files(problems: Problems, tmp_path: Path) -> None:
    hostile = "\ud800 \x00 {{{ \u2028 [red] </script> \\boxed{25}"
    first = evaluated(problems, {"a": [hostile, "\\boxed{24}"], "b": ["\\boxed{25}"] * 2})
    rows = [{"id": "a", "completion": text, "finish_reason": "length"} for text in (hostile, "\\boxed{24}")]
    matched = match_outputs([*rows, *({"id": "b", "completion": "\\boxed{25}"} for _ in range(2))], problems)
    write_run(tmp_path / "run", first.about, matched.rows, first.table, first.summary.to_dict())
    for source in (tmp_path / "run", tmp_path / "run/samples.jsonl", tmp_path / "run/table.parquet"):
        again = match_outputs(read_outputs(source), problems)
        assert values(evaluate_outputs(again, problems, find_protocol("given"), workers=0)) == values(first)
    again = match_outputs(read_outputs(tmp_path / "run"), problems)
    assert list(again.rows)[1:] == list(matched.rows)[1:]
    assert again.rows[0].completion == hostile.replace("\ud800", "\ufffd")  # no Unicode text holds half a surrogate
