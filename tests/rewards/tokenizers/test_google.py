from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.rewards.tokenizers import google
from jeoul.rewards.tokenizers.google import LONGEST_STEMMED, stems, words

HARD = [
    "It's 3.14 — KBS는",
    "\u212a İstanbul ﬁ ²",
    "",
    "a\ud800b",
    "A_b  C\x1cd\x00e",
    "yyyyy sky's YES generalizations",
]


def peer(text: str, stemmed: bool) -> list[str]:
    from rouge_score.tokenizers import DefaultTokenizer

    return list(DefaultTokenizer(stemmed).tokenize(text))


@pytest.mark.parametrize("text", HARD)
def test_has_the_tokens_of_rouge_score(text: str) -> None:
    assert words(text) == peer(text, False)
    assert stems(text) == peer(text, True)


@given(st.text(st.characters(codec=None)), st.text("abceinsyzS '"))
def test_has_them_for_any_text(text: str, english: str) -> None:
    for one in (text, english):
        assert words(one) == peer(one, False)
        assert stems(one) == peer(one, True)


def test_a_word_of_any_length_has_a_stem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google, "_MOST_STEMS", 1000)
    start = time.process_time()
    assert stems("y" * 1_000_000) == ["y" * 1_000_000]  # rouge-score recurses, and fails
    assert stems("y" * LONGEST_STEMMED) == peer("y" * LONGEST_STEMMED, True)
    stems(" ".join(f"word{number}ing" for number in range(20_000)))  # more than are remembered
    assert stems("running") == ["run"]
    assert time.process_time() - start < 20
