"""What can have happened to a cell of a reward table."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["FAILED", "Gate", "Status"]


class Status(IntEnum):
    """What happened to a cell: scored, does not apply, the reward failed, ran too long, or the machine failed it."""

    ok = 0
    not_applicable = 1
    error = 2
    timeout = 3
    infra = 4


class Gate(IntEnum):
    """Whether a cell had a gate, and how it stood."""

    none = 0
    open = 1
    closed = 2


FAILED = (Status.error, Status.timeout, Status.infra)
