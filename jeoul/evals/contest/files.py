"""Files of the contest: a JSON array (or JSON lines) of ``{"id", "input", "output"}``; reading, pairing, writing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jeoul.errors import DataError, listed
from jeoul.writing import whole_file

__all__ = ["Item", "paired", "paired_by_id", "read_items", "refuse_repeated", "text_output", "write_items"]

_SHAPE = 'a JSON array of {"id": "1", "input": {…}, "output": {"answer": "…"}}, or one such object a line'


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a gold file or a submission."""

    id: str
    input: Any
    output: Any


def read_items(path: Path) -> list[Item]:
    """The items of a file, in its order.

    Raises:
        DataError: it is no such file; the message says which item is wrong, and what is expected.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataError(f"there is no file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as UTF-8 text: {error}") from None
    rows = _rows(text, path)
    if not rows:
        raise DataError(f"{path} holds no items; a file of the contest is {_SHAPE}")
    return [_item(row, f"{path}, item {number}") for number, row in enumerate(rows, 1)]


def _rows(text: str, path: Path) -> list[Any]:
    try:
        if text.lstrip()[:1] == "[":
            found = json.loads(text)
            return list(found)
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON that can be read: {error}; expected is {_SHAPE}") from None
    rows = []
    for number, line in lines:
        try:
            rows.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}, line {number} is not JSON: {error}; expected is {_SHAPE}") from None
    return rows


def _item(row: Any, where: str) -> Item:
    if not isinstance(row, dict) or "id" not in row:
        raise DataError(f"{where} has no id; expected is {_SHAPE}")
    if not isinstance(row["id"], str):
        raise DataError(f'{where}: the id is {row["id"]!r}; ids are texts, "1" and not 1, and compared as such')
    return Item(row["id"], row.get("input"), row.get("output", row.get("annotation")))


def paired(gold: Sequence[Item], submission: Sequence[Item]) -> list[tuple[Item, Item]]:
    """Gold and submission item by item, as the server pairs them: equal counts, the same id at every place.

    Raises:
        DataError: they are not so; there is no score then.
    """
    _same_count(gold, submission)
    for place, (wanted, given) in enumerate(zip(gold, submission, strict=True), 1):
        if wanted.id != given.id:
            rest = {item.id for item in gold} == {item.id for item in submission}
            hint = "; the ids are the same in another order: sort the submission as the gold" if rest else ""
            raise DataError(f"item {place} has the id {given.id!r}, the gold {wanted.id!r}: no score{hint}")
    return list(zip(gold, submission, strict=True))


def paired_by_id(gold: Sequence[Item], submission: Sequence[Item]) -> list[tuple[Item, Item]]:
    """Gold and submission by id, in the gold's order: the same ids on both sides, each once."""
    _same_count(gold, submission)
    for items, whose in ((gold, "the gold"), (submission, "the submission")):
        refuse_repeated(items, whose)
    given = {item.id: item for item in submission}
    missing = [item.id for item in gold if item.id not in given]
    if missing:
        raise DataError(f"the submission lacks the ids {listed(missing, 5)}: no score")
    return [(item, given[item.id]) for item in gold]


def refuse_repeated(items: Iterable[Item], whose: str) -> None:
    """DataError where an id stands twice."""
    seen: set[str] = set()
    for item in items:
        if item.id in seen:
            raise DataError(f"{whose} has the id {item.id!r} twice; every id stands once")
        seen.add(item.id)


def _same_count(gold: Sequence[Item], submission: Sequence[Item]) -> None:
    if len(gold) != len(submission):
        have = {item.id for item in submission}
        missing = [item.id for item in gold if item.id not in have]
        lacks = f"; it lacks {listed(missing, 5)}" if missing else ""
        raise DataError(f"the submission has {len(submission)} items, the gold {len(gold)}: no score{lacks}")


def text_output(item: Item, whose: str) -> str:
    """The text an item answers with: ``output``, or ``output.answer``."""
    output = item.output.get("answer") if isinstance(item.output, dict) else item.output
    if not isinstance(output, str):
        got = "nothing" if output is None else type(output).__name__
        raise DataError(f'{whose}, id {item.id!r}: "output" is a text or {{"answer": text}}, not {got}')
    return output


def write_items(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write a JSON array beside ``path`` and rename it: the file is whole, or what it was before."""
    try:
        body = (json.dumps(list(rows), ensure_ascii=False, indent=2) + "\n").encode("utf-8")
    except UnicodeEncodeError as error:
        raise DataError(f"an answer holds half of a surrogate pair, which UTF-8 cannot write: {error}") from None
    if path.is_dir():
        raise DataError(f"{path} is a folder; name the file to write")
    try:
        with whole_file(path) as beside:
            beside.write_bytes(body)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error}") from None
