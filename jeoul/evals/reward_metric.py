"""The ``evaluate.Metric`` that a reward becomes."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import datasets
import evaluate

from jeoul.errors import DataError, UsageError, listed
from jeoul.rewards.recipes.column import Column
from jeoul.rewards.recipes.recipe import Recipe
from jeoul.rewards.tables.status import FAILED, Status
from jeoul.rollouts import Rollouts
from jeoul.units import Duration

__all__ = ["RewardMetric", "inputs_of"]

PREDICTIONS, REFERENCES = "predictions", "references"


def inputs_of(column: Column) -> dict[str, str]:
    """Data argument of the reward → name of the metric's input.

    >>> from jeoul import exact_match, tagged
    >>> inputs_of(exact_match())
    {'completions': 'predictions', 'answer': 'references'}
    >>> inputs_of(exact_match(answer="gold")), inputs_of(tagged())
    ({'completions': 'predictions', 'answer': 'gold'}, {'completions': 'predictions'})
    """
    assert column.reward is not None
    inputs = {"completions": column.data.get("completions", PREDICTIONS)} | dict(column.data)
    for argument, required in column.reward.signature.data.items():
        if required and argument not in inputs:
            free = argument != "prompts" and REFERENCES not in inputs.values()
            inputs[argument] = REFERENCES if free else argument
    if column.reward.scope == "group":
        inputs.setdefault("prompts", "prompts")
    return inputs


class RewardMetric(evaluate.Metric):  # type: ignore[misc]  # evaluate has no types
    """A reward as evaluate sees it; :func:`~jeoul.evals.metrics.as_metric` makes it.

    Inputs are kept as JSON in string features: one column of Arrow holds a text, a list of texts, a number or None only
    if all its rows do, and no text with half a surrogate pair; a reward takes any of them.
    """

    def __init__(
        self, column: Column, per_sample: bool, workers: int | None, deadline: Duration, options: Mapping[str, Any]
    ) -> None:
        self.column, self.per_sample, self.workers, self.deadline = column, per_sample, workers, deadline
        self.inputs = inputs_of(column)
        self.options = dict(options)
        super().__init__(config_name=column.name, **options)

    def _info(self) -> evaluate.MetricInfo:
        reward = self.column.reward
        assert reward is not None
        text = inspect.getdoc(reward.function) or ""
        return evaluate.MetricInfo(
            description=text,
            citation=reward.source,
            inputs_description=_inputs_text(self.column, self.inputs),
            features=datasets.Features({name: datasets.Value("string") for name in self.inputs.values()}),
        )

    def _build_data_dir(self) -> str:
        self._module_info.module_name = self.column.name
        if self.keep_in_memory:  # evaluate would make an empty folder in the user's home
            return os.path.join(self._data_dir_root, self.name)
        return str(super()._build_data_dir())

    def add_batch(self, *, predictions: Any = None, references: Any = None, **columns: Any) -> None:
        """Add a batch of predictions with their references, and other inputs by name."""
        batch = self._chosen({PREDICTIONS: predictions, REFERENCES: references, **columns})
        encoded = {name: [self._encoded(cell, name, row) for row, cell in enumerate(batch[name])] for name in batch}
        lengths = {name: len(cells) for name, cells in encoded.items()}
        if len(set(lengths.values())) > 1:
            raise DataError(f"{self.column.name}: the inputs have different lengths: {lengths}")
        super().add_batch(**encoded)

    def add(self, *, prediction: Any = None, reference: Any = None, **cells: Any) -> None:
        """Add one prediction with its reference, and other inputs by name."""
        example = self._chosen({PREDICTIONS: prediction, REFERENCES: reference, **cells}, one=True)
        encoded = {name: self._encoded(cell, name, len(self)) for name, cell in example.items()}
        super().add(prediction=encoded.pop(PREDICTIONS, None), reference=encoded.pop(REFERENCES, None), **encoded)

    def _chosen(self, given: Mapping[str, Any], one: bool = False) -> dict[str, Any]:
        names = list(self.inputs.values())
        absent = [name for name in names if name not in given or (given[name] is None and not one)]
        if absent:
            raise UsageError(f"{self.column.name} needs {listed(names)}; {listed(absent)} is missing")
        if wrong := [name for name in given if name not in names and name != REFERENCES]:
            raise UsageError(f"{self.column.name} takes {listed(names)}, not {wrong[0]!r}")
        return {name: given[name] for name in names}

    def _encoded(self, cell: Any, name: str, row: int) -> str:
        if name == self.inputs["completions"] and not isinstance(cell, str):
            raise DataError(f"{name}, row {row}: a completion is text, not {cell!r:.80}")
        try:
            return json.dumps(cell, default=_listed_array)
        except (TypeError, ValueError, RecursionError) as error:
            raise DataError(f"{name}, row {row}: holds what is no JSON value: {error}") from None

    def _compute(self, **given: Any) -> dict[str, Any]:
        assert self.column.reward is not None
        signature = self.column.reward.signature
        for name in given:  # what else is here, evaluate.combine meant for another metric
            if name not in self.features and (name in signature.options or name in ("per_sample", *signature.data)):
                raise UsageError(f"{name!r} belongs to the column, not to compute: as_metric(use(…, {name}=…))")
        name = self.column.name
        columns = {name: [json.loads(cell) for cell in given[name]] for name in self.features}
        if not columns[self.inputs["completions"]]:
            summary = {name: float("nan"), f"{name}_n": 0, f"{name}_missing": 0, f"{name}_failed": 0}
            return summary | ({f"{name}_scores": [], f"{name}_reasons": []} if self.per_sample else {})
        return self._scored(columns)

    def _scored(self, columns: Mapping[str, list[Any]]) -> dict[str, Any]:
        data = {name: value for name, value in self.inputs.items() if name not in (value, "completions")}
        column = replace(self.column, data=data)
        prompt = self.inputs.get("prompts")
        rollouts = Rollouts.of(columns, completion=self.inputs["completions"], prompt=prompt)
        table = Recipe(column).score(rollouts, workers=self.workers, deadline=self.deadline)
        at, name = table.index(self.column.name), self.column.name
        values = [None if value != value else value for value in table.column(name).tolist()]
        present = [value for value in values if value is not None]
        status = table.status[:, at].tolist()
        result: dict[str, Any] = {
            name: sum(present) / len(present) if present else float("nan"),
            f"{name}_n": len(present),
            f"{name}_missing": status.count(Status.not_applicable),
            f"{name}_failed": sum(status.count(failed) for failed in FAILED),
        }
        if self.per_sample:
            result |= {f"{name}_scores": values, f"{name}_reasons": [row[at] for row in table.reason]}
        return result

    def __reduce__(self) -> Any:
        if len(self):
            raise UsageError(f"{self.column.name}: compute() what was added before the metric is sent or copied")
        return RewardMetric, (self.column, self.per_sample, self.workers, self.deadline, self.options)


def _listed_array(cell: Any) -> Any:
    if hasattr(cell, "tolist"):  # numpy, torch
        return cell.tolist()
    raise TypeError(f"{type(cell).__name__} {cell!r:.80}")


def _inputs_text(column: Column, inputs: Mapping[str, str]) -> str:
    """What goes in and comes out, for ``metric.inputs_description`` and the docstring of ``compute``."""
    assert column.reward is not None
    lines = ["", "Args:"]
    for argument, name in inputs.items():
        what = "texts of the model" if argument == "completions" else f"{argument} of each, any JSON value"
        lines.append(f"    {name}: {what}")
    name, about = column.name, column.reward
    span = f", from {about.range[0]:g} to {about.range[1]:g}" if about.range else ""
    unit = f" {about.unit}" if about.unit else ""
    lines += [
        "Returns:",
        f"    {name}: mean{span}{unit}, over the predictions it applies to; NaN if there are none",
        f"    {name}_n, {name}_missing, {name}_failed: predictions it applies to, does not apply to, failed on",
        f"Made of: {column!r}",
    ]
    return "\n".join(lines)
