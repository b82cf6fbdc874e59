"""Append-only results: torn anywhere, damaged, of another run, held by another process."""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.errors import DataError, UsageError
from jeoul.rewards.engine.journal import Journal
from jeoul.rewards.engine.outcomes import Outcome
from jeoul.rewards.tables.status import Status

HEADER = {"recipe": "abc", "data": "def", "versions": {"jeoul": "1"}, "step": 0}
CELLS = {
    0: [Outcome(1.0, Status.ok, "")],
    3: [Outcome(math.nan, Status.timeout, "took \ud800 “long”\n")],
    9: [Outcome(0.1, Status.ok, "a"), Outcome(math.nan, Status.not_applicable, "b")],
}


def written(path: Path) -> bytes:
    path.unlink(missing_ok=True)
    with Journal(path, HEADER) as book:
        book.add("one", CELLS)
        book.add("two", {0: [Outcome(-0.0, Status.ok, "")]})
        book.add("one", {4: [Outcome(math.nan, Status.error, "ValueError")]})
    return path.read_bytes()


def read(path: Path):
    with Journal(path, HEADER) as book:
        return {
            key: [(str(cell.value), int(cell.status), cell.reason) for cell in cells]
            for key, cells in book.results.items()
        }


def test_what_was_added_comes_back(tmp_path):
    path = tmp_path / "deep" / "down" / "out.unfinished"
    written(path)
    found = read(path)
    assert set(found) == {("one", 0), ("one", 3), ("one", 9), ("two", 0), ("one", 4)}
    assert found["one", 3] == [("nan", Status.timeout, "took \ud800 “long”\n")]
    assert found["one", 9] == [("0.1", 0, "a"), ("nan", 1, "b")]
    assert found["two", 0] == [("-0.0", 0, "")]


def test_a_tear_at_every_byte_loses_the_torn_line_alone(tmp_path):
    path = tmp_path / "j"
    whole = written(path)
    complete = read(path)
    ends = [index for index, byte in enumerate(whole) if byte == ord("\n")]
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        lines = sum(end < length for end in ends)
        found = read(path)
        expected = {key: value for key, value in complete.items() if key[0] != "two" or lines > 2}
        if lines < 4:
            expected.pop(("one", 4))
        if lines < 2:
            expected = {}
        assert found == expected, length
        with Journal(path, HEADER) as book:  # … and it can be written on
            book.add("three", {1: [Outcome(2.0, Status.ok, "")]})
        assert read(path) == expected | {("three", 1): [("2.0", 0, "")]}


@given(st.data())
def test_damage_in_the_middle_is_an_error_or_changes_nothing_silently(tmp_path_factory, data):
    """A byte turned into garbage: refused, or it was inside a text or number (which no journal can tell)."""
    path = tmp_path_factory.mktemp("j") / "j"
    whole = bytearray(written(path))
    position = data.draw(st.integers(0, whole.rindex(b"\n", 0, -1) - 1))
    whole[position] = data.draw(st.sampled_from([0, 255, ord("{"), ord('"'), ord("\n"), ord("9")]))
    path.write_bytes(whole)
    with contextlib.suppress(DataError, UsageError):
        read(path)


@pytest.mark.parametrize(
    "line",
    [b"garbage", b"\xff\xfe", b"[]", b"1", b'"text"', b"{}", b'{"column": "one"}', b'{"column": "one", "cells": 5}',
     b'{"column": "one", "cells": [[1]]}', b'{"column": "one", "cells": [[1, [[1.0, 99, ""]]]]}',
     b'{"column": "one", "cells": [[1, [[1.0]]]]}', b'{"column": "one", "cells": [[1, [["x", 0, ""]]]]}',
     b'{"column": "one", "cells": [[[1], [[1.0, 0, ""]]]]}', b""],
)  # fmt: skip
def test_a_damaged_line_is_named(tmp_path, line):
    path = tmp_path / "j"
    lines = written(path).split(b"\n")
    path.write_bytes(b"\n".join([*lines[:2], line, *lines[2:]]))
    before = path.read_bytes()
    with pytest.raises(DataError, match=r"line 3 is damaged; remove the file to start again"):
        Journal(path, HEADER)
    assert path.read_bytes() == before


@pytest.mark.parametrize("first", [b"garbage\n", b'{"header": 5}\n', b'{"header": []}\n', b"[]\n", b"\n\n"])
def test_a_damaged_header(tmp_path, first):
    path = tmp_path / "j"
    path.write_bytes(first)
    with pytest.raises((DataError, UsageError)):
        Journal(path, HEADER)
    assert path.read_bytes() == first


def test_a_file_of_something_else_is_not_emptied(tmp_path):
    path = tmp_path / "thesis.txt"
    path.write_bytes(b"a whole thesis without a single line break")
    with pytest.raises(DataError, match="is no file of unfinished results"):
        Journal(path, HEADER)
    assert path.read_bytes() == b"a whole thesis without a single line break"


def test_another_runs_results_are_refused_and_the_difference_named(tmp_path):
    path = tmp_path / "j"
    written(path)
    other = {"recipe": "xyz", "data": "def", "versions": {"jeoul": "2"}, "deadline": "5 s", "step": 0}
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"differs in: deadline, recipe, versions\).*--restart"):
        Journal(path, other)
    assert path.read_bytes() == before


def test_headers_are_compared_as_json(tmp_path):
    path = tmp_path / "j"
    for _ in range(2):
        Journal(path, {"names": ("a", "b"), "weight": 0.1}).close()


def test_what_the_machine_failed_is_owed_again(tmp_path):
    path = tmp_path / "j"
    infra = Outcome(math.nan, Status.infra, "its worker died twice (SIGKILL, perhaps out of memory)")
    with Journal(path, HEADER) as book:
        book.add("one", {0: [infra], 1: [Outcome(1.0, Status.ok, ""), infra], 2: [Outcome(1.0, Status.ok, "")]})
    assert set(read(path)) == {("one", 2)}
    with Journal(path, HEADER) as book:
        book.add("one", {0: [Outcome(0.5, Status.ok, "")]})
    assert read(path)["one", 0] == [("0.5", 0, "")]


def test_one_writer_at_a_time(tmp_path):
    path = tmp_path / "j"
    with Journal(path, HEADER), pytest.raises(UsageError, match="another process is writing"):
        Journal(path, HEADER)
    code = (
        "import sys; from pathlib import Path; from jeoul.rewards.engine.journal import Journal\n"
        "book = Journal(Path(sys.argv[1]), {}); print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "k")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(UsageError, match="another process is writing"):
        Journal(tmp_path / "k", {})
    holder.kill()  # a lock ends with its process
    holder.communicate()
    Journal(tmp_path / "k", {}).close()


def test_a_finished_run_removes_it(tmp_path):
    book = Journal(tmp_path / "j", HEADER)
    book.add("one", CELLS)
    book.remove()
    assert not (tmp_path / "j").exists()
    assert book.file.closed


def test_each_record_is_a_line_of_ascii(tmp_path):
    lines = written(tmp_path / "j").splitlines()
    assert len(lines) == 4
    assert all(json.loads(line) and line.isascii() for line in lines)
