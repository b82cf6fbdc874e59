"""An evaluation by now: what was generated of how much, and the figures once they are there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from jeoul.dashboard.following import Follower
from jeoul.errors import DataError
from jeoul.evals.run_folder import RUN, read_run
from jeoul.evals.summary import CUT

__all__ = ["HEADER", "Brief", "Progress", "brief", "progress_of"]

HEADER = "samples.header.json"


class Brief(NamedTuple):
    """What is kept of a sample in memory; its text stays in the file."""

    problem: str
    repeat: int
    characters: int
    tokens: int | None
    finish: str | None
    seconds: float | None


@dataclass(frozen=True)
class Progress:
    """An evaluation by now.

    Attributes:
        samples: that are there.
        asked: that will be; None where nobody says.
        problems: with a sample.
        model: who wrote them; "" where nobody says.
        score: ``set@protocol``; "" where nobody says.
        finishes: finish reason → samples.
        tokens: mean of a completion; None where nobody says.
        truncated: share of the samples that were cut; None where nobody says.
        summary: summary.json; None while it is not finished.
        damaged: lines that could not be read.
    """

    samples: int
    asked: int | None
    problems: int
    model: str
    score: str
    finishes: Mapping[str, int] = field(repr=False)
    tokens: float | None
    truncated: float | None
    summary: Mapping[str, Any] | None = field(repr=False)
    damaged: int

    @property
    def share(self) -> float | None:
        """Of the samples that were asked for, how many are there."""
        return min(1.0, self.samples / self.asked) if self.asked else None


def brief(row: Mapping[str, Any]) -> Brief:
    """Of a row of samples.jsonl."""
    tokens, seconds, finish = row.get("completion_tokens"), row.get("seconds"), row.get("finish_reason")
    text = row.get("completion")
    return Brief(
        str(row.get("problem", row.get("id", ""))),
        int(row["index"]) if isinstance(row.get("index"), int) else 0,
        len(text) if isinstance(text, str) else 0,
        tokens if isinstance(tokens, int) else None,
        finish if isinstance(finish, str) else None,
        float(seconds) if isinstance(seconds, int | float) else None,
    )


def progress_of(folder: Path, samples: Follower[Brief]) -> Progress:
    """What a run's folder holds by now; its samples are followed."""
    rows: Sequence[Brief] = samples.read().rows
    header, about, summary = _document(folder / HEADER), {}, None
    if (folder / RUN).is_file():
        try:
            run = read_run(folder)
            about, summary = dict(run.about), run.summary
        except DataError:  # it is being written
            summary = None
    header = header or dict(about.get("generated") or {})
    protocol = header.get("protocol") or {}
    tokens = [row.tokens for row in rows if row.tokens is not None]
    said = [row.finish for row in rows if row.finish is not None]
    asked = (header.get("requests") or {}).get("count")
    if summary is not None:
        asked = summary.get("problems", 0) * summary.get("asked", 0)
    told = f"{header.get('suite', '')}@{protocol.get('name', '')}" if header.get("suite") else ""
    return Progress(
        samples=len(rows),
        asked=asked,
        problems=len({row.problem for row in rows}),
        model=str((header.get("model") or {}).get("model") or ""),
        score=str(about.get("score") or told),
        finishes=dict(Counter(said).most_common()),
        tokens=sum(tokens) / len(tokens) if tokens else None,
        truncated=sum(one in CUT for one in said) / len(said) if said else None,
        summary=summary,
        damaged=samples.damaged,
    )


def _document(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
