"""Bytes behind a descriptor that a child can read but not change, and files that it can write to."""

from __future__ import annotations

import os
import sys
import tempfile

__all__ = ["Payload", "empty_file", "read_file"]

_SEALS = 0x1 | 0x2 | 0x4 | 0x8  # no more seals, no shrinking, no growing, no writing
_ADD_SEALS = 1033


class Payload:
    """Bytes in memory, sealed (Linux), behind :attr:`fd`; closed with the object or by ``with``."""

    def __init__(self, data: bytes) -> None:
        if sys.platform == "linux":
            import fcntl

            self.fd = os.memfd_create("jeoul", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            self._write(data)
            fcntl.fcntl(self.fd, _ADD_SEALS, _SEALS)
        else:
            writable = empty_file()
            self.fd = writable
            self._write(data)
        os.lseek(self.fd, 0, os.SEEK_SET)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self.fd, view) :]

    def rewound(self) -> int:
        """The descriptor, at its beginning."""
        os.lseek(self.fd, 0, os.SEEK_SET)
        return self.fd

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> Payload:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()


def empty_file() -> int:
    """A descriptor of an empty file without a name."""
    if sys.platform == "linux":
        return os.memfd_create("jeoul", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def read_file(fd: int, most: int, tail: bool = False) -> tuple[bytes, int]:
    """The first (or last) ``most`` bytes of a file and its size."""
    size = os.fstat(fd).st_size
    return os.pread(fd, most, max(0, size - most) if tail else 0), size
