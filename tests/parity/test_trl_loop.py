"""The flat loop's gradient beside GRPOTrainer's, of every parameter, on batches that the trainer sampled, in float64."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from parity_cases import Table, reward_table
from torch import Tensor

from jeoul.rewards.recipes.column import use
from jeoul.rewards.recipes.recipe import Recipe
from jeoul.rollouts import Rollouts
from jeoul.trainers.loop import Settings, advantages_of, loss_of
from jeoul.trainers.policy import Batch, token_logp

pytest.importorskip("trl")
pytestmark = [
    pytest.mark.usefixtures("double_default"),
    pytest.mark.filterwarnings("ignore::FutureWarning:transformers"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

LIMIT = 1e-5
LENGTH = 6
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    # estimator, ours, TRL's
    "gdpo": ("gdpo", {"objective": "grpo"}, {"multi_objective_aggregation": "normalize_then_sum", "loss_type": "grpo"}),
    "grpo": ("grpo", {"objective": "grpo"}, {"loss_type": "grpo"}),
    "dapo": ("grpo", {"objective": "dapo"}, {"loss_type": "dapo", "epsilon_high": 0.28}),
    "dr_grpo": ("dr_grpo", {"objective": "dr_grpo"}, {"loss_type": "dr_grpo", "scale_rewards": "none"}),
    "gspo": (
        "grpo",
        {"objective": "gspo"},
        {
            "loss_type": "grpo",
            "importance_sampling_level": "sequence",
            "epsilon": 3e-4,
            "epsilon_high": 4e-4,
            "learning_rate": 3e-5,  # at the other cases' rate a single step takes every sequence out of that range
        },
    ),
}


def one_column(seed: int) -> Table:
    table = reward_table(seed)
    return replace(table, rewards=table.rewards[:, 1:2], weights=table.weights[1:2])


def given(completions: list[str], reward: list[float]) -> list[float]:
    return reward


@pytest.mark.parametrize("name", CASES)
def test_gradient(name: str, tiny_model: str, measured: Callable[[str, float], float]) -> None:
    """Two optimiser steps on each of two batches: fresh, then stale samples."""
    import tiny_trl

    how, ours, theirs = CASES[name]
    tables = [one_column(seed) for seed in range(4)]
    run = tiny_trl.trainer(tiny_model, tables, num_iterations=2, beta=0.0, max_completion_length=LENGTH, **theirs)
    settings = Settings(max_new_tokens=LENGTH, **ours)
    recipe = Recipe(use(given) * tables[0].weights[0]).normalise(how, preset="trl")
    generate, step = run._generate_and_score_completions, run.training_step
    old: list[Tensor] = []
    differences, sizes, stale = [], [], []

    def numbered(inputs: Any) -> Any:
        """TRL shuffles what it generated: number the rows."""
        output = generate(inputs)
        output["row"] = torch.arange(len(output["advantages"]))
        old.clear()
        return output

    def watched(policy: Any, inputs: Any, count: Any = None) -> Tensor:
        before = {key: tensor.clone() for key, tensor in policy.state_dict().items()}
        result = step(policy, inputs, count)
        batch, trl = run.losses[-1][0], gradient(policy)
        after = {key: tensor.clone() for key, tensor in policy.state_dict().items()}
        policy.load_state_dict(before)
        policy.zero_grad()
        table = recipe.score(rollouts(run.rewards[-1], tables[0]), workers=0)
        mine = batch_of(batch, policy, advantages_of(table, torch.ones(len(table))), tables[0], old)
        loss = loss_of(token_logp(policy, mine.ids, mine.prompt_mask), mine, settings)
        loss.value.backward()
        differences.append(max(float((trl[key] - own).abs().max()) for key, own in gradient(policy).items()))
        sizes.append(max(float(own.abs().max()) for own in trl.values()))
        stale.append(float(loss.metrics["ratio/max"]) - 1)
        policy.load_state_dict(after)
        return result

    run._generate_and_score_completions, run.training_step = numbered, watched
    run.train()
    assert len(differences) == len(tables)
    assert min(sizes) > 1e-4, "something was compared"
    assert max(stale) > 1e-5, "some samples were stale"
    assert measured(f"trl loop: {name}, gradient of every parameter", max(differences)) <= LIMIT


def rollouts(rewards: Tensor, table: Table) -> Rollouts:
    columns = {"completion": [""] * len(rewards), "reward": rewards[:, 0].tolist()}
    return Rollouts.from_columns(columns, table.groups.numpy().astype(np.int64), "completion", None)


def batch_of(inputs: dict[str, Tensor], policy: Any, advantages: Tensor, table: Table, old: list[Tensor]) -> Batch:
    """TRL's batch as the loop's, with our advantages, and with our own log-probabilities before the first update."""
    ids = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], dim=1)
    prompt_mask, row = inputs["prompt_mask"].bool(), inputs["row"]
    if not old:
        old.append(token_logp(policy, ids, prompt_mask).logp.detach()[row.argsort()])
    mask = inputs["completion_mask"].bool()
    return Batch(ids, prompt_mask, mask, old[0][row], advantages[row], table.groups[row])


def gradient(policy: Any) -> dict[str, Tensor]:
    return {key: weight.grad.clone() for key, weight in policy.named_parameters() if weight.grad is not None}
