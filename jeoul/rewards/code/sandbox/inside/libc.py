"""Calls of the C library and the kernel that Python has no function for."""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys
from typing import Any

__all__ = [
    "LINUX",
    "become_reaper",
    "call",
    "capabilities",
    "end_with_parent",
    "gain_no_privileges",
    "keep_capabilities",
    "prctl",
]

LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)
_syscall = _libc.syscall
_prctl: Any = getattr(_libc, "prctl", None)
_long, _ZERO = ctypes.c_long, ctypes.c_long(0)


def call(number: int, *arguments: int | ctypes.Array[ctypes.c_char] | None) -> int:
    """A system call; raises OSError where it fails."""
    result: int = _syscall(_long(number), *[_long(each) if type(each) is int else each for each in arguments])
    if result < 0:
        raise _failed()
    return result


def prctl(option: int, argument: int) -> None:
    """Ask the kernel to change something about this process; raises OSError where it does not."""
    if _prctl(option, _long(argument), _ZERO, _ZERO, _ZERO) < 0:
        raise _failed()


def _failed() -> OSError:
    error = ctypes.get_errno()
    return OSError(error, os.strerror(error))


def end_with_parent() -> None:
    """Die when the parent dies (Linux; elsewhere the parent's own end must be noticed)."""
    if LINUX:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def become_reaper() -> None:
    """Inherit the orphans of one's children (Linux)."""
    prctl(_PR_SET_CHILD_SUBREAPER, 1)


def capabilities() -> int:
    """Effective capabilities of the process itself, one bit each; 0 where there are none to have."""
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1], 16) for line in file if line.startswith("CapEff"))
    except (OSError, StopIteration):
        return 0


def keep_capabilities(number: int, kept: int) -> None:
    """Give up all but ``kept``; ``number`` is that of capset(2)."""
    low, high = kept & 0xFFFFFFFF, kept >> 32
    header = ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, 0))
    call(number, header, ctypes.create_string_buffer(struct.pack("=6I", low, low, 0, high, high, 0)))


def gain_no_privileges() -> None:
    """Never gain any by starting a program; what lets a process hold itself (Linux)."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)
