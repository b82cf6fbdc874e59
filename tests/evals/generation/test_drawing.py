from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch
from drawing_by_hand import by_hand
from hypothesis import given
from hypothesis import strategies as st

from jeoul.errors import DataError
from jeoul.evals.generation.drawing import Draws, TextStops, cut, draw


@given(st.integers(0, 10**6), st.integers(1, 40), st.sampled_from([0.3, 1.0, 2.0]), st.sampled_from([0.3, 0.9, 1.0]))
def test_draw_is_the_definition(seed: int, tokens: int, temperature: float, top_p: float) -> None:
    chance = np.random.default_rng(seed)
    logits, chances = chance.normal(size=(8, tokens)).astype(np.float32), chance.random(8)
    found = draw(torch.tensor(logits), torch.tensor(chances), temperature, top_p).tolist()
    assert found == [by_hand(row.tolist(), u, temperature, top_p) for row, u in zip(logits, chances, strict=True)]


def test_frequencies() -> None:
    probs = torch.tensor([0.5, 0.3, 0.15, 0.05])
    chances = torch.rand(40_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    rows = probs.log().expand(len(chances), -1)
    for top_p, expected in ((1.0, probs), (0.9, torch.tensor([0.5, 0.3, 0.15, 0.0]) / 0.95)):
        found = draw(rows, chances, 1.0, top_p).bincount(minlength=4) / len(chances)
        assert torch.allclose(found, expected, atol=0.01)


def test_extremes() -> None:
    logits = torch.tensor([[-float("inf"), 3e38, -3e38, -float("inf")]])
    for chance in (0.0, 0.999999999, 1.0):
        for temperature in (1e-9, 1.0, 1e9):
            token = draw(logits, torch.tensor([chance], dtype=torch.float64), temperature, 1e-9).item()
            assert token == 1
    assert draw(torch.zeros(1, 4), torch.tensor([1.0]), 1.0, 1.0).item() in range(4)
    with pytest.raises(DataError, match="NaN"):
        draw(torch.tensor([[0.0, float("nan")]]), torch.tensor([0.5]), 1.0, 1.0)


def test_rows_have_their_own_numbers() -> None:
    scores = torch.randn(3, 50, generator=torch.Generator().manual_seed(1))
    together = Draws([1, 2, 3], 1.0, 0.9)
    steps = [together(torch.empty(3, 0), scores).argmax(-1).tolist() for _ in range(20)]
    for row, seed in enumerate((1, 2, 3)):
        alone = Draws([seed], 1.0, 0.9)
        assert [alone(torch.empty(1, 0), scores[row : row + 1]).argmax(-1).item() for _ in range(20)] == [
            step[row] for step in steps
        ]


@given(st.text("ab<가", max_size=30), st.lists(st.text("ab<가", min_size=1, max_size=3), max_size=4))
def test_cut(text: str, stop: list[str]) -> None:
    left, stopped = cut(text, stop)
    assert text.startswith(left)
    assert stopped == any(word in text for word in stop)
    assert not any(word in left for word in stop)
    assert not stopped or any(text[len(left) :].startswith(word) for word in stop)


class Bytes:
    """One token a byte; 256 is special and decodes to nothing."""

    def decode(self, ids: Any, skip_special_tokens: bool) -> str:
        assert skip_special_tokens
        return bytes(int(token) for token in ids if token < 256).decode("utf-8", "replace")


def test_rows_end_at_the_first_token_that_completes_a_stop_text() -> None:
    chance = random.Random(0)
    for _ in range(50):
        texts = ["".join(chance.choices("ab가", k=20)).encode()[:30].ljust(30, b"c") for _ in range(3)]
        stops = TextStops(Bytes(), ["ab", "가가"], most=[30, 12, 5], prompt_length=2)
        rows = torch.tensor([[97, 98, *text] for text in texts])  # the prompt ends in a stop text: it does not count
        for length in range(1, 31):
            stops(rows[:, : 2 + length], None)
        for text, end, most in zip(texts, stops.ends, (30, 12, 5), strict=True):
            found = [at for at in range(1, 31) if any(word.encode() in text[:at] for word in ("ab", "가가"))]
            assert end == min([*found, most])
