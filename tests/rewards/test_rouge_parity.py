"""Jeoul's ROUGE beside rouge-score itself: equal to the last bit."""

from __future__ import annotations

import json
import pydoc_data.topics
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul.rewards.overlap import rouge1, rouge2
from jeoul.rewards.subsequence import rougeL, rougeLsum

REWARDS = (rouge1, rouge2, rougeL, rougeLsum)
MEASURES = ("f1", "precision", "recall")
GENERATIONS = Path(__file__).parents[3] / "shared/data/generations/math100_qwen_x8.jsonl"
pieces = st.sampled_from([*"ab c.K", "\u212a", "é", "가", "나는 ", "the ", "running ", "cats ", "'", "1,0", "\n", "\n"])
text = st.lists(pieces, max_size=40).map("".join)
anything = st.text(st.characters(codec=None), max_size=40)
Pairs = list[tuple[str, str]]


def random_pairs(count: int) -> Pairs:
    """Texts of few words, so that much is shared and repeated."""
    chance = random.Random(0)
    words = [f"{chance.choice('aBcdé한')}{index}" for index in range(40)]
    words += ["The", "of", "—", "\u212a", "İ", "it's", "running", "runs", "happily", "yes", "sky", "\n", "\n", "\n"]
    texts = [" ".join(chance.choices(words, k=chance.randrange(30))) for _ in range(2000)]
    return [(chance.choice(texts), chance.choice(texts)) for _ in range(count)]


def real_pairs(count: int) -> Pairs:
    """Paragraphs of Python's manual, and of a model's answers where they are at hand."""
    chance = random.Random(1)
    paragraphs = [part[:150] for page in pydoc_data.topics.topics.values() for part in page.split("\n\n") if part]
    pairs = [(chance.choice(paragraphs), chance.choice(paragraphs)) for _ in range(count)]
    if GENERATIONS.exists():
        answers = [text[:150] for line in GENERATIONS.read_text().splitlines() for text in _texts(json.loads(line))]
        pairs[: count // 5] = [(chance.choice(answers), chance.choice(answers)) for _ in range(count // 5)]
    return pairs


def _texts(row: Any) -> list[str]:
    """Every string in a row, wherever it is."""
    if isinstance(row, str):
        return [row]
    parts = row.values() if isinstance(row, dict) else row if isinstance(row, list) else ()
    return [text for part in parts for text in _texts(part)]


def peer_scores(pairs: Pairs, stemmed: bool) -> dict[str, list[tuple[float, float, float]]]:
    from rouge_score.rouge_scorer import RougeScorer

    names = [reward.name for reward in REWARDS]
    scorer = RougeScorer(names, use_stemmer=stemmed)
    found = [scorer.score(reference, completion) for completion, reference in pairs]
    return {
        name: [(score[name].fmeasure, score[name].precision, score[name].recall) for score in found] for name in names
    }


def ours(reward: Any, pairs: Pairs, stemmed: bool) -> list[tuple[float, float, float]]:
    completions, references = map(list, zip(*pairs, strict=True))
    tokenizer = "google_stem" if stemmed else "google"
    columns = [reward(completions, references, measure=measure, tokenizer=tokenizer) for measure in MEASURES]
    return [tuple(map(float, row)) for row in zip(*columns, strict=True)]  # type: ignore[misc]


@pytest.mark.parametrize("stemmed", [False, True])
@pytest.mark.parametrize("pairs", [random_pairs, real_pairs])
def test_google_equals_rouge_score_to_the_last_bit(pairs: Any, stemmed: bool) -> None:
    """5,000 random and 5,000 real pairs, each with and without the stemmer, all measures."""
    chosen = pairs(5000)
    expected = peer_scores(chosen, stemmed)
    for reward in REWARDS:
        assert ours(reward, chosen, stemmed) == expected[reward.name], reward.name


@settings(max_examples=150)
@given(st.lists(st.tuples(st.one_of(text, anything), st.one_of(text, anything)), min_size=1, max_size=8), st.booleans())
def test_google_equals_rouge_score_on_any_text(pairs: list[tuple[str, str]], stemmed: bool) -> None:
    expected = peer_scores(pairs, stemmed)
    for reward in REWARDS:
        assert ours(reward, pairs, stemmed) == expected[reward.name]
