"""A whole row of a data set as tests: which columns hold what is told by their names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jeoul.errors import DataError, listed
from jeoul.rewards.code.forms import Test
from jeoul.rewards.code.rows.cells import read_tests

__all__ = ["RowTests", "read_row"]

TESTS = ("tests", "test", "test_list", "input_output", "public_test_cases", "public_tests")
PRIVATE = ("private_test_cases", "private_tests", "generated_tests")
SETUP = ("test_setup_code", "test_imports", "setup")
IDS = ("task_id", "question_id", "problem_id", "id", "name")


@dataclass(frozen=True)
class RowTests:
    """The tests of a row, and what a completion may continue."""

    tests: tuple[Test, ...]
    prompt: str = ""
    entry_point: str = ""


def read_row(row: Mapping[str, Any], number: int = 0, tolerance: float | None = None) -> RowTests:
    """The tests of a row of HumanEval, MBPP (sanitized too), APPS, TACO, CodeContests or LiveCodeBench.

    Raises:
        DataError: no column of tests, or tests in no known shape; the message names the row by its id.

    >>> row = {"task_id": 2, "text": "Double.", "test_list": ["assert double(2) == 4"], "test_setup_code": ""}
    >>> read_row(row).tests[0].source
    'assert double(2) == 4'
    """
    label = next((row[name] for name in IDS if row.get(name) not in (None, "")), None)
    where = f"row {number}" if label is None else f"row {number} ({label})"
    found = [name for name in TESTS if not _empty(row.get(name))]
    private = [row[name] for name in PRIVATE if not _empty(row.get(name))]
    if not found and not private:
        raise DataError(f"{where}: there is no column of tests ({listed(TESTS)}); the row has {listed(row, 20)}")
    setup = next((row[name] for name in SETUP if row.get(name)), None)
    entry_point = _entry_point(row, where)
    cells = [*([row[found[0]]] if found else []), *private]
    tests = tuple(
        test
        for cell in cells
        for test in read_tests(
            cell,
            entry_point=entry_point,
            setup=setup,
            starter=row.get("starter_code"),
            where=where,
            tolerance=tolerance,
        )
    )
    return RowTests(tests, str(row.get("prompt") or ""), entry_point or "")


def _empty(cell: Any) -> bool:
    """Whether there is nothing in a cell: CodeContests has lists of no inputs."""
    if isinstance(cell, Mapping):
        return not any(isinstance(part, list) and part for part in cell.values())
    return cell is None or (isinstance(cell, str | list | tuple) and not cell)


def _entry_point(row: Mapping[str, Any], where: str) -> str | None:
    if row.get("entry_point"):
        return str(row["entry_point"])
    metadata = row.get("metadata")
    if isinstance(metadata, str) and metadata.strip():
        try:
            metadata = json.loads(metadata)
        except ValueError:
            raise DataError(f"{where}: the metadata are not JSON") from None
    name = metadata.get("func_name") if isinstance(metadata, Mapping) else None
    return str(name) if name else None
