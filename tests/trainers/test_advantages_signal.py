"""Advantages: what is no signal (constants, cancelling columns, missing cells), and what each column adds."""

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
from torch import Tensor

from jeoul.errors import UsageError
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


SHAPES = tables.SHAPES


# ---------------------------------------------------------------- property 2: constant groups


@settings(max_examples=200)
@given(
    name=st.sampled_from(CENTRED),
    which=st.sampled_from(list(PRESETS)),
    dtype=st.sampled_from([torch.float32, torch.float64, torch.bfloat16, torch.float16]),
    size=st.integers(1, 64),
    constants=st.lists(st.floats(-6e4, 6e4, width=16), min_size=3, max_size=3),
    active=st.booleans(),
    shuffled=st.booleans(),
)
def test_constant_groups_get_exactly_zero(
    name: str, which: str, dtype: torch.dtype, size: int, constants: list[float], active: bool, shuffled: bool
) -> None:
    dead = (torch.tensor(constants)[None] * torch.ones(size, 1)).to(dtype)
    alive = torch.arange(2 * 4 * 3).reshape(-1, 3).remainder(5).to(dtype) / 3
    rewards = torch.cat([dead, alive]) if active else torch.cat([dead, dead + 1])
    groups = ids(size, 4, 4) if active else ids(size, size)
    order = torch.randperm(len(groups), generator=torch.Generator().manual_seed(size)) if shuffled else None
    is_dead = groups == 0 if active else torch.ones_like(groups, dtype=torch.bool)
    if order is not None:
        rewards, groups, is_dead = rewards[order], groups[order], is_dead[order]
    lengths = torch.arange(1, len(groups) + 1)
    ours = adv.estimator(name)(rewards, groups, [0.3, 1.7, 0.1], preset=which, lengths=lengths)
    assert bool(ours.isfinite().all())
    assert not ours[is_dead].any()
    assert not torch.signbit(ours[is_dead]).any()


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e-3, 1e6 + 0.1])
def test_constants_computed_in_different_ways(value: float) -> None:
    """A constant that two code paths rounded differently is still a constant."""
    base = torch.full((7, 1), value, dtype=torch.float32)
    base[3] = torch.nextafter(base[3], torch.tensor(torch.inf))
    for name in CENTRED:
        assert not adv.estimator(name)(base, ids(7), preset=preset("paper", batch_eps=0.0, column_eps=0.0)).any()


def test_reinforce_pp_is_zero_on_a_constant_batch_only() -> None:
    rewards = torch.full((8, 1), 0.1)
    assert not adv.reinforce_pp(rewards, ids(4, 4), preset=NO_EPS).any()
    rewards[4:] = 0.7
    close(
        adv.reinforce_pp(rewards, ids(4, 4), preset=NO_EPS), [-math.sqrt(7 / 8)] * 4 + [math.sqrt(7 / 8)] * 4, DTYPES[0]
    )


def test_real_differences_are_not_taken_for_rounding() -> None:
    tiny = torch.tensor([[0.0], [1e-5], [0.0], [1e-5]])
    assert adv.gdpo(tiny, ids(4), preset=NO_EPS).abs().min() > 0.8
    half = torch.tensor([[1.0], [0.992], [1.0], [0.992]], dtype=torch.bfloat16)
    assert adv.gdpo(half, ids(4), preset=NO_EPS).abs().min() > 0.8


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_columns_that_cancel_are_no_signal(dtype: torch.dtype) -> None:
    first = torch.tensor([0.1, 0.7, 0.3, 0.1, 0.9], dtype=torch.float64)
    rewards = torch.stack([first, 1 - first], dim=1).to(dtype)
    for name in ("grpo", "gdpo", "grpo_bn", "dr_grpo", "dvao"):
        assert not adv.estimator(name)(rewards, ids(5), preset=NO_EPS).any(), name


def test_dead_rows_are_shifted_only_on_request() -> None:
    rewards = torch.tensor([[1.0], [0.0], [0.5], [0.5]], dtype=torch.float64)
    lengths = torch.tensor([1, 5, 2, 2])
    ours = adv.gdpo(rewards, ids(2, 2), preset="verl", lengths=lengths)
    theirs = adv.gdpo(rewards, ids(2, 2), preset=preset("verl", dead_rows="shift"), lengths=lengths)
    assert ours[2:].tolist() == [0, 0]
    assert theirs[2] == theirs[3] != 0
    assert torch.equal(ours[:2], theirs[:2])


# ---------------------------------------------------------------- contributions


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("which", list(PRESETS))
@pytest.mark.parametrize("name", EVERY)
def test_contributions_add_up(name: str, which: str, dtype: torch.dtype) -> None:
    for seed, (sizes, shuffled) in enumerate(SHAPES):
        rewards, groups = (
            table(seed, sizes, 3, 0.0 if PRESETS[which].nan == "poison" else 0.2, dtype),
            labels(sizes, shuffled),
        )
        lengths = torch.arange(len(groups)) + 1
        parts = adv.contributions(name, rewards, groups, [1, 0.5, 2], preset=which, lengths=lengths)
        assert parts.shape == rewards.shape
        assert (
            not parts[rewards.isnan() & (PRESETS[which].nan == "exclude")].any()
            or name in ("grpo_bn",)
            or (PRESETS[which].sum_nan == "zero")
        )
        close(
            parts.double().sum(1),
            adv.estimator(name)(rewards, groups, [1, 0.5, 2], preset=which, lengths=lengths),
            dtype,
        )


def test_contributions_are_the_terms_of_the_formulas() -> None:
    rewards = torch.tensor([[1.0, 0.0], [0.0, 4.0], [0.0, 0.0], [1.0, 2.0]], dtype=torch.float64)
    centred = rewards - rewards.mean(0)
    close(
        adv.contributions("gdpo_nobn", rewards, ids(4), [1, 3], preset=NO_EPS),
        centred / rewards.std(0) * torch.tensor([1, 3]),
    )
    total = rewards[:, 0] + 3 * rewards[:, 1]
    close(
        adv.contributions("grpo", rewards, ids(4), [1, 3], preset=NO_EPS), centred * torch.tensor([1, 3]) / total.std()
    )


# ---------------------------------------------------------------- NaN, edges


def test_nan_adds_no_advantage() -> None:
    nan = torch.nan
    rewards = torch.tensor(
        [[1.0, nan], [0.0, nan], [nan, 5.0], [nan, nan], [2.0, 1.0], [0.0, nan]], dtype=torch.float64
    )
    groups = ids(4, 2)
    parts = adv.contributions("gdpo_nobn", rewards, groups, preset=NO_EPS)
    half = math.sqrt(0.5)
    close(parts, half * torch.tensor([[1, 0], [-1, 0], [0, 0], [0, 0], [1, 0], [-1, 0]], dtype=torch.float64))
    stepped = adv.gdpo(rewards, groups, preset=NO_EPS)
    assert stepped[3] == 0
    close(stepped[[0, 1, 2, 4, 5]].std()[None], [1.0])  # the row without any reward is not in the batch statistics


@pytest.mark.parametrize("name", EVERY)
def test_all_nan_column_and_all_nan_row_change_nothing(name: str) -> None:
    rewards, groups = table(3, [4, 4], 2), ids(4, 4)
    alone = adv.estimator(name)(rewards, groups)
    if name != "saw":  # counts its columns
        column = torch.full((8, 1), torch.nan, dtype=torch.float64)
        close(adv.estimator(name)(torch.cat([rewards, column], 1), groups), alone)
    row = torch.full((1, 2), torch.nan, dtype=torch.float64)
    longer = adv.estimator(name)(torch.cat([rewards, row]), torch.cat([groups, groups[:1]]))
    if name not in ("saw", "sa_mrpo", "grpo_scaled"):
        close(longer[:8], alone)
    assert longer[8] == 0
    assert not adv.estimator(name)(torch.full((4, 2), torch.nan), ids(2, 2)).any()


def test_poison_reaches_the_batch_or_the_group() -> None:
    rewards = torch.tensor([[1.0, torch.nan], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    assert adv.gdpo(rewards, ids(2, 2), preset="nemo").isnan().all()
    assert adv.grpo(rewards, ids(2, 2), preset="nemo").isnan().tolist() == [True, True, False, False]


@pytest.mark.parametrize("name", EVERY)
def test_groups_of_one(name: str) -> None:
    if name != "reinforce_pp":
        assert not adv.estimator(name)(torch.rand(5, 2), torch.arange(5)).any()
    assert adv.estimator(name)(torch.rand(1, 2), torch.tensor([0])).tolist() == [0.0]


@pytest.mark.parametrize("name", EVERY)
def test_half_precision_gives_float32_of_the_exact_statistics(name: str) -> None:
    rewards = table(1, [4, 4], 3)
    for dtype in (torch.bfloat16, torch.float16):
        ours = adv.estimator(name)(rewards.to(dtype), ids(4, 4))
        assert ours.dtype == torch.float32
        close(ours, adv.estimator(name)(rewards, ids(4, 4)), torch.float32)


@pytest.mark.parametrize("name", EVERY)
def test_inputs_are_left_alone_and_no_gradient_is_kept(name: str) -> None:
    for sizes in ([8], [1] * 8, [4, 4], [1, 7]):
        rewards = table(2, sizes, 2, 0.2).requires_grad_()
        before = rewards.detach().clone()
        ours = adv.estimator(name)(rewards, ids(*sizes))
        assert not ours.requires_grad
        assert torch.equal(rewards.detach().nan_to_num(99.0), before.nan_to_num(99.0))
        ours += 1
        assert torch.equal(rewards.detach().nan_to_num(99.0), before.nan_to_num(99.0))


def test_large_offsets_keep_their_precision() -> None:
    rewards = torch.tensor([[0.0], [1.0], [2.0], [3.0]]) + 2.0**20
    close(adv.grpo(rewards, ids(4), preset=NO_EPS), adv.grpo(rewards - 2.0**20, ids(4), preset=NO_EPS), torch.float32)


def test_leave_one_out_ignores_rounding_among_the_others() -> None:
    """Four of five agree: their σ is 0, not the root of what E[r²] − E[r]² leaves behind."""
    rewards = torch.tensor([[0.1], [0.1], [0.1], [0.1], [0.7]], dtype=torch.float64)
    close(adv.grpo(rewards, ids(5), preset="nemo")[4:], [0.6])


def test_corr_grpo_without_a_divisor_is_zero() -> None:
    rewards = torch.tensor([[0.0, 4.0], [1.0, 0.0], [0.0, 4.0]])
    assert not adv.corr_grpo(rewards, ids(3)).any()


def test_sa_mrpo_with_gamma_zero_is_gdpo() -> None:
    rewards = table(4, [4, 4], 3)
    assert torch.equal(adv.sa_mrpo(rewards, ids(4, 4), gamma=0), adv.gdpo(rewards, ids(4, 4)))


def test_dara_gives_every_column_the_same_energy() -> None:
    rewards = torch.zeros(32, 2, dtype=torch.float64)
    rewards[::2, 0] = 1
    rewards[0, 1] = 1
    parts = adv.dara(rewards, torch.arange(32) // 4, preset=preset(NO_EPS, batch="none"), by_column=True)
    energy = parts.square().sum(0)
    assert float(energy[0]) == pytest.approx(float(energy[1]))


def test_token_step_is_the_step_over_expanded_tokens() -> None:
    rewards, groups = table(6, [4, 4], 2), ids(4, 4)
    lengths = torch.tensor([3, 1, 4, 1, 5, 9, 2, 6])
    before = adv.gdpo_nobn(rewards, groups, preset="verl")
    tokens = before.repeat_interleave(lengths)
    expected = (before - tokens.mean()) / (tokens.var() + 1e-8).sqrt()
    close(adv.gdpo(rewards, groups, preset="verl", lengths=lengths), expected)


def test_nvlabs_with_one_column_is_grpo() -> None:
    rewards = table(6, [4, 4], 2)
    for given_weights, columns in (([2.0], rewards[:, :1]), ([2.0, 0.0], rewards)):
        ours = adv.gdpo(columns, ids(4, 4), given_weights, preset="nvlabs")
        assert torch.equal(ours, adv.grpo(rewards[:, :1], ids(4, 4), [2.0], preset="nvlabs"))


def test_grouping_made_once_serves_many_calls() -> None:
    rewards, groups = table(7, [3, 3, 2], 2), labels([3, 3, 2], 1)
    made = adv.group_rows(groups)
    for name in EVERY:
        assert torch.equal(adv.estimator(name)(rewards, made), adv.estimator(name)(rewards, groups))


@settings(max_examples=80)
@given(
    groups=st.lists(
        st.integers(-(2**63), 2**63 - 1) | st.integers(0, 3) | st.integers(0, 2**20), min_size=1, max_size=40
    )
)
def test_group_rows_lays_out_every_row_once(groups: list[int]) -> None:
    made = adv.group_rows(torch.tensor(groups))
    rows = torch.arange(len(groups), dtype=torch.float64)
    assert torch.equal(made.unfold(made.fold(made.pad(rows)), rows.dtype), rows)
    assert made.count == len(set(groups))
    folded = made.fold(made.pad(rows, empty=0.0))
    sums = made.unfold(made.spread(made.total(folded)).broadcast_to(folded.shape), rows.dtype)
    assert sums.tolist() == [sum(i for i, h in enumerate(groups) if h == g) for g in groups]


@pytest.mark.parametrize("shuffled", [0, 3])
@pytest.mark.parametrize("preset", ["paper", "verl", "nemo"])
@pytest.mark.parametrize("name", EVERY)
def test_blocks_of_groups_give_the_same_bits(
    name: str, preset: str, shuffled: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = [4, 1, 3, 4, 2, 4, 4]
    rewards, groups = table(5, sizes, 2, missing=0.2 if preset == "paper" else 0.0), labels(sizes, shuffled)
    options: Any = {"preset": preset, "lengths": torch.arange(1, len(groups) + 1)}

    def both() -> tuple[Tensor, Tensor]:
        return adv.estimator(name)(rewards, groups, **options), adv.contributions(name, rewards, groups, **options)

    at_once = both()
    monkeypatch.setattr("jeoul.trainers.advantages.evaluate.BLOCK", 8)
    assert all(torch.equal(a, b) for a, b in zip(at_once, both(), strict=True))


@pytest.mark.parametrize("dtype", [torch.int8, torch.uint8, torch.int16, torch.int32])
def test_small_label_types_are_sorted_over_their_whole_range(dtype: torch.dtype) -> None:
    limits = torch.iinfo(dtype)
    made = adv.group_rows(torch.tensor([limits.max, limits.min, limits.max, limits.min], dtype=dtype))
    assert made.take is not None
    assert made.take.tolist() == [[1, 0], [3, 2]]


def test_unsigned_labels_beyond_the_range_of_signed_ones() -> None:
    made = adv.group_rows(torch.tensor([2**63 + 9, 2**63 + 5, 2**63 + 9, 2**63 + 5], dtype=torch.uint64))
    assert made.take is not None
    assert made.take.tolist() == [[1, 0], [3, 2]]


@pytest.mark.parametrize("changes", [{"batch": "token"}, {"leave_one_out": True}], ids=str)
def test_parts_of_a_batch_without_a_present_cell_are_zero(changes: dict[str, Any]) -> None:
    options: Any = {"preset": preset("paper", **changes), "lengths": torch.ones(4)}
    assert adv.gdpo(torch.full((4, 2), torch.nan), ids(2, 2), by_column=True, **options).eq(0).all()


@pytest.mark.parametrize("name", ["grpo_bn", "gdpo", "reinforce_pp_baseline"])
def test_parts_of_columns_that_cancel_are_zero(name: str) -> None:
    rewards = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    parts = adv.contributions(name, rewards, torch.zeros(3, dtype=torch.long), preset="swift")
    assert torch.equal(parts, torch.zeros(3, 2))


@pytest.mark.parametrize(
    "labels", [torch.zeros(0, dtype=torch.long), torch.tensor(1), torch.zeros(2, 2).long(), [0, 1]]
)
def test_labels_that_are_none_are_refused(labels: Any) -> None:
    with pytest.raises(UsageError, match="integer labels"):
        adv.group_rows(labels)
