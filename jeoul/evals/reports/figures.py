"""Figures in words and rows, the same for HTML and Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["LENGTHS", "FigureRow", "facts", "figure_rows", "meaning", "number", "share"]

LENGTHS = ("characters", "tokens")


@dataclass(frozen=True)
class FigureRow:
    """A figure as it is read: texts, with "–" where there is none, and the numbers for a chart (None: NaN)."""

    name: str
    value: str
    interval: str
    total: str
    sampling: str
    n: int
    samples: int
    missing: int
    how: str
    estimate: float | None
    low: float | None
    high: float | None

    @property
    def drawn(self) -> bool:
        """Whether it has an interval from 0 to 1, so that a chart of shares can show it; other scores may not."""
        known = self.name not in LENGTHS and self.estimate is not None and self.low is not None
        return known and self.high is not None and 0 <= self.low <= self.high <= 1  # type: ignore[operator]


def figure_rows(figures: Mapping[str, Mapping[str, Any]], name: str | None = None) -> list[FigureRow]:
    """Rows of a summary's figures; ``name``: of the figure they all are, where the keys are labels of a breakdown."""
    return [_row(label, figure, name or label) for label, figure in figures.items()]


def _row(label: str, figure: Mapping[str, Any], name: str) -> FigureRow:
    told = number if name in LENGTHS else share
    low, high = figure.get("interval") or (None, None)
    known = low is not None and high is not None
    level = figure.get("level")
    return FigureRow(
        label,
        told(figure.get("estimate")),
        f"{told(low)} to {told(high)}" if known else "–",
        told(figure.get("total_error")),
        told(figure.get("sampling_error")),
        int(figure.get("n") or 0),
        int(figure.get("samples") or 0),
        int(figure.get("samples_missing") or 0),
        f"{level:.0%} {str(figure.get('method')).replace('wilson', 'Wilson')}" if known and level else "",
        figure.get("estimate"),
        low,
        high,
    )


def share(value: float | None) -> str:
    """A share of 1 as a percentage.

    >>> share(0.921), share(None)
    ('92.1%', '–')
    """
    return "–" if value is None or math.isnan(value) else f"{100 * value:.1f}%"


def number(value: float | None) -> str:
    """A number for reading.

    >>> number(1162.6), number(0.21934), number(3.0), number(None)
    ('1,163', '0.2193', '3', '–')
    """
    if value is None or math.isnan(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4g}"


def meaning(name: str) -> str:
    """What a figure is, in one line; "" for a name that is not known.

    >>> meaning("pass@8")
    'at least one of 8 samples is right'
    """
    base, _, k = name.partition("@")
    return {
        "accuracy": "problems answered right",
        "avg": f"mean over problems of the mean over {k} samples",
        "pass": f"at least one of {k} samples is right",
        "maj": f"the vote of {k} samples is right; equal answers count as one",
        "exceed": f"completions longer than {k} tokens; not truncation",
        "truncated": "completions cut at the limit",
        "form": "completions in the form that was asked",
        "extracted": "completions in which an answer was found",
        "characters": "mean length of a completion",
        "tokens": "mean length of a completion",
    }.get(base, "")


def facts(about: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Sections of run.json as rows of a key and a text; nested keys are joined by dots.

    >>> facts({"score": "a@b", "suite": {"name": "a", "hash": "0f"}, "data": {"by": {"id": 2}, "none": None}})
    {'run': [('score', 'a@b')], 'suite': [('name', 'a'), ('hash', '0f')], 'data': [('by.id', '2')]}
    """
    plain = {key: value for key, value in about.items() if not isinstance(value, Mapping)}
    sections = {"run": plain, **{key: value for key, value in about.items() if isinstance(value, Mapping)}}
    made = {name: list(_flat(section)) for name, section in sections.items()}
    return {name: rows for name, rows in made.items() if rows}


def _flat(section: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for key, value in section.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield f"{prefix}{key}", ", ".join(map(str, value)) or "none"
        elif value is not None and value != "":
            yield f"{prefix}{key}", str(value)
