"""The rewards on contest answers."""

from __future__ import annotations

import math
import pickle
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jeoul
from jeoul.errors import DataError, UsageError
from jeoul.rewards.korean import (
    contest_exact_match,
    contest_format,
    contest_partial_score,
    contest_rouge1,
    contest_score,
    particle_agreement,
)
from jeoul.rewards.korean.components import COMPONENTS, component
from jeoul.rewards.korean.particles import fitting_particle
from jeoul.rewards.registry import builtin_names, find_reward

GOLD = '"비가 온다."가 옳다. 앞말에 받침이 없다.'
RIGHT = '"비가 온다."가 옳다. 모음 뒤에 온다.'
WRONG = '"비가 오다."가 옳다. 모음 뒤에 온다.'
BARE = '"비가 온다."가 옳다.'
anything = st.text(st.characters(codec=None), max_size=40)
texts = st.sampled_from([GOLD, RIGHT, WRONG, BARE, "정답: “비가 온다.” 가 옳습니다.", ""]) | anything


def test_they_are_registered() -> None:
    names = {
        "contest_bertscore", "contest_bleurt", "contest_exact_match", "contest_format", "contest_partial_score",
        "contest_rouge1", "contest_score", "particle_agreement",
    }  # fmt: skip
    assert names <= set(builtin_names())
    assert all(getattr(jeoul, name).hacks for name in names)


@given(st.lists(texts, max_size=5), st.integers(0, 5))
def test_ranges_and_batches(completions: list[str], cut: int) -> None:
    def scores(batch: list[str]) -> list[list[float | None]]:
        golds: list[Any] = [GOLD] * len(batch)
        return [
            contest_format(batch),
            particle_agreement(batch),
            *(contest_exact_match(batch, golds, parser=parser) for parser in ("official", "strict", "lenient")),
            contest_rouge1(batch, golds, tokenizer="syllable"),
            contest_partial_score(batch, golds, rouge1=[0.5] * len(batch), components=("rouge1",)),
        ]

    whole, parts = scores(completions), zip(scores(completions[:cut]), scores(completions[cut:]), strict=True)
    assert whole == [left + right for left, right in parts]
    assert all(0 <= value <= 1 for column in whole for value in column if value is not None)
    assert pickle.loads(pickle.dumps(whole)) == whole


@pytest.mark.parametrize("cell", [None, math.nan, "", "  "])
def test_no_gold_does_not_apply(cell: Any) -> None:
    for reward in (contest_exact_match, contest_rouge1, contest_score):
        assert math.isnan(reward([RIGHT], [cell])[0])


def test_a_gold_that_is_no_text_is_an_error_of_the_data() -> None:
    with pytest.raises(DataError, match="a gold of the contest is a text"):
        contest_exact_match([RIGHT], [["a", "b"]])


def test_reasons_of_cells() -> None:
    assert contest_format([BARE])[0].reason == "not in the form: ending, no_reason"
    assert contest_exact_match([WRONG], [GOLD])[0].reason == "'비가 오다.가 옳다' is not '비가 온다.가 옳다'"
    assert contest_exact_match([WRONG], [GOLD], parser="lenient")[0].reason == "'비가 오다.' is not '비가 온다.'"
    assert contest_exact_match([BARE], [GOLD], parser="strict")[0].reason == "not in the form: ending, no_reason"
    assert contest_rouge1([BARE], [GOLD], tokenizer="syllable")[0].reason == "there is no reason"


# -- particles


@pytest.mark.parametrize(
    ("sentence", "particle"),
    [
        ("책", "이"), ("나무", "가"), ("책.", "이"), ("나무!”", "가"), ("'책'", "이"), ("닭", "이"), ("숲) ", "이"), ("", "이/가"), ("…", "이/가"),
        *((digit, "이") for digit in "013678"), *((digit, "가") for digit in "2459"), ("1２", "가"), ("10", "이"),
        ("ㄱ", "이"), ("ㅎ", "이"), ("ㅏ", "가"), ("ㅣ", "가"), ("KBS", "이/가"), ("5 km", "이/가"), ("30%", "이/가"), ("20℃", "이/가"),
        ("😀", "이/가"), ("漢", "이/가"), ("\u1109\u1162\u11bc", "이"), ("책\u200b", "이"),
    ],
)  # fmt: skip
def test_fitting_particle(sentence: str, particle: str) -> None:
    assert fitting_particle(sentence) == particle


@given(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), st.text(st.sampled_from("\"'. !?”)…"), max_size=5))
def test_particle_follows_the_final_consonant(letter: str, after: str) -> None:
    import unicodedata

    final = len(unicodedata.normalize("NFD", letter)) == 3
    assert fitting_particle(letter + after) == ("이" if final else "가")


def test_agreement() -> None:
    cases = [
        '"책"이 옳다. 이유',
        '"책"가 옳다. 이유',
        '"ABC"가 옳다. 이유',
        '"책"이/가 옳다. 이유',
        '"책"은 옳다. 이유',
        "“책” 이 맞다",
    ]
    assert particle_agreement(cases) == [1, 0, 1, 0, 0, 1]


# -- the reason and the score


def test_rouge1_is_the_plain_f1_of_mecabs_morphemes() -> None:
    mecab = pytest.importorskip("mecab").MeCab()
    golds = ["앞말에 받침이 없으므로 '가'를 쓴다.", "KBS는 2025년에도 방송사이다!", "띄어쓰기는 맞다."]
    mine = ["앞말의 받침이 없기 때문에 '가'로 쓴다.", "kbs는 방송사", "!!"]
    scores = contest_rouge1([f'"x"가 옳다. {m}' for m in mine], [f'"y"가 옳다. {g}' for g in golds])
    import re

    for score, left, right in zip(scores, mine, golds, strict=True):
        one, two = (Counter(mecab.morphs(re.sub("[^A-Za-z0-9가-힣]", " ", text.lower()))) for text in (left, right))
        shared = sum((one & two).values())
        p, r = shared / max(sum(one.values()), 1), shared / sum(two.values())
        assert score == (p * r / (0.5 * p + 0.5 * r) if shared else 0)


def test_the_reason_may_stand_in_a_column_of_its_own() -> None:
    alone = '"비가 온다."가 옳다'
    expected = contest_rouge1([RIGHT], [GOLD], tokenizer="syllable")
    assert contest_rouge1([RIGHT], [alone], ["앞말에 받침이 없다."], tokenizer="syllable") == expected
    assert contest_rouge1([RIGHT], [GOLD], ["다른 것"], tokenizer="syllable") == expected
    assert math.isnan(contest_rouge1([RIGHT], [alone], tokenizer="syllable")[0])


@given(st.floats(0, 1), st.floats(-0.5, 1), st.floats(-0.5, 1.5))
@settings(max_examples=50)
def test_the_score_is_its_formula(rouge: float, bert: float, bleurt: float) -> None:
    given_: Any = {"rouge1": [rouge] * 3, "bertscore": [bert] * 3, "bleurt": [bleurt] * 3}
    right, wrong, bare = contest_score([RIGHT, WRONG, BARE], [GOLD] * 3, **given_)
    assert right == pytest.approx(0.5 + (rouge + bert + bleurt) / 6)
    assert wrong == pytest.approx((rouge + bert + bleurt) / 6)
    assert bare == 0.5  # a missing reason is 0, whatever was measured
    partial = contest_partial_score([RIGHT], [GOLD], rouge1=[rouge], bertscore=[bert])[0]
    assert partial == pytest.approx(0.5 + (rouge + bert) / 4)
    assert partial.reason.endswith("; without bleurt")


def test_no_score_without_a_component(monkeypatch: pytest.MonkeyPatch) -> None:
    from jeoul.rewards.korean import components

    def refuse(name: str, **options: Any) -> Any:
        raise UsageError(f"{name} needs a checkpoint")

    monkeypatch.setattr("jeoul.rewards.korean.score.component", refuse)
    with pytest.raises(UsageError, match="bleurt needs a checkpoint"):
        contest_score([RIGHT], [GOLD], rouge1=[0.5], bertscore=[0.5])
    assert math.isnan(contest_score([RIGHT], [GOLD], rouge1=[0.5], bertscore=[None], bleurt=[1.0])[0])
    assert components.COMPONENTS == ("rouge1", "bertscore", "bleurt")


def test_mistakes() -> None:
    with pytest.raises(UsageError, match="there is no component 'rogue1'"):
        component("rogue1")
    with pytest.raises(UsageError, match="one to three different ones"):
        contest_partial_score([], [], components=())
    with pytest.raises(DataError, match="the column bleurt holds numbers"):
        contest_score([RIGHT], [GOLD], rouge1=[0.1], bertscore=[0.1], bleurt=["x"])
    with pytest.raises(UsageError, match="parser"):
        contest_exact_match([RIGHT], [GOLD], parser="loose")


def test_the_shipped_recipe_adds_up() -> None:
    from jeoul.cli.recipe import find_recipe

    recipe = find_recipe("korean_contest")
    weights = {column.name: column.weight for column in recipe if not column.monitored}
    assert weights == {"exact": 0.5, "rouge1": 1 / 6, "bertscore": 1 / 6, "form": 0.1}
    assert all(find_reward(f"contest_{name}").name for name in COMPONENTS)


def test_as_columns_of_a_recipe() -> None:
    from jeoul.rewards.engine.scoring import score
    from jeoul.rewards.recipes.column import use
    from jeoul.rollouts import Rollouts

    rows = {"prompt": ["?"] * 3, "completion": [RIGHT, WRONG, BARE], "answer": [GOLD] * 3, "bleurt": [0.4, 0.4, 0.4]}
    recipe = (
        0.5 * contest_exact_match()
        + 0.1 * contest_format()
        + 0.5 * use("contest_rouge1", tokenizer="syllable").when("contest_exact_match >= 1")
        + contest_partial_score(components=("bleurt",)).monitor()
    )
    table = score(recipe, Rollouts.of(rows), workers=0)
    assert table.value[:, 0].tolist() == [1, 0, 1]
    assert table.value[:, 1].tolist() == [1, 1, 0]
    assert table.value[1:, 2].tolist() == [0, 0]
    assert table.value[0, 2] > 0
    assert table.value[:, 3] == pytest.approx([0.7, 0.2, 0.5])
    assert recipe == jeoul.Recipe.from_toml(recipe.to_toml())


def test_a_megabyte_is_scored() -> None:
    for text in (GOLD + " 이유" * 350_000, "가" * 1_000_000, '"' * 1_000_000, RIGHT * 40_000):
        assert contest_exact_match([text], [GOLD])[0] in (0, 1)
        assert contest_rouge1([text], [GOLD], tokenizer="unicode")[0] is not None
