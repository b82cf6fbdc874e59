"""The reward table [B × K]: what each reward gave each completion, what became of it, and why. Immutable."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jeoul.errors import DataError, UsageError, did_you_mean, listed
from jeoul.rewards.tables.explanation import Explanation, explain_row

if TYPE_CHECKING:
    import pandas as pd
    import torch
    from numpy.typing import NDArray

    from jeoul.rewards.recipes.recipe import Recipe
    from jeoul.rollouts import Rollouts
    from jeoul.trainers.diagnosis import Diagnosis

__all__ = ["RewardTable"]


@dataclass(frozen=True, eq=False)
class RewardTable:
    """B completions × K reward columns.

    Attributes:
        names: of the columns, K.
        raw: what each reward gave, before clip and gate, float64 [B, K]; NaN = did not apply, failed, or not computed.
        value: what counts, after clip, gate and ``on_error``, float64 [B, K]; NaN = does not apply.
        status: :class:`~jeoul.rewards.tables.status.Status` of each cell, uint8 [B, K].
        gate: :class:`~jeoul.rewards.tables.status.Gate` of each cell, uint8 [B, K].
        reason: why, in words, [B][K]; "" where the reward did not say.
        weights: of the columns at this batch, [K]; 0 for monitors.
        monitored: which columns are shown only, bool [K].
        rollouts: the completions, groups and other columns of the data.
        recipe_toml: the recipe as TOML; "" where it holds functions that have no importable name.
        info: fingerprint of the recipe, versions (also of the engines and dictionaries of each column), training step.
    """

    names: tuple[str, ...]
    raw: NDArray[np.float64] = field(repr=False)
    value: NDArray[np.float64] = field(repr=False)
    status: NDArray[np.uint8] = field(repr=False)
    gate: NDArray[np.uint8] = field(repr=False)
    reason: Sequence[Sequence[str]] = field(repr=False)
    weights: NDArray[np.float64] = field(repr=False)
    monitored: NDArray[np.bool_] = field(repr=False)
    rollouts: Rollouts = field(repr=False)
    recipe_toml: str = field(default="", repr=False)
    info: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for array in (self.raw, self.value, self.status, self.gate, self.weights, self.monitored):
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.value)

    @property
    def groups(self) -> NDArray[np.int64]:
        """Group label of each row, [B]."""
        return self.rollouts.groups

    @property
    def trained(self) -> tuple[str, ...]:
        """Names of the columns that can reach an advantage: all but the monitors."""
        return tuple(name for name, shown in zip(self.names, self.monitored, strict=True) if not shown)

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe that made the table (rewards in files must still be where they were)."""
        from jeoul.rewards.recipes.recipe import Recipe

        if not self.recipe_toml:
            raise UsageError("the recipe holds functions without an importable name, so it was not kept with the table")
        return Recipe.from_toml(self.recipe_toml)

    def index(self, name: str) -> int:
        """Position of a column; UsageError names those there are."""
        if name not in self.names:
            raise UsageError(f"no column {name!r}{did_you_mean(name, self.names)}; the table has {listed(self.names)}")
        return self.names.index(name)

    def column(self, name: str) -> NDArray[np.float64]:
        """Values of one column, [B]."""
        return self.value[:, self.index(name)]

    def total(self) -> NDArray[np.float64]:
        """Σ weight · value over the cells that apply, [B]; NaN where none of the trained columns applies."""
        total, some = np.zeros(len(self)), np.zeros(len(self), dtype=np.bool_)
        for index in np.flatnonzero(~self.monitored):  # a matrix product rounds a row differently in another batch
            value = self.value[:, index]
            present = ~np.isnan(value)
            total += np.where(present, value * self.weights[index], 0.0)
            some |= present
        return np.where(some, total, np.nan)

    def tensor(self, columns: Sequence[str] | None = None, dtype: torch.dtype | None = None) -> torch.Tensor:
        """Values as a torch tensor [B, K]; NaN where a reward does not apply.

        Args:
            columns: which, in which order; default :attr:`trained`, so that a monitor cannot slip into an advantage.
            dtype: default float32.
        """
        import torch

        chosen = [self.index(name) for name in (self.trained if columns is None else columns)]
        return torch.tensor(self.value[:, chosen], dtype=dtype or torch.float32)

    def to_pandas(self, detail: bool = False) -> pd.DataFrame:
        """A frame: ``group``, the value of each column by its name, ``total``.

        Args:
            detail: the data's own columns too, and value, raw, status, gate and reason of each cell as
                ``reward.NAME``, ``reward.NAME.raw`` … (the layout of the Parquet file).
        """
        import pandas as pd

        if detail:
            from jeoul.rewards.tables.file import to_arrow

            frame: pd.DataFrame = to_arrow(self).to_pandas()
            return frame
        frame = pd.DataFrame(self.value, columns=list(self.names))
        frame.insert(0, "group", self.groups)
        return frame.assign(total=self.total())

    def summary(self) -> pd.DataFrame:
        """One row per column: cells by status, mean, spread, range, closed gates, groups without any signal."""
        from jeoul.rewards.tables.summary import summarise

        return summarise(self)

    def explain(self, row: int) -> Explanation:
        """How the total of one row comes about, term by term."""
        if not -len(self) <= row < len(self):
            raise UsageError(f"there is no row {row}; the table has rows 0 to {len(self) - 1}")
        return explain_row(self, row % len(self))

    def diagnose(self, estimators: Sequence[str] = ("grpo", "gdpo"), **how: Any) -> Diagnosis:
        """What estimators make of the columns: see :func:`jeoul.trainers.diagnosis.diagnose` (loads torch)."""
        from jeoul.trainers.diagnosis import diagnose

        return diagnose(self, estimators, **how)

    def save(self, path: str | Path) -> None:
        """Write a Parquet file with the data, every cell, the recipe, its fingerprint and versions inside."""
        from jeoul.rewards.tables.file import save_table

        save_table(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> RewardTable:
        """Read what :meth:`save` wrote; DataError where it is not that."""
        from jeoul.rewards.tables.file import load_table

        return load_table(Path(path))

    def _repr_html_(self) -> str:
        from jeoul.rewards.tables.summary import table_html

        return table_html(self)

    def __repr__(self) -> str:
        groups = self.rollouts.group_count
        size = f"{len(self)} completions in {groups} groups × {len(self.names)} columns"
        return f"<RewardTable: {size} {listed(self.names)}>"


def table_info(table: RewardTable) -> dict[str, Any]:
    """Everything of a table that is not a cell, as JSON can hold it."""
    return {
        "names": table.names,
        "weights": table.weights.tolist(),
        "monitored": table.monitored.tolist(),
        "completion": table.rollouts.completion,
        "prompt": table.rollouts.prompt,
        "recipe": table.recipe_toml,
        "info": table.info,
    }


def table_from(info: Mapping[str, Any], cells: Mapping[str, Any], rollouts: Rollouts) -> RewardTable:
    """The inverse of :func:`table_info` and the cells of a file."""
    try:
        return RewardTable(
            names=tuple(info["names"]),
            weights=np.array(info["weights"], dtype=np.float64),
            monitored=np.array(info["monitored"], dtype=np.bool_),
            rollouts=rollouts,
            recipe_toml=info["recipe"],
            info=info["info"],
            **cells,
        )
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise DataError(f"the table's own description is damaged: {error}") from None
