"""Replies of judges on disk, one small file each: what was asked once is not paid for again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jeoul.errors import UsageError
from jeoul.writing import whole_file

__all__ = ["CACHE_VARIABLE", "Replies", "key_of"]

CACHE_VARIABLE = "JEOUL_CACHE"
"""Environment variable with the folder of caches; default ``~/.cache/jeoul``."""


def key_of(model: Mapping[str, Any], sampling: Mapping[str, Any], messages: Sequence[Any], rubric: str) -> str:
    """SHA-256 (hex) of everything that a reply depends on: the model, how it is sampled, the prompt, the rubric."""
    parts = [dict(model), dict(sampling), list(messages), rubric]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class Replies:
    """Replies by key, in a folder; ``None`` keeps them for this process alone.

    Many processes may share a folder: a file is whole or absent. A file that is damaged is no reply.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.known: dict[str, str] = {}
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(
                    f"the cache {folder} cannot be written: {error.strerror}; write another, or none"
                ) from None

    @classmethod
    def in_folder(cls, cache: str | None) -> Replies:
        """The cache that a recipe's option names: a folder, "none", or None for the usual place."""
        if cache == "none":
            return cls(None)
        usual = Path(os.environ.get(CACHE_VARIABLE) or Path.home() / ".cache" / "jeoul") / "judge"
        return cls(usual if cache is None else Path(cache))

    def get(self, key: str) -> str | None:
        """The reply, if there is one."""
        if key not in self.known and self.folder is not None:
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                found = json.loads(self._path(key).read_text(encoding="ascii"))
                if isinstance(found["reply"], str) and found["key"] == key:
                    self.known[key] = found["reply"]
        return self.known.get(key)

    def put(self, key: str, reply: str) -> None:
        """Keep a reply; a full disk loses it, and no run."""
        self.known[key] = reply
        if self.folder is not None:
            path = self._path(key)
            with contextlib.suppress(OSError):
                path.parent.mkdir(exist_ok=True)
                with whole_file(path) as beside:
                    beside.write_text(json.dumps({"key": key, "reply": reply}), encoding="ascii")

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / key[:2] / f"{key[2:]}.json"
