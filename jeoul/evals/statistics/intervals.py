"""Intervals for a mean of one value a question: Wilson's for shares, Student's t, and the BCa bootstrap."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

from jeoul.errors import UsageError
from jeoul.evals.statistics.samples import Floats, check_level

__all__ = ["Interval", "bca_interval", "clustered_wilson_interval", "t_interval", "wilson_interval"]

Interval: TypeAlias = tuple[float, float]
NOTHING: Interval = (math.nan, math.nan)
BLOCK = 2_000_000  # resampled values held at a time


def wilson_interval(successes: float, n: float, level: float = 0.95) -> Interval:
    """Wilson's score interval of a share: ``successes`` of ``n`` independent trials (one sample a question).

    ``(p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) / (1 + z²/n)``. Never empty, not even at 0 or n of n; NaN for n = 0.
    Source: Wilson 1927, JASA 22.

    >>> [round(bound, 3) for bound in wilson_interval(30, 30)]
    [0.886, 1.0]
    """
    from scipy.special import ndtri

    if not (0 <= successes <= n and math.isfinite(n)):
        raise UsageError(f"{successes!r} successes of {n!r} trials; expected 0 ≤ successes ≤ trials")
    return _wilson(successes / n, n, float(ndtri(0.5 + check_level(level) / 2))) if n else NOTHING


def clustered_wilson_interval(values_Q: Floats, samples: int, level: float = 0.95) -> Interval:
    """Wilson's interval for the mean of per-question means in [0, 1], each of several samples.

    Samples of one question are alike, so the trials counted are ``m = p(1−p)/SE²`` with SE = sd(values)/√Q, at most
    ``samples``, and t with Q−1 degrees of freedom stands for z. Where all questions are right (or all wrong), m = Q.
    Unlike t's it stays within [0, 1] and covers where nearly all is right.
    NaN for fewer than two questions. Source: Dean & Pagano 2015, J. Surv. Stat. Methodol. 3 (Wilson for clusters).

    >>> [round(bound, 3) for bound in clustered_wilson_interval(np.array([1.0, 0.5, 0.75, 1.0]), 16)]
    [0.348, 0.972]
    """
    from scipy.special import stdtrit

    values_Q = _values(values_Q)
    n = len(values_Q)
    if n < 2:
        return NOTHING
    share, error = float(values_Q.mean()), float(values_Q.std(ddof=1)) / math.sqrt(n)
    trials = float(n)
    if 0 < share < 1:
        trials = min(share * (1 - share) / error**2, samples) if error else float(samples)
    return _wilson(share, trials, float(stdtrit(n - 1, 0.5 + check_level(level) / 2)))


def t_interval(values_Q: Floats, level: float = 0.95) -> Interval:
    """Student's interval of a mean: ``mean ± t(n−1)·sd/√n``.

    NaN for fewer than two values, and where all are equal: from no variation nothing follows about the error.

    >>> [round(bound, 3) for bound in t_interval(np.array([1.0, 2.0, 3.0]))]
    [-0.484, 4.484]
    """
    from scipy.special import stdtrit

    values_Q = _values(values_Q)
    if len(values_Q) < 2 or np.ptp(values_Q) == 0:
        return NOTHING
    half = stdtrit(len(values_Q) - 1, 0.5 + check_level(level) / 2) * values_Q.std(ddof=1) / math.sqrt(len(values_Q))
    return float(values_Q.mean() - half), float(values_Q.mean() + half)


def bca_interval(
    values_Q: Floats, level: float = 0.95, *, seed: int = 0, resamples: int = 9999, expanded: bool = True
) -> Interval:
    """Bias-corrected and accelerated bootstrap interval of a mean, questions resampled whole.

    Quantiles ``Φ(z₀ + (z₀ ± z)/(1 − a(z₀ ± z)))`` of the resampled means, where Φ(z₀) is the share of them below the
    mean (ties half) and ``a = Σu³ / 6(Σu²)^1.5`` with u the deviations. ``expanded`` takes ``√(n/(n−1))·t(n−1)`` for z,
    without which the bootstrap is too narrow by that factor (n = 30: 93 % for 95 %). The resampled means *are* the
    spread of the mean: they are divided by no further √. NaN for fewer than two values, or where all are equal.
    Sources: Efron 1987, JASA 82; Hesterberg 2015, Am. Stat. 69 (expanded).

    >>> low, high = bca_interval(np.array([0.0, 0, 0, 1, 2, 9]), seed=1)
    >>> low < 2 < high, 2 - low < high - 2
    (True, True)
    """
    from scipy.special import ndtr, ndtri, stdtrit

    values_Q, n = _values(values_Q), len(values_Q)
    if isinstance(resamples, bool) or not isinstance(resamples, int) or resamples < 100:
        raise UsageError(f"resamples is {resamples!r}; expected a whole number, 100 or more")
    if n < 2 or np.ptp(values_Q) == 0:
        return NOTHING
    tail = 0.5 + check_level(level) / 2
    z = math.sqrt(n / (n - 1)) * float(stdtrit(n - 1, tail)) if expanded else float(ndtri(tail))
    means, mean = _resampled_means(values_Q, seed, resamples), float(values_Q.mean())
    near = 1e-12 * max(1.0, float(np.abs(values_Q).max()))  # sums in another order differ in the last bits
    ties = np.abs(means - mean) <= near
    below = (np.count_nonzero((means < mean) & ~ties) + np.count_nonzero(ties) / 2) / resamples
    deviations = values_Q - mean
    a = float((deviations**3).sum() / (6 * (deviations**2).sum() ** 1.5))
    z0 = float(ndtri(below))
    bounds = [float(ndtr(z0 + (z0 + side) / (1 - a * (z0 + side)))) for side in (-z, z)]
    low, high = np.quantile(means, bounds)
    return float(low), float(high)


def _resampled_means(values_Q: Floats, seed: int, resamples: int) -> Floats:
    random, n = np.random.default_rng(seed), len(values_Q)
    rows = max(1, BLOCK // n)
    starts = range(0, resamples, rows)
    return np.concatenate(
        [values_Q[random.integers(n, size=(min(rows, resamples - start), n))].mean(axis=1) for start in starts]
    )


def _wilson(share: float, trials: float, z: float) -> Interval:
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    centre, scale = share + z * z / (2 * trials), 1 + z * z / trials
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def _values(values: Any) -> Floats:
    found = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or not np.isfinite(found).all():
        raise UsageError("values must be one finite number a question; leave out the questions that have none")
    return found
