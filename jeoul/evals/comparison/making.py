"""The comparison itself: sides paired by question, metric by metric, and Holm's correction over all of it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jeoul.errors import DataError, UsageError, listed
from jeoul.evals.comparison.alike import refuse_unlike
from jeoul.evals.comparison.breakdowns import groups_of
from jeoul.evals.comparison.flips import find_flips
from jeoul.evals.comparison.health import health_of
from jeoul.evals.comparison.measures import Measure, by_question, lengths_of, measures_of
from jeoul.evals.comparison.result import Comparison, GroupRow, MetricRow, Pair, SetComparison, SetSide, Shorter, Unit
from jeoul.evals.comparison.sides import Side
from jeoul.evals.statistics import paired
from jeoul.evals.statistics.equivalence import noninferiority, without_loss
from jeoul.evals.statistics.intervals import Interval

__all__ = ["LENGTH_MARGIN", "compare_sides", "matched_sets"]

LENGTH_MARGIN = 0.05
"""Share of A's mean by which a length, or a column that is no share, may differ without mattering."""

Scores = Mapping[str, Sequence[float]]


def matched_sets(sides: Sequence[Sequence[Side]]) -> tuple[list[list[Side]], list[str]]:
    """The runs of each side as sets that all sides have, and remarks on those that not all have.

    Where every side is one run, they are one set whatever they are called: what differs is then said in full.

    Raises:
        DataError: a side has a set twice, or there is none that all have.
    """
    if all(len(runs) == 1 for runs in sides):
        return [[runs[0] for runs in sides]], []
    named: list[dict[str, Side]] = []
    for runs in sides:
        made: dict[str, Side] = {}
        for side in runs:
            if side.name in made:
                raise DataError(
                    f"{side.label} holds two runs of {side.name}: {made[side.name].origin} and {side.origin}; give the "
                    "folder of one"
                )
            made[side.name] = side
        named.append(made)
    every = dict.fromkeys(name for made in named for name in made)
    shared = [name for name in every if all(name in made for made in named)]
    if not shared:
        have = "; ".join(f"{runs[0].label} has {listed(made)}" for runs, made in zip(sides, named, strict=True))
        raise DataError(f"there is no set@protocol that all sides have: {have}")
    left = [
        f"{name}: only in {listed(made[name].label for made in named if name in made)}"
        for name in every
        if name not in shared
    ]
    return [[made[name] for made in named] for name in shared], left


def compare_sides(
    sets: Sequence[Sequence[Side]],
    *,
    level: float = 0.95,
    margin: float = 0.02,
    pairwise: bool = False,
    flips: int = 10,
    seed: int = 0,
    left_out: Sequence[str] = (),
    regraded: bool = False,
) -> Comparison:
    """Compare the first side with each other one, on every set.

    Args:
        sets: for each set its sides, two or more, in the same order.
        level: of the intervals; verdicts are at 1 − level.
        margin: the largest difference in a share that does not matter; of lengths it is ``LENGTH_MARGIN`` of A's mean.
        pairwise: all pairs, not only those with the first.
        flips: questions shown of each direction.
        seed: of bootstrap and drawn sign flips.
        left_out: remarks of :func:`matched_sets`.
        regraded: whether the sides were rescored for this.

    Raises:
        DataError: sides are not alike, or share no question.
        UsageError: fewer than two sides, or a margin or level that is none.
    """
    import jeoul

    if not (isinstance(margin, int | float) and 0 < margin < math.inf):
        raise UsageError(f"margin is {margin!r}; expected the largest difference that does not matter, such as 0.02")
    if flips < 0:
        raise UsageError(f"flips is {flips}; expected how many questions to show, 0 or more")
    if any(len(sides) < 2 for sides in sets):
        raise UsageError("a comparison needs two sides or more")
    alike = [refuse_unlike(sides) for sides in sets]
    drafts = [
        [_Draft(a, b, level, margin, seed) for a, b in _pairs(sides, pairwise)] for sides in sets
    ]  # every test there is, before any is corrected
    tests = {(place, draft.key, name): test for place, made in enumerate(drafts) for draft in made
             for name, test in draft.tests.items()}  # fmt: skip
    adjusted, families = _adjusted(tests)
    found = []
    for place, (sides, made) in enumerate(zip(sets, drafts, strict=True)):
        pairs = [
            draft.pair({name: adjusted[place, draft.key, name] for name in draft.tests}, families, flips)
            for draft in made
        ]
        totals = [side.total for side in sides if side.total is not None]
        questions = max(totals) if totals else max(len(set(side.questions)) for side in sides)
        about = tuple(_about(side) for side in sides)
        found.append(SetComparison(sides[0].name, alike[place], questions, about, tuple(pairs)))
    versions = {"jeoul": jeoul.__version__, "numpy": np.__version__}
    return Comparison(tuple(found), level, margin, seed, versions, regraded, tuple(left_out))


def _pairs(sides: Sequence[Side], pairwise: bool) -> list[tuple[Side, Side]]:
    return list(itertools.combinations(sides, 2)) if pairwise else [(sides[0], other) for other in sides[1:]]


Key = tuple[int, tuple[str, str], str]


def _adjusted(tests: Mapping[Key, paired.Comparison]) -> tuple[dict[Key, paired.Comparison], tuple[int, int]]:
    """Holm's p over the scores, and over everything else; and how many tests each family has."""
    scores = {key: test for key, test in tests.items() if key[2] == ""}
    others = {key: test for key, test in tests.items() if key[2] != ""}
    made: dict[Key, paired.Comparison] = {}
    for family in (scores, others):
        named = paired.adjust({str(key): test for key, test in family.items()})
        made |= {key: named[str(key)] for key in family}
    return made, (len(scores), sum(not math.isnan(test.p) for test in others.values()))


@dataclass
class _Draft:
    """B against A on one set, before the correction. The score's test is under the name ""."""

    a: Side
    b: Side
    level: float
    margin: float
    seed: int

    def __post_init__(self) -> None:
        a, b = self.a, self.b
        asked = a.asked if a.asked == b.asked else min(a.asked, b.asked)
        ks = [k for k in dict.fromkeys([*a.ks, asked]) if 1 < k <= asked]
        mine, absent_a = measures_of(a, asked, ks)
        theirs, absent_b = measures_of(b, asked, ks)
        self.absent = {
            name: f"{why} ({listed(side.label for side, there in ((a, absent_a), (b, absent_b)) if name in there)})"
            for name, why in (absent_b | absent_a).items()
        }
        other = {one.name: one for one in theirs}
        self.measures: dict[str, tuple[Measure, Measure]] = {}
        self.tests: dict[str, paired.Comparison] = {}
        for place, one in enumerate(mine):
            if one.name not in other:
                continue
            test = self._test(one, other[one.name])
            if test is not None:
                name = one.name if place else ""
                self.measures[name], self.tests[name] = (one, other[one.name]), test
            elif not place:
                raise DataError(f"{a.label} and {b.label} share no question of which both have a score")
            else:
                self.absent[one.name] = "there is no question of which both sides have it"

    @property
    def key(self) -> tuple[str, str]:
        return self.a.label, self.b.label

    def _test(self, a: Measure, b: Measure) -> paired.Comparison | None:
        if not _shared(a.values, b.values):
            return None
        how: dict[str, Any] = {"level": self.level, "seed": self.seed, "higher_is_better": a.higher_is_better}
        found = paired.compare(a.values, b.values, margin=self._margin(a), **how)
        if a.per_question and found.p_method == "mcnemar":  # it is the same p, but no test of single samples
            found = replace(found, p_method="sign flip, exact")
        return found

    def _margin(self, a: Measure) -> float | None:
        if a.unit == "share":
            return self.margin
        known = [one for row in a.values.values() for one in row if not math.isnan(one)]
        return LENGTH_MARGIN * abs(math.fsum(known) / len(known)) or None

    def pair(self, tests: Mapping[str, paired.Comparison], families: tuple[int, int], flips: int) -> Pair:
        """The whole pair, with tests that are corrected."""
        questions_a, questions_b = set(self.a.questions), set(self.b.questions)
        rows = [_row(name, *self.measures[name], test, families) for name, test in tests.items()]
        return Pair(
            a=self.a.label,
            b=self.b.label,
            questions=len(questions_a & questions_b),
            only_a=len(questions_a - questions_b),
            only_b=len(questions_b - questions_a),
            metrics=tuple(rows),
            absent=self.absent,
            shorter=self._shorter(),
            flips=find_flips(self.a, self.b, flips),
            breakdowns=self._breakdowns(),
        )

    def _shorter(self) -> Shorter:
        """Whether B is shorter and not less accurate, over the questions of which both sides have a score."""
        measure, lengths = lengths_of(self.a, self.b)
        long_a, long_b = by_question(self.a, lengths[0]), by_question(self.b, lengths[1])
        score_a, score_b = (one.values for one in self.measures[""])
        shared = _shared(score_a, score_b)
        gained = [_mean(long_a[one]) - _mean(long_b[one]) for one in shared]
        kept = [_mean(score_b[one]) - _mean(score_a[one]) for one in shared]
        alpha, score = 1 - self.level, self.measures[""][0]
        margin = self._margin(score) or self.margin
        p = without_loss(gained, kept, margin, alpha).p
        if not any(kept) and score.unit == "share":
            p = max(noninferiority(gained, 0.0, alpha).p, paired.unchanged_p(len(kept), margin))
        saved, base = math.fsum(gained) / len(shared), math.fsum(_mean(long_a[one]) for one in shared) / len(shared)
        share = saved / base if base else math.nan
        return Shorter(measure, saved, share, margin, p, p <= alpha, len(shared))

    def _breakdowns(self) -> dict[str, tuple[GroupRow, ...]]:
        score_a, score_b = (one.values for one in self.measures[""])
        unit, margin = self.measures[""][0].unit, self._margin(self.measures[""][0])
        found = {}
        for name, groups in groups_of(self.a, self.b, _shared(score_a, score_b)).items():
            tests = {}
            for label, members in groups.items():
                some = ({one: score[one] for one in members} for score in (score_a, score_b))
                tests[label] = paired.compare(*some, level=self.level, margin=margin, seed=self.seed)
            found[name] = tuple(_group(label, one, unit) for label, one in paired.adjust(tests).items())
        return found


def _row(name: str, a: Measure, b: Measure, test: paired.Comparison, families: tuple[int, int]) -> MetricRow:
    counted = _shared(a.values, b.values)
    spread = test.total_error > 0  # from none follows nothing about what could be seen
    return MetricRow(
        name=a.name,
        unit=a.unit,
        primary=name == "",
        higher_is_better=a.higher_is_better,
        a=test.a,
        b=test.b,
        difference=test.estimate,
        interval=_possible(test.interval, a.unit),
        interval_method=test.method,
        bootstrap_interval=_possible(test.bootstrap_interval, a.unit),
        total_error=test.total_error,
        sampling_error=math.nan if a.per_question else test.sampling_error,
        p=test.p,
        p_method=test.p_method,
        p_holm=test.p_holm,
        family=families[name != ""],
        detectable=test.detectable if spread else math.nan,
        margin=math.nan if test.margin is None else test.margin,
        p_equivalent=test.p_equivalent,
        verdict=test.verdict,
        settles_k=None if a.per_question or test.margin is None or not spread else test.settles.k,
        settles_questions=None if test.margin is None or not spread else test.settles.questions,
        questions=test.n,
        questions_missing=test.n_missing,
        samples_a=sum(a.samples[one] for one in counted),
        samples_b=sum(b.samples[one] for one in counted),
    )


def _group(label: str, test: paired.Comparison, unit: Unit) -> GroupRow:
    interval = _possible(test.interval, unit)
    return GroupRow(label, test.n, test.a, test.b, test.estimate, interval, test.p, test.p_holm, test.verdict)


def _possible(interval: Interval, unit: Unit) -> Interval:
    """Shares differ by 1 at most, whatever t says of two questions."""
    if unit != "share" or math.isnan(interval[0]):
        return interval
    return max(-1.0, interval[0]), min(1.0, interval[1])


def _about(side: Side) -> SetSide:
    score = by_question(side, side.table.column(side.score))
    means = [_mean(row) for row in score.values() if _there(row)]
    total = len(score) if side.total is None else side.total
    return SetSide(
        label=side.label,
        origin=side.origin,
        kind=side.kind,
        questions=len(score),
        asked=side.asked,
        samples=len(side.table),
        missing=total * side.asked - len(side.table),
        score=math.fsum(means) / len(means) if means else math.nan,
        health=health_of(side),
        about=side.about,
    )


def _shared(a: Scores, b: Scores) -> list[str]:
    """Questions of which both have a value."""
    return [one for one in a if one in b and _there(a[one]) and _there(b[one])]


def _there(row: Sequence[float]) -> bool:
    return not all(math.isnan(one) for one in row)


def _mean(row: Sequence[float]) -> float:
    known = [one for one in row if not math.isnan(one)]
    return math.fsum(known) / len(known)
