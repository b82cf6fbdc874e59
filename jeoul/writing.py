"""Files that are whole, or what they were before."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["plain", "whole_file"]


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a file beside ``path`` to write, of the same ending; renamed to ``path`` if all went well, else removed.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_file(Path(folder) / "a.txt") as beside:
    ...         _ = beside.write_text("all of it")
    ...     print(*(file.name for file in Path(folder).iterdir()))
    a.txt
    """
    beside = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        yield beside
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def plain(value: Any) -> Any:
    """A document as JSON can hold it: what is no finite number is None, tuples are lists, keys are text.

    >>> plain({"a": (1.0, float("nan")), 2: {"b": True}})
    {'a': [1.0, None], '2': {'b': True}}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value
