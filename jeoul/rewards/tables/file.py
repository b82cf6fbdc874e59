"""Reward tables as Parquet: one row a completion, the data's columns beside value, raw, status, gate and reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jeoul.arrow_column import JSON_FLAG, ArrowColumn, ColumnBuilder, valid_text
from jeoul.errors import DataError, listed
from jeoul.rewards.tables.status import Gate, Status
from jeoul.rollouts import Rollouts
from jeoul.writing import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

    from jeoul.rewards.tables.table import RewardTable

__all__ = ["load_table", "refuse_clashes", "save_table", "to_arrow"]

PREFIX = "reward."
GROUP, TOTAL = "reward.group", "reward.total"
METADATA = b"jeoul"
PARTS = ("", ".raw", ".status", ".gate", ".reason")


def refuse_clashes(names: Iterable[str], data: Iterable[str]) -> None:
    """DataError where the data has columns that the table's file needs for itself."""
    clashes = sorted(_own(names) & set(data))
    if clashes:
        raise DataError(f"a reward table keeps its own columns under these names: {listed(clashes)}; rename the data's")


def _own(names: Iterable[str]) -> set[str]:
    return {GROUP, TOTAL} | {f"{PREFIX}{name}{part}" for name in names for part in PARTS}


def to_arrow(table: RewardTable) -> pa.Table:
    """The whole table as Arrow, the description in its schema's metadata."""
    import pyarrow as pa

    from jeoul.rewards.tables.table import table_info

    refuse_clashes(table.names, table.rollouts.columns)
    fields, arrays = [], []
    for name, column in table.rollouts.columns.items():
        built = _as_arrow(name, column)
        fields.append(pa.field(name, built.array.type, metadata={JSON_FLAG: b"1"} if built.encoded else None))
        arrays.append(built.array)
    cells: dict[str, Any] = {GROUP: table.groups, TOTAL: table.total()}
    for index, name in enumerate(table.names):
        cells |= {
            f"{PREFIX}{name}": table.value[:, index],
            f"{PREFIX}{name}.raw": table.raw[:, index],
            f"{PREFIX}{name}.status": _labels(table.status[:, index], Status),
            f"{PREFIX}{name}.gate": _labels(table.gate[:, index], Gate),
            f"{PREFIX}{name}.reason": pa.array([valid_text(row[index]) for row in table.reason]).dictionary_encode(),
        }
    for name, values in cells.items():
        array = values if isinstance(values, pa.Array) else pa.array(np.ascontiguousarray(values))
        fields.append(pa.field(name, array.type))
        arrays.append(pa.chunked_array([array]))
    description = json.dumps(table_info(table), sort_keys=True).encode()
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata={METADATA: description}))


def save_table(table: RewardTable, path: Path) -> None:
    """Write beside, then rename: ``path`` holds a whole table or what it held before."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as beside:
            pq.write_table(to_arrow(table), beside, compression="zstd")
    except (OSError, UnicodeError, pa.ArrowException) as error:
        raise DataError(f"the table cannot be written to {path}: {error}") from None


def load_table(path: Path) -> RewardTable:
    """Read a table; DataError where the file is absent, damaged, or holds something else."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        stored = pq.read_table(path)
    except FileNotFoundError:
        raise DataError(f"there is no table {path}") from None
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{path} is not a reward table (Parquet): {error}") from None
    description = (stored.schema.metadata or {}).get(METADATA)
    if description is None:
        raise DataError(f"{path} is Parquet, but no reward table; make one with: jeoul score RECIPE {path} -o TABLE")
    try:
        return _read_table(stored, json.loads(description))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"the reward table {path} is damaged: {type(error).__name__}: {error}") from None


def _read_table(stored: pa.Table, info: dict[str, Any]) -> RewardTable:
    from jeoul.rewards.tables.table import table_from

    names = info["names"]
    own = _own(names)
    columns = {
        item.name: ArrowColumn(stored.column(item.name), encoded=JSON_FLAG in (item.metadata or {}))
        for item in stored.schema
        if item.name not in own
    }
    rollouts = Rollouts.from_columns(columns, stored.column(GROUP).to_numpy(), info["completion"], info["prompt"])
    cells = {
        "value": _stacked(stored, names, ""),
        "raw": _stacked(stored, names, ".raw"),
        "status": _codes(stored, names, ".status", Status),
        "gate": _codes(stored, names, ".gate", Gate),
        "reason": tuple(zip(*(stored.column(f"{PREFIX}{name}.reason").to_pylist() for name in names), strict=True)),
    }
    return table_from(info, cells, rollouts)


def _as_arrow(name: str, column: Sequence[Any]) -> ArrowColumn:
    import pyarrow as pa

    if isinstance(column, ArrowColumn):
        return column
    builder = ColumnBuilder()
    try:
        for start in range(0, len(column), 50_000):
            builder.add(list(column[start : start + 50_000]))
        return builder.finish()
    except (TypeError, ValueError):  # not JSON: dates, bytes, arrays
        pass
    try:
        return ArrowColumn(pa.chunked_array([pa.array(list(column))]))
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError(f"the data's column {name!r} cannot be written to a file ({error}); score without it") from None


def _labels(codes: Any, kind: type[Status] | type[Gate]) -> pa.Array:
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int8)), [member.name for member in kind])


def _codes(stored: pa.Table, names: list[str], part: str, kind: type[Status] | type[Gate]) -> Any:
    code = {member.name: member.value for member in kind}
    columns = [[code[label] for label in stored.column(f"{PREFIX}{name}{part}").to_pylist()] for name in names]
    return np.array(columns, dtype=np.uint8).T.copy()


def _stacked(stored: pa.Table, names: list[str], part: str) -> Any:
    return np.stack([stored.column(f"{PREFIX}{name}{part}").to_numpy() for name in names], axis=1)
