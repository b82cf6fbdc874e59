"""The interpreter as a program expects it, made once by the zygote: every page changed in a child costs a copy."""

from __future__ import annotations

import _sitebuiltins
import atexit
import builtins
import io
import os
import signal
import sys
from types import ModuleType
from typing import Any

__all__ = ["FILENAME", "as_programs_find_it"]

FILENAME = "<program>"


def as_programs_find_it() -> list[ModuleType]:
    """Streams, arguments, modules, ``exit``, signals: as in a fresh interpreter.

    Returns:
        The sandbox's own modules, no longer to be found by name.
    """
    _new_streams()
    for name in ("exit", "quit"):  # taken away by -S
        setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D (i.e. EOF)"))
    sys.argv = [FILENAME]
    atexit._clear()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored (which is inherited), it would hide how children end
    names = [name for name in sys.modules if name == "jeoul" or name.startswith("jeoul.")]
    return [sys.modules.pop(name) for name in names]


def _new_streams() -> None:
    """Streams on descriptors 0, 1 and 2 that take these for files: a child puts its own files there."""
    kept = os.dup(2)
    with open(os.devnull, "r+b", buffering=0) as nothing:
        for fd in (0, 1, 2):
            os.dup2(nothing.fileno(), fd)
    streams: dict[str, Any] = {
        "stdin": io.TextIOWrapper(io.BufferedReader(io.FileIO(0, "r", closefd=False)), "utf-8"),
        "stdout": io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False)), "utf-8"),
        "stderr": io.TextIOWrapper(
            io.BufferedWriter(io.FileIO(2, "w", closefd=False)), "utf-8", "backslashreplace", line_buffering=True
        ),
    }
    for name, stream in streams.items():
        stream.mode = "r" if name == "stdin" else "w"
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    os.dup2(kept, 2)
    os.close(kept)
