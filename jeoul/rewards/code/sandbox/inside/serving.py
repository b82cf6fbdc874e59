"""In a program's process: answer calls of its functions until the tester hangs up.

Everything here runs beside the program and may be bent by it: it yields values, never verdicts.
"""

from __future__ import annotations

import os
import struct
from typing import Any

from jeoul.rewards.code.sandbox.inside.codec import CodecError, decode, encode

__all__ = ["ANSWER", "serve"]

ANSWER = struct.Struct(">cI")
"""Type and length: ``H`` ready, ``V`` a value, ``X`` (exception classes, message), ``L`` too large a value."""


def serve(names: dict[str, Any], asked: int, answers: int) -> None:
    """Answer until the other side closes."""
    _send(answers, b"H", b"")
    while True:
        (length,) = struct.unpack(">I", _exactly(asked, 4) or b"\0\0\0\0")
        if not length:
            return
        function, args, kwargs, inplace = decode(_exactly(asked, length))
        try:
            value = _find(names, function)(*args, **kwargs)
            if inplace is not None:
                value = args[inplace]
        except Exception as error:
            classes = tuple(each.__name__ for each in type(error).__mro__)
            try:
                message = str(error)[:2000]
            except Exception:
                message = ""
            _send(answers, b"X", encode((classes, message)))
            continue
        try:
            body = encode(value)
        except CodecError as error:
            _send(answers, b"L", str(error).encode())
            continue
        except Exception as error:  # a class of the program's own, in the way of being read
            _send(answers, b"X", encode(((type(error).__name__,), "while its answer was read")))
            continue
        _send(answers, b"V", body)


def _find(names: dict[str, Any], function: str) -> Any:
    """``f``, ``Class.method`` (of a new instance), or a method of ``Solution``."""
    head, _, rest = function.partition(".")
    if head not in names:
        solution = names.get("Solution")
        if isinstance(solution, type) and not rest and hasattr(solution, head):
            return getattr(solution(), head)
        raise NameError(f"name {head!r} is not defined")
    found = names[head]
    if rest:
        found = found() if isinstance(found, type) else found
        for part in rest.split("."):
            found = getattr(found, part)
    return found


def _send(fd: int, kind: bytes, body: bytes) -> None:
    data = memoryview(ANSWER.pack(kind, len(body)) + body)
    while data:
        data = data[os.write(fd, data) :]


def _exactly(fd: int, count: int) -> bytes:
    """``count`` bytes, or none at the end."""
    data = b""
    while len(data) < count:
        more = os.read(fd, count - len(data))
        if not more:
            return b""
        data += more
    return data
