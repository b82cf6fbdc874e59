"""TRL: ``completions/completions_STEP.parquet`` of ``log_completions=True``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jeoul.evals.importers.cells import each_row, one_step
from jeoul.evals.importers.head import Head

__all__ = ["LOGS", "fits", "rows"]

LOGS = ("completions_*.parquet",)


def fits(head: Head) -> bool:
    """Whether it has prompts, completions and their advantages at a step."""
    return head.kind == "parquet" and {"step", "prompt", "completion", "advantage"} <= head.names


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """One row a completion of one step; a problem's samples are numbered as they come."""
    for row in one_step(path, list(each_row(path))):
        kept = {"prompt": row["prompt"], "completion": row["completion"], "target": row.get("answer")}
        yield kept | ({"id": str(row["id"])} if row.get("id") is not None else {})
