"""The zygote: a small warm process that forks a child for each run, and ends it when its time is over.

It never runs anything of a program's and never reads one: it hands descriptors on. It ends, and its children with it,
when the trainer's process does.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable
from types import ModuleType
from typing import NoReturn

from jeoul.rewards.code.sandbox.inside.candidate import run_candidate
from jeoul.rewards.code.sandbox.inside.child import Child
from jeoul.rewards.code.sandbox.inside.children import end_strays, fork
from jeoul.rewards.code.sandbox.inside.libc import LINUX
from jeoul.rewards.code.sandbox.inside.lockdown import Lockdown
from jeoul.rewards.code.sandbox.inside.meter import FIRST_LOOK, Budget
from jeoul.rewards.code.sandbox.inside.trial import Trial
from jeoul.rewards.code.sandbox.inside.wire import CALLS, CHECKER, FRAME, REQUEST, End, Held

__all__ = ["Zygote"]

_ONE_LOOK = 0.002
"""Seconds between looks where an end cannot be waited for (macOS)."""


class Zygote:
    """Serves requests until the control line is closed or the trainer's process has ended.

    Args:
        control: to the trainer's process.
        trainer: a descriptor that becomes readable when that process ends; -1: none.
    """

    def __init__(self, control: socket.socket, trainer: int, lockdown: Lockdown) -> None:
        self.control = control
        self.trainer = trainer
        self.lockdown = lockdown
        self.parent = os.getppid()
        self.children: list[Child] = []
        self.modules: list[ModuleType] = []
        self.null = os.open(os.devnull, os.O_RDWR)
        self._control = control.fileno()
        self._poll = select.poll()
        for fd in (self._control, *([trainer] if trainer >= 0 else [])):
            self._poll.register(fd, select.POLLIN)

    def serve(self) -> NoReturn:
        """Answer requests; never returns."""
        while True:
            if not self.wait(1.0, [self._control]):
                continue
            try:
                request, fds, _, _ = socket.recv_fds(self.control, REQUEST.size, 4)
            except OSError:
                self.end()
            if len(request) < REQUEST.size or len(fds) < 4:
                self.end()
            what, *limits = REQUEST.unpack(request)
            end = self._run(what, Held(*limits), fds)
            for fd in fds:
                os.close(fd)
            self.send(b"D", end.pack())

    def end(self) -> NoReturn:
        """End, with all children."""
        for child in self.children:
            child.kill()
        if not self.lockdown.denies_fork:
            end_strays()
        os._exit(0)

    def send(self, type: bytes, body: bytes) -> None:
        """A frame to the trainer."""
        try:
            self.control.sendall(FRAME.pack(type, len(body)) + body)
        except OSError:
            self.end()

    def wait(self, seconds: float, fds: list[int]) -> set[int]:
        """Those of ``fds`` that are ready, within ``seconds``. Ends where the trainer is gone."""
        for fd in fds:
            self._poll.register(fd, select.POLLIN)
        ready = {fd for fd, _ in self._poll.poll(1000 * (seconds if LINUX or not self.children else _ONE_LOOK))}
        for fd in fds:
            if fd != self._control:
                self._poll.unregister(fd)
        if self.trainer in ready or (self.trainer < 0 and os.getppid() != self.parent):
            self.end()
        if self._control in ready and self.children:  # nothing is asked during a run: the line is closed
            self.end()
        return ready.intersection(fds)

    # -- runs

    def _run(self, what: bytes, held: Held, fds: list[int]) -> End:
        try:
            return Trial(self, held, *fds).run() if what in (CALLS, CHECKER) else self._program(what, held, *fds)
        except OSError as error:  # no more processes, no more descriptors
            return End(b"I", b"-", 0, 0.0, 0, f"{type(error).__name__}: {error}")
        finally:
            for child in self.children:
                child.kill()
                child.bury()
            self.children.clear()
            if not self.lockdown.denies_fork:
                end_strays()

    def _program(self, what: bytes, held: Held, program: int, stdin: int, stdout: int, stderr: int) -> End:
        """One run of a program on its input."""
        child = self.candidate(what, held, [stdin, stdout, stderr], program)
        budget, pause = None, FIRST_LOOK
        while not self.wait(pause, [child.handle] if child.handle >= 0 else []) and not child.has_ended():
            budget = budget or Budget(held, began=child.began)
            over, limit, pause = budget.look([child.pid])
            if over:
                child.kill(limit)
                break
        return self.bury(child)

    # -- children

    def candidate(self, what: bytes, held: Held, streams: list[int], program: int, ends: tuple[int, ...] = ()) -> Child:
        """A process that runs the program."""
        heard, said = os.pipe()
        try:
            fds = [*streams, said, program, *ends]
            pid = fork(lambda: run_candidate(self.lockdown, held, what, fds))
        except BaseException:
            os.close(heard)
            raise
        finally:
            os.close(said)
        os.set_blocking(heard, False)
        return self._kept(Child(pid, heard))

    def tester(self, main: Callable[[], NoReturn]) -> Child:
        """A process that holds tests."""
        return self._kept(Child(fork(main)))

    def _kept(self, child: Child) -> Child:
        self.children.append(child)
        return child

    def bury(self, child: Child) -> End:
        """How the child ended; waits for that."""
        self.children.remove(child)
        if not self.lockdown.denies_fork and child.has_ended():
            child.kill(child.over)  # what is left of its process group
        return child.bury()
