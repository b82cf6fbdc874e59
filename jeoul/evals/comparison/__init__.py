"""A against B: runs compared by question, or refused where they are not alike.

``result`` (what was found: plain data), ``sides`` (what is compared), ``alike`` (what must agree), ``measures``
(metrics by question), ``flips``, ``health``, ``making`` (the comparison), ``markdown``.
"""

from jeoul.evals.comparison.result import (
    Comparison,
    Flip,
    Flips,
    GroupRow,
    Health,
    MetricRow,
    Pair,
    SetComparison,
    SetSide,
    Shorter,
    Text,
)

__all__ = [
    "Comparison",
    "Flip",
    "Flips",
    "GroupRow",
    "Health",
    "MetricRow",
    "Pair",
    "SetComparison",
    "SetSide",
    "Shorter",
    "Text",
]
