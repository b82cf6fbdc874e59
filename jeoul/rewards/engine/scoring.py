"""Runs a recipe over rollouts: score → clip → gate → store, each distinct cell once, gated cells not at all."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import json
import math
import os
import platform
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jeoul.errors import RecipeError, ScoringError, UsageError
from jeoul.rewards.engine import combining
from jeoul.rewards.engine.asynchronous import run_async
from jeoul.rewards.engine.batches import run_batches, run_inline
from jeoul.rewards.engine.cells import check_data, refuse_unready, units_of
from jeoul.rewards.engine.current import one_run
from jeoul.rewards.engine.journal import Journal
from jeoul.rewards.engine.pool import WorkerPool, shared_pool
from jeoul.rewards.engine.record import Record
from jeoul.rewards.recipes.column import Column
from jeoul.rewards.recipes.recipe import Recipe, dependency_order
from jeoul.rewards.recipes.settings import parse_limit
from jeoul.rewards.tables.status import FAILED, Gate, Status
from jeoul.rewards.tables.table import RewardTable
from jeoul.rollouts import Rollouts
from jeoul.units import Duration, seconds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jeoul.progress import Progress
    from jeoul.rewards.registry import Reward

__all__ = ["DEADLINE", "score"]

DEADLINE = seconds(5)


def score(
    recipe: Recipe,
    rollouts: Any,
    *,
    step: int = 0,
    workers: int | None = None,
    deadline: Duration = DEADLINE,
    pool: WorkerPool | None = None,
    journal: Path | None = None,
    restart: bool = False,
    progress: Progress | None = None,
) -> RewardTable:
    """The reward table of a recipe over rollouts.

    Args:
        rollouts: a :class:`Rollouts`, or whatever :meth:`Rollouts.of` reads.
        step: training step, for weights with a schedule.
        workers: processes for pure-Python rewards; default one per processor. 0 runs them in this process, which
            starts nothing and enforces no deadline: for debugging, never for untrusted completions.
        deadline: the time one cell may take, where neither its column nor its reward sets one. Its worker is killed,
            the cell is ``timeout``.
        pool: a pool to use instead of the process's own.
        journal: file of results so far: a run that was killed goes on from it.
        restart: drop what the journal holds.
        progress: told how far each column is.

    Returns:
        A table whose row order is the rollouts'. The same rollouts and recipe give the same table, bit for bit.

    Raises:
        DataError: columns that the recipe needs are missing.
        ScoringError: a cell failed whose column says ``on_error = "raise"``, or a reward cannot be started.
    """
    try:
        deadline = parse_limit(deadline)
    except ValueError as error:
        raise UsageError(f"deadline {error}") from None
    rollouts = Rollouts.of(rollouts)
    check_data(recipe, rollouts)
    refuse_unready(recipe, rollouts)
    if workers == 0:
        pool = None
    elif pool is None and any(_pooled(column) for column in recipe):
        pool = shared_pool(workers)
    info = {
        "recipe": recipe.fingerprint,
        "rewards": {column.name: code_hash(column) for column in recipe if column.reward},
        "versions": _versions(),
        "engines": {column.name: engines for column in recipe if (engines := _engines(column))},
        "advantage": {"estimator": recipe.advantage.estimator, "options": dict(recipe.advantage.options)},
        "step": step,
    }
    with contextlib.ExitStack() as stack:
        book = None
        if journal is not None:
            header = info | {"data": rollouts.fingerprint(), "deadline": str(deadline)}
            book = stack.enter_context(Journal(journal, header, restart))
        stack.enter_context(one_run())
        run = Run(recipe, rollouts, pool, deadline, book, progress)
        run.all_columns()
    return run.table(step, info)


def code_hash(column: Column) -> str:
    """Of the file that defines the reward (for a built-in one, of all): results of changed code are not mixed."""
    assert column.reward is not None
    function: Any = column.reward.function
    if function.__class__.__module__.startswith("jeoul.") or str(function.__module__).startswith("jeoul."):
        return _own_code_hash()
    try:
        text = Path(inspect.getfile(function)).read_bytes()
    except (OSError, TypeError):  # made in a console, or a callable object
        code = getattr(function, "__code__", None)
        text = (code.co_code.hex() + repr(code.co_consts) if code else repr(type(function))).encode()
    return hashlib.sha256(text).hexdigest()[:16]


@functools.cache
def _own_code_hash() -> str:
    import jeoul.rewards

    digest = hashlib.sha256()
    for path in sorted(Path(jeoul.rewards.__path__[0]).rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _versions() -> dict[str, str]:
    import jeoul

    return {"jeoul": jeoul.__version__, "python": platform.python_version()}


def _engines(column: Column) -> dict[str, str]:
    """What else a column's values depend on: engines, dictionaries, models, by their versions."""
    if column.reward is None or column.reward.versions is None:
        return {}
    return dict(column.reward.versions(**column.options))


def _pooled(column: Column) -> bool:
    reward = column.reward
    return reward is not None and reward.batch is None and not reward.asynchronous


class Run:
    """The arrays of a table while they fill."""

    def __init__(
        self,
        recipe: Recipe,
        rollouts: Rollouts,
        pool: WorkerPool | None,
        deadline: Duration,
        journal: Journal | None,
        progress: Progress | None,
    ) -> None:
        self.recipe, self.rollouts, self.pool, self.deadline = recipe, rollouts, pool, deadline
        self.journal, self.progress = journal, progress
        shape = (len(recipe), len(rollouts))  # column by column while it fills
        self.raw = np.full(shape, np.nan)
        self.value = np.full(shape, np.nan)
        self.status = np.full(shape, Status.ok, dtype=np.uint8)
        self.gate = np.full(shape, Gate.none, dtype=np.uint8)
        self.reason: list[list[str]] = [[""] * len(rollouts) for _ in recipe]
        self.values: dict[str, NDArray[np.float64]] = {}
        self.waiting: dict[str, tuple[Column, Future[None]]] = {}
        self.stopped = threading.Event()

    def all_columns(self) -> None:
        """Cheap before dear, each after those its gate needs; asynchronous ones beside the others."""
        with (
            ThreadPoolExecutor(max_workers=max(1, len(self.recipe)), thread_name_prefix="jeoul-async") as threads,
            self.stopping(),
        ):
            for column in dependency_order(self.recipe.columns):
                for needed in map(str, column.references()):
                    self.collect(needed)
                if column.combination is not None:
                    self.combine(column)
                elif column.reward is not None and column.reward.asynchronous:
                    self.waiting[column.name] = column, threads.submit(self.score, column)
                else:
                    self.score(column)
                    self.finish(column)
            for name in list(self.waiting):
                self.collect(name)

    @contextlib.contextmanager
    def stopping(self) -> Iterator[None]:
        """Asynchronous columns end with the run: what fails elsewhere must not wait for calls nobody wants."""
        try:
            yield
        except BaseException:
            self.stopped.set()
            raise

    def collect(self, name: str) -> None:
        """Wait for an asynchronous column."""
        if name in self.waiting:
            column, future = self.waiting.pop(name)
            future.result()
            self.finish(column)

    # -- one column

    def score(self, column: Column) -> None:
        """Fill raw, status and reason of a column's own cells."""
        reward, index = column.reward, self.recipe.columns.index(column)
        assert reward is not None
        open_ = self.opened(column, index)
        units = units_of(column, self.rollouts, open_)
        record = Record(self, index, units, open_)
        owed = record.restore(self.journal, column.name)
        with record.keeping(self.journal, column.name), self.told(column.name, record, len(units.data)):
            done = partial(record.settle_owed, owed)
            data = [units.data[unit] for unit in owed]
            limit = (column.limit or reward.deadline or self.deadline).amount
            if not data:
                return
            if reward.asynchronous:
                run_async(self.built(column), units.arguments, data, limit, done, self.stopped)
            elif reward.batch is not None and not units.grouped:
                run_batches(self.built(column), units.arguments, data, reward.batch, done)
            elif reward.batch is not None or self.pool is None:
                run_inline(self.built(column), units.arguments, data, units.grouped, done)
            else:
                load = (_pickled(column), units.arguments, units.grouped, os.getcwd())
                try:
                    self.pool.run(load, data, limit, done)
                except ScoringError as error:
                    raise ScoringError(f"{column.name}: {error}") from error

    def built(self, column: Column) -> Any:
        """The reward with its options, its model loaded: once per process."""
        assert column.reward is not None
        try:
            return _built(column.reward, dict(column.options))
        except (UsageError, RecipeError):
            raise
        except Exception as error:
            raise ScoringError(
                f"{column.name}: the reward cannot be started: {type(error).__name__}: {error}"
            ) from error

    def opened(self, column: Column, index: int) -> NDArray[np.bool_]:
        """Rows whose gate is open."""
        if column.gate is None:
            return np.ones(len(self.rollouts), dtype=np.bool_)
        open_ = column.gate.opens(self.values)
        self.gate[index] = np.where(open_, Gate.open, Gate.closed)
        return open_

    def combine(self, column: Column) -> None:
        """A column made of others."""
        index = self.recipe.columns.index(column)
        open_ = self.opened(column, index)
        assert column.combination is not None
        parts = [self.recipe.names.index(name) for name in column.combination.names()]
        made = combining.combine(column.combination, self.value[parts], self.status[parts])
        self.raw[index] = np.where(open_, made.value, np.nan)
        self.status[index] = np.where(open_, made.status, Status.ok)
        for row in np.flatnonzero(open_ & (made.status != Status.ok)).tolist():
            self.reason[index][row] = made.reason(row)
        self.finish(column)

    def finish(self, column: Column) -> None:
        """Clip → gate → ``on_error``: raw becomes value."""
        index = self.recipe.columns.index(column)
        status, value = self.status[index], self.raw[index].copy()
        if column.bounds is not None:
            value = np.clip(value, *column.bounds)
        closed = self.gate[index] == Gate.closed
        failed_cells = np.isin(status, FAILED) & ~closed
        if failed_cells.any() and column.failure == "raise":
            row = int(np.flatnonzero(failed_cells)[0])
            what = Status(int(status[row])).name
            raise ScoringError(f'{column.name}, row {row}: {what}: {self.reason[index][row]} (on_error = "raise")')
        if not isinstance(column.failure, str):
            value[failed_cells] = column.failure
        skipped = column.otherwise == "skip"
        value[closed] = math.nan if skipped else column.otherwise
        status[closed] = Status.not_applicable if skipped else Status.ok
        for row in np.flatnonzero(closed).tolist():
            self.reason[index][row] = f"gate closed: {column.gate}"
        self.value[index] = value
        self.values[column.name] = value

    @contextlib.contextmanager
    def told(self, name: str, record: Record, total: int) -> Iterator[None]:
        """Progress of one column."""
        if self.progress is None:
            yield
            return
        with self.progress.column(name, total) as advance:
            advance(record.done)
            record.advance = advance
            yield

    def table(self, step: int, info: Mapping[str, Any]) -> RewardTable:
        """The finished table."""
        means = {}
        for name, value in self.values.items():
            present = value[~np.isnan(value)]
            means[name] = float(present.mean()) if len(present) else math.nan
        weights = self.recipe.weights(step, means)
        try:
            toml = self.recipe.to_toml()
        except RecipeError:  # a function without an importable name
            toml = ""
        return RewardTable(
            names=tuple(self.recipe.names),
            raw=np.ascontiguousarray(self.raw.T),
            value=np.ascontiguousarray(self.value.T),
            status=np.ascontiguousarray(self.status.T),
            gate=np.ascontiguousarray(self.gate.T),
            reason=tuple(zip(*self.reason, strict=True)),
            weights=np.array([weights.get(name, 0.0) for name in self.recipe.names]),
            monitored=np.array([column.monitored for column in self.recipe], dtype=np.bool_),
            rollouts=self.rollouts,
            recipe_toml=toml,
            info=json.loads(json.dumps(info)),
        )


_BUILD_LOCK = threading.RLock()
_models: list[tuple[Reward, dict[str, Any], Any]] = []
"""Stateful rewards with their options, as built for an earlier run; the last used is last."""
MOST_MODELS = 8


def _built(reward: Reward, options: dict[str, Any]) -> Any:
    if not reward.stateful or reward.asynchronous:  # what an asynchronous one holds dies with its event loop
        return reward.bind(options)
    with _BUILD_LOCK:
        model = next((model for model in _models if model[0].function is reward.function and model[1] == options), None)
        if model is None:
            model = reward, options, reward.bind(options)
        _models[:] = [*(other for other in _models if other is not model), model][-MOST_MODELS:]
        return model[2]


def _pickled(column: Column) -> bytes:
    import cloudpickle

    try:
        return bytes(cloudpickle.dumps((column.reward, dict(column.options))))
    except Exception as error:
        raise UsageError(
            f"{column.name}: the reward cannot be sent to a worker process ({error}); define it in a module, or score "
            f"with workers=0"
        ) from error
