"""The command line in a process of its own, forked from one that has imported it already: a start costs nothing."""

from __future__ import annotations

import multiprocessing
import os
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path

PRELOADED = [
    "eval_process",
    "httpx2",
    "pandas",
    "jeoul.cli.eval_model",
    "jeoul.evals.evaluation",
    "jeoul.evals.generation.endpoint",
    "jeoul.evals.model_run",
    "jeoul.rewards.math.correct",
    "jeoul.rewards.tables.file",
]


def main(arguments: list[str], folder: str) -> None:
    """``jeoul ARGUMENTS`` in a folder, its words thrown away."""
    from jeoul.cli import main as jeoul

    os.chdir(folder)
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    sys.argv = ["jeoul", *arguments]
    jeoul()


def started(arguments: list[str], folder: Path) -> BaseProcess:
    """The process; ``exitcode`` is None while it runs, and −9 once it was killed."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=main, args=(arguments, str(folder)))
    process.start()
    return process
