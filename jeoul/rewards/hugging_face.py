"""Any metric of Hugging Face ``evaluate`` as a reward."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from jeoul.errors import UsageError
from jeoul.rewards._hugging_face import MetricOption, find_metric, metric_versions, missing_inputs
from jeoul.rewards.registry import reward
from jeoul.rewards.scores import does_not_apply

__all__ = ["evaluate_metric"]


@reward(
    reference="the metric's own; Hugging Face evaluate calls it",
    cost="medium",
    batch=32,
    hacks=(
        "whatever games the metric: most were made to compare systems over a corpus, not to be climbed",
        "a corpus metric (BLEU) called on one text: zero without a shared four words, so no slope to climb",
    ),
    versions=metric_versions,
)
class evaluate_metric:  # noqa: N801  # a reward's name is its function's
    """What a metric of Hugging Face ``evaluate`` gives each completion.

    A metric that gives one number for its whole input is called once for each completion, alone. One that gives a list
    (``rouge`` with ``use_aggregator=False``, ``bertscore``) may be called for a batch at once: ``per_sample=True``.
    For the one number over all completions, which is what BLEU and the like are defined as, see
    :func:`jeoul.evals.corpus.corpus_figure`.

    The metric's inputs are data columns by their own names: ``references="answer"``, ``sources="question"``. It runs in
    this process, in memory, with the same random seed at every call. Its script is code of others that is executed, as
    ``evaluate.load`` does.

    Args:
        metric: path of its script (``metrics/bleu`` or ``metrics/bleu/bleu.py``), its name on the hub (needs a network
            the first time), or in Python an ``evaluate.Metric``.
        key: which of its results; needed where there are several.
        per_sample: the result is a list with one number a completion, for any number of them.
        completions_as: the input that completions are; default ``predictions``, or the only one.
        config: name of the metric's configuration, for ``evaluate.load``.
        arguments: further arguments of its ``compute``.

    Range and unit are the metric's (sacrebleu counts to 100). NaN ("does not apply"): an input of the row is None or
    NaN, or the metric gives None or NaN. What the metric raises is the cell's error.

    >>> evaluate_metric(metric="rouge", key="rougeL", references="solution")
    evaluate_metric(references='solution', metric='rouge', key='rougeL')
    """

    def __init__(
        self,
        *,
        metric: Annotated[Any, MetricOption()],
        key: str | None = None,
        per_sample: bool = False,
        completions_as: str | None = None,
        config: str | None = None,
        arguments: dict[str, Any] | None = None,
    ) -> None:
        self.metric = find_metric(metric, config)
        self.metric.completions_input(completions_as)
        self.metric.check_arguments(arguments or {})
        self.key, self.per_sample, self.completions_as = key, per_sample, completions_as
        self.arguments = arguments or {}

    def __call__(
        self, completions: list[str], references: list[Any] | None = None, **columns: Any
    ) -> list[float | None]:
        inputs = self.metric.columns(self.completions_as, completions, columns | {"references": references})
        missing = missing_inputs(inputs)
        rows = [row for row, name in enumerate(missing) if not name]
        scores: list[float | None] = [does_not_apply(f"no {name}") if name else None for name in missing]
        groups = [rows] if self.per_sample and rows else [[row] for row in rows]
        for group in groups:
            values = self._values({name: [column[row] for row in group] for name, column in inputs.items()}, len(group))
            for row, value in zip(group, values, strict=True):
                scores[row] = value
        return scores

    def _values(self, inputs: Mapping[str, list[Any]], count: int) -> list[float]:
        value = self.metric.read(self.metric.compute(inputs, self.arguments), self.key)
        if isinstance(value, float) and count == 1:
            return [value]
        if isinstance(value, list) and len(value) == count:
            return value
        gave = f"{len(value)} values" if isinstance(value, list) else f"one {type(value).__name__}"
        hint = "; per_sample=True is for metrics that give a list" if self.per_sample else ""
        raise UsageError(f"{self.metric.name} gave {gave} for {count} completions{hint}")
