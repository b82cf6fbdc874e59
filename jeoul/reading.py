"""Files of completions → columns, in bounded memory: JSONL (plain, gzip, zstd, stdin), Parquet, dataset folders."""

from __future__ import annotations

import io
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from jeoul.arrow_column import JSON_FLAG, ArrowColumn, ColumnBuilder
from jeoul.errors import DataError, UsageError, listed

__all__ = ["LONGEST_LINE", "first_line", "read_columns", "read_jsonl", "table_columns"]

LONGEST_LINE = 256 * 2**20
"""Bytes of a line above which a file is taken for something else than JSONL."""
CHUNK_ROWS, CHUNK_BYTES = 20_000, 16 * 2**20

Columns = dict[str, Sequence[Any]]
Expand = Callable[[dict[str, Any]], Iterable[dict[str, Any]]]


def read_columns(source: str | Path, expand: Expand | None = None) -> Columns:
    """Columns of a file or folder by name.

    Args:
        source: a JSONL file (its content, not its name, says whether it is compressed), ``-`` for stdin, a Parquet
            file, a folder of either, a folder written by ``datasets.save_to_disk``, or ``FOLDER#SPLIT``.
        expand: makes rows of one row (see :mod:`jeoul.rollouts`), where the file holds JSON lines.

    Raises:
        DataError: it is absent or is none of these; the message names the line.
    """
    if str(source) == "-":
        return read_jsonl(sys.stdin.buffer, "standard input", expand)
    path, _, split = str(source).partition("#") if not Path(source).exists() else (str(source), "", "")
    where = Path(path)
    if where.is_dir():
        return _read_folder(where, split, expand)
    if split and where.exists():
        raise UsageError(f"{where} is a file, so it has no split {split!r}")
    try:
        with where.open("rb") as file:
            if file.peek(4)[:4] == b"PAR1":  # no seeking: it may be a pipe
                return _read_parquet([where])
            return read_jsonl(file, str(where), expand)
    except FileNotFoundError:
        raise DataError(f"there is no file {where}") from None
    except OSError as error:
        raise DataError(f"{where} cannot be read: {error}") from None


def read_jsonl(file: BinaryIO, name: str, expand: Expand | None = None) -> Columns:
    """Columns of JSON lines, held in Arrow memory; a key that a row lacks is null there."""
    builders: dict[str, ColumnBuilder] = {}
    length = 0
    for rows in _chunks(file, name, expand):
        for key in dict.fromkeys(key for row in rows for key in row):
            builder = builders.setdefault(key, ColumnBuilder())
            builder.skip_to(length)
            builder.add([row.get(key) for row in rows])
        length += len(rows)
    if not length:
        raise DataError(f"{name} holds no rows")
    for builder in builders.values():
        builder.skip_to(length)
    return {key: builder.finish() for key, builder in builders.items()}


def first_line(path: Path) -> bytes:
    """The first line that is not blank, decompressed; b"" where there is none."""
    with path.open("rb") as file:
        return next((line for _, line in _lines(file, str(path))), b"")


def _chunks(file: BinaryIO, name: str, expand: Expand | None) -> Iterator[list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    size = 0
    for number, line in _lines(file, name):
        row = _parse(line, number, name)
        if expand is None:
            rows.append(row)
        else:
            try:
                rows.extend(expand(row))
            except ValueError as error:
                raise DataError(f"{name}, line {number}: {error}") from None
        size += len(line)
        if len(rows) >= CHUNK_ROWS or size >= CHUNK_BYTES:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows


def _lines(file: BinaryIO, name: str) -> Iterator[tuple[int, bytes]]:
    stream = _decompressed(file)
    number = 0
    try:
        while line := stream.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise DataError(
                    f"{name}, line {number} is longer than {LONGEST_LINE // 2**20} MiB: JSONL holds one object a line"
                )
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if line.strip():
                yield number, line
    except (OSError, EOFError, zlib.error) as error:  # a damaged gzip or zstd stream
        raise DataError(f"{name} breaks off after line {number}: {error}") from None


def _decompressed(file: BinaryIO) -> BinaryIO:
    buffered = io.BufferedReader(file) if isinstance(file, io.RawIOBase) else file
    head = buffered.peek(4)[:4] if hasattr(buffered, "peek") else b""
    if head[:2] == b"\x1f\x8b":
        import gzip

        return gzip.open(buffered)  # type: ignore[return-value]
    if head == b"\x28\xb5\x2f\xfd":
        return io.BufferedReader(_Zstd(buffered), 2**20)
    return buffered


class _Zstd(io.RawIOBase):
    """Frames of zstd, with an OSError where the last one is cut or damaged (zstandard's reader ends there silently)."""

    PIECE = 4096  # compressed bytes at a time; they can stand for 128 MiB

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.left = file, memoryview(b"")
        self.frame: Any = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.left:
            ended = self.frame is None or self.frame.eof
            piece = (self.frame.unused_data if self.frame and ended else b"") or self.file.read(self.PIECE)
            if not piece and ended:
                return 0
            if not piece:
                raise OSError("the zstd stream ends in the middle")
            self.left = memoryview(self._decompressed(piece, ended))
        count = min(len(buffer), len(self.left))
        buffer[:count] = self.left[:count]
        self.left = self.left[count:]
        return count

    def _decompressed(self, piece: bytes, new: bool) -> bytes:
        import zstandard

        try:
            if new:
                self.frame = zstandard.ZstdDecompressor().decompressobj()
            return bytes(self.frame.decompress(piece))
        except zstandard.ZstdError as error:
            raise OSError(str(error)) from None


def _parse(line: bytes, number: int, name: str) -> dict[str, Any]:
    try:
        row = json.loads(line.decode("utf-8").rstrip())
    except UnicodeDecodeError as error:
        raise DataError(f"{name}, line {number} is not UTF-8 (byte {error.start}): is this a JSONL file?") from None
    except RecursionError:
        raise DataError(f"{name}, line {number} is nested too deeply") from None
    except ValueError as error:
        cut = not line.endswith(b"\n") and line.lstrip().startswith(b"{")
        hint = "; the file was cut while it was written: remove this last line" if cut else ""
        if line.strip() in (b"[", b"{", b"[{"):
            hint = f"; JSON over several lines becomes JSONL with: jq -c '{'.[]' if line[:1] == b'[' else '.'}'"
        raise DataError(f"{name}, line {number} is not JSON that can be read: {error}{hint}") from None
    if not isinstance(row, dict):
        hint = "; a JSON array becomes JSONL with: jq -c '.[]'" if isinstance(row, list) else ""
        raise DataError(f"{name}, line {number} is a {type(row).__name__}, not an object with columns{hint}")
    return row


def _read_parquet(paths: list[Path]) -> Columns:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        tables = [pq.read_table(path, memory_map=True, partitioning=None) for path in paths]
        flags = {(field.name, JSON_FLAG in (field.metadata or {})) for table in tables for field in table.schema}
        if len(flags) > len({name for name, _ in flags}):  # JSON in one file, plain in another
            return _stacked(list(map(table_columns, tables)))
        return table_columns(pa.concat_tables(tables, promote_options="permissive"))
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{paths[0]} cannot be read as Parquet: {error}") from None


def table_columns(table: Any) -> Columns:
    """Columns of a pyarrow table."""
    names = table.column_names
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"two columns have the name {listed(twice)}")
    if b"jeoul" in (table.schema.metadata or {}):  # a scored table: its data may be scored anew, without what it gave
        table = table.select([name for name in table.column_names if not name.startswith("reward.")])
    columns: Columns = {}
    for field, array in zip(table.schema, table.columns, strict=True):
        columns[field.name] = ArrowColumn(array, encoded=JSON_FLAG in (field.metadata or {}))
    return columns


def _read_folder(folder: Path, split: str, expand: Expand | None) -> Columns:
    if (folder / "dataset_dict.json").is_file():
        try:
            known = json.loads((folder / "dataset_dict.json").read_text(encoding="utf-8"))["splits"]
        except (ValueError, KeyError, OSError) as error:
            raise DataError(f"{folder}/dataset_dict.json cannot be read: {error}") from None
        if not split and len(known) != 1:
            raise UsageError(f"{folder} holds several splits: {listed(known)}; write {folder}#{known[0]}")
        if split and split not in known:
            raise UsageError(f"{folder} has no split {split!r}; it has {listed(known)}")
        return _read_folder(folder / (split or known[0]), "", expand)
    if (folder / "state.json").is_file():
        import datasets

        try:
            data = datasets.load_from_disk(str(folder))
        except Exception as error:  # whatever part of it meets the damage raises
            raise DataError(f"{folder} cannot be read as a data set: {error}") from None
        if split not in ("", folder.name, str(data.split)):
            raise UsageError(f"{folder} has no split {split!r}; it is one data set")
        return table_columns(data.with_format("arrow")[:])

    def chosen(path: Path) -> bool:
        word = rf"(?<![^\W_]){re.escape(split)}(?![^\W_])"  # "test" is no part of "latest"
        return not split or re.search(word, str(path.relative_to(folder))) is not None

    found = sorted(path for path in folder.rglob("*.parquet") if chosen(path))
    if found:
        return _read_parquet(found)
    lines = sorted(path for ending in ("jsonl", "jsonl.gz", "jsonl.zst") for path in folder.rglob(f"*.{ending}"))
    lines = [path for path in lines if chosen(path)]
    if not lines:
        raise DataError(f"{folder} holds no data set, Parquet or JSONL file{f' for split {split!r}' if split else ''}")
    parts = [read_columns(path, expand) for path in lines]
    return parts[0] if len(parts) == 1 else _stacked(parts)


def _stacked(parts: list[Columns]) -> Columns:
    builders = {key: ColumnBuilder() for part in parts for key in part}
    length = 0
    for part in parts:
        rows = len(next(iter(part.values())))
        for key, builder in builders.items():
            column = part.get(key)
            for start in range(0, rows, CHUNK_ROWS):
                stop = min(rows, start + CHUNK_ROWS)
                builder.add(list(column[start:stop]) if column is not None else [None] * (stop - start))
        length += rows
    return {key: builder.finish() for key, builder in builders.items()}
