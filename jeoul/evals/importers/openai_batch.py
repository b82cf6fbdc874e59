"""OpenAI's batch output (also of vLLM's ``run-batch``): JSONL of chat completions, completions or responses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jeoul.errors import DataError
from jeoul.evals.importers.cells import each_row
from jeoul.evals.importers.head import Head

__all__ = ["LOGS", "fits", "rows"]

LOGS = ("*batch*.jsonl",)


def fits(head: Head) -> bool:
    """Whether its rows are answers to numbered requests."""
    return head.kind == "lines" and {"custom_id", "response"} <= head.names


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """One row a choice. A request that failed has no completion; a refusal is the completion, with its own reason.

    The batch does not repeat prompts: ``custom_id`` is the problem's id, or that and a number (``aime24-07#3``).
    """
    for number, row in enumerate(each_row(path)):
        try:
            yield from _choices(str(row["custom_id"]), row.get("response") or {})
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise DataError(f"{path}, row {number} is no reply of a batch: {type(error).__name__}: {error}") from None


def _choices(custom_id: str, response: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    body = response.get("body") or {}
    if response.get("status_code", 200) != 200 or not ("choices" in body or "output" in body):
        yield {"custom_id": custom_id, "completion": None}
        return
    usage = body.get("usage") or {}
    made = [_response(body)] if "output" in body else list(map(_choice, body["choices"]))
    tokens = usage.get("completion_tokens", usage.get("output_tokens")) if len(made) == 1 else None  # it is of all
    for completion in made:
        yield {
            "custom_id": custom_id,
            "prompt_tokens": usage.get("prompt_tokens", usage.get("input_tokens")),
            "completion_tokens": tokens,
        } | completion


def _choice(choice: Mapping[str, Any]) -> dict[str, Any]:
    if "message" not in choice:
        return {"completion": choice["text"], "finish_reason": choice.get("finish_reason")}
    message = choice["message"]
    if message.get("refusal"):
        return {"completion": message["refusal"], "finish_reason": "refusal"}
    return {"completion": message.get("content") or "", "finish_reason": choice.get("finish_reason")}


def _response(body: Mapping[str, Any]) -> dict[str, Any]:
    """Of ``/v1/responses``: texts among the parts of its messages."""
    parts = [part for item in body["output"] if item["type"] == "message" for part in item["content"]]
    refused = [part["refusal"] for part in parts if part["type"] == "refusal"]
    if refused:
        return {"completion": "".join(refused), "finish_reason": "refusal"}
    cut = (body.get("incomplete_details") or {}).get("reason")
    text = "".join(part["text"] for part in parts if part["type"] == "output_text")
    return {"completion": text, "finish_reason": cut or "stop"}
