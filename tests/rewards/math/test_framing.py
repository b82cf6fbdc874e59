from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.rewards.math.framing import framed

TOKENS = [
    "x", "y", "=", " ", "1", "2", "\\approx ", "\\frac {1}{2}", "for all ", "where ", "integer", ",", "or", "and", "only ",
    "(", ")", "{", "}", '"', "<", "\\ne ", "¶", "\\text", "또는", "일 때", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x = 9+4 = 13", "x = 13"), ("9+4 = 13", "13"), ("P(A) = 6/9 = 2/3", "P(A) = 2/3"), ("a = b = 6", "a = 6, b = 6"),
        (r"\sqrt {5} \approx 2.24", r"\sqrt {5}"), (r"x = \sqrt {5} \approx 2.24", r"x = \sqrt {5}"),
        ('"only" x=4', "x=4"), ("exactly 4", "4"), ("4n for all integers n", "4n"), ('4c "where" c "is a constant"', "4c"),
        (r"4n for every n \in \mathbb {N}", "4n"),
    ],
)  # fmt: skip
def test_what_frames_a_value_is_left_out(text: str, value: str) -> None:
    assert framed(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "x = 1 or x = 2", "x=1orx=2", "x = 1 ou x = 2", "x = 1, y = 2+3 = 5", "4n for even n", "4n for n not prime",
        "4 for x = 1", "4n if n > 2", r"x \approx 5", r"x_1 \approx 5", "for all n", "y = 2x+1", "(x-1)/2 = y/3 = z/4",
        "x = 1 \\pm 2 = 3", r"\{x = 1 = 2\}", "4 where x is large",
    ],
)  # fmt: skip
def test_what_says_more_stays(text: str) -> None:
    assert framed(text) == text


@given(st.lists(st.sampled_from(TOKENS), max_size=40))
def test_never_raises_and_never_grows_by_much(tokens: list[str]) -> None:
    text = "".join(tokens)
    assert len(framed(text)) <= 2 * len(text) * (1 + text.count("="))
