from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.rewards.judge.verdict import NoVerdict, Verdict, read_verdict


@given(st.text() | st.from_regex(r'(x\n)?\{"score": ?[-\de.]+\}(\n.*)?', fullmatch=True))
def test_whatever_comes_is_a_grade_on_the_scale_or_none(reply: str) -> None:
    with contextlib.suppress(NoVerdict):
        assert 1 <= read_verdict(reply, 1, 10).score <= 10


def test_fences_and_blank_lines_are_no_text_after_it() -> None:
    assert read_verdict('Why.\r\n```json\n{"score": 2.5}\n```\n\n', 0, 5) == Verdict(2.5, "Why.")


def test_long_reasons_are_shortened_and_made_printable() -> None:
    why = read_verdict("\x1b[31m" + "word " * 1000 + '\n{"score": 1}', 0, 1).why
    assert len(why) == 400
    assert why.startswith("[31mword")
    assert why.endswith("…")


@pytest.mark.parametrize(("least", "greatest"), [(0, 1), (-5, 5)])
def test_the_ends_of_the_scale_are_on_it(least: float, greatest: float) -> None:
    assert read_verdict(f'{{"score": {least}}}', least, greatest).score == least
    assert read_verdict(f'{{"score": {greatest}}}', least, greatest).score == greatest
