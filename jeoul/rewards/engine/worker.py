"""The process that rewards run in.

A single-threaded parent of their own (the zygote) forks workers: a killed one is replaced in milliseconds, and the
user's process, which may hold threads, a GPU or gigabytes, is never forked.

Frames on every socket: 8 bytes of length, then a pickle. Before each cell the worker writes which one it is and when
it began into a shared page, by which the other side knows what hangs without a message for every cell.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import mmap
import os
import pickle
import resource
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

from jeoul.rewards.engine.outcomes import Outcome, call_reward

__all__ = ["PAGE", "Load", "Mark", "main", "receive", "send"]

PAGE = struct.Struct("qqd")
"""The shared page: chunk, position in the chunk (LOADING while a reward is imported), start (0 = idle)."""
LOADING = -1
FLUSH_SECONDS = 0.02
_PR_SET_PDEATHSIG = 1
REQUEST = struct.Struct("cq")
REPLY = struct.Struct("q")
GONE_SECONDS = 0.2
MOST_KEPT = 16
"""Rewards a worker keeps ready for the next run."""
LENGTH = struct.Struct("Q")

Load = tuple[bytes, list[str], bool, str]
"""What a worker must know of a column: pickled (reward, options), data arguments, group scope, working folder."""


class Mark:
    """Writes what the worker is doing into the shared page."""

    def __init__(self, page: mmap.mmap) -> None:
        self.page = page

    def __call__(self, chunk: int, position: int) -> None:
        PAGE.pack_into(self.page, 0, chunk, position, time.monotonic())

    def idle(self) -> None:
        PAGE.pack_into(self.page, 0, 0, 0, 0.0)


def send(connection: socket.socket, message: Any) -> None:
    """Send one frame."""
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    connection.sendall(LENGTH.pack(len(body)) + body)


def receive(connection: socket.socket) -> Any:
    """Receive one frame; EOFError where the other side is gone."""
    (length,) = LENGTH.unpack(_exactly(connection, LENGTH.size))
    return pickle.loads(_exactly(connection, length))


def _exactly(connection: socket.socket, count: int) -> bytearray:
    data = bytearray(count)
    view, got = memoryview(data), 0
    while got < count:
        received = connection.recv_into(view[got:])
        if not received:
            raise EOFError
        got += received
    return data


def main(control_fd: int, memory: int) -> None:
    """The zygote: fork a worker (F), kill one (K) or bury one that hung up (G), until the control socket is closed."""
    control = socket.socket(fileno=control_fd)
    workers: set[int] = set()
    zygote = os.getpid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that owns us
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored (which is inherited), it would hide how workers end
    while True:
        try:
            request, fds, _, _ = socket.recv_fds(control, REQUEST.size, 2)
        except OSError:
            request, fds = b"", []
        if len(request) < REQUEST.size:
            for pid in workers:
                _kill(pid)
            os._exit(0)
        command, pid = REQUEST.unpack(request)
        if command == b"F":
            pid = os.fork()
            if pid == 0:
                _end_with(zygote)
                control.close()
                _serve(socket.socket(fileno=fds[0]), Mark(mmap.mmap(fds[1], PAGE.size)), memory)
            workers.add(pid)
            for fd in fds:
                os.close(fd)
            answer = pid
        elif pid not in workers:
            answer = 0
        else:
            workers.discard(pid)
            answer = _kill(pid) if command == b"K" else _bury(pid)
        with contextlib.suppress(OSError):
            control.sendall(REPLY.pack(answer))


def _end_with(zygote: int) -> None:
    """Die when the zygote dies, also where it is killed together with the user's process: nobody else is left to do it.

    Linux has a call for it; elsewhere a worker ends when it next finds its socket closed.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != zygote:
            os._exit(0)


def _kill(pid: int) -> int:
    for target, kill in ((pid, os.killpg), (pid, os.kill)):  # its children too, once it leads a session of its own
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(target, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(pid, 0)[1]
    return 0


def _bury(pid: int) -> int:
    """Of a worker that hung up: its status, or -1 where it goes on without a connection and has to be killed."""
    until = time.monotonic() + GONE_SECONDS
    while time.monotonic() < until:
        try:
            found, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            return 0
        if found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)  # what it left behind
            return status
        time.sleep(0.001)
    _kill(pid)
    return -1


def _serve(connection: socket.socket, mark: Mark, memory: int) -> None:
    """A worker: score chunks until the other side closes the socket. Never returns."""
    os.setsid()
    connection.set_inheritable(False)
    os.register_at_fork(after_in_child=connection.close)  # a reward's children are no workers: they say nothing …
    os.register_at_fork(after_in_child=mark.page.close)  # … mark nothing, and do not keep the line open
    _limit_memory(memory)
    kept: dict[tuple[bytes, str], Callable[[dict[str, Any]], Any]] = {}
    job: Load = (b"", [], False, "")
    ready = False
    try:
        while True:
            try:
                kind, *message = receive(connection)
            except (EOFError, OSError):
                break
            except BaseException as error:
                send(connection, ("unreadable", 0, f"{type(error).__name__}: {error}"))
                continue
            if kind == "job":
                job, ready = message[1], False
                continue
            chunk, units = message[0], message[2]
            if not ready:
                mark(chunk, LOADING)
                try:
                    call = _bound(job, kept)
                except BaseException as error:
                    mark.idle()
                    send(connection, ("unloadable", chunk, f"{type(error).__name__}: {error}"))
                    continue
                ready = True
            _score(connection, mark, chunk, call, job, units)
    except OSError:
        pass
    finally:
        os._exit(0)


def _score(
    connection: socket.socket,
    mark: Mark,
    chunk: int,
    call: Callable[[dict[str, Any]], Any],
    job: Load,
    units: list[tuple[Any, ...]],
) -> None:
    names, grouped = job[1], job[2]
    outcomes: list[list[Outcome]] = []
    first = 0
    sent = time.monotonic()
    for position, unit in enumerate(units):
        mark(chunk, position)
        if grouped:
            found = call_reward(call, dict(zip(names, unit, strict=True)), len(unit[0]))
        else:
            found = call_reward(call, {name: [value] for name, value in zip(names, unit, strict=True)}, 1)
        outcomes.append(found)
        spent = found[0].reason.startswith("MemoryError")
        if spent or time.monotonic() - sent > FLUSH_SECONDS:
            mark.idle()  # what follows is ours, not the reward's: it must not be blamed for it
            send(connection, ("spent" if spent else "part", chunk, first, _plain(outcomes), time.monotonic() - sent))
            if spent:  # what it holds will not come back: a fresh process for the rest
                os._exit(0)
            first, outcomes, sent = position + 1, [], time.monotonic()
    mark.idle()
    send(connection, ("done", chunk, first, _plain(outcomes), time.monotonic() - sent))


def _plain(outcomes: list[list[Outcome]]) -> list[list[tuple[float, int, str]]]:
    return [[(cell[0], int(cell[1]), cell[2]) for cell in cells] for cells in outcomes]


def _bound(job: Load, kept: dict[tuple[bytes, str], Callable[[dict[str, Any]], Any]]) -> Callable[..., Any]:
    """The reward with its options, built once in a worker: the next run of the same recipe finds it ready."""
    os.chdir(job[3])
    key = hashlib.sha256(job[0]).digest(), job[3]
    call = kept.pop(key, None)
    if call is None:
        reward, options = pickle.loads(job[0])
        call = reward.bind(options)
    kept[key] = call  # last: the least recently used is first
    while len(kept) > MOST_KEPT:
        del kept[next(iter(kept))]
    return call


def _limit_memory(extra: int) -> None:
    """At most ``extra`` bytes of address space above what the process has now."""
    if not extra or not os.path.exists("/proc/self/statm"):
        return
    with open("/proc/self/statm") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = now + extra
    if hard == resource.RLIM_INFINITY or wanted < hard:
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
