"""Rows as they are: JSONL, Parquet, a folder of either, a run's own samples; columns have the usual names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jeoul.evals.importers.cells import each_row
from jeoul.evals.importers.head import Head

__all__ = ["LOGS", "fits", "rows"]

LOGS = ()


def fits(head: Head) -> bool:
    """Whatever fits nothing else."""
    return True


def rows(source: str | Path) -> Iterator[dict[str, Any]]:
    """The rows of a file, a folder, or of the samples in a run's folder."""
    own = Path(source) / "samples.jsonl"
    return each_row(own if own.is_file() else source)
