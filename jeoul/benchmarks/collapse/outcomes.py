"""Two arms compared seed by seed, and what may be said of them: better, worse, a tie, or undecided.

The rule, fixed before any result was seen. A difference is called where Holm's p is at most 5 %:

- of **sign flips**, which assume nothing but that without a difference either arm could have been the other, wherever
  the seeds suffice: n seeds cannot give p below 2/2ⁿ, times the number of comparisons in the family;
- of **paired t** elsewhere, and only where every seed agrees on the direction (sign flips at their least). t assumes
  that differences are about normal; with five seeds that is an assumption, and the outcome says so.

A tie is shown, not assumed: two one-sided t tests put the difference within ± a margin. All else is undecided.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from jeoul.errors import UsageError
from jeoul.evals.statistics import Comparison, adjust, compare, holm

__all__ = ["LEVEL", "Outcome", "Pair", "Verdict", "outcomes", "paired_t_p"]

Verdict = Literal["better", "worse", "tie", "undecided"]
LEVEL = 0.05


@dataclass(frozen=True)
class Pair:
    """Values of the baseline and of the arm, one a seed, in one order.

    Attributes:
        margin: a difference below it does not matter; None: no tie is looked for.
    """

    baseline: Sequence[float]
    arm: Sequence[float]
    higher_is_better: bool = True
    margin: float | None = None


@dataclass(frozen=True)
class Outcome:
    """What came of a pair.

    Attributes:
        comparison: difference arm − baseline with its intervals, sign-flip p and Holm's p of it.
        p_t: of paired t; where all seeds differ by the same, that of sign flips.
        p_t_holm: Holm's, over the family.
        least_p: what sign flips can give at best with so many seeds.
        by: which p decided.
    """

    comparison: Comparison
    p_t: float
    p_t_holm: float
    least_p: float
    by: Literal["sign flips", "t"]
    verdict: Verdict

    @property
    def p(self) -> float:
        """Holm's p of the test that decided."""
        return self.comparison.p_holm if self.by == "sign flips" else self.p_t_holm


def outcomes(pairs: Mapping[str, Pair]) -> dict[str, Outcome]:
    """The outcomes of one family of comparisons.

    >>> alike, apart = [0.5, 0.6, 0.4, 0.5, 0.7], [0.9, 0.98, 0.8, 0.93, 1.1]
    >>> found = outcomes({"apart": Pair(alike, apart), "alike": Pair(alike, alike, margin=0.05)})
    >>> [(each.verdict, each.by, round(each.p, 4), each.least_p) for each in found.values()]
    [('better', 't', 0.0, 0.0625), ('tie', 't', 1.0, 0.0625)]

    Raises:
        UsageError: a pair has fewer than two seeds.
    """
    for pair in pairs.values():
        if len(pair.arm) < 2:
            raise UsageError(f"{len(pair.arm)} seed has no spread; run two seeds or more, better 40")
    compared = adjust({name: _compare(pair) for name, pair in pairs.items()})
    t = {name: paired_t_p(np.asarray(pair.arm) - np.asarray(pair.baseline)) for name, pair in pairs.items()}
    t_holm = dict(zip(t, holm(list(t.values())), strict=True))
    found = {}
    for name, one in compared.items():
        least = 2.0 ** (1 - one.n)
        by: Literal["sign flips", "t"] = "sign flips" if least * len(pairs) <= LEVEL else "t"
        found[name] = Outcome(one, t[name], t_holm[name], least, by, _verdict(one, by, t_holm[name], least))
    return found


def paired_t_p(differences: Sequence[float]) -> float:
    """Two-sided p of a mean difference of 0. Where all n differences are equal: 2/2ⁿ, or 1 if they are 0.

    From no variation nothing follows about the error, and figures in coarse steps often agree by chance.

    >>> round(paired_t_p([1.0, 2.0, 3.0]), 4), paired_t_p([1.0, 1.0]), paired_t_p([0.0, 0.0])
    (0.0742, 0.5, 1.0)
    """
    from scipy.special import stdtr

    values = np.asarray(differences, dtype=np.float64)
    n, mean = len(values), float(values.mean())
    if np.ptp(values) == 0:
        return 1.0 if mean == 0 else 2.0 ** (1 - n)
    return 2 * float(stdtr(n - 1, -abs(mean) / (float(values.std(ddof=1)) / math.sqrt(n))))


def _compare(pair: Pair) -> Comparison:
    one = [[float(x)] for x in pair.baseline]
    return compare(one, [[float(x)] for x in pair.arm], margin=pair.margin, higher_is_better=pair.higher_is_better)


def _verdict(one: Comparison, by: str, p_t_holm: float, least: float) -> Verdict:
    near = 1e-12
    called = one.p_holm <= LEVEL + near if by == "sign flips" else p_t_holm <= LEVEL and one.p <= least + near
    if called:
        return "better" if (one.estimate > 0) == one.higher_is_better else "worse"
    same = one.margin is not None and one.total_error == 0 and abs(one.estimate) < one.margin
    return "tie" if one.p_equivalent <= LEVEL or same else "undecided"
