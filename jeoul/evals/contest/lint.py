"""Why each output of a submission is not in the stated form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from jeoul.evals.contest.files import Item, refuse_repeated, text_output
from jeoul.rewards.korean.lenient import parse_lenient
from jeoul.rewards.korean.official import parse_official
from jeoul.rewards.korean.particles import fitting_particle
from jeoul.rewards.korean.statement import FLAGS
from jeoul.rewards.korean.strict import parse_strict

__all__ = ["Fault", "counts", "lint", "rewritten"]


@dataclass(frozen=True, slots=True)
class Fault:
    """An output that is not in the form, or that the official split reads otherwise than it is meant."""

    id: str
    flags: tuple[str, ...]
    text: str


def lint(items: Sequence[Item]) -> list[Fault]:
    """Outputs with flags, in their order; an output in the form can have ``split_in_reason`` alone.

    Raises:
        DataError: an id stands twice, or an output is no text.
    """
    refuse_repeated(items, "the submission")
    found = []
    for item in items:
        text = text_output(item, "the submission")
        flags = set(parse_strict(text).flags) | ({"split_in_reason"} & set(parse_official(text).flags))
        if flags:
            found.append(Fault(item.id, tuple(flag for flag in FLAGS if flag in flags), text))
    return found


def counts(faults: Sequence[Fault]) -> dict[str, int]:
    """How many outputs have each flag, the most frequent first."""
    return dict(Counter(flag for fault in faults for flag in fault.flags).most_common())


def rewritten(text: str) -> str:
    """The output in the stated form, where a reader finds sentence and reason in it; else as it is.

    The particle stays where it is 이 or 가; any other becomes the one that agrees.

    >>> rewritten("정답: “비가 온다.” 가 옳습니다. 주격이다.")
    '"비가 온다."가 옳다. 주격이다.'
    """
    read = parse_lenient(text)
    if not read.flags or not read.sentence or not read.reason:
        return text
    particle = read.particle if read.particle in ("이", "가") else fitting_particle(read.sentence)[-1]
    return f'"{read.sentence}"{particle} 옳다. {read.reason}'
