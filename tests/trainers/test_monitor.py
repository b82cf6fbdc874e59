"""Monitoring figures against definitions written out again, pair by pair and token by token."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from jeoul.errors import UsageError
from jeoul.trainers import monitor, monitor_moe

NAN = math.nan


def grpo(rewards: Tensor, groups: Tensor) -> Tensor:
    """Advantages of the summed columns, exactly 0 in a constant group."""
    s, out = rewards.sum(1).double(), torch.zeros(len(rewards), dtype=torch.float64)
    for label in groups.unique():
        rows = groups == label
        if s[rows].max() > s[rows].min():
            out[rows] = (s[rows] - s[rows].mean()) / s[rows].std()
    return out


def gdpo(rewards: Tensor, groups: Tensor) -> Tensor:
    columns = [grpo(rewards[:, k : k + 1], groups) for k in range(rewards.shape[1])]
    return torch.stack(columns).sum(0)


def collapsed_pair_by_pair(rewards: Tensor, groups: Tensor, advantages: Tensor, tolerance: float) -> tuple[int, int]:
    pairs = hits = 0
    for i, j in itertools.combinations(range(len(rewards)), 2):
        if groups[i] == groups[j] and not np.array_equal(rewards[i].numpy(), rewards[j].numpy(), equal_nan=True):
            pairs += 1
            low, high = sorted([float(advantages[i]), float(advantages[j])])
            hits += high <= low + tolerance
    return pairs, hits


@settings(max_examples=80)
@given(data=st.data(), rows=st.integers(1, 14), columns=st.integers(1, 3))
def test_collapse_counts_every_pair(data: st.DataObject, rows: int, columns: int) -> None:
    cell = st.sampled_from([0.0, -0.0, 1.0, NAN])
    rewards = torch.tensor(
        data.draw(st.lists(st.lists(cell, min_size=columns, max_size=columns), min_size=rows, max_size=rows))
    )
    groups = torch.tensor(data.draw(st.lists(st.sampled_from([-3, 0, 7]), min_size=rows, max_size=rows)))
    values = st.sampled_from([-1.0, 0.0, 0.25, 0.5, 0.75, 1.0])
    advantages = torch.tensor(data.draw(st.lists(values, min_size=rows, max_size=rows)))
    tolerance = data.draw(st.sampled_from([0.0, 0.25, 0.3, 10.0]))
    found = monitor.collapse(rewards, groups, advantages, tolerance=tolerance)
    assert (found.pairs, found.collapsed) == collapsed_pair_by_pair(rewards, groups, advantages, tolerance)
    if found.pairs:
        assert found.probability == found.collapsed / found.pairs
    else:
        assert math.isnan(found.probability)


@pytest.mark.parametrize(("size", "exact_gdpo"), [(2, 1 / 6), (4, None)])
def test_collapse_probability_of_two_fair_columns(size: int, exact_gdpo: float | None) -> None:
    """Over all reward matrices: 1/6 under grpo for every G, since P = (6/16 − 4/16)/(12/16)."""
    every = torch.tensor(list(itertools.product([0.0, 1.0], repeat=2 * size))).view(-1, size, 2)
    rewards, groups = every.reshape(-1, 2), torch.arange(len(every)).repeat_interleave(size)
    assert monitor.collapse(rewards, groups, grpo(rewards, groups)).probability == pytest.approx(1 / 6)
    decoupled = monitor.collapse(rewards, groups, gdpo(rewards, groups)).probability
    if exact_gdpo is None:
        assert decoupled < 0.1
    else:
        assert decoupled == pytest.approx(exact_gdpo)


def test_collapse_is_not_quadratic_in_the_batch() -> None:
    generator = torch.Generator().manual_seed(0)
    rewards = torch.randint(2, (100_000, 3), generator=generator).float()
    found = monitor.collapse(rewards, torch.zeros(100_000, dtype=torch.long), rewards.sum(1))
    assert found.pairs > 4e9
    assert found.probability == pytest.approx((20 / 64 - 8 / 64) / (56 / 64), abs=2e-3)


def test_reward_figures() -> None:
    rewards = torch.tensor([[1.0, 0.1, NAN], [1.0, 0.1, NAN], [0.0, 0.1, 2.0], [1.0, 0.1, NAN], [1.0, 0.1, 4.0]])
    groups = torch.tensor([4, 4, 1, 1, 4])
    figures = monitor.reward_figures(rewards, groups, ["a", "b", "c"], highest_K=torch.tensor([1.0, 1.0, 4.0]))
    value = {key: tensor.item() for key, tensor in figures.items()}
    assert value["reward/a/mean"] == pytest.approx(0.8)
    assert value["reward/a/std"] == pytest.approx(np.std([1, 1, 0, 1, 1], ddof=1))
    assert value["reward/a/zero_std_frac"] == 0.5
    assert value["reward/a/saturation"] == 0.8
    assert value["reward/b/std"] == pytest.approx(0.0, abs=1e-9)
    assert value["reward/b/zero_std_frac"] == 1.0  # constants of 0.1, whatever their float32 sum
    assert value["reward/b/saturation"] == 0.0
    assert value["reward/c/mean"] == 3.0
    assert value["reward/c/zero_std_frac"] == 1.0  # one cell a group is no signal
    assert value["reward/c/saturation"] == 0.5
    own = monitor.reward_figures(rewards, groups, ["a", "b", "c"])
    assert own["reward/b/saturation"].item() == 1.0
    nothing = monitor.reward_figures(torch.full((2, 1), NAN), torch.tensor([0, 0]), ["a"])
    assert all(tensor.isnan() for tensor in nothing.values())


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6))
def test_share_of_advantage(seed: int) -> None:
    contributions = torch.randn(8, 3, generator=torch.Generator().manual_seed(seed))
    share = monitor.share_of_advantage(contributions)
    assert share.sum().item() == pytest.approx(1)
    assert share[1].item() == pytest.approx(
        (contributions[:, 1].abs().sum() / contributions.abs().sum()).item(), rel=1e-5
    )
    with_nan = torch.cat([contributions, torch.full((1, 3), NAN)])
    torch.testing.assert_close(monitor.share_of_advantage(with_nan), share)
    assert (monitor.share_of_advantage(torch.zeros(4, 2)) == 0).all()


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6))
def test_correlations_equal_numpys(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(12, 3, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(monitor.column_correlations(values), torch.from_numpy(np.corrcoef(values.T.numpy())))
    groups = torch.arange(12) % 3
    centred = values.clone()
    for label in range(3):
        centred[groups == label] -= centred[groups == label].mean(0)
    torch.testing.assert_close(
        monitor.column_correlations(values, groups), torch.from_numpy(np.corrcoef(centred.T.numpy()))
    )
    holed = values.clone()
    holed[0, 0] = NAN
    pairwise = monitor.column_correlations(holed)
    assert pairwise[0, 1].item() == pytest.approx(np.corrcoef(values[1:, 0], values[1:, 1])[0, 1])
    assert pairwise[1, 2].item() == pytest.approx(np.corrcoef(values[:, 1], values[:, 2])[0, 1])
    holed[:, 2] = 0.1
    assert monitor.column_correlations(holed)[2].isnan().all()


def ratios(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    old, logp = (-torch.rand(4, 9, generator=generator, dtype=torch.float64) for _ in range(2))
    mask = torch.rand(4, 9, generator=generator) < 0.7
    mask[:, 0] = True
    mask[3] = False
    return torch.where(mask, logp, NAN), torch.where(mask, old, math.inf), mask


@pytest.mark.parametrize("seed", range(3))
def test_ratio_figures(seed: int) -> None:
    logp, old, mask = ratios(seed)
    figures = monitor.importance_ratios(logp, old, mask, quantiles=(0.05, 0.5, 0.99))
    token = (logp - old)[mask].exp().numpy()
    sequence = np.array([(logp - old)[b][mask[b]].mean().exp() for b in range(3)])
    for name, values in (("token", token), ("sequence", sequence)):
        assert figures[f"ratio/{name}/min"].item() == pytest.approx(values.min())
        assert figures[f"ratio/{name}/mean"].item() == pytest.approx(values.mean())
        assert figures[f"ratio/{name}/max"].item() == pytest.approx(values.max())
        for q in (5, 50, 99):
            assert figures[f"ratio/{name}/q{q:02}"].item() == pytest.approx(np.quantile(values, q / 100))
    kl = monitor.approximate_kl(logp, old, mask)
    assert kl["kl/k1"].item() == pytest.approx(-np.log(token).mean())
    assert kl["kl/k3"].item() == pytest.approx((token - np.log(token) - 1).mean())
    gap = {key: value.item() for key, value in monitor.train_inference_gap(logp, old, mask).items()}
    assert gap["mismatch/kl"] == pytest.approx(-np.log(token).mean())
    assert gap["mismatch/chi2"] == pytest.approx((token**2).mean() - 1)
    assert gap["mismatch/ess"] == pytest.approx(token.sum() ** 2 / (token**2).sum() / len(token))
    advantages = torch.tensor([1.0, -1.0, 0.0, NAN])
    clipped = monitor.clip_fractions(logp, old, advantages, mask)
    rho = (logp - old).exp()
    assert clipped["clip/high"].item() == pytest.approx(int((rho[0][mask[0]] > 1.2).sum()) / int(mask.sum()))
    assert clipped["clip/low"].item() == pytest.approx(int((rho[1][mask[1]] < 0.8).sum()) / int(mask.sum()))
    assert monitor.mean_entropy(-logp, mask).item() == pytest.approx(-logp[mask].mean().item())


def test_effective_sample_size_is_stable_and_bounded() -> None:
    assert monitor.effective_sample_size(torch.tensor([1e4, -1e4, -1e4])).item() == pytest.approx(1 / 3)
    assert monitor.effective_sample_size(torch.full((7,), 900.0)).item() == pytest.approx(1, rel=1e-4)
    assert monitor.effective_sample_size(torch.zeros(0)).isnan()


def test_an_empty_mask_has_no_figures() -> None:
    zeros, mask = torch.zeros(2, 3), torch.zeros(2, 3, dtype=torch.bool)
    assert all(value.isnan() for value in monitor.importance_ratios(zeros, zeros, mask).values())
    assert all(value.isnan() for value in monitor.train_inference_gap(zeros, zeros, mask).values())


def test_gradient_norm_throughput_memory() -> None:
    first, second, unused = (
        torch.nn.Parameter(torch.zeros(2, dtype=dtype)) for dtype in (torch.float32, torch.bfloat16, torch.float32)
    )
    first.grad, second.grad = torch.tensor([1.0, 2.0]), torch.tensor([2.0, 4.0], dtype=torch.bfloat16)
    assert monitor.gradient_norm([first, second, unused]).item() == pytest.approx(5.0)
    assert monitor.gradient_norm([unused]).item() == 0
    assert monitor.throughput(4.0, tokens=8, sequences=2)["throughput/tokens_per_second"] == 2.0
    assert 0.01 < monitor.peak_memory()["memory/peak_gib"] < 1000
    with pytest.raises(UsageError, match="seconds"):
        monitor.throughput(0.0, tokens=1, sequences=1)


# --- mixture of experts ----------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), k=st.integers(1, 4))
def test_expert_counts_and_auxiliary_loss(seed: int, k: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, 7, 5, generator=generator, dtype=torch.float64)
    mask = torch.tensor([True] * 5 + [False] * 2)
    poisoned = torch.where(mask[:, None], logits, NAN)
    experts = monitor_moe.routed_experts(logits, k)
    counts = monitor_moe.expert_counts(experts, 5, mask)
    for layer in range(2):
        expected = [sum(e in experts[layer, t].tolist() for t in range(5)) for e in range(5)]
        assert counts[layer].tolist() == expected
        p = torch.softmax(logits[layer, :5], -1).mean(0)
        auxiliary = 5 * (torch.tensor(expected) / (k * 5) * p).sum().item()
        assert monitor_moe.auxiliary_loss(poisoned, k, mask)[layer].item() == pytest.approx(auxiliary)
    leaf = logits.clone().requires_grad_()
    monitor_moe.auxiliary_loss(leaf, k, mask).sum().backward()
    assert leaf.grad is not None
    assert (leaf.grad[:, 5:] == 0).all()


def test_load_figures_of_known_loads() -> None:
    even = {key: value.item() for key, value in monitor_moe.load_figures(torch.full((8,), 3.0)).items()}
    assert even == pytest.approx(
        {
            "moe/max_violation": 0,
            "moe/min_violation": 0,
            "moe/mean_violation": 0,
            "moe/balance": 1,
            "moe/cv": 0,
            "moe/effective_experts": 8,
            "moe/dead_fraction": 0,
        },
        abs=1e-12,
    )
    layers = monitor_moe.load_figures(torch.tensor([[6.0, 2.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]))
    first = {key: value[0].item() for key, value in layers.items()}
    assert first["moe/max_violation"] == pytest.approx(2.0)
    assert first["moe/min_violation"] == pytest.approx(1.0)
    assert first["moe/mean_violation"] == pytest.approx((2 + 0 + 1 + 1) / 4)
    assert first["moe/balance"] == pytest.approx(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)) / math.log(4))
    assert first["moe/cv"] == pytest.approx(np.std([6, 2, 0, 0]) / 2)
    assert first["moe/effective_experts"] == pytest.approx(1 / (0.75**2 + 0.25**2))
    assert first["moe/dead_fraction"] == 0.5
    assert all(value[1].isnan() for value in layers.values())


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), k=st.integers(1, 4))
def test_routing_drift_is_set_overlap(seed: int, k: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    old, new = (monitor_moe.routed_experts(torch.randn(2, 6, 8, generator=generator), k) for _ in range(2))
    mask = torch.tensor([True, True, True, True, False, False])
    drift = monitor_moe.routing_drift(old, new, mask)
    for layer in range(2):
        overlap = [len(set(old[layer, t].tolist()) & set(new[layer, t].tolist())) / k for t in range(4)]
        assert drift[layer].item() == pytest.approx(1 - sum(overlap) / 4)
    assert (monitor_moe.routing_drift(old, old.flip(-1)) == 0).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: monitor.reward_figures(torch.zeros(2), torch.zeros(2).long(), ["a"]), "rewards must have shape"),
        (lambda: monitor.reward_figures(torch.zeros(2, 1), torch.zeros(2), ["a"]), "groups must be integer labels"),
        (lambda: monitor.reward_figures(torch.zeros(2, 2), torch.zeros(2).long(), ["a", "a"]), "2 different names"),
        (lambda: monitor.collapse(torch.zeros(2, 1), torch.zeros(2).long(), torch.tensor([NAN, 0])), "finite values"),
        (lambda: monitor_moe.routed_experts(torch.zeros(2, 4), 5), r"k must lie in \[1, 4\]"),
        (lambda: monitor_moe.expert_counts(torch.zeros(2, 4), 4), "routed_experts"),
        (lambda: monitor_moe.expert_counts(torch.full((2, 1), 4), 4), r"experts must lie in \[0, 4\)"),
        (lambda: monitor_moe.load_figures(torch.tensor([-1.0])), "none negative"),
        (lambda: monitor_moe.routing_drift(torch.zeros(2, 1).long(), torch.zeros(3, 1).long()), "one shape"),
    ],
)
def test_bad_input_is_named(call: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        call()
