from __future__ import annotations

import itertools
import json
import math
import os
import random
import time
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul.errors import UsageError
from jeoul.evals.statistics import answer_classes, maj_at_k, vote_value


def enumerated(votes: list[tuple[str | None, float]], k: int) -> float:
    """By trying every choice of k."""
    worth: dict[str, list[float]] = defaultdict(list)
    for answer, score in votes:
        if answer is not None:
            worth[answer].append(score)
    total, count = 0.0, 0
    for chosen in itertools.combinations(votes, k):
        tally = Counter(answer for answer, _ in chosen if answer is not None)
        top = [answer for answer in tally if tally[answer] == max(tally.values())]
        total += sum(sum(worth[one]) / len(worth[one]) for one in top) / len(top) if top else 0
        count += 1
    return total / count


votes = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", "d", None]), st.sampled_from([0.0, 1.0])), min_size=1, max_size=8
)


@settings(max_examples=150)
@given(votes, st.integers(1, 8))
def test_is_enumeration(found: list[tuple[str | None, float]], k: int) -> None:
    got = maj_at_k([[score for _, score in found]], [[answer for answer, _ in found]], k).estimate
    if k > len(found):
        assert math.isnan(got)
    else:
        assert got == pytest.approx(enumerated(found, k), abs=1e-9)


@settings(max_examples=30)
@given(votes, st.integers(1, 6))
def test_error_is_the_jackknife(found: list[tuple[str | None, float]], k: int) -> None:
    # one score a class, so that leaving a sample out does not change what its class is worth
    found = [(answer, float(answer in ("a", "b"))) for answer, _ in found]
    got = maj_at_k([[score for _, score in found]], [[answer for answer, _ in found]], k).sampling_error
    n = len(found)
    if n <= k:
        assert math.isnan(got)
        return
    left = [enumerated(found[:place] + found[place + 1 :], k) for place in range(n)]
    mean = sum(left) / n
    assert got == pytest.approx(math.sqrt((n - 1) / n * sum((one - mean) ** 2 for one in left)), abs=1e-6)


def test_large_is_a_simulation() -> None:
    chance, counts, values, k = random.Random(0), [22, 20, 9, 3], [0.0, 1.0, 0.0, 1.0], 32
    bag = [place for place, count in enumerate(counts) for _ in range(count)] + [None] * 10
    total = 0.0
    for _ in range(20_000):
        tally = Counter(one for one in chance.sample(bag, k) if one is not None)
        top = [one for one in tally if tally[one] == max(tally.values())]
        total += sum(values[one] for one in top) / len(top)
    assert vote_value(counts, values, 10, k) == pytest.approx(total / 20_000, abs=0.015)


def test_neither_overflows_nor_leaves_its_range() -> None:
    assert vote_value([2000, 2000], [1.0, 0.0], 0, 50) == pytest.approx(0.5)
    assert vote_value([900, 100], [1.0, 0.0], 0, 101) == pytest.approx(1)
    assert vote_value([16], [1.0], 0, 16) == 1
    assert vote_value([5], [1.0], 11, 1) == pytest.approx(5 / 16)
    assert vote_value([], [], 4, 2) == 0


def test_classes_not_strings() -> None:
    answers = ["0.5", "1/2", "3", "3"]
    scores = [1, 1, 0, 0]
    same = answer_classes(answers, lambda a, b: {a, b} == {"0.5", "1/2"})
    assert maj_at_k([scores], [answers], 4).estimate == 0  # as strings the wrong answer has the most votes
    assert maj_at_k([scores], [same], 4).estimate == 0.5


def test_missing_and_no_answer_differ() -> None:
    there = maj_at_k([[1, 0, 0]], [["4", None, None]], 1)
    missing = maj_at_k([[1, None, None]], [["4", None, None]], 1)
    assert there.estimate == pytest.approx(1 / 3)
    assert (missing.estimate, missing.samples, missing.samples_missing) == (1, 1, 2)


def test_by_question_id() -> None:
    by_id = maj_at_k({"x": [1, 0], "y": [0, 0]}, {"y": ["2", "3"], "x": ["4", "5"]}, 1)
    assert by_id == maj_at_k([[1, 0], [0, 0]], [["4", "5"], ["2", "3"]], 1)


def test_bad_input() -> None:
    with pytest.raises(UsageError, match="question 0 has 2 scores and 1 classes"):
        maj_at_k([[1, 0]], [["4"]], 1)
    with pytest.raises(UsageError, match="scores has 1 questions and classes 2"):
        maj_at_k([[1]], [["4"], ["4"]], 1)
    with pytest.raises(UsageError, match="by question id"):
        maj_at_k({"x": [1]}, [["4"]], 1)
    with pytest.raises(UsageError, match="nothing for the question 'x'"):
        maj_at_k({"x": [1]}, {"y": ["4"]}, 1)
    with pytest.raises(UsageError, match="equally long"):
        vote_value([1], [], 0, 1)


def test_speed() -> None:
    chance = random.Random(1)
    classes = [[chance.randrange(chance.randrange(1, 9)) for _ in range(64)] for _ in range(40)]
    scores = [[int(one == 0) for one in row] for row in classes]
    start = time.process_time()
    maj_at_k(scores, classes, 32)
    assert time.process_time() - start < 30  # by enumeration C(64, 32) = 1.8e18 a question


DATA = (
    Path(os.environ.get("JEOUL_SHARED", Path(__file__).parents[4] / "shared"))
    / "data/generations/math100_qwen_x8.jsonl"
)


@pytest.mark.skipif(not DATA.exists(), reason="needs the real completions beside the repository")
def test_real_completions() -> None:
    scores: dict[str, list[float]] = defaultdict(list)
    answers: dict[str, list[str | None]] = defaultdict(list)
    for line in DATA.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        boxed = row["completion"].rpartition("\\boxed{")[2].partition("}")[0].strip()
        scores[row["id"]].append(float(row["label"]))
        answers[row["id"]].append(boxed or None)
    for k in (1, 3, 5, 8):
        by_hand = [enumerated(list(zip(answers[one], scores[one], strict=True)), k) for one in scores]
        found = maj_at_k(scores, answers, k)
        assert found.estimate == pytest.approx(sum(by_hand) / 100)
        assert (found.n, found.samples) == (100, 800)
