"""Every reward as an ``evaluate.Metric`` of Hugging Face."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jeoul.errors import UsageError, listed
from jeoul.rewards.engine.scoring import DEADLINE
from jeoul.rewards.recipes.column import Column, use
from jeoul.rewards.recipes.settings import parse_limit
from jeoul.units import Duration

if TYPE_CHECKING:
    from jeoul.evals.reward_metric import RewardMetric

__all__ = ["as_metric"]


def as_metric(
    column: Any,
    *,
    per_sample: bool = False,
    workers: int | None = None,
    deadline: Duration = DEADLINE,
    **evaluate_options: Any,
) -> RewardMetric:
    """A reward as an ``evaluate.Metric``, for ``evaluate.combine``, evaluators and whatever else takes one.

    Its inputs are ``predictions`` for the completions, and the reward's data by the names the column gives them. The
    first one that the reward needs is ``references`` where the column says nothing else; one that it does not need
    (``reason`` of ``contest_score``) is an input where the column names it: ``contest_score(reason="reasons")``.

    Args:
        column: a reward's name, a reward, a function, or a column with its options: ``rouge1(measure="recall")``.
        per_sample: give the value of each completion too, and why (``compute`` of ``evaluate.combine`` hands every
            option to every metric, so it is said here).
        workers: processes for pure-Python rewards; 0 runs them in this one, without deadline.
        deadline: the time one completion may take.
        evaluate_options: of ``evaluate.Metric``: ``keep_in_memory=False``, ``cache_dir``, ``experiment_id``,
            ``num_process``, ``process_id``. Other than there, predictions are kept in memory unless you say so or there
            are several processes: no file, no lock, no folder in a home that may be read-only.

    Returns:
        A metric whose ``compute`` gives, for a column ``NAME``: ``NAME`` the mean over the completions it applies to
        (NaN where there are none), ``NAME_n`` how many those are, ``NAME_missing`` to how many it does not apply,
        ``NAME_failed`` in how many cells it failed; with ``per_sample`` also ``NAME_scores`` (None where there is none)
        and ``NAME_reasons``. n + missing + failed is the number of predictions, but that a failed cell to which the
        column's ``on_error`` gives a number counts in n as well.

    Raises:
        UsageError: there is no such reward, or its options are wrong.

    >>> from jeoul import exact_match
    >>> metric = as_metric(exact_match(ignore_case=True), workers=0)
    >>> metric.compute(predictions=["Paris", "Lyon", "Bonn"], references=["paris", "Nice", None])
    {'exact_match': 0.5, 'exact_match_n': 2, 'exact_match_missing': 1, 'exact_match_failed': 0}
    """
    import evaluate  # takes 5 s

    from jeoul.evals.reward_metric import RewardMetric

    if not isinstance(column, Column):
        column = use(column)
    known = inspect.signature(evaluate.Metric).parameters
    if wrong := [name for name in evaluate_options if name not in known or name == "config_name"]:
        example = f'as_metric(use("{column.name}", {wrong[0]}=…))'
        raise UsageError(f"as_metric has no option {wrong[0]!r}; options of the reward belong to the column: {example}")
    if needed := [str(getattr(other, "name", other)) for other in column.references()]:
        raise UsageError(
            f"{column.name} depends on other columns ({listed(needed)}), and a metric is made of one; score the recipe"
        )
    try:
        limit = parse_limit(deadline)
    except ValueError as error:
        raise UsageError(f"deadline {error}") from None
    evaluate_options.setdefault("keep_in_memory", evaluate_options.get("num_process", 1) == 1)
    return RewardMetric(replace(column, weight=1.0, monitored=False), per_sample, workers, limit, evaluate_options)
