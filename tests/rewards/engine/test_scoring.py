"""A recipe over rollouts: order of steps, gates, failures, weights, what is computed at all, and resuming."""

from __future__ import annotations

import asyncio
import math
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import jeoul
from jeoul import (
    Recipe,
    RewardTable,
    Rollouts,
    Score,
    follow,
    geometric_mean_of,
    linear,
    max_of,
    min_of,
    product_of,
    seconds,
    sum_of,
    use,
)  # fmt: skip
from jeoul.errors import DataError, RecipeError, ScoringError, UsageError
from jeoul.rewards.engine.pool import WorkerPool
from jeoul.rewards.registry import Reward, find_reward
from jeoul.rewards.signature import Signature
from jeoul.rewards.tables.status import Gate, Status

NAN = math.nan
OK, NOT_APPLICABLE, ERROR, TIMEOUT = Status.ok, Status.not_applicable, Status.error, Status.timeout


@pytest.fixture(scope="module")
def pool():
    with WorkerPool(2) as made:
        yield made


def given_value(completions, x):
    """The data's own column: None does not apply, text fails."""
    return list(x)


def length(completions):
    return [float(len(text)) for text in completions]


def native(function, **about) -> Reward:
    return Reward(function.__name__, function, Signature.of(function), **about)


def column(name, source=None):
    return use(given_value, x=source or name).named(name)


def data(**columns) -> Rollouts:
    size = len(next(iter(columns.values())))
    return Rollouts.of({"prompt": ["p"] * size, "completion": [f"c{row}" for row in range(size)]} | columns)


def scored(recipe, rollouts, **how) -> RewardTable:
    recipe = recipe if isinstance(recipe, Recipe) else Recipe(recipe)
    return recipe.score(rollouts, workers=0, **how)


def plain(values):
    return [None if math.isnan(value) else value for value in values]


def assert_same(first: RewardTable, second: RewardTable) -> None:
    for name in ("raw", "value", "status", "gate", "weights", "monitored"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes(), name
    assert [tuple(row) for row in first.reason] == [tuple(row) for row in second.reason]


# -- score → clip → gate → store


def test_the_order_is_score_clip_gate_store():
    a, b = column("a"), column("b").clip(0, 1)
    table = scored(a + b.when(a >= 1, otherwise=-5.0), data(a=[1, 0, 1, None], b=[7.0, 7.0, -3.0, 7.0]))
    assert plain(table.raw[:, 1]) == [7, None, -3, None]  # what is behind the gate was not computed
    assert plain(table.column("b")) == [1, -5, 0, -5]  # the other value is not clipped
    assert table.gate[:, 1].tolist() == [Gate.open, Gate.closed, Gate.open, Gate.closed]
    assert table.status[:, 1].tolist() == [OK] * 4
    assert [row[1] for row in table.reason] == ["", "gate closed: a >= 1", "", "gate closed: a >= 1"]
    assert table.gate[:, 0].tolist() == [Gate.none] * 4


def test_a_gate_sees_clipped_values():
    a = column("a").clip(0, 1)
    table = scored(a + column("b").when(a > 1), data(a=[5.0, 0.5], b=[1, 1]))
    assert plain(table.column("b")) == [0, 0]


def test_a_closed_gate_may_skip():
    a = column("a")
    table = scored(a + column("b").when(a >= 1, otherwise="skip"), data(a=[1, 0, None], b=[2, 2, 2]))
    assert plain(table.column("b")) == [2, None, None]
    assert table.status[:, 1].tolist() == [OK, NOT_APPLICABLE, NOT_APPLICABLE]
    assert plain(table.total()) == [3, 0, None]


def test_nan_decides_only_where_it_must():
    a, b = column("a"), column("b")
    rows = data(a=[None, None, 1, 0], b=[1, 0, None, None], c=[9] * 4)
    either = scored(a + b + column("c").when((a >= 1) | (b >= 1)), rows)
    assert plain(either.column("c")) == [9, 0, 9, 0]
    opposite = scored(a + b + column("c").when(~(a >= 1)), rows)
    assert plain(opposite.column("c")) == [0, 0, 0, 9]


def test_gates_in_a_chain_and_on_combinations():
    a = column("a")
    b = column("b").when(a >= 1, otherwise="skip")
    both = product_of(a, b).named("both")
    c = column("c").when(both > 0)
    table = scored(a + b + both + c, data(a=[1, 0, 1], b=[2, 2, 0], c=[7, 7, 7]))
    assert plain(table.column("both")) == [2, None, 0]
    assert plain(table.column("c")) == [7, 0, 0]


def test_a_gated_combination():
    a, b = column("a"), column("b")
    table = scored(a + b + sum_of(a, b).when(b >= 1, otherwise="skip"), data(a=[1, 1], b=[0, 2]))
    assert plain(table.column("sum")) == [None, 3]
    assert plain(table.raw[:, 2]) == [None, 3]
    assert table.reason[0][2] == "gate closed: b >= 1"


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(st.sampled_from([None, 0.0, 0.5, 1.0]), st.sampled_from([None, 2.0, -2.0, "bad"])),
        min_size=1,
        max_size=12,
    )
)
def test_a_gated_cell_is_what_its_definition_says(rows):
    a = column("a")
    table = scored(
        a + column("b").clip(-1, 1).when(a >= 0.5, otherwise=0.25).on_error(-9),
        data(a=[r[0] for r in rows], b=[r[1] for r in rows]),
    )
    for row, (gate, value) in enumerate(rows):
        if gate is None or gate < 0.5:
            expected = 0.25, OK
        else:
            expected = {None: (None, NOT_APPLICABLE), "bad": (-9, ERROR)}.get(value) or (max(-1, min(1, value)), OK)
        assert (plain(table.column("b"))[row], table.status[row, 1]) == expected


# -- failures


def test_on_error():
    rows = data(a=[1, "bad", None])
    skip = scored(column("a"), rows)
    assert plain(skip.column("a")) == [1, None, None]
    assert skip.status[:, 0].tolist() == [OK, ERROR, NOT_APPLICABLE]
    assert skip.reason[1][0] == "gave the text 'bad', not a number"
    number = scored(column("a").clip(0, 1).on_error(-2), rows)
    assert plain(number.column("a")) == [1, -2, None]  # a missing gold is no failure
    assert plain(number.raw[:, 0]) == [1, None, None]
    assert number.status[:, 0].tolist() == [OK, ERROR, NOT_APPLICABLE]
    with pytest.raises(ScoringError, match=r"a, row 1: error: gave the text 'bad'.*on_error = \"raise\""):
        scored(column("a").on_error("raise"), rows)


def test_a_failure_behind_a_closed_gate_does_not_happen():
    a = column("a")
    table = scored(a + column("b").when(a >= 1).on_error("raise"), data(a=[0, 1], b=["bad", 1]))
    assert plain(table.column("b")) == [0, 1]


def test_a_failed_gate_is_closed():
    a = column("a")
    assert plain(scored(a + column("b").when(a >= 0), data(a=["bad", 1], b=[3, 3])).column("b")) == [0, 3]
    forgiving = column("a").on_error(1.0)
    assert plain(scored(forgiving + column("b").when(forgiving >= 1), data(a=["bad", 1], b=[3, 3])).column("b")) == [
        3,
        3,
    ]


def test_combinations_of_failures():
    a, b = column("a"), column("b")
    rows = data(a=[1, "bad", None, -4], b=[4, 4, 4, 4])
    made = {"sum": sum_of, "product": product_of, "geometric_mean": geometric_mean_of, "min": min_of, "max": max_of}
    for kind, build in made.items():
        table = scored(a + b + build(a, b), rows)
        assert table.status[:3, 2].tolist() == [OK, ERROR, NOT_APPLICABLE]
        assert [row[2] for row in table.reason][1:3] == ["a failed", "a does not apply"]
        assert table.status[3, 2] == (ERROR if kind == "geometric_mean" else OK)
    table = scored(a + b + geometric_mean_of(a, b), rows)
    assert (plain(table.column("geometric_mean"))[0], table.reason[3][2]) == (2, "a is negative")
    with pytest.raises(ScoringError, match="geometric_mean, row 1: error: a failed"):
        scored(a + b + geometric_mean_of(a, b).on_error("raise"), rows)


def test_a_timeout_and_an_ended_worker_are_told_apart(pool):
    def bad(completions, x):
        import os

        while x[0] == "loop":
            pass
        if x[0] == "exit":
            os._exit(1)
        return [float(x[0])]

    rows = data(x=["loop", "exit", "1", "loop"], y=[1, 1, 1, 1])
    table = Recipe(use(bad).named("a").deadline(seconds(1.5)).on_error(0.5)).score(rows, pool=pool)
    assert table.status[:, 0].tolist() == [TIMEOUT, ERROR, OK, TIMEOUT]
    assert plain(table.column("a")) == [0.5, 0.5, 1, 0.5]
    assert Recipe(use(bad).named("a")).score(rows, pool=pool, deadline=seconds(0.3)).status[0, 0] == TIMEOUT


# -- weights


def test_weights_with_schedules():
    a, b, shown = column("a"), column("b"), column("c").monitor()
    recipe = 2.0 * a + linear(0.0, 1.0, steps=10) * b + shown
    rows = data(a=[1, 2], b=[10, 20], c=[1, 1])
    assert scored(recipe, rows, step=5).weights.tolist() == [2, 0.5, 0]
    assert plain(scored(recipe, rows, step=5).total()) == [7, 14]
    assert scored(recipe, rows, step=99).info["step"] == 99


def test_a_weight_that_follows_a_column_uses_its_mean_over_present_cells():
    recipe = column("a") + follow(0.0, 1.0, column="a", low=0.0, high=1.0) * column("b")
    assert scored(recipe, data(a=[1, 0, None, "bad"], b=[1, 1, 1, 1])).weights.tolist() == [1, 0.5]
    assert scored(recipe, data(a=[None], b=[1])).weights.tolist() == [1, 0]


def test_a_monitor_never_changes_the_total():
    a, b = column("a"), column("b")
    rows = data(a=[1.5, None, 3], b=[100, 100, "bad"])
    without, beside = scored(Recipe(a), rows), scored(a + 7.0 * b.monitor(), rows)
    assert without.total().tobytes() == beside.total().tobytes()
    assert beside.trained == ("a",)
    assert plain(beside.total()) == [1.5, None, 3]


# -- what is computed


def counting(path: Path, name: str = "counted", **about):
    log = str(path)

    def counted(completions):
        with open(log, "a") as file:
            file.write("".join(f"{text}\n" for text in completions))
        return [float(len(text)) for text in completions]

    counted.__name__ = name
    return native(counted, **about)


def calls(path: Path) -> list[str]:
    return sorted(path.read_text().split()) if path.exists() else []


@pytest.mark.parametrize("workers", [0, 2])
def test_a_group_of_sixteen_with_four_distinct_completions_costs_four_calls(tmp_path, pool, workers):
    rows = Rollouts.of([{"prompt": "p", "completion": "abcd"[index % 4] * (index % 4 + 1)} for index in range(16)])
    how = {"workers": 0} if workers == 0 else {"pool": pool}
    table = Recipe(counting(tmp_path / "log")()).score(rows, **how)
    assert calls(tmp_path / "log") == ["a", "bb", "ccc", "dddd"]
    assert table.column("counted").tolist() == [1, 2, 3, 4] * 4


@pytest.mark.parametrize("workers", [0, 2])
def test_gated_off_cells_cost_nothing(tmp_path, pool, workers):
    a = column("a")
    rows = Rollouts.of({"prompt": ["p"] * 4, "completion": ["w", "x", "y", "x"], "a": [1, 0, None, 0]})
    how = {"workers": 0} if workers == 0 else {"pool": pool}
    table = (a + counting(tmp_path / "log")().when(a >= 1)).score(rows, **how)
    assert calls(tmp_path / "log") == ["w"]
    assert table.column("counted").tolist() == [1, 0, 0, 0]
    Recipe(a, counting(tmp_path / "none", "none")().when(a >= 2)).score(rows, **how)
    assert calls(tmp_path / "none") == []


def test_cheap_columns_come_before_dear_ones(tmp_path):
    log = tmp_path / "order"

    def noting(name, cost):
        def note(completions):
            with open(log, "a") as file:
                file.write(name + "\n")
            return [1.0] * len(completions)

        note.__name__ = name
        return native(note, cost=cost)()

    Recipe(noting("dear", "dear"), noting("medium", "medium"), noting("cheap", "cheap")).score(data(a=[1]), workers=0)
    assert log.read_text().split() == ["cheap", "medium", "dear"]


def test_a_group_reward_sees_whole_groups_and_fills_open_cells(pool):
    def rank(completions):
        order = sorted(completions)
        return [float(order.index(text)) for text in completions]

    rows = Rollouts.of({"group": [0, 1, 0, 0], "completion": ["b", "z", "a", "c"], "a": [1, 1, 0, 1]})
    a = column("a")
    ranked = native(rank, scope="group")().when(a >= 1, otherwise="skip")
    for how in ({"workers": 0}, {"pool": pool}):
        table = (a + ranked).score(rows, **how)
        assert plain(table.column("rank")) == [1, 0, None, 2]


def test_a_model_is_built_once_and_gets_batches():
    built, batches = [], []

    class Model:
        def __init__(self, *, factor: float = 1.0):
            built.append(factor)
            self.factor = factor

        def __call__(self, completions):
            batches.append(len(completions))
            return [self.factor * len(text) for text in completions]

    model = native(Model, batch=4)
    rows = Rollouts.of([{"completion": "x" * index} for index in range(1, 11)])
    for _ in range(3):
        assert Recipe(model(factor=2.0)).score(rows).column("Model").tolist() == [2.0 * n for n in range(1, 11)]
    assert (built, batches) == ([2.0], [4, 4, 2] * 3)
    Recipe(model(factor=3.0)).score(rows)
    assert built == [2.0, 3.0]


def test_a_model_that_cannot_be_built():
    class Absent:
        def __init__(self):
            raise OSError("no weights at hub/x")

        def __call__(self, completions): ...

    with pytest.raises(ScoringError, match="Absent: the reward cannot be started: OSError: no weights at hub/x"):
        Recipe(native(Absent, batch=2)()).score(data(a=[1]))


def test_asynchronous_columns_run_beside_the_others_and_may_be_gates():
    async def judge(completions, x):
        await asyncio.sleep(0.05)
        return [x[0]]

    async def second(completions, x):
        await asyncio.sleep(0.05)
        return [x[0] * 2]

    a = native(judge)()
    recipe = a + native(second)() + column("b", "x").when(a >= 1)
    table = scored(recipe, data(x=[1, 0, None, 3]))
    assert plain(table.column("judge")) == [1, 0, None, 3]
    assert plain(table.column("b")) == [1, 0, 0, 3]
    assert table.status[2, 1] == ERROR


def test_an_error_elsewhere_does_not_wait_for_asynchronous_calls_nobody_wants():
    asked = []

    async def judge(completions):
        asked.append(1)
        await asyncio.sleep(0.3)
        return [1.0]

    rows = data(a=["bad"] * 3000)
    start = time.monotonic()
    with pytest.raises(ScoringError):
        scored(native(judge)() + column("a").on_error("raise"), rows)
    assert time.monotonic() - start < 10  # all of them: 28 s
    assert len(asked) < 1500


def test_inside_a_running_loop_and_a_thread(pool):
    async def judge(completions):
        await asyncio.sleep(0.01)
        return [1.0]

    recipe = native(judge)() + use(length).named("size")

    def work():
        return recipe.score(data(a=[1, 2]), pool=pool).value.tolist()

    async def called():
        return work()

    async def awaited():
        return await asyncio.to_thread(work)

    assert asyncio.run(called()) == asyncio.run(awaited()) == [[1, 2], [1, 2]]


def test_many_threads_score_at_once(pool):
    found = {}

    def work(number):
        rows = data(x=[number + row for row in range(50)])
        found[number] = Recipe(column("a", "x")).score(rows, pool=pool).column("a").tolist()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == {number: [number + row for row in range(50)] for number in range(5)}


# -- the same, however it is computed


def mixed(rows: int, seed: int = 0) -> Rollouts:
    draw = random.Random(seed)
    return Rollouts.of(
        {
            "group": [f"g{draw.randrange(6)}" for _ in range(rows)],
            "completion": ["".join(draw.choices("ab ", k=draw.randrange(9))) for _ in range(rows)],
            "a": [draw.choice([0.0, 1.0, 0.3, None]) for _ in range(rows)],
            "b": [draw.choice([0.1, 2.7, -1.0, None, "bad"]) for _ in range(rows)],
        }
    )


def everything() -> Recipe:
    def distinct(completions):
        return [len(set(completions)) / len(completions)] * len(completions)

    a = column("a")
    b = column("b").clip(-0.7, 1.3)
    return (
        1.1 * a
        + 0.3 * b.when(a >= 0.3, otherwise="skip").on_error(0.1)
        + 0.7 * use(length).named("size")
        + native(distinct, scope="group")()
        + sum_of({"a": 0.3, "size": 0.1}).named("both")
        + geometric_mean_of("a", "distinct").monitor()
    )


def test_processes_give_what_calling_here_gives_bit_for_bit(pool):
    rows = mixed(300)
    here = everything().score(rows, workers=0)
    assert_same(here, everything().score(rows, pool=pool))
    assert_same(here, everything().score(rows, pool=pool))
    assert here.total().tobytes() == everything().score(rows, workers=2).total().tobytes()


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(2, 40), st.randoms(use_true_random=False))
def test_a_permutation_of_the_rows_permutes_the_table(seed, size, draw):
    rows = mixed(size, seed)
    order = list(range(size))
    draw.shuffle(order)
    moved = Rollouts.of({name: [values[row] for row in order] for name, values in rows.columns.items()})
    first, second = everything().score(rows, workers=0), everything().score(moved, workers=0)
    assert first.value[order].tobytes() == second.value.tobytes()
    assert first.status[order].tobytes() == second.status.tobytes()
    assert first.gate[order].tobytes() == second.gate.tobytes()
    assert first.total()[order].tobytes() == second.total().tobytes()
    assert [first.reason[row] for row in order] == list(second.reason)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(2, 40), st.data())
def test_batches_of_whole_groups_give_the_same_cells(seed, size, draws):
    rows = mixed(size, seed)
    cut = draws.draw(st.sets(st.integers(0, rows.group_count - 1)))
    whole = everything().score(rows, workers=0)
    for inside in (True, False):
        chosen = [row for row in range(size) if (rows.groups[row] in cut) == inside]
        if not chosen:
            continue
        part = Rollouts.of({name: [values[row] for row in chosen] for name, values in rows.columns.items()})
        table = everything().score(part, workers=0)
        assert table.value.tobytes() == whole.value[chosen].tobytes()
        assert table.total().tobytes() == whole.total()[chosen].tobytes()


def test_the_order_of_columns_is_the_recipes():
    a = column("a")
    table = scored(column("b") + a + product_of("a", "b"), data(a=[2], b=[3]))
    assert (table.names, table.value.tolist()) == (("b", "a", "product"), [[3, 2, 6]])


# -- arguments and errors


def test_arguments_are_checked(pool):
    recipe, rows = Recipe(column("a")), data(a=[1])
    assert recipe.score(rows, workers=0, deadline="2 s").value.tolist() == [[1]]  # type: ignore[arg-type]
    for bad in (5, "5", "2 tokens", seconds(0)):
        with pytest.raises(UsageError, match="deadline"):
            recipe.score(rows, workers=0, deadline=bad)
    with pytest.raises(UsageError, match="at least 1 worker"):
        recipe.score(rows, workers=-1)
    with pytest.raises(DataError, match="the data has no column 'a'"):
        recipe.score(data(b=[1]), pool=pool)
    with pytest.raises(DataError, match=r"reward\.total"):
        recipe.score(data(a=[1], **{"reward.total": [1]}), pool=pool)
    with pytest.raises(RecipeError, match="every table has a column of this name"):
        Recipe(column("total", "a")).score(rows, pool=pool)


def test_an_error_of_the_pool_names_the_column(pool, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        f"import os\nif os.getpid() != {os.getpid()}:\n    raise OSError('gone')\ndef fine(completions): ...\n"
    )
    with pytest.raises(ScoringError, match=r"mine: the reward cannot be started in a worker: UsageError: .*gone"):
        Recipe(use(f"{path}:fine").named("mine")).score(data(a=[1]), pool=pool)


def test_a_reward_that_cannot_be_sent_says_what_to_do(pool):
    lock = threading.Lock()

    def holds(completions):
        return [float(lock.locked())]

    with pytest.raises(UsageError, match=r"holds: the reward cannot be sent to a worker process .*workers=0"):
        Recipe(use(holds)).score(data(a=[1]), pool=pool)
    assert Recipe(use(holds)).score(data(a=[1]), workers=0).value.tolist() == [[0]]


def test_rewards_of_the_package_score_in_workers(pool):
    rows = [{"prompt": "1+1?", "completion": "<answer>2</answer>", "answer": "<answer>2</answer>"}]
    table = Recipe(find_reward("exact_match")(answer="answer")).score(rows, pool=pool)
    assert table.value.tolist() == [[1]]


def test_reasons_are_kept():
    def why(completions):
        return [Score(0.5, f"saw {text}") for text in completions]

    assert [row[0] for row in scored(use(why), data(a=[1, 2])).reason] == ["saw c0", "saw c1"]


def test_progress_counts_distinct_cells():
    told = []

    class Told:
        def column(self, name, total):
            import contextlib

            told.append([name, total, 0])

            @contextlib.contextmanager
            def counting():
                yield lambda count: told[-1].__setitem__(2, told[-1][2] + count)

            return counting()

    rows = Rollouts.of({"prompt": ["p"] * 4, "completion": list("aabc")})
    Recipe(use(length)).score(rows, workers=0, progress=Told())
    assert told == [["length", 3, 3]]


# -- resuming


def test_a_journal_spares_what_is_known(tmp_path, pool):
    rows = Rollouts.of([{"completion": "x" * index} for index in range(1, 9)])
    recipe = Recipe(counting(tmp_path / "log")())
    first = recipe.score(rows, pool=pool, journal=tmp_path / "j")
    assert len(calls(tmp_path / "log")) == 8
    assert_same(first, recipe.score(rows, pool=pool, journal=tmp_path / "j"))
    assert len(calls(tmp_path / "log")) == 8
    lines = (tmp_path / "j").read_bytes().splitlines(keepends=True)
    (tmp_path / "j").write_bytes(b"".join(lines)[:-20])  # torn: its line is owed again
    assert_same(first, recipe.score(rows, pool=pool, journal=tmp_path / "j"))
    assert len(calls(tmp_path / "log")) > 8


def test_what_there_was_is_kept_when_a_run_is_interrupted(tmp_path):
    log, armed = tmp_path / "log", tmp_path / "armed"
    armed.touch()

    def interrupted(completions):
        if completions[0] == "xxx" and armed.exists():
            raise KeyboardInterrupt
        with open(log, "a") as file:
            file.write(completions[0] + "\n")
        return [1.0]

    rows = Rollouts.of([{"completion": "x" * index} for index in range(1, 6)])
    recipe = Recipe(counting(tmp_path / "first", "first")(), use(interrupted))
    with pytest.raises(KeyboardInterrupt):
        recipe.score(rows, workers=0, journal=tmp_path / "j")
    armed.unlink()
    recipe.score(rows, workers=0, journal=tmp_path / "j")
    assert len(calls(tmp_path / "first")) == 5
    assert calls(log) == ["x", "xx", "xxx", "xxxx", "xxxxx"]


def test_another_recipe_step_or_data_set_is_refused(tmp_path):
    recipe, rows = Recipe(column("a")), data(a=[1, 2])
    scored(recipe, rows, journal=tmp_path / "j")
    for other, their, how, name in [
        (Recipe(column("a").clip(0, 1)), rows, {}, "recipe"),
        (recipe, data(a=[1, 3]), {}, "data"),
        (recipe, rows, {"step": 3}, "step"),
        (recipe, rows, {"deadline": seconds(1)}, "deadline"),
    ]:
        with pytest.raises(UsageError, match=f"differs in: {name}\\)"):
            scored(other, their, journal=tmp_path / "j", **how)


SLOW = """
import time
from jeoul import Score
def slow(completions, x):
    time.sleep(0.004)
    if x[0] % 17 == 0:
        raise ValueError(f"seventeen {x[0]}")
    return [Score(len(completions[0]) / 3, f"was {x[0]}") if x[0] % 5 else None]
def spread(completions, x):
    time.sleep(0.002)
    return [len(set(completions)) / 7] * len(completions)
"""
RUN = """
import sys
from pathlib import Path
from jeoul import Recipe, Rollouts, use
from jeoul.rewards.engine.scoring import score
folder = Path(sys.argv[1])
a = use(f"{folder}/rewards.py:slow").named("a")
b = use(f"{folder}/rewards.py:spread").named("b")
recipe = a + 0.5 * b.when(a >= 0.5) + use("language", "Latin").named("c")
rows = [{"prompt": f"p{row % 40}", "completion": "ab " * (row % 7) + str(row), "x": row} for row in range(400)]
table = score(recipe, Rollouts.of(rows), workers=2, journal=folder / "journal")
table.save(folder / "table.parquet")
(folder / "journal").unlink()
"""


def started(folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(jeoul.__file__).parents[1])}
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder)],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_killed_at_random_moments_and_resumed_the_table_is_the_same_file(tmp_path):
    (tmp_path / "rewards.py").write_text(SLOW)
    undisturbed = started(tmp_path)
    _, err = undisturbed.communicate(timeout=60)
    assert undisturbed.returncode == 0, err
    expected = (tmp_path / "table.parquet").read_bytes()
    (tmp_path / "table.parquet").unlink()
    draw = random.Random(1)
    kills = 0
    for attempt in range(11):
        process = started(tmp_path)
        try:
            # From the first journal line on, so that kills fall into the scoring and not into imports.
            wait_for(lambda p=process: (tmp_path / "journal").exists() or p.poll() is not None)
            _, err = process.communicate(timeout=draw.uniform(0, 0.5) if attempt < 10 else 60)
            assert process.returncode == 0, err
            break
        except subprocess.TimeoutExpired:
            if draw.random() < 0.5:
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            kills += 1
    assert (tmp_path / "table.parquet").read_bytes() == expected
    assert not (tmp_path / "journal").exists()
    assert kills >= 5


def wait_for(condition):
    until = time.monotonic() + 30
    while not condition() and time.monotonic() < until:
        time.sleep(0.005)


def test_values_are_plain_float64_in_contiguous_rows():
    table = scored(column("a") + column("b"), data(a=[1, True], b=[0.5, Score(1, "x")]))
    assert table.value.dtype == np.float64
    assert table.value.flags.c_contiguous
    assert not table.value.flags.writeable
