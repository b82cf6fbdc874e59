"""The diagnosis of a reward table: what GRPO, GDPO or any other estimator will make of its columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from jeoul.rewards.tables.status import FAILED
from jeoul.trainers.monitor import column_correlations, reward_figures
from jeoul.trainers.presets import preset
from jeoul.trainers.signal import Columns, Distinct, Signal, weights_for_shares
from jeoul.trainers.suggestions import Suggestion, suggest

if TYPE_CHECKING:
    from jeoul.rewards.tables.table import RewardTable

__all__ = ["ColumnFigures", "Diagnosis", "EstimatorFigures", "Flip", "Pair", "diagnose"]

LONGEST_TEXT = 160


@dataclass(frozen=True)
class ColumnFigures:
    """One column.

    Attributes:
        weight: 0 for a monitor.
        present: cells that apply.
        mean, std: over them (std with ddof 1).
        saturation: share of the present cells at the column's highest value.
        silent: share of the groups that have the column in which it gives no signal.
        shares: estimator → share of the advantage; empty for a monitor.
        correlation: other column → Pearson correlation within groups; NaN where one does not vary.
    """

    name: str
    weight: float
    monitored: bool
    present: int
    mean: float
    std: float
    saturation: float
    silent: float
    shares: Mapping[str, float]
    correlation: Mapping[str, float]


@dataclass(frozen=True)
class Pair:
    """Two rows of one group with different rewards and the same advantage."""

    rows: tuple[int, int]
    rewards: tuple[Mapping[str, float], Mapping[str, float]]
    advantage: float
    texts: tuple[str, str]


@dataclass(frozen=True)
class EstimatorFigures:
    """One estimator.

    Attributes:
        pairs: of rows of one group whose rewards differ.
        collapsed: those of them that get the same advantage.
        collapse: their share; NaN where no two rewards differ.
        zero_rows: rows without any advantage.
        spread: std of the advantages (ddof 1): what multiplies the learning rate, so to speak.
        distinct: different groups seen, by rewards and by advantages.
        rows: in a collapsed pair.
        examples: collapsed pairs, those whose weighted rewards differ most first.
    """

    name: str
    pairs: int
    collapsed: int
    collapse: float
    zero_rows: int
    spread: float
    distinct: Distinct
    rows: tuple[int, ...]
    examples: tuple[Pair, ...]


@dataclass(frozen=True)
class Flip:
    """Rows whose advantage has opposite signs under two estimators; ``examples`` are (row, first, second)."""

    estimators: tuple[str, str]
    rows: int
    share: float
    examples: tuple[tuple[int, float, float], ...]


@dataclass(frozen=True)
class Diagnosis:
    """What the columns of a table do to the learning signal. ``str`` reads, :meth:`to_dict` computes on.

    Attributes:
        used: the estimator of the recipe; suggestions are about it.
        primary: the column that suggestions protect.
        notes: what a reader must know of the figures: columns whose cells failed, constants that were replaced.
        wanted: weights for wanted shares and the shares they give, where they were asked for.
    """

    rows: int
    groups: int
    used: str
    primary: str
    columns: tuple[ColumnFigures, ...]
    estimators: tuple[EstimatorFigures, ...]
    flips: tuple[Flip, ...]
    dominated: tuple[str, ...]
    suggestions: tuple[Suggestion, ...]
    notes: tuple[str, ...] = ()
    wanted: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON has them."""
        return asdict(self)

    def __str__(self) -> str:
        lines = [f"{self.rows} completions in {self.groups} groups; the recipe uses {self.used}"]
        for column in self.columns:
            shares = ", ".join(f"{name} {share:.0%}" for name, share in column.shares.items())
            driven = "monitored" if column.monitored else f"drives {shares}"
            lines.append(f"{column.name}: mean {column.mean:.4g}, silent in {column.silent:.0%} of groups, {driven}")
        lines += [
            f"{figures.name}: {figures.collapsed} of {figures.pairs} differing pairs get the same advantage"
            for figures in self.estimators
        ]
        for flip in self.flips:
            first, second = flip.estimators
            lines.append(f"{first} against {second}: {flip.rows} rows change sign ({flip.share:.1%})")
        lines += [*self.dominated, *self.notes]
        lines += [str(suggestion) for suggestion in self.suggestions]
        return "\n".join(lines)


def diagnose(
    table: RewardTable,
    estimators: Sequence[str] = ("grpo", "gdpo"),
    *,
    primary: str | None = None,
    want: Mapping[str, float] | None = None,
    examples: int = 3,
    **options: Any,
) -> Diagnosis:
    """Diagnose a table.

    Args:
        estimators: to compare, by name; the recipe's own is added where it is missing.
        primary: the column the others support; default the one of greatest |weight|, the first of equals.
        want: share of the advantage each column should get: the weights for it are computed.
        examples: collapsed pairs and flipped rows to show for each estimator.
        options: for the estimators (``preset="trl"`` …).

    Raises:
        UsageError: the table has no trained column, or a name is unknown.
    """
    columns = Columns.of(table)
    options, notes = _with_lengths(table, options)
    advantage = table.info.get("advantage", {"estimator": "grpo", "options": {}})
    used, own = str(advantage["estimator"]), {**advantage["options"], **options}
    signals = {
        name: Signal.of(name, columns, **(own if name == used else options))
        for name in dict.fromkeys([*estimators, used])
    }
    main = primary or columns.names[int(columns.weights.abs().argmax())]
    columns.index(main)
    figures = _column_figures(table, signals)
    silent = {column.name: column.silent for column in figures}
    wanted = {}
    if want:
        weights, reached = weights_for_shares(columns, used, want, **own)
        wanted = {"weights": weights, "shares": reached}
    return Diagnosis(
        rows=len(table),
        groups=table.rollouts.group_count,
        used=used,
        primary=main,
        columns=figures,
        estimators=tuple(_estimator_figures(table, signal, examples) for signal in signals.values()),
        flips=tuple(_flip(first, second, examples) for first, second in combinations(signals.values(), 2)),
        dominated=tuple(line for signal in signals.values() for line in _dominated(signal, main)),
        notes=(*notes, *_failures(table)),
        suggestions=tuple(suggest(signals[used], main, silent)),
        wanted=wanted,
    )


def _column_figures(table: RewardTable, signals: Mapping[str, Signal]) -> tuple[ColumnFigures, ...]:
    values = torch.from_numpy(table.value.copy())
    groups = torch.from_numpy(table.groups.copy())
    figures = reward_figures(values, groups, table.names)
    related = column_correlations(values, groups)
    made = []
    for index, name in enumerate(table.names):
        mean, std, silent, saturation = (
            float(figures[f"reward/{name}/{key}"]) for key in ("mean", "std", "zero_std_frac", "saturation")
        )
        monitored = bool(table.monitored[index])
        made.append(
            ColumnFigures(
                name,
                weight=float(table.weights[index]),
                monitored=monitored,
                present=int((~values[:, index].isnan()).sum()),
                mean=mean,
                std=std,
                saturation=saturation,
                silent=silent,
                shares={} if monitored else {each: signal.shares[name] for each, signal in signals.items()},
                correlation={
                    other: float(related[index, position])
                    for position, other in enumerate(table.names)
                    if position != index
                },
            )
        )
    return tuple(made)


def _estimator_figures(table: RewardTable, signal: Signal, examples: int) -> EstimatorFigures:
    columns, found = signal.columns, signal.collapse

    def rewards(row: int) -> dict[str, float]:
        return dict(zip(columns.names, columns.rewards[row].tolist(), strict=True))

    pairs = tuple(
        Pair(
            rows=(first, second),
            rewards=(rewards(first), rewards(second)),
            advantage=float(signal.advantages[first]),
            texts=(_short(table.rollouts.texts[first]), _short(table.rollouts.texts[second])),
        )
        for first, second in signal.collapsed_pairs(examples)
    )
    zero = int((signal.signs == 0).sum())
    return EstimatorFigures(
        name=signal.estimator,
        pairs=found.pairs,
        collapsed=found.collapsed,
        collapse=found.probability,
        zero_rows=zero,
        spread=float(signal.advantages.std()) if len(signal.advantages) > 1 else math.nan,
        distinct=signal.distinct,
        rows=tuple(torch.nonzero(signal.merged).flatten().tolist()),
        examples=pairs,
    )


def _flip(first: Signal, second: Signal, examples: int) -> Flip:
    opposite = torch.nonzero(first.signs * second.signs < 0).flatten()
    size = (first.advantages - second.advantages).abs()[opposite]
    chosen = opposite[size.argsort(descending=True, stable=True)][:examples].tolist()
    rows = [(row, float(first.advantages[row]), float(second.advantages[row])) for row in chosen]
    count = len(opposite)
    return Flip((first.estimator, second.estimator), count, count / len(first.signs), tuple(rows))


def _dominated(signal: Signal, primary: str) -> tuple[str, ...]:
    shares = signal.shares
    top = max(shares, key=lambda name: shares[name])
    if top == primary or math.isclose(shares[top], shares[primary]):
        return ()
    return (f"{top} carries {shares[top]:.0%} of the update under {signal.estimator}; {primary} {shares[primary]:.0%}",)


def _with_lengths(table: RewardTable, options: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Options with what a preset needs that normalises over tokens (verl's): lengths from the data, or another step."""
    chosen = preset(options.get("preset", "paper"))
    if chosen.batch != "token" or options.get("lengths") is not None:
        return options, ()
    ids = table.rollouts.columns.get("completion_ids")
    if ids is not None:
        return options | {"lengths": torch.tensor([len(each) for each in ids])}, ()
    note = (
        f"the preset {chosen.name} weighs rows by their tokens; without a column completion_ids every row counts once"
    )
    return options | {"preset": preset(chosen, batch="sequence")}, (note,)


def _failures(table: RewardTable) -> Iterator[str]:
    for index, name in enumerate(table.names):
        failed = np.flatnonzero(np.isin(table.status[:, index], FAILED)).tolist()
        if failed:
            why = table.reason[failed[0]][index]
            yield f"{name}: {len(failed)} of {len(table)} cells failed; the first, row {failed[0]}: {why}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_TEXT else f"{line[:100]} … {line[-(LONGEST_TEXT - 103) :]}"
