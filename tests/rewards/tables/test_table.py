"""The table: what it holds, what reaches an advantage, and that nothing in it changes."""

from __future__ import annotations

import dataclasses
import math
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from jeoul import Recipe, RewardTable, Rollouts, Status, exact_match, use
from jeoul.errors import UsageError

NAN = math.nan


def given_value(completions, x):
    return list(x)


def table_of(weights=(1.0, 0.5), monitors=(), **columns) -> RewardTable:
    size = len(next(iter(columns.values())))
    made = [use(given_value, x=name).named(name) for name in columns]
    made = [
        column.monitor() if column.name in monitors else weight * column
        for column, weight in zip(made, weights, strict=False)
    ]
    rows = {"prompt": [f"p{row // 2}" for row in range(size)], "completion": [f"c{row}" for row in range(size)]}
    return Recipe(*made).score(Rollouts.of(rows | columns), workers=0)


@pytest.fixture
def table() -> RewardTable:
    return table_of((2.0, 0.5, 1.0), ("m",), a=[1.0, 0.0, None, None], b=[4.0, None, 2.0, None], m=[9.0, 9.0, 9.0, 9.0])


def test_shape_names_and_groups(table):
    assert (len(table), table.names, table.trained) == (4, ("a", "b", "m"), ("a", "b"))
    assert table.groups.tolist() == [0, 0, 1, 1]
    assert repr(table) == "<RewardTable: 4 completions in 2 groups × 3 columns a, b, m>"
    for name, dtype in {"raw": "f8", "value": "f8", "status": "u1", "gate": "u1"}.items():
        array = getattr(table, name)
        assert (array.shape, array.dtype) == ((4, 3), np.dtype(dtype))
    assert table.weights.tolist() == [2.0, 0.5, 0.0]
    assert table.monitored.tolist() == [False, False, True]


def test_columns_by_name(table):
    assert table.column("b")[[0, 2]].tolist() == [4, 2]
    assert table.index("m") == 2
    with pytest.raises(UsageError, match=r"no column 'bb' \(did you mean 'b'\?\); the table has a, b, m"):
        table.column("bb")


def test_the_total_is_over_the_cells_that_apply(table):
    total = table.total()
    assert total[:3].tolist() == [4.0, 0.0, 1.0]
    assert math.isnan(total[3])  # a monitor alone is no reward
    assert np.isnan(table_of((1.0,), ("a",), a=[1.0]).total()).all()


def test_a_tensor_holds_no_monitor_unless_it_is_named(table):
    tensor = table.tensor()
    assert (tensor.shape, tensor.dtype) == ((4, 2), torch.float32)
    torch.testing.assert_close(tensor, torch.tensor([[1, 4], [0, NAN], [NAN, 2], [NAN, NAN]]), equal_nan=True)
    assert table.tensor(dtype=torch.float64).dtype == torch.float64
    assert table.tensor(["m", "a"])[0].tolist() == [9, 1]
    with pytest.raises(UsageError, match="no column 'z'"):
        table.tensor(["z"])
    assert table_of((1.0,), ("a",), a=[1.0, 2.0]).tensor().shape == (2, 0)


def test_a_tensor_is_a_copy(table):
    tensor = table.tensor(dtype=torch.float64)
    tensor += 1
    assert table.value[0].tolist() == [1, 4, 9]


def test_frames(table):
    frame = table.to_pandas()
    assert list(frame.columns) == ["group", "a", "b", "m", "total"]
    assert frame["group"].tolist() == [0, 0, 1, 1]
    assert frame["total"].tolist()[:3] == [4, 0, 1]
    detail = table.to_pandas(detail=True)
    assert list(detail.columns[:5]) == ["prompt", "completion", "a", "b", "m"]
    parts = [f"reward.{name}{part}" for name in "abm" for part in ("", ".raw", ".status", ".gate", ".reason")]
    assert list(detail.columns[5:]) == ["reward.group", "reward.total", *parts]
    assert detail["reward.a.status"].tolist() == ["ok", "ok", "not_applicable", "not_applicable"]


def test_nothing_in_it_changes(table):
    for name in ("raw", "value", "status", "gate", "weights", "monitored"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(table, name)[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        table.names = ("x",)  # type: ignore[misc]
    with pytest.raises(TypeError):
        table.reason[0] = ("x",)  # type: ignore[index]


def test_it_travels_to_other_processes(table):
    copy = pickle.loads(pickle.dumps(table))
    assert copy.value.tobytes() == table.value.tobytes()
    assert copy.reason == table.reason


def test_the_recipe_comes_with_it():
    recipe = Recipe(exact_match(answer="gold").clip(0, 1))
    made = recipe.score([{"prompt": "p", "completion": "4", "gold": "4"}], workers=0)
    assert made.recipe == recipe

    def local(completions):
        return [1.0]

    nameless = Recipe(use(local)).score([{"prompt": "p", "completion": "4"}], workers=0)
    assert nameless.recipe_toml == ""
    with pytest.raises(UsageError, match="functions without an importable name"):
        _ = nameless.recipe


cells = st.one_of(st.none(), st.floats(-100, 100))


@given(st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=10), st.tuples(*[st.floats(-3, 3)] * 3))
def test_the_total_is_the_plain_sum_and_the_same_in_every_batch(rows, weights):
    columns = {name: [row[index] for row in rows] for index, name in enumerate("abc")}
    table = table_of(weights, **columns)
    for index, row in enumerate(rows):
        terms = [weight * value for weight, value in zip(weights, row, strict=True) if value is not None]
        total = table.total()[index]
        assert (math.isnan(total) and not terms) or total == pytest.approx(math.fsum(terms), abs=1e-12)
        alone = table_of(weights, **{name: [row[position]] for position, name in enumerate("abc")})
        assert alone.total().tobytes() == table.total()[[index]].tobytes()
    assert ((table.status == Status.ok) == ~np.isnan(table.value)).all()
