"""Claims about algorithms: training seed → question → sample, for A and B."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from jeoul.errors import UsageError
from jeoul.evals.statistics.intervals import NOTHING, Interval
from jeoul.evals.statistics.samples import Floats, check_level, question_means, read_scores

__all__ = ["AlgorithmComparison", "compare_algorithms"]


@dataclass(frozen=True, slots=True)
class AlgorithmComparison:
    """Algorithm B against algorithm A: other seeds *and* other questions could have been drawn."""

    estimate: float
    n: int
    """Questions that every run of both has."""
    n_missing: int
    """Questions left out."""
    seeds_a: int
    seeds_b: int
    interval: Interval
    level: float
    method: str
    total_error: float
    seed_error: float
    """From training seeds alone (the same questions): what more runs would shrink."""
    question_error: float
    """From questions alone (the same runs)."""
    df: float
    p: float


def compare_algorithms(a: Sequence[Any], b: Sequence[Any], *, level: float = 0.95) -> AlgorithmComparison:
    """Compare training algorithms by several runs each, one a training seed.

    ``a`` and ``b`` are lists of runs, each run the scores [questions × samples] of the same questions.

    Random effects, crossed: ``y_sq = μ + seed_s + question_q + rest_sq`` for each algorithm, where samples are averaged
    into y and their noise is part of the rest. The estimate is the difference of the means; its variance is that of
    seed means, ``Σ_x var_s(ȳ_s)/S_x``, plus that of question differences, ``var_q(d̄_q)/Q``, less the rest that both
    hold, ``Σ_x MS_rest/(S_x·Q)``, and never less than the larger of the two; t with Satterthwaite's degrees of freedom.
    A t interval over questions alone speaks of two *models*: it takes the luck of a seed for the algorithm's merit.
    Two runs of each at least. Source: Satterthwaite 1946, Biometrics Bull. 2; Searle et al. 1992, Variance Components.

    >>> runs = [[[0, 1], [1, 1], [0, 0]], [[0, 0], [1, 1], [0, 1]]]
    >>> found = compare_algorithms(runs, [[[1, 1], [1, 1], [0, 1]], [[1, 0], [1, 1], [1, 1]]])
    >>> round(found.estimate, 3), found.seeds_a, found.n
    (0.333, 2, 3)
    """
    check_level(level)
    table_a, table_b = _runs(a, "A"), _runs(b, "B")
    if table_a.shape[1] != table_b.shape[1]:
        raise UsageError(f"runs of A have {table_a.shape[1]} questions, of B {table_b.shape[1]}; give the same ones")
    whole_Q = ~np.isnan(table_a).any(axis=0) & ~np.isnan(table_b).any(axis=0)
    missing = int(np.count_nonzero(~whole_Q))
    table_a, table_b = table_a[:, whole_Q], table_b[:, whole_Q]
    n = table_a.shape[1]
    if n < 2:
        raise UsageError(f"{n} questions are in every run of A and B; at least 2 are needed")
    d_Q = table_b.mean(axis=0) - table_a.mean(axis=0)
    parts = [_seed_parts(table) for table in (table_a, table_b)]
    variance, df = _variance(parts, float(d_Q.var(ddof=1)) / n, n)
    error, estimate = math.sqrt(variance), float(d_Q.mean())
    interval, p = _t(estimate, error, df, level)
    return AlgorithmComparison(
        estimate=estimate,
        n=n,
        n_missing=missing,
        seeds_a=len(table_a),
        seeds_b=len(table_b),
        interval=interval,
        level=level,
        method="random effects",
        total_error=error,
        seed_error=math.sqrt(sum(seeds for seeds, _, _ in parts)),
        question_error=math.sqrt(float(d_Q.var(ddof=1)) / n),
        df=df,
        p=p,
    )


def _runs(runs: Sequence[Any], what: str) -> Floats:
    """Per-question means [seeds × questions]; NaN where a run has no sample of a question."""
    if isinstance(runs, str) or not hasattr(runs, "__len__") or len(runs) < 2:
        raise UsageError(f"{what} needs two runs or more, each [questions × samples]: one run is a model, no algorithm")
    rows = []
    for place, run in enumerate(runs):
        table_QK = read_scores(run, f"run {place} of {what}")
        rows.append(question_means(table_QK))
    if len({len(row) for row in rows}) > 1:
        raise UsageError(f"the runs of {what} have {sorted({len(row) for row in rows})} questions; give the same ones")
    return np.stack(rows)


def _seed_parts(table_SQ: Floats) -> tuple[float, float, int]:
    """Variance of the mean from seeds, from the rest, and how many seeds."""
    seeds, n = table_SQ.shape
    means_S, means_Q = table_SQ.mean(axis=1), table_SQ.mean(axis=0)
    rest_SQ = table_SQ - means_S[:, None] - means_Q[None, :] + table_SQ.mean()
    rest = float((rest_SQ**2).sum()) / ((seeds - 1) * (n - 1))
    return float(means_S.var(ddof=1)) / seeds, rest / (seeds * n), seeds


def _variance(parts: list[tuple[float, float, int]], questions: float, n: int) -> tuple[float, float]:
    """Of the difference, with Satterthwaite's degrees of freedom: ``V²/Σ(part²/df)``."""
    seeds = sum(seed for seed, _, _ in parts)
    rest = sum(left for _, left, _ in parts)
    variance = max(seeds + questions - rest, seeds, questions)
    spread = sum(seed**2 / (count - 1) + left**2 / ((count - 1) * (n - 1)) for seed, left, count in parts)
    spread += questions**2 / (n - 1)
    return variance, variance**2 / spread if spread else math.nan


def _t(estimate: float, error: float, df: float, level: float) -> tuple[Interval, float]:
    if not error > 0:
        return NOTHING, math.nan
    from scipy.special import stdtr, stdtrit

    half = float(stdtrit(df, 0.5 + level / 2)) * error
    return (estimate - half, estimate + half), 2 * float(stdtr(df, -abs(estimate) / error))
