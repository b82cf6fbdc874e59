"""One row of a table, told term by term."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from jeoul.rewards.tables.status import Gate, Status

if TYPE_CHECKING:
    from jeoul.rewards.tables.table import RewardTable

__all__ = ["Explanation", "Term"]


@dataclass(frozen=True)
class Term:
    """One column's part: ``raw`` → (clip, gate) → ``value`` × ``weight`` = ``part``.

    Attributes:
        raw: what the reward gave; None where it did not apply, failed or was not computed.
        value: after clip and gate; None = does not apply.
        part: weight × value; None for a monitor or where the value does not apply.
    """

    name: str
    raw: float | None
    value: float | None
    weight: float
    part: float | None
    monitored: bool
    status: str
    gate: str
    reason: str

    def __str__(self) -> str:
        if self.value is None:
            return f"{self.name}: does not apply ({self.status})"
        changed = f" (raw {self.raw:g})" if self.raw is not None and self.raw != self.value else ""
        if self.monitored:
            return f"{self.name}: {self.value:g}{changed}, monitored"
        return f"{self.name}: {self.weight:g} × {self.value:g}{changed} = {self.part:g}"


@dataclass(frozen=True)
class Explanation:
    """Why a completion got its total. ``str`` of it is for reading, :meth:`to_dict` for programs."""

    row: int
    group: int
    prompt: str
    completion: str
    terms: tuple[Term, ...]
    total: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain values; None where a figure does not apply."""
        return asdict(self)

    def __str__(self) -> str:
        lines = [f"row {self.row}, group {self.group}"]
        for term in self.terms:
            lines += [f"  {term}", *([f"      {term.reason}"] if term.reason else [])]
        lines.append("  total: " + ("does not apply" if self.total is None else f"{self.total:g}"))
        return "\n".join(lines)


def explain_row(table: RewardTable, row: int) -> Explanation:
    """The terms of one row of ``table``."""
    terms = []
    for index, name in enumerate(table.names):
        value, weight = _number(table.value[row, index]), float(table.weights[index])
        monitored = bool(table.monitored[index])
        terms.append(
            Term(
                name,
                raw=_number(table.raw[row, index]),
                value=value,
                weight=weight,
                part=None if monitored or value is None else weight * value,
                monitored=monitored,
                status=Status(table.status[row, index]).name,
                gate=Gate(table.gate[row, index]).name,
                reason=table.reason[row][index],
            )
        )
    rollouts = table.rollouts
    return Explanation(
        row,
        int(table.groups[row]),
        prompt=rollouts.prompts()[row],
        completion=rollouts.texts[row],
        terms=tuple(terms),
        total=_number(table.total()[row]),
    )


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
