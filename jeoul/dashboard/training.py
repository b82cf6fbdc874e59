"""Metrics of training: numbers by step, and which of them belong in one chart."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jeoul.dashboard.following import Follower

__all__ = ["STEPS", "Metrics", "Panel", "flat_numbers", "metrics_of", "numbers", "panels", "points", "step_of"]

STEPS = ("step", "global_step", "train/global_step", "training/global_step", "_step")
MOST_POINTS = 1_000

Row = dict[str, float]


@dataclass
class Panel:
    """Charts under one heading.

    Attributes:
        title: of the heading.
        charts: title → series → name of the metric.
    """

    title: str
    charts: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Metrics:
    """All there is of a run by now.

    Attributes:
        rows: one a line of the file: ``step`` and every finite number; several lines may be of one step.
        names: of the metrics, as they first came.
        damaged: lines that could not be read.
    """

    rows: Sequence[Row]
    names: tuple[str, ...]
    damaged: int = 0

    def last(self, name: str) -> float | None:
        """The newest value of a metric."""
        return next((row[name] for row in reversed(self.rows) if name in row), None)


# The first pattern that fits a name decides. Names of Jeoul's monitor, of TRL and of verl.
_PATTERNS = [
    ("Share of the advantage", r"reward/(?P<series>.+)/share"),
    ("Reward columns", r"rewards?/(?P<series>.+)/(?P<chart>mean|std|zero_std_frac|saturation)"),
    ("Reward", r"(?P<chart>reward|rewards?/total|reward_std|frac_reward_zero_std|collapse"
               r"|critic/(?:score|rewards)/mean)"),
    ("Importance ratio", r"(?P<chart>(?:.*/)?(?:\w*_)?ratio(?:/\w+)*)"
                         r"/(?P<series>min|mean|max|median|std|p[\d.]+|q[\d.]+)"),
    ("Importance ratio", r"(?P<chart>(?:.*/)?ratio/.*ess|mismatch/.+|sampling/.+)"),
    ("Clip fractions", r"(?P<series>(?:.*/)?(?:\w*_)?clip(?:_ratio|frac\w*|_fraction)?(?:/.+)?)"),
    ("Balance of experts", r"moe/(?P<chart>.+)"),
    ("Policy", r"(?P<chart>(?:\w+/)?(?:loss|objective|pg_loss|policy_loss|entropy|entropy_loss|kl|ppo_kl|kl_loss"
               r"|approx_kl|grad_norm|learning_rate|lr))(?:/(?P<series>\w+))?"),
    ("Length", r"(?P<chart>(?:completions?|response_length|length|tokens|completion_length)(?:/.+)?)"),
]  # fmt: skip
TITLES = ("Reward columns", *(title for title, _ in _PATTERNS))


def panels(names: Iterable[str]) -> tuple[list[Panel], list[str]]:
    """Metrics by heading and chart, and the names that fit nowhere.

    >>> found, others = panels(["reward/correct/mean", "reward/short/mean", "moe/cv", "mine"])
    >>> [(panel.title, panel.charts) for panel in found]
    [('Reward columns', {'mean': {'correct': 'reward/correct/mean', 'short': 'reward/short/mean'}}),
     ('Balance of experts', {'cv': {'cv': 'moe/cv'}})]
    >>> others
    ['mine']
    """
    found = {title: Panel(title) for title in TITLES}  # in this order
    others = []
    for name in (one for one in names if one not in STEPS):
        for title, pattern in _PATTERNS:
            if fits := re.fullmatch(pattern, name):
                told = fits.groupdict()
                chart = told.get("chart") or title.lower()
                found[title].charts.setdefault(chart, {})[told.get("series") or chart] = name
                break
        else:
            others.append(name)
    return [panel for panel in found.values() if panel.charts], others


def step_of(row: Mapping[str, Any]) -> float | None:
    """The step of a row, by the names that trainers give it."""
    value = next((row[name] for name in STEPS if name in row), None)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def numbers(row: Mapping[str, Any]) -> Row | None:
    """``step`` and every finite number of a row, nested ones by joined names; None without a step.

    >>> numbers({"step": 3, "data": {"actor/lr": 1e-6}, "kl": None, "note": "x", "layers": {"a": 1}})
    {'step': 3.0, 'actor/lr': 1e-06, 'layers/a': 1.0}
    """
    step = step_of(row)
    if step is None or not math.isfinite(step):
        return None
    return {"step": step, **{name: value for name, value in flat_numbers(row) if name not in STEPS}}


def flat_numbers(row: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, float]]:
    """Finite numbers by name, nested ones by joined names; truth values are none."""
    for key, value in row.items():
        if isinstance(value, Mapping):
            yield from flat_numbers(value, prefix if key == "data" else f"{prefix}{key}/")  # verl's file logger
        elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            yield f"{prefix}{key}", float(value)


def metrics_of(source: Follower[Row | None] | Path) -> Metrics:
    """What a follower of JSON lines, or a ``trainer_state.json``, holds by now."""
    if isinstance(source, Path):
        read, damaged = _state(source)
    else:
        read, damaged = source.read().rows, source.damaged
    rows = [row for row in read if row is not None]
    names = dict.fromkeys(name for row in rows for name in row if name != "step")
    return Metrics(rows, tuple(names), damaged + len(read) - len(rows))


def _state(path: Path) -> tuple[list[Row | None], int]:
    try:
        history = json.loads(path.read_bytes())["log_history"]
        return [numbers(row) for row in history], 0
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return [], 1


def points(metrics: Metrics, name: str, smooth: float = 0.0, most: int = MOST_POINTS) -> list[tuple[float, float]]:
    """(step, value) of a metric; of many, every n-th and the last.

    Args:
        metrics: of the run.
        name: of the metric.
        smooth: 0 for the values themselves; up to 1, an exponential mean of those so far, unbiased at the start.
        most: points that are drawn at most.
    """
    values = [(row["step"], row[name]) for row in metrics.rows if name in row]
    if smooth > 0:
        mean = weight = 0.0
        for place, (step, value) in enumerate(values):
            mean, weight = smooth * mean + (1 - smooth) * value, smooth * weight + (1 - smooth)
            values[place] = (step, mean / weight)
    if len(values) <= most:
        return values
    every = math.ceil(len(values) / (most - 1))
    return [*values[::every], *(values[-1:] if (len(values) - 1) % every else [])]
