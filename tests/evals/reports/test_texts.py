from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jeoul.evals.reports.texts import LEAST, LONGEST, cut, fitting, visible

TEXTS = st.text(st.characters(exclude_categories=()))


@given(TEXTS, st.integers(4, 40))
def test_nothing_is_lost_but_what_is_counted(text: str, limit: int) -> None:
    made = cut(text, limit)
    assert len(made.head) + len(made.tail) + made.left_out == len(text)
    assert len(made.head) + len(made.tail) <= limit
    (made.head + made.tail).encode()  # no half surrogate is left


@given(st.lists(st.integers(0, 100_000), max_size=30), st.integers(20_000, 1_000_000))
def test_the_limit_is_the_greatest_that_fits(lengths: list[int], altogether: int) -> None:
    limit = fitting(lengths, altogether)

    def size(most: int) -> int:
        return sum(min(length, most) for length in lengths)

    assert LEAST <= limit <= LONGEST
    assert limit == LEAST or size(limit) <= altogether
    assert limit == LONGEST or size(limit + 1) > altogether


@given(TEXTS)
def test_everything_is_seen_and_can_be_written(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert not {character for character in shown if character < " "} - {"\n", "\t"}
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
