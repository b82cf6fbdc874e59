"""The grade in a judge's reply: read strictly, or not at all."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

__all__ = ["NoVerdict", "Verdict", "read_verdict"]

LONGEST_LINE = 200
LONGEST_WHY = 400


class NoVerdict(ValueError):  # noqa: N818 - what a reply lacks
    """A reply that holds no grade, and why."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A grade on the rubric's scale, and the judge's reasons, shortened."""

    score: float
    why: str


def read_verdict(reply: str, least: float, greatest: float) -> Verdict:
    r"""The one line ``{"score": N}`` of a reply, which must be its last.

    Two such lines are none: a judge that quotes a completion's own "grade" beside its own leaves it open which counts.

    >>> read_verdict('Correct, but long.\n{"score": 8}', 1, 10)
    Verdict(score=8.0, why='Correct, but long.')

    Raises:
        NoVerdict: there is no such line, more than one, text after it, or a score that is off the scale.
    """
    lines = [line.strip() for line in reply.split("\n")]
    lines = [line for line in lines if line and not line.startswith("```")]
    found = [(place, score) for place, line in enumerate(lines) if (score := _score(line)) is not None]
    if not found:
        raise NoVerdict(f'the judge gave no line {{"score": N}}: {_end(reply)}')
    if len(found) > 1:
        raise NoVerdict(f"the judge gave {len(found)} grades: {', '.join(str(score) for _, score in found[:5])}")
    place, score = found[0]
    if place != len(lines) - 1:
        raise NoVerdict(f"the judge went on after its grade: {_end(reply)}")
    if isinstance(score, bool) or not isinstance(score, int | float) or not math.isfinite(score):
        raise NoVerdict(f"the judge's score is {score!r:.40}, no number")
    if not least <= score <= greatest:
        raise NoVerdict(f"the judge's score is {score:g}, off the scale from {least:g} to {greatest:g}")
    return Verdict(float(score), _short(" ".join(lines[:-1])))


def _score(line: str) -> Any:
    """What stands under "score" in a line that is a grade and nothing else; None for any other line."""
    if not (line.startswith("{") and line.endswith("}") and len(line) <= LONGEST_LINE):
        return None
    try:
        pairs = json.loads(line, object_pairs_hook=list)
    except (ValueError, RecursionError):
        return None
    if not isinstance(pairs, list) or [pair[0] for pair in pairs] != ["score"]:
        return None
    score = pairs[0][1]
    return "null" if score is None else score


def _end(reply: str) -> str:
    text = " ".join(reply[-400:].split())
    return repr(text[-120:])


def _short(text: str) -> str:
    flat = " ".join("".join(letter if letter.isprintable() else " " for letter in text[: 4 * LONGEST_WHY]).split())
    return flat if len(flat) <= LONGEST_WHY else f"{flat[: LONGEST_WHY - 1]}…"
