"""The figures of a run against plain arithmetic, and what is missing stays missing."""

from __future__ import annotations

import json
import math
from itertools import combinations
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from jeoul.errors import DataError, ScoringError, UsageError
from jeoul.evals.evaluation import Evaluation, evaluate_outputs
from jeoul.evals.outputs import match_outputs
from jeoul.evals.protocols import find_protocol
from jeoul.evals.run_folder import RUN, SAMPLES, SUMMARY, read_run, refuse_existing, samples_file, write_run
from jeoul.evals.suites import parse_suite
from jeoul.evals.suites_rows import load_problems

SUITE = """
form = "boxed"
[source]
path = "p.jsonl"
[reward.correct]
use = "math_correct"
undecided = "wrong"
[reward.boxed]
use = "regex"
pattern = 'boxed'
monitor = true
"""
PROBLEMS = [
    {"id": "half", "problem": "1/2?", "answer": "0.5", "subject": "algebra", "level": 2.0},
    {"id": "two", "problem": "1+1?", "answer": "2", "subject": "algebra", "level": 10.0},
    {"id": "nine", "problem": "3*3?", "answer": "9", "subject": "powers", "level": 2.0},
    {"id": "none", "problem": "never asked?", "answer": "1", "subject": "powers", "level": 2.0},
]
GIVEN: dict[str, list[str | None]] = {
    "half": [
        r"\boxed{1/2}",
        r"\boxed{0.5}",
        r"\boxed{3}",
        r"\boxed{3}",
        r"\boxed{\frac12}",
    ],  # three spellings, one answer
    "two": [r"\boxed{2}", "it is two", r"\boxed{5}", None],
    "nine": [r"\boxed{3^2}", r"\boxed{9}"],
}
RIGHT = {"half": [1, 1, 0, 0, 1], "two": [1, 0, 0], "nine": [1, 1]}


def evaluated(
    folder: Path, given: dict[str, list[str | None]], suite: str = SUITE, protocol: str = "given", **more: Any
) -> Evaluation:
    (folder / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in PROBLEMS), encoding="utf-8")
    problems = load_problems(parse_suite(suite, "own", folder))
    rows = [{"id": key, "completion": text, **more} for key, texts in given.items() for text in texts]
    chosen = find_protocol(protocol)
    return evaluate_outputs(match_outputs(rows, problems, asked=chosen.asked), problems, chosen, workers=0)


def test_counts_and_the_mean_are_over_what_is_there(tmp_path: Path) -> None:
    summary = evaluated(tmp_path, GIVEN).summary
    assert (summary.score, summary.problems, summary.answered, summary.asked) == ("own@given", 4, 3, 5)
    assert (summary.samples, summary.missing) == (10, 10)
    figure = summary.figures["avg@5"]
    assert figure.estimate == pytest.approx(mean(mean(one) for one in RIGHT.values()))
    assert (figure.n, figure.n_missing, figure.samples, figure.samples_missing) == (3, 1, 10, 10)
    assert figure.total_error > figure.sampling_error > 0
    assert next(iter(summary.figures)) == "avg@5"


def test_pass_and_votes_are_over_all_choices_and_classes_of_answers(tmp_path: Path) -> None:
    summary = evaluated(tmp_path, GIVEN).summary
    enough = {key: one for key, one in RIGHT.items() if len(one) >= 4}
    expected = mean(mean(max(some) for some in combinations(one, 4)) for one in enough.values())
    assert summary.figures["pass@4"].estimate == pytest.approx(expected)
    assert summary.figures["pass@4"].n == 1
    assert summary.figures["maj@5"].estimate == 1  # 1/2, 0.5 and \frac12 are three of five votes
    assert "pass@1" not in summary.figures  # it is the mean itself


def test_form_extraction_and_health(tmp_path: Path) -> None:
    summary = evaluated(tmp_path, GIVEN).summary
    assert summary.figures["form"].estimate == pytest.approx(mean([1, 2 / 3, 1]))
    assert summary.figures["extracted"].estimate == pytest.approx(mean([1, 2 / 3, 1]))
    health = {name: count for name, count in summary.grader.items() if count}
    assert health == {"correct": 6, "incorrect": 3, "no_answer": 1}
    assert summary.absent["tokens"] == summary.absent["exceed@4000"] == "no row has completion_tokens"
    assert summary.absent["truncated"] == "no row has finish_reason"


def test_exceeding_is_not_truncation(tmp_path: Path) -> None:
    long = evaluated(
        tmp_path, {"two": ["a"], "nine": ["b"]}, completion_tokens=4001, finish_reason="stop"
    ).summary.figures
    assert (long["exceed@4000"].estimate, long["truncated"].estimate, long["tokens"].estimate) == (1, 0, 4001)
    cut = evaluated(
        tmp_path, {"two": ["a"], "nine": ["b"]}, completion_tokens=4000, finish_reason="length"
    ).summary.figures
    assert (cut["exceed@4000"].estimate, cut["truncated"].estimate) == (0, 1)


def test_breakdowns_add_up(tmp_path: Path) -> None:
    summary = evaluated(tmp_path, GIVEN).summary
    assert list(summary.breakdowns["level"]) == ["2", "10"]  # as numbers, not as texts
    subjects = summary.breakdowns["subject"]
    assert subjects["algebra"].estimate == pytest.approx(mean([mean(RIGHT["half"]), mean(RIGHT["two"])]))
    assert (subjects["powers"].estimate, subjects["powers"].n, subjects["powers"].n_missing) == (1, 1, 1)
    assert sum(one.samples for one in summary.breakdowns.get("length", {"": summary.figures["avg@5"]}).values()) == 10


def test_a_protocol_that_asks_for_more_counts_more_missing(tmp_path: Path) -> None:
    summary = evaluated(tmp_path, GIVEN, protocol="gdpo").summary
    assert summary.missing == 4 * 16 - 10
    assert summary.figures["avg@16"].estimate == evaluated(tmp_path, GIVEN).summary.figures["avg@5"].estimate
    assert math.isnan(summary.figures["pass@16"].estimate)  # nobody has 16: not there, rather than wrong
    assert summary.figures["pass@16"].n == 0
    with pytest.raises(UsageError, match="5 samples of problem 'half', and the protocol asks for 1"):
        evaluated(tmp_path, GIVEN, protocol="greedy")


def test_one_sample_each_is_called_accuracy(tmp_path: Path) -> None:
    summary = evaluated(
        tmp_path, {"two": [r"\boxed{2}"], "half": ["no"], "nine": [r"\boxed{9}"]}, protocol="drgrpo"
    ).summary
    assert (next(iter(summary.figures)), summary.figures["accuracy"].estimate) == ("accuracy", pytest.approx(2 / 3))
    assert not {"pass@1", "maj@1"} & set(summary.figures)


def test_graded_scores_have_no_pass_at_k_and_other_graders_no_votes(tmp_path: Path) -> None:
    suite = (
        SUITE.replace("math_correct", "rouge1")
        .replace('undecided = "wrong"', 'reference = "answer"')
        .replace('form = "boxed"', "")
    )
    summary = evaluated(tmp_path, {"two": ["2 or 3", "2"]}, suite).summary
    assert set(summary.absent) >= {"pass@k", "maj@k", "form", "extracted"}
    assert 0.5 < summary.figures["avg@2"].estimate < 1


def test_a_suite_whose_grader_fails_everywhere_has_no_figure(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("def bad(completions):\n    raise ValueError('never')\n", encoding="utf-8")
    suite = '[source]\npath = "p.jsonl"\n[reward.bad]\nuse = "bad.py:bad"\n'
    with pytest.raises(ScoringError, match=r"every cell of bad failed; the first: .*never"):
        evaluated(tmp_path, GIVEN, suite)


def test_a_folder_keeps_and_gives_back_the_run(tmp_path: Path) -> None:
    made = evaluated(tmp_path, {**GIVEN, "none": ["\ud800 \x00 </script>"]})
    folder = tmp_path / "run"
    outputs = match_outputs(
        [{"id": "two", "completion": "\ud800"}], load_problems(parse_suite(SUITE, "own", tmp_path))
    ).rows
    write_run(folder, made.about, outputs, made.table, made.summary.to_dict())
    again = read_run(folder)
    assert again.about == json.loads(json.dumps(made.about))
    assert again.summary["figures"]["avg@5"]["estimate"] == made.summary.figures["avg@5"].estimate
    assert again.summary["figures"]["pass@5"]["sampling_error"] is None  # NaN, as JSON has it
    assert again.table().column("correct").tolist() == made.table.column("correct").tolist()
    assert {path.name for path in folder.iterdir()} == {RUN, SAMPLES, SUMMARY, "table.parquet"}
    assert json.loads((folder / SAMPLES).read_text())["completion"] == "\ud800"
    for part in ("suite", "protocol", "data"):
        assert len(again.about[part]["hash"]) == 64


def test_what_is_in_the_way_and_what_is_not_finished(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    refuse_existing(folder, force=False)
    with pytest.raises(DataError, match=r"holds no finished run: there is no run.json"):
        read_run(folder)
    folder.mkdir()
    refuse_existing(folder, force=False)
    (folder / SAMPLES).write_text("{}\n")
    assert samples_file(folder, str(folder))
    assert samples_file(folder, str(folder / SAMPLES))
    assert not samples_file(folder, str(tmp_path))
    with pytest.raises(UsageError, match="is not empty and holds no finished run"):
        refuse_existing(folder, force=False)
    (folder / RUN).write_text("{}")
    with pytest.raises(UsageError, match="holds a finished run; give --force"):
        refuse_existing(folder, force=False)
    refuse_existing(folder, force=True)
    with pytest.raises(UsageError, match="is no folder"):
        refuse_existing(folder / RUN, force=True)


def test_a_column_that_only_unanswered_problems_have_is_there(tmp_path: Path) -> None:
    """A recipe may need it: it does not apply to those that lack it."""
    suite = SUITE + '[reward.near]\nuse = "rouge1"\nreference = "hint"\nmonitor = true\n[fields]\nhint = "hint"\n'
    rows = [*PROBLEMS[:3], PROBLEMS[3] | {"hint": "one"}]
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    problems = load_problems(parse_suite(suite, "own", tmp_path))
    made = evaluate_outputs(
        match_outputs([{"id": "two", "completion": "2"}], problems), problems, find_protocol("given"), workers=0
    )
    assert math.isnan(made.table.column("near")[0])
