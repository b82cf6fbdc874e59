"""In the tester's process: the program's functions, called in the program's own process."""

from __future__ import annotations

import builtins
import os
import socket
import struct
from typing import Any, NoReturn

from jeoul.rewards.code.sandbox.inside.codec import MOST_BYTES, CodecError, decode, encode
from jeoul.rewards.code.sandbox.inside.readable import short
from jeoul.rewards.code.sandbox.inside.serving import ANSWER
from jeoul.rewards.code.sandbox.inside.wire import FRAME

__all__ = ["CandidateError", "Gone", "Program", "Proxy", "TooLarge", "Unsendable"]

MOST_STARTS = 6
"""Processes of one program over its tests: one that ended early is replaced, so that it does not fail all the rest."""


class Gone(BaseException):
    """The program's process ended before it answered. No ``except Exception`` of a test hides it.

    Args:
        process: which of the program's processes that was, from 0: the zygote knows how it ended.
    """

    def __init__(self, process: int) -> None:
        super().__init__(process)
        self.process = process


class TooLarge(BaseException):
    """The answer is beyond what a value may be."""


class Unsendable(BaseException):
    """The test calls the program with something that is no plain value."""


class CandidateError(Exception):
    """An exception of a class that Python does not know, raised by the program."""


class Program:
    """The program, in a process that is asked for when it is first needed, and again after it ended.

    Args:
        line: to the zygote: ``N`` asks for a process, and is answered with two pipe ends: answers, and calls; ``W``
            says that the process is of no more use, and how it ended is wanted.

    Attributes:
        asked: calls begun so far.
        raised: what the last call raised, where it did.
    """

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._ends: tuple[int, int] | None = None
        self._starts = 0
        self._ready = True
        self._ended = 0
        self.asked = 0
        self._answers: list[str] = []
        self.raised: BaseException | None = None

    def call(self, function: str, args: tuple[Any, ...], kwargs: dict[str, Any], inplace: int | None = None) -> Any:
        """What the function returned; raises what it raised, as one of Python's own exceptions where it is one.

        Raises:
            Gone: the process ended, could not be started, or does not speak as it must.
            Unsendable, TooLarge: the arguments are not plain values; the answer is beyond the limits.
        """
        try:
            body = encode((function, args, kwargs, inplace), strict=True)
        except CodecError as error:
            raise Unsendable(str(error)) from None
        self.raised = None
        self.asked += 1
        if self._ends is None:
            self._start()
        assert self._ends is not None
        answers, asked = self._ends
        try:
            data = memoryview(struct.pack(">I", len(body)) + body)
            while data:
                data = data[os.write(asked, data) :]
        except OSError:  # it closed its end
            self._hang_up()
        kind, answer = self._answer(answers)
        if kind == b"L":
            raise TooLarge(answer.decode("utf-8", "replace")[:200])
        try:
            value = decode(answer)
        except CodecError as error:
            if kind == b"V" and len(answer) <= MOST_BYTES and "more than" not in str(error):
                self._hang_up()
            raise TooLarge(str(error)) from None
        if kind == b"V":
            if len(self._answers) < 10:
                self._answers.append(short(value))
            return value
        self.raised = _exception(value)
        raise self.raised

    def take_answers(self) -> str:
        """The values returned since the last time, shortened."""
        answers, self._answers = self._answers, []
        return "; ".join(answers)

    def _start(self) -> None:
        """A process for the program: none where the last one ended before it could be called, or too many have."""
        if not self._ready or self._starts == MOST_STARTS:
            raise Gone(self._ended - 1)
        self._starts += 1
        self._ready = False
        self._line.sendall(FRAME.pack(b"N", 0))
        _, fds, _, _ = socket.recv_fds(self._line, 1, 2)
        self._ends = fds[0], fds[1]
        kind, _ = self._answer(fds[0])
        if kind != b"H":
            self._hang_up()
        self._ready = True

    def _answer(self, fd: int) -> tuple[bytes, bytes]:
        kind, length = ANSWER.unpack(self._exactly(fd, ANSWER.size))
        if kind not in (b"H", b"V", b"X", b"L"):
            self._hang_up()
        if length > MOST_BYTES + 2**20:
            self._hang_up(TooLarge(f"an answer of {length} bytes"))
        return kind, self._exactly(fd, length)

    def _exactly(self, fd: int, count: int) -> bytes:
        parts, missing = [], count
        while missing:
            more = os.read(fd, min(missing, 2**20))
            if not more:
                self._hang_up()
            parts.append(more)
            missing -= len(more)
        return b"".join(parts)

    def _hang_up(self, why: BaseException | None = None) -> NoReturn:
        ends, self._ends = self._ends, None
        for fd in ends or ():
            os.close(fd)
        self._line.sendall(FRAME.pack(b"W", 0))
        self._ended += 1
        raise why or Gone(self._ended - 1)


class Proxy:
    """A name of the program's, for test code to call."""

    def __init__(self, program: Program, name: str) -> None:
        self._program = program
        self._name = name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._program.call(self._name, args, kwargs)

    def __repr__(self) -> str:
        return f"<{self._name} of the program>"


_CONTROL = ("StopIteration", "StopAsyncIteration")
"""Raised again in a test, they would end its loops as if all had been seen."""


def _exception(value: Any) -> Exception:
    """What the program says that it raised, as an exception of ours."""
    classes, message = value if type(value) is tuple and len(value) == 2 else ((), "")
    message = message if type(message) is str else ""
    names = [name for name in classes if type(name) is str] if type(classes) is tuple else []
    for name in names:
        if name in _CONTROL:
            break
        found = getattr(builtins, name, None)
        if isinstance(found, type) and issubclass(found, Exception):
            try:
                return found(message)
            except TypeError:  # it wants more than a message
                continue
    return CandidateError(f"{names[0] if names else 'exception'}: {message}")
