"""Weights that change: with the training step, or with the mean of another column.

``linear(1.0, 0.1, steps=500) * tagged()`` in Python, ``weight = {schedule = "linear", start = 1.0, …}`` in TOML.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from jeoul.errors import did_you_mean

if TYPE_CHECKING:
    from jeoul.rewards.recipes.column import Column

__all__ = ["KINDS", "Cosine", "Follow", "Linear", "Schedule", "cosine", "follow", "linear", "parse_weight", "weight_at"]


@dataclass(frozen=True)
class Schedule:
    """A weight between ``start`` and ``end``."""

    start: float
    end: float
    kind: ClassVar[str] = ""

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            object.__setattr__(self, name, _finite(name, getattr(self, name)))
        if math.isinf(self.end - self.start):
            raise ValueError(f"start and end are too far apart: {self.start!r} and {self.end!r}")

    def at(self, step: int, means: Mapping[str, float]) -> float:
        """The weight at a training step, given the mean of each column of the batch."""
        share = min(1.0, max(0.0, self.progress(step, means)))
        return self.end if share == 1.0 else self.start + (self.end - self.start) * share

    def progress(self, step: int, means: Mapping[str, float]) -> float:
        """How far from ``start`` (0) to ``end`` (1)."""
        raise NotImplementedError

    def scaled(self, factor: float) -> Self:
        """The schedule with both ends multiplied."""
        return replace(self, start=self.start * factor, end=self.end * factor)

    def __mul__(self, column: Column) -> Column:
        return column.weighted(self) if hasattr(column, "weighted") else NotImplemented

    def to_dict(self) -> dict[str, Any]:
        """As in TOML."""
        return {"schedule": self.kind, **asdict(self)}

    def __repr__(self) -> str:
        named = {name: value for name, value in asdict(self).items() if name not in ("start", "end")}
        rest = "".join(f", {name}={value!r}" for name, value in named.items())
        return f"{self.kind}({self.start!r}, {self.end!r}{rest})"


@dataclass(frozen=True, repr=False)
class _Stepped(Schedule):
    steps: int
    begin: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, least in (("steps", 1), ("begin", 0)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}")


@dataclass(frozen=True, repr=False)
class Linear(_Stepped):
    """A straight line from ``start`` to ``end`` over ``steps`` training steps, from step ``begin`` on.

    >>> [linear(1, 0, steps=4).at(step, {}) for step in (0, 1, 4, 9)]
    [1.0, 0.75, 0.0, 0.0]
    """

    kind: ClassVar[str] = "linear"

    def progress(self, step: int, means: Mapping[str, float]) -> float:
        return (step - self.begin) / self.steps if step > self.begin else 0.0


@dataclass(frozen=True, repr=False)
class Cosine(_Stepped):
    """Half a cosine wave from ``start`` to ``end``: slow, fast, slow."""

    kind: ClassVar[str] = "cosine"

    def progress(self, step: int, means: Mapping[str, float]) -> float:
        share = min(1.0, (step - self.begin) / self.steps) if step > self.begin else 0.0
        return (1 - math.cos(math.pi * share)) / 2


@dataclass(frozen=True, repr=False)
class Follow(Schedule):
    """Follows the batch mean of another column: ``start`` while it is at most ``low``, ``end`` from ``high`` on.

    Where the other column has no present cell in the batch, the weight is ``start``.

    >>> follow(0.0, 1.0, column="correct", low=0.25, high=0.75).at(0, {"correct": 0.5})
    0.5
    """

    column: str
    low: float
    high: float
    kind: ClassVar[str] = "follow"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("low", "high"):
            object.__setattr__(self, name, _finite(name, getattr(self, name)))
        if not isinstance(self.column, str):
            raise ValueError(f"column must be the name of a column, not {self.column!r}")
        if self.low >= self.high:
            raise ValueError(f"low must be less than high, not {self.low!r} and {self.high!r}")

    def progress(self, step: int, means: Mapping[str, float]) -> float:
        mean = means.get(self.column, math.nan)
        return 0.0 if math.isnan(mean) else (mean - self.low) / (self.high - self.low)


_LARGEST = sys.float_info.max
KINDS: dict[str, type[Schedule]] = {"linear": Linear, "cosine": Cosine, "follow": Follow}


def linear(start: float, end: float, *, steps: int, begin: int = 0) -> Linear:
    """A weight that moves in a straight line over training steps."""
    return Linear(start, end, steps, begin)


def cosine(start: float, end: float, *, steps: int, begin: int = 0) -> Cosine:
    """A weight that moves along half a cosine wave over training steps."""
    return Cosine(start, end, steps, begin)


def follow(start: float, end: float, *, column: str, low: float, high: float) -> Follow:
    """A weight that follows the mean of another column."""
    return Follow(start, end, column, low, high)


def weight_at(weight: float | Schedule, step: int, means: Mapping[str, float]) -> float:
    """A weight as a number."""
    return weight.at(step, means) if isinstance(weight, Schedule) else weight


def parse_weight(value: object) -> float | Schedule:
    """A weight from TOML: a number or a table with ``schedule``.

    Raises:
        ValueError: it is neither, or the schedule's arguments are off.
    """
    if isinstance(value, Schedule):
        return value
    if not isinstance(value, Mapping):
        return _finite("weight", value)
    given = dict(value)
    kind = given.pop("schedule", None)
    if not isinstance(kind, str) or kind not in KINDS:
        hint = did_you_mean(str(kind), KINDS)
        raise ValueError(f"schedule must be one of {', '.join(KINDS)}, not {kind!r}{hint}")
    known = {item.name: item.default is MISSING for item in fields(KINDS[kind])}
    wrong = [f"has no {name!r}{did_you_mean(name, known)}" for name in given if name not in known]
    wrong += [f"needs {name!r}" for name, needed in known.items() if needed and name not in given]
    if wrong:
        raise ValueError(f"schedule {kind!r} {'; '.join(wrong)}")
    return KINDS[kind](**given)


def _finite(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_LARGEST <= value <= _LARGEST:
        raise ValueError(f"{name} must be a finite number, not {value!r}")
    return float(value) + 0.0  # no -0.0: equal recipes have one fingerprint
