from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jeoul.errors import DataError, UsageError
from jeoul.evals.generation import Sample, SampleStore, read_header, read_samples
from jeoul.rollouts import Rollouts

HEADER = {"suite": "aime24", "sampling": {"temperature": 0.6, "n": 4}, "model": {"weights": "ab"}}


def sample(number: int, completion: str = "4") -> Sample:
    return Sample(f"p{number % 7}", number // 7, number, "1+1?", completion, "stop", 3, 2, 0.1)


def written(folder: Path, count: int = 10) -> bytes:
    with SampleStore(folder, HEADER) as store:
        for number in range(count):
            store.add(sample(number, "가\ud800\x00\n" * number))
    return (folder / "samples.jsonl").read_bytes()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written(tmp_path)
    assert list(read_samples(tmp_path)) == [sample(number, "가\ud800\x00\n" * number) for number in range(10)]
    assert read_header(tmp_path) == HEADER
    with SampleStore(tmp_path, HEADER) as store:
        assert len(store) == 10
        assert ("p0", 1) in store
        assert ("p0", 2) not in store
        assert list(store.samples()) == list(read_samples(tmp_path))
        with pytest.raises(ValueError, match="has sample 1 of 'p0' already"):
            store.add(sample(7))


def test_is_read_as_rollouts(tmp_path: Path) -> None:
    written(tmp_path)
    rollouts = Rollouts.of(tmp_path / "samples.jsonl")
    assert len(rollouts) == 10
    assert list(rollouts.column("seed")) == list(range(10))


def test_any_torn_end_is_owed_again(tmp_path: Path) -> None:
    """A kill can leave any prefix of the file: the whole lines are kept, and the rest is written again."""
    whole = written(tmp_path)
    ends = [end for end, byte in enumerate(whole) if byte == 10]
    for size in sorted({*range(0, len(whole), 37), *ends, *(end + 1 for end in ends)}):
        (tmp_path / "samples.jsonl").write_bytes(whole[:size])
        lines = whole[:size].count(b"\n")
        with SampleStore(tmp_path, HEADER) as store:
            assert len(store) == lines
            for number in range(10):
                if sample(number).key not in store:
                    store.add(sample(number, "가\ud800\x00\n" * number))
        assert (tmp_path / "samples.jsonl").read_bytes() == whole


def test_a_torn_end_of_zeros(tmp_path: Path) -> None:
    whole = written(tmp_path)
    (tmp_path / "samples.jsonl").write_bytes(whole + b"\0" * 5000)
    with SampleStore(tmp_path, HEADER) as store:
        assert len(store) == 10
    assert (tmp_path / "samples.jsonl").read_bytes() == whole


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sampling": {"temperature": 0.7, "n": 4}}, "sampling.temperature is 0.6 there and 0.7 here"),
        ({"sampling": {"temperature": 0.6, "n": 4, "top_p": 1}}, "sampling.top_p is null there and 1 here"),
        ({"suite": "aime25"}, 'suite is "aime24" there and "aime25" here'),
        ({"model": {"weights": "cd"}}, 'model.weights is "ab" there and "cd" here'),
    ],
)
def test_refuses_another_run(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    before = written(tmp_path)
    with pytest.raises(UsageError) as caught:
        SampleStore(tmp_path, HEADER | change)
    assert said in str(caught.value)
    assert "--restart" in str(caught.value)
    assert (tmp_path / "samples.jsonl").read_bytes() == before
    with SampleStore(tmp_path, HEADER | change, restart=True) as store:
        assert len(store) == 0
    assert read_header(tmp_path) == HEADER | change


def test_tuples_in_the_header_are_lists(tmp_path: Path) -> None:
    SampleStore(tmp_path, {"stop": ("a",)}).close()
    SampleStore(tmp_path, {"stop": ["a"]}).close()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda lines: [lines[0], b"{nonsense", *lines[2:]], "line 2 is damaged"),
        (lambda lines: [lines[0], b"\xff", *lines[2:]], "line 2 is damaged"),
        (lambda lines: [lines[0], b"[" * 100_000, *lines[2:]], "line 2 "),
        (lambda lines: [lines[0], b"[]", *lines[2:]], "line 2 is no object"),
        (lambda lines: [lines[0], b"{}", *lines[2:]], "line 2 has no 'problem'"),
        (lambda lines: [lines[0], lines[0], *lines[2:]], "line 2 repeats sample 0 of 'p0'"),
    ],
)
def test_damage_in_the_middle_is_named(tmp_path: Path, damage: Any, said: str) -> None:
    lines = written(tmp_path).splitlines()
    (tmp_path / "samples.jsonl").write_bytes(b"\n".join(damage(lines)) + b"\n")
    with pytest.raises(DataError, match=said):
        SampleStore(tmp_path, HEADER)


def test_a_missing_or_damaged_header(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "samples.header.json").write_text("{")
    with pytest.raises(DataError, match="is damaged"):
        SampleStore(tmp_path, HEADER)
    (tmp_path / "samples.header.json").unlink()
    with pytest.raises(DataError, match="is missing"):
        SampleStore(tmp_path, HEADER)


def test_two_writers(tmp_path: Path) -> None:
    with SampleStore(tmp_path, HEADER):
        with pytest.raises(UsageError, match="another process is writing"):
            SampleStore(tmp_path, HEADER)
        code = f"""
from jeoul.errors import UsageError
from jeoul.evals.generation import SampleStore
try: SampleStore({str(tmp_path)!r}, {HEADER!r}, restart=True)
except UsageError as error: print("refused")
"""
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert run.stdout == "refused\n"
    SampleStore(tmp_path, HEADER).close()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        SampleStore(tmp_path / "file", HEADER)
    with pytest.raises(DataError, match="cannot be read"):
        list(read_samples(tmp_path / "nowhere"))


def test_completions_are_not_kept_in_memory(tmp_path: Path) -> None:
    import tracemalloc

    with SampleStore(tmp_path, HEADER) as store:
        for number in range(60):
            store.add(sample(number, "x" * 1_000_000))
    tracemalloc.start()
    with SampleStore(tmp_path, HEADER) as store:
        assert sum(len(one.completion) for one in store.samples()) == 60_000_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 15_000_000


def test_one_line_a_sample(tmp_path: Path) -> None:
    assert [json.loads(line)["index"] for line in written(tmp_path).splitlines()] == [0] * 7 + [1] * 3
