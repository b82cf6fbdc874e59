"""``jeoul eval --model`` as a process: through Transformers and a real local server, killed and resumed."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package: helpers are found beside them
sys.path.insert(0, str(Path(__file__).parents[1] / "evals/generation"))

from eval_process import started
from local_server import serving
from tiny_lm import make_model

from jeoul.cli import app
from jeoul.errors import DataError, UsageError

TOTAL = 148  # 74 problems, two samples each
PROTOCOL = '[sampling]\ntemperature = 1.0\ntop_p = 0.9\nn = 2\nmax_tokens = 4\nseed = 3\n[prompt]\nuser = "{problem}"\n'
JSON = ("run.json", "summary.json")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    torch.set_num_threads(1)
    return make_model(tmp_path_factory.mktemp("models") / "tiny", context=1024)


@pytest.fixture(scope="module")
def shared_server(model: Path) -> Iterator[Any]:
    with serving(model) as server:
        yield server


@pytest.fixture
def server(shared_server: Any) -> Any:
    shared_server.forget()
    shared_server.delay, shared_server.fault = 0.0, lambda number, body: ""
    return shared_server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "short.toml").write_text(PROTOCOL)
    return tmp_path


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from jeoul.cli import main; main()", "eval", *arguments]


def run_eval(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    around = {**os.environ, "NO_COLOR": "1", "PYTHONUTF8": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.run(command(*arguments), cwd=cwd, capture_output=True, text=True, timeout=240, env=around)


def here(*arguments: str) -> None:
    """In this process: quick, and errors as they are raised."""
    with contextlib.suppress(SystemExit):
        app(["eval", *arguments], exit_on_error=False)


def at(server: Any, *more: str, model: str = "tiny") -> tuple[str, ...]:
    return ("sample@short.toml", "--model", model, "--base-url", server.url, "--concurrency", "4", "--workers", "0", *more)  # fmt: skip


def samples(folder: Path) -> dict[tuple[str, int], dict[str, Any]]:
    """The whole lines of samples.jsonl, without how long each took."""
    path = folder / "samples.jsonl"
    lines = path.read_text().split("\n")[:-1] if path.exists() else []
    rows = [{name: value for name, value in json.loads(line).items() if name != "seconds"} for line in lines]
    found = {(row["problem"], row["index"]): row for row in rows}
    assert len(found) == len(rows)
    return found


def test_through_transformers_and_again(model: Path, folder: Path) -> None:
    arguments = ("sample@short.toml", "--model", str(model), "--dtype", "float32", "--batch-size", "32")
    done = run_eval(*arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "sample@short: 74 of 74 problems, 148 samples of 148, 0 missing" in done.stdout
    assert "generated 148 samples in " in done.stderr
    assert " samples/s, " in done.stderr
    run = folder / "runs/sample@short/tiny"
    assert f"wrote {run.relative_to(folder)}" in done.stderr
    about = json.loads((run / "run.json").read_text())
    assert about["generated"]["model"]["backend"] == "transformers"
    assert about["generated"]["sampling"]["seed"] == 3
    assert len(about["generated"]["model"]["weights"]) == 64
    table = pq.read_table(run / "table.parquet")
    assert table.num_rows == len(samples(run)) == TOTAL
    told = {(row["id"], row["sample"]): row["completion"] for row in table.to_pylist()}
    assert told == {key: row["completion"] for key, row in samples(run).items()}
    written = {path.name: path.read_bytes() for path in run.iterdir()}
    again = run_eval(*arguments, "--json", "--workers", "0", cwd=folder)
    assert again.returncode == 0, again.stderr
    assert "going on with 148 samples" in again.stderr
    assert "generated" not in again.stderr
    assert json.loads(again.stdout)["samples"] == TOTAL
    assert {path.name: path.read_bytes() for path in run.iterdir()} == written


def test_through_a_server_as_through_transformers(server: Any, model: Path, folder: Path) -> None:
    done = run_eval(*at(server), "--limit", "5", "-o", "served", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert len(server.bodies) == 10
    options = ("--dtype", "float32", "--workers", "0", "--limit", "5", "-o", "local")
    assert run_eval("sample@short.toml", "--model", str(model), *options, cwd=folder).returncode == 0
    assert samples(folder / "served") == samples(folder / "local")
    again = run_eval("sample", "--outputs", "served", "-o", "again", "--workers", "0", cwd=folder)
    assert again.returncode == 0, again.stderr
    assert "were generated under short, not under given: write SUITE@short" in again.stderr
    generated = [json.loads((folder / name / "run.json").read_text())["generated"] for name in ("again", "served")]
    assert generated[0] == generated[1]
    whole, part = (json.loads((folder / name / "run.json").read_text())["data"] for name in ("served", "local"))
    assert whole == part
    assert whole["problems"] == 5


def test_another_run_in_the_same_folder_is_refused_by_name(
    server: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    here(*at(server), "--limit", "2", "-o", "run")
    server.forget()
    for change, said in (
        (("--max-tokens", "9"), "sampling.max_tokens is 4 there and 9 here"),
        (("--seed", "4"), "sampling.seed is 3 there and 4 here"),
        (("--samples", "3"), "sampling.n is 2 there and 3 here"),
        (("--extra", '{"top_k": 1}'), "model.extra.top_k is null there and 1 here"),
    ):
        with pytest.raises(UsageError, match=said):
            here(*at(server), "--limit", "2", "-o", "run", *change)
    with pytest.raises(UsageError, match=r'model\.model is "tiny" there and "other" here'):
        here(*at(server, model="other"), "--limit", "2", "-o", "run")
    (folder / "short.toml").write_text(PROTOCOL.replace('"{problem}"', '"{problem}!"'))
    with pytest.raises(UsageError, match=r'protocol\.user is "\{problem\}" there'):
        here(*at(server), "--limit", "2", "-o", "run")
    assert server.bodies == []
    assert len(samples(folder / "run")) == 4
    here(*at(server), "--limit", "2", "-o", "run", "--restart")
    assert len(server.bodies) == 4


def test_kill_at_any_moment(server: Any, folder: Path) -> None:
    """kill -9 at 20 moments: at the start, between samples, while grading and writing; then all is as if never."""
    assert run_eval(*at(server), "-o", "whole", cwd=folder).returncode == 0
    chance, run, kills = random.Random(5), folder / "killed", 0
    server.delay = 0.004
    while kills < 20:
        server.forget()
        before = samples(run)
        process = started(["eval", *at(server), "-o", "killed"], folder)
        if kills % 5 == 0:
            time.sleep(chance.uniform(0, 0.5))
        else:  # after some more samples; where there are none to come, while answers are graded
            wanted = min(TOTAL, len(before) + chance.randrange(1, 14))
            while process.exitcode is None and len(samples(run)) < wanted:
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.4 if wanted == TOTAL else 0.01))
        process.kill()
        process.join()
        server.settle()
        kills += process.exitcode == -signal.SIGKILL
        asked = [body["seed"] for body in server.bodies]
        assert len(set(asked)) == len(asked)
        assert not {row["seed"] for row in before.values()} & set(asked)  # what is there is not asked for again
        assert before.items() <= samples(run).items()  # and stays
        if process.exitcode == 0:
            break
    assert kills >= 10
    server.forget()
    left = TOTAL - len(samples(run))
    assert run_eval(*at(server), "-o", "killed", cwd=folder).returncode == 0
    assert len(server.bodies) == left
    assert samples(run) == samples(folder / "whole")
    assert pq.read_table(run / "table.parquet").equals(
        pq.read_table(folder / "whole/table.parquet"), check_metadata=True
    )
    for name in JSON:
        assert (run / name).read_bytes() == (folder / "whole" / name).read_bytes()
    assert {path.name for path in run.iterdir()} == {path.name for path in (folder / "whole").iterdir()}


def test_what_got_no_completion_is_missing_not_wrong(server: Any, folder: Path) -> None:
    server.fault = lambda number, body: "400" if "7" in body["messages"][0]["content"] else ""
    done = run_eval(*at(server), "--limit", "20", "-o", "run", "--json", cwd=folder)
    told, failed = json.loads(done.stdout), server.faults["400"]
    assert 0 < failed < 20
    assert (done.returncode, told["missing"], told["samples"]) == (0, failed, 40 - failed)
    assert f"{failed} requests got no completion: status 400: no: no key; the same command asks for them again" in done.stderr  # fmt: skip
    server.forget()
    server.fault = lambda number, body: ""
    again = run_eval(*at(server), "--limit", "20", "-o", "run", "--json", cwd=folder)
    assert json.loads(again.stdout)["missing"] == 0
    assert len(server.bodies) == failed


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (("sample", "--model", "tiny"), UsageError, "'given' does not say how completions are drawn; write SUITE@PROTOCOL with one of drgrpo"),
        (("sample@greedy", "--model", "m", "--outputs", "x"), UsageError, "from --model or from --outputs, not from both"),
        (("sample@greedy", "--model", "m", "--backend", "openai"), UsageError, "needs --base-url"),
        (("sample@greedy", "--model", "m", "--backend", "vlm"), UsageError, "did you mean 'vllm'?"),
        (("sample@greedy", "--model", "m", "--concurrency", "3"), UsageError, "'transformers' has no option 'concurrency'"),
        (("sample@greedy", "--model", "m", "--template", "[1]"), UsageError, "--template is '[1]'; it is a JSON object"),
        (("sample@greedy", "--model", "m", "--id", "x"), UsageError, "--id tells of saved completions"),
        (("sample@greedy", "--model", "/nowhere/m"), UsageError, "the model '/nowhere/m' cannot be loaded"),
        (("sample@greedy", "--model", "m", "--limit", "0"), UsageError, "limit is 0; expected 1 or more"),
        (("sample", "--outputs", "short.toml", "--device", "cpu"), UsageError, "options of a model go with --model"),
        (("sample@greedy", "--model", "m", "--base-url", "http://127.0.0.1:9/v1", "-o", "."), UsageError, "not empty and holds no finished run"),
        (("given.toml", "--model", "m"), DataError, "there is no suite given.toml"),
    ],
)  # fmt: skip
def test_mistakes(
    arguments: tuple[str, ...], error: type[Exception], said: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(error, match=re.escape(said)):
        here(*arguments)
    assert {path.name for path in folder.iterdir()} == {"short.toml"}
