import datetime
import json
import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.arrow_column import ArrowColumn
from jeoul.errors import DataError, UsageError
from jeoul.rollouts import Rollouts, _arrow_groups

ASK = [{"role": "user", "content": "1+1?"}]
SAY = [{"role": "assistant", "content": "2"}]
ROWS = [
    {"prompt": "a", "completion": "1", "answer": 1, "tags": ["x"]},
    {"prompt": "b", "completion": "2", "answer": 2, "tags": []},
    {"prompt": "a", "completion": "3", "answer": 3, "tags": ["y", "z"]},
]
COLUMNS = {key: [row[key] for row in ROWS] for key in ROWS[0]}


def as_jsonl(rows, folder):
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def as_parquet(rows, folder):
    pq.write_table(pa.Table.from_pylist(rows), folder / "rows.parquet", row_group_size=2)
    return folder / "rows.parquet"


def as_data_set(rows, folder):
    return pytest.importorskip("datasets").Dataset.from_list(rows)


SOURCES = {
    "rows": lambda rows, folder: rows,
    "generator": lambda rows, folder: (row for row in rows),
    "columns": lambda rows, folder: {
        key: [row.get(key) for row in rows] for key in dict.fromkeys(k for r in rows for k in r)
    },
    "arrow": lambda rows, folder: pa.Table.from_pylist(rows),
    "pandas": lambda rows, folder: pd.DataFrame(rows),
    "pandas of Parquet": lambda rows, folder: pd.read_parquet(as_parquet(rows, folder)),
    "data set": as_data_set,
    "JSONL": as_jsonl,
    "JSONL as str": lambda rows, folder: str(as_jsonl(rows, folder)),
    "Parquet": as_parquet,
}
sources = pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)


def described(rollouts):
    columns = {name: list(column) for name, column in rollouts.columns.items()}
    return list(rollouts.texts), rollouts.groups.tolist(), list(rollouts.prompts()), columns


@sources
def test_any_source_gives_the_same(source, tmp_path):
    rollouts = Rollouts.of(source(ROWS, tmp_path))
    assert described(rollouts) == (["1", "2", "3"], [0, 1, 0], ["a", "b", "a"], COLUMNS)
    assert (len(rollouts), rollouts.group_count) == (3, 2)
    assert rollouts.fingerprint() == Rollouts.of(ROWS).fingerprint()
    assert Rollouts.of(rollouts) is rollouts


@sources
def test_chats_are_read_and_kept(source, tmp_path):
    rollouts = Rollouts.of(source([{"prompt": ASK, "completion": SAY}] * 2, tmp_path))
    assert described(rollouts) == (["2"] * 2, [0, 0], ["1+1?"] * 2, {"prompt": [ASK] * 2, "completion": [SAY] * 2})


@sources
@pytest.mark.parametrize("said", ["2", SAY])
def test_a_row_with_several_completions_becomes_several_rows(source, said, tmp_path):
    rows = [
        {"prompt": "a", "completions": [said, said], "answer": "2", "logp": [0.5, 0.25]},
        {"prompt": "b", "completions": [said], "answer": "4", "logp": [1.0]},
    ]
    texts, groups, prompts, columns = described(Rollouts.of(source(rows, tmp_path), nested=["logp"]))
    assert (texts, groups, prompts) == (["2"] * 3, [0, 0, 1], ["a", "a", "b"])
    assert (columns["answer"], columns["logp"]) == (["2", "2", "4"], [0.5, 0.25, 1.0])
    assert columns["completion"] == [said] * 3


@sources
def test_conversations_are_split(source, tmp_path):
    rows = [{"messages": ASK + SAY, "id": 1}, {"messages": ASK + SAY, "id": 2}]
    texts, groups, prompts, columns = described(Rollouts.of(source(rows, tmp_path)))
    assert (texts, groups, prompts, columns["id"]) == (["2"] * 2, [0, 0], ["1+1?"] * 2, [1, 2])
    assert columns["completion"] == [SAY] * 2


@sources
def test_completions_of_one_row_are_a_group_also_without_a_prompt(source, tmp_path):
    rollouts = Rollouts.of(source([{"completions": ["1", "2"]}, {"completions": ["1"]}], tmp_path))
    assert rollouts.groups.tolist() == [0, 0, 1]


@pytest.mark.parametrize("name", ["completions", "answers"])
@sources
def test_a_nested_column_keeps_the_name_that_was_asked_for(source, name, tmp_path):
    rollouts = Rollouts.of(source([{"prompt": "a", name: ["1", "2"]}], tmp_path), completion=name)
    assert (list(rollouts.texts), rollouts.completion) == (["1", "2"], name)


@pytest.mark.parametrize(
    ("how", "groups"),
    [
        ({}, [0, 1, 0]),
        ({"group": "g"}, [0, 0, 1]),
        ({"group": "chat"}, [0, 1, 0]),
        ({"prompt": "g"}, [0, 0, 1]),
        ({"prompt": "g", "group": "prompt"}, [0, 1, 0]),
        ({"group": "mixed"}, [0, 1, 2]),
    ],
)
@pytest.mark.parametrize("source", [SOURCES["rows"], SOURCES["JSONL"]])
def test_groups(how, groups, source, tmp_path):
    rows = [
        {"prompt": "x", "completion": "1", "g": "7", "chat": ASK, "mixed": [1]},
        {"prompt": "y", "completion": "1", "g": "7", "chat": SAY, "mixed": "[1]"},
        {"prompt": "x", "completion": "1", "g": "8", "chat": ASK, "mixed": '["[1]"]'},
    ]
    assert Rollouts.of(source(rows, tmp_path), **how).groups.tolist() == groups


def test_a_group_column_comes_before_the_prompt_and_without_both_each_row_is_a_group():
    assert Rollouts.of([{"prompt": "a", "completion": "", "group": n} for n in (5, 3, 5)]).groups.tolist() == [0, 1, 0]
    rollouts = Rollouts.of([{"completion": "a"}, {"completion": "a"}])
    assert (rollouts.groups.tolist(), list(rollouts.prompts()), rollouts.prompt) == ([0, 1], ["", ""], None)


@given(st.lists(st.text(max_size=2), min_size=1), st.integers(1, 5), st.integers(1, 4))
def test_grouping_in_parts_is_grouping_at_once(texts, size, most):
    chunks = [texts[start : start + size] for start in range(0, len(texts), size)]
    column = ArrowColumn(pa.chunked_array([*chunks, []], type=pa.large_string()))
    labels = {}
    expected = [labels.setdefault(text, len(labels)) for text in texts]
    assert _arrow_groups(column, most).tolist() == _arrow_groups(column).tolist() == expected


@pytest.mark.parametrize(
    ("data", "how", "said"),
    [
        ([], {}, "the data holds no rows"),
        ({}, {}, "the data holds no rows"),
        ({"completion": []}, {}, "the data holds no rows"),
        (pa.table({"completion": pa.array([], pa.string())}), {}, "the data holds no rows"),
        (["a"], {}, "row 0 is a str, not a mapping"),
        ([{"completion": "a"}, None], {}, "row 1 is a NoneType"),
        ({"completion": ["a"], "x": [1, 2]}, {}, "different lengths"),
        ([{"response": "a"}], {}, "no column 'completion'; name it: completion='response'"),
        ([{"compltion": "a"}], {}, r"did you mean 'compltion'\?"),
        ([{"completion": "a"}], {"completion": "text"}, "no column 'text'.*its columns: completion"),
        ([{"completion": "a"}], {"prompt": "question"}, "no column 'question'"),
        ([{"completion": "a", "label": 1}], {"group": "lable"}, r"'lable' \(did you mean 'label'\?\)"),
        ([{"completion": "a"}, {"completion": None}], {}, "row 1: 'completion' is null"),
        ([{"completion": "a"}, {"completion": float("nan")}], {}, "row 1: 'completion' is null"),
        (pd.DataFrame({"completion": ["a", None]}), {}, "row 1: 'completion' is null"),
        ([{"completion": "a"}, {"completion": 5}], {}, "row 1: 'completion' is int 5"),
        ([{"completion": ASK}], {}, "row 0: 'completion' is a chat list without an assistant turn"),
        ([{"completions": ["a"]}, {"completions": []}], {}, "row 1: 'completions' is an empty list"),
        ([{"completion": "a", "prompt": None}], {}, "row 0: 'prompt' is null, so its group"),
        ([{"completion": "a", "group": 1}, {"completion": "b"}], {}, "row 1: 'group' is null"),
        ([{"messages": ASK}], {}, "row 0: messages ends with the user's turn"),
        ([{"messages": "a"}], {}, "messages is str 'a'"),
        ([{"completions": ["a", "b"], "x": [1]}], {"nested": ["x"]}, "'x' must be a list of 2 values"),
        (pa.table([["a"], ["b"]], names=["completion"] * 2), {}, "two columns have the name completion"),
        (pd.DataFrame([["a", "b"]], columns=["completion"] * 2), {}, "two columns of the frame"),
    ],
)
def test_what_is_wrong_with_the_data_is_said_with_its_row(data, how, said):
    with pytest.raises(DataError, match=said):
        Rollouts.of(data, **how)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (5, "cannot read rollouts from a int"),
        (None, "from a NoneType"),
        ({"prompt": "abc", "completion": "def"}, "column 'prompt' is a str, not a list"),
        ({"completion": 5}, "is a int, not a list"),
        ({"completion": (text for text in "ab")}, "is a generator, not a list"),
    ],
)
def test_what_cannot_hold_rollouts_is_refused(data, said):
    with pytest.raises(UsageError, match=said):
        Rollouts.of(data)


def test_splits_must_be_chosen():
    datasets = pytest.importorskip("datasets")
    with pytest.raises(UsageError, match=r"choose one, as in data\['train'\]"):
        Rollouts.of(datasets.DatasetDict({"train": datasets.Dataset.from_list(ROWS)}))


def test_a_streamed_data_set_is_rows():
    datasets = pytest.importorskip("datasets")
    assert described(Rollouts.of(datasets.Dataset.from_list(ROWS).to_iterable_dataset()))[3] == COLUMNS


def test_the_error_in_a_file_names_its_line(tmp_path):
    path = as_jsonl([{"completions": ["a"]}, {"completions": []}], tmp_path)
    with pytest.raises(DataError, match="line 2: 'completions' is an empty list"):
        Rollouts.of(path)


def test_names_of_columns_that_are_no_text_become_text():
    rollouts = Rollouts.of([{"completion": "a", 5: "five"}])
    assert list(rollouts.column("5")) == ["five"]
    assert list(Rollouts.of(pd.DataFrame({"completion": ["a"], 5: ["five"]})).column("5")) == ["five"]


def test_an_unknown_column_names_those_there_are():
    with pytest.raises(DataError, match=r"no column 'anwser' \(did you mean 'answer'\?\); it has prompt, completion"):
        Rollouts.of(ROWS).column("anwser")


def test_what_pandas_makes_of_a_gap_is_null():
    frame = pd.DataFrame(
        {"completion": ["a", "b"], "n": [1.0, None], "i": pd.array([1, None], "Int64"), "s": ["x", None]}
    )
    columns = Rollouts.of(frame).columns
    assert {name: columns[name] for name in "nis"} == {"n": [1.0, None], "i": [1, None], "s": ["x", None]}


@pytest.mark.parametrize(
    "changed",
    [
        [*ROWS, ROWS[0]],
        [ROWS[0], ROWS[2], ROWS[1]],
        [row | {"answer": float(row["answer"])} for row in ROWS],
        [row | {"answer": str(row["answer"])} for row in ROWS],
        [row | {"new": None} for row in ROWS],
        [{**row, "prompt": "a"} for row in ROWS],
    ],
)
def test_a_fingerprint_tells_data_apart(changed):
    assert Rollouts.of(changed).fingerprint() != Rollouts.of(ROWS).fingerprint()


def test_a_fingerprint_depends_on_groups_and_roles_but_not_on_the_order_of_columns():
    prints = {Rollouts.of(ROWS, group=group).fingerprint() for group in (None, "answer", "completion")}
    assert len(prints) == 2  # by answer and by completion every row is its own group
    turned = [dict(reversed(row.items())) for row in ROWS]
    assert Rollouts.of(turned).fingerprint() == Rollouts.of(ROWS).fingerprint()
    assert Rollouts.of(ROWS, completion="prompt").fingerprint() not in prints


@pytest.mark.parametrize("value", [datetime.date(2024, 1, 1), np.int64(5), b"x", {"a": {1, 2}}])
def test_any_value_has_a_fingerprint_and_can_name_a_group(value):
    rows = [{"completion": "a", "group": value}] * 2
    assert Rollouts.of(rows).fingerprint() == Rollouts.of(rows).fingerprint()
    assert Rollouts.of(rows).groups.tolist() == [0, 0]


def test_a_lone_surrogate_is_replaced_in_files(tmp_path):
    assert list(Rollouts.of(as_jsonl([{"completion": "a\ud800"}], tmp_path)).texts) == ["a�"]


def test_rollouts_pickle(tmp_path):
    rollouts = Rollouts.of(as_jsonl(ROWS, tmp_path))
    assert described(pickle.loads(pickle.dumps(rollouts))) == described(rollouts)
    assert "3 completions in 2 groups; columns prompt, completion" in repr(rollouts)
