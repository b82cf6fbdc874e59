"""One zygote, as the trainer's process holds it: started, asked, ended."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

from jeoul.rewards.code.sandbox.inside.wire import FRAME, KINDS, REQUEST, End, Held, Verdict
from jeoul.rewards.code.sandbox.plans import Plan

__all__ = ["Answer", "DeadlineError", "Slot", "SlotError", "descendants"]

START_SECONDS = 30.0
MOST_FRAME = 2**16


class SlotError(Exception):
    """The zygote is gone, or does not answer: nothing is known of the program it ran."""


class DeadlineError(SlotError):
    """The deadline passed while it ran."""


class Answer(NamedTuple):
    """What a zygote said of one request.

    Args:
        verdicts: of a tester, in the order of the tests.
        gone: how the program's processes ended that did so before they had answered.
        end: how the program's process ended, or the tester, where there was one.
    """

    verdicts: list[Verdict]
    gone: list[End]
    end: End


def _checked(verdict: Verdict, gone: list[End]) -> Verdict:
    if verdict.kind >= len(KINDS) or (KINDS[verdict.kind] == "gone" and not 0 <= int(verdict.detail) < len(gone)):
        raise ValueError(f"a verdict of kind {verdict.kind}")
    return verdict


class Slot:
    """A zygote and the line to it. One thread at a time.

    Args:
        plan: how it is started and held.
    """

    def __init__(self, plan: Plan) -> None:
        self._line, theirs = socket.socketpair()
        trainer = os.pidfd_open(os.getpid()) if sys.platform == "linux" else -1
        passed = [theirs.fileno(), *([trainer] if trainer >= 0 else [])]
        command = plan.command(theirs.fileno(), trainer)
        try:
            self._process = subprocess.Popen(
                command,
                pass_fds=passed,
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            self._line.close()
            raise SlotError(f"{command[0]} cannot be started: {error}") from None
        finally:
            theirs.close()
            if trainer >= 0:
                os.close(trainer)
        self._buffer = bytearray()
        try:
            type, _ = self._frame(time.monotonic() + START_SECONDS)
        except SlotError:
            type = b""
        if type != b"H":
            raise SlotError(f"the zygote did not start: {self._last_words()}")

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, what: bytes, held: Held, fds: Sequence[int], deadline: float, tests: int = 1) -> Answer:
        """Have one request answered.

        Args:
            fds: program, stdin or tests, stdout, stderr.
            deadline: on the clock of ``time.monotonic``.
            tests: how many verdicts may come, for how long to wait at most.

        Raises:
            SlotError: the zygote is gone; the slot is of no more use, nor after :class:`DeadlineError`.
        """
        patience = time.monotonic() + (held.wall + 5.0) * (2 * tests + 6)
        try:
            socket.send_fds(self._line, [REQUEST.pack(what, *held)], list(fds))
            verdicts: list[Verdict] = []
            gone: list[End] = []
            while True:
                tag, body = self._frame(min(deadline, patience))
                if tag == b"V":
                    verdicts.append(Verdict.unpack(body))
                elif tag == b"G":
                    gone.append(End.unpack(body))
                elif tag == b"D":
                    return Answer([_checked(verdict, gone) for verdict in verdicts], gone, End.unpack(body))
                else:
                    raise SlotError(f"the zygote sent a message of kind {tag!r}")
        except (struct.error, UnicodeError, ValueError) as error:
            raise SlotError(f"the zygote's answer is none: {error}") from None
        except OSError as error:
            if isinstance(error, TimeoutError) and time.monotonic() >= deadline:
                raise DeadlineError("the deadline passed") from None
            raise SlotError(f"the zygote is gone ({type(error).__name__})") from None

    def _frame(self, until: float) -> tuple[bytes, bytes]:
        type, length = FRAME.unpack(self._exactly(FRAME.size, until))
        if length > MOST_FRAME:
            raise SlotError(f"the zygote announced a message of {length} bytes")
        return type, self._exactly(length, until)

    def _exactly(self, count: int, until: float) -> bytes:
        while len(self._buffer) < count:
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._line.settimeout(left)
            data = self._line.recv(65536)
            if not data:
                raise SlotError("the zygote is gone")
            self._buffer += data
        part = bytes(self._buffer[:count])
        del self._buffer[:count]
        return part

    def _last_words(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        said = (
            os.read(self._process.stderr.fileno(), 4000) if self._process.returncode and self._process.stderr else b""
        )
        self.close()
        lines = said.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"status {self._process.returncode}"

    def hang_up(self) -> None:
        """In a forked child of the trainer's process: not keep the line open that tells the zygote to end."""
        self._line.close()
        self._process.returncode = 0  # not this process's to wait for

    def close(self) -> None:
        """End the zygote and everything under it."""
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._line.close()
        try:
            self._process.wait(3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()


def descendants(pid: int) -> list[int]:
    """Processes below one (Linux; elsewhere none are found)."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                for child in map(int, file.read().split()):
                    found += [child, *descendants(child)]
    return found


ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/",
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}
"""The whole environment of a zygote and of programs."""
