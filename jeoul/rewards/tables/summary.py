"""A reward table in a few figures per column."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np

from jeoul.rewards.tables.status import Gate, Status

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from jeoul.rewards.tables.table import RewardTable

__all__ = ["silent_groups", "summarise", "table_html"]


def summarise(table: RewardTable) -> pd.DataFrame:
    """One row per column, indexed by its name.

    Columns: ``weight`` (NaN for a monitor), ``mean``, ``std`` (ddof 1), ``min``, ``max`` over the cells that apply, a
    count for each :class:`Status`, ``gated`` (cells behind a closed gate) and ``silent_groups``: the share of groups
    with at least two present cells in which all are equal, so that the column says nothing there.
    """
    import pandas as pd

    rows = {}
    for index, name in enumerate(table.names):
        value = table.value[:, index]
        present = value[~np.isnan(value)]
        some, two = len(present) > 0, len(present) > 1
        rows[name] = {
            "weight": np.nan if table.monitored[index] else table.weights[index],
            "mean": present.mean() if some else np.nan,
            "std": present.std(ddof=1) if two else np.nan,
            "min": present.min() if some else np.nan,
            "max": present.max() if some else np.nan,
            **{status.name: int((table.status[:, index] == status).sum()) for status in Status},
            "gated": int((table.gate[:, index] == Gate.closed).sum()),
            "silent_groups": silent_groups(value, table.groups),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def silent_groups(value: NDArray[np.float64], groups: NDArray[np.int64]) -> float:
    """Share of the groups with two or more present cells in which every present cell is the same; NaN without any.

    >>> silent_groups(np.array([1.0, 1.0, 0.0, 1.0]), np.array([0, 0, 1, 1]))
    0.5
    """
    present = ~np.isnan(value)
    count = int(groups.max()) + 1 if len(groups) else 0
    size = np.bincount(groups[present], minlength=count)
    least, greatest = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(least, groups[present], value[present])
    np.maximum.at(greatest, groups[present], value[present])
    compared = size >= 2
    return float((least == greatest)[compared].mean()) if compared.any() else float("nan")


def table_html(table: RewardTable, most: int = 5) -> str:
    """For notebooks: the summary, and the first rows with their reasons on hover."""
    head = "".join(f"<th>{html.escape(name)}</th>" for name in table.names)
    body = []
    for row in range(min(most, len(table))):
        cells = "".join(
            f'<td title="{html.escape(table.reason[row][index], quote=True)}">{_shown(table.value[row, index])}</td>'
            for index in range(len(table.names))
        )
        text = table.rollouts.texts[row]
        short = html.escape(text if len(text) <= 80 else text[:79] + "…")
        body.append(f"<tr><td>{row}</td><td>{table.groups[row]}</td><td>{short}</td>{cells}</tr>")
    more = f"<p>… {len(table) - most} more rows</p>" if len(table) > most else ""
    return (
        f"<p>{html.escape(repr(table)[1:-1])}</p>{table.summary().to_html(float_format=lambda value: f'{value:.4g}')}"
        f"<table><tr><th>row</th><th>group</th><th>completion</th>{head}</tr>{''.join(body)}</table>{more}"
    )


def _shown(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.4g}"
