from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jeoul.cli.dashboard import command_of, run
from jeoul.errors import DataError, UsageError


@pytest.fixture
def metrics(tmp_path: Path) -> Path:
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\n')
    return path


def test_it_listens_here_alone_and_tells_nobody(metrics: Path) -> None:
    command = command_of((metrics,), 8501, "127.0.0.1", browser=False)
    assert {"--server.address=127.0.0.1", "--browser.gatherUsageStats=false", "--server.headless=true"} <= set(command)
    assert command[-2:] == ["--", str(metrics)]
    assert Path(command[command.index("run") + 1]).is_file()


def test_without_the_extra_it_says_how_to_get_it(metrics: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec

    def found(name: str, *more: Any) -> Any:
        return None if name == "streamlit" else real(name, *more)

    monkeypatch.setattr(importlib.util, "find_spec", found)
    with pytest.raises(UsageError, match=r'pip install "jeoul\[dashboard\]"'):
        run(metrics)


def test_a_taken_port_is_said(metrics: Path) -> None:
    pytest.importorskip("streamlit")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"127.0.0.1:{port} .*another port: --port {port + 1}"):
            run(metrics, port=port)
    with pytest.raises(UsageError, match="nothing can listen"):
        run(metrics, host="not.a.host.invalid")


def test_nothing_to_watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("streamlit")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="there is no runs"):
        run()


def test_help_is_there_without_streamlit() -> None:
    program = "import sys; from jeoul.cli import main; sys.argv[1:] = ['dashboard', '--help']\ntry: main()\nfinally: assert 'streamlit' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert (done.returncode, "Watch evaluations" in done.stdout) == (0, True), done.stderr
