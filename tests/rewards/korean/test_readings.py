"""The three readings: the official one against the published rules written out again, all of them on any text."""

from __future__ import annotations

import pickle
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul.rewards.korean import PARSERS, Statement, parse_lenient, parse_official, parse_strict
from jeoul.rewards.korean.exact import is_exact, is_exact_but_for_spaces
from jeoul.rewards.korean.gold import read_gold
from jeoul.rewards.korean.tables import flat, plain, sentence_key

pieces = st.sampled_from(
    [
        *"\"'“”‘’「」`{}#.,: \n가이는", "가 옳다", "이 옳다", "이/가 옳다. ", "옳습니다", "옳지 않다", "정답: ", "**", "## ", "```\n",
        "<think>", "</think>", "나는 책을 읽었다.", "비가 온다.", "이유", "\u200b", "\xa0", "\u1112\u1161", "\r\n", "ＫＢＳ", "it's",
        '{"answer": "', '"}', "<|im_end|>", " is correct", "둘 다 옳다",
    ]
)  # fmt: skip
texts = st.lists(pieces, max_size=14).map("".join)
anything = st.text(st.characters(codec=None), max_size=60)
sentences = st.text(st.sampled_from("가나 다.라마 바K3"), min_size=1, max_size=12).filter(lambda text: text.strip())


def split_as_published(text: str) -> tuple[str, str]:
    """The rules of the protocol, one line each."""
    for particle in "가이":
        ending = particle + " 옳다"
        if ending in text:
            before, after = text.split(ending, 1)
            return (before + ending).strip(), after.strip().lstrip("., ")
    return text.strip(), ""


def match_as_published(gold: str, given: str) -> bool:
    def compared(text: str) -> str:
        return "".join(char for char in split_as_published(text)[0] if char not in "\"'").strip()

    return compared(given).strip() in [one.strip() for one in compared(gold).split("#")]


@given(texts | anything)
def test_official_split_is_the_published_one(text: str) -> None:
    answer, reason = split_as_published(text)
    read = parse_official(text)
    assert read.reason == reason
    assert read.claim == "".join(char for char in answer if char not in "\"'").strip()
    assert ("no_reason" in read.flags) == (not reason)
    assert ("no_verdict" in read.flags) == (not read.particle)


@given(texts, texts)
def test_official_match_is_the_published_one(gold: str, given_: str) -> None:
    assert is_exact(given_, read_gold(gold), "official")[0] == match_as_published(gold, given_)
    assert is_exact(gold, read_gold(gold), "official")[0] == match_as_published(gold, gold)


@pytest.mark.parametrize(
    ("text", "claim", "reason"),
    [
        ('"물"이 옳다. 받침', "물이 옳다", "받침"),
        ('"물"이 옳다. "불"가 옳다. 끝', "물이 옳다. 불가 옳다", "끝"),  # the first pattern, not the first place
        ('"불"가 옳다. "물"이 옳다. 끝', "불가 옳다", '"물"이 옳다. 끝'),
        (' "물"이 옳다 ., . 끝 ', "물이 옳다", "끝"),
        ('"물"이 옳다。 끝', "물이 옳다", "。 끝"),
        ("“물”이 옳다.\n\n끝", "“물”이 옳다", "\n\n끝"),  # of newlines nothing is said
        ("아무 말", "아무 말", ""),
    ],
)
def test_official_split(text: str, claim: str, reason: str) -> None:
    read = parse_official(text)
    assert (read.claim, read.reason) == (claim, reason)


@settings(max_examples=300)
@given(texts | anything)
def test_every_reading_is_defined_for_any_text(text: str) -> None:
    for parse in PARSERS.values():
        read = parse(text)
        assert isinstance(read, Statement)
        assert parse(text) == read == pickle.loads(pickle.dumps(read))
    strict, lenient = parse_strict(text), parse_lenient(text)
    assert strict.flags == lenient.flags
    if not strict.flags:
        assert f'"{strict.sentence}"{strict.particle} 옳다. {strict.reason}' == text.strip()
        assert lenient.sentence == plain(strict.sentence)


@given(texts, texts)
def test_strict_implies_lenient_and_official_implies_lenient(gold: str, text: str) -> None:
    read = read_gold(gold)
    official, strict, lenient = (is_exact(text, read, parser)[0] for parser in PARSERS)
    assert lenient or not (official or strict)
    assert is_exact_but_for_spaces(text, read) or not lenient or official


@given(sentences, st.sampled_from("이가"), st.sampled_from(["까닭이다.", "'-었-'을 쓴다.", "“책”이다."]))
def test_the_form_is_read_by_all_alike(sentence: str, particle: str, reason: str) -> None:
    sentence = " ".join(sentence.split())
    text = f'"{sentence}"{particle} 옳다. {reason}'
    assert parse_strict(text) == parse_official(text) == Statement(sentence, particle, reason)
    assert parse_lenient(text) == Statement(sentence, particle, reason)
    for parser in PARSERS:
        assert is_exact(text, read_gold(text), parser)[0]


@given(
    sentences,
    st.sampled_from(["“”", "‘’", "「」", "《》", '""', "''"]),
    st.sampled_from(["정답: ", "**답변**\n", "", "> "]),
)
def test_lenient_sees_through_wrappers(sentence: str, quotes: str, prefix: str) -> None:
    text = f"{prefix}{quotes[0]}{sentence}{quotes[1]} 이 옳습니다. 까닭"
    assert sentence_key(parse_lenient(text).sentence) == sentence_key(sentence)


@given(texts | anything)
def test_what_a_reader_takes_for_the_same_stays_so(text: str) -> None:
    assert plain(plain(text)) == plain(text) or "\r" in plain(text)
    assert len(flat(text)) == len(text)
    assert sentence_key(sentence_key(text)) == sentence_key(text)
    assert not set(sentence_key(text)) & set("“”‘’\"'\xa0\u200b")


def test_compatibility_characters_stay() -> None:
    assert plain("ㄱ ① ㎏ ⅔ ㈜") == "ㄱ ① ㎏ ⅔ ㈜"
    assert plain("ＡＢＣ！") == "ABC!"


@pytest.mark.parametrize(
    "unit",
    ['"나는"가 옳다. 이유. ', "가", '"', "'", " ", "\n", "{", "[", "이 옳다 가 옳다 ", '"x"가 옳다#', "「가 옳다」이 옳다. ", "**", "- \n", "<|", "\0", "가\u0301", "`", '"a ', "\u200b", "가 옳다#", "<think>", "정답: "],
    ids=repr,
)  # fmt: skip
def test_time_is_linear(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    start = time.process_time()
    parse_official(text), parse_strict(text), read_gold.__wrapped__(text)
    assert time.process_time() - start < 5  # seconds; quadratic would take minutes
