"""``jeoul dashboard RUN…``."""

from __future__ import annotations

import importlib.util
import os
import socket
import sys
from pathlib import Path

from jeoul.cli.output import note

__all__ = ["command_of", "run"]


def run(*runs: Path, port: int = 8501, host: str = "127.0.0.1", browser: bool = True) -> None:
    """Watch evaluations and training runs while they go on, in the browser; Ctrl-C ends it.

    Parameters
    ----------
    runs
        Folders of evaluations (also unfinished ones), JSON lines of training metrics with a step, TRL's
        trainer_state.json, or folders with any of these in them. Default: runs.
    port
        Where it listens.
    host
        Who may open it: 127.0.0.1 is this machine alone. Anyone who can open it can read the runs.
    browser
        Open a browser.
    """
    from jeoul.dashboard.sources import find_sources
    from jeoul.errors import UsageError

    if importlib.util.find_spec("streamlit") is None:
        raise UsageError('the dashboard needs its extra: pip install "jeoul[dashboard]"')
    paths = runs or (Path("runs"),)
    found = find_sources(paths)
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except (OSError, OverflowError) as error:
        raise UsageError(f"nothing can listen at {host}:{port} ({error}); another port: --port {port + 1}") from None
    note(f"{len(found)} to watch: http://{host}:{port} (Ctrl-C ends it)")
    command = command_of(paths, port, host, browser)
    os.execv(command[0], command)  # in place of this process: what ends the one ends the other


def command_of(paths: tuple[Path, ...], port: int, host: str, browser: bool) -> list[str]:
    """Streamlit's command: on this machine alone by default, without telemetry, watching no source file."""
    import jeoul.dashboard

    app = Path(jeoul.dashboard.__file__).with_name("app.py")
    options = {
        "server.address": host,
        "server.port": port,
        "server.headless": str(not browser).lower(),
        "server.fileWatcherType": "none",
        "server.runOnSave": "false",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "theme.light.primaryColor": "#2a6592",
        "theme.dark.primaryColor": "#7fb6de",
    }
    told = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-P", "-m", "streamlit", "run", str(app), *told, "--", *map(str, paths)]
