"""repetition against its formula computed the plain way, its units, and texts written to be slow."""

import math
import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.errors import UsageError
from jeoul.rewards.repetition import repetition

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=60)
LOOPS = st.lists(st.sampled_from(["a", "b", "가", "我", "!", " ", "B"]), max_size=60).map("".join)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", 0),
        ("   ", 0),
        ("a b", 0),
        ("a a a", 0),
        ("a " * 4, -1 / 2),
        ("a " * 10, -7 / 8),
        ("a b " * 50, -96 / 98),
        ("A a A a A a", -3 / 4),
        ("a\n\na   a\ta", -1 / 2),
        ("가자 " * 10, -7 / 8),
        ("我觉得" * 50, -145 / 148),
        ("ハハハハハハ", -3 / 4),
        ("!" * 10, -7 / 8),
        ("ha" * 100, -196 / 198),
        ("하" * 41, -38 / 39),
        ("하" * 40, 0),
        ("go. go, go! go; go?", 0),
    ],
)
def test_three_grams_of_words(text, value):
    assert repetition([text], ngram=3) == [pytest.approx(value)]


@pytest.mark.parametrize(
    ("text", "options", "value"),
    [
        ("A a A a A a", {"ngram": 3, "ignore_case": False}, -1 / 2),
        ("a" * 10, {"ngram": 3, "unit": "characters"}, -7 / 8),
        ("a a\na aaaaaa a", {"ngram": 3, "unit": "characters"}, -7 / 8),
        ("a b a", {"ngram": 1}, -1 / 3),
        ("a b c", {"ngram": 1000}, 0),
        ("one two three " * 20, {}, -(1 - 3 / 41)),
    ],
)
def test_options(text, options, value):
    assert repetition([text], **options) == [pytest.approx(value)]


def test_reasons():
    assert repetition(["a b"], ngram=3)[0].reason == "2 words: too short for one 3-gram"
    assert repetition(["a b c"], ngram=3)[0].reason == ""
    assert repetition(["x a b a b"], ngram=2)[0].reason == "1 of 4 2-grams stand earlier, the first of them: a b"
    assert len(repetition(["word " * 9999], ngram=50)[0].reason) < 120


def test_no_negative_zero():
    assert math.copysign(1, repetition(["a b c d"], ngram=3)[0]) == 1


@pytest.mark.parametrize("ngram", [0, -3, 1001])
def test_an_impossible_ngram_is_refused_before_any_row(ngram):
    with pytest.raises(UsageError, match="ngram must be from 1 to 1000"):
        repetition([], ngram=ngram)


@given(text=LOOPS, ngram=st.integers(1, 6))
def test_characters_against_the_formula(text, ngram):
    units = [letter for letter in text.lower() if letter != " "]
    grams = [tuple(units[i : i + ngram]) for i in range(len(units) - ngram + 1)]
    expected = -(1 - len(set(grams)) / len(grams)) if grams else 0
    assert repetition([text], ngram=ngram, unit="characters") == [pytest.approx(expected)]


@given(words=st.lists(st.sampled_from(["one", "둘", "3", "+"]), max_size=60), ngram=st.integers(1, 6))
def test_words_against_the_formula(words, ngram):
    grams = [words[i : i + ngram] for i in range(len(words) - ngram + 1)]
    repeated = sum(gram in grams[:i] for i, gram in enumerate(grams))
    assert repetition([" ".join(words)], ngram=ngram) == [pytest.approx(-repeated / max(1, len(grams)))]


@pytest.mark.parametrize("options", [{}, {"ngram": 2}, {"ngram": 3, "unit": "characters", "ignore_case": False}])
@given(texts=st.lists(ANY_TEXT | LOOPS, max_size=6), data=st.data())
def test_any_text_any_order_any_batch(options, texts, data):
    scores = repetition(texts, **options)
    assert all(-1 < score <= 0 for score in scores)
    assert scores == [repetition([text], **options)[0] for text in texts]
    order = data.draw(st.permutations(range(len(texts))))
    assert repetition([texts[i] for i in order], **options) == [scores[i] for i in order]
    assert [score.reason for score in pickle.loads(pickle.dumps(scores))] == [score.reason for score in scores]


def test_pickles_as_itself():
    assert pickle.loads(pickle.dumps(repetition)) is repetition


@pytest.mark.parametrize("piece", ["<think>", "{", "a ", "가", "我"])
def test_ten_megabytes_take_no_time(piece):
    start = time.monotonic()
    (score,) = repetition([piece * (10_000_000 // len(piece))])
    assert time.monotonic() - start < 5
    assert score < -0.999
