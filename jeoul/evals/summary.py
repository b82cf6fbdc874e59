"""The figures of a run: score, votes, length, truncation, form and the grader's health, each with its denominator."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from jeoul.evals.statistics.estimates import Estimate
from jeoul.evals.statistics.repeats import avg_at_k, pass_at_k
from jeoul.evals.statistics.voting import maj_at_k
from jeoul.evals.votes import vote_classes
from jeoul.rewards.code.outcomes import Kind
from jeoul.rewards.tables.status import FAILED, Status

if TYPE_CHECKING:
    from jeoul.evals.outputs import Outputs
    from jeoul.evals.protocols import Protocol
    from jeoul.evals.suites_rows import Problems
    from jeoul.rewards.tables.table import RewardTable

__all__ = [
    "BREAKDOWNS",
    "CODE_OUTCOMES",
    "CUT",
    "OUTCOMES",
    "UNSTATED",
    "Summary",
    "label_of",
    "natural_order",
    "outcomes_of",
    "summarise_run",
]

CUT = ("length", "max_tokens", "max_output_tokens", "model_length")
"""Values of ``finish_reason`` that say a completion was cut."""
BREAKDOWNS = ("subject", "level")
OUTCOMES = ("correct", "incorrect", "no_answer", "undecided", "gold_invalid")
CODE_OUTCOMES = ("no_code", *(str(kind) for kind in Kind if not kind.is_masked))
UNSTATED = ("no_answer", "no_code")
"""Outcomes that say that there was nothing to grade."""

ByProblem = dict[str, list[float]]


@dataclass(frozen=True)
class Summary:
    """What a run shows.

    Attributes:
        score: ``set@protocol``.
        problems: how many the suite has.
        answered: how many have a sample.
        asked: samples asked of each.
        samples: how many are there.
        missing: ``problems · asked − samples``; they are missing, not wrong.
        figures: name → :class:`~jeoul.evals.statistics.Estimate`; the first is the score itself.
        absent: name → why a figure is not there.
        breakdowns: subject, level, length → value → Estimate of the score.
        grader: samples by the grader's outcome, and cells that failed by their status.
    """

    score: str
    problems: int
    answered: int
    asked: int
    samples: int
    missing: int
    figures: Mapping[str, Estimate] = field(repr=False)
    absent: Mapping[str, str] = field(repr=False)
    breakdowns: Mapping[str, Mapping[str, Estimate]] = field(repr=False)
    grader: Mapping[str, int] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it; NaN is for the writer to make null."""
        return asdict(self)


def summarise_run(table: RewardTable, outputs: Outputs, problems: Problems, protocol: Protocol) -> Summary:
    """The figures of a scored run. Rows of ``table`` are those of ``outputs``, in order."""
    suite = problems.suite
    made = _Figures([row["id"] for row in problems.rows], [row.problem for row in outputs.rows], outputs.asked)
    score = table.column(suite.score)
    figures: dict[str, Estimate] = {}
    absent: dict[str, str] = {}
    name = "accuracy" if outputs.asked == 1 else f"avg@{outputs.asked}"
    figures[name] = made.mean(score)
    if suite.bug:
        figures["bug"] = made.mean(1 - table.column(suite.bug))
    _repeats(figures, absent, made, table, outputs, problems, protocol)
    _lengths(figures, absent, made, outputs, protocol)
    if suite.form:
        figures["form"] = made.mean(table.column(suite.form))
    else:
        absent["form"] = "the suite names no column for the form"
    outcomes = outcomes_of(table, suite.score)
    if any(outcomes):
        said = [math.nan if not outcome else float(outcome not in UNSTATED) for outcome in outcomes]
        figures["extracted"] = made.mean(np.array(said))
    else:
        absent["extracted"] = f"the column {suite.score} does not say where it found an answer"
    return Summary(
        score=f"{suite.name}@{protocol.name}",
        problems=len(problems),
        answered=len({row.problem for row in outputs.rows}),
        asked=outputs.asked,
        samples=len(outputs.rows),
        missing=len(problems) * outputs.asked - len(outputs.rows),
        figures=figures,
        absent=absent,
        breakdowns=_breakdowns(made, score, problems, outputs),
        grader=_health(table, suite.score, outcomes),
    )


class _Figures:
    """Values of samples by problem, where a problem without samples counts as missing."""

    def __init__(self, ids: Sequence[str], owners: Sequence[str], asked: int) -> None:
        self.ids, self.owners, self.asked = ids, owners, asked

    def by_problem(self, values: Any, ids: Sequence[str] | None = None) -> ByProblem:
        made: ByProblem = {one: [] for one in (self.ids if ids is None else ids)}
        for owner, value in zip(self.owners, values, strict=True):
            if owner in made:
                made[owner].append(float(value))
        return made

    def mean(self, values: Any, ids: Sequence[str] | None = None) -> Estimate:
        """Mean over problems of the mean over their samples."""
        return avg_at_k(self.by_problem(values, ids), asked=self.asked)


def _repeats(
    figures: dict[str, Estimate],
    absent: dict[str, str],
    made: _Figures,
    table: RewardTable,
    outputs: Outputs,
    problems: Problems,
    protocol: Protocol,
) -> None:
    """pass@k and maj@k for the protocol's k, and for all samples."""
    name = problems.suite.score
    score = table.column(name)
    ks = sorted({k for k in (*protocol.ks, outputs.asked) if 1 < k <= outputs.asked})
    if not ks:
        return
    if np.isin(score[~np.isnan(score)], (0, 1)).all():
        figures |= {f"pass@{k}": pass_at_k(made.by_problem(score), k, asked=outputs.asked) for k in ks}
    else:
        absent["pass@k"] = f"{name} gives more than 0 and 1"
    answers = {row["id"]: row.get("answer") for row in problems.rows}
    owners = [row.problem for row in outputs.rows]
    completions, golds = [row.completion for row in outputs.rows], [answers[owner] for owner in owners]
    classes = vote_classes(table.recipe[name], completions, owners, score.tolist(), golds)
    if classes is None:
        absent["maj@k"] = f"equal answers are told from others for math_correct, and not for {name}"
        return
    classes = {one: classes.get(one, []) for one in made.ids}
    figures |= {f"maj@{k}": maj_at_k(made.by_problem(score), classes, k) for k in ks}


def _lengths(
    figures: dict[str, Estimate], absent: dict[str, str], made: _Figures, outputs: Outputs, protocol: Protocol
) -> None:
    """Length, exceeding and truncation: of those samples that say it."""
    figures["characters"] = made.mean(np.array([float(len(row.completion)) for row in outputs.rows]))
    tokens = np.array([math.nan if row.completion_tokens is None else row.completion_tokens for row in outputs.rows])
    exceed = f"exceed@{protocol.exceed}"
    if np.isnan(tokens).all():
        absent |= dict.fromkeys(("tokens", exceed), "no row has completion_tokens")
    else:
        figures["tokens"] = made.mean(tokens)
        figures[exceed] = made.mean(np.where(np.isnan(tokens), np.nan, tokens > protocol.exceed))
    cut = [math.nan if row.finish_reason is None else float(row.finish_reason in CUT) for row in outputs.rows]
    if np.isnan(cut).all():
        absent["truncated"] = "no row has finish_reason"
    else:
        figures["truncated"] = made.mean(np.array(cut))


def outcomes_of(table: RewardTable, name: str) -> list[str]:
    """The first word of each reason, where it is an outcome of math_correct or of a code reward; else ""."""
    index = table.index(name)
    words = [reasons[index].partition(":")[0] for reasons in table.reason]
    known = {*OUTCOMES, *CODE_OUTCOMES}
    return [word if word in known else "" for word in words]


def _health(table: RewardTable, name: str, outcomes: Sequence[str]) -> dict[str, int]:
    counts = Counter(outcome for outcome in outcomes if outcome)
    index = table.index(name)
    failed = {status.name: int((table.status[:, index] == status).sum()) for status in FAILED}
    silent = int((table.status[:, index] == Status.not_applicable).sum())
    programs = {f"{name} (program)" if name in failed else name: count for name, count in counts.items()}
    return {**programs, **failed, "not_applicable": silent}


def _breakdowns(made: _Figures, score: Any, problems: Problems, outputs: Outputs) -> dict[str, dict[str, Estimate]]:
    found: dict[str, dict[str, Estimate]] = {}
    for name in BREAKDOWNS:
        groups: dict[str, list[str]] = {}
        for row in problems.rows:
            if name in row:
                groups.setdefault(label_of(row[name]), []).append(row["id"])
        if len(groups) > 1:
            found[name] = {label: made.mean(score, ids) for label, ids in sorted(groups.items(), key=natural_order)}
    lengths = np.array([len(row.completion) for row in outputs.rows])
    bounds = [int(bound) for bound in np.quantile(lengths, (0.25, 0.5, 0.75))]
    if len(set(bounds)) == 3:
        edges = [0, *bounds, int(lengths.max()) + 1]
        found["length"] = {
            f"{low:,}–{high - 1:,} characters": _only_these(
                made.mean(np.where((lengths >= low) & (lengths < high), score, np.nan))
            )
            for low, high in pairwise(edges)
        }
    return found


def _only_these(estimate: Estimate) -> Estimate:
    """Samples of other lengths are not missing."""
    return replace(estimate, n_missing=0, samples_missing=0)


def label_of(value: Any) -> str:
    """The name of a group in a breakdown."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def natural_order(item: tuple[str, Any]) -> tuple[float, str]:
    """Sorts groups by their names: numbers as numbers, and first."""
    try:
        return float(item[0]), ""
    except ValueError:
        return math.inf, item[0]
