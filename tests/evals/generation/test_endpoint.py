from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from jeoul.errors import UsageError
from jeoul.evals.generation import Failure, Request, Sample, Sampling, open_backend, requests_for

KEY = "sk-a-secret-0123456789"
SAMPLING = Sampling(temperature=1.0, top_p=0.9, max_tokens=8, n=4, stop=("e",), seed=2)
TEXTS = {f"p{number}": f"{number} + {number} = " for number in range(6)}
CHATS: dict[str, Any] = {name: [{"role": "user", "content": text}] for name, text in TEXTS.items()}


def opened(server: Any, **options: Any) -> Any:
    quick = {"base_url": server.url, "first_wait": 0.01, "longest_wait": 0.3, "timeout": 30.0}
    return open_backend("openai", "tiny", **quick | options)


def results(backend: Any, requests: Sequence[Request], sampling: Sampling = SAMPLING) -> dict[tuple[str, int], Any]:
    async def collect() -> dict[tuple[str, int], Any]:
        found = [result async for result in backend.generate(requests, sampling)]
        assert len(found) == len({result.key for result in found}) == len(requests)
        return {result.key: result for result in found}

    return asyncio.run(collect())


def told(found: dict[tuple[str, int], Any]) -> dict[tuple[str, int], Any]:
    return {
        key: (one.completion, one.finish_reason, one.prompt_tokens, one.completion_tokens, one.seed)
        for key, one in found.items()
    }


@pytest.mark.parametrize("prompts", [TEXTS, CHATS])
def test_is_what_the_model_writes(server: Any, model: Path, prompts: Any) -> None:
    requests = requests_for(prompts, 4, seed=2)
    here = open_backend("transformers", str(model), dtype="float32", device="cpu")
    assert told(results(opened(server), requests)) == told(results(here, requests))
    path = "/v1/completions" if prompts is TEXTS else "/v1/chat/completions"
    assert {*server.paths} == {path}


def test_what_is_sent(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_KEY", KEY)
    requests = requests_for(TEXTS, 4, seed=2)
    results(opened(server, key_variable="THE_KEY", extra={"top_k": -1}), requests)
    assert sorted(body["seed"] for body in server.bodies) == sorted(request.seed for request in requests)
    assert len({body["seed"] for body in server.bodies}) == 24
    body = next(body for body in server.bodies if body["seed"] == requests[0].seed)
    assert body == {
        "model": "tiny", "prompt": requests[0].prompt, "temperature": 1.0, "top_p": 0.9, "max_tokens": 8, "n": 1,
        "seed": requests[0].seed, "stop": ["e"], "top_k": -1,
    }  # fmt: skip
    assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {KEY}"}


def test_no_key_no_header(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    results(opened(server), requests_for(TEXTS, 1, 0))
    assert not any("Authorization" in headers for headers in server.headers)


@pytest.mark.parametrize("fault", ["429", "500", "503", "slow", "drip", "drop", "half", "page", "deep"])
def test_every_passing_fault_is_tried_again(server: Any, fault: str) -> None:
    requests = requests_for(TEXTS, 1, seed=2)
    expected = told(results(opened(server), requests))
    server.forget()
    server.fault = lambda number, body: fault if number in (0, 3, 5) else ""
    began = time.monotonic()
    backend = opened(server, timeout=1.2 if fault in ("slow", "drip") else 30.0, tries=20)
    assert told(results(backend, requests)) == expected
    assert len(server.bodies) >= len(requests) + 3  # a busy machine may time out more
    assert server.faults[fault] == 3
    assert time.monotonic() - began < 30


def test_all_faults_at_once(server: Any) -> None:
    """Each request fails in another way at its first tries, and each gets its completion exactly once."""
    requests = requests_for(TEXTS, 4, seed=2)
    expected = told(results(opened(server), requests))
    server.forget()
    kinds, tries = ["429", "500", "drop", "half", "page", "slow"], dict[int, int]()

    def fault(number: int, body: dict[str, Any]) -> str:
        tries[body["seed"]] = count = tries.get(body["seed"], -1) + 1
        return kinds[(body["seed"] + count) % len(kinds)] if count < body["seed"] % 4 else ""

    server.fault = fault
    assert told(results(opened(server, timeout=1.2, concurrency=8, tries=20), requests)) == expected
    assert {*kinds} <= {*server.faults}
    assert server.most_under_way <= 8 + server.faults["slow"]  # a slow one is still there when it was given up


def test_gives_up_and_says_why(server: Any) -> None:
    server.fault = lambda number, body: "500" if "3 + 3" in body["prompt"] else ""
    found = results(opened(server, tries=3), requests_for(TEXTS, 1, 0))
    failure = found.pop(("p3", 0))
    assert isinstance(failure, Failure)
    assert failure.reason.startswith("status 500: no: ")
    assert failure.reason.endswith("(3 tries)")
    assert server.faults["500"] == 3
    assert all(isinstance(one, Sample) for one in found.values())


def test_a_refused_prompt_is_asked_once(server: Any) -> None:
    found = results(opened(server), requests_for({"good": "x", "long": "x" * 500}, 1, 0))
    assert found["long", 0] == Failure("long", 0, "status 400: the prompt has 500 tokens and the model reads 256")
    assert isinstance(found["good", 0], Sample)
    assert len(server.bodies) == 2


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("401", "refused the key (status 401); put a valid one into the environment variable OPENAI_API_KEY"),
        ("404", "has no such path or no model 'tiny' (status 404)"),
        ("insufficient_quota", "the quota is used up"),
        ("moved", "redirection (status 307)"),
    ],
)
def test_hopeless_is_said_at_once(server: Any, fault: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.fault = lambda number, body: fault
    with pytest.raises(UsageError) as caught:
        results(opened(server, concurrency=2), requests_for(TEXTS, 10, 0))
    assert said in str(caught.value)
    assert KEY not in str(caught.value)
    assert len(server.bodies) <= 4


def test_retry_after_holds_up_all_requests(server: Any) -> None:
    asked = {name: f"wait: {text}" for name, text in TEXTS.items()}

    def times() -> list[float]:
        """Of this test's requests: one that an earlier test gave up may still come in."""
        heard = zip(server.times, server.bodies, strict=False)
        return [at for at, body in heard if str(body.get("prompt")).startswith("wait: ")]

    server.fault = lambda number, body: "429" if len(times()) == 1 else ""
    results(opened(server, concurrency=1), requests_for(asked, 1, 0))
    assert times()[1] - times()[0] >= 0.19
    server.forget()
    results(opened(server, concurrency=1, longest_wait=0.05), requests_for(asked, 1, 0))
    assert times()[1] - times()[0] < 5  # no more than longest_wait, whatever the server asks


def test_concurrency_is_bounded_and_used(server: Any) -> None:
    server.delay = 0.02
    results(opened(server, concurrency=5), requests_for(TEXTS, 5, 0))
    assert 3 <= server.most_under_way <= 5


def test_requests_a_minute(server: Any) -> None:
    results(opened(server, requests_per_minute=1200, concurrency=32), requests_for(TEXTS, 4, 0))
    assert server.times[-1] - server.times[0] >= 23 * 0.05 - 0.06
    for start in server.times:
        assert sum(start <= at < start + 0.5 for at in server.times) <= 10 + 2


def test_tokens_a_minute(server: Any) -> None:
    """70 a second, and a tenth of a minute's worth at once.

    A request counts for a guess until its reply says what it used, so of those under way at the end only the smaller
    of the two is sure to have been waited for.
    """
    requests = requests_for(TEXTS, 8, 0)
    began = time.monotonic()
    found = results(opened(server, tokens_per_minute=4200, concurrency=32), requests)
    took = time.monotonic() - began
    guesses = {request.key: len(str(request.prompt)) / 4 + SAMPLING.max_tokens for request in requests}
    sure = sum(min(guesses[key], one.prompt_tokens + one.completion_tokens) for key, one in found.items())
    assert took >= (sure - 420) / 70 - 0.01
    assert sure > 420


def test_nobody_listens() -> None:
    backend = open_backend("openai", "m", base_url="http://127.0.0.1:9/v1", tries=2, first_wait=0.01)
    reason = results(backend, requests_for({"p": "x"}, 1, 0))["p", 0].reason
    assert reason == "http://127.0.0.1:9/v1 cannot be reached or broke off (ConnectError) (2 tries)"


def test_a_key_in_a_reply_is_hidden(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.fault = lambda number, body: "echo" if number % 2 else "400"
    found = results(opened(server, tries=1), requests_for(TEXTS, 2, 0))
    assert KEY not in repr(found)
    assert {type(one) for one in found.values()} == {Sample, Failure}


def test_a_placeholder_for_a_key_is_left_in_completions(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "EMPTY")
    server.fault = lambda number, body: "echo"
    assert results(opened(server), requests_for(CHATS, 1, 0))["p0", 0].completion == "your key: Bearer EMPTY"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"base_url": "localhost:8000"}, "it is an address such as"),
        ({"base_url": "ftp://host/v1"}, "it is an address such as"),
        ({"base_url": None}, "it is an address such as"),
        ({"base_url": f"http://me:{KEY}@host/v1"}, "base_url holds a user"),
        ({"base_url": f"http://host/v1?key={KEY}"}, "base_url holds a user"),
        ({"concurrency": 0}, "concurrency is 0; it is a number above 0"),
        ({"tries": "3"}, "tries is '3'"),
        ({"requests_per_minute": -1}, "requests_per_minute is -1"),
        ({"timeout": float("nan")}, "timeout is nan"),
        ({"extra": {"seed": 1}}, "extra holds 'seed'"),
        ({"api_key": KEY}, "has no option 'api_key'"),
    ],
)
def test_refuses(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_backend("openai", "m", **{"base_url": "http://host/v1"} | options)
    assert said in str(caught.value)
    assert KEY not in str(caught.value)


def test_a_broken_key_is_named_not_shown(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}\n{KEY}")
    with pytest.raises(UsageError, match="OPENAI_API_KEY holds what no API key holds") as caught:
        results(opened(server), requests_for(TEXTS, 1, 0))
    assert KEY not in str(caught.value)


def test_identity_has_no_key(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    backend = opened(server, base_url=f"{server.url}/chat/completions/", extra={"top_k": -1})
    identity = {"backend": "openai", "model": "tiny", "base_url": server.url, "extra": {"top_k": -1}}
    assert backend.identity() == identity
    assert KEY not in repr(vars(backend))


def test_what_is_under_way_ends_with_the_run(server: Any) -> None:
    async def first() -> int:
        stream = opened(server, concurrency=4).generate(requests_for(TEXTS, 4, 0), SAMPLING)
        await anext(stream)
        await stream.aclose()
        return len(asyncio.all_tasks())

    assert asyncio.run(first()) == 1
    assert len(server.bodies) <= 8
