"""``jeoul bench engine``: what the scoring engine adds to calling the reward functions by hand, in one run."""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from jeoul.cli.output import print_json, print_table
from jeoul.rewards.engine.pool import WorkerPool
from jeoul.rewards.engine.scoring import score
from jeoul.rewards.recipes.column import use
from jeoul.rewards.recipes.recipe import Recipe
from jeoul.rollouts import Rollouts
from jeoul.units import seconds

__all__ = ["run"]

WORK_LOOPS = 60_000
"""Additions in a cell of about 1 ms."""


def trivial(completions: list[str], answer: list[str], **_: Any) -> list[float]:
    """Compare two strings: as cheap as a reward gets."""
    return [float(text == gold) for text, gold in zip(completions, answer, strict=True)]


def millisecond(completions: list[str], **_: Any) -> list[float]:
    """Take about a millisecond of processor time a completion."""
    return [float(sum(range(WORK_LOOPS))) for _ in completions]


def hanging(completions: list[str], **_: Any) -> list[float]:
    """Never return on the text "hang"."""
    while "hang" in completions:
        pass
    return [0.0] * len(completions)


def counted(completions: list[str], counter: list[str], **_: Any) -> list[float]:
    """Leave one byte in a file for each evaluation."""
    for path in counter:
        with open(path, "ab") as file:
            file.write(b"x")
    return [1.0] * len(completions)


def run(*, cells: int = 100_000, json: Annotated[bool, Parameter(negative="")] = False) -> None:
    """Measure the overhead of the scoring engine against plain calls of the same functions on the same rows.

    Parameters
    ----------
    cells
        Cells of the overhead figures.
    json
        Print as JSON.
    """
    figures = [
        *overhead_trivial(cells),
        *overhead_millisecond(cells),
        *hang_delays(),
        *evaluations(),
        *peer(cells // 50),
    ]
    if json:
        print_json([dict(zip(("what", "figure", "goal"), figure, strict=True)) for figure in figures])
    else:
        print_table("Scoring engine", ["what", "figure", "goal"], figures, left=3)


def rows(count: int) -> Rollouts:
    """Distinct rows, in groups of 8."""
    texts = [f"completion {number} of a model" for number in range(count)]
    return Rollouts.of({"prompt": [f"prompt {n // 8}" for n in range(count)], "completion": texts, "answer": texts})


def timed(function: Callable[[], Any]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def overhead_trivial(cells: int) -> list[list[str]]:
    """Microseconds a cell beyond the plain calls, for a reward that costs nothing."""
    data, recipe, figures = rows(cells), Recipe(use(trivial)), []
    by_hand = timed(lambda: trivial(list(data.texts), list(data.column("answer"))))
    for workers in (1, 2):
        with WorkerPool(workers) as pool:
            score(recipe, rows(100), pool=pool)  # processes started, reward loaded
            spent = min(timed(lambda: score(recipe, data, pool=pool)) for _ in range(3))
        micro = (spent - by_hand) / cells * 1e6
        figures.append([f"trivial reward, {workers} worker(s), {cells} cells", f"{micro:.1f} µs a cell", "≤ 15 µs"])
    return figures


def overhead_millisecond(cells: int, rounds: int = 10) -> list[list[str]]:
    """Share of time beyond the plain calls divided by the workers, for cells of about 1 ms: median of paired rounds."""
    data, recipe, figures = rows(cells // rounds), Recipe(use(millisecond)), []
    for workers in (1, 2):
        ratios, plain = [], 0.0
        with WorkerPool(workers) as pool:
            score(recipe, rows(100), pool=pool)
            for _ in range(rounds):
                by_hand = timed(lambda: [millisecond([text]) for text in data.texts])
                ratios.append(timed(lambda: score(recipe, data, pool=pool)) * workers / by_hand)
                plain += by_hand
        name = f"cells of {plain / len(data) / rounds * 1e3:.2f} ms, {workers} worker(s), {rounds} × {len(data)} cells"
        over = f"{statistics.median(ratios) - 1:+.1%} over by hand{' / 2' if workers == 2 else ''}"
        figures.append([name, over, "≤ 10 %"])
    return figures


def hang_delays() -> list[list[str]]:
    """What one cell that never returns among 10,000 adds, beyond its own deadline."""
    texts, limit, figures = [f"text {number}" for number in range(10_000)], 1.0, []
    clean = Rollouts.of({"completion": texts})
    hung = Rollouts.of({"completion": [*texts[:5000], "hang", *texts[5001:]]})
    recipe = Recipe(use(hanging))

    def threaded(work: Callable[[], Any]) -> None:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    async def inside(work: Callable[[], Any]) -> None:
        work()

    places: dict[str, Callable[[Callable[[], Any]], Any]] = {
        "main thread": lambda work: work(),
        "thread": threaded,
        "asyncio loop": lambda work: asyncio.run(inside(work)),
    }
    for workers in (1, 2):
        with WorkerPool(workers) as pool:

            def work(data: Rollouts, pool: WorkerPool = pool) -> None:
                score(recipe, data, pool=pool, deadline=seconds(limit))

            work(clean)
            for place, call in places.items():
                plain = timed(lambda call=call: call(lambda: work(clean)))  # type: ignore[misc]
                delayed = timed(lambda call=call: call(lambda: work(hung)))  # type: ignore[misc]
                added = f"{delayed - plain:.2f} s for a deadline of {limit:g} s"
                figures.append([f"one hang in 10,000 cells, {place}, {workers} worker(s)", added, "its deadline"])
    return figures


def evaluations() -> list[list[str]]:
    """How often a reward is really called."""
    with tempfile.TemporaryDirectory() as folder:
        counter = Path(folder) / "count"

        def calls(data: dict[str, list[Any]], recipe: Recipe) -> int:
            counter.write_bytes(b"")
            length = len(data["completion"])
            score(recipe, Rollouts.of(data | {"counter": [str(counter)] * length, "prompt": ["p"] * length}), workers=1)
            return counter.stat().st_size

        sixteen = {"completion": [f"text {number % 4}" for number in range(16)], "answer": ["text 0"] * 16}
        distinct = calls(sixteen, Recipe(use(counted)))
        gate = use(trivial)
        gated = calls(sixteen, gate + use(counted).when(gate >= 1))
    return [
        ["a group of 16 with 4 distinct completions", f"{distinct} evaluations", "4"],
        ["the same behind a gate that 1 of the 4 opens", f"{gated} evaluations", "1"],
    ]


def peer(cells: int) -> list[list[str]]:
    """Another pool that kills what is over its deadline, one task a cell (so that it can tell which one hangs)."""
    try:
        from pebble import ProcessPool
    except ImportError:
        return [["pebble, one task a cell", "not installed", ""]]
    data = rows(cells)

    def schedule() -> None:
        with ProcessPool(max_workers=min(2, os.cpu_count() or 1)) as pool:
            pairs = zip(data.texts, data.column("answer"), strict=True)
            futures = [pool.schedule(trivial, args=([text], [gold]), timeout=5) for text, gold in pairs]
            for future in futures:
                future.result()

    return [
        [f"pebble, one task a cell, 2 workers, {cells} cells", f"{timed(schedule) / cells * 1e6:.0f} µs a cell", ""]
    ]
