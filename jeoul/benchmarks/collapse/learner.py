"""Policy gradient on a bandit with several reward columns, all arms and seeds at once.

Shapes: E arms, S seeds, P prompts, G completions a prompt, K columns, H heads; a head has options o.

A completion is one choice a head, drawn from a softmax of its own logits; the gradient of the logits is exact, the
choices are what is random. All arms see the same random numbers (a seed's arms are paired), and what is recorded is the
expected reward under the policy, not the sampled one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

from jeoul.errors import UsageError
from jeoul.trainers.advantages import Grouping, estimator, group_rows

__all__ = ["Arm", "Column", "Environment", "Head", "train"]

ALONE = frozenset({"grpo", "dr_grpo", "rloo", "dvao", "corr_grpo", "gdpo_nobn", "grpo_scaled"})
"""Estimators that look at no other group (grpo_scaled: given bounds): one call does all seeds."""
BOUNDED = frozenset({"grpo_scaled", "saw", "sa_mrpo"})
LARGEST = 2**26


@dataclass(frozen=True)
class Head:
    """One choice of a completion.

    Attributes:
        start: logits before training, one an option. Two options are one logit: the first is kept at its start.
        shared: one set of logits for all prompts, or one for each.
        spread: sd of what is added to the start, drawn once a seed.
        fixed: chance, not choice: never trained.
    """

    start: tuple[float, ...]
    shared: bool = False
    spread: float = 0.0
    fixed: bool = False


@dataclass(frozen=True)
class Column:
    """One reward, a function of some heads.

    Attributes:
        name: of the column.
        heads: it depends on.
        values: [P or 1, options of the first head, of the second, …].
        bounds: least and greatest reward.
    """

    name: str
    heads: tuple[int, ...]
    values: Tensor
    bounds: tuple[float, float]


@dataclass(frozen=True)
class Arm:
    """What is compared.

    Attributes:
        name: of the arm.
        estimator: of advantages.
        weights: of the columns; None: 1 each.
        rate: multiplies the learning rate.
        gate: (column, condition, least): the column counts only where the condition column is at least that much.
    """

    name: str
    estimator: str
    weights: tuple[float, ...] | None = None
    rate: float = 1.0
    gate: tuple[int, int, float] | None = None


@dataclass(frozen=True)
class Environment:
    """A bandit: what can be chosen, what it earns, and how it is trained.

    Attributes:
        thresholds: of the figures that are reported; at that expected reward a column counts as learnt.
        arms: beside those of plain estimators.
        expected: figures beside the columns' expected rewards, from the chances of the heads, [E, S, P, o] each.
    """

    name: str
    about: str
    heads: tuple[Head, ...]
    columns: tuple[Column, ...]
    thresholds: dict[str, float]
    prompts: int
    group: int
    steps: int
    rate: float
    optimiser: Literal["adam", "sgd"] = "adam"
    arms: tuple[Arm, ...] = ()
    expected: dict[str, Callable[[list[Tensor]], Tensor]] = field(default_factory=dict)


def train(
    environment: Environment, arms: list[Arm], seeds: int, tick: Callable[[], Any] = lambda: None
) -> dict[str, Tensor]:
    """Expected reward of each column, and the environment's own figures, before every update and after: [E, S, T + 1].

    ``tick`` is called after every update.
    """
    if seeds * len(arms) * environment.prompts * environment.group * len(environment.heads) > LARGEST:
        raise UsageError(f"{seeds} seeds of {len(arms)} arms are too many to train at once; write fewer")
    generators = [torch.Generator().manual_seed(seed) for seed in range(seeds)]
    logits = [_start(head, environment, len(arms), generators) for head in environment.heads]
    adam = [(torch.zeros_like(each), torch.zeros_like(each)) for each in logits]
    rates_E = torch.tensor([arm.rate * environment.rate for arm in arms], dtype=torch.float64).view(-1, 1, 1, 1)
    advantages = _Advantages(environment, arms, seeds)
    chances = [_chances(each, environment.prompts) for each in logits]
    curves = [_figures(environment, chances)]
    for step in range(1, environment.steps + 1):
        choices = _draw(environment, chances, generators)
        rewards = torch.stack([_rewards(column, choices) for column in environment.columns], dim=-1)
        advantages_ESPG = advantages.of(rewards)
        for h, head in enumerate(environment.heads):
            if head.fixed:
                continue
            gradient = _gradient(head, chances[h], choices[h], advantages_ESPG)
            change = _adam(gradient, *adam[h], step) if environment.optimiser == "adam" else gradient
            logits[h] = logits[h] + rates_E * change
            chances[h] = _chances(logits[h], environment.prompts)
        curves.append(_figures(environment, chances))
        tick()
    return {name: torch.stack([each[name] for each in curves], dim=-1) for name in curves[0]}


def _start(head: Head, environment: Environment, arms: int, generators: list[torch.Generator]) -> Tensor:
    shape = (1 if head.shared else environment.prompts, len(head.start))
    drawn = torch.stack([torch.randn(shape, generator=each, dtype=torch.float64) for each in generators])
    logits = torch.tensor(head.start, dtype=torch.float64) + head.spread * drawn
    return logits.expand(arms, *logits.shape).clone()


def _chances(logits_ESPo: Tensor, prompts: int) -> Tensor:
    return logits_ESPo.softmax(-1).expand(-1, -1, prompts, -1)


def _draw(environment: Environment, chances: list[Tensor], generators: list[torch.Generator]) -> list[Tensor]:
    """A choice for each head and completion, [E, S, P, G], by the same uniform numbers in every arm."""
    shape = (len(chances), environment.prompts, environment.group)
    uniform_SHPG = torch.stack([torch.rand(shape, generator=each, dtype=torch.float64) for each in generators])
    choices = []
    for h, chance in enumerate(chances):
        edges = chance.cumsum(-1)[..., :-1].unsqueeze(-2)  # [E, S, P, 1, o − 1]
        choices.append((uniform_SHPG[:, h].unsqueeze(-1) >= edges).sum(-1))
    return choices


def _rewards(column: Column, choices: list[Tensor]) -> Tensor:
    """[E, S, P, G]."""
    prompts = torch.arange(choices[0].shape[2]).view(-1, 1) if len(column.values) > 1 else 0
    rewards: Tensor = column.values[(prompts, *(choices[head] for head in column.heads))]
    return rewards.expand_as(choices[0])


def _figures(environment: Environment, chances: list[Tensor]) -> dict[str, Tensor]:
    """Expected rewards over prompts, [E, S] each."""
    found = {}
    for column in environment.columns:
        value = column.values[None, None]  # [E, S, P, o₁, o₂, …], contracted from the last head on
        for head in reversed(column.heads):
            chance = chances[head]
            view = chance.reshape(*chance.shape[:3], *[1] * (value.dim() - 4), chance.shape[-1])
            value = (value * view).sum(-1)
        found[column.name] = value.mean(-1)
    return found | {name: figure(chances) for name, figure in environment.expected.items()}


def _gradient(head: Head, chance: Tensor, choice: Tensor, advantages: Tensor) -> Tensor:
    """∇ mean over completions of A·log π with respect to the logits: Σ A (1[o chosen] − p_o) / PG."""
    taken = torch.zeros_like(chance).scatter_add_(-1, choice, advantages)
    gradient = (taken - chance * advantages.sum(-1, keepdim=True)) / advantages[0, 0].numel()
    if len(head.start) == 2:
        gradient[..., 0] = 0.0
    return gradient.sum(-2, keepdim=True) if head.shared else gradient


def _adam(gradient: Tensor, first: Tensor, second: Tensor, step: int) -> Tensor:
    """β = .9 and .999, ε = 1e-8, in place; the change for a learning rate of 1."""
    first.lerp_(gradient, 0.1)
    second.lerp_(gradient.square(), 0.001)
    return (first / (1 - 0.9**step)) / ((second / (1 - 0.999**step)).sqrt() + 1e-8)


class _Advantages:
    """Our own estimators on flattened groups: a seed's prompts are a batch, no seed sees another's."""

    def __init__(self, environment: Environment, arms: list[Arm], seeds: int) -> None:
        self.arms = arms
        self.options: dict[str, Any] = {"bounds": [column.bounds for column in environment.columns]}
        self.every = self._groups(seeds * environment.prompts, environment.group)
        self.one = self._groups(environment.prompts, environment.group)

    @staticmethod
    def _groups(groups: int, size: int) -> Grouping:
        return group_rows(torch.arange(groups).repeat_interleave(size))

    def of(self, rewards_ESPGK: Tensor) -> Tensor:
        return torch.stack([self._arm(arm, each) for arm, each in zip(self.arms, rewards_ESPGK, strict=True)])

    def _arm(self, arm: Arm, rewards_SPGK: Tensor) -> Tensor:
        if arm.gate is not None:
            column, condition, least = arm.gate
            gated = rewards_SPGK[..., column] * (rewards_SPGK[..., condition] >= least)
            rewards_SPGK = rewards_SPGK.clone()
            rewards_SPGK[..., column] = gated
        options = self.options if arm.estimator in BOUNDED else {}
        compute = estimator(arm.estimator)
        rows = rewards_SPGK.flatten(1, 2)
        if arm.estimator in ALONE:
            advantages = compute(rows.flatten(0, 1), self.every, arm.weights, **options)
        else:
            advantages = torch.stack([compute(each, self.one, arm.weights, **options) for each in rows])
        return advantages.view(rewards_SPGK.shape[:-1])
