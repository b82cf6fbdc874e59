"""What the parity tests share: random tables of rewards, random token batches, and how two losses are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

LIMIT = 1e-6
SEEDS = range(30)


@dataclass(frozen=True)
class Table:
    """Rewards [B, K] in float64 that float32 holds exactly (frameworks store rewards as float32), groups in blocks."""

    rewards: Tensor
    groups: Tensor
    weights: list[float]
    lengths: Tensor
    size: int


def reward_table(seed: int, missing: float = 0.0, groups: int = 4, size: int = 4) -> Table:
    """Three columns of unlike scale, the first binary; the last group is dead (0.5 throughout) in every column."""
    g = torch.Generator().manual_seed(seed)
    rows, columns = groups * size, 3
    single = torch.float32
    rewards = torch.randn(rows, columns, generator=g, dtype=single) * torch.tensor([1.0, 30.0, 0.1], dtype=single)
    rewards[:, 0] = (rewards[:, 0] > 0).to(single)
    rewards[-size:] = 0.5
    if missing:
        rewards[torch.rand(rows, columns, generator=g) < missing] = torch.nan
        rewards[seed % rows] = torch.nan  # one row that nothing applies to
    weights = torch.rand(columns, generator=g, dtype=single) * 2 + 0.1
    return Table(
        rewards.double(),
        torch.arange(groups).repeat_interleave(size),
        weights.tolist(),
        torch.randint(1, 12, (rows,), generator=g),
        size,
    )


@dataclass(frozen=True)
class Tokens:
    """Log-probabilities [B, T] under the policy, the one that sampled and a reference; advantages [B]; mask [B, T]."""

    logp: Tensor
    old: Tensor
    ref: Tensor
    advantages: Tensor
    mask: Tensor


def token_batch(seed: int, spread: float, rows: int = 6, width: int = 9) -> Tokens:
    """Sequences of unlike length; ``spread`` is how far the policy has moved, in nats a token."""
    g = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=g, dtype=torch.float64)

    old = -torch.rand(rows, width, generator=g, dtype=torch.float64) * 3 - 0.05
    lengths = torch.randint(1, width + 1, (rows,), generator=g)
    lengths[0] = width
    return Tokens(
        logp=-(old + spread * normal(rows, width)).abs() - 0.01,
        old=old,
        ref=old + 0.3 * normal(rows, width),
        advantages=normal(rows),
        mask=torch.arange(width) < lengths[:, None],
    )


Value = Callable[[Tensor, Tokens], Tensor]
"""A loss as a function of log-probabilities and the rest of the batch."""


def difference(ours: Value, theirs: Value, spreads: tuple[float, ...] = (0.4, 1.5, 1e-3)) -> float:
    """Greatest difference of values and of gradients, relative where they are above 1."""
    worst = 0.0
    for seed in SEEDS:
        batch = token_batch(seed, spreads[seed % len(spreads)])
        for mine, other in zip(_value_and_gradient(ours, batch), _value_and_gradient(theirs, batch), strict=True):
            worst = max(worst, float((mine - other).abs().max() / other.abs().max().clamp(min=1.0)))
    return worst


def _value_and_gradient(loss: Value, batch: Tokens) -> tuple[Tensor, Tensor]:
    leaf = batch.logp.clone().requires_grad_()
    value = loss(leaf, batch)
    value.backward()
    assert leaf.grad is not None
    return value.detach(), leaf.grad


def of(loss: Callable[..., object], reference: bool = False, **options: object) -> Value:
    """One of Jeoul's losses with options; ``reference`` passes the reference model's log-probabilities."""

    def value(logp: Tensor, batch: Tokens) -> Tensor:
        given = options | ({"ref_logp_BT": batch.ref} if reference else {})
        return loss(logp, batch.old, batch.advantages, batch.mask, **given).value  # type: ignore[attr-defined]

    return value
