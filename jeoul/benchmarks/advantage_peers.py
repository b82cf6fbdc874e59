"""The frameworks' own advantages, run as they are, for measuring beside ours: TRL's and verl's GDPO.

Each is `None` where the framework is not installed. ``make test-trl`` and ``make test-verl`` make environments with one
each.
"""

from __future__ import annotations

import functools
import inspect
import textwrap
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

__all__ = ["trl_gdpo", "verl_gdpo"]

FIRST = "unscorable_mask = torch.isnan(rewards_per_func)"
LAST = "advantages = torch.nan_to_num(advantages, nan=0.0)"


def trl_gdpo(rewards: Tensor, size: int) -> Callable[[], Tensor] | None:
    """TRL's ``normalize_then_sum`` of rewards [B, K] in blocks of ``size`` rows, weights 1: [B]."""
    code = _trl_code()
    if code is None:
        return None
    trainer = SimpleNamespace(
        multi_objective_aggregation="normalize_then_sum",
        scale_rewards="group",
        reward_weights=torch.ones(rewards.shape[1]),
        reward_funcs=[None] * rewards.shape[1],
    )
    return functools.partial(code, trainer, rewards, size, rewards.device)


def verl_gdpo(rewards: Tensor, groups: Tensor, lengths: Tensor) -> Callable[[], Tensor] | None:
    """GDPO of verl, ``compute_gdpo_outcome_advantage``, of rows in any order, weights 1: [B, T]."""
    try:
        from verl.trainer.ppo import core_algos
    except ImportError:
        return None
    rows, width = len(rewards), int(lengths.max())
    mask = (torch.arange(width) < lengths[:, None]).float()
    names = [f"column_{k}" for k in range(rewards.shape[1])]
    given = {
        "response_mask": mask,
        "index": groups.numpy(),
        "config": {"gdpo_reward_keys": names, "gdpo_reward_weights": [1.0] * len(names)},
        "non_tensor_batch": {name: rewards[:, k].numpy() for k, name in enumerate(names)},
        "batch": {
            "prompts": torch.zeros(rows, 1),
            "attention_mask": torch.cat([torch.ones(rows, 1), mask], 1).long(),
        },
    }

    def call() -> Tensor:
        advantages: Tensor = core_algos.compute_gdpo_outcome_advantage(torch.zeros(rows, width), **given)[0]
        return advantages

    return call


@functools.cache
def _trl_code() -> Callable[..., Tensor] | None:
    """The lines of GRPOTrainer that make advantages, cut out of its method and compiled: they are no function there."""
    try:
        from trl.trainer.grpo_trainer import GRPOTrainer, nanstd
    except ImportError:
        return None
    lines = inspect.getsource(GRPOTrainer._generate_and_score_completions).splitlines()
    first = next(number for number, line in enumerate(lines) if FIRST in line)
    last = next(number for number, line in enumerate(lines) if LAST in line)
    body = textwrap.indent(textwrap.dedent("\n".join(lines[first : last + 1])), "    ")
    names: dict[str, Any] = {"torch": torch, "nanstd": nanstd}
    exec(f"def cut(self, rewards_per_func, num_generations, device):\n{body}\n    return advantages", names)
    code: Callable[..., Tensor] = names["cut"]
    return code
