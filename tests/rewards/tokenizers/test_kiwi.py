from __future__ import annotations

import time
import unicodedata

import pytest

from jeoul.rewards.tokenizers import kiwi

pytest.importorskip("kiwipiepy")


def test_morphemes_without_punctuation() -> None:
    from kiwipiepy import Kiwi

    text = "KBS는 2024년에 방송사였다! 👍 東京 ㅋㅋ"
    plain = [token.form.casefold() for token in Kiwi(num_workers=1).tokenize(text)]
    assert kiwi.morphemes(text) == [form for form in plain if form not in {"!", "👍"}]
    assert kiwi.morphemes(unicodedata.normalize("NFD", text)) == kiwi.morphemes(text)


@pytest.mark.parametrize("text", ["", " \n\t", "👍🏽", "…!?", "\x00", "\ud800"])
def test_nothing_to_count(text: str) -> None:
    assert kiwi.morphemes(text) == []


def test_linear_time() -> None:
    start = time.process_time()
    for text in ("가나다라마바사 " * 1_000_000, "{" * 10_000_000):
        kiwi.morphemes(text)
    assert time.process_time() - start < 10
    assert kiwi.morphemes("가 " * 20_000) == kiwi.morphemes("가 " * 10_000)
    assert kiwi.versions()["dictionary"].startswith("kiwipiepy_model ")
