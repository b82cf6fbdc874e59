from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.errors import UsageError
from jeoul.evals.generation import Sample, requests_for, seed_of

GOOD = {
    "problem": "a", "index": 0, "seed": 1, "prompt": "p", "completion": "c", "finish_reason": "stop",
    "prompt_tokens": 1, "completion_tokens": None, "seconds": 0.5,
}  # fmt: skip
SEEDS = [2040724243, 400192708, 907144821]


@given(st.integers(0, 2**63), st.text(st.characters(codec=None)), st.integers(0, 10**6))
def test_repeats_never_share_a_seed(seed: int, problem: str, start: int) -> None:
    seeds = [seed_of(seed, problem, start + index) for index in range(300)]
    assert len({*seeds}) == 300
    assert all(0 <= one < 2**31 for one in seeds)


def test_seeds_do_not_change() -> None:
    """Saved runs are extended by the same seeds for ever."""
    assert [seed_of(0, "aime24/1", index) for index in range(3)] == SEEDS


def test_problems_and_runs_have_other_seeds() -> None:
    seeds = [seed_of(run, f"p{problem}", 0) for run in range(20) for problem in range(200)]
    assert len({*seeds}) >= len(seeds) - 2  # 4,000 of 2³¹: a collision is one chance in 270


def test_requests() -> None:
    requests = requests_for({"a": "x", "b": [{"role": "user", "content": "y"}]}, n=3, seed=5)
    assert [request.key for request in requests] == [(name, index) for index in range(3) for name in "ab"]
    assert all(request.seed == seed_of(5, *request.key) for request in requests)


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([("a", "x"), ("a", "y")], "two problems have the name 'a'"),
        ([("", "x")], "a problem's name is ''"),
        ([(3, "x")], "a problem's name is 3"),
        ([("a", None)], "the prompt of 'a' is a NoneType"),
        ([("a", ["x"])], "the prompt of 'a' is a list"),
    ],
)
def test_refuses(pairs: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        requests_for(pairs, 1, 0)


@given(st.text(st.characters(codec=None)), st.text(st.characters(codec=None)))
def test_goes_to_and_from_json(text: str, reasoning: str) -> None:
    sample = Sample.from_dict(GOOD | {"completion": text, "reasoning": reasoning})
    line = json.dumps(sample.to_dict())
    assert "\n" not in line
    assert Sample.from_dict(json.loads(line)) == sample


@pytest.mark.parametrize("name", list(GOOD))
def test_names_the_wrong_field(name: str) -> None:
    with pytest.raises(ValueError, match=f"has no '{name}'"):
        Sample.from_dict({key: value for key, value in GOOD.items() if key != name})
    with pytest.raises(ValueError, match=f"has a '{name}' that is dict"):
        Sample.from_dict(GOOD | {name: {}})
