"""``jeoul bench text`` at a small size: it runs, compares the same scores, and ours is the faster way."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest

from jeoul.benchmarks.text_lines import paired
from jeoul.benchmarks.text_rouge import english, korean, ours, rouge_score
from jeoul.rewards.overlap import rouge1


def bench(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from jeoul.cli import main; main()", "bench", "text", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_command() -> None:
    done = bench("--words", "30", "--rounds", "1", "--model", "none", "--json")
    assert done.returncode == 0, done.stderr
    lines = {line["what"]: line for line in json.loads(done.stdout)["speed"]}
    google = ["rouge1, google", "rouge2, google", "rougeL, google", "rougeLsum, google", "rouge1, google_stem"]
    assert set(google) <= set(lines)
    assert all(line["equal"] for line in lines.values())
    assert lines["rouge1, google"]["ratio"] > 3  # 9 at 50 words
    assert lines["rougeL, google"]["ratio"] > 10
    for engine in {"mecab", "kiwi"} - {what.partition(", ")[2] for what in lines}:
        assert f'tokenizer "{engine}" needs' in done.stderr


@pytest.mark.parametrize("texts", [english, korean])
def test_texts_are_new_share_half_and_have_the_size(texts: object) -> None:
    groups = texts(60, random.Random(1), 3)  # type: ignore[operator]
    assert len({text for _, completions in groups for text in completions}) > 20
    for reference, completions in groups:
        assert len(reference.split()) == 60
        assert {len(text.split()) for text in completions} == {60}
        scores = rouge1(completions, [reference] * 8)
        assert 0.2 < sum(scores) / 8 < 0.95


def test_a_difference_is_seen() -> None:
    def wrong(groups: object) -> list[float]:
        return [score + 1e-16 + (number == 3) for number, score in enumerate(ours(rouge1, "google", groups))]  # type: ignore[arg-type]

    texts = lambda count: english(20, random.Random(0), count)  # noqa: E731
    assert not paired(rouge_score("rouge1"), wrong, texts, 1)[3]


@pytest.mark.parametrize("options", [("--rounds", "0"), ("--words", "0")])
def test_nothing_to_measure(options: tuple[str, str]) -> None:
    done = bench(*options)
    assert done.returncode == 2
    assert "must be 1 or more" in done.stderr
