"""One execution of each completion for all columns that ask about it."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jeoul.errors import DataError
from jeoul.rewards.code.extract import Extracted, find_code
from jeoul.rewards.code.forms import Test
from jeoul.rewards.code.outcomes import Kind, ProgramResult
from jeoul.rewards.code.rows import read_tests
from jeoul.rewards.code.settings import Settings, runner_for
from jeoul.rewards.engine.current import current_run
from jeoul.rewards.tokenizers.tokenizer import Recent

__all__ = ["Cells", "Run", "run_all"]

IMPORTS = (
    "from typing import *\nfrom collections import *\nfrom itertools import *\nfrom functools import *\n"
    "from heapq import *\nfrom bisect import *\nfrom math import *\nfrom string import *\nfrom operator import *\n"
    "import sys, re, math, string, random, copy, json, datetime, time, collections, itertools, functools, heapq, "
    "bisect, operator, statistics, io\nfrom builtins import *\n"
)
"""What LeetCode's and LiveCodeBench's judges give a program; the last line puts back what the others shadow (pow)."""


@dataclass(frozen=True)
class Cells:
    """The data of a batch beside its completions, one cell a row; None where the data has no such column."""

    tests: Sequence[Any]
    private_tests: Sequence[Any] | None = None
    entry_point: Sequence[Any] | None = None
    setup: Sequence[Any] | None = None
    starter: Sequence[Any] | None = None
    problem: Sequence[Any] | None = None

    def row(self, row: int) -> tuple[Any, ...]:
        """The cells of a row, in the order of the fields."""
        columns = (self.tests, self.private_tests, self.entry_point, self.setup, self.starter, self.problem)
        return tuple(None if column is None else column[row] for column in columns)


@dataclass(frozen=True)
class Run:
    """What became of one completion.

    Attributes:
        found: its program, or why there is none.
        result: what its tests came to; None without a program.
        fault: what is wrong with the row's tests; "" where nothing is.
    """

    found: Extracted
    result: ProgramResult | None = None
    fault: str = ""

    @property
    def unfinished(self) -> str:
        """Why the machine did not run all of it; "" where it did."""
        tests = () if self.result is None else self.result.tests
        return next((str(test) for test in tests if test.kind in (Kind.infra_error, Kind.not_run)), "")


class _Failures:
    """Runs that the machine failed, by key, for as long as one run of the engine goes on; the last 10,000."""

    def __init__(self) -> None:
        self.kept: OrderedDict[bytes, tuple[Run, object]] = OrderedDict()

    def get(self, key: bytes) -> Run | None:
        """What became of it in the engine's run under way."""
        run, when = self.kept.get(key, (None, None))
        return run if when is not None and when is current_run() else None

    def put(self, key: bytes, run: Run) -> None:
        """Keep what the machine failed."""
        self.kept[key] = run, current_run()
        while len(self.kept) > 10_000:
            self.kept.popitem(last=False)


def run_all(completions: Sequence[str], cells: Cells, settings: Settings) -> list[Run]:
    """Run the programs of a batch, those that were run before (for another column) not again.

    What the machine failed to run is remembered while one table is made, so that its columns agree, and no longer.
    """
    keys = [_key(text, cells.row(row), settings) for row, text in enumerate(completions)]
    with _lock_of(settings):  # two threads that score the same batch: the second finds what the first has run
        made = {key: found for key in keys if (found := _runs.get(key) or _failures.get(key)) is not None}
        owed = {key: row for row, key in enumerate(keys) if key not in made}
        made |= _execute(owed, completions, cells, settings)
    return [made[key] for key in keys]


def _execute(owed: dict[bytes, int], completions: Sequence[str], cells: Cells, settings: Settings) -> dict[bytes, Run]:
    made: dict[bytes, Run] = {}
    jobs: dict[bytes, tuple[Extracted, tuple[str, tuple[Test, ...]]]] = {}
    for key, row in owed.items():
        given = cells.row(row)
        found = find_code(completions[row], settings.extract, prompt=_text(given[5]), entry_point=_text(given[2]))
        try:
            tests = _tests(given, settings)
        except DataError as error:
            made[key] = Run(Extracted(None, found.how), fault=str(error))
            continue
        if found.code is None:
            made[key] = Run(found)
        else:
            jobs[key] = found, (_with_imports(found.code) if settings.imports else found.code, tests)
    if jobs:
        limit = None if settings.batch_deadline is None else settings.batch_deadline.amount
        results = runner_for(settings).run_many([job for _, job in jobs.values()], limit)
        for (key, (found, _)), result in zip(jobs.items(), results, strict=True):
            made[key] = Run(found._replace(code=""), result)
    for key, run in made.items():
        if run.unfinished:
            _failures.put(key, run)
        else:
            _runs.put(key, run, _size(run))
    return made


def _tests(given: tuple[Any, ...], settings: Settings) -> tuple[Test, ...]:
    """The tests of a row, read once for all completions of a prompt."""
    cell, private, entry_point, setup, starter, _ = given
    key = _digest(given[:5], settings.tolerance)
    known = _read.get(key)
    if known is None:
        known = read_tests(
            cell, private=private, entry_point=_text(entry_point) or None, setup=setup, starter=_text(starter),
            tolerance=settings.tolerance, where="its tests",
        )  # fmt: skip
        _read.put(key, known, sum(len(repr(test)) for test in known))
    return known


def _with_imports(code: str) -> str:
    """The usual imports before a program, and its own of __future__ before those."""
    start, future = 0, []
    for line in code.splitlines(keepends=True):
        if line.strip() and not line.startswith(("#", "from __future__ ")):
            break
        future.append(line)
        start += len(line)
    return "".join(future) + IMPORTS + code[start:]


def _text(cell: Any) -> str:
    return cell if isinstance(cell, str) else ""


def _key(completion: str, given: tuple[Any, ...], settings: Settings) -> bytes:
    return _digest(completion, given, repr(settings))


def _digest(*parts: Any) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        text = part if isinstance(part, str) else json.dumps(part, default=repr, ensure_ascii=False)
        digest.update(b"%d:" % len(text))
        digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.digest()


def _size(run: Run) -> int:
    if run.result is None:
        return 500
    return 500 + sum(300 + len(test.detail) + len(test.stdout) + len(test.stderr) for test in run.result.tests)


_runs: Recent[Run] = Recent(256 * 2**20)
_failures = _Failures()
_read: Recent[tuple[Test, ...]] = Recent(256 * 2**20)
_locks: dict[tuple[object, ...], threading.Lock] = {}


def _lock_of(settings: Settings) -> threading.Lock:
    return _locks.setdefault(settings.place, threading.Lock())


if hasattr(os, "register_at_fork"):  # a lock that another thread held stays held in the child
    os.register_at_fork(after_in_child=_locks.clear)
