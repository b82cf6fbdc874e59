"""The files that a program may read: the interpreter's, and nothing else; no file may be written."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable

from jeoul.rewards.code.sandbox.inside.libc import call

__all__ = ["LIST", "READ", "WRITE", "Ruleset", "version"]

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same on every architecture
_PATH_BENEATH = 1
_VERSION = 1

WRITE, READ, LIST = 1 << 1, 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many rights each version of the interface knows; a later one knows no fewer."""
_NETWORK = 0b11
_SCOPES = 0b11
"""Abstract sockets of others, and signals to others."""


def version() -> int:
    """Version of the kernel's interface; 0 where there is none."""
    try:
        return call(_CREATE, None, 0, _VERSION)
    except OSError:
        return 0


class Ruleset:
    """Made once; every child enters it for itself.

    Args:
        rules: path and what is allowed on it and beneath it: :data:`READ`, :data:`LIST`, :data:`WRITE`.

    Raises:
        OSError: the kernel has no Landlock.
    """

    def __init__(self, rules: Iterable[tuple[str, int]]) -> None:
        self.version = version()
        if not self.version:
            raise OSError("no Landlock")
        rights = (1 << _FILE_RIGHTS[min(self.version, 5)]) - 1
        handled = struct.pack("=QQQ", rights, _NETWORK, _SCOPES)
        size = 8 if self.version < 4 else 16 if self.version < 6 else 24
        self.fd = call(_CREATE, ctypes.create_string_buffer(handled, 24), size, 0)
        for path, allowed in rules:
            self._add(path, allowed)

    def _add(self, path: str, allowed: int) -> None:
        try:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:  # not there: nothing to allow
            return
        try:
            if not os.path.isdir(path):
                allowed &= ~LIST
            rule = ctypes.create_string_buffer(struct.pack("=Qi", allowed, fd))
            call(_ADD, self.fd, _PATH_BENEATH, rule, 0)
        finally:
            os.close(fd)

    @staticmethod
    def enter(fd: int) -> None:
        """Hold this process from now on, by the ruleset at this descriptor, which is closed."""
        call(_RESTRICT, fd, 0)
        os.close(fd)
