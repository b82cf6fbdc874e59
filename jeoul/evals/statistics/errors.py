"""The two standard errors of a score: of the whole, and of sampling alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from jeoul.evals.statistics.samples import Floats, Scores, divided, read_scores

__all__ = ["StandardErrors", "question_variance", "sampling_variance", "standard_errors"]


@dataclass(frozen=True, slots=True)
class StandardErrors:
    """``total``: how the score would differ with other questions like these; ``sampling``: with other seeds only."""

    total: float
    sampling: float
    n: int
    """Questions that count: with one sample or more."""
    n_missing: int
    """Questions without a sample."""


def standard_errors(scores: Scores) -> StandardErrors:
    """The two standard errors of the mean over questions of the per-question mean.

    ``total = sd_q(mean_q)/√n`` (it holds the sampling error already), ``sampling = √(Σ_q s_q²/k_q)/n`` with s_q the sd
    of the k_q samples of question q; sd with n−1. A question with a single sample takes the mean s² of the others.
    NaN: total for fewer than two questions; sampling where no question has two samples. The samples of one question
    are no independent trials: neither is √(p(1−p)/nk).

    >>> found = standard_errors([[1, 0], [1, 1], [0, 0], [None, None]])
    >>> round(found.total, 4), round(found.sampling, 4), found.n, found.n_missing
    (0.2887, 0.1667, 3, 1)
    """
    table_QK = read_scores(scores)
    there_Q = ~np.isnan(table_QK).all(axis=1)
    table_QK, missing = table_QK[there_Q], int(np.count_nonzero(~there_Q))
    n = len(table_QK)
    total = float(np.nanmean(table_QK, axis=1).std(ddof=1)) / math.sqrt(n) if n > 1 else math.nan
    sampling = math.sqrt(sampling_variance(table_QK).sum()) / n if n else math.nan
    return StandardErrors(total, sampling, n, missing)


def question_variance(table_QK: Floats) -> Floats:
    """Variance s_q² of one sample within each question; NaN where a question has fewer than two."""
    counts_Q = np.count_nonzero(~np.isnan(table_QK), axis=1)
    sums_Q = np.nansum(table_QK, axis=1)
    means_Q = divided(sums_Q, counts_Q)
    squares_Q = np.nansum((table_QK - means_Q[:, None]) ** 2, axis=1)
    return divided(squares_Q, counts_Q - 1)


def sampling_variance(table_QK: Floats) -> Floats:
    """Variance s_q²/k_q of each question's mean from sampling; a single sample takes the mean s² of the others."""
    counts_Q = np.count_nonzero(~np.isnan(table_QK), axis=1)
    variance_Q = question_variance(table_QK)
    known_Q = ~np.isnan(variance_Q)
    pooled = float(variance_Q[known_Q].mean()) if known_Q.any() else math.nan
    filled_Q = np.where(known_Q, variance_Q, pooled)
    return divided(filled_Q, counts_Q)
