"""Append-only samples of a run, so that a killed one goes on where it was.

``samples.jsonl`` holds one sample a line and nothing else: every reader of JSON lines reads it. Beside it,
``samples.header.json`` says what the samples depend on.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Self

from jeoul.errors import DataError, UsageError
from jeoul.evals.generation.samples import Sample
from jeoul.writing import whole_file

__all__ = ["HEADER", "SampleStore", "has_header", "read_header", "read_samples"]

FILE, HEADER = "samples.jsonl", "samples.header.json"


class SampleStore:
    """The samples in a folder, by (problem, index): what is there is never generated again.

    A killed process can tear only the last line, which is dropped: its sample is owed again. Completions are not kept
    in memory.

    Args:
        folder: of the run; created where it is absent.
        header: what the samples depend on (suite, protocol, sampling, model …), as values for JSON; no secret.
        restart: drop what the folder holds.

    Raises:
        UsageError: samples of another header are there (the message names what differs), another process is writing
            them, or the folder cannot be written.
        DataError: they are damaged in the middle.
    """

    def __init__(self, folder: str | Path, header: Mapping[str, Any], restart: bool = False) -> None:
        self.folder = Path(folder)
        self.path = self.folder / FILE
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.file: IO[bytes] = self.path.open("a+b")
        except OSError as error:
            raise UsageError(f"{self.path} cannot be written: {error.strerror}; choose another output") from None
        try:
            self._lock()
            if restart:
                self.file.truncate(0)
                _header_path(self.folder).unlink(missing_ok=True)
            self._open(json.loads(json.dumps(dict(header))))
            self.keys = self._restore()
        except BaseException:
            self.file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self.keys)

    def __contains__(self, key: tuple[str, int]) -> bool:
        return key in self.keys

    def add(self, sample: Sample) -> None:
        """Append a sample. One write: a kill can tear it, but not mix it.

        Raises:
            ValueError: its (problem, index) is there already.
        """
        if sample.key in self.keys:
            raise ValueError(f"{self.path} has sample {sample.index} of {sample.problem!r} already")
        self.file.write(json.dumps(sample.to_dict()).encode() + b"\n")
        self.file.flush()
        self.keys.add(sample.key)

    def samples(self) -> Iterator[Sample]:
        """All samples in the order they were written, read from the file one by one."""
        return read_samples(self.folder)

    def close(self) -> None:
        """Write everything through to the disk and let others write."""
        if not self.file.closed:
            os.fsync(self.file.fileno())
            self.file.close()

    def _lock(self) -> None:
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(f"another process is writing {self.path}; wait for it or choose another output") from None

    def _open(self, header: dict[str, Any]) -> None:
        path = _header_path(self.folder)
        if not path.exists():
            if self.path.stat().st_size:
                raise DataError(f"{path} is missing, so it is not known what made {self.path}; choose another output")
            with whole_file(path) as beside:
                beside.write_text(json.dumps(header, indent=2) + "\n")
            return
        differ = list(_differences("", read_header(self.folder), header))
        if differ:
            raise UsageError(
                f"{self.folder} holds samples of another run: {'; '.join(differ[:5])}; "
                f"choose another output, or give --restart to drop them"
            )

    def _restore(self) -> set[tuple[str, int]]:
        whole, keys = 0, set()
        self.file.seek(0)
        for number, line in enumerate(self.file, start=1):
            if not line.endswith(b"\n"):  # torn
                break
            sample = _parsed(line, self.path, number)
            if sample.key in keys:
                raise DataError(f"{self.path}, line {number} repeats sample {sample.index} of {sample.problem!r}")
            keys.add(sample.key)
            whole += len(line)
        os.ftruncate(self.file.fileno(), whole)
        return keys


def read_samples(folder: str | Path) -> Iterator[Sample]:
    """The samples of a run's folder, one by one; a torn last line is left out. Needs no lock: others may be writing."""
    path = Path(folder) / FILE
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.endswith(b"\n"):
                    yield _parsed(line, path, number)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None


def has_header(folder: str | Path) -> bool:
    """Whether a folder holds samples that a run made."""
    return _header_path(Path(folder)).is_file()


def read_header(folder: str | Path) -> dict[str, Any]:
    """What the samples of a run's folder depend on."""
    path = _header_path(Path(folder))
    try:
        header = json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        header = None
    if not isinstance(header, dict):
        raise DataError(f"{path} is damaged; choose another output, or give --restart to start again")
    return header


def _parsed(line: bytes, path: Path, number: int) -> Sample:
    try:
        values = json.loads(line)
        if not isinstance(values, dict):
            raise ValueError("is no object")
        return Sample.from_dict(values)
    except (ValueError, RecursionError) as error:
        reason = "is damaged" if isinstance(error, json.JSONDecodeError | UnicodeDecodeError) else str(error)
        raise DataError(f"{path}, line {number} {reason}; remove the line, and it is generated again") from None


def _differences(path: str, there: Any, here: Any) -> Iterator[str]:
    if isinstance(there, dict) and isinstance(here, dict):
        for name in sorted({*there, *here}):
            yield from _differences(f"{path}.{name}" if path else name, there.get(name), here.get(name))
    elif there != here:
        yield f"{path} is {_short(there)} there and {_short(here)} here"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "…"


def _header_path(folder: Path) -> Path:
    return folder / HEADER
