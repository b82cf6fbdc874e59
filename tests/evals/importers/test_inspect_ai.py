"""Logs of inspect_ai, written by it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from log_problems import LOGS, OTHER, TOLD, outputs

from jeoul.errors import DataError
from jeoul.evals.importers import read_rows


@pytest.mark.parametrize("log", ["inspect.eval", "inspect.json"])
def test_epochs_reasons_tokens_and_targets(log: str, tmp_path: Path) -> None:
    found = outputs(LOGS / log, tmp_path, "inspect-ai")
    assert {key: row.completion for key, row in found.items()} == TOLD | {("c", 1): "I cannot help."}
    assert {row.finish_reason for key, row in found.items() if key[1] == 0} == {"stop"}
    assert (found["b", 1].finish_reason, found["c", 1].finish_reason) == ("max_tokens", "content_filter")
    assert {(row.prompt_tokens, row.completion_tokens) for row in found.values()} == {(11, 20), (11, 21)}
    assert [found[key, 0].target for key in "abc"] == ["56", "\\frac{3}{7}", "9"]


def test_both_kinds_of_log_say_the_same() -> None:
    def ordered(name: str) -> list[Any]:
        return sorted(read_rows(LOGS / name), key=lambda row: (row["id"], row["sample"]))

    assert ordered("inspect.eval") == ordered("inspect.json")


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_archives_of_other_versions(compression: int, tmp_path: Path) -> None:
    document = json.loads((LOGS / "inspect.json").read_text(encoding="utf-8"))
    with zipfile.ZipFile(tmp_path / "old.eval", "w", compression) as archive:
        for sample in document["samples"]:
            archive.writestr(f"samples/{sample['id']}_epoch_{sample['epoch']}.json", json.dumps(sample))
        archive.writestr("header.json", "{}")
    found = outputs(tmp_path / "old.eval", tmp_path, "inspect-ai")
    assert found[("b", 1)].completion == OTHER["b"]


def edited(tmp_path: Path, **change: Any) -> Path:
    document = json.loads((LOGS / "inspect.json").read_text(encoding="utf-8"))
    document["samples"] = [document["samples"][0] | change]
    path = tmp_path / "edited.json"
    path.write_text(json.dumps(document, indent=2), encoding="utf-8")
    return path


def test_what_ended_in_an_error_is_missing(tmp_path: Path) -> None:
    (row,) = read_rows(edited(tmp_path, error={"message": "timeout"}))
    assert (row["completion"], row["id"], row["sample"]) == (None, "a", 0)
    (row,) = read_rows(edited(tmp_path, output={"choices": []}))
    assert row["completion"] is None


def test_parts_and_attachments_become_text(tmp_path: Path) -> None:
    parts = [
        {"type": "reasoning", "reasoning": "hm"},
        {"type": "text", "text": "attachment://f00"},
        {"type": "text", "text": "!"},
    ]
    output = {"choices": [{"message": {"content": parts}, "stop_reason": "stop"}]}
    asked = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "7 times 8?"}]},
    ]
    path = edited(
        tmp_path, output=output, input=asked, attachments={"f00": "long text"}, id=7, target=["56", "fifty-six"]
    )
    (row,) = read_rows(path)
    assert (row["completion"], row["prompt"]) == ("long text!", "Be brief.\n7 times 8?")
    assert (row["id"], row["target"]) == (None, ["56", "fifty-six"])  # a number is a position


def test_damage_is_told(tmp_path: Path) -> None:
    data = bytearray((LOGS / "inspect.eval").read_bytes())
    with zipfile.ZipFile(LOGS / "inspect.eval") as archive:
        member = next(member for member in archive.infolist() if member.filename.startswith("samples/b"))
    data[member.header_offset + 200] ^= 255
    (tmp_path / "bad.eval").write_bytes(data)
    with pytest.raises(DataError, match=r"samples/b_epoch_\d.json (is damaged|cannot be read)"):
        read_rows(tmp_path / "bad.eval")
    (tmp_path / "cut.eval").write_bytes(data[:4000])
    with pytest.raises(DataError, match="damaged"):
        read_rows(tmp_path / "cut.eval")
    with pytest.raises(DataError, match="sample 'a' is not as inspect_ai writes it"):
        read_rows(edited(tmp_path, output={"choices": [{"message": None}]}))
