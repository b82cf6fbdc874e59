from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul import Recipe, RewardTable, rouge1
from jeoul.errors import RecipeError, UsageError
from jeoul.rewards.recipes.schema import recipe_schema
from jeoul.rewards.tokenizers import TOKENIZERS, find_tokenizer, tokenizer_versions
from jeoul.rewards.tokenizers.tokenizer import Recent

PLAIN = ("unicode", "syllable", "jamo", "google", "google_stem")
ROWS = [{"prompt": "p", "completion": "a b c", "reference": "a b"}]


def letters(text: str) -> list[str]:
    return list(text.replace(" ", ""))


class ByComma:
    def tokenize(self, text: str) -> list[str]:
        return text.split(",")


@pytest.mark.parametrize("name", TOKENIZERS)
def test_takes_any_string(name: str) -> None:
    for engine in {"mecab": ["mecab"], "kiwi": ["kiwipiepy"]}.get(name, []):
        pytest.importorskip(engine)

    @settings(max_examples=50)
    @given(st.text(st.characters(codec=None)))
    def check(text: str) -> None:
        tokens = TOKENIZERS[name].tokens(text)
        assert all(isinstance(token, str) and token and not token.isspace() for token in tokens)
        assert TOKENIZERS[name].tokens(text) == tokens

    check()


@pytest.mark.parametrize("text", ["", " \n\t\u200b", "👍🏽 👨‍👩‍👧"])
@pytest.mark.parametrize("name", PLAIN)
def test_nothing_to_count(name: str, text: str) -> None:
    assert TOKENIZERS[name].tokens(text) == []


@pytest.mark.parametrize("name", PLAIN)
def test_versions(name: str) -> None:
    versions = tokenizer_versions(tokenizer=name)
    assert set(versions) == {"tokenizer", "engine", "dictionary"}
    assert versions["tokenizer"] == name
    assert all(versions.values())


def test_own() -> None:
    assert rouge1(["a, b"], ["a,c"], tokenizer=ByComma()) == [0.5]
    assert rouge1(["ab"], ["bc"], tokenizer=letters) == [0.5]
    assert rouge1(["ab"], ["ab"], tokenizer="textwrap:wrap") == rouge1(["ab"], ["ab"], tokenizer=str.split) == [1]
    assert rouge1(["ab"], ["bc"], tokenizer=lambda text: [hash(letter) for letter in text]) == [0.5]
    assert find_tokenizer(letters) is find_tokenizer(letters)
    assert tokenizer_versions(tokenizer="textwrap:wrap")["tokenizer"] == "textwrap:wrap"
    assert "sha256:" in tokenizer_versions(tokenizer=letters)["engine"]


def test_rouge_score_s_own() -> None:
    from rouge_score.tokenizers import DefaultTokenizer

    theirs = DefaultTokenizer(use_stemmer=True)
    assert rouge1(["The cats ran"], ["the cat"], tokenizer=theirs) == [0.8]
    assert tokenizer_versions(tokenizer=theirs) == {
        "tokenizer": "rouge_score.tokenizers:DefaultTokenizer",
        "engine": "rouge_score 0.1.2",
    }


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("mecap", r"there is no tokenizer 'mecap' \(did you mean 'mecab'\?\).*package.module:function"),
        ("no.such:thing", "'no.such:thing' cannot be imported: ModuleNotFoundError"),
        ("textwrap:nothing", "cannot be imported: AttributeError"),
        (3, "tokenizer must be one of unicode, .* not 3"),
        (ByComma, "must be one of"),
        (["a"], "must be one of"),
        (str.upper, "gave a str, not a list of tokens: 'A B C'"),
    ],
)
def test_mistakes(choice: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        rouge1(["a b c"], ["a"], tokenizer=choice)


def test_a_recipe_says_so_at_once() -> None:
    with pytest.raises(RecipeError, match=r"reward.rouge1.tokenizer: there is no tokenizer 'mecap'"):
        Recipe.from_toml('[reward.rouge1]\ntokenizer = "mecap"')


def test_editors_know_the_names() -> None:
    option = recipe_schema()["$defs"]["reward.rouge1"]["properties"]["tokenizer"]
    assert option["anyOf"][0]["enum"] == list(TOKENIZERS)
    assert option["default"] == "unicode"


def test_toml() -> None:
    recipe = Recipe(rouge1(tokenizer="textwrap:wrap"))
    assert Recipe.from_toml(recipe.to_toml()) == recipe
    assert recipe.fingerprint != Recipe(rouge1()).fingerprint


@pytest.mark.parametrize("workers", [0, 1])
def test_a_table_knows_what_counted(workers: int, tmp_path: Any) -> None:
    recipe = rouge1(tokenizer="google_stem") + rouge1(tokenizer=letters).named("mine")
    table = recipe.score(ROWS, workers=workers)
    assert table.value.tolist() == [pytest.approx([0.8, 0.8])]
    assert table.info["engines"]["rouge1"] == tokenizer_versions(tokenizer="google_stem")
    assert table.info["engines"]["mine"]["tokenizer"].endswith(":letters")
    table.save(tmp_path / "table.parquet")
    assert RewardTable.load(tmp_path / "table.parquet").info["engines"] == table.info["engines"]


@pytest.mark.parametrize("name", ["mecab", "kiwi"])
def test_korean_engines_in_workers(name: str) -> None:
    pytest.importorskip({"kiwi": "kiwipiepy"}.get(name, name))
    rows = [{"prompt": "p", "completion": "학교는 멀다", "reference": "학교가 멀다"}]
    table = Recipe(rouge1(tokenizer=name)).score(rows, workers=1)
    assert table.value[0, 0] == pytest.approx(0.75, abs=0.1)
    assert table.info["engines"]["rouge1"]["tokenizer"] == name


def test_tokenizers_of_a_name_stay_one_object() -> None:
    assert pickle.loads(pickle.dumps(rouge1)) is rouge1
    assert find_tokenizer("google") is TOKENIZERS["google"]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 6)), max_size=60))
def test_what_was_used_last_is_kept_up_to_the_size(puts: list[tuple[int, int]]) -> None:
    kept: Recent[int] = Recent(10)
    for key, size in puts:
        kept.put(key, key, size)
        assert kept.get(key) == key
        assert kept.used == sum(size for _, size in kept.values.values()) <= 10
    kept.put("large", 0, 11)
    assert kept.get("large") is None
