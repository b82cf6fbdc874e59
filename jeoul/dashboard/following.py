"""JSON lines of a file that grows while it is read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

__all__ = ["Follower", "parsed"]

T = TypeVar("T")
MOST = 64 * 2**20
"""Bytes that one reading takes at most, so that a page comes back soon; the next goes on there."""


class Follower(Generic[T]):
    r"""What is kept of every line of a file; each reading takes only what is new.

    A last line without its end is not read yet: it is being written, or was torn. A line that is no JSON object is
    counted and left out. A file that was replaced, or is shorter than before, is read anew.

    Args:
        path: of the file; it need not exist yet.
        keep: what is kept of a row, so that texts need not stay in memory.

    Attributes:
        rows: what was kept, in order.
        places: (start, length) of each row's line in bytes, for :meth:`row`.
        damaged: lines that are no JSON object.
        behind: whether the last reading stopped before the end.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "metrics.jsonl"
    >>> follower = Follower(path, lambda row: row["step"])
    >>> _ = path.write_text('{"step": 1}\n{"st')
    >>> follower.read().rows
    [1]
    >>> with path.open("a") as file: _ = file.write('ep": 2}\n')
    >>> follower.read().rows
    [1, 2]
    """

    def __init__(self, path: Path, keep: Callable[[dict[str, Any]], T]) -> None:
        self.path, self.keep = path, keep
        self._start()

    def _start(self) -> None:
        self.rows: list[T] = []
        self.places: list[tuple[int, int]] = []
        self.damaged = self.end = 0
        self.behind = False
        self.identity: tuple[int, int] | None = None

    def read(self) -> Follower[T]:
        """Take what is new; itself."""
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                identity = (status.st_dev, status.st_ino)
                if identity != self.identity or status.st_size < self.end:
                    self._start()
                    self.identity = identity
                file.seek(self.end)
                until = self.end + MOST
                while not (stop := self.end >= until) and (line := file.readline()).endswith(b"\n"):
                    self._take(line)
                self.behind = stop
        except FileNotFoundError:
            self._start()
        return self

    def row(self, number: int) -> dict[str, Any]:
        """A whole row, read from the file again; empty where the file is another one by now."""
        start, length = self.places[number]
        try:
            with self.path.open("rb") as file:
                file.seek(start)
                return parsed(file.read(length)) or {}
        except OSError:
            return {}

    def _take(self, line: bytes) -> None:
        row = parsed(line)
        if row is not None:
            self.rows.append(self.keep(row))
            self.places.append((self.end, len(line)))
        elif line.strip():
            self.damaged += 1
        self.end += len(line)


def parsed(line: bytes) -> dict[str, Any] | None:
    """The object of a line; None where it holds none."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None
