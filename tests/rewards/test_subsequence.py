from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul.rewards import subsequence
from jeoul.rewards.subsequence import rougeL, rougeLsum

words = st.lists(st.sampled_from([*"abcd", "가", "나다"]), max_size=14).map(" ".join)


def longest(left: list[str], right: list[str]) -> int:
    """Length of the longest common subsequence, by the textbook's table."""
    above = [0] * (len(right) + 1)
    for one in left:
        row = [0]
        for place, other in enumerate(right):
            row.append(above[place] + 1 if one == other else max(above[place + 1], row[-1]))
        above = row
    return above[-1]


@settings(max_examples=200)
@given(words, words)
def test_is_the_formula(completion: str, reference: str) -> None:
    left, right = completion.split(), reference.split()
    common = longest(left, right)
    assert rougeL([completion], [reference], measure="recall")[0] == common / max(len(right), 1)
    assert rougeL([completion], [reference], measure="precision")[0] == common / max(len(left), 1)


@settings(max_examples=100)
@given(words, words)
def test_of_one_line_both_are_one(completion: str, reference: str) -> None:
    assert rougeL([completion], [reference]) == rougeLsum([completion], [reference])


def test_long_texts_of_many_words() -> None:
    """More words than fit in one byte, or below the surrogates, as characters."""
    chance = random.Random(0)
    for distinct in (300, 70_000):
        left = [f"w{chance.randrange(distinct)}" for _ in range(1500)]
        right = [f"w{number}" for number in range(distinct)][-60_000:]
        assert rougeL([" ".join(left)], [" ".join(right)], measure="precision")[0] == _by_patience(left, right) / 1500


def _by_patience(left: list[str], right: list[str]) -> int:
    """Longest common subsequence where each word of ``right`` is there once: the longest rising row of its places."""
    import bisect

    place = {word: number for number, word in enumerate(right)}
    tails: list[int] = []
    for number in (place[word] for word in left if word in place):
        at = bisect.bisect_left(tails, number)
        tails[at : at + 1] = [number]
    return len(tails)


def test_the_order_counts() -> None:
    assert rougeL(["c b a"], ["a b c"]) == [pytest.approx(1 / 3)]
    assert rougeL(["나는 학교에 갔다"], ["학교에 나는 갔다"], tokenizer="syllable")[0] < 1


@pytest.mark.parametrize(("reward", "limit"), [(rougeL, "MOST_CELLS"), (rougeLsum, "MOST_BITS")])
def test_a_part_of_a_long_text_is_a_lower_bound_and_says_so(
    monkeypatch: pytest.MonkeyPatch, reward: subsequence.rougeL, limit: str
) -> None:
    completion, reference = "a b c d e f g h", "e f g h"
    whole = reward([completion], [reference], measure="recall")[0]
    monkeypatch.setattr(subsequence, limit, {"MOST_CELLS": 12, "MOST_BITS": 3000}[limit])
    part = reward([completion], [reference], measure="recall")[0]
    assert whole == 1
    assert part < 1
    assert part.reason.endswith("looking through a part of these long texts")
    assert "of 8 and 4 in the reference" in part.reason
    assert "part of" not in whole.reason


def test_two_long_texts_take_seconds() -> None:
    chance = random.Random(2)
    texts = [" ".join(f"{chance.randrange(3000)}" for _ in range(200_000)) for _ in range(2)]
    for reward in (rougeL, rougeLsum):
        start = time.process_time()
        reason = reward(texts[:1], texts[1:])[0].reason
        assert time.process_time() - start < 10  # the whole table has 4·10¹⁰ cells
        assert "part of these long texts" in reason


def test_a_line_of_each_sentence() -> None:
    reference = "the cat sat\nthe dog ran"
    assert rougeLsum(["the dog ran\nthe cat sat"], [reference]) == [1]
    assert rougeL(["the dog ran\nthe cat sat"], [reference])[0] < 1
    assert rougeLsum(["\n\n\nthe cat sat\n\nthe dog ran\n"], [reference]) == [1]
    assert rougeLsum(["the cat sat\n" * 5], ["the cat sat"], measure="precision") == [0.2]
