"""Advantages: bad input, the registry, and gae."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul.errors import UsageError
from jeoul.trainers import advantages as adv
from jeoul.trainers.presets import Preset


def _beside(name: str) -> ModuleType:
    """A helper module in this folder; tests are no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules.setdefault(name, importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


tables = _beside("advantage_tables")
CENTRED, CLOSE, DTYPES, EVERY, NO_EPS = tables.CENTRED, tables.CLOSE, tables.DTYPES, tables.EVERY, tables.NO_EPS
close, fractions, ids, labels, table = tables.close, tables.fractions, tables.ids, tables.labels, tables.table


# ---------------------------------------------------------------- gae


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), gamma=st.floats(0, 1), lam=st.floats(0, 1), masked=st.booleans(), ends=st.booleans())
def test_gae_is_the_discounted_sum_of_deltas(seed: int, gamma: float, lam: float, masked: bool, ends: bool) -> None:
    generator = torch.Generator().manual_seed(seed)
    rewards, values = (torch.randn(3, 6, generator=generator, dtype=torch.float64) for _ in range(2))
    mask = torch.rand(3, 6, generator=generator) < 0.7 if masked else None
    bootstrap = None if ends else torch.randn(3, generator=generator, dtype=torch.float64)
    ours = adv.gae(rewards, values, mask, gamma=gamma, lam=lam, bootstrap_B=bootstrap)
    for b in range(3):
        steps = [t for t in range(6) if mask is None or mask[b, t]]
        v = [float(values[b, t]) for t in steps] + [0.0 if bootstrap is None else float(bootstrap[b])]
        delta = [float(rewards[b, t]) + gamma * v[i + 1] - v[i] for i, t in enumerate(steps)]
        expected = [0.0] * 6
        for i, t in enumerate(steps):
            expected[t] = sum((gamma * lam) ** (j - i) * delta[j] for j in range(i, len(steps)))
        close(ours[b], expected)


def test_gae_with_lambda_one_is_return_minus_value() -> None:
    rewards, values = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[0.5, 0.25, 0.125]])
    close(adv.gae(rewards, values, gamma=1.0, lam=1.0), torch.tensor([[5.5, 4.75, 2.875]]), torch.float32)
    assert adv.gae(rewards.bfloat16(), values.bfloat16()).dtype == torch.float32


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rewards_BT": torch.zeros(3)}, "rewards is .* expected a floating tensor"),
        ({"values_BT": torch.zeros(2, 4)}, "values has shape .*2, 4.*2, 3"),
        ({"mask_BT": torch.zeros(3, 2)}, "mask has shape"),
        ({"bootstrap_B": torch.zeros(3)}, "bootstrap has shape"),
        ({"lam": 1.5}, "lam is 1.5"),
        ({"values_BT": torch.full((2, 3), torch.nan)}, "not finite"),
    ],
)
def test_gae_refuses_bad_input(change: dict[str, Any], words: str) -> None:
    good: dict[str, Any] = {"rewards_BT": torch.zeros(2, 3), "values_BT": torch.zeros(2, 3)}
    with pytest.raises(UsageError, match=words):
        adv.gae(**{**good, **change})


# ---------------------------------------------------------------- bad input, registry

R, G = torch.zeros(4, 2), torch.zeros(4, dtype=torch.long)
BAD: list[tuple[dict[str, Any], str]] = [
    ({"rewards": [[1.0]]}, r"rewards is a list; pass a torch tensor \[B, K\]"),
    ({"rewards": torch.zeros(4)}, r"rewards has shape \[4\]; expected \[B, K\] \(rewards\[:, None\]"),
    ({"rewards": torch.zeros(4, 2, dtype=torch.long)}, r"rewards has dtype torch.int64; .* rewards.float\(\)"),
    ({"rewards": torch.zeros(0, 2), "groups": G[:0]}, "empty batch"),
    ({"rewards": torch.zeros(4, 0)}, "empty batch"),
    ({"rewards": torch.tensor([[0, 0], [0, 0], [0, math.inf], [0, 0]])}, r"rewards\[2, 1\] is inf; .* finite"),
    ({"groups": G[:3]}, r"groups has shape \[3\], rewards has 4 rows; expected \[4\]"),
    ({"groups": G[:, None]}, r"groups has shape \[4, 1\]"),
    ({"groups": G.float()}, r"groups has dtype torch.float32; .* groups.long\(\)"),
    ({"groups": [0, 0, 1, 1]}, "groups is a list; pass an integer tensor"),
    ({"groups": adv.group_rows(G[:2])}, "made for 2 rows, rewards has 4"),
    ({"weights": [1.0]}, "weights has 1 entries, rewards has 2 columns; give one weight a column"),
    ({"weights": torch.ones(2, 1)}, r"weights is \[2, 1\]; expected one number a column"),
    ({"weights": [1.0, math.nan]}, "every weight must be finite"),
    ({"lengths": torch.ones(3)}, r"lengths is \[3\]; expected the tokens of each row, \[4\]"),
    ({"lengths": torch.tensor([1, -1, 1, 1])}, "lengths must be finite, at least 0"),
    ({"preset": "verl"}, "lengths is missing: preset 'verl' normalises over tokens"),
    ({"preset": "vrel"}, "did you mean 'verl'"),
]


@pytest.mark.parametrize(("change", "words"), BAD, ids=[words[:40] for _, words in BAD])
def test_refuses_bad_input(change: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        adv.gdpo(**{"rewards": R, "groups": G, **change})


def test_refuses_bad_options() -> None:
    with pytest.raises(UsageError, match="dvao divides"):
        adv.dvao(R, G, [1.0, -1.0])
    with pytest.raises(UsageError, match="gamma is -1"):
        adv.sa_mrpo(R, G, gamma=-1)
    with pytest.raises(UsageError, match="mode is 'gpdo'"):
        adv.saw(R, G, mode="gpdo")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="bounds has 1 pairs, rewards has 2 columns"):
        adv.saw(R, G, bounds=[(0, 1)])
    with pytest.raises(UsageError, match=r"bounds\[1\] is \(1.0, 0.0\)"):
        adv.grpo_scaled(R, G, bounds=[(0, 1), (1, 0)])


def test_registry() -> None:
    for name, function in adv.ESTIMATORS.items():
        assert adv.estimator(name) is function
        assert name in adv.__all__
    with pytest.raises(UsageError, match="did you mean 'dr_grpo'"):
        adv.estimator("drgrpo")
    with pytest.raises(UsageError, match="gae takes rewards and values per token"):
        adv.estimator("gae")
    assert all(hasattr(adv, name) for name in adv.__all__)


def test_any_preset_object_is_taken() -> None:
    mine = Preset("mine", column_eps=0.5)
    rewards = torch.tensor([[1.0], [0.0]])
    close(
        adv.gdpo_nobn(rewards, ids(2), preset=mine),
        [0.5 / (0.5 + math.sqrt(0.5)), -0.5 / (0.5 + math.sqrt(0.5))],
        DTYPES[0],
    )


def test_a_misspelt_option_is_refused() -> None:
    with pytest.raises(TypeError, match="unknown option 'presset' \\(did you mean 'preset'"):
        adv.grpo(torch.zeros(2, 1), torch.zeros(2, dtype=torch.long), presset="trl")  # type: ignore[call-arg]
