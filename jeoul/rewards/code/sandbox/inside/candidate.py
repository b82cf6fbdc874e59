"""A program's process: compile it, say so, run it.

The last things done in the name of the sandbox are to write the phase (``E`` and the compiler's message, or ``R``)
and to close the line it was written on. From there on everything that comes from this process is the program's word.
"""

from __future__ import annotations

import atexit
import builtins
import gc
import os
import sys
import threading
import types
from collections.abc import Callable
from typing import NoReturn

from jeoul.rewards.code.sandbox.inside.lockdown import CANDIDATE, Lockdown
from jeoul.rewards.code.sandbox.inside.serving import serve
from jeoul.rewards.code.sandbox.inside.surroundings import FILENAME
from jeoul.rewards.code.sandbox.inside.wire import COMPILE, DETAIL_BYTES, MEMORY_EXIT, RAISED_EXIT, Held

__all__ = ["run_candidate"]

_PHASE, _CODE, _ASKED, _ANSWERS = 3, 4, 5, 6


def run_candidate(lockdown: Lockdown, held: Held, what: bytes, fds: list[int]) -> NoReturn:
    """Run the program; never returns.

    Args:
        fds: stdin, stdout, stderr, phase, program, and for calls where they are read and where answers are written.
    """
    lockdown.arrange(fds)
    try:
        source = _read(_CODE)
        lockdown.enter(held, CANDIDATE, len(fds), whole_run=len(fds) <= _ASKED)
    except BaseException as error:
        _say(b"I", f"{type(error).__name__}: {error}")
        os._exit(1)
    try:
        code = compile(source.decode("utf-8", "surrogatepass"), FILENAME, "exec", dont_inherit=True)
    except BaseException as error:
        _say(b"E", _compiler_says(error))
        os._exit(0)
    del source
    if not lockdown.denies_fork:  # boot.py kept threading from doing so
        os.register_at_fork(after_in_child=threading._after_fork)  # type: ignore[attr-defined]
    calls = len(fds) > _ASKED
    module = types.ModuleType("solution" if calls else "__main__")
    module.__dict__.update(__builtins__=builtins, __file__=FILENAME)
    sys.modules[module.__name__] = module
    _say(b"R", "")
    if what == COMPILE:
        os._exit(0)
    _finish(_run(code, module, serve if calls else None), module)


def _run(code: types.CodeType, module: types.ModuleType, serve: Callable[..., None] | None) -> int:
    """The exit status of the program, as ``python`` would give it."""
    try:
        exec(code, module.__dict__)
        if serve:
            serve(module.__dict__, _ASKED, _ANSWERS)
    except SystemExit as leave:
        if leave.code is None:
            return 0
        if isinstance(leave.code, int):
            return leave.code & 0xFF
        print(leave.code, file=sys.stderr)
        return 1
    except MemoryError:
        return MEMORY_EXIT
    except BaseException as error:
        trace = error.__traceback__
        sys.excepthook(type(error), error, trace.tb_next if trace else None)
        return RAISED_EXIT if serve else 1
    return 0


def _finish(status: int, module: types.ModuleType) -> NoReturn:
    """What Python does at its end, without taking the interpreter apart."""
    try:
        if threading.active_count() > 1:
            threading._shutdown()  # type: ignore[attr-defined]  # waits for the program's threads
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.__stdout__, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()
        module.__dict__.clear()  # files that the program left open are written
        gc.collect()
    except BaseException:
        status = status or 120  # Python's own status for output that could not be written
    os._exit(status)


def _compiler_says(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}" + (f" (line {error.lineno})" if error.lineno else "")
    return f"{type(error).__name__}: {error}"


def _say(phase: bytes, detail: str) -> None:
    os.write(_PHASE, phase + detail.encode("utf-8", "replace")[:DETAIL_BYTES])
    os.close(_PHASE)


def _read(fd: int) -> bytes:
    size = os.fstat(fd).st_size
    data = os.pread(fd, size, 0)
    os.close(fd)
    return data
