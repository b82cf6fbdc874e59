"""Rows of JSON lines and Parquet files, as every importer of such files reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jeoul.errors import DataError, listed

__all__ = ["each_row", "one_step"]


def each_row(source: str | Path) -> Iterator[dict[str, Any]]:
    """The rows of a file of JSON lines, or of a Parquet file, as they are; what a row lacks is None."""
    from jeoul.reading import read_columns

    columns = read_columns(source)
    for cells in zip(*columns.values(), strict=True):
        yield dict(zip(columns, cells, strict=True))


def one_step(path: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of one training step.

    Raises:
        DataError: there are several: samples of different models are not mixed.
    """
    steps = sorted({row["step"] for row in rows if row.get("step") is not None}, key=str)
    if len(steps) > 1:
        raise DataError(
            f"{path} holds completions of {len(steps)} training steps ({listed(map(str, steps), 5)}), which are "
            "samples of different models; give the rows of one step"
        )
    return rows
