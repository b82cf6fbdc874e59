"""Which run of the engine calls: for rewards of several columns that share work, and must agree within a table."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

__all__ = ["current_run", "one_run"]

_RUN: ContextVar[object | None] = ContextVar("jeoul_run", default=None)


def current_run() -> object | None:
    """Something that stands for the run under way in this thread; None where a reward is called by itself."""
    return _RUN.get()


@contextlib.contextmanager
def one_run() -> Iterator[None]:
    """What is called inside belongs to one run.

    >>> with one_run():
    ...     current_run() is current_run() is not None
    True
    """
    token = _RUN.set(object())
    try:
        yield
    finally:
        _RUN.reset(token)
