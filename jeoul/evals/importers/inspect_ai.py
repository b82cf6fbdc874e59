"""inspect_ai: logs as ``.eval`` (a ZIP, a file a sample) and as ``.json``."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jeoul.errors import DataError
from jeoul.evals.importers.head import Head

__all__ = ["LOGS", "fits", "rows"]

LOGS = ("*.eval", "*.json")
ZSTD = 93  # compression of ZIP members that Python's zipfile knows from 3.14 on
ATTACHED = "attachment://"


def fits(head: Head) -> bool:
    """Whether it has the parts of a log."""
    if head.kind == "zip":
        return any(name.startswith("samples/") for name in head.names) or "_journal/start.json" in head.names
    return head.kind in ("json", "lines") and {"version", "status", "eval"} <= head.names


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """One row a sample and epoch; a sample that ended in an error has no completion.

    A number as id is a position in that task's data, or may be, so only texts are ids here.
    """
    for sample in _samples(path):
        try:
            yield _row(sample)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise DataError(
                f"{path}: sample {sample.get('id')!r} is not as inspect_ai writes it: {type(error).__name__}: {error}"
            ) from None


def _row(sample: Mapping[str, Any]) -> dict[str, Any]:
    attached = sample.get("attachments") or {}
    output = sample.get("output") or {}
    choices, usage = output.get("choices") or [], output.get("usage") or {}
    failed = bool(sample.get("error")) or not choices
    target = sample.get("target")
    return {
        "id": sample["id"] if isinstance(sample["id"], str) else None,
        "prompt": _prompt(sample.get("input"), attached),
        "completion": None if failed else _text(choices[0]["message"]["content"], attached),
        "sample": int(sample.get("epoch", 1)) - 1,
        "finish_reason": None if failed else choices[0].get("stop_reason"),
        "prompt_tokens": usage.get("input_tokens"),
        "completion_tokens": usage.get("output_tokens"),
        "target": target[0] if isinstance(target, list) and len(target) == 1 else target,
    }


def _prompt(asked: Any, attached: Mapping[str, str]) -> str:
    if isinstance(asked, str):
        return _text(asked, attached)
    return "\n".join(_text(turn.get("content"), attached) for turn in asked or [])


def _text(content: Any, attached: Mapping[str, str]) -> str:
    """Text, or the texts among parts (reasoning, images and tools are others); what is kept apart is put back."""
    if isinstance(content, list):
        return "".join(_text(part.get("text"), attached) for part in content if part.get("type") == "text")
    text = str(content or "")
    return attached.get(text.removeprefix(ATTACHED), text) if text.startswith(ATTACHED) else text


def _samples(path: Path) -> Iterator[dict[str, Any]]:
    if not zipfile.is_zipfile(path):
        document = _parsed(path.read_bytes(), str(path))
        yield from document.get("samples") or []
        return
    with zipfile.ZipFile(path) as archive:
        # a sample that was run again is there twice, and the last one counts
        members = {member.filename: member for member in archive.infolist() if member.filename.startswith("samples/")}
        for name, member in members.items():
            yield _parsed(_member(path, archive, member), f"{path}: {name}")


def _member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    try:
        if member.compress_type != ZSTD:
            return archive.read(member)
        import zstandard

        with path.open("rb") as file:
            file.seek(member.header_offset)
            header = file.read(30)  # the last four bytes: lengths of the name and of what else precedes the data
            file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
            data = zstandard.ZstdDecompressor().decompressobj().decompress(file.read(member.compress_size))
    except (OSError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, zstandard.ZstdError) as error:
        raise DataError(f"{path}: {member.filename} cannot be read: {error}") from None
    if len(data) != member.file_size or zlib.crc32(data) != member.CRC:
        raise DataError(f"{path}: {member.filename} is damaged")
    return data


def _parsed(text: bytes, place: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{place} is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise DataError(f"{place} is no JSON object")
    return document
