"""BERTScore's part of ``jeoul bench text`` at a small size."""

from __future__ import annotations

import random

import pytest

from jeoul.benchmarks.text_bertscore import bertscore_lines, uneven

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the peer and what it imports


def test_lines_compare_the_same_scores_and_ours_is_faster() -> None:
    lines = list(bertscore_lines("small", 2, 2))
    batched, rough, single, function, default, again = lines
    assert rough.what == "bertscore, small, bfloat16"
    assert again.what == "bertscore, small, same references again"
    assert "64" in default.peer
    assert function.ratio > 3
    assert batched.equal
    assert single.equal
    assert batched.difference is not None
    assert batched.difference <= 1e-5
    assert rough.equal is None
    assert rough.difference is not None
    assert 0 < rough.difference < 0.05
    assert single.ratio > 1.5  # 3 and more where nothing else runs
    assert batched.ratio > 0.9
    assert all(line.theirs > 0 and line.ours > 0 for line in lines)


def test_none() -> None:
    assert list(bertscore_lines("none", 1)) == []


def test_texts_are_new_and_of_many_lengths() -> None:
    groups = uneven(random.Random(0), 40)
    assert all(len(completions) == 8 for _, completions in groups)
    assert len({text for _, completions in groups for text in completions}) > 300
    assert len({len(text.split()) for _, completions in groups for text in completions}) > 30
