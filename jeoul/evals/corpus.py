"""One figure over all completions, by a metric of Hugging Face ``evaluate``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jeoul.errors import DataError, JeoulError, UsageError
from jeoul.rewards._hugging_face import Metric, find_metric, metric_versions, missing_inputs
from jeoul.rewards.tables.table import RewardTable
from jeoul.rollouts import Rollouts

__all__ = ["CorpusFigure", "corpus_figure"]


@dataclass(frozen=True)
class CorpusFigure:
    """What a metric gives for all completions together.

    Attributes:
        metric: its name.
        key: which of its results; None for the only one.
        value: the figure; NaN where no row could be counted.
        n: completions it was computed over.
        missing: completions left out, because an input of theirs is None or NaN.
        versions: of evaluate and of the metric's script.
    """

    metric: str
    key: str | None
    value: float
    n: int
    missing: int
    versions: Mapping[str, str]


def corpus_figure(
    metric: Any,
    rollouts: Any,
    *,
    key: str | None = None,
    completions_as: str | None = None,
    config: str | None = None,
    arguments: Mapping[str, Any] | None = None,
    **columns: str,
) -> CorpusFigure:
    """A metric's one number over all completions: corpus BLEU is not the mean of its values for single ones.

    Args:
        metric: path of the metric's script, its name on the hub, or an ``evaluate.Metric``.
        rollouts: a reward table, :class:`Rollouts`, or whatever :meth:`Rollouts.of` reads.
        key: which of the metric's results; needed where there are several.
        completions_as: the metric's input that completions are; default ``predictions``, or the only one.
        config: name of the metric's configuration, for ``evaluate.load``.
        arguments: further arguments of its ``compute``.
        columns: the metric's input → column of the data, where the names differ: ``references="answer"``.

    Raises:
        UsageError: there is no such metric, input or result, or the result is no number.
        DataError: the data has no such column, or the metric fails on what is in it.
    """
    found = find_metric(metric, config)
    data = rollouts.rollouts if isinstance(rollouts, RewardTable) else Rollouts.of(rollouts)
    found.check_arguments(arguments or {})
    own = found.completions_input(completions_as)
    if wrong := [name for name in columns if name not in found.inputs or name == own]:
        raise UsageError(f"{found.name} has no input {wrong[0]!r} to give a column; it takes {found.inputs}")
    others = {name: columns.get(name, name) for name in found.inputs if name != own}
    given = {name: data.column(column) for name, column in others.items() if name in columns or column in data.columns}
    inputs = found.columns(completions_as, data.texts, given)
    missing = missing_inputs(inputs)
    rows = [row for row, name in enumerate(missing) if not name]
    value: Any = math.nan
    if rows:
        chosen = {name: [column[row] for row in rows] for name, column in inputs.items()}
        value = found.read(_computed(found, chosen, arguments or {}), key)
    if not isinstance(value, float):
        raise UsageError(
            f"{found.name} gives {key or 'a result'} as a {type(value).__name__}, not as one number: for the value of "
            f"each completion use the reward evaluate_metric"
        )
    return CorpusFigure(found.name, key, value, len(rows), len(missing) - len(rows), metric_versions(metric, config))


def _computed(metric: Metric, columns: Mapping[str, list[Any]], arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return metric.compute(columns, arguments)
    except JeoulError:
        raise
    except Exception as error:  # whatever the metric raises
        raise DataError(f"{metric.name} fails on these completions: {type(error).__name__}: {error}") from error
