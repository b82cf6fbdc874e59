"""Rewards that run in this process: models in batches of like length, and anything with ``workers=0``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jeoul.rewards.engine.outcomes import Outcome, call_reward
from jeoul.rewards.tables.status import Status

__all__ = ["run_batches", "run_inline"]

Unit = tuple[Any, ...]
Done = Callable[[int, list[Outcome]], None]
Call = Callable[[dict[str, Any]], Any]


def run_inline(call: Call, names: Sequence[str], units: Sequence[Unit], grouped: bool, done: Done) -> None:
    """One unit after another in this process: no deadline, nothing to start."""
    for index, unit in enumerate(units):
        if grouped:
            done(index, call_reward(call, dict(zip(names, unit, strict=True)), len(unit[0])))
        else:
            done(index, call_reward(call, {name: [value] for name, value in zip(names, unit, strict=True)}, 1))


def run_batches(call: Call, names: Sequence[str], units: Sequence[Unit], size: int, done: Done) -> None:
    """Batches of ``size`` units of like length, longest first: the first batch shows whether memory suffices.

    A batch that fails is scored again one by one, so that a cell fails alone.
    """
    order = sorted(range(len(units)), key=lambda index: -_length(units[index]))
    for start in range(0, len(order), size):
        batch = order[start : start + size]
        data = {name: [units[index][position] for index in batch] for position, name in enumerate(names)}
        outcomes = call_reward(call, data, len(batch))
        if len(batch) > 1 and all(outcome.status == Status.error for outcome in outcomes):
            singly = ({name: [value] for name, value in zip(names, units[index], strict=True)} for index in batch)
            outcomes = [call_reward(call, one, 1)[0] for one in singly]
        for index, outcome in zip(batch, outcomes, strict=True):
            done(index, [outcome])


def _length(unit: Unit) -> int:
    return sum(len(value) for value in unit if isinstance(value, str))
