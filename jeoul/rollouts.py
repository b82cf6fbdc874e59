"""What is scored: prompts, completions, groups, and every other column of the data, from any source."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from jeoul.arrow_column import ArrowColumn
from jeoul.chat import completion_text, is_chat, prompt_text, split_messages
from jeoul.errors import DataError, UsageError, did_you_mean, listed
from jeoul.reading import read_columns, table_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Rollouts"]


@dataclass(frozen=True, eq=False)
class Rollouts:
    """B completions with their prompts, groups and other columns. Immutable.

    Attributes:
        columns: every column of the data by name, as it came (a chat list stays a chat list).
        texts: the completions as text, [B].
        groups: label of each row's group, [B], int64, numbered by first appearance.
        completion: name of the column that holds the completions.
        prompt: name of the column that holds the prompts; None where there is none.
    """

    columns: Mapping[str, Sequence[Any]]
    texts: Sequence[str] = field(repr=False)
    groups: NDArray[np.int64] = field(repr=False)
    completion: str = "completion"
    prompt: str | None = "prompt"

    LIKELY: ClassVar[tuple[str, ...]] = ("response", "output", "generation", "generated_text", "prediction", "text")

    @classmethod
    def of(
        cls,
        data: Any,
        *,
        completion: str | None = None,
        prompt: str | None = None,
        group: str | None = None,
        nested: Iterable[str] = (),
    ) -> Rollouts:
        """Rollouts from a path, ``-`` (stdin), rows, columns, a pandas frame, an Arrow table or a data set.

        Args:
            data: where they come from. Rows may hold one completion each, or a list of completions (the row is then
                repeated), or a whole conversation in ``messages``.
            completion: the column of completions; default ``completion``, else ``completions``, else ``messages``.
            prompt: the column of prompts; default ``prompt``, where there is one.
            group: the column that tells groups apart; default ``group`` where there is one, else equal prompts.
            nested: columns that hold one value per completion where rows hold lists of completions.

        >>> rollouts = Rollouts.of([{"prompt": "1+1?", "completions": ["2", "3"], "answer": "2"}])
        >>> rollouts.texts, rollouts.groups.tolist(), list(rollouts.column("answer"))
        (['2', '3'], [0, 0], ['2', '2'])

        Raises:
            DataError: a column is missing, or a completion is null or not text; the message names the row.
        """
        if isinstance(data, cls):
            return data
        expander = _Expander(completion, tuple(nested), numbered=prompt is None and group is None)
        if isinstance(data, str | Path):
            columns, name = read_columns(data, expander), str(data)
        else:
            columns, name = _columns_in_memory(data), "the data"
        columns = expander.flat(columns)
        if not columns or not len(next(iter(columns.values()))):
            raise DataError(f"{name} holds no rows")
        chosen = _completion_column(columns, completion, name)
        asked = _named(columns, prompt, "prompt", name)
        by = _named(columns, group, "group", name) or asked
        return cls.from_columns(columns, _groups(columns, by, len(columns[chosen])), chosen, asked)

    @classmethod
    def from_columns(
        cls, columns: Mapping[str, Sequence[Any]], groups: NDArray[np.int64], completion: str, prompt: str | None
    ) -> Rollouts:
        """Rollouts of flat columns whose groups are known."""
        return cls(columns, _texts(columns[completion], completion), groups, completion, prompt)

    def __len__(self) -> int:
        return len(self.texts)

    def column(self, name: str) -> Sequence[Any]:
        """A column by name; DataError names those there are."""
        if name not in self.columns:
            hint = did_you_mean(name, self.columns)
            raise DataError(f"the data has no column {name!r}{hint}; it has {listed(self.columns, 30)}")
        return self.columns[name]

    def prompts(self) -> Sequence[str]:
        """The prompts as text; "" where there are none."""
        if self.prompt is None:
            return [""] * len(self)
        column = self.columns[self.prompt]
        if isinstance(column, ArrowColumn) and column.plain_text and not column.array.null_count:
            return column
        return [_checked(prompt_text, value, self.prompt, row) for row, value in enumerate(column)]

    @property
    def group_count(self) -> int:
        """How many groups there are."""
        return int(self.groups.max()) + 1

    def fingerprint(self) -> str:
        """SHA-256 (hex) of everything in it: equal data has the same, wherever it was read from."""
        digest = hashlib.sha256(json.dumps([self.completion, self.prompt, len(self)]).encode())
        digest.update(np.ascontiguousarray(self.groups).tobytes())
        for name in sorted(self.columns):
            digest.update(f"\0{name}\0".encode())
            for part in _parts(self.columns[name]):
                digest.update(part)
        return digest.hexdigest()

    def __repr__(self) -> str:
        return f"<Rollouts: {len(self)} completions in {self.group_count} groups; columns {listed(self.columns)}>"


def _parts(column: Sequence[Any], size: int = 4096) -> Iterator[bytes]:
    for start in range(0, len(column), size):
        yield json.dumps(list(column[start : start + size]), default=repr, ensure_ascii=True).encode()


class _Expander:
    """Makes flat rows of nested ones: one row a prompt with a list of completions, or a whole conversation."""

    def __init__(self, completion: str | None, nested: tuple[str, ...], numbered: bool = True) -> None:
        self.completion, self.nested, self.numbered, self.rows = completion, nested, numbered, 0

    def __call__(self, row: dict[str, Any]) -> Iterable[dict[str, Any]]:
        name = self.completion or next((key for key in ("completion", "completions") if key in row), None)
        if name is None and "messages" in row:
            try:
                prompt, completion = split_messages(row["messages"])
            except ValueError as error:
                raise ValueError(f"messages {error}") from None
            return [{"prompt": prompt, "completion": completion, **row}]
        several = row.get(name) if name else None
        if not isinstance(several, list) or is_chat(several):
            return [row]
        if not several:
            raise ValueError(f"{name!r} is an empty list: there is nothing to score; drop the row")
        for key in self.nested:
            if not isinstance(row.get(key), list) or len(row[key]) != len(several):
                raise ValueError(f"{key!r} must be a list of {len(several)} values, one for each completion")
        target = "completion" if self.completion is None else str(name)
        kept = {key: value for key, value in row.items() if key != name}
        if self.numbered and "prompt" not in row and "group" not in row:  # completions of one row belong together
            kept["group"] = self.rows
        self.rows += 1
        return [
            kept | {target: one} | {key: row[key][index] for key in self.nested} for index, one in enumerate(several)
        ]

    def flat(self, columns: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
        """Columns with every row flat; as they are where no row is nested."""
        name = self.completion or next((key for key in ("completion", "completions", "messages") if key in columns), "")
        if name not in columns or not _any_nested(columns[name], name):
            return dict(columns)
        rows: list[dict[str, Any]] = []
        for number in range(len(columns[name])):
            try:
                rows += self({key: column[number] for key, column in columns.items()})
            except ValueError as error:
                raise DataError(f"row {number}: {error}") from None
        return {key: [row.get(key) for row in rows] for key in dict.fromkeys(key for row in rows for key in row)}


def _any_nested(column: Sequence[Any], name: str) -> bool:
    if isinstance(column, ArrowColumn) and column.plain_text:
        return False
    return name == "messages" or any(isinstance(value, list) and not is_chat(value) for value in column)


def _columns_in_memory(data: Any) -> dict[str, Sequence[Any]]:
    if hasattr(data, "to_pylist") and hasattr(data, "column_names"):  # pyarrow.Table
        return dict(table_columns(data))
    if hasattr(data, "iloc") and hasattr(data, "columns"):  # pandas.DataFrame: NaN is its null
        if not data.columns.is_unique:
            raise DataError(
                f"two columns of the frame have one name; its columns: {listed(map(str, data.columns), 30)}"
            )
        return {str(name): _from_pandas(data[name]) for name in data.columns}
    if hasattr(data, "with_format") and isinstance(data, Mapping):  # datasets.DatasetDict
        raise UsageError(f"the data set has splits; choose one, as in data[{next(iter(data), '')!r}]")
    if hasattr(data, "with_format") and hasattr(data, "num_rows"):  # datasets.Dataset
        return dict(table_columns(data.with_format("arrow")[:]))
    if isinstance(data, Mapping):
        for name, column in data.items():
            if isinstance(column, str | bytes | Mapping) or not hasattr(column, "__len__"):
                raise UsageError(
                    f"column {name!r} is a {type(column).__name__}, not a list; give columns, or a list of rows"
                )
        lengths = {str(name): len(column) for name, column in data.items()}
        if len(set(lengths.values())) > 1:
            raise DataError(f"the columns have different lengths: {lengths}")
        return {str(name): list(column) for name, column in data.items()}
    if not isinstance(data, Iterable):
        raise UsageError(f"cannot read rollouts from a {type(data).__name__}; give a path, rows, columns or a frame")
    rows = list(data)
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise DataError(f"row {number} is a {type(row).__name__}, not a mapping of columns")
    return {str(key): [row.get(key) for row in rows] for key in dict.fromkeys(key for row in rows for key in row)}


def _from_pandas(series: Any) -> list[Any]:
    missing = series.isna().to_numpy()
    values = zip(series.tolist(), missing, strict=True)
    return [None if gone else _without_arrays(value) for value, gone in values]


def _without_arrays(value: Any) -> Any:
    """Lists for the arrays that pandas makes of the lists in a Parquet file."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list):
        return [_without_arrays(item) for item in value]
    return {key: _without_arrays(item) for key, item in value.items()} if isinstance(value, dict) else value


def _completion_column(columns: Mapping[str, Sequence[Any]], asked: str | None, name: str) -> str:
    wanted = asked or "completion"
    if wanted in columns:
        return wanted
    likely = [key for key in Rollouts.LIKELY if key in columns]
    hint = f"; name it: completion={likely[0]!r} (--completion {likely[0]})" if likely and not asked else ""
    raise DataError(
        f"{name} has no column {wanted!r}{did_you_mean(wanted, columns) if not hint else ''}{hint}; "
        f"its columns: {listed(columns, 30)}"
    )


def _named(columns: Mapping[str, Sequence[Any]], asked: str | None, default: str, name: str) -> str | None:
    if asked is not None and asked not in columns:
        raise DataError(f"{name} has no column {asked!r}{did_you_mean(asked, columns)}; it has {listed(columns, 30)}")
    return asked or (default if default in columns else None)


def _texts(column: Sequence[Any], name: str) -> Sequence[str]:
    if isinstance(column, ArrowColumn) and column.plain_text and not column.array.null_count:
        return column
    return [_checked(completion_text, value, name, row) for row, value in enumerate(column)]


def _checked(read: Any, value: Any, name: str, row: int) -> str:
    try:
        return str(read(value))
    except ValueError as error:
        raise DataError(f"row {row}: {name!r} {error}") from None


def _groups(columns: Mapping[str, Sequence[Any]], by: str | None, length: int) -> NDArray[np.int64]:
    if by is None:  # nothing tells rows apart: each is its own group
        return np.arange(length, dtype=np.int64)
    column = columns[by]
    if isinstance(column, ArrowColumn) and column.plain_text and not column.array.null_count:
        return _arrow_groups(column)
    labels: dict[Any, int] = {}
    codes = np.empty(length, dtype=np.int64)
    for row, value in enumerate(column):
        if value is None or (isinstance(value, float) and value != value):
            raise DataError(f"row {row}: {by!r} is null, so its group is not known")
        key = value if isinstance(value, str | int | float) else (json.dumps(value, sort_keys=True, default=repr),)
        codes[row] = labels.setdefault(key, len(labels))
    return codes


def _arrow_groups(column: ArrowColumn, most: int = 1_000_000) -> NDArray[np.int64]:
    """Codes by first appearance, about ``most`` rows at a time: one dictionary of all texts doubles the memory."""
    parts = 1 + len(column) // most
    if parts == 1:
        return _codes(column.array)
    share = np.fromiter((hash(text) % parts for text in column), np.int32, len(column))
    codes, count = np.empty(len(column), dtype=np.int64), 0
    for part in range(parts):
        rows = share == part
        if rows.any():
            codes[rows] = count + _codes(column.array.filter(rows))
            count = int(codes[rows].max()) + 1
    first, rank = np.empty((2, count), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]  # where an index repeats, numpy keeps the last value
    rank[np.argsort(first)] = np.arange(count)
    return rank[codes]


def _codes(array: Any) -> NDArray[np.int64]:
    encoded = array.dictionary_encode().chunks  # one dictionary for all chunks, in order of first appearance
    return np.concatenate([chunk.indices.to_numpy() for chunk in encoded]).astype(np.int64)
