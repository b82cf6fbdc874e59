"""Results as plain data: one JSON document, and the rows of the per-item table as a file."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jeoul.errors import DataError, UsageError
from jeoul.evals.contest.correction import CorrectionResult
from jeoul.evals.contest.culture import CultureResult
from jeoul.evals.contest.tasks import TaskResult
from jeoul.writing import whole_file

__all__ = ["OFFICIAL_NAMES", "check_ending", "correction_report", "result_report", "write_rows"]

OFFICIAL_NAMES = {"rouge1": "rouge_1", "bertscore": "bertscore", "bleurt": "bleurt"}
ENDINGS = (".parquet", ".jsonl", ".csv")


def correction_report(result: CorrectionResult) -> dict[str, Any]:
    """A correction result under the server's names, with everything it does not say."""
    return {
        "task": "correction",
        "items": len(result.items),
        "pairs": result.pairs,
        "exact_match": asdict(result.exact_match),
        **{OFFICIAL_NAMES[name]: asdict(value) for name, value in result.measures.items()},
        "descriptive_avg": result.descriptive_avg,
        "final_score": None if result.final_score is None else asdict(result.final_score),
        "absent": {OFFICIAL_NAMES[name]: why for name, why in result.absent.items()},
        "rouge_tokenizer": result.tokenizer,
        "missing_reason_as_0": None if result.honest_score is None else asdict(result.honest_score),
        "exact_match_by_reading": {
            "official": asdict(result.exact_match),
            "strict": asdict(result.strict),
            "lenient": asdict(result.lenient),
            "lenient_ignoring_spaces": asdict(result.ignoring_spaces),
        },
        "cost_of_format": result.lenient.value - result.exact_match.value,
        "flips": [item.id for item in result.flips],
        "flags": {flag: {"outputs": both[0], "flips": both[1]} for flag, both in result.cost.items()},
        "by_type": {
            kind: {"items": count, "exact_match": official, "lenient": lenient}
            for kind, (count, official, lenient) in result.by_type.items()
        },
        "floor": result.floor,
    }


def result_report(task: str, rules: str, result: TaskResult | CultureResult) -> dict[str, Any]:
    """A result of any other task."""
    return {
        "task": task,
        "rules": rules,
        **{OFFICIAL_NAMES.get(name, name): asdict(value) for name, value in result.figures.items()},
        "final_score": None if result.final_score is None else asdict(result.final_score),
        "absent": {OFFICIAL_NAMES.get(name, name): why for name, why in result.absent.items()},
    }


def check_ending(path: Path) -> None:
    """UsageError for a table file of an unknown kind."""
    if path.suffix not in ENDINGS:
        raise UsageError(f"the per-item table is a file in {', '.join(ENDINGS)}, not {path.name!r}")


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows as Parquet, JSON lines or CSV by the file's ending; whole, or not at all. NaN is null, or empty."""
    check_ending(path)
    clean = [{key: _cell(value) for key, value in row.items()} for row in rows]
    try:
        with whole_file(path) as beside:
            _write(beside, clean)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error}") from None


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    if path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(rows), path)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        if path.suffix == ".csv":
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        else:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _cell(value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return None
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
