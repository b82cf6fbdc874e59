from __future__ import annotations

import contextlib
import json
import time
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.endpoints.replies import Completion, Refused, Retry, check, completion_of
from jeoul.errors import UsageError

ASKED = SimpleNamespace(model="m", base_url="http://host/v1", key_variable="THE_KEY")
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "message", "content", "text", "error", "code", "usage", "finish_reason"]), inner
        )
    ),
)


def test_a_chat() -> None:
    message = {"role": "assistant", "content": "4", "reasoning_content": "2+2"}
    usage = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
    reply = json.dumps({"choices": [{"message": message, "finish_reason": "length"}], "usage": usage})
    assert completion_of(reply, chat=True) == Completion("4", "length", 7, 2, "2+2")


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"message": {"content": None}, "finish_reason": "content_filter"}, ("", "content_filter")),
        ({"message": {"content": ""}}, ("", "unknown")),
        ({"message": {"content": "\ud800"}, "finish_reason": 3}, ("\ud800", "unknown")),
    ],
)
def test_odd_chats(choice: Any, expected: tuple[str, str]) -> None:
    found = completion_of(json.dumps({"choices": [choice], "usage": None}), chat=True)
    assert (found.text, found.finish_reason) == expected
    assert found.completion_tokens is None


@pytest.mark.parametrize("count", [-1, True, "3", 2.5, None])
def test_odd_counts_are_not_known(count: Any) -> None:
    reply = {"choices": [{"text": "x"}], "usage": {"completion_tokens": count}}
    assert completion_of(json.dumps(reply), chat=False).completion_tokens is None


@given(values, st.booleans())
def test_any_json_is_a_completion_or_no_completion(value: Any, chat: bool) -> None:
    with contextlib.suppress(Retry):
        assert isinstance(completion_of(json.dumps(value), chat).text, str)


@given(values | st.text().map(lambda text: [text]), st.integers(300, 599))
def test_any_error_is_one_of_three(value: Any, status: int) -> None:
    with pytest.raises((Retry, Refused, UsageError)) as caught:
        check(status, json.dumps(value), None, ASKED)
    assert len(str(caught.value)) < 600


def test_hostile_replies_are_read_in_linear_time() -> None:
    start = time.perf_counter()
    for text in ("[" * 1_000_000, "{" * 10_000_000, "sk-" * 3_000_000, " " * 10_000_000, '"' + "a" * 10_000_000):
        with pytest.raises(Retry):
            completion_of(text, chat=True)
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (429, Retry, "status 429: slow down"),
        (500, Retry, "status 500"),
        (408, Retry, "status 408"),
        (400, Refused, "status 400: slow down"),
        (422, Refused, "status 422"),
        (401, UsageError, "refused the key (status 401); put a valid one into the environment variable THE_KEY"),
        (403, UsageError, "refused the key"),
        (404, UsageError, "no model 'm' (status 404)"),
        (302, UsageError, "redirection (status 302)"),
    ],
)
def test_statuses(status: int, error: type[Exception], said: str) -> None:
    with pytest.raises(error) as caught:
        check(status, json.dumps({"error": {"message": "slow down"}}), 3.0, ASKED)
    assert said in str(caught.value)
    if isinstance(caught.value, Retry):
        assert caught.value.after == 3


def test_keys_in_errors_are_hidden() -> None:
    said = "Incorrect API key provided: sk-proj-abc***xyz0. See hf_abcdefgh1234"
    with pytest.raises(Refused) as caught:
        check(400, json.dumps({"error": {"message": said}}), None, ASKED)
    assert str(caught.value) == "status 400: Incorrect API key provided: *** See ***"
