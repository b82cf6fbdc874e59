"""Charts, made once for reports, files and notebooks alike (Altair; the ``report`` extra)."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jeoul.errors import UsageError

if TYPE_CHECKING:
    from jeoul.trainers.diagnosis import Diagnosis

__all__ = ["correlation_chart", "diagnosis_chart", "save_chart", "share_chart"]

ENDINGS = (".svg", ".png", ".html", ".json")


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
    chart = _altair().vconcat(share_chart(found), correlation_chart(found))
    return chart.resolve_scale(color="independent")


def save_chart(chart: Any, path: Path) -> None:
    """Write a chart as SVG, PNG, HTML or Vega-Lite JSON, by the ending of ``path``; beside, then renamed."""
    if path.suffix not in ENDINGS:
        raise UsageError(f"a chart is written as {', '.join(ENDINGS)}, not {path.name!r}")
    beside = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        chart.save(str(beside), inline=True) if path.suffix == ".html" else chart.save(str(beside))
        beside.replace(path)
    except ImportError as error:
        raise _missing() from error
    except OSError as error:
        raise UsageError(f"the chart cannot be written to {path}: {error}") from None
    finally:
        beside.unlink(missing_ok=True)


def _altair() -> Any:
    try:
        import altair
    except ImportError as error:
        raise _missing() from error
    return altair


def _missing() -> UsageError:
    return UsageError('charts need the report extra: pip install "jeoul[report]"')
