"""In the zygote: one program on trial, a tester that asks for its processes, and the time that both take."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from jeoul.rewards.code.sandbox.inside.child import Child
from jeoul.rewards.code.sandbox.inside.meter import FIRST_LOOK, Budget, cpu_seconds
from jeoul.rewards.code.sandbox.inside.tester import run_tester
from jeoul.rewards.code.sandbox.inside.wire import CALLS, FRAME, LAP, End, Held, Verdict

if TYPE_CHECKING:
    from jeoul.rewards.code.sandbox.inside.zygote import Zygote

__all__ = ["Trial"]

_GRACE = 1.0
"""Seconds that a process which hung up is given to end by itself: a large one takes time for it on a busy machine."""


class Trial:
    """Run all tests of a program; verdicts are handed on to the trainer as they come."""

    def __init__(self, zygote: Zygote, held: Held, program: int, tests: int, stdout: int, stderr: int) -> None:
        self.zygote = zygote
        self.held = held
        self.program, self.tests, self.stdout, self.stderr = program, tests, stdout, stderr
        self.budget = Budget(held)
        self.candidate: Child | None = None
        self.started = False
        self.cpu = self.before = 0.0
        self.laps: dict[int, float] = {}

    def run(self) -> End:
        """How the tester ended; phase ``R`` where it had been given a process of the program's."""
        line, theirs = socket.socketpair()
        with line:
            with theirs:
                fds = [self.zygote.null, self.zygote.null, self.zygote.null, theirs.fileno(), self.tests]
                self.tester = self.zygote.tester(lambda: run_tester(self.zygote.lockdown, self.held, fds))
            line.setblocking(False)
            self._attend(line)
        end = self.zygote.bury(self.tester)
        return end._replace(phase=b"R" if self.started else b"-")

    def _attend(self, line: socket.socket) -> None:
        """Serve the tester's line and watch the time until the tester has ended."""
        buffer, pause, open_ = bytearray(), FIRST_LOOK, True
        while True:
            fds = [line.fileno()] if open_ else [fd for fd in [self.tester.handle] if fd >= 0]
            ready = self.zygote.wait(pause, fds)
            if open_ and ready:
                data = line.recv(65536)
                buffer += data
                open_ = bool(data)
                self._read(line, buffer)
                if open_:
                    continue
            if not open_ and self.tester.has_ended(_GRACE):
                return
            pause = self._look([line.fileno()] if open_ else [])

    def _look(self, line: list[int]) -> float:
        """Kill who is over a limit; seconds until the next look. What the tester has said by now comes first."""
        running = self._running()
        if not running:
            return FIRST_LOOK
        over, limit, pause = self.budget.look([child.pid for child in running])
        if over and not self.zygote.wait(0, line):
            next(child for child in running if child.pid == over).kill(limit)
            self._renew()  # the tester's time, to say so
        return pause

    def _running(self) -> list[Child]:
        return [child for child in (self.candidate, self.tester) if child is not None and child.over == b"-"]

    def _renew(self) -> None:
        self.budget.renew(child.pid for child in self._running())

    def _read(self, line: socket.socket, buffer: bytearray) -> None:
        while len(buffer) >= FRAME.size:
            type, length = FRAME.unpack_from(buffer)
            if len(buffer) < FRAME.size + length:
                return
            body = bytes(buffer[FRAME.size : FRAME.size + length])
            del buffer[: FRAME.size + length]
            if type == b"N":
                self._start(line)
            elif type == b"W":
                self._settle()
                self._renew()
            elif type == b"L":
                self._lap(LAP.unpack(FRAME.pack(type, length) + body)[2])
            elif type == b"V":
                verdict = Verdict.unpack(body)
                if verdict.test not in self.laps:
                    self._lap(verdict.test)
                self.zygote.send(b"V", verdict._replace(cpu=self.laps[verdict.test]).pack())

    def _start(self, line: socket.socket) -> None:
        """Hand the tester two pipe ends to a new process of the program's."""
        asked, asks = os.pipe()
        answers, answered = os.pipe()
        try:
            streams = [self.zygote.null, self.stdout, self.stderr]
            self.candidate = self.zygote.candidate(CALLS, self.held, streams, self.program, (asked, answered))
            self.started = True
            socket.send_fds(line, [b"Y"], [answers, asks])
        except BrokenPipeError:  # the tester was ended meanwhile
            pass
        finally:
            for fd in (asked, asks, answers, answered):
                os.close(fd)

    def _lap(self, test: int) -> None:
        """What was spent since the last time was spent on this test; the next has all the time again."""
        cpu = cpu_seconds(self.candidate.pid) if self.candidate else 0.0
        self.laps[test] = max(0.0, self.before + cpu - self.cpu)
        self.cpu, self.before = cpu, 0.0
        self._renew()

    def _settle(self) -> None:
        """See the program's process off, and tell the trainer how it ended."""
        if self.candidate is None:
            return
        if self.candidate.over == b"-" and not self.candidate.has_ended(_GRACE):
            self.candidate.kill(b"h")
        end = self.zygote.bury(self.candidate)
        self.candidate = None
        self.before, self.cpu = self.before + end.cpu - self.cpu, 0.0
        self.zygote.send(b"G", end.pack())
