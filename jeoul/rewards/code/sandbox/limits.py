"""What one test of a program may take."""

from __future__ import annotations

from dataclasses import dataclass

from jeoul.errors import UsageError
from jeoul.rewards.code.sandbox.inside.wire import Held

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """Limits of one test.

    Args:
        cpu: seconds of CPU time, over all threads.
        idle: seconds in which the program neither runs nor waits for a processor (sleeping, waiting for input).
        wall: seconds in all: a backstop that load may reach. Verdicts should come from ``cpu`` and ``idle``.
        memory: bytes of address space.
        stdout, stderr: bytes written there.
        files: open files.
        threads: threads, where the system counts them for the program alone.

    >>> Limits(cpu=5).cpu
    5
    """

    cpu: float = 2.0
    idle: float = 2.0
    wall: float = 30.0
    memory: int = 2**30
    stdout: int = 2**20
    stderr: int = 2**16
    files: int = 64
    threads: int = 64

    def __post_init__(self) -> None:
        for name in ("cpu", "idle", "wall"):
            value = getattr(self, name)
            if not 0 < value <= 86_400:
                raise UsageError(f"{name} is a number of seconds above 0 and up to a day, not {value!r}")
        for name, least in (("memory", 2**27), ("stdout", 1), ("stderr", 1), ("files", 16), ("threads", 1)):
            value = getattr(self, name)
            if type(value) is not int or not least <= value < 2**48:
                raise UsageError(f"{name} is a whole number from {least} up, not {value!r}")

    @property
    def held(self) -> Held:
        """As a request carries them."""
        return Held(self.cpu, self.idle, self.wall, self.memory, self.stdout, self.stderr, self.files, self.threads)
