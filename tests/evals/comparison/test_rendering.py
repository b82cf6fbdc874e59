"""Words and tables of a comparison: every figure is there, and nothing a model wrote is markup."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

from made_runs import answers, make_run, side

from jeoul.evals.comparison.making import compare_sides
from jeoul.evals.comparison.rendering import as_markdown, sections, sentence
from jeoul.evals.comparison.result import Comparison

A = {n: [1, 0, 0, 1] for n in range(12)}
B = {n: [1, 1, n % 2, int(n > 3)] for n in range(12)}


def compared(folder: Path, label: str = "B") -> Comparison:
    odd = {"id": "q0", "sample": 4, "completion": "| <b>x</b> `y` \x1b[31m [1](z) 0"}
    b = [*answers(B, finish_reason="stop"), odd]
    runs = [make_run(folder, "a", answers(A)), make_run(folder, "b", b)]
    return compare_sides([[side(runs[0], "A"), side(runs[1], label)]], left_out=["x@given: only in A"])


def test_sections_in_reading_order(tmp_path: Path) -> None:
    titles = [one.title for one in sections(compared(tmp_path))]
    assert titles == [
        "Sets that are not compared",
        "sums@given: B against A, 12 of 12 questions",
        "Flipped questions",
        "avg@4 by subject",
        "avg@4 by level",
        "sums@given: samples and grader",
    ]


def test_every_metric_is_a_row(tmp_path: Path) -> None:
    found = compared(tmp_path)
    pair = found.sets[0].pairs[0]
    table = sections(found)[1]
    assert [row[0] for row in table.rows] == [row.name for row in pair.metrics]
    assert {len(row) for row in table.rows} == {len(table.header)}
    assert any("no truncated: no row has finish_reason (A)" in line for line in table.lines)


def test_nothing_a_model_wrote_steers_a_terminal(tmp_path: Path) -> None:
    text = "\x1b[2J\x07\x9b31m\u202e \\\\boxed{9}"
    runs = [make_run(tmp_path, "a", answers({2: [1]})), make_run(tmp_path, "b", [{"id": "q2", "completion": text}])]
    made = sections(compare_sides([[side(runs[0], "A"), side(runs[1], "B \x1b[31m")]]))
    shown = "".join([one.title + "".join(one.lines) + "".join("".join(row) for row in one.rows) for one in made])
    assert "boxed" in shown
    assert shown.isprintable()


def test_a_sentence_says_what_would_settle_it(tmp_path: Path) -> None:
    row = replace(compared(tmp_path).sets[0].pairs[0].score, verdict="inconclusive", p_holm=0.2, difference=0.0512,
                  interval=(-0.01, 0.0851), detectable=0.07, margin=0.02, settles_k=48, settles_questions=None)  # fmt: skip
    assert sentence(row) == (
        "avg@4: inconclusive (+5.1 points, 95% interval -1.0 to +8.5; Holm p = 0.200); 7.0 points would have been "
        "found in 80 %; 2.0 points needs 48 samples a question"
    )
    assert sentence(replace(row, settles_k=None, settles_questions=1200)).endswith("2.0 points needs 1,200 questions")
    assert sentence(replace(row, settles_k=None)).endswith("found in 80 %")
    better = replace(row, verdict="better", p_holm=0.0002, interval=(math.nan, math.nan))
    assert sentence(better) == "avg@4: better (+5.1 points; Holm p < 0.001)"


def test_markdown_holds_no_markup_of_others(tmp_path: Path) -> None:
    text = as_markdown(compared(tmp_path, "B |x|\n<script>"))
    assert "<script>" not in text.replace("\\<script\\>", "")
    assert "\x1b" not in text
    for line in text.splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (6, 10, 11, 12)
    assert "| --- | --: | --: |" in text
