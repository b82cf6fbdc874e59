"""The start of a file: what tells its format."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jeoul.errors import DataError

__all__ = ["Head", "head_of"]

PEEKED = 4096  # bytes


@dataclass(frozen=True)
class Head:
    """What a file looks like.

    Attributes:
        path: where it is.
        kind: "zip", "parquet", "json" (one document), "lines" (a JSON object a line) or "other".
        names: members of the ZIP, columns of the Parquet file, keys of the first line, or words in quotes at the start.
        first: the first line's object, where the kind is "lines".
    """

    path: Path
    kind: str
    names: frozenset[str]
    first: Mapping[str, Any] = field(default_factory=dict, repr=False)


def head_of(path: Path) -> Head:
    """What a file looks like; "other" where nothing can be said of it, which is for its reader to tell."""
    try:
        with path.open("rb") as file:
            start = file.read(PEEKED)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    if start.startswith(b"PAR1"):
        return Head(path, "parquet", frozenset(_columns(path)))
    if start.startswith(b"PK"):
        try:
            with zipfile.ZipFile(path) as archive:
                return Head(path, "zip", frozenset(archive.namelist()))
        except zipfile.BadZipFile as error:
            raise DataError(f"{path} is a ZIP file that is damaged: {error}") from None
    row = _first_row(path)
    if row is not None:
        return Head(path, "lines", frozenset(row), row)
    if start.lstrip().startswith(b"{"):
        words = start.decode("utf-8", "replace").split('"')
        return Head(path, "json", frozenset(words[1::2]))
    return Head(path, "other", frozenset())


def _columns(path: Path) -> list[str]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return list(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}") from None


def _first_row(path: Path) -> dict[str, Any] | None:
    """The object on the first line; None where there is no such."""
    from jeoul.reading import first_line

    try:
        row = json.loads(first_line(path))
    except (ValueError, RecursionError, DataError):
        return None
    return row if isinstance(row, dict) else None
