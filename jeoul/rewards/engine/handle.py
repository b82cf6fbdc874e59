"""A worker as the other side sees it: its process, its socket and page, the chunks it was given."""

from __future__ import annotations

import mmap
import pickle
import socket
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from jeoul.rewards.engine.worker import LENGTH, PAGE

__all__ = ["Chunk", "Worker", "messages", "read_socket"]


@dataclass(eq=False)
class Chunk:
    """Units given to a worker in one message; the first ``reported`` have their outcomes."""

    number: int
    units: list[int]
    reported: int = 0


@dataclass(eq=False)
class Worker:
    """One worker process."""

    pid: int
    connection: socket.socket
    page: mmap.mmap
    jobs: set[int] = field(default_factory=set)
    chunks: deque[Chunk] = field(default_factory=deque)
    outgoing: bytearray = field(default_factory=bytearray)
    incoming: bytearray = field(default_factory=bytearray)
    last: tuple[int, int, float] = (0, 0, 0.0)
    heard: float = 0.0
    spent: bool = False
    """It ended itself after a MemoryError: nobody is to blame for its end."""

    def doing(self) -> tuple[int, int, float]:
        """(chunk, position, start); start 0 = idle."""
        chunk, position, start = PAGE.unpack_from(self.page, 0)
        return chunk, position, start


def read_socket(worker: Worker) -> bool:
    """Take what the socket holds; False where the other side is gone."""
    while True:
        try:
            data = worker.connection.recv(2**20)
        except BlockingIOError:
            return True
        if not data:
            return False
        worker.incoming += data


def messages(worker: Worker) -> Iterator[tuple[Any, ...]]:
    """The whole messages among the bytes that were read."""
    while len(worker.incoming) >= LENGTH.size:
        (length,) = LENGTH.unpack_from(worker.incoming)
        if len(worker.incoming) < LENGTH.size + length:
            return
        body = bytes(worker.incoming[LENGTH.size : LENGTH.size + length])
        del worker.incoming[: LENGTH.size + length]
        yield pickle.loads(body)
