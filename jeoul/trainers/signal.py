"""What one estimator makes of reward columns: advantages, who drives them, what they no longer tell apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from jeoul.errors import UsageError, did_you_mean, listed
from jeoul.trainers.advantages import contributions
from jeoul.trainers.monitor import Collapse, collapse, share_of_advantage

if TYPE_CHECKING:
    from jeoul.rewards.tables.table import RewardTable

__all__ = ["Columns", "Distinct", "Signal", "weights_for_shares"]

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Columns:
    """Reward columns as estimators take them: names K, rewards [B, K], groups [B], weights [K] (all float64)."""

    names: tuple[str, ...]
    rewards: Tensor = field(repr=False)
    groups: Tensor = field(repr=False)
    weights: Tensor

    @classmethod
    def of(cls, table: RewardTable) -> Columns:
        """The trained columns of a reward table; UsageError where every column is a monitor."""
        if not table.trained:
            raise UsageError("every column is a monitor: nothing reaches an advantage, so there is nothing to diagnose")
        weights = [float(table.weights[table.index(name)]) for name in table.trained]
        groups = torch.from_numpy(table.groups.copy())
        return cls(table.trained, table.tensor(dtype=torch.float64), groups, torch.tensor(weights, dtype=torch.float64))

    def index(self, name: str) -> int:
        """Position of a column; UsageError names those there are."""
        if name not in self.names:
            hint = did_you_mean(name, self.names)
            raise UsageError(f"no trained column {name!r}{hint}; there are {listed(self.names)}")
        return self.names.index(name)

    def weighted(self, weights: Mapping[str, float]) -> Columns:
        """The same columns with other weights."""
        changed = self.weights.clone()
        for name, weight in weights.items():
            changed[self.index(name)] = weight
        return Columns(self.names, self.rewards, self.groups, changed)

    def replaced(self, name: str, column: Tensor) -> Columns:
        """The same with one column's values changed."""
        rewards = self.rewards.clone()
        rewards[:, self.index(name)] = column
        return Columns(self.names, rewards, self.groups, self.weights)


class Distinct(NamedTuple):
    """Different groups, each a multiset of rows: by what the rows earned, and by the advantages they got."""

    rewards: int
    advantages: int


@dataclass(frozen=True)
class Signal:
    """An estimator applied to columns.

    Attributes:
        estimator: its name.
        columns: what it was applied to.
        parts: each column's part of the advantage, [B, K]; they sum to it.
        options: of the estimator.
    """

    estimator: str
    columns: Columns = field(repr=False)
    parts: Tensor = field(repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, estimator: str, columns: Columns, **options: Any) -> Signal:
        """Apply an estimator by name (see :mod:`jeoul.trainers.advantages`); UsageError for an option it lacks."""
        try:
            parts = contributions(estimator, columns.rewards, columns.groups, columns.weights, **options)
        except TypeError as error:
            raise UsageError(f"the estimator {estimator} does not take these options: {error}") from None
        return cls(estimator, columns, parts, options)

    def on(self, columns: Columns) -> Signal:
        """The same estimator, with the same options, on other columns."""
        return Signal.of(self.estimator, columns, **self.options)

    @cached_property
    def advantages(self) -> Tensor:
        """[B]."""
        return self.parts.sum(dim=1)

    @cached_property
    def shares(self) -> dict[str, float]:
        """Σ_b |part of a column| over the sum of all columns': how much of the update each one is."""
        return dict(zip(self.columns.names, share_of_advantage(self.parts).tolist(), strict=True))

    @cached_property
    def collapse(self) -> Collapse:
        """Pairs of a group with different rewards and the same advantage."""
        return collapse(self._told_apart, self.columns.groups, self.advantages, tolerance=TOLERANCE)

    @cached_property
    def _told_apart(self) -> Tensor:
        """The rewards that count, without the last digits, in which equal scores differ by the order of a sum."""
        counted = self.columns.weights != 0
        return self.columns.rewards[:, counted if bool(counted.any()) else slice(None)].round(decimals=9)

    def follows(self, primary: str) -> float:
        """Share of the rows on which ``primary`` alone would act whose advantage has the same sign; NaN without any.

        Also 1 for a column that is alone: it is what its own advantage would do.
        """
        position = self.columns.index(primary)
        alone = Columns(
            (primary,), self.columns.rewards[:, [position]], self.columns.groups, self.columns.weights[[position]]
        )
        own = self.on(alone).advantages
        acts = own.abs() > TOLERANCE
        return float((own[acts].sign() == self.signs[acts]).double().mean()) if acts.any() else float("nan")

    @property
    def signs(self) -> Tensor:
        """−1, 0 or 1 per row; within ``TOLERANCE`` of 0 is 0."""
        return torch.where(self.advantages.abs() > TOLERANCE, self.advantages.sign(), 0.0)

    @cached_property
    def _kinds(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Rows with the same rewards have the same number, [B]."""
        rewards = self._told_apart.nan_to_num(nan=torch.inf)
        found: Tensor = torch.unique(rewards, dim=0, return_inverse=True)[1]
        return found.numpy()

    @cached_property
    def merged(self) -> Tensor:
        """Rows whose advantage a row of their group with other rewards has too, [B] boolean."""
        groups, advantages = self.columns.groups.numpy(), self.advantages.numpy()
        order = np.lexsort((advantages, groups))
        apart = (_steps(advantages[order]) > TOLERANCE) | (_steps(groups[order]) != 0)
        cluster = np.empty(len(order), dtype=np.int64)
        cluster[order] = np.cumsum(apart)
        found = np.unique(np.stack([cluster, self._kinds]), axis=1)[0]
        return torch.from_numpy(np.bincount(found)[cluster] > 1)

    @cached_property
    def distinct(self) -> Distinct:
        """How many different groups there are, by their rewards and by their advantages."""
        advantages = self.advantages.numpy()
        order = np.argsort(advantages, kind="stable")
        levels = np.empty(len(order), dtype=np.int64)
        levels[order] = np.cumsum(_steps(advantages[order]) > TOLERANCE)
        groups = self.columns.groups.numpy()
        return Distinct(_different(groups, self._kinds), _different(groups, levels))

    def collapsed_pairs(self, most: int) -> list[tuple[int, int]]:
        """Rows of one group, different rewards, same advantage: the pairs whose weighted rewards differ most, first."""
        kinds, groups, advantages = self._kinds, self.columns.groups.numpy(), self.advantages.numpy()
        order = np.lexsort((kinds, advantages.round(6), groups))
        first, second = order[:-1], order[1:]
        same = (groups[first] == groups[second]) & (kinds[first] != kinds[second])
        same &= np.abs(advantages[first] - advantages[second]) <= TOLERANCE
        first, second = first[same], second[same]
        weighted = (self.columns.rewards * self.columns.weights).nan_to_num().numpy()
        apart = np.abs(weighted[first] - weighted[second]).sum(axis=1)
        chosen = np.argsort(-apart, kind="stable")[:most]
        found = np.sort(np.stack([first[chosen], second[chosen]], axis=1), axis=1).tolist()
        return [(pair[0], pair[1]) for pair in found]


def weights_for_shares(
    columns: Columns, estimator: str, wanted: Mapping[str, float], *, rounds: int = 200, **options: Any
) -> tuple[dict[str, float], dict[str, float]]:
    """Weights under which each column gets the wanted share of the advantage, and the shares they really give.

    A multiplicative fixed point: w_k ← w_k · (wanted_k / share_k)^½, until the shares are met within 10⁻⁴. For an
    estimator that normalises columns one step would do; for grpo the standard deviation of the sum moves along. The sum
    of |w| is kept. A column without any signal has no such weight: its share stays 0, which the result shows.

    Args:
        columns: with the weights to start from (a column of weight 0 starts from 1).
        estimator: by name.
        wanted: share of each column, positive; normalised to sum 1. Columns not named get what weight 0 gives: nothing.

    Raises:
        UsageError: a name is not a column, or a share is not positive.

    >>> rewards = torch.tensor([[1.0, 30.0], [0.0, 0.0], [1.0, 0.0], [0.0, 0.0]], dtype=torch.float64)
    >>> columns = Columns(("a", "b"), rewards, torch.zeros(4, dtype=torch.long), torch.ones(2, dtype=torch.float64))
    >>> weights, shares = weights_for_shares(columns, "grpo", {"a": 1, "b": 1})
    >>> round(weights["a"] / weights["b"], 1), {name: round(share, 2) for name, share in shares.items()}
    (22.5, {'a': 0.5, 'b': 0.5})
    """
    for name, share in wanted.items():
        columns.index(name)
        if not 0 < share < float("inf"):
            raise UsageError(f"the wanted share of {name!r} must be positive, not {share!r}")
    total = sum(wanted.values())
    goal = torch.tensor([wanted.get(name, 0.0) / total for name in columns.names], dtype=torch.float64)
    start = torch.where(columns.weights == 0, torch.ones_like(columns.weights), columns.weights)
    weights = torch.where(goal > 0, start, torch.zeros_like(start))
    scale = weights.abs().sum()
    for _ in range(rounds):
        current = Columns(columns.names, columns.rewards, columns.groups, weights)
        shares = share_of_advantage(Signal.of(estimator, current, **options).parts)
        if bool(((shares - goal).abs() <= 1e-4).all()):
            break
        factor = torch.where((shares > 0) & (goal > 0), (goal / shares.clamp(min=1e-12)).sqrt(), torch.ones_like(goal))
        weights = weights * factor
        weights = weights * (scale / weights.abs().sum())
    reached = Signal.of(estimator, Columns(columns.names, columns.rewards, columns.groups, weights), **options).shares
    return dict(zip(columns.names, weights.tolist(), strict=True)), reached


def _different(groups: np.ndarray[Any, Any], numbers: np.ndarray[Any, Any]) -> int:
    """How many different multisets of numbers the groups hold."""
    order = np.lexsort((numbers, groups))
    starts = np.flatnonzero(_steps(groups[order]))
    return len({tuple(part.tolist()) for part in np.split(numbers[order], starts) if len(part)})


def _steps(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """From each value to the next; 0 for the first."""
    return np.diff(values, prepend=values[:1])
