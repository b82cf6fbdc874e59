"""Showing that nothing was lost: equivalence, non-inferiority, and "shorter, and not less accurate"."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from jeoul.errors import UsageError
from jeoul.evals.statistics.intervals import Interval, t_interval
from jeoul.evals.statistics.samples import Floats, check_level

__all__ = ["OneSided", "noninferiority", "tost", "without_loss"]


@dataclass(frozen=True, slots=True)
class OneSided:
    """The outcome of one-sided t tests on paired differences."""

    estimate: float
    p: float
    """The largest of the one-sided p-values; what is claimed is shown where it is at most alpha."""
    shown: bool
    n: int
    interval: Interval
    """Of ``level`` = 1 − 2·alpha: for TOST the claim holds exactly where it lies within the margins."""
    level: float
    method: str


def tost(differences: Any, margin: float, alpha: float = 0.05) -> OneSided:
    """Two one-sided t tests that the mean difference lies within ±``margin``: "equivalent", not just "not different".

    ``p = max(P(T > (d̄ + margin)/SE), P(T < (d̄ − margin)/SE))`` with T ~ t(n−1), SE = sd/√n. NaN for fewer than two
    differences, or where all are equal. Source: Schuirmann 1987, J. Pharmacokinet. Biopharm. 15.

    >>> tost([0.01, -0.01, 0.0, 0.02, -0.02], 0.05).shown
    True
    """
    lower = noninferiority(differences, margin, alpha)
    upper = noninferiority([-one for one in _values(differences)], margin, alpha)
    p = math.nan if math.isnan(lower.p) else max(lower.p, upper.p)
    return OneSided(lower.estimate, p, p <= alpha, lower.n, lower.interval, lower.level, "tost")


def noninferiority(differences: Any, margin: float, alpha: float = 0.05) -> OneSided:
    """One-sided t test that the mean difference B − A is above −``margin`` (0: that B is better).

    >>> noninferiority([0.01, -0.01, 0.0, 0.02, -0.02], 0.05).shown
    True
    """
    values = _values(differences)
    if not (isinstance(margin, (int, float)) and 0 <= margin < math.inf):
        raise UsageError(f"margin is {margin!r}; expected how much may be lost in the metric's unit, such as 0.01")
    level = 1 - 2 * check_level(alpha, "alpha")
    if level <= 0:
        raise UsageError(f"alpha is {alpha!r}; expected less than 0.5")
    n, mean = len(values), float(values.mean()) if len(values) else math.nan
    p = math.nan
    if n > 1 and np.ptp(values) > 0:
        from scipy.special import stdtr

        p = float(stdtr(n - 1, -(mean + margin) / (values.std(ddof=1) / math.sqrt(n))))
    return OneSided(mean, p, p <= alpha, n, t_interval(values, level), level, "non-inferiority")


def without_loss(gained: Any, kept: Any, margin: float, alpha: float = 0.05) -> OneSided:
    """Shows "shorter, and not less accurate": ``gained`` is above 0 *and* ``kept`` above −``margin``.

    ``gained``: differences by question of what should improve, positive where B is better (length of A − length of B);
    ``kept``: of what may not fall (accuracy of B − of A), for the same questions. p is the larger of the two
    one-sided ones, and needs no correction since both must hold (Berger 1982, intersection–union). Estimate and
    interval are of ``kept``.

    >>> without_loss([120, 80, 95, 130], [0.0, 0.01, -0.01, 0.0], 0.02).shown
    True
    """
    better, same = noninferiority(gained, 0.0, alpha), noninferiority(kept, margin, alpha)
    if better.n != same.n:
        raise UsageError(f"gained has {better.n} questions and kept {same.n}; give both for the same questions")
    p = math.nan if math.isnan(better.p + same.p) else max(better.p, same.p)
    return OneSided(same.estimate, p, p <= alpha, same.n, same.interval, same.level, "without loss")


def _values(differences: Any) -> Floats:
    found = np.asarray(differences, dtype=np.float64)
    if found.ndim != 1 or not np.isfinite(found).all():
        raise UsageError("differences must be one finite number a question; leave out the questions that have none")
    return found
