"""A against B, paired by question: difference, interval, p, what could have been seen, and a verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from jeoul.errors import UsageError
from jeoul.evals.statistics.equivalence import tost
from jeoul.evals.statistics.errors import question_variance, sampling_variance
from jeoul.evals.statistics.intervals import Interval, bca_interval, t_interval
from jeoul.evals.statistics.multiplicity import holm
from jeoul.evals.statistics.power import Settling, Spread, minimum_detectable_effect, settling
from jeoul.evals.statistics.samples import Floats, Scores, check_level, paired_scores
from jeoul.evals.statistics.significance import mcnemar_p, sign_flip_p

__all__ = ["Comparison", "Verdict", "adjust", "compare", "matched_share_interval", "unchanged_p"]

Verdict = Literal["better", "worse", "equivalent", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """B against A. NaN: it cannot be had from these samples."""

    estimate: float
    """Mean over questions of B − A."""
    a: float
    b: float
    n: int
    """Questions that both have."""
    n_missing: int
    """Questions left out, since A or B has no sample of them."""
    interval: Interval
    level: float
    method: str
    """Of the interval: "t", or "matched shares" with one 0/1 sample a question or where no question differs."""
    bootstrap_interval: Interval
    """BCa, of the same level."""
    total_error: float
    """sd of the differences / √n."""
    sampling_error: float
    """Within questions only."""
    p: float
    p_method: str
    """"mcnemar" (one 0/1 sample a question), "sign flip, exact" or "sign flip, monte carlo"."""
    p_holm: float
    """p over the family given to :func:`adjust`; alone, p."""
    detectable: float
    """The least true difference that would be found in 80 %."""
    margin: float | None
    p_equivalent: float
    """TOST's within ±margin, where no share differs by the error of "matched shares"; NaN without a margin."""
    verdict: Verdict
    settles: Settling
    """What would settle it: for the margin, or else for a difference such as the one seen."""
    higher_is_better: bool
    seed: int


def compare(
    a: Scores,
    b: Scores,
    *,
    level: float = 0.95,
    margin: float | None = None,
    higher_is_better: bool = True,
    seed: int = 0,
) -> Comparison:
    """Compare B with A by the differences d_q of their per-question means; samples need not be equally many.

    ``SE = sd(d_q)/√n``; t interval; p by sign flips, or McNemar's exact one where every question has one 0/1 sample of
    each; BCa bootstrap. The verdict is "better" or "worse" where p ≤ 1 − level; else "equivalent" where TOST shows
    |difference| < ``margin``; else "inconclusive", and ``settles`` has the k that would settle it.

    >>> alike = compare([[1, 0], [0, 0], [1, 1]], [[1, 0], [0, 1], [1, 1]])
    >>> round(alike.estimate, 3), alike.n, alike.p, alike.verdict
    (0.167, 3, 1.0, 'inconclusive')
    """
    check_level(level)
    if margin is not None and not margin > 0:
        raise UsageError(f"margin is {margin!r}; expected the largest difference that does not matter, such as 0.01")
    table_a, table_b, only = paired_scores(a, b)
    both_Q = ~np.isnan(table_a).all(axis=1) & ~np.isnan(table_b).all(axis=1)
    missing = only + int(np.count_nonzero(~both_Q))
    table_a, table_b = table_a[both_Q], table_b[both_Q]
    n = len(table_a)
    if not n:
        raise UsageError("A and B share no question of which both have a sample")
    means_a, means_b = np.nanmean(table_a, axis=1), np.nanmean(table_b, axis=1)
    d_Q = means_b - means_a
    single = _single_shares(table_a, table_b)
    interval, method = _interval(d_Q, single, _are_shares(table_a, table_b), level)
    p, p_method = _p(d_Q, single, seed)
    error = float(d_Q.std(ddof=1)) / math.sqrt(n) if n > 1 else math.nan
    noise_Q = sampling_variance(table_a) + sampling_variance(table_b)
    found = Comparison(
        estimate=float(d_Q.mean()),
        a=float(means_a.mean()),
        b=float(means_b.mean()),
        n=n,
        n_missing=missing,
        interval=interval,
        level=level,
        method=method,
        bootstrap_interval=bca_interval(d_Q, level, seed=seed),
        total_error=error,
        sampling_error=math.sqrt(noise_Q.sum()) / n,
        p=p,
        p_method=p_method,
        p_holm=p,
        detectable=minimum_detectable_effect(error, n, alpha=1 - level),
        margin=margin,
        p_equivalent=math.nan if margin is None else _p_equivalent(d_Q, method, margin, level),
        verdict="inconclusive",
        settles=_settling(table_a, table_b, d_Q, noise_Q, margin, level),
        higher_is_better=higher_is_better,
        seed=seed,
    )
    return replace(found, verdict=_verdict(found))


def adjust(comparisons: Mapping[str, Comparison]) -> dict[str, Comparison]:
    """The comparisons of one report with Holm's p over them all, and their verdicts by it.

    >>> sets = {"x": compare([[0, 0]] * 6, [[1, 1]] * 6), "y": compare([[0, 0]] * 6, [[1, 0]] * 6)}
    >>> [(one.p, one.p_holm, one.verdict) for one in adjust(sets).values()]
    [(0.03125, 0.0625, 'inconclusive'), (0.03125, 0.0625, 'inconclusive')]
    """
    adjusted = holm([one.p for one in comparisons.values()])
    found = {}
    for (name, one), p in zip(comparisons.items(), adjusted, strict=True):
        changed = replace(one, p_holm=p)
        found[name] = replace(changed, verdict=_verdict(changed))
    return found


def matched_share_interval(only_a: int, only_b: int, n: int, level: float = 0.95) -> Interval:
    """Interval of the difference B − A of two shares of the same ``n`` questions, one sample each.

    With ``p_x = (only_x + 1)/(n + 2)``: ``p_b − p_a ± z·√((p_a + p_b − (p_b − p_a)²)/(n + 2))``, cut to [−1, 1]. Never
    empty, not even where no question differs. Source: Bonett & Price 2012, J. Educ. Behav. Stat. 37.

    >>> [round(bound, 3) for bound in matched_share_interval(0, 0, 30)]
    [-0.087, 0.087]
    """
    from scipy.special import ndtri

    gap, error = _matched_shares(only_a, only_b, n)
    half = float(ndtri(0.5 + check_level(level) / 2)) * error
    return max(-1.0, gap - half), min(1.0, gap + half)


def unchanged_p(n: int, margin: float) -> float:
    """One-sided p that two shares differ by ``margin`` or more where none of ``n`` questions differs.

    ``Φ(−margin/error)`` with the error of :func:`matched_share_interval`: from no spread at all a t test says nothing.

    >>> round(unchanged_p(30, 0.02), 2), round(unchanged_p(500, 0.02), 8)
    (0.33, 0.0)
    """
    from scipy.special import ndtr

    return float(ndtr(-margin / _matched_shares(0, 0, n)[1]))


def _matched_shares(only_a: int, only_b: int, n: int) -> tuple[float, float]:
    """Difference and standard error behind :func:`matched_share_interval`."""
    if min(only_a, only_b, n - only_a - only_b) < 0 or n < 1:
        raise UsageError(f"{only_a} and {only_b} of {n} questions differ; expected counts that fit")
    share_a, share_b = (only_a + 1) / (n + 2), (only_b + 1) / (n + 2)
    gap = share_b - share_a
    return gap, math.sqrt((share_a + share_b - gap**2) / (n + 2))


def _verdict(found: Comparison) -> Verdict:
    alpha = 1 - found.level
    if found.p_holm <= alpha + 1e-12:
        return "better" if (found.estimate > 0) == found.higher_is_better else "worse"
    return "equivalent" if found.p_equivalent <= alpha else "inconclusive"


def _single_shares(table_a: Floats, table_b: Floats) -> bool:
    once = all((np.count_nonzero(~np.isnan(table), axis=1) == 1).all() for table in (table_a, table_b))
    return once and all(np.isin(table[~np.isnan(table)], (0, 1)).all() for table in (table_a, table_b))


def _are_shares(table_a: Floats, table_b: Floats) -> bool:
    return all(bool((np.nanmin(table) >= 0) & (np.nanmax(table) <= 1)) for table in (table_a, table_b))


def _interval(d_Q: Floats, single: bool, shares: bool, level: float) -> tuple[Interval, str]:
    if single or (shares and not d_Q.any()):  # no difference at all still leaves room for one
        only_a, only_b = int(np.count_nonzero(d_Q < 0)), int(np.count_nonzero(d_Q > 0))
        return matched_share_interval(only_a, only_b, len(d_Q), level), "matched shares"
    return t_interval(d_Q, level), "t"


def _p_equivalent(d_Q: Floats, method: str, margin: float, level: float) -> float:
    return tost(d_Q, margin, 1 - level).p if method == "t" or d_Q.any() else unchanged_p(len(d_Q), margin)


def _p(d_Q: Floats, single: bool, seed: int) -> tuple[float, str]:
    if single:
        return mcnemar_p(int(np.count_nonzero(d_Q < 0)), int(np.count_nonzero(d_Q > 0))), "mcnemar"
    p, how = sign_flip_p(d_Q, seed=seed)
    return p, f"sign flip, {how}"


def _settling(
    table_a: Floats, table_b: Floats, d_Q: Floats, noise_Q: Floats, margin: float | None, level: float
) -> Settling:
    effect = abs(float(d_Q.mean())) if margin is None else margin
    if len(d_Q) < 2:
        return Settling(effect, None, None)
    variance, noise = float(d_Q.var(ddof=1)), float(noise_Q.mean())
    within = math.nan
    if not math.isnan(noise):
        within = float(np.nanmean(question_variance(table_a)) + np.nanmean(question_variance(table_b)))
    between = variance if math.isnan(noise) else max(0.0, variance - noise)
    k = max(1, round(within / noise)) if noise > 0 else table_b.shape[1]
    return settling(Spread(between, within), effect, len(d_Q), k, alpha=1 - level)
