"""A figure with what it was computed from: interval, two standard errors, and the denominator."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from jeoul.errors import UsageError
from jeoul.evals.statistics.intervals import (
    NOTHING,
    Interval,
    bca_interval,
    clustered_wilson_interval,
    t_interval,
    wilson_interval,
)
from jeoul.evals.statistics.samples import Floats, check_level

__all__ = ["Estimate", "IntervalMethod", "summarise"]

IntervalMethod = Literal["auto", "wilson", "t", "bca"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over questions. NaN: it cannot be had from these samples."""

    estimate: float
    n: int
    """Questions that count."""
    n_missing: int
    """Questions left out: without a sample, or with fewer than k."""
    samples: int
    """Samples of the questions that count."""
    samples_missing: int
    """Samples that were asked for, over all questions, and are not there; they are missing, not wrong."""
    interval: Interval
    level: float
    method: str
    """Of the interval: "wilson", "clustered wilson", "t" or "bca"."""
    total_error: float
    """sd over questions / √n."""
    sampling_error: float
    """Within questions only: other seeds, the same questions."""
    seed: int | None
    """Of the bootstrap; None where nothing is drawn."""

    def __str__(self) -> str:
        """One line, with its denominator."""
        low, high = self.interval
        return (
            f"{self.estimate:.4f} [{low:.4f}, {high:.4f}] ({self.level:.0%} {self.method}; n = {self.n} questions of "
            f"{self.n + self.n_missing}, {self.samples} samples, {self.samples_missing} missing; standard error: total "
            f"{self.total_error:.4f}, sampling {self.sampling_error:.4f})"
        )


def summarise(
    values_Q: Floats,
    variance_Q: Floats,
    counts_Q: Floats,
    asked: int,
    *,
    level: float,
    interval: IntervalMethod,
    seed: int,
) -> Estimate:
    """The mean of ``values_Q`` as an :class:`Estimate`.

    values_Q    one value a question; NaN: it does not count
    variance_Q  variance of each value from sampling; NaN: unknown
    counts_Q    samples each question has
    asked       samples asked of each question

    ``interval="auto"`` is Wilson's where all values lie in [0, 1] (for clusters, where any question has two samples),
    else t's.
    """
    check_level(level)
    there_Q = ~np.isnan(values_Q)
    used, n = values_Q[there_Q], int(np.count_nonzero(there_Q))
    samples = int(counts_Q[there_Q].sum())
    bounds, method = _interval(used, samples, level, interval, seed)
    return Estimate(
        estimate=float(used.mean()) if n else math.nan,
        n=n,
        n_missing=len(values_Q) - n,
        samples=samples,
        samples_missing=int(asked * len(values_Q) - counts_Q.sum()),
        interval=bounds,
        level=level,
        method=method,
        total_error=float(used.std(ddof=1)) / math.sqrt(n) if n > 1 else math.nan,
        sampling_error=math.sqrt(variance_Q[there_Q].sum()) / n if n else math.nan,
        seed=seed if method == "bca" else None,
    )


def _interval(used: Floats, samples: int, level: float, wanted: str, seed: int) -> tuple[Interval, str]:
    if wanted not in ("auto", "wilson", "t", "bca"):
        raise UsageError(f"interval is {wanted!r}; expected 'auto', 'wilson', 't' or 'bca'")
    shares = bool(((used >= 0) & (used <= 1)).all())
    if wanted == "wilson" and not shares:
        raise UsageError("Wilson's interval is for values from 0 to 1; write interval='t' or 'bca' for these")
    if wanted == "t" or (wanted == "auto" and not shares):
        return t_interval(used, level), "t"
    if wanted == "bca":
        return bca_interval(used, level, seed=seed), "bca"
    if samples == len(used) and np.isin(used, (0, 1)).all():
        return (wilson_interval(float(used.sum()), len(used), level) if samples else NOTHING), "wilson"
    return clustered_wilson_interval(used, samples, level), "clustered wilson"
