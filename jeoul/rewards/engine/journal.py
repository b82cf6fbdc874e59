"""Append-only results of a run, so that a killed one goes on where it was.

One JSON line a batch of outcomes. A torn last line is dropped: its outcomes are owed again.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Self

from jeoul.errors import DataError, UsageError
from jeoul.rewards.engine.outcomes import Outcome
from jeoul.rewards.tables.status import Status

__all__ = ["Journal"]

Results = dict[tuple[str, int], list[Outcome]]
_START = b'{"header": {'


class Journal:
    """Results by (column, first row of the unit) in a file.

    Args:
        path: of the file; created where it is absent.
        header: what the results depend on; a file with another header is refused, never mixed.
        restart: drop what the file holds.

    Raises:
        UsageError: another recipe, data set, version or reward code wrote it, or another process is writing it.
        DataError: it is damaged in the middle.
    """

    def __init__(self, path: Path, header: Mapping[str, Any], restart: bool = False) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.file: IO[bytes] = path.open("a+b")
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error}; choose another output") from None
        try:
            self._lock()
            if restart:
                self.file.truncate(0)
            self.results = self._restore(json.loads(json.dumps(header)))
        except BaseException:
            self.file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, column: str, results: Mapping[int, list[Outcome]]) -> None:
        """Append outcomes by the first row of their unit. One write: a kill can tear it, but not mix it."""
        cells = [[row, [[o.value, int(o.status), o.reason] for o in outcomes]] for row, outcomes in results.items()]
        self._write({"column": column, "cells": cells})

    def close(self) -> None:
        """Close the file, and keep it."""
        self.file.close()

    def remove(self) -> None:
        """The run is done and its table written: nothing is owed any more."""
        self.path.unlink(missing_ok=True)
        self.close()

    def _write(self, record: Mapping[str, Any]) -> None:
        self.file.write(json.dumps(record).encode() + b"\n")
        self.file.flush()

    def _lock(self) -> None:
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(f"another process is writing {self.path}; wait for it or choose another -o") from None

    def _restore(self, header: dict[str, Any]) -> Results:
        self.file.seek(0)
        lines = self.file.read().split(b"\n")
        if len(lines) == 1:
            if lines[0][: len(_START)] != _START[: len(lines[0])]:
                raise DataError(f"{self.path} is no file of unfinished results; choose another output")
            os.ftruncate(self.file.fileno(), 0)
            self._write({"header": header})
            return {}
        results: Results = {}
        for number, line in enumerate(lines[:-1], start=1):
            try:
                record = json.loads(line)
                if number > 1:
                    column = str(record["column"])
                    results |= {(column, row): [_outcome(*cell) for cell in cells] for row, cells in record["cells"]}
                    continue
                stored = dict(record["header"])
            except (KeyError, TypeError, ValueError):
                raise DataError(f"{self.path}, line {number} is damaged; remove the file to start again") from None
            self._compare(stored, header)
        os.ftruncate(self.file.fileno(), sum(len(line) + 1 for line in lines[:-1]))  # what follows is torn
        return {key: cells for key, cells in results.items() if all(cell.status != Status.infra for cell in cells)}

    def _compare(self, stored: dict[str, Any], header: dict[str, Any]) -> None:
        other = [name for name in sorted({*stored, *header}) if stored.get(name) != header.get(name)]
        if other:
            raise UsageError(
                f"{self.path} holds the unfinished results of another run (it differs in: {', '.join(other)}); "
                f"choose another output, or give --restart to drop them"
            )


def _outcome(value: float, status: int, reason: str) -> Outcome:
    return Outcome(float(value), Status(status), str(reason))
