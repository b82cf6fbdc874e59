"""avg@k and pass@k: what k samples of a question are worth, from the n there are."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from jeoul.errors import UsageError
from jeoul.evals.statistics.errors import sampling_variance
from jeoul.evals.statistics.estimates import Estimate, IntervalMethod, summarise
from jeoul.evals.statistics.samples import Floats, Scores, check_k, question_means, read_scores

__all__ = ["avg_at_k", "pass_at_k", "pass_probability", "pass_values"]


def avg_at_k(
    scores: Scores,
    k: int | None = None,
    *,
    asked: int | None = None,
    level: float = 0.95,
    interval: IntervalMethod = "auto",
    seed: int = 0,
) -> Estimate:
    """Mean score of a sample: per question over the samples that are there, then over questions.

    All n samples are used, not the first k: the mean of every choice of k of them is the same. A question with fewer
    than ``k`` samples (default 1) does not count. ``asked`` is how many were asked of each question (default: the most
    that one has), for the count of the missing. Any metric: correctness, length, reward. Range: that of the scores.

    >>> found = avg_at_k([[1, 0, None, None], [1, 1, 1, 0]])
    >>> found.estimate, found.n, found.samples, found.samples_missing, found.total_error
    (0.625, 2, 6, 2, 0.125)
    """
    table_QK, counts_Q, most = _read(scores, asked)
    enough_Q = counts_Q >= (1 if k is None else check_k(k))
    means_Q = np.where(enough_Q, question_means(table_QK), np.nan)
    variance_Q = sampling_variance(table_QK)
    return summarise(means_Q, variance_Q, counts_Q, most, level=level, interval=interval, seed=seed)


def pass_at_k(
    scores: Scores,
    k: int,
    *,
    asked: int | None = None,
    level: float = 0.95,
    interval: IntervalMethod = "auto",
    seed: int = 0,
) -> Estimate:
    """Chance that at least one of k samples is right, mean over questions; scores are 0 or 1.

    Per question :func:`pass_probability`. Its variance from sampling is estimated without bias by
    ``(C(n−c,k)/C(n,k))² − C(n−c,2k)/C(n,2k)``, which needs n ≥ 2k (else ``sampling_error`` is NaN): both are unbiased
    for (1−p)^2k, the second from disjoint samples. Range 0 to 1; NaN where no question has k samples.
    Source: Chen et al. 2021 (arXiv 2107.03374).

    >>> pass_at_k([[1] + [0] * 15, [0] * 16], 16).estimate
    0.5
    """
    table_QK, counts_Q, most = _read(scores, asked)
    right_Q = _right(table_QK)
    values_Q = _by_question(pass_probability, counts_Q, right_Q, check_k(k))
    variance_Q = _by_question(_pass_variance, counts_Q, right_Q, k)
    return summarise(values_Q, variance_Q, counts_Q, most, level=level, interval=interval, seed=seed)


def pass_values(scores: Scores, k: int) -> Floats:
    """:func:`pass_probability` of each question, in the order of ``scores``; NaN for a question with fewer than k.

    >>> pass_values([[1, 0, 0], [1, None, None]], 2).round(3).tolist()
    [0.667, nan]
    """
    table_QK, counts_Q, _ = _read(scores, None)
    return _by_question(pass_probability, counts_Q, _right(table_QK), check_k(k))


def _right(table_QK: Floats) -> Floats:
    odd = ~np.isnan(table_QK) & (table_QK != 0) & (table_QK != 1)
    if odd.any():
        raise UsageError(f"pass@k is for scores 0 and 1; found {table_QK[odd][0]:g}. Write a threshold: score >= 1")
    return np.asarray(np.nansum(table_QK, axis=1), dtype=np.float64)


def pass_probability(n: int, c: int, k: int) -> float:
    """pass@k of one question: ``1 − C(n−c,k)/C(n,k)``, the share of choices of k of n samples with one of the c right.

    Without replacement, so that n = 16, c = 1, k = 16 gives 1; ``1 − (1 − c/n)^k`` would give .644. NaN for n < k.

    >>> pass_probability(16, 1, 16), pass_probability(4, 2, 1), pass_probability(4, 1, 5)
    (1.0, 0.5, nan)
    """
    if not 0 <= c <= n:
        raise UsageError(f"{c} right of {n} samples; expected 0 ≤ right ≤ samples")
    if n < check_k(k):
        return math.nan
    return 1 - math.comb(n - c, k) / math.comb(n, k)


def _pass_variance(n: int, c: int, k: int) -> float:
    if n < 2 * k:
        return math.nan
    none_right = math.comb(n - c, k) / math.comb(n, k)
    return max(0.0, none_right**2 - math.comb(n - c, 2 * k) / math.comb(n, 2 * k))


def _by_question(formula: Callable[[int, int, int], float], counts_Q: Floats, right_Q: Floats, k: int) -> Floats:
    """``formula(n, c, k)`` for each question; equal (n, c) are computed once."""
    pairs, places = np.unique(np.stack([counts_Q, right_Q], axis=1).astype(int), axis=0, return_inverse=True)
    return np.array([formula(int(n), int(c), k) for n, c in pairs])[places.reshape(-1)]


def _read(scores: Scores, asked: int | None) -> tuple[Floats, Floats, int]:
    table_QK = read_scores(scores)
    counts_Q = np.count_nonzero(~np.isnan(table_QK), axis=1).astype(np.float64)
    most = table_QK.shape[1] if asked is None else check_k(asked)
    if counts_Q.max() > most:
        raise UsageError(f"asked is {most}, but a question has {int(counts_Q.max())} samples; write asked=None or more")
    return table_QK, counts_Q, most
