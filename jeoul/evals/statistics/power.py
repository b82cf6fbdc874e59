"""What a comparison can see: the least difference it would detect, and how many samples would settle it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from jeoul.errors import UsageError
from jeoul.evals.statistics.samples import check_k, check_level

__all__ = ["Settling", "Spread", "detectable_multiple", "minimum_detectable_effect", "settling", "t_power"]

MOST = 1_000_000  # samples or questions that settle: beyond, nothing does


@dataclass(frozen=True, slots=True)
class Spread:
    """Where the differences between A and B come from, as variances of one question.

    ``between``: of the true difference, over questions. ``within``: of one sample of A less one of B, in a question.
    """

    between: float
    within: float

    def error(self, n: int, k: int) -> float:
        """Standard error of the mean difference: ``√((between + within/k)/n)`` with n questions, k samples each.

        >>> round(Spread(0.0043, 0.187).error(30, 16), 4)
        0.0231
        """
        return math.sqrt((self.between + self.within / check_k(k)) / check_k(n))


@dataclass(frozen=True, slots=True)
class Settling:
    """What would show ``effect`` with the asked power: ``k`` samples a question, or ``questions`` at the present k.

    None: no number up to a million does, or, for k, it is unknown since no question has two samples.
    """

    effect: float
    k: int | None
    questions: int | None


def t_power(effect: float, error: float, df: float, alpha: float = 0.05) -> float:
    """Power of the two-sided t test where the true difference is ``effect`` and its standard error ``error``.

    ``P(|T| > t)`` with T noncentral t(df, effect/error). Range alpha to 1; NaN for df < 1 or no error.

    >>> round(t_power(2.9, 1, 29), 2), round(t_power(2.8, 1, 499), 2)
    (0.8, 0.8)
    """
    check_level(alpha, "alpha")
    if not (df >= 1 and error > 0 and math.isfinite(effect)):
        return math.nan
    from scipy.special import nctdtr, stdtrit

    # Beyond 30 the power is 1 to all digits that matter, and so is the other tail 0 beyond 8: scipy gives NaN there.
    shift, bound = min(abs(effect) / error, 30.0), float(stdtrit(df, 1 - alpha / 2))
    return float(1 - nctdtr(df, shift, bound) + (nctdtr(df, shift, -bound) if shift < 8 else 0.0))


@lru_cache(maxsize=1024)
def detectable_multiple(n: int, power: float = 0.8, alpha: float = 0.05) -> float:
    """How many standard errors a difference must be to be found with ``power``: 2.80 for many questions, 2.90 for 30.

    Solves :func:`t_power` = power with n − 1 degrees of freedom. NaN for n < 3 (with one degree
    nothing useful is found) and beyond 30 standard errors.

    >>> round(detectable_multiple(30), 2), round(detectable_multiple(500), 2)
    (2.9, 2.81)
    """
    check_level(power, "power")
    if check_level(alpha, "alpha") >= power:
        raise UsageError(f"power is {power} and alpha {alpha}; the power must be above alpha")
    if n < 3:
        return math.nan
    if t_power(30.0, 1.0, n - 1, alpha) < power:
        return math.nan
    from scipy.optimize import brentq

    return float(brentq(lambda multiple: t_power(multiple, 1.0, n - 1, alpha) - power, 1e-6, 30.0))


def minimum_detectable_effect(error: float, n: int, power: float = 0.8, alpha: float = 0.05) -> float:
    """The least true difference found with ``power`` at ``alpha``: :func:`detectable_multiple` × ``error``.

    >>> round(minimum_detectable_effect(0.0231, 30), 3)
    0.067
    """
    return detectable_multiple(n, power, alpha) * error


def settling(spread: Spread, effect: float, n: int, k: int, power: float = 0.8, alpha: float = 0.05) -> Settling:
    """The least k, at these n questions, and the least n, at this k, whose detectable effect is ``effect`` or less.

    More samples shrink only the part within questions: where the rest alone is too large, k is None and only more
    questions help.

    >>> settling(Spread(0.0043, 0.187), 0.045, 30, 16)
    Settling(effect=0.045, k=64, questions=64)
    >>> settling(Spread(0.0043, 0.187), 0.03, 30, 16)
    Settling(effect=0.03, k=None, questions=142)
    """
    effect = abs(effect)
    if not effect > 0:
        return Settling(effect, None, None)
    samples = None
    if not math.isnan(spread.within) and n >= 3:
        # (between + within/k)/n = (effect/multiple)², solved for k
        room = n * (effect / detectable_multiple(n, power, alpha)) ** 2 - spread.between
        if room > 0 and spread.within / room <= MOST:
            samples = max(1, math.ceil(spread.within / room - 1e-9))
    per_question = spread.between + (0.0 if math.isnan(spread.within) else spread.within / k)
    return Settling(effect, samples, _questions(per_question, effect, power, alpha))


def _questions(variance: float, effect: float, power: float, alpha: float) -> int | None:
    """Least n with multiple(n)·√(variance/n) ≤ effect, which falls with n: by halving."""

    def enough(n: int) -> bool:
        return minimum_detectable_effect(math.sqrt(variance / n), n, power, alpha) <= effect

    if math.isnan(variance) or not enough(MOST):
        return None
    low, high = 2, MOST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
