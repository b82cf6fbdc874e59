"""Batch outputs in the shapes that OpenAI's reference shows for its three endpoints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from log_problems import outputs

from jeoul.errors import DataError
from jeoul.evals.importers import read_rows


def chat(text: str | None, finish: str = "stop", **message: Any) -> dict[str, Any]:
    return {
        "index": 0,
        "message": {"role": "assistant", "content": text, **message},
        "finish_reason": finish,
        "logprobs": None,
    }


def reply(custom_id: str, *choices: dict[str, Any], status: int = 200, **body: Any) -> dict[str, Any]:
    usage = {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}
    made = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "m",
        "choices": list(choices),
        "usage": usage,
        **body,
    }
    return {
        "id": "batch_req_1",
        "custom_id": custom_id,
        "response": {"status_code": status, "request_id": "r", "body": made},
        "error": None,
    }


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    (folder / "batch.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder / "batch.jsonl"


def test_ids_with_and_without_numbers_in_any_order(tmp_path: Path) -> None:
    path = written(tmp_path, reply("a-1", chat("two")), reply("a-0", chat("one", "length")), reply("b", chat("three")))
    found = outputs(path, tmp_path, "openai-batch")
    assert {key: row.completion for key, row in found.items()} == {("a", 0): "one", ("a", 1): "two", ("b", 0): "three"}
    first = found["a", 0]
    assert (first.finish_reason, first.prompt_tokens, first.completion_tokens) == ("length", 9, 5)


def test_several_choices_share_the_count_of_tokens(tmp_path: Path) -> None:
    found = outputs(written(tmp_path, reply("a#3", chat("x"), chat("y"))), tmp_path, "openai-batch")
    assert {key: row.completion for key, row in found.items()} == {("a", 0): "x", ("a", 1): "y"}
    assert {row.completion_tokens for row in found.values()} == {None}


def test_a_refusal_is_an_answer_and_a_failure_is_none(tmp_path: Path) -> None:
    failed = reply("b", status=429) | {"error": None}
    expired: dict[str, Any] = {
        "id": "x",
        "custom_id": "c",
        "response": None,
        "error": {"code": "batch_expired", "message": "…"},
    }
    rows = read_rows(written(tmp_path, reply("a", chat(None, refusal="I cannot.")), failed, expired))
    assert [(row["completion"], row.get("finish_reason")) for row in rows] == [
        ("I cannot.", "refusal"),
        (None, None),
        (None, None),
    ]


def test_the_other_endpoints(tmp_path: Path) -> None:
    parts = [{"type": "output_text", "text": "So "}, {"type": "output_text", "text": "56"}]
    body = {
        "output": [{"type": "reasoning", "summary": []}, {"type": "message", "content": parts}],
        "incomplete_details": {"reason": "max_output_tokens"}, "usage": {"input_tokens": 3, "output_tokens": 4},
    }  # fmt: skip
    responses = {"custom_id": "a", "response": {"status_code": 200, "body": body}}
    refused = {"output": [{"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}]}
    rows = read_rows(
        written(
            tmp_path,
            responses,
            reply("b", {"index": 0, "text": "12", "finish_reason": "stop"}),
            {"custom_id": "c", "response": {"status_code": 200, "body": refused}},
        )
    )
    assert rows[0] == {
        "custom_id": "a",
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "completion": "So 56",
        "finish_reason": "max_output_tokens",
    }
    assert (rows[1]["completion"], rows[2]["completion"], rows[2]["finish_reason"]) == ("12", "No.", "refusal")


def test_what_is_no_reply_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="row 0 is no reply of a batch"):
        read_rows(written(tmp_path, reply("a", {"index": 0})))
    with pytest.raises(DataError, match=r"match no problem of own.*id='request-1'"):
        outputs(written(tmp_path, reply("request-1", chat("x"))), tmp_path, "openai-batch")
