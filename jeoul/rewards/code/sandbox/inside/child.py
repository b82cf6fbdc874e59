"""A child of the zygote: whether it has ended, how, and its end by force."""

from __future__ import annotations

import os
import select
import signal
import time
from contextlib import suppress
from typing import Any

from jeoul.rewards.code.sandbox.inside.libc import LINUX
from jeoul.rewards.code.sandbox.inside.wire import End

__all__ = ["Child"]

LONGEST_PHASE = 4096


class Child:
    """One forked process.

    Args:
        pid: a session and process group leader.
        phase: where a program's process says how far it came, read when it has ended; -1: none.

    Attributes:
        over: which limit it was killed for; ``-`` none.
        handle: a descriptor that becomes readable when it ends (Linux; elsewhere -1).
    """

    def __init__(self, pid: int, phase: int = -1) -> None:
        self.pid = pid
        self.phase = phase
        self.over = b"-"
        self.began = time.monotonic()
        self.handle = os.pidfd_open(pid) if LINUX else -1
        self._reaped: tuple[int, int, Any] | None = None

    def has_ended(self, seconds: float = 0.0) -> bool:
        """Whether it has; waits ``seconds`` for it (Linux)."""
        if self.handle >= 0:
            poll = select.poll()
            poll.register(self.handle, select.POLLIN)
            return bool(poll.poll(seconds * 1000))
        if self._reaped is None:
            found = os.wait4(self.pid, os.WNOHANG)
            self._reaped = found if found[0] else None
        return self._reaped is not None

    def kill(self, over: bytes = b"-") -> None:
        """End it and its process group."""
        self.over = over
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        if self._reaped is None:  # it may not have come to lead a group yet
            with suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, signal.SIGKILL)

    def bury(self) -> End:
        """How it ended; waits for that."""
        _, status, usage = self._reaped or os.wait4(self.pid, 0)
        said = b""
        if self.phase >= 0:
            with suppress(BlockingIOError):
                said = os.read(self.phase, LONGEST_PHASE)
            os.close(self.phase)
        if self.handle >= 0:
            os.close(self.handle)
        ended = os.waitstatus_to_exitcode(status)
        peak = usage.ru_maxrss * (1024 if LINUX else 1)
        detail = said[1:].decode("utf-8", "replace")
        return End(said[:1] or b"-", self.over, ended, usage.ru_utime + usage.ru_stime, peak, detail)
