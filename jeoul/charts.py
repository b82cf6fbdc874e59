"""Charts, made once for reports, files and notebooks alike (Altair; the ``report`` extra)."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jeoul.errors import UsageError
from jeoul.writing import whole_file

if TYPE_CHECKING:
    from jeoul.trainers.diagnosis import Diagnosis

__all__ = [
    "COLORS",
    "bars_chart",
    "collapse_chart",
    "correlation_chart",
    "diagnosis_chart",
    "difference_chart",
    "fan_chart",
    "inline_svg",
    "interval_chart",
    "lines_chart",
    "save_chart",
    "share_chart",
    "shares_chart",
    "stacked",
]

ENDINGS = (".svg", ".png", ".html", ".json")
COLORS = {
    "accent": "#2a6592",
    "second": "#8a4f7d",
    "good": "#28704f",
    "bad": "#b64f37",
    "pale": "#dba08e",
    "warn": "#a67a1c",
    "none": "#8d949b",
    "ink": "#23282d",
    "muted": "#5c646c",
    "line": "#e3e0d8",
}
"""Role → colour of the report's charts; pages give the roles other colours in the dark (:func:`inline_svg`)."""


def share_chart(found: Diagnosis) -> Any:
    """Bars: each column's share of the update, one bar an estimator."""
    altair = _altair()
    rows = [
        {"column": column.name, "estimator": name, "share": share}
        for column in found.columns
        for name, share in column.shares.items()
    ]
    return (
        altair.Chart(altair.Data(values=rows), title="Share of the update")
        .mark_bar()
        .encode(
            x=altair.X("share:Q", axis=altair.Axis(format="%"), stack="zero", title=None),
            y=altair.Y("estimator:N", title=None, sort=[figures.name for figures in found.estimators]),
            color=altair.Color("column:N", sort=[column.name for column in found.columns]),
            order=altair.Order("column:N"),
            tooltip=["column:N", "estimator:N", altair.Tooltip("share:Q", format=".1%")],
        )
        .properties(width=420)
    )


def collapse_chart(found: Diagnosis) -> Any:
    """Bars: the chance that two rows of a group with different rewards get one advantage, one bar an estimator."""
    altair = _altair()
    rows = [
        {"estimator": figures.name, "collapse": None if math.isnan(figures.collapse) else figures.collapse}
        for figures in found.estimators
    ]
    return (
        altair.Chart(altair.Data(values=rows), title="P(same advantage | different rewards)")
        .mark_bar()
        .encode(
            x=altair.X("collapse:Q", axis=altair.Axis(format="%"), title=None),
            y=altair.Y("estimator:N", title=None, sort=[figures.name for figures in found.estimators]),
            tooltip=["estimator:N", altair.Tooltip("collapse:Q", format=".2%")],
        )
        .properties(width=420)
    )


def correlation_chart(found: Diagnosis) -> Any:
    """Heat map: correlation of every two columns within groups; empty where one does not vary."""
    altair = _altair()
    rows = [
        {"a": column.name, "b": other, "r": None if math.isnan(r) else round(r, 4)}
        for column in found.columns
        for other, r in column.correlation.items()
    ]
    names = [column.name for column in found.columns]
    base = altair.Chart(altair.Data(values=rows), title="Correlation within groups").encode(
        x=altair.X("b:N", sort=names, title=None), y=altair.Y("a:N", sort=names, title=None)
    )
    scale = altair.Scale(scheme="redblue", domain=[-1, 1])
    cells = base.mark_rect().encode(color=altair.Color("r:Q", scale=scale), tooltip=["a:N", "b:N", "r:Q"])
    chart = cells + base.mark_text().encode(text=altair.Text("r:Q", format=".2f"))
    return chart.properties(width=64 * len(names), height=28 * len(names))


def diagnosis_chart(found: Diagnosis) -> Any:
    """Both charts of a diagnosis, one above the other."""
    return stacked([share_chart(found), correlation_chart(found)])


def lines_chart(
    rows: list[dict[str, Any]],
    x: str,
    y: str,
    color: str,
    *,
    title: str,
    scale: str = "linear",
    dash: str | None = None,
    bare: bool = False,
) -> Any:
    """Lines over ``x``, one a value of ``color`` (and of ``dash``), with points where they are few.

    ``bare``: without what a page says beside it: the title of the y axis, and a legend of one entry.
    """
    altair = _altair()
    names = list(dict.fromkeys(row[color] for row in rows))
    base = altair.Chart(altair.Data(values=rows)).encode(
        x=altair.X(f"{x}:Q"),
        color=altair.Color(f"{color}:N", sort=names, **({"legend": None} if bare and len(names) < 2 else {})),
    )
    kind = altair.Scale(type=scale, zero=False)
    drawn = base.encode(
        y=altair.Y(f"{y}:Q", scale=kind, title=None if bare else y), tooltip=[f"{color}:N", f"{x}:Q", f"{y}:Q"]
    )
    lines = drawn.mark_line()
    if dash:
        lines = lines.encode(strokeDash=altair.StrokeDash(f"{dash}:N"))
    layers = [lines]
    if len({row[x] for row in rows}) <= 20:
        layers.append(drawn.mark_circle())
    return altair.layer(*layers, title=title).properties(width=420)


def shares_chart(rows: Sequence[Mapping[str, Any]], x: str, y: str, color: str, *, title: str = "") -> Any:
    """Shares of 1 that add up, stacked over ``x``: one area a value of ``color``."""
    altair = _altair()
    names = list(dict.fromkeys(row[color] for row in rows))
    return (
        altair.Chart(altair.Data(values=list(rows)), title=title)
        .mark_area(opacity=0.85)
        .encode(
            x=altair.X(f"{x}:Q"),
            y=altair.Y(
                f"{y}:Q", stack="zero", axis=altair.Axis(format="%"), scale=altair.Scale(domain=[0, 1]), title=None
            ),
            color=altair.Color(f"{color}:N", sort=names),
            tooltip=[f"{color}:N", f"{x}:Q", altair.Tooltip(f"{y}:Q", format=".1%")],
        )
        .properties(width=420)
    )


def fan_chart(
    rows: Sequence[Mapping[str, Any]],
    x: str,
    bands: Sequence[tuple[str, str]],
    lines: Sequence[str],
    *,
    title: str = "",
) -> Any:
    """How a distribution moves: a band between each pair of columns, the widest first, and lines in it.

    Args:
        rows: of numbers by name; what a row lacks is not drawn there.
        x: the column along the bottom.
        bands: pairs of columns, such as ``("min", "max"), ("q05", "q95")``.
        lines: columns, the first drawn full and the others dashed.
        title: of the chart.
    """
    altair = _altair()
    base = altair.Chart(altair.Data(values=list(rows)), title=title).encode(x=altair.X(f"{x}:Q"))
    scale = altair.Scale(zero=False)
    told = [f"{x}:Q", *(f"{name}:Q" for name in dict.fromkeys([*(name for pair in bands for name in pair), *lines]))]
    drawn = [
        base.mark_area(opacity=0.2).encode(y=altair.Y(f"{low}:Q", scale=scale, title=None), y2=f"{high}:Q")
        for low, high in bands
    ]
    for place, name in enumerate(lines):
        mark = base.mark_line(strokeDash=[4, 3] if place else [1, 0])
        drawn.append(mark.encode(y=altair.Y(f"{name}:Q", scale=scale, title=None), tooltip=told))
    return altair.layer(*drawn).properties(width=420)


def interval_chart(
    rows: Sequence[Mapping[str, Any]], *, title: str = "", percent: bool = True, width: int = 240
) -> Any:
    """A line a row: ``label``, a point at ``estimate``, its interval from ``low`` to ``high``; rows keep their order.

    Args:
        rows: with ``run`` too where several runs are drawn beside each other.
        title: of the chart.
        percent: values are shares of 1, so that the axis shows all of 0 % to 100 %.
        width: in pixels, without the labels.
    """
    altair = _altair()
    runs = list(dict.fromkeys(row["run"] for row in rows if "run" in row))
    scale = altair.Scale(domain=[0, 1]) if percent else altair.Scale(zero=False)
    axis = altair.Axis(
        format="%" if percent else "~s", tickCount=5, grid=True, domain=False, ticks=False, labelFlush=False
    )
    labels = altair.Axis(domain=False, ticks=False, labelPadding=8, labelLimit=180)
    base = altair.Chart(altair.Data(values=list(rows)), title=title).encode(
        y=altair.Y("label:N", sort=list(dict.fromkeys(row["label"] for row in rows)), title=None, axis=labels),
        tooltip=["label:N", *(f"{name}:Q" for name in ("estimate", "low", "high"))],
    )
    if runs:
        shades = altair.Scale(domain=runs, range=[COLORS["accent"], COLORS["second"], COLORS["warn"], COLORS["none"]])
        base = base.encode(
            color=altair.Color("run:N", scale=shades, title=None), yOffset=altair.YOffset("run:N", sort=runs)
        )
    paint = {} if runs else {"color": COLORS["accent"]}
    value = {"scale": scale, "axis": axis, "title": None}
    line = base.mark_rule(strokeWidth=5, opacity=0.38, **paint).encode(x=altair.X("low:Q", **value), x2="high:Q")
    point = base.mark_point(filled=True, opacity=1, size=52, **paint).encode(x=altair.X("estimate:Q", **value))
    return (line + point).properties(width=width, height=altair.Step(12 * len(runs) + 8 if runs else 22))


def difference_chart(rows: Sequence[Mapping[str, Any]], *, title: str = "", width: int = 240) -> Any:
    """Differences in points with their intervals around 0, coloured by ``verdict``; rows keep their order.

    Args:
        rows: with ``label``, ``difference``, ``low``, ``high`` (in points) and ``verdict``: "better", "worse",
            "equivalent" or "inconclusive".
        title: of the chart.
        width: in pixels, without the labels.
    """
    altair = _altair()
    roles = {"better": "good", "worse": "bad", "equivalent": "accent", "inconclusive": "none"}
    paint = altair.Scale(domain=list(roles), range=[COLORS[role] for role in roles.values()])
    bare = {"domain": False, "ticks": False}
    axis = altair.Axis(format="+~r", tickCount=5, grid=True, labelFlush=False, **bare)
    base = altair.Chart(altair.Data(values=list(rows)), title=title).encode(
        y=altair.Y(
            "label:N",
            sort=[row["label"] for row in rows],
            title=None,
            axis=altair.Axis(labelPadding=8, labelLimit=180, **bare),
        ),
        color=altair.Color("verdict:N", scale=paint, legend=None),
        tooltip=["label:N", "difference:Q", "low:Q", "high:Q", "verdict:N"],
    )
    value = {"axis": axis, "title": "points"}
    line = base.mark_rule(strokeWidth=5, opacity=0.35).encode(x=altair.X("low:Q", **value), x2="high:Q")
    point = base.mark_point(filled=True, opacity=1, size=52).encode(x=altair.X("difference:Q", **value))
    zero = altair.Chart(altair.Data(values=[{"zero": 0}])).mark_rule(color=COLORS["muted"]).encode(x="zero:Q")
    return (zero + line + point).properties(width=width, height=altair.Step(22))


def bars_chart(
    bars: Sequence[Mapping[str, Any]],
    kinds: Mapping[str, str],
    *,
    title: str = "",
    legend: bool = True,
    width: int = 250,
) -> Any:
    """A histogram of bars stacked by ``kind``: each has ``low`` and ``high``, or one ``value``, and a ``count``.

    Args:
        bars: as :func:`jeoul.evals.reports.distributions.histogram` gives them.
        kinds: kind → role of its colour in :data:`COLORS`, from the bottom up.
        title: of the chart.
        legend: whether kinds are named in it.
        width: in pixels.
    """
    altair = _altair()
    paint = altair.Scale(domain=list(kinds), range=[COLORS[role] for role in kinds.values()])
    named = altair.Legend(title=None, orient="top", symbolType="square") if legend and len(kinds) > 1 else None
    place = {name: order for order, name in enumerate(kinds)}
    rows = [{**bar, "place": place[bar["kind"]]} for bar in bars]
    axis = altair.Axis(grid=False, ticks=False, labelAngle=0, labelFlush=True, labelPadding=5, tickCount=6)
    base = altair.Chart(altair.Data(values=rows), title=title).encode(
        y=altair.Y("count:Q", title=None, axis=altair.Axis(tickCount=3, domain=False, ticks=False)),
        color=altair.Color("kind:N", scale=paint, legend=named),
        order=altair.Order("place:Q"),
        tooltip=["kind:N", "count:Q"],
    )
    if bars and "value" in bars[0]:
        values = list(dict.fromkeys(bar["value"] for bar in bars))
        chart = base.mark_bar(size=26).encode(x=altair.X("value:O", sort=values, title=None, axis=axis))
    else:
        chart = base.mark_bar(binSpacing=1).encode(
            x=altair.X("low:Q", bin="binned", title=None, axis=axis), x2="high:Q"
        )
    return chart.properties(width=width, height=110)


def inline_svg(chart: Any) -> str:
    """A chart as an SVG element for a page: without background, its :data:`COLORS` as ``var(--role, colour)``."""
    quiet = {"gridColor": COLORS["line"], "domainColor": COLORS["line"], "tickColor": COLORS["line"]}
    text = {"labelColor": COLORS["muted"], "titleColor": COLORS["muted"], "labelFontSize": 11, "titleFontSize": 11}
    themed = chart.configure(
        background="transparent",
        padding={"left": 10, "right": 5, "top": 5, "bottom": 5},  # the page's font may be wider
        view={"stroke": None},
        axis={**quiet, **text, "titleFontWeight": "normal"},
        legend={**text, "padding": 0, "offset": 6},
        title={"color": COLORS["ink"], "fontSize": 13, "anchor": "start", "frame": "group", "offset": 8},
    )
    _converter()
    made = io.StringIO()
    themed.save(made, format="svg")
    svg = made.getvalue()
    for role, color in COLORS.items():
        svg = svg.replace(f'"{color}"', f'"var(--{role}, {color})"')
    return svg


def stacked(charts: list[Any]) -> Any:
    """Charts one above the other, each with colours of its own."""
    return _altair().vconcat(*charts).resolve_scale(color="independent", strokeDash="independent")


def save_chart(chart: Any, path: Path) -> None:
    """Write a chart as SVG, PNG, HTML or Vega-Lite JSON, by the ending of ``path``; beside, then renamed."""
    if path.suffix not in ENDINGS:
        raise UsageError(f"a chart is written as {', '.join(ENDINGS)}, not {path.name!r}")
    if path.suffix != ".json":
        _converter()
    try:
        with whole_file(path) as beside:
            chart.save(str(beside), inline=True) if path.suffix == ".html" else chart.save(str(beside))
    except OSError as error:
        raise UsageError(f"the chart cannot be written to {path}: {error}") from None


def _altair() -> Any:
    try:
        import altair
    except ImportError as error:
        raise _missing() from error
    return altair


def _converter() -> None:
    """What draws charts; altair alone only describes them."""
    try:
        import vl_convert  # noqa: F401
    except ImportError as error:
        raise _missing() from error


def _missing() -> UsageError:
    return UsageError('charts need the report extra: pip install "jeoul[report]"')
