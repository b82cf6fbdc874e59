from __future__ import annotations

import math
import pickle
import random
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul.rewards.overlap import rouge1, rouge2
from jeoul.rewards.subsequence import rougeL, rougeLsum
from jeoul.rewards.tokenizers.words import unicode_words

REWARDS = (rouge1, rouge2, rougeL, rougeLsum)
pieces = st.sampled_from([*"ab c.K", "\u212a", "é", "가", "나는 ", "東", "the ", "cat ", "'", "1,0", "\n"])
text = st.lists(pieces, max_size=30).map("".join)
anything = st.text(st.characters(codec=None), max_size=40)


def one(completion: str, reference: Any, **options: Any) -> float:
    return float(rouge1([completion], [reference], **options)[0])


def test_korean() -> None:
    assert one("KBS는 방송사이다.", "KBS는 방송사이다.") == 1
    assert one("KBS는 방송사이다.", "KBS는 신문사이다.") == pytest.approx(2 / 3)
    assert one("한국어", "한국어", tokenizer="google") == 0


def test_counts_are_clipped() -> None:
    assert one("the the the the", "the cat", measure="precision") == 0.25
    assert one("the the the the", "the cat", measure="recall") == 0.5
    assert rouge2(["a b a b a b"], ["a b c"], measure="precision") == [0.2]


def test_the_best_of_several_references_counts() -> None:
    assert one("a b", ["x", "a b", "a"]) == 1
    assert one("a b", ("a b c d", "a"), measure="recall") == 1
    assert one("a b", [None, "a b"]) == 1


@pytest.mark.parametrize("reward", REWARDS)
@pytest.mark.parametrize("reference", [None, math.nan, [], [None]])
def test_no_reference_does_not_apply(reward: Any, reference: Any) -> None:
    score = reward(["a"], [reference])[0]
    assert math.isnan(score)
    assert score.reason == "no reference"


@pytest.mark.parametrize("reward", REWARDS)
@pytest.mark.parametrize("tokenizer", ["unicode", "google", "google_stem", "syllable", "jamo"])
@pytest.mark.parametrize("empty", ["", " \n\t", "…👍🏽"])
def test_nothing_to_compare_is_zero_and_says_so(reward: Any, tokenizer: str, empty: str) -> None:
    for completion, reference in (("", "a b"), (empty, "a b"), ("a b", empty), (empty, empty)):
        assert reward([completion], [reference], tokenizer=tokenizer) == [0]
    reason = reward(["a"], [empty], tokenizer=tokenizer)[0].reason
    assert "the reference has no " in reason
    assert repr(tokenizer) in reason


def test_one_word_has_no_pair() -> None:
    assert rouge2(["a"], ["a"])[0].reason == "f1 0: the reference has no pairs of words for the tokenizer 'unicode'"


def test_reads_array_cells() -> None:
    numpy = pytest.importorskip("numpy")
    assert one("a b", numpy.array(["x", "a b"], dtype=object)) == 1


@given(text, text)
def test_unicode_is_the_formula(completion: str, reference: str) -> None:
    left, right = Counter(unicode_words(completion)), Counter(unicode_words(reference))
    shared = (left & right).total()
    expected = 2 * shared / (left.total() + right.total()) if shared else 0
    assert one(completion, reference) == pytest.approx(expected)


def test_mecab_is_unigram_f1_on_its_tokens() -> None:
    mecab = pytest.importorskip("mecab").MeCab()
    chance = random.Random(3)
    parts = [
        "한국어는",
        "어렵다",
        "방송사이다.",
        "'학교'에",
        "갔다가",
        "왔다!",
        "KBS",
        "3.14",
        "옳다",
        "받침이",
        "없을",
        "때",
    ]
    texts = [" ".join(chance.choices(parts, k=chance.randrange(12))) for _ in range(600)]
    for completion, reference in zip(texts[:300], texts[300:], strict=True):
        left, right = (Counter(mecab.morphs(_official(text))) for text in (completion, reference))
        shared = sum(min(count, right[token]) for token, count in left.items())
        precision, recall = shared / max(sum(left.values()), 1), shared / max(sum(right.values()), 1)
        expected = 2 * precision * recall / (precision + recall) if shared else 0
        assert one(completion, reference, tokenizer="mecab") == expected


def _official(text: str) -> str:
    return "".join(c if (c.isascii() and c.isalnum()) or "가" <= c <= "힣" else " " for c in text.lower())


@pytest.mark.parametrize("reward", REWARDS)
def test_range_split_and_order(reward: Any) -> None:
    @settings(max_examples=60)
    @given(st.lists(st.tuples(st.one_of(text, anything), text), min_size=2, max_size=6), st.integers(0, 5))
    def check(pairs: list[tuple[str, str]], cut: int) -> None:
        completions, references = map(list, zip(*pairs, strict=True))
        scores = reward(completions, references)
        assert all(0 <= score <= 1 for score in scores)
        assert scores == reward(completions[:cut], references[:cut]) + reward(completions[cut:], references[cut:])
        assert scores[::-1] == reward(completions[::-1], references[::-1])

    check()


@pytest.mark.parametrize("reward", REWARDS)
def test_linear_time(reward: Any) -> None:
    reference = "the cat sat on the mat. 가나 다라 마바\n" * 30
    texts = ["the cat " * 400_000, "가나 다라\n" * 300_000, "a" * 10_000_000, "{" * 10_000_000]
    start = time.process_time()
    scores = reward(texts, [reference] * 4)
    assert time.process_time() - start < 30  # quadratic: hours
    assert all(0 <= score <= 1 for score in scores)


@pytest.mark.parametrize("reward", REWARDS)
def test_pickles(reward: Any) -> None:
    assert pickle.loads(pickle.dumps(reward)) is reward
    score = pickle.loads(pickle.dumps(reward(["a b"], ["a b"])[0]))
    assert (score, score.reason[:9]) == (1, "f1 1.000:")


def test_says_why() -> None:
    assert rouge1(["a"], ["a b"])[0].reason == "f1 0.667: 1 words shared of 1 and 2 in the reference"
    assert rouge2(["a b"], ["a b c"])[0].reason == "f1 0.667: 1 pairs of words shared of 1 and 2 in the reference"


def test_measures() -> None:
    for reward in REWARDS:
        found = [
            round(float(reward(["a b c d"], ["a b"], measure=measure)[0]), 2)
            for measure in ("f1", "precision", "recall")
        ]
        assert found == ([0.5, 0.33, 1] if reward is rouge2 else [0.67, 0.5, 1])


def test_imports_nothing_heavy() -> None:
    heavy = {"torch", "pandas", "sympy", "rouge_score", "numpy", "nltk", "mecab", "kiwipiepy", "rapidfuzz"}
    modules = "jeoul.rewards.overlap, jeoul.rewards.subsequence, jeoul.rewards.math"
    code = f"import sys, {modules}; print({heavy} & {{*sys.modules}} or 'none')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "none\n"
