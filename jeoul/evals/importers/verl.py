"""verl: ``STEP.jsonl`` of ``trainer.rollout_data_dir`` and ``trainer.validation_data_dir``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jeoul.evals.importers.cells import each_row, one_step
from jeoul.evals.importers.head import Head

__all__ = ["LOGS", "fits", "rows"]

LOGS = ("*.jsonl",)


def fits(head: Head) -> bool:
    """Whether its rows have input, output and the score at a step."""
    return head.kind == "lines" and {"input", "output", "score", "step"} <= head.names


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """One row a response of one step; ``input`` is the decoded prompt with its template."""
    for row in one_step(path, list(each_row(path))):
        yield {"prompt": row["input"], "completion": row["output"], "target": row.get("gts")}
