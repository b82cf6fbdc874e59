"""A column made of other columns: their sum, product, weighted geometric mean, min or max."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jeoul.rewards.recipes.column import Column

__all__ = ["COMBINATIONS", "WEIGHTED", "Combination", "combination"]

COMBINATIONS = ("sum", "product", "geometric_mean", "min", "max")
WEIGHTED = ("sum", "geometric_mean")


@dataclass(frozen=True)
class Combination:
    """How a column is made of others: ``kind`` over ``parts`` (column or its name, and its share)."""

    kind: str
    parts: tuple[tuple[Column | str, float], ...]

    def names(self) -> list[str]:
        """Names of the parts."""
        return [part if isinstance(part, str) else part.name for part, _ in self.parts]

    def named(self) -> Combination:
        """The same with names in place of columns."""
        return Combination(self.kind, tuple(zip(self.names(), (share for _, share in self.parts), strict=True)))

    def to_toml(self) -> list[str] | dict[str, float]:
        """``["a", "b"]``, or ``{a = 2.0, b = 1.0}`` where the shares differ from 1."""
        if all(share == 1 for _, share in self.parts):
            return self.names()
        return dict(zip(self.names(), (share for _, share in self.parts), strict=True))


def combination(kind: str, parts: list[tuple[Column | str, float]]) -> Combination:
    """A checked :class:`Combination`; ValueError says what is wrong with it."""
    if not parts:
        raise ValueError("needs at least one part")
    for part, share in parts:
        if not (isinstance(part, str) or hasattr(part, "scores_like")):
            raise ValueError(f"is made of columns or their names, not of {part!r}")
        if isinstance(share, bool) or not isinstance(share, int | float) or not abs(share) <= sys.float_info.max:
            raise ValueError(f"every share must be a finite number, not {share!r}")
    made = Combination(kind, tuple((part, float(share)) for part, share in parts))
    twice = sorted({name for name in made.names() if made.names().count(name) > 1})
    if twice:
        raise ValueError(f"names {', '.join(twice)} twice")
    if kind not in WEIGHTED and any(share != 1 for _, share in made.parts):
        raise ValueError(f"shares have no meaning in a {kind}; they do in {' and '.join(WEIGHTED)}")
    if kind == "geometric_mean" and any(share <= 0 for _, share in made.parts):
        raise ValueError("every share of a geometric mean must be positive")
    return made
