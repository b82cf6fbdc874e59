"""Progress on a terminal: a bar per column on stderr, and nothing at all elsewhere."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Protocol

__all__ = ["Bars", "Progress"]


class Progress(Protocol):
    """Told of columns and how far they are."""

    def column(self, name: str, total: int) -> contextlib.AbstractContextManager[Callable[[int], None]]:
        """While a column of ``total`` distinct cells is scored; the function counts finished ones."""


class Bars:
    """Bars on stderr while it is a terminal and they are ``shown``."""

    def __init__(self, shown: bool = True) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        console = Console(stderr=True)
        parts = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.bars = RichProgress(*parts, console=console, disable=not (shown and console.is_terminal), transient=True)

    def __enter__(self) -> Bars:
        self.bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bars.stop()

    @contextlib.contextmanager
    def column(self, name: str, total: int) -> Iterator[Callable[[int], None]]:
        """A bar for one column."""
        task = self.bars.add_task(name, total=total)
        yield lambda count: self.bars.advance(task, count)
