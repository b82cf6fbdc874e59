"""The file: what went in comes out, nothing half-written, and every damage named."""

from __future__ import annotations

import datetime
import json
import math
import os
import threading
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jeoul import Recipe, RewardTable, Rollouts, Score, exact_match, use
from jeoul.errors import DataError
from jeoul.rewards.tables.file import METADATA, save_table, to_arrow


def given_value(completions, x):
    return [Score(value, f"gave {value}") if isinstance(value, float) else value for value in x]


def table_of(**columns) -> RewardTable:
    size = len(columns["x"])
    a = use(given_value, x="x").named("a").clip(-1, 1)
    recipe = 2.0 * a + 0.1 * use(given_value, x="x").named("b").when(a >= 0.5, otherwise="skip").monitor()
    base = {"prompt": [f"p{row // 2}" for row in range(size)], "completion": [f"c{row}" for row in range(size)]}
    return recipe.score(Rollouts.of(base | columns), workers=0)


def assert_same(first: RewardTable, second: RewardTable) -> None:
    for name in ("raw", "value", "status", "gate", "weights", "monitored", "groups"):
        left, right = getattr(first, name), getattr(second, name)
        assert (left.dtype, left.shape) == (right.dtype, right.shape), name
        assert np.ascontiguousarray(left).tobytes() == np.ascontiguousarray(right).tobytes(), name
    assert first.total().tobytes() == second.total().tobytes()
    assert [tuple(row) for row in first.reason] == [tuple(row) for row in second.reason]
    for name in ("names", "recipe_toml", "trained"):
        assert getattr(first, name) == getattr(second, name)
    assert dict(first.info) == dict(second.info)
    assert list(first.rollouts.texts) == list(second.rollouts.texts)
    assert (first.rollouts.completion, first.rollouts.prompt) == (second.rollouts.completion, second.rollouts.prompt)


def around(table: RewardTable, path) -> RewardTable:
    table.save(path)
    loaded = RewardTable.load(path)
    assert_same(table, loaded)
    return loaded


WEIRD = {
    "lists": [[1, "a"], [], None, [[2.5]]],
    "dicts": [{"a": 1}, {}, None, {"b": [None]}],
    "mixed": [1, "1", 1.0, True],
    "floats": [0.1, math.nan, math.inf, -0.0],
    "big": [2**70, -1, 0, None],
    "bools": [True, False, None, True],
    "nothing": [None] * 4,
    "texts": ["", "\x00", "눈 🧊 \r\n", None],
    "reward": [1, 2, 3, 4],
    "reward.other": [1, 2, 3, 4],
    "a": [4, 3, 2, 1],
    "": ["an empty name"] * 4,
    "dotted.name with space": [1, 2, 3, 4],
}


def test_everything_comes_back(tmp_path):
    table = table_of(x=[1.5, 0.0, None, "bad"], **WEIRD)
    loaded = around(table, tmp_path / "t.parquet")
    assert list(loaded.rollouts.columns) == list(table.rollouts.columns)
    for name, values in WEIRD.items():
        assert repr(list(loaded.rollouts.column(name))) == repr(values), name
    assert loaded.summary().equals(table.summary())
    assert loaded.explain(1) == table.explain(1)
    assert loaded._repr_html_() == table._repr_html_()
    around(loaded, tmp_path / "again.parquet")
    assert (tmp_path / "again.parquet").read_bytes() == (tmp_path / "t.parquet").read_bytes()


def test_dates_bytes_and_arrays_come_back_as_far_as_a_file_can_hold_them(tmp_path):
    day = datetime.datetime(2026, 1, 2, 3, 4, 5)
    loaded = around(
        table_of(
            x=[1.0, 0.0],
            when=[day, None],
            raw=[b"\xff", b""],
            money=[Decimal("1.10"), None],
            array=[np.arange(3), np.arange(2)],
        ),
        tmp_path / "t.parquet",
    )
    assert list(loaded.rollouts.column("when")) == [day, None]
    assert list(loaded.rollouts.column("raw")) == [b"\xff", b""]
    assert list(loaded.rollouts.column("money")) == [Decimal("1.10"), None]
    assert list(loaded.rollouts.column("array")) == [[0, 1, 2], [0, 1]]


def test_what_no_file_can_hold_is_an_error_that_names_the_column(tmp_path):
    table = table_of(x=[1.0], image=[threading.Lock()])
    with pytest.raises(DataError, match="column 'image' cannot be written to a file"):
        table.save(tmp_path / "t.parquet")
    assert os.listdir(tmp_path) == []


def test_lone_surrogates_become_replacement_characters(tmp_path):
    def why(completions):
        return [Score(1, text) for text in completions]

    table = Recipe(use(why)).score(Rollouts.of({"completion": ["a\ud800b"], "note": ["\udfff"]}), workers=0)
    table.save(tmp_path / "t.parquet")
    loaded = RewardTable.load(tmp_path / "t.parquet")
    assert (loaded.rollouts.texts[0], loaded.rollouts.column("note")[0], loaded.reason[0][0]) == ("a�b", "�", "a�b")


def test_chat_lists_come_back(tmp_path):
    chat = [{"role": "assistant", "content": "4"}]
    table = Recipe(exact_match(answer="answer")).score(
        [{"prompt": [{"role": "user", "content": "2+2?"}], "completion": chat, "answer": "4"}], workers=0
    )
    loaded = around(table, tmp_path / "t.parquet")
    assert loaded.rollouts.column("completion")[0] == chat
    assert loaded.explain(0).prompt == "2+2?"


def test_the_recipe_is_inside_and_scores_again(tmp_path):
    recipe = 2.0 * exact_match(answer="gold").clip(0, 0.5)
    table = Recipe(recipe).score([{"completion": "4", "gold": "4"}, {"completion": "5", "gold": "4"}], workers=0)
    loaded = around(table, tmp_path / "t.parquet")
    assert loaded.recipe == Recipe(recipe)
    assert loaded.recipe.fingerprint == loaded.info["recipe"]
    assert_same(loaded.recipe.score(loaded.rollouts, workers=0), table)


value = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.just("bad"))
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=3), inner, max_size=2)
    ),
    max_leaves=5,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(value, plain, st.text("ab\n한", max_size=4)), min_size=1, max_size=8))
def test_any_table_comes_back(tmp_path, rows):
    table = table_of(x=[row[0] for row in rows], other=[row[1] for row in rows], completion=[row[2] for row in rows])
    loaded = around(table, tmp_path / "t.parquet")
    assert repr(list(loaded.rollouts.column("other"))) == repr([row[1] for row in rows])


@pytest.mark.parametrize("name", ["reward.a", "reward.a.raw", "reward.b.reason", "reward.group", "reward.total"])
def test_a_data_column_of_the_tables_own_name_is_refused(tmp_path, name):
    table = table_of(x=[1.0])
    clash = Rollouts.of({"completion": ["c"], "x": [1.0], name: ["data"]})
    with pytest.raises(DataError, match=rf"its own columns under these names: {name}; rename"):
        save_table(RewardTable(**{**vars(table), "rollouts": clash}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match="its own columns under these names"):
        Recipe(use(given_value, x="x").named("a"), use(given_value, x="x").named("b")).score(clash, workers=0)


def test_a_saved_table_is_data_for_another_recipe(tmp_path):
    table_of(x=[1.0, 0.0]).save(tmp_path / "t.parquet")
    rows = RewardTable.load(tmp_path / "t.parquet").rollouts
    assert Recipe(use(given_value, x="x").named("a")).score(rows, workers=0).column("a").tolist() == [1, 0]


# -- writing


def test_a_failure_in_the_middle_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "t.parquet"
    table_of(x=[1.0]).save(path)
    before = path.read_bytes()

    def full(arrow, where, **how):
        where.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(DataError, match=r"cannot be written to .*No space left"):
        table_of(x=[2.0]).save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["t.parquet"]

    def interrupted(arrow, where, **how):
        where.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(pq, "write_table", interrupted)
    with pytest.raises(KeyboardInterrupt):
        table_of(x=[2.0]).save(path)
    assert os.listdir(tmp_path) == ["t.parquet"]


def test_folders_are_made_and_places_that_cannot_be_written_named(tmp_path):
    table = table_of(x=[1.0])
    table.save(tmp_path / "new" / "deep" / "t.parquet")
    assert len(RewardTable.load(str(tmp_path / "new" / "deep" / "t.parquet"))) == 1
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        table.save(tmp_path / "file" / "t.parquet")
    with pytest.raises(DataError, match="cannot be written"):
        table.save(tmp_path / "new")
    assert sorted(os.listdir(tmp_path)) == ["file", "new"]


def test_the_same_table_gives_the_same_bytes(tmp_path):
    for name in "ab":
        table_of(x=[1.0, None, 0.25]).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_folder_that_looks_like_a_partition_adds_no_column(tmp_path):
    table = table_of(x=[1.0])
    loaded = around(table, tmp_path / "seed=1" / "t.parquet")
    assert list(loaded.rollouts.columns) == list(table.rollouts.columns)


# -- reading what is no table


def test_files_that_are_no_table(tmp_path):
    with pytest.raises(DataError, match=r"there is no table .*absent"):
        RewardTable.load(tmp_path / "absent.parquet")
    for name, content in {
        "empty": b"",
        "text": b"not parquet",
        "jsonl": b'{"a": 1}\n' * 50,
        "cut": b"PAR1" + b"\0" * 90,
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=f"{name} is not a reward table"):
            RewardTable.load(tmp_path / name)
    pq.write_table(pa.table({"a": [1]}), tmp_path / "foreign")
    with pytest.raises(DataError, match=r"is Parquet, but no reward table; make one with: jeoul score"):
        RewardTable.load(tmp_path / "foreign")
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError):
        RewardTable.load(tmp_path / "folder")


def test_a_torn_table(tmp_path):
    path = tmp_path / "t"
    table_of(x=[1.0, 0.5] * 50).save(path)
    whole = path.read_bytes()
    for length in (0, 4, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError):
            RewardTable.load(path)


def _with(table: RewardTable, path, change) -> None:
    arrow = to_arrow(table)
    info = json.loads(arrow.schema.metadata[METADATA])
    arrow, text = change(arrow, info)
    pq.write_table(arrow.replace_schema_metadata({METADATA: text}), path)


@pytest.mark.parametrize(
    "change",
    [
        lambda arrow, info: (arrow, "not json"),
        lambda arrow, info: (arrow, b"\xff"),
        lambda arrow, info: (arrow, "[]"),
        lambda arrow, info: (arrow, "{}"),
        lambda arrow, info: (arrow, json.dumps(info | {"names": ["a", "zzz"]})),
        lambda arrow, info: (arrow, json.dumps(info | {"names": 5})),
        lambda arrow, info: (arrow, json.dumps(info | {"weights": "x"})),
        lambda arrow, info: (arrow, json.dumps(info | {"completion": "elsewhere"})),
        lambda arrow, info: (arrow, json.dumps({key: value for key, value in info.items() if key != "recipe"})),
        lambda arrow, info: (arrow.drop_columns(["reward.a.status"]), json.dumps(info)),
        lambda arrow, info: (arrow.drop_columns(["reward.group"]), json.dumps(info)),
        lambda arrow, info: (
            arrow.set_column(
                arrow.column_names.index("reward.a.status"), "reward.a.status", pa.array(["what"] * len(arrow))
            ),
            json.dumps(info),
        ),
    ],
)
def test_a_damaged_description_is_an_error_that_names_the_file(tmp_path, change):
    _with(table_of(x=[1.0, 0.5]), tmp_path / "t.parquet", change)
    with pytest.raises(DataError, match=r"t\.parquet|damaged"):
        RewardTable.load(tmp_path / "t.parquet")
