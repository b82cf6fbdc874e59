"""What is asked of a model, what its samples depend on, and their order."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package: helpers are found beside them

from made_pictures import picture

from jeoul.errors import DataError, UsageError
from jeoul.evals.generation import Sample
from jeoul.evals.model_run import outputs_of, requests_of, run_header
from jeoul.evals.protocols import find_protocol
from jeoul.evals.suites import find_suite
from jeoul.evals.suites_rows import Problems, load_problems


class Named:
    """A backend by what it says of itself."""

    def identity(self) -> dict[str, Any]:
        return {"backend": "none", "model": "m"}


@pytest.fixture(scope="module")
def problems() -> Problems:
    return load_problems(find_suite("sample")).first(3)


def sample(problem: str, index: int) -> Sample:
    return Sample(problem, index, 7, "ask", f"{problem}/{index}", "stop", 3, 5, 0.1)


def test_every_problem_n_times_with_seeds_of_their_own(problems: Problems) -> None:
    requests = requests_of(problems, find_protocol("gdpo"))
    assert (
        len(requests) == len({request.key for request in requests}) == len({request.seed for request in requests}) == 48
    )
    assert requests[0].prompt == find_protocol("gdpo").prompt(problems.rows[0]["problem"])
    assert requests_of(problems, find_protocol("drgrpo_r1"))[0].prompt.endswith("<think>")  # type: ignore[union-attr]


def test_the_header_tells_runs_apart_and_lets_golds_be_mended(problems: Problems) -> None:
    gdpo: Any = find_protocol("gdpo")

    def header(problems: Problems, protocol: Any) -> dict[str, Any]:
        return run_header(Named(), requests_of(problems, protocol), problems, protocol)  # type: ignore[arg-type]

    mended = replace(problems, rows=[row | {"answer": "0"} for row in problems.rows], fingerprint="other")
    assert header(mended, gdpo) == header(problems, gdpo)
    rewritten = replace(problems, rows=[row | {"problem": "1+1?"} for row in problems.rows])
    for other in (
        header(problems, find_protocol("field")),
        header(problems, gdpo.with_seed(1)),
        header(rewritten, gdpo),
    ):
        assert other != header(problems, gdpo)


def test_pictures_go_along_and_are_kept_by_their_hash(problems: Problems) -> None:
    gdpo = find_protocol("gdpo")

    def pictured(*data: bytes) -> Problems:
        row = {"id": "p", "problem": "Find x.", "images": list(data)}
        return replace(problems, rows=[*problems.rows, row])

    def header(problems: Problems) -> dict[str, Any]:
        return run_header(Named(), requests_of(problems, gdpo), problems, gdpo)  # type: ignore[arg-type]

    one, two = picture(1), picture(2)
    request = requests_of(pictured(one, two), gdpo)[3]
    assert request.problem == "p"
    assert [found.data for found in request.pictures.values()] == [one, two]
    assert "base64" not in json.dumps(request.prompt)
    headers = [header(found) for found in (pictured(one, two), pictured(two, one), pictured(one), problems)]
    assert len({json.dumps(found) for found in headers}) == 4
    assert ["pictures" in found for found in headers] == [True, True, True, False]
    with pytest.raises(UsageError, match="the protocol 'drgrpo_r1' is raw: pictures go into messages only"):
        requests_of(pictured(one), find_protocol("drgrpo_r1"))
    with pytest.raises(DataError, match=r", p: picture 2 is neither PNG nor JPEG"):
        requests_of(pictured(one, b"\x89PNG"), gdpo)


def test_samples_come_in_the_order_of_problems(problems: Problems) -> None:
    ids = [row["id"] for row in problems.rows]
    found = outputs_of([sample(ids[2], 1), sample(ids[0], 1), sample(ids[2], 0)], problems, 2)
    assert [(row.problem, row.index) for row in found.rows] == [(ids[0], 1), (ids[2], 0), (ids[2], 1)]
    assert (found.asked, found.null, found.rows[0].completion_tokens, found.rows[0].seed) == (2, 0, 5, 7)
    with pytest.raises(DataError, match="no request got a completion"):
        outputs_of([], problems, 2)
