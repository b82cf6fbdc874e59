"""What to try with a reward table, each with its reason and what it would change, computed, not guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from jeoul.trainers.monitor import column_correlations
from jeoul.trainers.signal import Columns, Signal, weights_for_shares

__all__ = ["Effect", "Suggestion", "suggest"]

SMALL, LARGE, UNRELATED, OPPOSED, FEW = 0.5, 0.5, 0.1, -0.3, 10


@dataclass(frozen=True)
class Effect:
    """Three figures of a signal: before or after a change.

    Attributes:
        share: of the primary column in the advantage.
        follows: share of the rows on which the primary alone would act whose advantage has its sign.
        collapse: share of the pairs with different rewards that get the same advantage.
    """

    share: float
    follows: float
    collapse: float

    @classmethod
    def of(cls, signal: Signal, primary: str) -> Effect:
        """The figures of a signal."""
        return cls(signal.shares[primary], signal.follows(primary), signal.collapse.probability)

    def __str__(self) -> str:
        return f"share {self.share:.0%}, follows {self.follows:.0%}, collapse {self.collapse:.1%}"


@dataclass(frozen=True)
class Suggestion:
    """A change to one column: ``kind`` is "gate", "rescale", "drop" or "monitor"; ``change`` is what to write."""

    kind: str
    column: str
    reason: str
    change: str
    before: Effect
    after: Effect

    @property
    def helps(self) -> bool:
        """Whether the primary column gets more of the update, and the update follows it no less."""
        return self.after.share > self.before.share and self.after.follows >= self.before.follows

    def __str__(self) -> str:
        effect = f"  before: {self.before}\n  after:  {self.after}"
        return f"{self.kind} {self.column}: {self.reason}\n  {self.change}\n{effect}"


def suggest(signal: Signal, primary: str, silent: dict[str, float]) -> list[Suggestion]:
    """Changes that the figures speak for, before and after; none where they do not.

    Args:
        signal: of the estimator in use.
        primary: the column the others are there to support, usually correctness.
        silent: per column, the share of groups in which it says nothing.
    """
    columns, before = signal.columns, Effect.of(signal, primary)
    position = columns.index(primary)
    related = column_correlations(columns.rewards, columns.groups)[position].tolist()
    found: list[Suggestion] = []
    for index, name in enumerate(columns.names):
        weight = float(columns.weights[index])
        if name == primary or weight == 0:
            continue
        for kind, reason, change, changed in _tests(signal, primary, name, silent[name], related[index]):
            after = Effect.of(signal.on(changed), primary)
            found.append(Suggestion(kind, name, reason, change, before, after))
    found += _rescaled(signal, primary, before)
    return [each for each in found if each.kind == "drop" or each.helps]


def _tests(
    signal: Signal, primary: str, name: str, silent: float, related: float
) -> Iterator[tuple[str, str, str, Columns]]:
    columns, share = signal.columns, signal.shares[name]
    without = columns.weighted({name: 0.0})
    if silent == 1:
        yield "drop", "says nothing in any group", f"remove [reward.{name}], or watch it: monitor = true", without
        return
    main = columns.rewards[:, columns.index(primary)]
    reached = torch.unique(main[~main.isnan()])
    opposed = related < OPPOSED
    if len(reached) <= FEW and (
        opposed or (share > LARGE and share > signal.shares[primary])
    ):  # else nothing "reached"
        against = f"works against {primary} (correlation {related:.2f} within groups)"
        large = f"carries {share:.0%} of the update; {primary} {signal.shares[primary]:.0%}"
        top = float(reached.max())
        gated = torch.where(main >= top, columns.rewards[:, columns.index(name)], 0.0)
        change = f'[reward.{name}] when = "{primary} >= {top:g}"'
        yield "gate", against if opposed else large, change, columns.replaced(name, gated)
    if abs(related) < UNRELATED and share > 0.2 and len(columns.rewards) >= 100:
        unrelated = f"is unrelated to {primary} (correlation {related:.2f} within groups)"
        reason = f"{unrelated} and carries {share:.0%} of the update"
        yield "monitor", reason, f"[reward.{name}] monitor = true", without


def _rescaled(signal: Signal, primary: str, before: Effect) -> list[Suggestion]:
    """Weights that make the shares what the weights say, where the primary gets under half of its due."""
    columns = signal.columns
    live = {name: share for name, share in signal.shares.items() if share > 0}
    due = {name: abs(float(columns.weights[columns.index(name)])) for name in live}
    total = sum(due.values())
    if primary not in live or len(live) < 2 or signal.shares[primary] >= SMALL * due[primary] / total:
        return []
    weights, _ = weights_for_shares(columns, signal.estimator, due, **signal.options)
    after = Effect.of(signal.on(columns.weighted(weights)), primary)
    told = ", ".join(f"{name} {weights[name]:.3g}" for name in live)
    reason = f"gets {signal.shares[primary]:.0%} of the update for {due[primary] / total:.0%} of the weight"
    return [Suggestion("rescale", primary, reason, f"weights: {told}", before, after)]
