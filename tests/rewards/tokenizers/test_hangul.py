from __future__ import annotations

import unicodedata

import pytest

from jeoul.rewards.tokenizers.hangul import jamo, syllables


@pytest.mark.parametrize(
    ("text", "by_syllable", "by_letter"),
    [
        ("각 났다", ["각", "났", "다"], [*"ㄱㅏㄱㄴㅏㅆㄷㅏ"]),
        ("값은 3.14!", ["값", "은", "3.14"], [*"ㄱㅏㅄㅇㅡㄴ", "3.14"]),
        ("KBS는 it's", ["kbs", "는", "it's"], ["kbs", *"ㄴㅡㄴ", "it's"]),
        ("ㄱㄱ ㅋㅋ 東京", [*"ㄱㄱㅋㅋ東京"], [*"ㄱㄱㅋㅋ東京"]),
        ("", [], []),
        (" \t👍…", [], []),
        ("plain words", ["plain", "words"], ["plain", "words"]),
    ],
)
def test_units(text: str, by_syllable: list[str], by_letter: list[str]) -> None:
    for form in ("NFC", "NFD"):
        assert syllables(unicodedata.normalize(form, text)) == by_syllable
        assert jamo(unicodedata.normalize(form, text)) == by_letter


def test_every_syllable_has_its_letters() -> None:
    """By the arithmetic of the Unicode standard (3.12): 19 initials, 21 vowels, 27 finals."""
    initials, vowels = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ", "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
    finals = ["", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"]
    text = "".join(map(chr, range(0xAC00, 0xD7A4)))
    expected = [letter for i in initials for v in vowels for f in finals for letter in (i, v, f) if letter]
    assert jamo(text) == expected
    assert syllables(text) == list(text)
