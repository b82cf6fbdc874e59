from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.rewards._text import normal
from jeoul.rewards.tokenizers.words import unicode_words


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The cat's hat, 3.14!", ["the", "cat's", "hat", "3.14"]),
        ("1,000 well-known x_y", ["1,000", "well", "known", "x", "y"]),
        ("l’été naïve STRASSE Straße", ["l'été", "naïve", "strasse", "strasse"]),
        ("KBS는 방송사이다.", ["kbs", "는", "방송사이다"]),
        ("12개, ㄱ과 ㄴ", ["12", "개", "ㄱ과", "ㄴ"]),
        ("東京タワー2024年", ["東", "京", "タ", "ワ", "ー", "2024", "年"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("สวัสดี", ["ส", "วั", "ส", "ดี"]),
        ("اَلْعَرَبِيَّةُ لغة", ["اَلْعَرَبِيَّةُ", "لغة"]),
        ("👍🏽 … — !?", []),
        ("", []),
        (" \t\n\u200b", []),
        ("a\ud800b", ["a", "b"]),
    ],
)
def test_unicode_words(text: str, tokens: list[str]) -> None:
    assert unicode_words(text) == tokens


def test_normal_form_and_case_do_not_matter() -> None:
    for text in ("한국어 맞춤법", "naïve Ångström", "ΣΊΣΥΦΟΣ"):
        assert unicode_words(unicodedata.normalize("NFD", text)) == unicode_words(text) == unicode_words(text.upper())


@given(st.text())
def test_nfc_is_unicodedata_s_on_text_without_long_runs_of_marks(text: str) -> None:
    text = text.replace("\u034f", "")
    assert normal(text, "NFC") == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    "text", ["a" + "\u0301\u0316" * 500_000, "가" * 1_000_000, "{" * 10_000_000, "1." * 500_000 + "é"]
)
def test_linear_time(text: str) -> None:
    start = time.process_time()
    unicode_words(text)
    assert time.process_time() - start < 5  # quadratic: minutes to hours
