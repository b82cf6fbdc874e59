from __future__ import annotations

import json
from pathlib import Path

import pytest

from jeoul.dashboard.evaluation import brief, progress_of
from jeoul.dashboard.following import Follower


def test_a_run_that_goes_on(tmp_path: Path) -> None:
    from jeoul.evals.generation.samples import Sample
    from jeoul.evals.generation.store import SampleStore

    header = {"suite": "aime24", "protocol": {"name": "field"}, "model": {"model": "tiny"}, "requests": {"count": 4}}
    follower = Follower(tmp_path / "samples.jsonl", brief)
    nothing = progress_of(tmp_path, follower)
    assert (nothing.samples, nothing.asked, nothing.share, nothing.tokens, nothing.truncated) == (
        0,
        None,
        None,
        None,
        None,
    )
    with SampleStore(tmp_path, header) as store:
        store.add(Sample("a", 0, 1, "?", "one", "stop", 3, 10, 0.5))
        store.add(Sample("a", 1, 2, "?", "two", "length", 3, 30, 0.5))
        with (tmp_path / "samples.jsonl").open("ab") as file:
            file.write(b'{"problem": "b", "ind')
        now = progress_of(tmp_path, follower)
    assert (now.samples, now.asked, now.share, now.problems) == (2, 4, 0.5, 1)
    assert (now.model, now.score, now.summary) == ("tiny", "aime24@field", None)
    assert (now.tokens, now.truncated, now.finishes) == (20, 0.5, {"stop": 1, "length": 1})


def test_a_finished_run(run_folder: Path, tmp_path: Path) -> None:
    done = progress_of(run_folder, Follower(run_folder / "samples.jsonl", brief))
    assert done.summary is not None
    assert (done.samples, done.asked, done.score) == (7, 8, "four@given")
    assert done.share == pytest.approx(7 / 8)


def test_strange_rows_are_taken_as_they_are() -> None:
    row = {"completion": ["x"], "index": "one", "completion_tokens": "many", "finish_reason": 1}
    assert brief(json.loads(json.dumps(row))) == ("", 0, 0, None, None, None)
