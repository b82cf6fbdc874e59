"""``jeoul eval --model`` of a suite with pictures: what arrives at a server, what is kept, and what is refused."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "evals"))  # tests are no package: helpers are found beside them
sys.path.insert(0, str(Path(__file__).parents[1] / "evals/generation"))

from local_server import serving
from made_pictures import picture
from tiny_lm import make_model

from jeoul.cli import app
from jeoul.errors import DataError, JeoulError, UsageError

PROTOCOL = (
    '[sampling]\ntemperature = 1.0\ntop_p = 0.9\nn = 2\nmax_tokens = 4\nseed = 3\n[prompt]\nuser = "{problem} Think."\n'
)
SUITE = """
version = 1
[source]
path = "shapes.parquet"
[fields]
problem = "problem"
answer = "answer"
images = ["images", "image"]
[reward.correct]
use = "math_correct"
answer = "answer"
"""
ONE, TWO = picture(255), picture(0, "JPEG")


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    import torch

    torch.set_num_threads(1)
    with serving(make_model(tmp_path_factory.mktemp("models") / "tiny", context=256)) as server:
        yield server


@pytest.fixture
def server(shared_server: Any) -> Any:
    shared_server.forget()
    shared_server.delay, shared_server.fault = 0.0, lambda number, body: ""
    return shared_server


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "short.toml").write_text(PROTOCOL)
    (tmp_path / "shapes.toml").write_text(SUITE)
    write(tmp_path, [("<image>Find $x$.", [ONE]), ("Find x.", [TWO]), ("Is <image> or <image> red?", [ONE, TWO])])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, rows: list[tuple[str, list[bytes]]]) -> None:
    """As ``datasets`` writes a column of lists of images."""
    images = [[{"bytes": data, "path": "images/1.png"} for data in pictures] for _, pictures in rows]
    table = {"images": images, "problem": [text for text, _ in rows], "answer": ["4"] * len(rows)}
    pq.write_table(pa.table(table), folder / "shapes.parquet")


def here(*arguments: str) -> None:
    with contextlib.suppress(SystemExit):
        app(["eval", *arguments], exit_on_error=False)


def ask(server: Any, *more: str, suite: str = "shapes.toml@short.toml") -> None:
    here(suite, "--model", "tiny", "--base-url", server.url, "--workers", "0", "-o", "run", *more)


def samples(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "run/samples.jsonl").read_text().splitlines()]


def url(data: bytes, media: str) -> dict[str, Any]:
    address = f"data:image/{media};base64,{base64.b64encode(data).decode()}"
    return {"type": "image_url", "image_url": {"url": address}}


def test_what_arrives_and_what_is_kept(server: Any, folder: Path) -> None:
    ask(server)
    contents = [body["messages"][0]["content"] for body in server.bodies]
    assert len(contents) == 6
    first = [url(ONE, "png"), {"type": "text", "text": "Find $x$. Think."}]
    second = [url(TWO, "jpeg"), {"type": "text", "text": "Find x. Think."}]
    third = [
        {"type": "text", "text": "Is "}, url(ONE, "png"), {"type": "text", "text": " or "}, url(TWO, "jpeg"),
        {"type": "text", "text": " red? Think."},
    ]  # fmt: skip
    for wanted in (first, second, third):
        assert contents.count(wanted) == 2
    for path in (folder / "run").iterdir():
        raw = path.read_bytes()
        for data in (ONE, TWO):
            assert data not in raw
            assert base64.b64encode(data)[:40] not in raw, path
    assert {row["problem"] for row in samples(folder)} == {f"shapes-{number:04d}" for number in range(3)}
    kept = next(row for row in samples(folder) if row["problem"] == "shapes-0000")["prompt"][0]["content"]
    assert [part["type"] for part in kept] == ["image", "text"]
    assert len(kept[0]["sha256"]) == 64
    assert "shapes@short" in (folder / "run/report.html").read_text()
    table = pq.read_table(folder / "run/table.parquet")
    assert table.num_rows == 6
    server.forget()
    here("shapes.toml@short.toml", "--outputs", "run", "-o", "again", "--workers", "0")
    assert pq.read_table(folder / "again/table.parquet").num_rows == 6


def test_goes_on_with_the_same_pictures_only(server: Any, folder: Path) -> None:
    server.fault = lambda number, body: "400" if number % 2 else ""
    ask(server, "--concurrency", "1")
    assert len(samples(folder)) == 3
    server.forget()
    server.fault = lambda number, body: ""
    texts = ["<image>Find $x$.", "Find x.", "Is <image> or <image> red?"]
    for pictures in ([[ONE], [ONE], [ONE, TWO]], [[ONE], [TWO], [TWO, ONE]], [[picture(9)], [TWO], [ONE, TWO]]):
        write(folder, list(zip(texts, pictures, strict=True)))
        with pytest.raises(UsageError, match=r"another run: pictures\.sha256 is "):
            ask(server)
    assert server.bodies == []
    write(folder, list(zip(texts, [[ONE], [TWO], [ONE, TWO]], strict=True)))
    ask(server)
    assert len(server.bodies) == 3
    assert len(samples(folder)) == 6


def test_a_bad_picture_is_told_before_anything_is_asked(server: Any, folder: Path) -> None:
    for bad, said in (
        (ONE[:-9], "a damaged PNG"),
        (b"<svg>", "neither PNG nor JPEG"),
        (b"", "neither PNG nor JPEG: 0 bytes"),
    ):
        write(folder, [("a", [ONE]), ("b", [TWO, bad])])
        with pytest.raises(DataError, match=f"shapes.parquet, shapes-0001: picture 2 is {said}"):
            ask(server)
    write(folder, [("a", [ONE]), ("<image> <image>", [TWO])])
    with pytest.raises(DataError, match="shapes-0001: the prompt has 2 times <image>, and the problem 1 pictures"):
        ask(server)
    write(folder, [("a", [ONE]), ("<image>b", [])])
    with pytest.raises(DataError, match=r"1 problems with <image> \(shapes-0001, for one\) lack their pictures"):
        ask(server)
    write(folder, [("a", []), ("b", [])])
    with pytest.raises(DataError, match=r"all problems lack their pictures \(column images, image\); without them"):
        ask(server)
    assert server.bodies == []
    assert not (folder / "run").exists()


def test_some_problems_have_none(server: Any, folder: Path) -> None:
    write(folder, [("a", [ONE]), ("b", [])])
    ask(server)
    assert [body["messages"][0]["content"] for body in server.bodies].count("b Think.") == 2


def test_what_a_server_refuses_is_missing(server: Any, folder: Path) -> None:
    """A prompt beyond the model's context (the local server answers 400), and a body beyond a proxy's limit (413)."""
    write(folder, [("x" * 500, [ONE]), ("Find x.", [TWO]), ("large", [picture(1)])])
    server.fault = lambda number, body: "413" if "large" in json.dumps(body) else ""
    ask(server, "--json")
    assert {row["problem"] for row in samples(folder)} == {"shapes-0001"}
    assert json.loads((folder / "run/summary.json").read_text())["missing"] == 4
    assert len(server.bodies) == 6


def test_files_beside_the_data(server: Any, folder: Path) -> None:
    (folder / "one.png").write_bytes(ONE)
    rows = [{"problem": "a", "answer": "4", "image": "one.png"}, {"problem": "b", "answer": "4", "image": "../one.png"}]
    data = folder / "data.jsonl"
    data.write_text("\n".join(map(json.dumps, rows)))
    ask(server, "--data", "data.jsonl", "--limit", "1")
    assert server.bodies[0]["messages"][0]["content"][0] == url(ONE, "png")
    with pytest.raises(DataError, match="which is not in "):
        ask(server, "--data", "data.jsonl")


def test_from_the_hub_the_files_as_they_are(server: Any, folder: Path) -> None:
    """``load_dataset`` takes a folder where it takes a hub id; its pictures would be decoded, and encoded anew."""
    import datasets

    features = datasets.Features(
        {"images": datasets.List(datasets.Image()), "problem": datasets.Value("string"), "answer": datasets.Value("string")}
    )  # fmt: skip
    rows = {"images": [[{"bytes": TWO, "path": None}]], "problem": ["a"], "answer": ["4"]}
    os.mkdir("hub")
    datasets.Dataset.from_dict(rows, features=features).to_parquet("hub/test.parquet")
    (folder / "online.toml").write_text(
        SUITE.replace('path = "shapes.parquet"', f'hub = "{folder}/hub"\nsplit = "test"')
    )
    ask(server, suite="online.toml@short.toml")
    assert server.bodies[0]["messages"][0]["content"][0] == url(TWO, "jpeg")


@pytest.mark.parametrize("backend", ["transformers", "vllm"])
def test_backends_that_read_text_only_name_the_endpoint(backend: str, folder: Path) -> None:
    with pytest.raises(UsageError, match=f"backend '{backend}' does not show to models; serve the model .* --base-url"):
        here("shapes.toml@short.toml", "--model", "tiny", "--backend", backend, "-o", "run")
    assert not (folder / "run").exists()


def test_raw_prompts_hold_no_pictures(server: Any, folder: Path) -> None:
    (folder / "short.toml").write_text(PROTOCOL + "raw = true\n")
    with pytest.raises(UsageError, match="the protocol 'short' is raw: pictures go into messages only"):
        ask(server)


def test_a_run_in_which_nothing_succeeds_keeps_no_picture(server: Any, folder: Path) -> None:
    server.fault = lambda number, body: "413"
    with pytest.raises(JeoulError, match="no request got a completion"):
        ask(server)
    assert (folder / "run/samples.jsonl").read_bytes() == b""
