"""Jeoul's advantages beside verl's core_algos, in float64."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from parity_cases import LIMIT, SEEDS, Table, reward_table
from torch import Tensor

from jeoul.trainers.advantages import dr_grpo, gae, gdpo, grpo, reinforce_pp, reinforce_pp_baseline, rloo
from jeoul.trainers.presets import preset

pytest.importorskip("verl")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

SHIFT = preset("verl", dead_rows="shift")  # what verl does with groups that have no signal; ours leaves them at 0
WIDTH = 12


@pytest.fixture
def algos(monkeypatch: pytest.MonkeyPatch) -> Any:
    """verl.trainer.ppo.core_algos with its casts to float32 lifted, so that float64 parity can be seen."""
    from verl.trainer.ppo import core_algos

    for name, module in (("torch", torch), ("np", np)):
        double = types.ModuleType(name)
        double.__dict__.update({key: value for key, value in vars(module).items() if key != "__getattr__"})
        double.__dict__["float32"] = module.float64
        monkeypatch.setattr(core_algos, name, double)
    return core_algos


def laid_out(table: Table, scores: Tensor) -> tuple[Tensor, Tensor]:
    """Token-level rewards and response mask [B, T]: verl puts the score on the last token."""
    mask = (torch.arange(WIDTH) < table.lengths[:, None]).double()
    tokens = torch.zeros_like(mask)
    tokens[torch.arange(len(scores)), table.lengths - 1] = scores
    return tokens, mask


def summed(table: Table) -> Tensor:
    return (table.rewards * torch.tensor(table.weights, dtype=torch.float64)).sum(1)


def outcome(algos: Any, function: str, table: Table, **options: Any) -> Tensor:
    tokens, mask = laid_out(table, summed(table))
    return getattr(algos, function)(tokens, mask, table.groups.numpy(), **options)[0][:, 0]


def verl_gdpo(algos: Any, table: Table) -> Tensor:
    tokens, mask = laid_out(table, summed(table))
    names = [f"column_{k}" for k in range(table.rewards.shape[1])]
    return algos.compute_gdpo_outcome_advantage(
        tokens,
        mask,
        table.groups.numpy(),
        config={"gdpo_reward_keys": names, "gdpo_reward_weights": table.weights},
        non_tensor_batch={name: table.rewards[:, k].numpy() for k, name in enumerate(names)},
        batch={
            "prompts": torch.zeros(len(mask), 1),
            "attention_mask": torch.cat([torch.ones(len(mask), 1), mask], 1).long(),
        },
    )[0][:, 0]


Advantages = Callable[[Table], Tensor]
PAIRS: dict[str, tuple[Advantages, Callable[[Any, Table], Tensor]]] = {
    "grpo": (
        lambda t: grpo(t.rewards, t.groups, t.weights, preset="verl"),
        lambda algos, t: outcome(algos, "compute_grpo_outcome_advantage", t),
    ),
    "dr_grpo = norm_adv_by_std_in_grpo False": (
        lambda t: dr_grpo(t.rewards, t.groups, t.weights, preset="verl"),
        lambda algos, t: outcome(algos, "compute_grpo_outcome_advantage", t, norm_adv_by_std_in_grpo=False),
    ),
    "gdpo, dead_rows shift": (
        lambda t: gdpo(t.rewards, t.groups, t.weights, preset=SHIFT, lengths=t.lengths),
        verl_gdpo,
    ),
    "rloo": (
        lambda t: rloo(t.rewards, t.groups, t.weights, preset="verl"),
        lambda algos, t: outcome(algos, "compute_rloo_outcome_advantage", t),
    ),
    "reinforce_pp": (
        lambda t: reinforce_pp(t.rewards, t.groups, t.weights, preset="verl", lengths=t.lengths),
        lambda algos, t: algos.compute_reinforce_plus_plus_outcome_advantage(
            *laid_out(t, summed(t)), config=types.SimpleNamespace(gamma=1.0)
        )[0][:, 0],
    ),
    "reinforce_pp_baseline, dead_rows shift": (
        lambda t: reinforce_pp_baseline(t.rewards, t.groups, t.weights, preset=SHIFT, lengths=t.lengths),
        lambda algos, t: outcome(algos, "compute_reinforce_plus_plus_baseline_outcome_advantage", t),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_advantages(name: str, algos: Any, measured: Callable[[str, float], float]) -> None:
    ours, theirs = PAIRS[name]
    worst = 0.0
    for seed in SEEDS:
        table = reward_table(seed, size=2 + seed % 7, groups=2 + seed % 5)
        got, wanted = ours(table), theirs(algos, table)
        assert got.dtype == wanted.dtype == torch.float64
        worst = max(worst, float((got - wanted).abs().max()))
    assert measured(f"verl advantages: {name}", worst) <= LIMIT


def test_gdpo_of_verl_as_shipped(measured: Callable[[str, float], float]) -> None:
    """Without lifting the casts: float32 on both sides."""
    from verl.trainer.ppo import core_algos

    worst = 0.0
    for seed in SEEDS:
        table = reward_table(seed)
        ours = gdpo(table.rewards.float(), table.groups, table.weights, preset=SHIFT, lengths=table.lengths)
        worst = max(worst, float((ours - verl_gdpo(core_algos, table)).abs().max()))
    assert measured("verl advantages: gdpo as shipped, float32", worst) <= 1e-5


def test_grpo_vectorized_is_float32_there(measured: Callable[[str, float], float]) -> None:
    """It casts scores to float32 inside; a dead group then keeps rounding, which eps 1e-6 does not hide."""
    from verl.trainer.ppo import core_algos

    worst = leak = 0.0
    for seed in SEEDS:
        table = reward_table(seed, size=2 + seed % 7, groups=2 + seed % 5)
        ours = grpo(table.rewards, table.groups, table.weights, preset="verl")
        theirs = outcome(core_algos, "compute_grpo_vectorized_outcome_advantage", table)
        worst = max(worst, float((ours - theirs)[: -table.size].abs().max()))
        leak = max(leak, float(theirs[-table.size :].abs().max()))
    assert measured("verl advantages: grpo_vectorized, float32 inside, live groups", worst) <= 1e-4
    assert measured("verl advantages: grpo_vectorized, float32 inside, dead groups", leak) > 0.01


def test_dead_groups_stay_at_zero_unless_asked(algos: Any) -> None:
    """The one difference of the preset: verl's whitening moves rows without signal by -mean/std."""
    table = reward_table(0)
    dead = slice(-table.size, None)
    ours = gdpo(table.rewards, table.groups, table.weights, preset="verl", lengths=table.lengths)
    theirs = verl_gdpo(algos, table)
    assert torch.equal(ours[dead], torch.zeros(table.size, dtype=torch.float64))
    assert float(theirs[dead].abs().min()) > 1e-3
    torch.testing.assert_close(ours[: -table.size], theirs[: -table.size], rtol=0, atol=LIMIT)


def test_gae(algos: Any, measured: Callable[[str, float], float]) -> None:
    """verl whitens what it returns; its returns hold the advantages before that."""
    worst = 0.0
    for seed in SEEDS:
        g = torch.Generator().manual_seed(seed)
        mask = (torch.rand(5, WIDTH, generator=g) > 0.3).double()
        mask[:, 0] = 1
        rewards, values = (torch.randn(5, WIDTH, generator=g, dtype=torch.float64) for _ in range(2))
        returns = algos.compute_gae_advantage_return(rewards * mask, values, mask, 0.9, 0.8)[1]
        ours = gae(rewards, values, mask, gamma=0.9, lam=0.8)
        worst = max(worst, float(((returns - values - ours) * mask).abs().max()))
    assert measured("verl advantages: gae (before whitening)", worst) <= LIMIT
