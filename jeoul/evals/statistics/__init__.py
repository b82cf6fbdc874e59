"""Honest statistics of evaluations: every figure with its interval, both standard errors and its denominator.

``repeats`` (avg@k, pass@k), ``voting`` (maj@k), ``errors``, ``intervals``; ``paired`` (A against B), ``significance``,
``power``, ``multiplicity``, ``equivalence``; ``hierarchy`` (claims about algorithms). Scores are [questions × samples];
None or NaN is a missing sample, never a wrong one.
"""

from jeoul.evals.statistics.equivalence import OneSided, noninferiority, tost, without_loss
from jeoul.evals.statistics.errors import StandardErrors, standard_errors
from jeoul.evals.statistics.estimates import Estimate
from jeoul.evals.statistics.hierarchy import AlgorithmComparison, compare_algorithms
from jeoul.evals.statistics.intervals import bca_interval, clustered_wilson_interval, t_interval, wilson_interval
from jeoul.evals.statistics.multiplicity import holm
from jeoul.evals.statistics.paired import Comparison, adjust, compare, matched_share_interval, unchanged_p
from jeoul.evals.statistics.power import (
    Settling,
    Spread,
    detectable_multiple,
    minimum_detectable_effect,
    settling,
    t_power,
)
from jeoul.evals.statistics.repeats import avg_at_k, pass_at_k, pass_probability, pass_values
from jeoul.evals.statistics.significance import mcnemar_p, sign_flip_p
from jeoul.evals.statistics.voting import answer_classes, maj_at_k, vote_value, vote_values

__all__ = [
    "AlgorithmComparison",
    "Comparison",
    "Estimate",
    "OneSided",
    "Settling",
    "Spread",
    "StandardErrors",
    "adjust",
    "answer_classes",
    "avg_at_k",
    "bca_interval",
    "clustered_wilson_interval",
    "compare",
    "compare_algorithms",
    "detectable_multiple",
    "holm",
    "maj_at_k",
    "matched_share_interval",
    "mcnemar_p",
    "minimum_detectable_effect",
    "noninferiority",
    "pass_at_k",
    "pass_probability",
    "pass_values",
    "settling",
    "sign_flip_p",
    "standard_errors",
    "t_interval",
    "t_power",
    "tost",
    "unchanged_p",
    "vote_value",
    "vote_values",
    "wilson_interval",
    "without_loss",
]
