from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.errors import UsageError
from jeoul.evals.generation import Sampling


@given(
    st.builds(
        Sampling,
        temperature=st.floats(0.01, 10),
        top_p=st.floats(0.01, 1),
        max_tokens=st.integers(1, 10**6),
        n=st.integers(1, 99),
        stop=st.lists(st.text(min_size=1)).map(tuple),
        seed=st.integers(0, 2**63),
    )
)
def test_goes_to_and_from_plain_values(sampling: Sampling) -> None:
    assert Sampling.from_dict(json.loads(json.dumps(sampling.to_dict()))) == sampling
    assert pickle.loads(pickle.dumps(sampling)) == sampling
    assert len({sampling, Sampling.from_dict(sampling.to_dict())}) == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"temperature": -0.1}, "temperature is -0.1; it is at least 0"),
        ({"temperature": float("nan")}, "temperature is nan; it is a number"),
        ({"temperature": "0.6"}, "temperature is '0.6'; it is a number"),
        ({"top_p": 0}, "top_p is 0.0; it is above 0 and at most 1"),
        ({"top_p": 1.5}, "top_p is 1.5"),
        ({"max_tokens": 0}, "max_tokens is 0; it is a whole number of at least 1"),
        ({"max_tokens": 3.5}, "max_tokens is 3.5"),
        ({"n": True}, "n is True"),
        ({"seed": -1}, "seed is -1; it is a whole number of at least 0"),
        ({"n": 16}, "the same completion 16 times"),
        ({"stop": [""]}, "none of them empty"),
        ({"stop": 3}, "stop is 3"),
        ({"temprature": 1}, "did you mean 'temperature'"),
    ],
)
def test_refuses(values: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        Sampling.from_dict(values)
    assert said in str(caught.value)


def test_equal_settings_are_equal() -> None:
    assert Sampling(temperature=1, stop="x") == Sampling(temperature=1.0, stop=("x", "x"))  # type: ignore[arg-type]
    assert Sampling().greedy
    assert not Sampling(temperature=0.6, n=16).greedy
