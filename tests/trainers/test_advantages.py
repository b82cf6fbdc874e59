"""Advantage estimators: the laws of ALGORITHMS.md §1, each against formulas written out again in plain Python."""

from __future__ import annotations

import importlib.util
import itertools
import math
import random
import sys
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul.trainers import advantages as adv
from jeoul.trainers.presets import PRESETS, preset


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


naive = _beside("naive_advantages")
SHAPES = tables.SHAPES


# ---------------------------------------------------------------- against the independent reference


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("name", EVERY)
def test_agrees_with_reference(name: str, missing: float, dtype: torch.dtype) -> None:
    for seed, (sizes, shuffled) in enumerate(SHAPES):
        rewards = table(seed, sizes, 3, missing, dtype)
        groups = labels(sizes, shuffled)
        weights = [1.0, 0.5, 2.0]
        lengths = torch.tensor([1 + (7 * i) % 5 for i in range(len(groups))])
        for chosen in (p for p in PRESETS.values() if not (missing and p.nan == "poison")):
            if len(groups) > 20 and chosen.name not in ("paper", "nemo"):
                continue  # exact fractions are slow
            theirs = naive.advantages(
                name, fractions(rewards), groups.tolist(), list(map(Fraction, weights)), chosen, lengths.tolist()
            )
            ours = adv.estimator(name)(rewards, groups, weights, preset=chosen, lengths=lengths)
            assert ours.dtype == dtype
            close(ours, theirs, dtype)


CHANGES: list[dict[str, Any]] = [
    {"ddof": 0},
    {"leave_one_out": True},
    {"leave_one_out": True, "skip_zero_std": True, "dead_rows": "shift"},
    {"batch": "none"},
    {"batch": "token", "batch_eps": 0.0},
    {"batch": "token", "dead_rows": "shift"},
    {"nan_rows": "count"},
    {"nan": "zero", "sum_nan": "zero"},
    {"nan": "zero", "sum_nan": "zero", "nan_rows": "count", "batch": "token"},
]


@pytest.mark.parametrize("changes", CHANGES, ids=str)
@pytest.mark.parametrize("name", ["grpo", "gdpo", "grpo_bn", "saw", "reinforce_pp_baseline", "reinforce_pp"])
def test_every_option_agrees_with_reference(name: str, changes: dict[str, Any]) -> None:
    for seed, (sizes, shuffled) in enumerate(SHAPES):
        rewards, groups = table(10 + seed, sizes, 2, 0.25), labels(sizes, shuffled)
        lengths = torch.tensor([(3 * i) % 4 for i in range(len(groups))])
        chosen = preset("paper", **changes)
        theirs = naive.advantages(
            name, fractions(rewards), groups.tolist(), [Fraction(1)] * 2, chosen, lengths.tolist()
        )
        close(adv.estimator(name)(rewards, groups, preset=chosen, lengths=lengths), theirs)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("saw", {"mode": "grpo"}),
        ("saw", {"bounds": [(-1, 2), (-2, 3)]}),
        ("sa_mrpo", {"gamma": 2, "bounds": [(-1, 2), (-1, 2)]}),
        ("grpo_scaled", {"bounds": [(-1, 2), (0, 5)]}),
        ("dara", {"cap": 1.2}),
    ],
)
def test_estimator_options_agree_with_reference(name: str, options: dict[str, Any]) -> None:
    rewards, groups = table(5, [4, 4, 4], 2, 0.1), labels([4, 4, 4], 3)
    weights = [Fraction(1), Fraction(3, 2)]
    theirs = naive.advantages(name, fractions(rewards), groups.tolist(), weights, preset("paper"), None, **options)
    close(adv.estimator(name)(rewards, groups, [1.0, 1.5], **options), theirs)


# ---------------------------------------------------------------- property 1


EXACT_SCALES = [2.0**k for k in range(-6, 10)]  # with quarter rewards and whole shifts, exact in float32 as well


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    scale=st.sampled_from(EXACT_SCALES),
    shift=st.integers(-100, 100),
    dtype=st.sampled_from(DTYPES),
)
def test_grpo_centred_and_invariant_to_shift_and_scale_of_the_sum(
    seed: int, scale: float, shift: int, dtype: torch.dtype
) -> None:
    rewards, groups = table(seed, [4, 3, 6], 3, dtype=dtype), ids(4, 3, 6)
    ours = adv.grpo(rewards, groups, preset=NO_EPS)
    for group in groups.unique():
        assert abs(float(ours[groups == group].sum())) < CLOSE[dtype]
    moved = scale * rewards.sum(1, keepdim=True) + shift
    close(adv.grpo(moved, groups, preset=NO_EPS), ours, dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_two_rollouts(dtype: torch.dtype) -> None:
    ours = adv.grpo(torch.tensor([[0.0], [1.0]], dtype=dtype), torch.zeros(2, dtype=torch.long), preset=NO_EPS)
    close(ours, [-math.sqrt(0.5), math.sqrt(0.5)], dtype)


def test_first_reward_of_four_under_each_framework() -> None:
    rewards, groups = torch.tensor([[1.0], [0.0], [0.0], [0.0]], dtype=torch.float64), ids(4)
    first = {name: float(adv.grpo(rewards, groups, preset=name)[0]) for name in ("trl", "verl", "nemo")}
    assert first == pytest.approx({"trl": 1.4997, "verl": 1.5, "nemo": 1.0}, abs=5e-5)
    assert float(adv.grpo(rewards, groups, preset=preset("trl", ddof=0, sum_eps=0.0))[0]) == pytest.approx(math.sqrt(3))


# ---------------------------------------------------------------- property 3


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    column=st.integers(0, 2),
    scale=st.sampled_from(EXACT_SCALES),
    shift=st.integers(-100, 100),
    dtype=st.sampled_from(DTYPES),
)
def test_gdpo_is_invariant_to_affine_rescaling_of_a_column(
    seed: int, column: int, scale: float, shift: int, dtype: torch.dtype
) -> None:
    rewards, groups = table(seed, [4, 3, 6], 3, dtype=dtype), ids(4, 3, 6)
    moved = rewards.clone()
    moved[:, column] = scale * moved[:, column] + shift
    close(adv.gdpo(moved, groups, preset=NO_EPS), adv.gdpo(rewards, groups, preset=NO_EPS), dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("columns", [1, 2, 5, 16])
def test_gdpo_has_unit_spread_for_any_number_of_columns(columns: int, dtype: torch.dtype) -> None:
    rewards = table(columns, [8] * 8, columns, dtype=dtype)
    close(adv.gdpo(rewards, ids(*[8] * 8), preset=NO_EPS).std()[None], [1.0], dtype)


def test_without_batch_step_the_spread_grows() -> None:
    generator = torch.Generator().manual_seed(0)
    rewards = torch.randn(4000 * 16, 16, generator=generator, dtype=torch.float64)
    groups = torch.arange(len(rewards)) // 16
    factor = math.sqrt(15 / 16)  # centring costs a degree of freedom in each group
    independent = float(adv.gdpo_nobn(rewards, groups, preset=NO_EPS).std())
    identical = float(adv.gdpo_nobn(rewards[:, :1].expand(-1, 16), groups, preset=NO_EPS).std())
    assert independent == pytest.approx(4 * factor, rel=0.01)
    assert identical == pytest.approx(16 * factor, rel=0.01)
    assert (round(independent, 1), round(identical, 1)) == (3.9, 15.5)


# ---------------------------------------------------------------- properties 4, 5, 6


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), size=st.integers(2, 9), count=st.integers(1, 6), dtype=st.sampled_from(DTYPES))
def test_one_column_gdpo_is_scaled_grpo(seed: int, size: int, count: int, dtype: torch.dtype) -> None:
    rewards = table(seed, [size] * count, 1, dtype=dtype)
    rewards[:size] = 0.25  # one dead group
    groups = ids(*[size] * count)
    active = sum(int(rewards[groups == g].unique().numel() > 1) for g in range(count))
    ratio = math.sqrt((count * size - 1) / (active * (size - 1))) if active else 0.0
    ours = adv.gdpo(rewards, groups, preset=NO_EPS)
    close(ours, ratio * adv.grpo(rewards, groups, preset=NO_EPS), dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("columns", [1, 2, 3])
def test_binary_columns_in_small_groups(size: int, columns: int, dtype: torch.dtype) -> None:
    cells = list(itertools.product([0.0, 1.0], repeat=size * columns))
    rewards = torch.tensor(cells, dtype=dtype).view(-1, columns)
    groups = torch.arange(len(cells)).repeat_interleave(size)
    left = adv.gdpo_nobn(rewards, groups, preset=NO_EPS)
    close(left, math.sqrt(size) * adv.dr_grpo(rewards, groups, preset=NO_EPS), dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("size", range(2, 9))
def test_complementary_binary_columns_cancel(size: int, dtype: torch.dtype) -> None:
    cells = list(itertools.product([0.0, 1.0], repeat=size))
    first = torch.tensor(cells, dtype=dtype).flatten()
    rewards = torch.stack([first, 1 - first], dim=1)
    groups = torch.arange(len(cells)).repeat_interleave(size)
    assert not adv.gdpo(rewards, groups, preset=preset("nemo", leave_one_out=False)).any()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_student_example(dtype: torch.dtype) -> None:
    rewards = torch.tensor([[0.0, 2.0], [1.0, 1.0]], dtype=dtype)
    assert adv.gdpo_nobn(rewards, ids(2), preset=NO_EPS).tolist() == [0, 0]
    rewards = torch.cat([rewards, torch.zeros(1, 2, dtype=dtype)])
    root = math.sqrt(3)
    close(adv.grpo(rewards, ids(3), preset=NO_EPS), [1 / root, 1 / root, -2 / root], dtype)
    close(adv.gdpo_nobn(rewards, ids(3), preset=NO_EPS), [1 - 1 / root, 2 / root, -1 / root - 1], dtype)


# ---------------------------------------------------------------- property 7


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6), name=st.sampled_from(EVERY), which=st.sampled_from(list(PRESETS)), at=st.integers(0, 2)
)
def test_columns_of_weight_zero_change_no_bit(seed: int, name: str, which: str, at: int) -> None:
    rewards, groups = table(seed, [3, 5, 2], 2, 0.2, torch.float32), labels([3, 5, 2], seed)
    noise = torch.full((10, 1), torch.nan)
    noise[seed % 10] = torch.inf if seed % 2 else 1e30
    wider = torch.cat([rewards[:, :at], noise, rewards[:, at:]], dim=1)
    weights = [1.0, 0.7]
    lengths = torch.arange(10) + 1
    without = adv.estimator(name)(rewards, groups, weights, preset=which, lengths=lengths)
    padded = [*weights[:at], 0.0, *weights[at:]]
    for given_as in (padded, torch.tensor(padded, dtype=torch.float64)):
        beside = adv.estimator(name)(wider, groups, given_as, preset=which, lengths=lengths)
        assert torch.equal(without.nan_to_num(99.0), beside.nan_to_num(99.0))
    split = adv.contributions(name, wider, groups, padded, preset=which, lengths=lengths)
    assert not split[:, at].nan_to_num(0.0).any()


def test_weights_of_nothing_but_zero() -> None:
    assert adv.gdpo(torch.rand(4, 2), ids(2, 2), [0, 0]).tolist() == [0] * 4
    assert adv.gdpo(torch.rand(4, 2), ids(2, 2), [0, 0], by_column=True).shape == (4, 2)


# ---------------------------------------------------------------- property 8


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    name=st.sampled_from(EVERY),
    which=st.sampled_from(list(PRESETS)),
    dtype=st.sampled_from(DTYPES),
)
def test_permuting_rows_and_columns_permutes_nothing_else(seed: int, name: str, which: str, dtype: torch.dtype) -> None:
    rewards = torch.randn(24, 3, generator=torch.Generator().manual_seed(seed), dtype=dtype)
    groups = labels([4, 4, 4, 4, 4, 4])
    lengths = torch.arange(24) % 7 + 1
    weights = [1.0, 0.5, 0.25]
    whole = adv.estimator(name)(rewards, groups, weights, preset=which, lengths=lengths)
    rows = torch.tensor(random.Random(seed).sample(range(24), 24))
    columns = random.Random(seed).sample(range(3), 3)
    moved = adv.estimator(name)(
        rewards[rows][:, columns], groups[rows], [weights[k] for k in columns], preset=which, lengths=lengths[rows]
    )
    tolerance = 1e-6 if dtype == torch.float32 else 1e-11
    torch.testing.assert_close(moved, whole[rows], rtol=tolerance, atol=tolerance)


def test_permutation_is_exact_where_sums_are() -> None:
    """Binary rewards in groups of 4 have exact sums, so not even the last bit may move without a batch step."""
    rewards = torch.randint(0, 2, (64, 3), generator=torch.Generator().manual_seed(0)).float()
    groups = torch.arange(64) // 4
    rows = torch.randperm(64, generator=torch.Generator().manual_seed(1))
    for name in ("grpo", "dr_grpo", "rloo", "gdpo_nobn", "dvao"):
        whole = adv.estimator(name)(rewards, groups)
        assert torch.equal(adv.estimator(name)(rewards[rows], groups[rows]), whole[rows]), name


@pytest.mark.parametrize("name", EVERY)
def test_equal_rows_of_a_group_get_equal_bits(name: str) -> None:
    rewards = torch.rand(32, 5, generator=torch.Generator().manual_seed(0))
    rewards[8:16] = rewards[8]
    rewards[8] += 1
    for groups in (ids(16, 16), ids(13, 19), torch.arange(32) % 2):
        ours = adv.estimator(name)(rewards, groups)
        for g in (0, 1):
            same = [int(b) for b in (groups == g).nonzero() if 9 <= b < 16]
            assert len({float(ours[b]) for b in same}) <= 1


# ---------------------------------------------------------------- distinct advantage groups, collapse


def test_distinct_advantage_groups() -> None:
    """ALGORITHMS.md, table of distinct sorted G-tuples over binary G × n matrices, first entries."""
    known = {
        (2, "grpo"): [2, 4, 7, 11],
        (2, "dr_grpo"): [3, 6, 10, 15],
        (2, "gdpo_nobn"): [3, 6, 14, 26],
        (3, "grpo"): [2, 6, 14],
        (3, "gdpo_nobn"): [4, 10, 45],
        (4, "gdpo_nobn"): [5, 15],
    }
    for (columns, name), counts in known.items():
        for size, count in enumerate(counts, start=2):
            patterns = list(itertools.product([0.0, 1.0], repeat=columns))
            batch = torch.tensor(list(itertools.combinations_with_replacement(patterns, size)), dtype=torch.float64)
            groups = torch.arange(len(batch)).repeat_interleave(size)
            values = adv.estimator(name)(batch.flatten(0, 1), groups, preset=NO_EPS).view(-1, size).sort().values
            assert len({tuple(row) for row in (values.round(decimals=9) + 0.0).tolist()}) == count, (
                columns,
                name,
                size,
            )


@pytest.mark.parametrize("size", [2, 3, 4, 5, 6])
def test_collapse_probability(size: int) -> None:
    """P(A_i = A_j | r_i ≠ r_j), two fair binary columns. grpo: 2/12, rows (1,0) and (0,1), for every G.

    gdpo: of those, the ones with σ_1 = σ_2, that is as many ones in both columns, or as many ones as zeros.
    """
    cells = torch.tensor(list(itertools.product([0.0, 1.0], repeat=2 * size)), dtype=torch.float64)
    rewards = cells.view(-1, 2)
    groups = torch.arange(len(cells)).repeat_interleave(size)
    differ = (rewards.view(-1, size, 2)[:, 0] != rewards.view(-1, size, 2)[:, 1]).any(-1)
    n = size - 2
    same_spread = 2 * math.comb(2 * n, n) / 4**n - (math.comb(n, n // 2) / 2**n) ** 2 * (n % 2 == 0)
    for name, expected in (("grpo", 1 / 6), ("gdpo_nobn", same_spread / 6)):
        values = adv.estimator(name)(rewards, groups, preset=NO_EPS).view(-1, size)
        collapsed = (values[:, 0] - values[:, 1]).abs() < 1e-9
        assert float((collapsed & differ).sum() / differ.sum()) == pytest.approx(expected)
