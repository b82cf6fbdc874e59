"""Charts of training metrics, from the one chart module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jeoul.charts import fan_chart, lines_chart, shares_chart
from jeoul.dashboard.training import Metrics, Panel, points

__all__ = ["charts_of"]

BANDS = (("min", "max"), ("p01", "p99"), ("q01", "q99"), ("p05", "p95"), ("q05", "q95"), ("p25", "p75"), ("q25", "q75"))
MIDDLES = ("mean", "median", "q50", "p50")
SHARES = "Share of the advantage"


def charts_of(panel: Panel, runs: Mapping[str, Metrics], smooth: float = 0.0) -> Iterator[tuple[str, Any]]:
    """The title and the chart of everything in a panel: lines of all runs together, but shares and fans a run each."""
    for title, series in panel.charts.items():
        bands = [pair for pair in BANDS if set(pair) <= set(series)]
        if panel.title == SHARES or bands:
            for label, metrics in runs.items():
                there = {name: metric for name, metric in series.items() if metric in metrics.names}
                named = title if len(runs) == 1 else f"{title} · {label}"
                if not there:
                    continue
                if panel.title == SHARES:
                    yield named, shares_chart(_long(there, {label: metrics}, smooth), "step", "value", "series")
                else:
                    inside = [pair for pair in bands if set(pair) <= set(there)]
                    middle = [name for name in MIDDLES if name in there]
                    yield named, fan_chart(_wide(there, metrics, smooth), "step", inside, middle)
            continue
        rows = _long(series, runs, smooth)
        if not rows:
            continue
        several = len(series) > 1
        dash = "run" if several and len(runs) > 1 else None
        yield title, lines_chart(rows, "step", "value", "series" if several else "run", title="", dash=dash, bare=True)


def _long(series: Mapping[str, str], runs: Mapping[str, Metrics], smooth: float) -> list[dict[str, Any]]:
    return [
        {"run": label, "series": name, "step": step, "value": value}
        for label, metrics in runs.items()
        for name, metric in series.items()
        for step, value in points(metrics, metric, smooth)
    ]


def _wide(series: Mapping[str, str], metrics: Metrics, smooth: float) -> list[dict[str, float]]:
    rows: dict[float, dict[str, float]] = {}
    for name, metric in series.items():
        for step, value in points(metrics, metric, smooth):
            rows.setdefault(step, {"step": step})[name] = value
    return [rows[step] for step in sorted(rows)]
