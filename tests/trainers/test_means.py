"""Robust means: against exact products, the laws of means, and the true figures of ALGORITHMS.md §4."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul.errors import UsageError
from jeoul.trainers import means
from jeoul.trainers.means import geometric_mean, outlier_effect

POSITIVE = st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=8)


@settings(max_examples=100)
@given(values=POSITIVE, dtype=st.sampled_from([torch.float32, torch.float64]))
def test_is_the_root_of_the_product(values: list[float], dtype: torch.dtype) -> None:
    cells = torch.tensor(values, dtype=dtype)
    product = math.prod(Fraction(v) for v in cells.tolist())
    expected = math.exp((math.log(product.numerator) - math.log(product.denominator)) / len(values))
    ours = geometric_mean(cells)
    assert ours.dtype == dtype
    assert float(ours) == pytest.approx(expected, rel=1e-6 if dtype == torch.float32 else 1e-9)
    assert float(ours) <= float(cells.double().mean()) * (1 + 1e-6)
    assert float(ours) >= len(values) / sum(1 / v for v in cells.tolist()) * (1 - 1e-6)


@settings(max_examples=50)
@given(values=POSITIVE, scale=st.floats(0.01, 100), copies=st.integers(1, 4))
def test_weights_count_copies_and_only_their_ratios_matter(values: list[float], scale: float, copies: int) -> None:
    cells = torch.tensor(values, dtype=torch.float64)
    weights = torch.ones(len(values), dtype=torch.float64)
    weights[0] = copies
    repeated = torch.cat([cells, cells[:1].repeat(copies - 1)])
    assert float(geometric_mean(cells, weights * scale)) == pytest.approx(float(geometric_mean(repeated)))


def test_one_clipping_rule_with_and_without_weights() -> None:
    values = torch.tensor([0.0, 1e-12, 1.0, 1e9], dtype=torch.float64)
    clipped = torch.tensor([1e-3, 1e-3, 1.0, 10.0], dtype=torch.float64)
    for weights in (None, [1.0, 1.0, 1.0, 1.0], [0.1, 2.0, 3.0, 0.5]):
        ours = geometric_mean(values, weights, floor=1e-3, cap=10.0)
        assert float(ours) == pytest.approx(float(geometric_mean(clipped, weights)), rel=1e-12)


def test_the_floor_is_alive_down_to_its_value() -> None:
    """Beside a clip of the logarithm at ±10 a floor of 1e-8 was dead: e^-10 = 4.5e-5 > 1e-8."""
    assert float(geometric_mean(torch.tensor([0.0, 1.0], dtype=torch.float64), floor=1e-8)) == pytest.approx(1e-4)
    assert float(geometric_mean(torch.tensor([1e-30, 1.0], dtype=torch.float64), floor=0.0)) == pytest.approx(1e-15)


def test_zero_without_a_floor_makes_the_mean_zero_unless_it_has_no_weight() -> None:
    assert float(geometric_mean([0.0, 5.0], floor=0.0)) == 0.0
    assert float(geometric_mean([0.0, 5.0], [0.0, 1.0], floor=0.0)) == pytest.approx(5.0)


def test_nan_takes_no_part() -> None:
    nan = torch.nan
    ours = geometric_mean(torch.tensor([[2.0, 8.0, nan], [nan, nan, nan], [nan, 3.0, nan]]), [1.0, 1.0, 5.0])
    torch.testing.assert_close(ours, torch.tensor([4.0, nan, 3.0]), equal_nan=True)


def test_outlier_figures() -> None:
    effect = outlier_effect([0.8, 0.9, 0.7, 0.8, 0.9], position=3, outlier=15.0)
    assert effect.geometric.before == pytest.approx(0.8165, abs=5e-5)
    assert effect.geometric.after == pytest.approx(1.4674, abs=5e-5)
    assert effect.geometric.relative == pytest.approx(0.797, abs=5e-4)
    assert effect.arithmetic.relative == pytest.approx(3.463, abs=5e-4)
    assert effect.arithmetic.relative / effect.geometric.relative == pytest.approx(4.34, abs=5e-3)
    assert effect.harmonic.relative == pytest.approx(0.238, abs=5e-4)


def test_a_low_outlier_moves_the_harmonic_mean_most() -> None:
    effect = outlier_effect([0.8, 0.9, 0.7, 0.8, 0.9], position=-2, outlier=1e-3)
    assert effect.harmonic.relative < effect.geometric.relative < effect.arithmetic.relative < 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"values": [1.0, -0.5]}, "values has -0.5: a negative value has no geometric mean"),
        ({"values": [1.0, math.inf]}, "values has inf"),
        ({"values": torch.zeros(0)}, "expected floating"),
        ({"values": torch.ones(3, dtype=torch.long)}, "expected floating"),
        ({"values": [1.0, 2.0], "weights": [1.0]}, r"weights has shape \[1\], values \[2\]"),
        ({"values": [1.0, 2.0], "weights": [1.0, -1.0]}, "finite weights of at least 0"),
        ({"values": [1.0, 2.0], "weights": [0.0, 0.0]}, "not all of them 0"),
        ({"values": [1.0], "floor": 2.0, "cap": 1.0}, "expected 0 <= floor <= cap"),
        ({"values": [1.0], "floor": -1.0}, "expected 0 <= floor"),
    ],
)
def test_refuses(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        geometric_mean(**arguments)


def test_outlier_effect_refuses() -> None:
    with pytest.raises(UsageError, match="position is 5, values has 2 entries"):
        outlier_effect([1.0, 2.0], 5, 1.0)
    with pytest.raises(UsageError, match="must be positive and finite"):
        outlier_effect([1.0, 2.0], 0, -1.0)


def test_public_names() -> None:
    assert all(hasattr(means, name) for name in means.__all__)
