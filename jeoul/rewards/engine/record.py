"""Takes the outcomes of one column: into the arrays of the run at once, into its journal every so often."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jeoul.rewards.engine.cells import Units
from jeoul.rewards.engine.journal import Journal
from jeoul.rewards.engine.outcomes import Outcome

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from jeoul.rewards.engine.scoring import Run

__all__ = ["Record"]

JOURNAL_SECONDS = 0.25
_JOURNAL_LOCK = threading.Lock()


class Record:
    """Takes the outcomes of one column's units: into the arrays at once, into the journal every so often."""

    def __init__(self, run: Run, index: int, units: Units, open_: NDArray[np.bool_]) -> None:
        self.run, self.index, self.units, self.open = run, index, units, open_
        self.done = 0
        self.advance: Any = None
        self.unwritten: dict[int, list[Outcome]] = {}
        self.written = time.monotonic()
        self.journal: Journal | None = None
        self.column = ""

    def restore(self, journal: Journal | None, column: str) -> list[int]:
        """Take what the journal holds; the units still owed."""
        if journal is None:
            return list(range(len(self.units.data)))
        owed = []
        for unit, rows in enumerate(self.units.rows):
            known = journal.results.get((column, rows[0]))
            if known is None:
                owed.append(unit)
            else:
                self.fill(unit, known)
        return owed

    def settle_owed(self, owed: list[int], position: int, outcomes: list[Outcome]) -> None:
        """Outcomes of the unit at a position of the owed ones."""
        unit = owed[position]
        self.fill(unit, outcomes)
        if self.advance is not None:
            self.advance(1)
        if self.journal is not None:
            self.unwritten[self.units.rows[unit][0]] = outcomes
            if time.monotonic() - self.written > JOURNAL_SECONDS:
                self.flush()

    def fill(self, unit: int, outcomes: list[Outcome]) -> None:
        """Into the arrays of the run."""
        self.done += 1
        raw, status, reason = self.run.raw[self.index], self.run.status[self.index], self.run.reason[self.index]
        rows = self.units.rows[unit]
        for row, outcome in zip(rows, outcomes if self.units.grouped else outcomes * len(rows), strict=True):
            if self.open[row]:
                raw[row], status[row], reason[row] = outcome

    def flush(self) -> None:
        """What is not in the journal yet."""
        if self.journal is not None and self.unwritten:
            with _JOURNAL_LOCK:  # an asynchronous column writes beside another
                self.journal.add(self.column, self.unwritten)
            self.unwritten = {}
        self.written = time.monotonic()

    @contextlib.contextmanager
    def keeping(self, journal: Journal | None, column: str) -> Iterator[None]:
        """Write to ``journal`` while the column is scored, also what there is when it fails."""
        self.journal, self.column = journal, column
        try:
            yield
        finally:
            self.flush()
