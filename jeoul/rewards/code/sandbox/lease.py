"""A slot in use: asked, asked again where the sandbox failed, and replaced where it is of no more use."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence

from jeoul.rewards.code.sandbox.inside.wire import CALLS, CHECKER, End, Held
from jeoul.rewards.code.sandbox.limits import Limits
from jeoul.rewards.code.sandbox.slot import Answer, DeadlineError, Slot, SlotError

__all__ = ["Lease"]

TRIES = 2


class Lease:
    """One job's use of a slot.

    Args:
        take: waits for a slot, until a deadline; raises DeadlineError, or SlotError where none can be started.
        start: another, for one that failed.
        give_back: takes the slot, or None for one that failed.
    """

    def __init__(
        self,
        take: Callable[[float], Slot],
        start: Callable[[], Slot],
        give_back: Callable[[Slot | None], None],
        limits: Limits,
        until: float,
    ) -> None:
        self._take, self._start, self._give_back = take, start, give_back
        self._limits = limits
        self._until = until
        self._slot: Slot | None = None
        self._taken = False

    def __enter__(self) -> Lease:
        if time.monotonic() >= self._until:
            raise DeadlineError("the deadline passed")
        return self

    def __exit__(self, *_: object) -> None:
        if self._taken:
            self._give_back(self._slot)

    def ask(self, what: bytes, fds: Sequence[int], tests: int) -> Answer | str:
        """The answer of a zygote; where the sandbox fails, that of another; where it fails again, why."""
        why = ""
        for _ in range(TRIES):
            os.lseek(fds[1], 0, os.SEEK_SET)
            for written in fds[2:]:
                os.lseek(written, 0, os.SEEK_SET)
                os.ftruncate(written, 0)
            try:
                answer = self._ready().ask(what, self._limits.held, fds, self._until, tests)
                why = _failure(what, answer, self._limits.held)
            except DeadlineError:
                self._drop()
                raise
            except SlotError as error:
                why = str(error)
            if not why:
                return answer
            self._drop()
        return why

    def _ready(self) -> Slot:
        if self._slot is None:
            self._slot = self._start() if self._taken else self._take(self._until)
            self._taken = True
        return self._slot

    def _drop(self) -> None:
        slot, self._slot = self._slot, None
        if slot is not None:
            slot.close()


def _failure(what: bytes, answer: Answer, held: Held) -> str:
    """Why an answer is none: the sandbox failed, by nothing that the program did; ``""`` where it did not."""
    for end in [*answer.gone, answer.end]:
        if end.phase == b"I":
            return f"the program's process could not be made ready: {end.detail}"
        if end.phase == b"-" and end.over == b"-" and end.status == -signal.SIGKILL and end.peak < held.memory // 4:
            return "a process of the sandbox was killed"
    if what in (CALLS, CHECKER):
        return _tester_failure(answer.end, held)
    return ""


def _tester_failure(end: End, held: Held) -> str:
    """Of a tester's end. A small one that is killed was killed from outside; a large one by what it was sent."""
    if end.status == -signal.SIGKILL and end.over == b"-" and end.peak < held.memory // 4:
        return "the tester was killed"
    if end.status and end.over == b"-" and end.phase != b"R":
        return f"the tester ended before it met the program (status {end.status})"
    return ""
