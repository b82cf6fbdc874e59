"""lighteval: ``details_TASK_DATE.parquet`` of ``--save-details`` (0.11 and later)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jeoul.errors import DataError
from jeoul.evals.importers.cells import each_row
from jeoul.evals.importers.head import Head

__all__ = ["LOGS", "fits", "rows"]

LOGS = ("details_*.parquet",)
IDS = ("unique_id", "id", "problem_id", "task_id", "question_id")


def fits(head: Head) -> bool:
    """Whether it has documents, responses and metrics."""
    return head.kind == "parquet" and {"doc", "model_response", "metric"} <= head.names


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Every text of every response, as the model wrote it: not what post-processing made of it.

    ``doc.id`` is a position in that harness's data, so it is no id here; one in ``doc.specific`` is.
    """
    for number, row in enumerate(each_row(path)):
        doc, response = row["doc"], row["model_response"]
        specific = doc.get("specific")
        specific = specific if isinstance(specific, Mapping) else {}
        texts, tokens = response.get("text") or [], response.get("output_tokens") or []
        if not texts:
            raise DataError(f"{path}, row {number}: there is no generated text: a log-likelihood task?")
        made = {
            "id": next((str(specific[key]) for key in IDS if isinstance(specific.get(key), str | int)), None),
            "problem": next((specific[key] for key in ("problem", "question") if specific.get(key)), None),
            "prompt": doc.get("query"),
            "prompt_tokens": len(response.get("input_tokens") or []) or None,
            "target": _golds(doc),
        }
        for sample, text in enumerate(texts):
            count = len(tokens[sample]) if len(tokens) == len(texts) else None
            yield made | {"sample": sample, "completion": text, "completion_tokens": count}


def _golds(doc: Mapping[str, Any]) -> Any:
    choices, gold = doc.get("choices") or [], doc.get("gold_index")
    chosen = [
        choices[at] for at in (gold if isinstance(gold, list) else [gold]) if type(at) is int and at < len(choices)
    ]
    return chosen[0] if len(chosen) == 1 else chosen or None
