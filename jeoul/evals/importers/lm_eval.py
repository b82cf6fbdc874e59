"""lm-evaluation-harness: ``samples_TASK_DATE.jsonl`` of ``--log_samples``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jeoul.errors import DataError
from jeoul.evals.importers.cells import each_row
from jeoul.evals.importers.head import Head

__all__ = ["LOGS", "fits", "rows"]

LOGS = ("samples_*.jsonl", "samples_*.jsonl.gz")
IDS = ("unique_id", "id", "problem_id", "task_id", "question_id")
TEXTS = ("problem", "question")


def fits(head: Head) -> bool:
    """Whether its rows have documents and raw responses."""
    return head.kind == "lines" and {"doc_id", "doc", "resps"} <= head.names


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Every raw response of every document.

    What filters made of them (``take_first`` scores only the first repeat) is left aside; a task with several filters
    writes each document once for each, and it counts once. ``doc_id`` is a position in that harness's data, so it is no
    id here.

    Raises:
        DataError: responses are no texts: a task scored by log-likelihood.
    """
    first_filter: Any = None
    for number, row in enumerate(each_row(path)):
        first_filter = row.get("filter") if number == 0 else first_filter
        if row.get("filter") != first_filter:
            continue
        doc = row["doc"] if isinstance(row["doc"], Mapping) else {}
        made = {
            "id": next((str(doc[key]) for key in IDS if isinstance(doc.get(key), str | int)), None),
            "problem": next((doc[key] for key in TEXTS if isinstance(doc.get(key), str)), None),
            "prompt": _prompt(row.get("arguments")),
            "target": row.get("target"),
        }
        for sample, text in enumerate(_texts(row["resps"], f"{path}, row {number}")):
            yield made | {"sample": sample, "completion": text}


def _texts(responses: Any, place: str) -> list[str]:
    """``[[text of each repeat]]``: one inner list a request, and a generating task has one request a document."""
    inner = responses[0] if isinstance(responses, list) and len(responses) == 1 else responses
    texts = [inner] if isinstance(inner, str) else inner
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise DataError(
            f"{place}: its responses are no generated texts ({str(responses)[:60]}): a log-likelihood task?"
        )
    return texts


def _prompt(arguments: Any) -> str | None:
    """``{"gen_args_0": {"arg_0": prompt}}`` (0.4.4 and later), or ``[[prompt, …]]``."""
    if isinstance(arguments, Mapping):
        arguments = next(iter(arguments.values()), None)
    elif isinstance(arguments, list):
        arguments = arguments[0] if arguments else None
    first = (
        arguments.get("arg_0")
        if isinstance(arguments, Mapping)
        else arguments[0]
        if isinstance(arguments, list) and arguments
        else None
    )
    return first if isinstance(first, str) else None
