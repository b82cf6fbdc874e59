"""Columns of any length in Arrow memory, read as Python values: plain where the type is plain, JSON where it is not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ArrowColumn", "ColumnBuilder", "valid_text"]

JSON_FLAG = b"jeoul.json"
"""Field metadata that marks a string column whose cells are JSON."""
DECODED_ROWS, JOINED_CHUNKS = 20_000, 32


class ArrowColumn(Sequence[Any]):
    """A read-only sequence over a pyarrow ChunkedArray; ``encoded`` cells hold JSON and are decoded on the way out."""

    def __init__(self, array: pa.ChunkedArray, encoded: bool = False) -> None:
        self.array, self.encoded = array, encoded

    def __len__(self) -> int:
        return len(self.array)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step == 1:
                return self._decoded(self.array.slice(start, max(0, stop - start)))
            return [self[position] for position in range(start, stop, step)]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        value = self.array[index].as_py()
        return json.loads(value) if self.encoded and value is not None else value

    def __iter__(self) -> Iterator[Any]:
        for chunk in self.array.chunks:  # a chunk of a Parquet file may be the whole file
            for start in range(0, len(chunk), DECODED_ROWS):
                yield from self._decoded(chunk.slice(start, DECODED_ROWS))

    def _decoded(self, array: Any) -> list[Any]:
        values: list[Any] = array.to_pylist()
        return [None if value is None else json.loads(value) for value in values] if self.encoded else values

    @property
    def plain_text(self) -> bool:
        """Whether every cell is a string or null."""
        import pyarrow as pa

        kind = self.array.type
        return not self.encoded and (pa.types.is_string(kind) or pa.types.is_large_string(kind))


class ColumnBuilder:
    """Takes a column chunk by chunk and keeps it in Arrow memory; values come back exactly as they went in.

    >>> builder = ColumnBuilder()
    >>> builder.add([1, 2]); builder.add(["3", [4]])
    >>> list(builder.finish())
    [1, 2, '3', [4]]
    """

    def __init__(self) -> None:
        self.kind = "null"
        self.chunks: list[pa.Array] = []
        self.length = self.joined = 0

    def add(self, values: list[Any]) -> None:
        """Append a chunk."""
        kind = _kind_of(values)
        if "null" not in (kind, self.kind) and kind != self.kind:
            self._encode_all()
            kind = "json"
        elif kind == "null":
            kind = self.kind
        if self.kind == "null" and kind != "null":
            import pyarrow as pa

            self.chunks = [pa.nulls(len(chunk), _arrow_type(kind)) for chunk in self.chunks]
        self.kind = kind
        self.chunks.append(_array(values, kind))
        self.length += len(values)
        if len(self.chunks) - self.joined == JOINED_CHUNKS:  # many small buffers cost half as much again
            import pyarrow as pa

            self.chunks[self.joined :] = [pa.concat_arrays(self.chunks[self.joined :])]
            self.joined += 1

    def skip_to(self, length: int) -> None:
        """Fill with null up to ``length`` rows."""
        if length > self.length:
            self.add([None] * (length - self.length))

    def finish(self) -> ArrowColumn:
        """The column."""
        import pyarrow as pa

        return ArrowColumn(pa.chunked_array(self.chunks, type=_arrow_type(self.kind)), encoded=self.kind == "json")

    def _encode_all(self) -> None:
        if self.kind != "json":
            self.chunks = [_array(chunk.to_pylist(), "json") for chunk in self.chunks]
            self.kind = "json"


def _kind_of(values: list[Any]) -> str:
    kinds = {type(value) for value in values}
    kinds.discard(type(None))
    if not kinds:
        return "null"
    if kinds == {str}:
        return "string"
    if kinds == {float}:
        return "float"
    if kinds == {bool}:
        return "bool"
    if kinds == {int} and all(value is None or -(2**63) <= value < 2**63 for value in values):
        return "int"
    return "json"


def _arrow_type(kind: str) -> pa.DataType:
    import pyarrow as pa

    types = {
        "null": pa.null(),
        "string": pa.large_string(),
        "float": pa.float64(),
        "bool": pa.bool_(),
        "int": pa.int64(),
    }
    return types.get(kind, pa.large_string())


def _array(values: list[Any], kind: str) -> pa.Array:
    import pyarrow as pa

    if kind == "json":
        values = [None if value is None else json.dumps(value, ensure_ascii=True) for value in values]
    try:
        return pa.array(values, type=_arrow_type(kind))
    except UnicodeEncodeError:
        return pa.array([None if value is None else valid_text(value) for value in values], type=_arrow_type(kind))


def valid_text(text: str) -> str:
    r"""The text with lone surrogates (half of a pair, which no file can hold) as U+FFFD.

    >>> valid_text("a\ud800b")
    'a�b'
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join("�" if "\ud800" <= character <= "\udfff" else character for character in text)
    return text
