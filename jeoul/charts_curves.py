"""Charts of training runs: every seed and the mean, and differences with intervals (Altair; the ``report`` extra)."""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from jeoul.charts import COLORS, _altair, inline_svg

__all__ = ["curves_chart", "differences_chart", "plain_svg", "small_svg"]

POINTS = 40
ACCENT, QUIET, INK = COLORS["accent"], COLORS["none"], COLORS["ink"]
VERDICTS = {"better": COLORS["good"], "worse": COLORS["bad"], "tie": ACCENT, "undecided": QUIET}


def curves_chart(
    curves: Mapping[str, Mapping[int, tuple[Sequence[int], Sequence[float]]]],
    baseline: str,
    *,
    title: str,
    threshold: float | None = None,
    width: int = 118,
) -> Any:
    """A panel an arm: each seed thin, their mean bold, the baseline's mean dashed, a threshold dotted.

    Args:
        curves: arm → seed → (steps, values).
        baseline: an arm, whose mean is in every panel.
        title: what is drawn.
        threshold: a value to mark.
        width: of a panel, in pixels.
    """
    altair = _altair()
    rows = [
        {"arm": arm, "line": f"seed {seed}", "step": step, "value": value}
        for arm, seeds in curves.items()
        for seed, curve in seeds.items()
        for step, value in _thinned(*curve)
    ]
    means = {arm: _mean(list(seeds.values())) for arm, seeds in curves.items() if seeds}
    for arm, mean in means.items():
        rows += [{"arm": arm, "line": "mean", "step": step, "value": value} for step, value in mean]
        if arm != baseline:
            rows += [{"arm": arm, "line": "baseline", "step": s, "value": v} for s, v in means.get(baseline, [])]
    axis = altair.Axis(grid=False, tickCount=3)
    base = altair.Chart().encode(
        x=altair.X("step:Q", axis=axis, title=None),
        y=altair.Y("value:Q", axis=axis, title=None, scale=altair.Scale(zero=False)),
    )
    lines = base.mark_line(strokeWidth=0.7, opacity=0.45, color=ACCENT).encode(detail="line:N")
    layers = [
        lines.transform_filter("datum.line != 'mean' && datum.line != 'baseline'"),
        base.mark_line(strokeWidth=1.2, strokeDash=[4, 3], color=QUIET).transform_filter("datum.line == 'baseline'"),
        base.mark_line(strokeWidth=2.2, color=ACCENT).transform_filter("datum.line == 'mean'"),
    ]
    if threshold is not None:
        once = altair.Chart().transform_aggregate(rows="count()", groupby=["arm"])  # else a rule for every point
        rule = once.mark_rule(strokeWidth=0.6, strokeDash=[1, 3], color=INK)
        layers.append(rule.encode(y=altair.datum(threshold)))
    names = [arm for arm in curves if curves[arm]]
    header = altair.Header(title=None, labelFontSize=11, labelPadding=2, labelColor=INK)
    panels = altair.layer(*layers, data=altair.Data(values=rows)).properties(width=width, height=80)
    return panels.facet(column=altair.Column("arm:N", sort=names, header=header), spacing=8, title=title)


def differences_chart(rows: Sequence[Mapping[str, Any]], *, title: str) -> Any:
    """A line a row: ``label``, ``estimate``, ``low``, ``high`` and ``verdict``, panels by ``panel``; 0 is marked."""
    altair = _altair()
    verdicts = [each for each in VERDICTS if any(row["verdict"] == each for row in rows)]
    paint = altair.Scale(domain=verdicts, range=[VERDICTS[each] for each in verdicts])
    labels = list(dict.fromkeys(row["label"] for row in rows))
    base = altair.Chart().encode(
        y=altair.Y("label:N", sort=labels, title=None, axis=altair.Axis(ticks=False, domain=False, labelLimit=220)),
        color=altair.Color("verdict:N", scale=paint, title=None, legend=altair.Legend(symbolOpacity=1)),
    )
    axis = altair.Axis(grid=False, tickCount=4)
    once = altair.Chart().transform_aggregate(rows="count()", groupby=["panel"])
    layers = [
        once.mark_rule(color=QUIET, strokeWidth=0.8).encode(x=altair.datum(0)),
        base.mark_rule(strokeWidth=4, opacity=0.35).encode(x=altair.X("low:Q", axis=axis, title=None), x2="high:Q"),
        base.mark_point(filled=True, size=44, opacity=1).encode(x="estimate:Q"),
    ]
    panels = list(dict.fromkeys(row["panel"] for row in rows))
    made = altair.layer(*layers, data=altair.Data(values=list(rows))).properties(width=170, height=altair.Step(16))
    facet = altair.Facet("panel:N", sort=panels, header=altair.Header(title=None, labelFontSize=11, labelColor=INK))
    return made.facet(facet=facet, columns=3, spacing=12, title=title).resolve_scale(x="independent")


def small_svg(chart: Any) -> str:
    """:func:`jeoul.charts.inline_svg` with places cut at a tenth of a pixel: many curves make long paths."""
    return re.sub(r' (?:d|transform)="[^"]*"', lambda part: re.sub(r"(\d\.\d)\d+", r"\1", part[0]), inline_svg(chart))


def plain_svg(svg: str) -> str:
    """The same with colours for readers that know no ``var()``: for files of their own.

    >>> plain_svg('<path fill="var(--good, #28704f)"/>')
    '<path fill="#28704f"/>'
    """
    return re.sub(r"var\(--\w+, (#\w+)\)", r"\1", svg)


def _thinned(steps: Sequence[int], values: Sequence[float]) -> list[tuple[int, float]]:
    """At most ``POINTS`` points: means of stretches, so that noise is not picked from."""
    size = -(-len(steps) // POINTS)
    cut = [(steps[at : at + size], values[at : at + size]) for at in range(0, len(steps), size)]
    return [(part[-1], float(f"{statistics.fmean(found):.4g}")) for part, found in cut]


def _mean(curves: Sequence[tuple[Sequence[int], Sequence[float]]]) -> list[tuple[int, float]]:
    values = [statistics.fmean(at) for at in zip(*(values for _, values in curves), strict=False)]
    return _thinned(list(curves[0][0])[: len(values)], values)
