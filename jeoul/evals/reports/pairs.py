"""Pairs of a comparison as the page shows them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from jeoul.errors import UsageError
from jeoul.evals.comparison.rendering import Section, sections
from jeoul.evals.comparison.result import Comparison, Flip, Pair, SetComparison
from jeoul.evals.reports.texts import visible

__all__ = ["PairView", "flipped", "pair_views"]


@dataclass(frozen=True)
class PairView:
    """B against A on one set.

    Attributes:
        one, pair: what was found.
        level: of the intervals.
        metrics, breakdowns, health: as tables in words; no health where a later pair of the set has it.
        flips: name of a filter (:func:`flipped`) → how many questions.
        charts: name → SVG; none without the report extra.
    """

    one: SetComparison
    pair: Pair
    level: float
    metrics: Section
    breakdowns: tuple[Section, ...]
    health: Section | None
    flips: dict[str, int]
    charts: dict[str, Any]


def pair_views(found: Comparison) -> list[PairView]:
    """Every pair, in reading order."""
    made = []
    for one in found.sets:
        for pair in one.pairs:
            alone = replace(found, sets=(replace(one, pairs=(pair,)),), left_out=())
            metrics, _, *breakdowns, health = sections(alone)
            flips = {name: len(keys) for name, keys in _of_pair(one, pair, len(found.sets) > 1).items()}
            last = pair is one.pairs[-1]
            made.append(
                PairView(one, pair, found.level, metrics, tuple(breakdowns), health if last else None, flips,
                         _charts(pair))
            )  # fmt: skip
    return made


def flipped(found: Comparison) -> dict[str, list[tuple[str, str]]]:
    """Name of a filter → (set, question) of the questions that only one side of a pair solves, or is better on."""
    named: dict[str, list[tuple[str, str]]] = {}
    for one, pair in found.pairs:
        named |= _of_pair(one, pair, len(found.sets) > 1)
    return {name: keys for name, keys in named.items() if keys}


def _of_pair(one: SetComparison, pair: Pair, several: bool) -> dict[str, list[tuple[str, str]]]:
    what = "is better" if pair.flips.graded else "alone solves it"
    where = f" ({one.score})" if several else ""
    beside = f"{pair.a.partition(' ')[0]}{where}"

    def keys(up: bool) -> list[tuple[str, str]]:
        return [(one.score, flip.question) for flip in pair.flips.shown if (_gain(flip) > 0) == up]

    return {
        f"{pair.b} {what}, not {beside}": keys(True),
        f"{pair.a} {what}, not {pair.b.partition(' ')[0]}{where}": keys(False),
    }


def _gain(flip: Flip) -> float:
    return flip.mean_b - flip.mean_a


def _charts(pair: Pair) -> dict[str, Any]:
    from markupsafe import Markup

    from jeoul.charts import difference_chart, inline_svg

    groups = {"metrics": [(row.name, row) for row in pair.metrics if row.unit == "share"]}
    if pair.score.unit == "share":
        groups |= {f"by {name}": [(row.label, row) for row in rows] for name, rows in pair.breakdowns.items()}  # type: ignore[misc]
    made = {}
    for name, rows in groups.items():
        points = [
            {"label": visible(label), "difference": 100 * row.difference, "low": 100 * row.interval[0],
             "high": 100 * row.interval[1], "verdict": row.verdict}
            for label, row in rows if not math.isnan(row.interval[0])
        ]  # fmt: skip
        try:
            if points:
                made[name] = Markup(inline_svg(difference_chart(points)))
        except UsageError:  # without the extra: the tables say it all
            return {}
    return made
