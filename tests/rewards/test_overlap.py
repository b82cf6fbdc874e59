from __future__ import annotations

import math
import pickle
import random
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul.rewards._tokenize import unicode_words
from jeoul.rewards.overlap import rouge1

MEASURES = ("f1", "precision", "recall")
pieces = st.sampled_from([*"ab c.K", "\u212a", "é", "가", "나는 ", "東", "the ", "cat ", "'", "1,0"])
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


def test_the_best_of_several_references_counts() -> None:
    assert one("a b", ["x", "a b", "a"]) == 1
    assert one("a b", ("a b c d", "a"), measure="recall") == 1
    assert one("a b", [None, "a b"]) == 1


@pytest.mark.parametrize("reference", [None, math.nan, [], [None]])
def test_no_reference_does_not_apply(reference: Any) -> None:
    score = rouge1(["a"], [reference])[0]
    assert math.isnan(score)
    assert score.reason == "no reference"


@pytest.mark.parametrize("tokenizer", ["unicode", "google"])
def test_nothing_to_compare_is_zero_and_says_so(tokenizer: str) -> None:
    assert (
        one("", "a", tokenizer=tokenizer) == one("a", "", tokenizer=tokenizer) == one("", "", tokenizer=tokenizer) == 0
    )
    assert "no words" in rouge1(["a"], ["…"], tokenizer=tokenizer)[0].reason


def test_reads_array_cells() -> None:
    numpy = pytest.importorskip("numpy")
    assert one("a b", numpy.array(["x", "a b"], dtype=object)) == 1


def peer_scores(pairs: list[tuple[str, str]]) -> list[tuple[float, float, float]]:
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rouge1"], use_stemmer=False)
    found = [scorer.score(reference, completion)["rouge1"] for completion, reference in pairs]
    return [(score.fmeasure, score.precision, score.recall) for score in found]


def ours(pairs: list[tuple[str, str]]) -> list[tuple[float, float, float]]:
    completions, references = map(list, zip(*pairs, strict=True))
    columns = [rouge1(completions, references, measure=measure, tokenizer="google") for measure in MEASURES]
    return [tuple(map(float, row)) for row in zip(*columns, strict=True)]  # type: ignore[misc]


def test_google_equals_rouge_score_to_the_last_bit() -> None:
    chance = random.Random(0)
    vocabulary = [f"{chance.choice('aBcdé한')}{index}" for index in range(60)] + [
        "The",
        "of",
        "—",
        "\u212a",
        "İ",
        "it's",
    ]
    texts = [" ".join(chance.choices(vocabulary, k=chance.randrange(60))) for _ in range(2000)]
    pairs = [(chance.choice(texts), chance.choice(texts)) for _ in range(5000)]
    assert ours(pairs) == peer_scores(pairs)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.one_of(text, anything), st.one_of(text, anything)), min_size=1, max_size=8))
def test_google_equals_rouge_score_on_any_text(pairs: list[tuple[str, str]]) -> None:
    assert ours(pairs) == peer_scores(pairs)


@given(text, text)
def test_unicode_is_the_formula(completion: str, reference: str) -> None:
    left, right = Counter(unicode_words(completion)), Counter(unicode_words(reference))
    shared = (left & right).total()
    expected = 2 * shared / (left.total() + right.total()) if shared else 0
    assert one(completion, reference) == pytest.approx(expected)


@given(st.lists(st.tuples(anything, anything), min_size=2, max_size=6), st.integers(0, 5))
def test_range_split_and_order(pairs: list[tuple[str, str]], cut: int) -> None:
    completions, references = map(list, zip(*pairs, strict=True))
    scores = rouge1(completions, references)
    assert all(0 <= score <= 1 for score in scores)
    assert scores == rouge1(completions[:cut], references[:cut]) + rouge1(completions[cut:], references[cut:])
    assert scores[::-1] == rouge1(completions[::-1], references[::-1])


def test_pickles() -> None:
    assert pickle.loads(pickle.dumps(rouge1)) is rouge1
    score = pickle.loads(pickle.dumps(rouge1(["a"], ["a b"])[0]))
    assert (score, score.reason) == (pytest.approx(2 / 3), "f1 0.667: 1 words shared of 1 and 2 in the reference")


def test_imports_nothing_heavy() -> None:
    heavy = {"torch", "pandas", "sympy", "rouge_score", "numpy"}
    code = f"import sys, jeoul.rewards.overlap, jeoul.rewards.math; print({heavy} & {{*sys.modules}} or 'none')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "none\n"
