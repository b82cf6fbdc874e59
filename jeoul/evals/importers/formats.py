"""Which formats there are, which one a file has, and its rows."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

from jeoul.errors import DataError, UsageError, did_you_mean, listed
from jeoul.evals.importers.head import Head, head_of

__all__ = ["FORMATS", "format_of", "read_rows"]

FORMATS = ("inspect-ai", "lm-eval", "lighteval", "openai-batch", "trl", "verl", "plain")
"""Names of the formats, in the order they are tried; each is a module with ``LOGS``, ``fits`` and ``rows``."""


def read_rows(source: str | Path, format: str | None = None) -> list[dict[str, Any]]:
    """Rows of a file, or folder, of completions; where no format is named, the one whose shape it has.

    Raises:
        UsageError: there is no such format, or a folder holds several logs.
        DataError: it is absent, or not of that format.
    """
    name = format_of(source) if format is None else _checked(format)
    module = _module(name)
    path = Path(source)
    if name == "plain" or str(source) == "-":
        return list(module.rows(source))
    if path.is_dir():
        path = _only_log(path, _logs_in(path, name), name)
    if not path.exists():
        raise DataError(f"there is no file {path}")
    if not module.fits(head := head_of(path)):
        raise DataError(
            f"{path} does not have the shape of {name}{_seen(head)}; leave out --format, or write one of "
            f"{listed(FORMATS)}"
        )
    return list(module.rows(path))


def format_of(source: str | Path) -> str:
    """The format whose shape a file has, or the logs in a folder; "plain" where it has none of theirs.

    Raises:
        UsageError: a folder holds logs of several formats.
    """
    path = Path(source)
    if str(source) == "-" or not path.exists():
        return "plain"
    if path.is_dir():
        if (path / "samples.jsonl").is_file():  # a run of ours
            return "plain"
        found = {name: logs for name in FORMATS if name != "plain" and (logs := _logs_in(path, name))}
        if len(found) > 1:
            raise UsageError(f"{path} holds logs of {listed(found)}; give one file, or --format NAME")
        return next(iter(found), "plain")
    head = head_of(path)
    return next((name for name in FORMATS if _module(name).fits(head)), "plain")


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"jeoul.evals.importers.{name.replace('-', '_')}")


def _checked(name: str) -> str:
    if name not in FORMATS:
        raise UsageError(f"there is no format {name!r}{did_you_mean(name, FORMATS)}; there are {listed(FORMATS)}")
    return name


def _logs_in(folder: Path, name: str) -> list[Path]:
    """Files of a folder that are called and look like logs of that format."""
    module = _module(name)
    called = sorted({path for pattern in module.LOGS for path in folder.rglob(pattern) if path.is_file()})
    return [path for path in called if module.fits(head_of(path))]


def _only_log(folder: Path, logs: list[Path], name: str) -> Path:
    if not logs:
        raise DataError(f"{folder} holds no log of {name}")
    if len(logs) > 1:
        names = listed((str(path.relative_to(folder)) for path in logs), 5)
        raise UsageError(f"{folder} holds {len(logs)} logs of {name}: {names}; give one of them")
    return logs[0]


def _seen(head: Head) -> str:
    names = list(head.first) or sorted(head.names)
    return f" (it holds {listed(names, 8)})" if names else ""
