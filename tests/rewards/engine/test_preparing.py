"""What a reward loads before its first cell, and the versions it states."""

from __future__ import annotations

import time
from typing import Any

import pytest

from jeoul import Recipe, seconds
from jeoul.rewards.engine.pool import WorkerPool
from jeoul.rewards.registry import Reward
from jeoul.rewards.signature import Signature

ROWS = [{"prompt": "p", "completion": text} for text in "abcd"]


def slow_to_load(*, size: int = 1) -> None:
    time.sleep(2)
    global LOADED
    LOADED = size


LOADED = 0


def counts(completions: list[str], *, size: int = 1) -> list[float]:
    return [float(LOADED)] * len(completions)


def made(**about: Any) -> Reward:
    return Reward("counts", counts, Signature.of(counts), **about)


@pytest.mark.parametrize("workers", [0, 1])
def test_loading_does_not_take_the_deadline_of_a_cell(workers: int) -> None:
    recipe = Recipe(made(prepare=slow_to_load)(size=7).deadline(seconds(1.5)))
    if workers:
        with WorkerPool(workers) as pool:
            table = recipe.score(ROWS, pool=pool)
    else:
        table = recipe.score(ROWS, workers=0)
    assert table.value.tolist() == [[7.0]] * 4


def test_making_a_column_loads_nothing() -> None:
    start = time.perf_counter()
    made(prepare=slow_to_load)(size=3)
    assert time.perf_counter() - start < 1.9


def test_versions_are_kept_by_column() -> None:
    recipe = Recipe(made(versions=lambda size=1: {"engine": f"v{size}"})(size=2))
    assert recipe.score(ROWS, workers=0).info["engines"] == {"counts": {"engine": "v2"}}
    assert Recipe(made()()).score(ROWS, workers=0).info["engines"] == {}
