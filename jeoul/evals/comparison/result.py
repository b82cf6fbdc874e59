"""What a comparison found, as plain data: a report, a page or a CI check is made of this and nothing else.

NaN is "cannot be had from these samples" everywhere; it is null in JSON. Scores and shares are fractions of 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from jeoul.evals.statistics.intervals import Interval
from jeoul.evals.statistics.paired import Verdict

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

Unit = Literal["share", "tokens", "characters", "value"]


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric of B against A, paired by question."""

    name: str
    """As in a run's summary: "avg@8", "accuracy", "bug", "pass@8", "maj@8", "tokens", "exceed@4000", "truncated",
    "form", "extracted", "characters"; and ``column:NAME`` for further columns of the recipe."""
    unit: Unit
    """"share": a fraction of 1, to be shown in percent and its differences in points."""
    primary: bool
    """Whether it is the score itself; exactly one metric of a pair is."""
    higher_is_better: bool
    a: float
    """Mean over the questions that both have."""
    b: float
    difference: float
    """Mean over those questions of B − A."""
    interval: Interval
    """Of the difference, at ``Comparison.level``."""
    interval_method: str
    bootstrap_interval: Interval
    """BCa, for a look at the first one."""
    total_error: float
    """Of the difference: sd over questions / √n."""
    sampling_error: float
    """Of the difference, from other seeds on the same questions; NaN for pass@k and maj@k."""
    p: float
    p_method: str
    """"mcnemar", "sign flip, exact" or "sign flip, monte carlo"."""
    p_holm: float
    """p over the metric's family (``family``); the verdict is by it."""
    family: int
    """Tests in the family: for the score, those of all sets and pairs; for other metrics, all of theirs."""
    detectable: float
    """The least true difference that would be found in 80 % (MDE)."""
    margin: float
    """Largest difference that does not matter, in the metric's own unit."""
    p_equivalent: float
    """TOST's within ±margin."""
    verdict: Verdict
    """Of B, by ``higher_is_better``: "better", "worse", "equivalent" or "inconclusive"."""
    settles_k: int | None
    """Samples a question that would show a difference of ``margin``; None: no k up to a million does, since questions
    differ too much, or it is unknown (one sample a question; pass@k, maj@k)."""
    settles_questions: int | None
    """Questions, with the present samples each, that would show it; None: not even a million, or it is unknown."""
    questions: int
    """That both have, and that count."""
    questions_missing: int
    """That have no sample of A or of B for this metric (or fewer than k): left out, and not wrong."""
    samples_a: int
    samples_b: int
    """Samples that the two means are made of."""


@dataclass(frozen=True, slots=True)
class GroupRow:
    """The score of B against A on some of the questions."""

    label: str
    """E.g. "algebra", "3", "1,204–2,310 tokens"."""
    questions: int
    a: float
    b: float
    difference: float
    interval: Interval
    p: float
    p_holm: float
    """Over the groups of this breakdown."""
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Text:
    """One sample, as it was written and judged."""

    sample: int
    """Its index among the samples of its question."""
    completion: str
    """Where ``characters`` is more than its length, its middle was left out, and a mark says so."""
    characters: int
    score: float
    reason: str
    """The grader's."""
    finish_reason: str | None
    tokens: int | None


@dataclass(frozen=True, slots=True)
class Flip:
    """A question that one side solves and the other does not."""

    question: str
    """Its id."""
    problem: str
    answer: str
    """The gold as text; "" where the data has none."""
    mean_a: float
    mean_b: float
    samples_a: int
    samples_b: int
    text_a: Text
    text_b: Text
    """The first sample of each side that shows it: of the better side its best, of the other its worst."""


@dataclass(frozen=True)
class Flips:
    """Questions that flipped. Solved is: at least half of its samples are right (a mean score of ½ or more).

    Where scores are graded rather than 0 or 1, nothing is solved: then these are the questions that moved at all.
    """

    graded: bool
    gained: int
    """Questions that B solves and A does not."""
    lost: int
    """Questions that A solves and B does not."""
    shown: tuple[Flip, ...] = field(repr=False)
    """The largest differences first; at most as many of each direction as were asked for."""


@dataclass(frozen=True, slots=True)
class Shorter:
    """Whether B is "shorter, and not less accurate": both hold at once, by one-sided tests (intersection–union)."""

    measure: Unit
    """"tokens" where all samples of both say how many they have, else "characters"."""
    saved: float
    """Mean over questions of A − B: how much shorter B is."""
    saved_share: float
    """As a share of A's mean length."""
    margin: float
    """How much of the score may be lost."""
    p: float
    """The larger of the two one-sided ones."""
    shown: bool
    questions: int


@dataclass(frozen=True)
class Pair:
    """B against A on one set."""

    a: str
    b: str
    """Labels; see :class:`SetSide`."""
    questions: int
    """That both have a sample of."""
    only_a: int
    only_b: int
    """Questions of which only one has a sample: they count for nothing, and not as wrong."""
    metrics: tuple[MetricRow, ...]
    """The score first."""
    absent: Mapping[str, str]
    """Metric → why it is not there."""
    shorter: Shorter
    flips: Flips
    breakdowns: Mapping[str, tuple[GroupRow, ...]] = field(repr=False)
    """"subject", "level", "length" (quarters of A's own mean length) → groups, where there are two or more."""

    @property
    def score(self) -> MetricRow:
        """The row of the score."""
        return self.metrics[0]


@dataclass(frozen=True, slots=True)
class Health:
    """What the grader and the sampling did to one side, in samples."""

    timeout: int
    error: int
    infra: int
    not_applicable: int
    """Cells of the score without a value, by their status."""
    truncated: int | None
    """Completions that were cut; None where nobody says."""
    no_answer: int | None
    """Completions in which the grader found no answer; None where the reward does not say."""
    unread: int | None
    """Those of ``no_answer`` that hold the gold, as a word of its own, in their last 300 characters: an answer was
    perhaps present and not extracted."""
    gold_invalid: int | None
    """Samples of problems whose gold the grader cannot read; None where the reward does not say."""


@dataclass(frozen=True)
class SetSide:
    """One side on one set: what was compared, and how sound it is."""

    label: str
    """"A", "B", "C" … with the folder's or file's name: unique in the comparison."""
    origin: str
    """Folder or file."""
    kind: str
    """"run", "table" or "outputs"."""
    questions: int
    """With a sample."""
    asked: int
    """Samples asked of each question."""
    samples: int
    missing: int
    """Samples that were asked for and are not there; they are missing, not wrong."""
    score: float
    """Mean over its own questions; a pair's ``a`` and ``b`` are over those both have."""
    health: Health
    about: Mapping[str, Any] = field(repr=False)
    """The run's run.json, or as much of it as a table or outputs have."""


@dataclass(frozen=True)
class SetComparison:
    """All sides on one set."""

    score: str
    """``set@protocol``, or the name of the score's column where only tables are compared."""
    alike: Mapping[str, str]
    """What all sides have in common: "suite", "protocol", "data", "grader" → hash; "" where it is not recorded."""
    questions: int
    """Of the set where that is known, else of any side."""
    sides: tuple[SetSide, ...]
    pairs: tuple[Pair, ...]
    """The first side against each other one; or all pairs."""


@dataclass(frozen=True)
class Comparison:
    """Two sides or more, on one set or several.

    The verdicts on the score are by Holm's p over all sets and pairs; those on the other metrics by Holm's p over all
    of theirs, so that looking at many metrics finds nothing by chance.
    """

    sets: tuple[SetComparison, ...]
    level: float
    """Of the intervals; verdicts are at 1 − level."""
    margin: float
    """Largest difference in the score, or in another share, that does not matter."""
    seed: int
    """Of bootstrap and drawn sign flips."""
    versions: Mapping[str, str]
    regraded: bool = False
    """Whether the sides were rescored by this version's grader before they were compared."""
    left_out: tuple[str, ...] = ()
    """Sets that not all sides have, and who has them: they are not compared."""

    @property
    def pairs(self) -> tuple[tuple[SetComparison, Pair], ...]:
        """Every pair with its set."""
        return tuple((one, pair) for one in self.sets for pair in one.pairs)

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it; NaN is for the writer to make null."""
        return asdict(self)
