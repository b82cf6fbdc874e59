from __future__ import annotations

import asyncio
import json
import os
import pty
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from jeoul.errors import JeoulError, UsageError
from jeoul.evals.generation import (
    Generated,
    SampleStore,
    Sampling,
    generate,
    header_of,
    open_backend,
    read_samples,
    requests_for,
    requests_hash,
)

KEY = "sk-a-secret-0123456789"
SAMPLING = Sampling(temperature=1.0, top_p=0.9, max_tokens=5, n=4, seed=7)
PROMPTS = {f"p{number}": f"{number} = " for number in range(20)}
SCRIPT = """
import sys
from jeoul.evals.generation import Sampling, SampleStore, generate, header_of, open_backend, requests_for
url, folder, shown = sys.argv[1:]
sampling = Sampling(temperature=1.0, top_p=0.9, max_tokens=5, n=4, seed=7)
requests = requests_for({f"p{number}": f"{number} = " for number in range(20)}, sampling.n, sampling.seed)
backend = open_backend("openai", "tiny", base_url=url, concurrency=4, first_wait=0.01)
with SampleStore(folder, header_of(backend, requests, sampling, suite="s")) as store:
    done = generate(backend, requests, sampling, store, progress=bool(shown))
    print(done.kept, done.new, len(done.missing))
"""


def opened(server: Any, **options: Any) -> Any:
    return open_backend("openai", "tiny", base_url=server.url, **{"concurrency": 4, "first_wait": 0.01} | options)


def run(server: Any, folder: Path, sampling: Sampling = SAMPLING, prompts: Any = PROMPTS, **options: Any) -> Generated:
    backend, requests = opened(server, **options), requests_for(prompts, sampling.n, sampling.seed)
    with SampleStore(folder, header_of(backend, requests, sampling, suite="s")) as store:
        return generate(backend, requests, sampling, store)


def told(folder: Path) -> dict[tuple[str, int], Any]:
    samples = list(read_samples(folder))
    found = {one.key: (one.seed, one.prompt, one.completion, one.finish_reason) for one in samples}
    assert len(found) == len(samples)
    return found


def test_a_run_and_its_second_time(server: Any, tmp_path: Path) -> None:
    done = run(server, tmp_path)
    assert (done.total, done.kept, done.new, done.missing) == (80, 0, 80, ())
    assert done.completion_tokens == sum(one.completion_tokens or 0 for one in read_samples(tmp_path))
    assert {*told(tmp_path)} == {(name, index) for name in PROMPTS for index in range(4)}
    server.forget()
    again = run(server, tmp_path)
    assert (again.total, again.kept, again.new) == (80, 80, 0)
    assert server.bodies == []


def test_kill_at_any_moment(server: Any, tmp_path: Path) -> None:
    """kill -9 at 20 moments: at the start, between samples, in a request; then the run ends as if nothing had been."""
    run(server, tmp_path / "whole")
    whole = told(tmp_path / "whole")
    chance, folder = random.Random(5), tmp_path / "killed"
    path = folder / "samples.jsonl"
    kills, command = 0, [sys.executable, "-c", SCRIPT, server.url, str(folder), ""]
    while kills < 20:
        server.forget()
        kept = {one.seed for one in read_samples(folder)} if path.exists() else set()
        size = path.stat().st_size if path.exists() else 0
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if kills % 4:  # after its first sample; else while it starts
            while process.poll() is None and not (path.exists() and path.stat().st_size > size):
                time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.02 if kills % 4 else 0.4))
        process.kill()
        process.communicate()
        server.settle()
        kills += process.returncode == -signal.SIGKILL
        assert not kept & {body["seed"] for body in server.bodies}  # what is there is not asked for again
        if process.returncode == 0:
            break
    assert kills >= 10
    server.forget()
    left = len(whole) - len(told(folder))
    last = subprocess.run(command, capture_output=True, text=True, check=True)
    assert last.stdout == f"{80 - left} {left} 0\n"
    assert last.stderr == ""  # no terminal: no progress
    assert told(folder) == whole
    assert len(server.bodies) == left


def test_what_failed_is_owed(server: Any, tmp_path: Path) -> None:
    server.fault = lambda number, body: "400" if body["prompt"] == "3 = " else ""
    done = run(server, tmp_path)
    assert (done.new, len(done.missing)) == (76, 4)
    assert {(failure.problem, failure.index) for failure in done.missing} == {("p3", index) for index in range(4)}
    assert {failure.reason for failure in done.missing} == {"status 400: no: no key"}
    server.forget()
    server.fault = lambda number, body: ""
    done = run(server, tmp_path)
    assert (done.kept, done.new, done.missing) == (76, 4, ())
    assert {body["prompt"] for body in server.bodies} == {"3 = "}


def test_twenty_in_a_row_are_enough(server: Any, tmp_path: Path) -> None:
    server.fault = lambda number, body: "500" if number >= 10 else ""
    with pytest.raises(JeoulError, match=r"20 requests in a row got no completion; the last one: status 500") as caught:
        run(server, tmp_path, tries=1, concurrency=1)
    assert f"10 of 80 samples are kept in {tmp_path}" in str(caught.value)
    assert 25 <= len(server.bodies) <= 31  # one that met a connection just closed was not heard
    server.fault = lambda number, body: ""
    assert run(server, tmp_path).kept == 10


def test_a_hopeless_end_keeps_what_there_is(server: Any, tmp_path: Path) -> None:
    server.fault = lambda number, body: "401" if number == 12 else ""
    with pytest.raises(UsageError, match="refused the key"):
        run(server, tmp_path)
    assert 8 <= len(told(tmp_path)) < 80
    server.fault = lambda number, body: ""
    assert run(server, tmp_path).missing == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sampling": Sampling(0.5, 0.9, 5, 4, seed=7)}, "sampling.temperature is 1.0 there and 0.5 here"),
        ({"prompts": PROMPTS | {"p3": "other"}}, "requests.sha256 is"),
        ({"extra": {"top_k": 1}}, "model.extra.top_k is null there and 1 here"),
    ],
)
def test_another_run_is_refused(server: Any, tmp_path: Path, change: Any, said: str) -> None:
    run(server, tmp_path)
    with pytest.raises(UsageError, match=re.escape(said)):
        run(server, tmp_path, **change)


def test_no_key_in_any_file(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.fault = lambda number, body: ("echo", "400", "")[number % 3]
    run(server, tmp_path)
    assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {KEY}"}
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 2
    for path in files:
        assert KEY.encode() not in path.read_bytes()


def test_works_inside_an_event_loop(server: Any, tmp_path: Path) -> None:
    async def notebook() -> Generated:
        return run(server, tmp_path)

    assert asyncio.run(notebook()).new == 80

    async def refused() -> None:
        server.fault = lambda number, body: "401"
        run(server, tmp_path / "other")

    with pytest.raises(UsageError, match="refused the key"):
        asyncio.run(refused())


def test_the_same_request_twice(server: Any, tmp_path: Path) -> None:
    requests = requests_for({"p": "x"}, 1, 0) * 2
    with SampleStore(tmp_path, {}) as store, pytest.raises(UsageError, match="same problem and index"):
        generate(opened(server), requests, SAMPLING, store)


def test_hash_does_not_depend_on_order() -> None:
    requests = requests_for(PROMPTS, 3, 0)
    assert requests_hash(requests) == requests_hash(random.Random(0).sample(requests, len(requests)))
    assert requests_hash(requests) != requests_hash(requests[1:])


def test_progress_on_a_terminal(server: Any, tmp_path: Path) -> None:
    run(server, tmp_path / "kept")
    lines = (tmp_path / "kept" / "samples.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "kept" / "samples.jsonl").write_text("".join(lines[:20]))
    server.delay = 0.05
    terminal, side = pty.openpty()
    command = [sys.executable, "-c", SCRIPT, server.url, str(tmp_path / "kept"), "shown"]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "120"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=side, text=True, env=environment)
    os.close(side)
    shown = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux says so at the end
            break
        if not part:
            break
        shown += part
    os.close(terminal)
    assert process.communicate()[0] == "20 60 0\n"
    assert re.search(rb"\d\.\d\d samples/s, \d+ tokens/s", shown)
    assert re.search(rb"[2-7]\d/80", shown)
    assert b"0:00:0" in shown  # time left


def test_a_transformers_run_resumes(model: Path, tmp_path: Path) -> None:
    backend = open_backend("transformers", str(model), dtype="float32", device="cpu", batch_size=8)
    requests = requests_for(PROMPTS, SAMPLING.n, SAMPLING.seed)
    header = header_of(backend, requests, SAMPLING)
    with SampleStore(tmp_path, header) as store:
        generate(backend, requests, SAMPLING, store)
    whole = told(tmp_path)
    path = tmp_path / "samples.jsonl"
    path.write_bytes(path.read_bytes()[:5000])
    with SampleStore(tmp_path, header) as store:
        done = generate(backend, requests, SAMPLING, store)
    assert (done.kept > 5, done.new + done.kept) == (True, 80)
    assert told(tmp_path) == whole


def test_imports_nothing_heavy() -> None:
    heavy = {"torch", "pandas", "numpy", "transformers", "httpx2", "rich", "vllm"}
    code = f"import sys, jeoul.evals.generation; print({heavy} & {{*sys.modules}} or 'none')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "none\n"


def test_header_is_json(server: Any) -> None:
    requests = requests_for(PROMPTS, 4, 7)
    header = header_of(opened(server), requests, SAMPLING, suite={"name": "s"})
    assert json.loads(json.dumps(header)) == header
    assert {*header} == {"suite", "model", "sampling", "requests"}


def test_an_interrupt_ends_at_once_and_keeps_what_there_is(server: Any, tmp_path: Path) -> None:
    server.delay = 0.1
    command = [sys.executable, "-c", SCRIPT, server.url, str(tmp_path), ""]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    path = tmp_path / "samples.jsonl"
    while process.poll() is None and not (path.exists() and path.stat().st_size):
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, said = process.communicate()
    assert time.monotonic() - began < 5
    assert said.strip().splitlines()[-1] == "KeyboardInterrupt"
    assert "Task" not in said  # nothing is left behind in the event loop
    server.settle()
    kept = len(told(tmp_path))
    assert 0 < kept < 80
    server.delay = 0.0
    assert run(server, tmp_path).kept == kept
