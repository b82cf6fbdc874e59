"""한국어 어문 규범 기반 생성 (2025): the official result, and what it hides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from jeoul.evals.contest.estimate import Estimate, estimate, mean
from jeoul.evals.contest.files import Item, paired, text_output
from jeoul.evals.contest.floor import chance_of_choosing, reason_floor
from jeoul.evals.contest.measures import Measures
from jeoul.rewards.korean.components import COMPONENTS
from jeoul.rewards.korean.exact import is_exact, is_exact_but_for_spaces
from jeoul.rewards.korean.gold import Gold, read_gold
from jeoul.rewards.korean.official import parse_official
from jeoul.rewards.korean.statement import FLAGS, Statement

__all__ = ["COSTS", "CorrectionResult", "ScoredItem", "final_score", "score_correction"]


COSTS = FLAGS | {
    "gold_split": "the official scorer splits the gold within its reason, so that no answer matches",
    "other_particle": "the particle is not the gold's",
    "within": "quotes, spaces or width of letters within the sentence are not the gold's",
}
"""What can cost an item: the flags of its text, and what only the gold tells of one that is right for a reader."""


def final_score(exact_match: float, rouge1: float, bertscore: float, bleurt: float) -> float:
    """``(EM + (ROUGE-1 + BERTScore + BLEURT)/3)/2``, the official figure.

    >>> round(final_score(45.5823293, 34.9635763, 73.9317909, 43.7259803), 7)
    48.2280559
    """
    return (exact_match + (rouge1 + bertscore + bleurt) / 3) / 2


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """One item: how each parser judges it, how it was read, the measures of its reason (NaN: the server skips it)."""

    id: str
    question_type: str
    official: bool
    strict: bool
    lenient: bool
    ignoring_spaces: bool
    sentence: str
    particle: str
    reason: str
    gold: str
    flags: tuple[str, ...]
    measures: dict[str, float]

    @property
    def score(self) -> float:
        """``0.5·EM + (R1+BS+BL)/6`` with 0 for a missing reason; NaN where a measure is absent."""
        if any(name not in self.measures for name in COMPONENTS):
            return math.nan
        values = [0.0 if math.isnan(self.measures[name]) else self.measures[name] for name in COMPONENTS]
        return 0.5 * self.official + sum(values) / 6

    def row(self) -> dict[str, Any]:
        """As a row of the per-item table."""
        row = {name: getattr(self, name) for name in self.__slots__ if name not in ("flags", "measures")}
        return row | {"flags": " ".join(self.flags)} | self.measures | {"score": self.score}


@dataclass(frozen=True)
class CorrectionResult:
    """A submission's official result beside what a reader would say.

    Attributes:
        items: every item.
        exact_match: by the official parser; ``strict``, ``lenient`` and ``ignoring_spaces`` beside it.
        measures: name → mean over the pairs in which both reasons are there (0 where there are none, as the server).
        descriptive_avg: mean of the three; None where one is absent.
        final_score: the official figure; None where a measure is absent.
        honest_score: the same with 0 for a missing reason, so that leaving reasons out does not pay.
        absent: measure → why it cannot be had.
        pairs: how many items have both reasons.
        floor: what chance and tricks give: ``exact_match`` by choosing at random, ROUGE-1 of reasons for nothing.
        tokenizer: of ROUGE-1.
    """

    items: tuple[ScoredItem, ...]
    exact_match: Estimate
    strict: Estimate
    lenient: Estimate
    ignoring_spaces: Estimate
    measures: dict[str, Estimate]
    descriptive_avg: float | None
    final_score: Estimate | None
    honest_score: Estimate | None
    absent: dict[str, str]
    pairs: int
    tokenizer: str
    floor: dict[str, float] = field(default_factory=dict)

    @property
    def flips(self) -> list[ScoredItem]:
        """Items that are officially wrong and right for a reader: format alone costs them."""
        return [item for item in self.items if item.lenient and not item.official]

    @property
    def cost(self) -> dict[str, tuple[int, int]]:
        """Flag → outputs that have it, and how many of those are flips; the dearest first."""
        counts = {
            flag: (sum(flag in item.flags for item in self.items), sum(flag in item.flags for item in self.flips))
            for flag in COSTS
        }
        found = [(flag, both) for flag, both in counts.items() if both[0]]
        return dict(sorted(found, key=lambda one: (-one[1][1], -one[1][0])))

    @property
    def by_type(self) -> dict[str, tuple[int, float, float]]:
        """Type of question → items, official and lenient exact match."""
        types = dict.fromkeys(item.question_type for item in self.items)
        return {name: _matches([item for item in self.items if item.question_type == name]) for name in types}


def _matches(items: Sequence[ScoredItem]) -> tuple[int, float, float]:
    return len(items), sum(i.official for i in items) / len(items), sum(i.lenient for i in items) / len(items)


def score_correction(
    gold: Sequence[Item], submission: Sequence[Item], measures: Measures, seed: int = 0
) -> CorrectionResult:
    """Score a submission as the server does, every parser beside it.

    Raises:
        DataError: the counts differ, or the ids are not equal pairwise, or an output is no text.
    """
    pairs = paired(gold, submission)
    texts = [(text_output(wanted, "the gold"), text_output(given, "the submission")) for wanted, given in pairs]
    golds = [parse_official(wanted).reason for wanted, _ in texts]
    mine = [parse_official(given).reason for _, given in texts]
    both = [index for index in range(len(pairs)) if golds[index] and mine[index]]
    ids, left, right = ([texts_[index] for index in both] for texts_ in ([item.id for item in gold], mine, golds))
    values: dict[str, list[float]] = {name: [math.nan] * len(pairs) for name in measures.names}
    for name in measures.names:
        for index, value in zip(both, measures.scores(name, ids, left, right), strict=True):
            values[name][index] = value
    items = tuple(
        _scored(pairs[row][0], *texts[row], {name: values[name][row] for name in values}) for row in range(len(pairs))
    )
    return _result(items, len(both), measures, _floor(gold, golds, measures, seed), seed)


def _scored(wanted: Item, gold: str, given: str, values: dict[str, float]) -> ScoredItem:
    accepted = read_gold(gold)
    lenient, read = is_exact(given, accepted, "lenient")
    official, split = is_exact(given, accepted, "official")
    strict, _ = is_exact(given, accepted, "strict")
    about = wanted.input if isinstance(wanted.input, dict) else {}
    found = {*read.flags, *({"split_in_reason"} & set(split.flags))}
    if lenient and not official:
        found |= _against_gold(split, accepted, found)
    flags = tuple(flag for flag in COSTS if flag in found)
    spaces = lenient or is_exact_but_for_spaces(given, accepted)
    kind = str(about.get("question_type", ""))
    judged = (official, strict, lenient, spaces)
    return ScoredItem(wanted.id, kind, *judged, read.sentence, read.particle, split.reason, gold, flags, values)


def _against_gold(split: Statement, gold: Gold, flags: set[str]) -> set[str]:
    """Why an answer that is right for a reader is officially wrong, where its own form does not tell."""
    swapped = replace(split, particle={"이": "가", "가": "이"}.get(split.particle, "")).claim
    if swapped in gold.official:
        return {"other_particle"}
    if not gold.official & gold.claims:
        return {"gold_split"}
    return set() if flags else {"within"}


def _result(
    items: tuple[ScoredItem, ...], pairs: int, measures: Measures, floor: dict[str, float], seed: int
) -> CorrectionResult:
    means = {name: estimate(_sums(items, (name,)), _mean_over_pairs, seed) for name in measures.names}
    missing = measures.missing
    whole = not missing
    return CorrectionResult(
        items=items,
        exact_match=mean([float(item.official) for item in items], seed),
        strict=mean([float(item.strict) for item in items], seed),
        lenient=mean([float(item.lenient) for item in items], seed),
        ignoring_spaces=mean([float(item.ignoring_spaces) for item in items], seed),
        measures=means,
        descriptive_avg=sum(means[name].value for name in COMPONENTS) / 3 if whole else None,
        final_score=estimate(_sums(items, COMPONENTS), _final, seed) if whole else None,
        honest_score=mean([item.score for item in items], seed) if whole else None,
        absent=missing,
        pairs=pairs,
        tokenizer=measures.tokenizer,
        floor=floor,
    )


def _sums(items: Sequence[ScoredItem], names: Sequence[str]) -> list[list[float]]:
    """Per item: exact match, 1, whether it has both reasons, and each measure there (0 elsewhere)."""
    rows = []
    for item in items:
        values = [item.measures[name] for name in names]
        there = not math.isnan(values[0])
        rows.append([float(item.official), 1.0, float(there), *(value if there else 0.0 for value in values)])
    return rows


def _mean_over_pairs(sums: Sequence[float]) -> float:
    return sums[3] / sums[2] if sums[2] else 0.0


def _final(sums: Sequence[float]) -> float:
    values = [value / sums[2] if sums[2] else 0.0 for value in sums[3:]]
    return final_score(sums[0] / sums[1], *values)


def _floor(gold: Sequence[Item], reasons: Sequence[str], measures: Measures, seed: int) -> dict[str, float]:
    questions = [str(item.input.get("question", "")) if isinstance(item.input, dict) else "" for item in gold]
    floor = {"exact_match": chance_of_choosing(questions)}
    if "rouge1" in measures.computed:
        found = reason_floor(reasons, measures.computed["rouge1"], measures.tokenizer, seed)
        floor |= {f"rouge1_{name}": value for name, value in found.items()}
    return floor
