"""The messages between the trainer's process and a zygote, and between a zygote and its children: fixed layouts.

Request: one byte of what is wanted, the limits, and four file descriptors (program, stdin or tests, stdout, stderr).
Answer: frames of type and length. ``V`` is the verdict of one test as the tester gave it, ``G`` how one of
the program's processes ended, ``D`` ends the answer.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

__all__ = [
    "CALLS", "CHECKER", "COMPILE", "DETAIL_BYTES", "FRAME", "KINDS", "LAP", "MEMORY_EXIT", "RAISED_EXIT", "REQUEST",
    "STDIO", "End", "Held", "Verdict",
]  # fmt: skip

STDIO, COMPILE, CALLS, CHECKER = b"S", b"P", b"C", b"K"

REQUEST = struct.Struct("!cdddQQQII")
"""What, CPU, idle and wall seconds, bytes of memory, stdout and stderr, open files, threads."""

FRAME = struct.Struct("!cI")

LAP = struct.Struct("!cII")
"""A frame of a tester's: ``L``, its length, and of which test something is known for the first time."""

DETAIL_BYTES = 2000

MEMORY_EXIT = 86
"""Status with which a program's process says that a MemoryError was not caught."""

RAISED_EXIT = 87
"""The same of any other exception, where the program was to be called: for :data:`STDIO` it is 1, as ever."""

KINDS = ("pass", "wrong", "runtime_error", "memory", "output_limit", "test_error", "gone")
"""What a tester says of a test, by position; ``gone`` = its process ended, the detail says
which one."""


class Held(NamedTuple):
    """Limits of one run, as they are in a request."""

    cpu: float
    idle: float
    wall: float
    memory: int
    stdout: int
    stderr: int
    files: int
    threads: int


_END = struct.Struct("!ccidQ")
_VERDICT = struct.Struct("!IBdH")


class End(NamedTuple):
    """How a program's process ended.

    Args:
        phase: ``R`` it ran, ``E`` it did not compile, ``I`` the sandbox failed, ``-`` nothing was heard of it.
        over: ``-`` it ended by itself; ``c`` CPU, ``i`` idle or ``w`` wall time ran out and it was killed; ``h`` it
            hung up on the tester, went on, and was killed.
        status: exit status, or minus the number of the signal.
        cpu: seconds.
        peak: greatest resident memory, in bytes.
        detail: the compiler's message, or why the sandbox failed; empty once the program ran.
    """

    phase: bytes
    over: bytes
    status: int
    cpu: float
    peak: int
    detail: str

    def pack(self) -> bytes:
        return _END.pack(*self[:-1]) + self.detail.encode("utf-8", "replace")[:DETAIL_BYTES]

    @classmethod
    def unpack(cls, data: bytes) -> End:
        return cls._make((*_END.unpack_from(data), data[_END.size :].decode("utf-8", "replace")))


class Verdict(NamedTuple):
    """Of one test: which, what it is (a position in :data:`KINDS`), CPU seconds, why, and what the program answered."""

    test: int
    kind: int
    cpu: float
    detail: str
    answer: str = ""

    def pack(self) -> bytes:
        detail, answer = (text.encode("utf-8", "replace")[:DETAIL_BYTES] for text in self[3:])
        return _VERDICT.pack(*self[:3], len(detail)) + detail + answer

    @classmethod
    def unpack(cls, data: bytes) -> Verdict:
        test, kind, cpu, length = _VERDICT.unpack_from(data)
        texts = data[_VERDICT.size :]
        detail, answer = (part.decode("utf-8", "replace") for part in (texts[:length], texts[length:]))
        return cls(test, kind, cpu, detail, answer)
