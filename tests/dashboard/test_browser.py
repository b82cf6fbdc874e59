"""``jeoul dashboard`` as a user runs it: a process, and its page in Chromium."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("streamlit", reason='the dashboard extra is absent: pip install "jeoul[dashboard]"')


@pytest.fixture(scope="module")
def watched(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("watched")
    shutil.copytree(run_folder, folder / "run")
    (folder / "training").mkdir()
    names = (
        "reward/correct/mean",
        "reward/correct/share",
        "ratio/min",
        "ratio/mean",
        "ratio/max",
        "clip/low",
        "moe/cv",
    )
    rows = [f'{{"step": {step}, ' + ", ".join(f'"{name}": 0.{step}' for name in names) + "}\n" for step in range(1, 5)]
    (folder / "training/metrics.jsonl").write_text("".join(rows))
    return folder


@pytest.fixture(scope="module")
def address(watched: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = [
        sys.executable,
        "-c",
        "from jeoul.cli import main; main()",
        "dashboard",
        str(watched),
        "--port",
        str(port),
        "--no-browser",
    ]
    process = subprocess.Popen(
        command, cwd=watched, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "HOME": str(watched)}
    )
    try:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, process.communicate()[0]
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.communicate()


def test_live_charts_and_samples_and_no_request_elsewhere(
    open_page: Callable[..., Any], address: str, watched: Path
) -> None:
    opened = open_page(address)
    page = opened.page
    page.get_by_text("training: step 4, 7 metrics").wait_for()
    for title in (
        "Reward columns",
        "Share of the advantage",
        "Importance ratio",
        "Clip fractions",
        "Balance of experts",
    ):
        page.get_by_role("heading", name=title).wait_for()
    page.locator("canvas, svg.marks").first.wait_for()
    with (watched / "training/metrics.jsonl").open("a") as file:
        file.write('{"step": 5, "reward/correct/mean": 0.875}\n{"st')
    page.get_by_text("training: step 5").wait_for()  # by itself
    page.get_by_role("tab", name="Evaluations").click()
    page.get_by_text("62.5%").first.wait_for()
    page.get_by_role("tab", name="Samples").click()
    search = page.get_by_placeholder("words of a completion or problem")
    search.fill("window.hacked")
    search.press("Enter")
    page.get_by_text("2 of 7 samples, 1 problems").wait_for()
    page.get_by_text("</script><script>window.hacked = 1</script><img").first.wait_for()
    assert page.evaluate("window.hacked") is None
    elsewhere = [url for url in opened.requests if urlsplit(url).hostname not in ("127.0.0.1", None)]
    assert elsewhere == []
    assert opened.errors == []
