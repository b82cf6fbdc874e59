import gzip
import io
import json
import os
import subprocess
import sys
import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from jeoul import reading
from jeoul.arrow_column import JSON_FLAG
from jeoul.errors import DataError, UsageError
from jeoul.reading import read_columns

ROWS = [{"prompt": "1+1?", "completion": "둘", "n": 1}, {"prompt": "2+2?", "completion": "4", "n": None}]
COLUMNS = {key: [row[key] for row in ROWS] for key in ROWS[0]}
JSONL = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


def listed(columns):
    return {name: list(column) for name, column in columns.items()}


def written(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def zstd(content, **how):
    return zstandard.ZstdCompressor(**how).compress(content)


def parquet(rows):
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


def splits(folder):
    datasets = pytest.importorskip("datasets")
    parts = {"train": datasets.Dataset.from_list(ROWS), "test": datasets.Dataset.from_list(ROWS[:1])}
    datasets.DatasetDict(parts).save_to_disk(folder)


SAME = {
    "plain": JSONL,
    "no last line feed": JSONL.rstrip(b"\n"),
    "blank lines and CRLF": b"\r\n" + JSONL.replace(b"\n", b"\r\n\r\n"),
    "BOM": b"\xef\xbb\xbf" + JSONL,
    "gzip": gzip.compress(JSONL),
    "gzip members": gzip.compress(JSONL[:20]) + gzip.compress(JSONL[20:]),
    "gzip BOM": gzip.compress(b"\xef\xbb\xbf" + JSONL),
    "zstd": zstd(JSONL),
    "zstd frames": zstd(JSONL[:20]) + zstd(b"") + zstd(JSONL[20:], write_checksum=True),
    "Parquet": parquet(ROWS),
}


@pytest.mark.parametrize("content", SAME.values(), ids=SAME)
def test_one_content_whatever_its_form_and_name(content, tmp_path):
    assert listed(read_columns(written(tmp_path / "data.txt", content))) == COLUMNS


@pytest.mark.parametrize("form", ["plain", "gzip", "zstd"])
def test_standard_input(form):
    program = "from jeoul.reading import read_columns; print({k: list(v) for k, v in read_columns('-').items()})"
    done = subprocess.run([sys.executable, "-c", program], input=SAME[form], capture_output=True, check=True)
    assert eval(done.stdout) == COLUMNS


def test_a_pipe_is_read_like_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(SAME["zstd"],))
    writer.start()
    assert listed(read_columns(tmp_path / "pipe")) == COLUMNS
    writer.join()


BAD = {
    "empty": (b"", "holds no rows"),
    "blank": (b"\n \n", "holds no rows"),
    "empty Parquet": (parquet([])[:0] + b"PAR1", "cannot be read as Parquet"),
    "torn": (JSONL + b'{"prompt": "3', "line 3 is not JSON that can be read.*cut while it was written"),
    "torn by damage inside": (b'{"a": 1\n' + JSONL, r"line 1 is not JSON(?!.*cut)"),
    "two objects": (b'{"a": 1} {"a": 2}\n', "line 1 is not JSON"),
    "array": (json.dumps(ROWS).encode(), r"line 1 is a list, not an object.*jq -c '\.\[\]'"),
    "pretty array": (json.dumps(ROWS, indent=1).encode(), r"line 1 is not JSON.*jq -c '\.\[\]'"),
    "pretty object": (json.dumps(ROWS[0], indent=1).encode(), r"line 1 is not JSON.*jq -c '\.'"),
    "number": (b"7\n", "line 1 is a int"),
    "binary": (bytes(range(256)), "line 1 is not (UTF-8|JSON)|not UTF-8"),
    "Latin-1": ('{"a": "é"}\n'.encode("latin-1"), "line 1 is not UTF-8 .byte 7."),
    "UTF-16": ('{"a": 1}\n'.encode("utf-16"), "line 1 is not UTF-8"),
    "deep": (JSONL + b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "line 3 is nested too deeply"),
    "5000 digits": (b'{"a": ' + b"9" * 5000 + b"}\n", "line 1 is not JSON that can be read.*4300"),
    "cut gzip": (gzip.compress(JSONL * 99)[:-9], "breaks off after line"),
    "damaged gzip": (gzip.compress(JSONL)[:15] + b"\xff" * 40, "breaks off after line 0"),
    "cut zstd": (zstd(JSONL)[:-1], "breaks off after line.*ends in the middle"),
    "cut zstd frame": (zstd(JSONL) + zstd(JSONL)[:-9], "breaks off after line 2.*ends in the middle"),
    "damaged zstd": (zstd(JSONL, write_checksum=True)[:-4] + b"\0\0\0\0", "breaks off after line"),
    "gzip, then none": (b"\x1f\x8b", "breaks off after line 0"),
    "zstd, then none": (b"\x28\xb5\x2f\xfd", "breaks off after line 0"),
    "cut Parquet": (parquet(ROWS)[:-20], "cannot be read as Parquet"),
}


@pytest.mark.parametrize(("content", "said"), BAD.values(), ids=BAD)
def test_what_cannot_be_read_is_said_with_its_line(content, said, tmp_path):
    path = written(tmp_path / "data", content)
    with pytest.raises(DataError, match=f"(?s){path}.*({said})"):
        read_columns(path)


@pytest.mark.parametrize("depth", [100, 400])
def test_a_nested_row_is_read(depth, tmp_path):
    row = b'{"a": 1}\n{"a": ' + b"[" * depth + b"]" * depth + b"}\n"
    _, value = read_columns(written(tmp_path / "data", row))["a"]
    assert json.dumps(value) == "[" * depth + "]" * depth


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd])
def test_a_line_without_end_is_refused_before_it_is_read(pack, tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "LONGEST_LINE", 2**20)
    path = written(tmp_path / "data", pack(JSONL + b'{"a": "' + b"x" * 2**23))
    with pytest.raises(DataError, match="line 3 is longer than 1 MiB"):
        read_columns(path)


def test_literals_that_python_reads(tmp_path):
    path = written(tmp_path / "data", b'{"a": NaN}\n{"a": -Infinity}\n{"a": 1e999}\n')
    assert str(list(read_columns(path)["a"])) == "[nan, -inf, inf]"


def test_keys_that_come_late_or_rarely_are_null_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK_ROWS", 3)
    rows = [{"late": number} if number % 5 == 4 else {"n": str(number)} for number in range(20)]
    path = written(tmp_path / "data", b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    assert listed(read_columns(path)) == {key: [row.get(key) for row in rows] for key in ("n", "late")}


def test_mixed_types_come_back_exactly(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK_ROWS", 2)
    values = [1, 2, 2.0, "2", None, [1, {"a": None}], True, 2**80, "\ud800", None, 1, 1]
    path = written(tmp_path / "data", b"".join(json.dumps({"a": value}).encode() + b"\n" for value in values))
    read = list(read_columns(path)["a"])
    assert (read, list(map(type, read))) == (values, list(map(type, values)))


@pytest.mark.parametrize(
    ("name", "said"),
    [("none", "there is no file"), ("folder/none", "there is no file"), ("none#train", "there is no file")],
)
def test_an_absent_file(name, said, tmp_path):
    with pytest.raises(DataError, match=said):
        read_columns(tmp_path / name)


def test_a_hash_may_be_part_of_a_name(tmp_path):
    assert listed(read_columns(written(tmp_path / "a#b.jsonl", JSONL))) == COLUMNS
    with pytest.raises(UsageError, match="is a file, so it has no split 'b'"):
        read_columns(f"{written(tmp_path / 'a', JSONL)}#b")


# -- folders


@pytest.mark.parametrize(("split", "rows"), [("train", 2), ("test", 1)])
def test_a_split_of_a_data_set_folder(split, rows, tmp_path):
    splits(tmp_path / "set")
    expected = {key: values[:rows] for key, values in COLUMNS.items()}
    assert listed(read_columns(f"{tmp_path / 'set'}#{split}")) == expected
    assert listed(read_columns(tmp_path / "set" / split)) == expected
    assert listed(read_columns(f"{tmp_path / 'set' / split}#{split}")) == expected


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("set", "several splits: train, test; write .*set#train"),
        ("set#dev", "no split 'dev'; it has train, test"),
        ("set/train#test", "no split 'test'; it is one data set"),
    ],
)
def test_a_split_that_is_not_there(where, said, tmp_path):
    splits(tmp_path / "set")
    with pytest.raises(UsageError, match=said):
        read_columns(f"{tmp_path}/{where}")


@pytest.mark.parametrize(("file", "content"), [("dataset_dict.json", b"{"), ("state.json", b"{}")])
def test_a_damaged_data_set_folder(file, content, tmp_path):
    pytest.importorskip("datasets")
    written(tmp_path / file, content)
    with pytest.raises(DataError, match="cannot be read"):
        read_columns(tmp_path)


def test_rows_chosen_of_a_data_set_stay_chosen(tmp_path):
    datasets = pytest.importorskip("datasets")
    datasets.Dataset.from_list(ROWS).select([1]).save_to_disk(tmp_path / "one")
    assert listed(read_columns(tmp_path / "one"))["completion"] == ["4"]


@pytest.mark.parametrize("form", ["Parquet", "plain"])
def test_a_folder_of_files(form, tmp_path):
    ending = "parquet" if form == "Parquet" else "jsonl"
    for name in ("data/train-0", "data/train-1", "data/latest-0"):
        written(tmp_path / f"{name}.{ending}", SAME[form])
    assert len(read_columns(tmp_path)["n"]) == 6
    assert listed(read_columns(f"{tmp_path}#train")) == {key: values * 2 for key, values in COLUMNS.items()}
    with pytest.raises(DataError, match="for split 'test'"):  # which is a part of "latest"
        read_columns(f"{tmp_path}#test")


def test_files_of_a_folder_may_have_different_columns_and_types(tmp_path):
    written(tmp_path / "1.jsonl", b'{"a": 1}\n')
    written(tmp_path / "2.jsonl.gz", gzip.compress(b'{"a": "x", "b": [1]}\n'))
    written(tmp_path / "3.jsonl.zst", zstd(b'{"b": null}\n'))
    assert listed(read_columns(tmp_path)) == {"a": [1, "x", None], "b": [None, [1], None]}


def test_a_folder_without_data(tmp_path):
    with pytest.raises(DataError, match="holds no data set, Parquet or JSONL file"):
        read_columns(tmp_path)


# -- Parquet


def test_parquet_keeps_what_is_marked_as_json(tmp_path):
    field = pa.field("a", pa.large_string(), metadata={JSON_FLAG: b"1"})
    pq.write_table(pa.table([["1", '"x"', None]], schema=pa.schema([field])), tmp_path / "t.parquet")
    assert list(read_columns(tmp_path / "t.parquet")["a"]) == [1, "x", None]


def test_files_that_mark_a_column_differently_are_not_mixed_up(tmp_path):
    for number, (value, flag) in enumerate([("1", None), ("1", {JSON_FLAG: b"1"})]):
        field = pa.field("a", pa.large_string(), metadata=flag)
        pq.write_table(pa.table([[value]], schema=pa.schema([field])), tmp_path / f"{number}.parquet")
    assert list(read_columns(tmp_path)["a"]) == ["1", 1]


def test_two_columns_of_one_name_are_refused(tmp_path):
    pq.write_table(pa.table([[1], [2]], names=["a", "a"]), tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"two columns have the name a|Multiple matches"):
        read_columns(tmp_path / "t.parquet")


# -- memory


@pytest.mark.parametrize("unique", [False, True])
def test_memory_is_bounded(unique, tmp_path):
    """300,000 rows of 1 kB read as Python objects would be more than 600 MB."""
    path = tmp_path / "rows.jsonl"
    with path.open("w") as file:
        for number in range(300_000):
            key = number if unique else number // 8
            file.write(f'{{"prompt": "What is {key}?", "completion": "{number}", "t": ["{"x" * 200}", {number}]}}\n')
    program = (
        "import sys, resource; import numpy, pyarrow.compute; from jeoul.rollouts import Rollouts\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "rollouts = Rollouts.of(sys.argv[1]); rollouts.fingerprint()\n"
        "print(rollouts.group_count, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)"
    )
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, check=True)
    groups, grown = map(int, done.stdout.split())
    assert groups == (300_000 if unique else 37_500)
    assert grown < 250
