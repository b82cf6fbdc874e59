"""Forking the children of a zygote, and what each does first."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from jeoul.rewards.code.sandbox.inside.libc import LINUX

__all__ = ["arrange", "end_strays", "fork"]


def fork(main: Callable[[], NoReturn]) -> int:
    """Fork a child that runs ``main``; its process id. The child never returns from here."""
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        os.setsid()
        main()
    except BaseException as error:
        status = 71
        with suppress(OSError):
            os.write(2, f"{type(error).__name__}: {error}\n".encode("utf-8", "replace")[:1000])
    finally:
        os._exit(status)


def arrange(wanted: list[int]) -> None:
    """Make ``wanted`` descriptors 0, 1, 2 … in this order, and close all others."""
    moved = [fcntl.fcntl(fd, fcntl.F_DUPFD, len(wanted)) for fd in wanted]  # out of the way of those that come
    for to, fd in enumerate(moved):
        os.dup2(fd, to)
    os.closerange(len(wanted), 65536 if sys.platform != "linux" else 2**31 - 1)


def end_strays() -> None:
    """Kill what a program forked and left behind: the zygote inherits it (Linux; elsewhere nobody can tell)."""
    until = time.monotonic() + 2.0
    while LINUX and time.monotonic() < until:
        try:
            with open(f"/proc/self/task/{os.getpid()}/children") as file:
                pids = [int(pid) for pid in file.read().split()]
        except (OSError, ValueError):
            return
        if not pids:
            return
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
