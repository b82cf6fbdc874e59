"""The system calls that a program may make: a filter in the kernel's own small language, assembled here.

An allow-list: what is not named is refused (EPERM), whatever a later kernel adds. Where a call is allowed for some
arguments only, just those that the kernel passes by value are looked at: memory could change after the look.
"""

from __future__ import annotations

import ctypes
import errno
import struct
from collections.abc import Iterable

from jeoul.rewards.code.sandbox.inside.libc import call
from jeoul.rewards.code.sandbox.inside.syscalls import ARCHITECTURES, FREE, number

__all__ = ["Filters"]

_INSTRUCTION = struct.Struct("=HBBI")
_LOAD, _JUMP_EQUAL, _JUMP_ABOVE, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_X32 = 0x40000000

_SET_MODE_FILTER, _ALLOW_SPECULATION = 1, 4

_OWN_PID = 0x7FEDC0DE
"""Stands in the assembled filter for the process that it is for."""

_THREAD = 0x00010F00
"""What makes clone() start a thread: CLONE_VM, FS, FILES, SIGHAND and CLONE_THREAD."""
_NEW_NAMESPACES = 0x7E020080
"""Any CLONE_NEW… flag."""
_UNIX, _STREAM = 1, 1
"""The one kind of socket pair: others could send to sockets that have names."""
_IOCTLS = (0x5401, 0x5421, 0x541B, 0x5450, 0x5451)
"""TCGETS (isatty), FIONBIO, FIONREAD (asyncio), FIONCLEX, FIOCLEX. Never TIOCSTI."""
_FCNTLS = (0, 1, 2, 3, 4, 5, 6, 7, 36, 37, 38, 1030, 1032, 1034)
"""Copies, flags, locks, F_GETPIPE_SZ, F_GET_SEALS. Never F_SETOWN and F_SETSIG, which signal other processes."""
_ARGUMENTS_LOOKED_AT = ("clone", "socketpair", "kill", "tgkill", "prlimit64", "prctl")
_UNTIL_HELD = (
    "pidfd_open", "sendmsg", "setsid", "setgroups", "setresuid", "setresgid", "seccomp", "landlock_restrict_self",
)  # fmt: skip
"""What a zygote calls, and a child before it is held."""
_PRCTLS = (15, 16, 3, 0x53564D41)
"""PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_SET_VMA."""


class Filters:
    """Two filters, of which the kernel obeys both.

    A wide one that a zygote installs once and its children inherit, and a short one that each child adds, which takes
    away what only the zygote needs.

    Args:
        architecture: a key of :data:`~jeoul.rewards.code.sandbox.inside.syscalls.ARCHITECTURES`.
    """

    def __init__(self, architecture: str) -> None:
        self.wide = _wide(architecture)
        self.short = _short(architecture)
        marker = struct.pack("=I", _OWN_PID)
        self._places = [at + 4 for at in range(0, len(self.short), 8) if self.short[at + 4 : at + 8] == marker]
        self._seccomp = number("seccomp", architecture)
        self._code = ctypes.create_string_buffer(self.short, len(self.short))
        self._prepared = _prepared(self._code)

    def hold_zygote(self) -> None:
        """Hold this process and all that it forks from now on. Raises OSError where the kernel does not."""
        code = ctypes.create_string_buffer(self.wide, len(self.wide))
        call(self._seccomp, _SET_MODE_FILTER, _ALLOW_SPECULATION, _prepared(code))

    def hold_child(self, pid: int) -> None:
        """Hold this process, whose id is ``pid``, from now on; it must not gain privileges any more."""
        for place in self._places:
            struct.pack_into("=I", self._code, place, pid)
        call(self._seccomp, _SET_MODE_FILTER, _ALLOW_SPECULATION, self._prepared)


def _prepared(code: ctypes.Array[ctypes.c_char]) -> ctypes.Array[ctypes.c_char]:
    """What the kernel is handed: the number of instructions, and where they are."""
    return ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(code)))


def _wide(architecture: str) -> bytes:
    """An allow-list: what programs may call, and what the zygote and its children need until they are held."""
    program = _Program(architecture)
    program.put(_LOAD, _ARCHITECTURE)
    program.jump(_JUMP_EQUAL, ARCHITECTURES[architecture], no="kill")
    program.put(_LOAD, _NUMBER)
    if architecture == "x86_64":
        program.jump(_JUMP_ABOVE, _X32, yes="kill")
    program.jump(_JUMP_EQUAL, program.number("clone3"), yes="none")
    for name in ("ioctl", "fcntl"):
        program.jump(_JUMP_EQUAL, program.number(name), yes=name)
    for first, last in _ranges({program.number(name) for name in (*FREE, *_ARGUMENTS_LOOKED_AT, *_UNTIL_HELD)} - {-1}):
        if first == last:
            program.jump(_JUMP_EQUAL, first, yes="allow")
        else:
            program.jump(_JUMP_ABOVE, first, no="next")
            program.jump(_JUMP_ABOVE, last + 1, no="allow")
            program.here("next")
    program.put(_RETURN, _ERROR | errno.EPERM)
    program.here("allow").put(_RETURN, _ALLOW)
    program.here("kill").put(_RETURN, _KILL)
    program.here("none").put(_RETURN, _ERROR | errno.ENOSYS)  # clone3: the C library falls back on clone
    program.one_of("ioctl", 1, _IOCTLS)
    program.one_of("fcntl", 1, _FCNTLS)
    return program.linked()


def _short(architecture: str) -> bytes:
    """Refuses what is the zygote's, and looks at arguments."""
    program = _Program(architecture)
    program.put(_LOAD, _NUMBER)
    for name in _ARGUMENTS_LOOKED_AT:
        program.jump(_JUMP_EQUAL, program.number(name), yes=name)
    for name in _UNTIL_HELD:
        program.jump(_JUMP_EQUAL, program.number(name), yes="refuse")
    program.put(_RETURN, _ALLOW)
    program.here("refuse").put(_RETURN, _ERROR | errno.EPERM)
    program.here("clone").put(_LOAD, _ARGUMENTS)
    program.put(_AND, _NEW_NAMESPACES)
    program.jump(_JUMP_EQUAL, 0, no="no thread")
    program.put(_LOAD, _ARGUMENTS)
    program.put(_AND, _THREAD)
    program.jump(_JUMP_EQUAL, _THREAD, yes="thread")
    program.here("no thread").put(_RETURN, _ERROR | errno.EPERM)
    program.here("thread").put(_RETURN, _ALLOW)
    program.here("socketpair").put(_LOAD, _ARGUMENTS)
    program.jump(_JUMP_EQUAL, _UNIX, no="not this pair")
    program.put(_LOAD, _ARGUMENTS + 8)
    program.put(_AND, 0xFF)
    program.jump(_JUMP_EQUAL, _STREAM, yes="this pair")
    program.here("not this pair").put(_RETURN, _ERROR | errno.EPERM)
    program.here("this pair").put(_RETURN, _ALLOW)
    program.one_of("kill", 0, (_OWN_PID,))
    program.one_of("tgkill", 0, (_OWN_PID,))
    program.one_of("prlimit64", 0, (0, _OWN_PID))
    program.one_of("prctl", 0, _PRCTLS)
    return program.linked()


def _ranges(numbers: set[int]) -> list[tuple[int, int]]:
    """Runs of consecutive numbers.

    >>> _ranges({1, 2, 3, 7})
    [(1, 3), (7, 7)]
    """
    runs: list[tuple[int, int]] = []
    for each in sorted(numbers):
        if runs and runs[-1][1] == each - 1:
            runs[-1] = runs[-1][0], each
        else:
            runs.append((each, each))
    return runs


class _Program:
    """Instructions, with labels for the places that are jumped to: forward, at most 255 away."""

    def __init__(self, architecture: str) -> None:
        self.architecture = architecture
        self._lines: list[tuple[int, int, str, str]] = []
        self._labels: dict[str, list[int]] = {}

    def number(self, name: str) -> int:
        return number(name, self.architecture)

    def here(self, label: str) -> _Program:
        self._labels.setdefault(label, []).append(len(self._lines))
        return self

    def put(self, code: int, value: int) -> None:
        self._lines.append((code, value, "", ""))

    def jump(self, code: int, value: int, yes: str = "", no: str = "") -> None:
        self._lines.append((code, value, yes, no))

    def one_of(self, label: str, argument: int, values: Iterable[int]) -> None:
        """At ``label``: allow where the argument is one of ``values``."""
        self.here(label).put(_LOAD, _ARGUMENTS + 8 * argument)
        for value in values:
            self.jump(_JUMP_EQUAL, value, yes=f"{label} is right")
        self.put(_RETURN, _ERROR | errno.EPERM)
        self.here(f"{label} is right").put(_RETURN, _ALLOW)

    def linked(self) -> bytes:
        """The instructions with labels as distances to the next place of that name."""
        out = bytearray()
        for at, (code, value, *labels) in enumerate(self._lines):
            jumps = [
                next(place for place in self._labels[label] if place > at) - at - 1 if label else 0 for label in labels
            ]
            out += _INSTRUCTION.pack(code, *jumps, value)
        return bytes(out)
