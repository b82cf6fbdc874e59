"""The length family against formulas written independently, in every unit, and from every source of tokens."""

import math
import pickle
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.errors import UsageError
from jeoul.rewards import length
from jeoul.rewards.length import cosine_length, length_within, soft_overlong
from jeoul.units import characters, tokens, words

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=40)
CALLS = [
    lambda texts: length_within(texts, least=characters(2), most=characters(9)),
    lambda texts: soft_overlong(texts, limit=words(4), buffer=words(3)),
    lambda texts: cosine_length(texts, limit=characters(20), shortest=0, longest=-1, exceeded=-1),
]


def ids(*counts):
    return {"completions": [""] * len(counts), "completion_ids": [[0] * count for count in counts]}


@pytest.mark.parametrize(
    ("text", "unit", "count"),
    [
        ("", characters, 0),
        ("한\u1112\u1161 a\n", characters, 6),
        ("\U0001f600", characters, 1),
        ("a b\n\tc ", words, 3),
        ("오늘은 비가 온다", words, 3),
        (" \u3000\u00a0", words, 0),
        ("a,b", words, 1),
    ],
)
def test_units(text, unit, count):
    assert length_within([text], least=unit(count), most=unit(count)) == [1]


@pytest.mark.parametrize(
    ("least", "most", "value", "reason"),
    [
        (None, 3, 1, ""),
        (3, None, 1, ""),
        (3, 3, 1, ""),
        (0, 2.5, 0, "3 tokens, more than 2.5"),
        (4, None, 0, "3 tokens, less than 4"),
        (4, 9, 0, "3 tokens, less than 4"),
    ],
)
def test_length_within(least, most, value, reason):
    bounds = {name: tokens(bound) for name, bound in (("least", least), ("most", most)) if bound is not None}
    (score,) = length_within(**ids(3), **bounds)
    assert (score, score.reason) == (value, reason)


@given(limit=st.integers(0, 60), share=st.integers(0, 60), count=st.integers(0, 100))
def test_soft_overlong_is_equation_13(limit, share, count):
    buffer = min(limit, share)
    expected = min(0.0, max(-1.0, ((limit - buffer) - count) / buffer)) if buffer else -float(count > limit)
    (score,) = soft_overlong(**ids(count), limit=tokens(limit), buffer=tokens(buffer))
    assert score == pytest.approx(expected)
    assert -1 <= score <= 0
    assert math.copysign(1, score) == (-1 if score else 1), "no negative zero"


def test_soft_overlong_at_its_corners():
    scores = soft_overlong(**ids(0, 80, 81, 90, 100, 101, 10_000), limit=tokens(100), buffer=tokens(20))
    assert scores == [0, 0, -0.05, -0.5, -1, -1, -1]
    assert scores[3].reason == "10 of the buffer's 20 tokens used"
    assert scores[5].reason == "101 tokens, more than the limit of 100"


@given(
    limit=st.integers(1, 60),
    count=st.integers(0, 100),
    curve=st.tuples(*[st.floats(-20, 20)] * 3),
)
def test_cosine_length_is_the_papers_curve(limit, count, curve):
    shortest, longest, exceeded = curve
    # Annealing as the paper cites it, lowest value first: the curve for t = 0 … T from the high end to the low one.
    annealed = longest + 0.5 * (shortest - longest) * (1 + math.cos(count * math.pi / limit))
    (score,) = cosine_length(**ids(count), limit=tokens(limit), shortest=shortest, longest=longest, exceeded=exceeded)
    assert score == pytest.approx(exceeded if count >= limit else annealed, abs=1e-9)
    assert min(curve) - 1e-9 <= score <= max(curve) + 1e-9


def test_cosine_length_with_the_papers_numbers():
    right = cosine_length(**ids(0, 500, 999, 1000, 2000), limit=tokens(1000))
    wrong = cosine_length(**ids(0, 500, 999, 1000, 2000), limit=tokens(1000), shortest=-10, longest=0)
    assert right == pytest.approx([2, 1.5, 1, -10, -10], abs=1e-5)
    assert wrong == pytest.approx([-10, -5, 0, -10, -10], abs=1e-4)
    assert cosine_length([""], limit=characters(0)) == [-10], "a limit of nothing is exceeded by nothing"


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: length_within([]), "needs least or most"),
        (lambda: length_within([], least=words(1), most=tokens(2)), "one unit, not 1 words and 2 tokens"),
        (lambda: length_within([], least=words(3), most=words(2)), "least must not exceed most"),
        (lambda: soft_overlong([], limit=words(3), buffer=tokens(2)), "one unit"),
        (lambda: soft_overlong([], limit=words(3), buffer=words(4)), "buffer must not exceed limit"),
        (lambda: cosine_length([], limit=words(3), shortest=math.nan), "must be finite"),
    ],
)
def test_impossible_options_are_refused_before_any_row(call, says):
    with pytest.raises(UsageError, match=says):
        call()


@pytest.mark.parametrize("completion_ids", [None, [None]])
def test_tokens_that_nothing_counts(completion_ids):
    with pytest.raises(UsageError, match=r"no way to count tokens: give the data a completion_ids column"):
        length_within(["a"], completion_ids, most=tokens(2))
    assert length_within(["a"], completion_ids, most=words(2)) == [1]


def test_turns_are_added_up():
    assert length_within(["a"], [[[1, 2], [], [3]]], least=tokens(3), most=tokens(3)) == [1]


@pytest.fixture
def word_tokenizer(tmp_path: Path) -> str:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1, "b": 2}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(tokenizer_object=made, unk_token="[UNK]").save_pretrained(tmp_path)
    return str(tmp_path)


def test_a_tokenizer_from_a_folder(word_tokenizer):
    texts = ["a b", "a \ud800 b", "", "a " * 5000]
    scores = length_within(texts, most=tokens(0), tokenizer=word_tokenizer)
    assert [score.reason.partition(",")[0] for score in scores] == ["2 tokens", "3 tokens", "", "5000 tokens"]
    assert length_within(["a b"], [[1, 2, 3]], most=tokens(2), tokenizer=word_tokenizer) == [0], "ids come first"


def test_a_tokenizer_that_is_none_is_tried_once(tmp_path, monkeypatch):
    import transformers

    tried = []

    def fail(name, **options):
        tried.append(name)
        raise OSError("no such tokenizer")

    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", fail)
    for _ in range(2):
        with pytest.raises(UsageError, match="cannot be loaded"):
            length_within(["a"], most=tokens(2), tokenizer=str(tmp_path))
    assert len(tried) == 1
    length._tokenizer.cache_clear()


@pytest.mark.parametrize("call", CALLS)
@given(texts=st.lists(ANY_TEXT, max_size=6), data=st.data())
def test_any_text_any_order_any_batch(call, texts, data):
    scores = call(texts)
    assert all(-1 <= score <= 1 for score in scores)
    assert scores == [call([text])[0] for text in texts]
    order = data.draw(st.permutations(range(len(texts))))
    assert call([texts[i] for i in order]) == [scores[i] for i in order]
    assert [score.reason for score in pickle.loads(pickle.dumps(scores))] == [score.reason for score in scores]


@pytest.mark.parametrize("made", [length_within, soft_overlong, cosine_length])
def test_pickles_as_itself(made):
    assert pickle.loads(pickle.dumps(made)) is made


@pytest.mark.parametrize("piece", ["{", "a ", "가"])
def test_ten_megabytes_take_no_time(piece):
    text = piece * (10_000_000 // len(piece))
    start = time.monotonic()
    assert [call([text])[0] for call in CALLS[::2]] == [0, -1]
    CALLS[1]([text])
    assert time.monotonic() - start < 5
