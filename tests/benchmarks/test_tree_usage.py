"""Memory and processor time of a tree of processes: what lives counts, and so does what has ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jeoul.benchmarks.tree_usage import seconds_used, tree_usage

SPIN = "import time\nwhile time.process_time() < 0.3: pass\n"


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="no PSS here")
def test_memory_of_a_tree_counts_children() -> None:
    script = "held = bytearray(range(256)) * 400_000; print('there', flush=True); input()"
    before = tree_usage(os.getpid())
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert tree_usage(os.getpid()).memory - before.memory > 80_000_000
        assert child.pid in tree_usage(os.getpid()).seconds
        child.communicate("\n")


def _spent(script: str) -> tuple[float, float]:
    """CPU seconds while a child that says ``there`` lives on, and after it has ended."""
    before = seconds_used()
    with subprocess.Popen(
        [sys.executable, "-c", script + "print('there', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        alive = seconds_used() - before
        child.communicate("\n")
    return alive, seconds_used() - before


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="no /proc here")
@pytest.mark.parametrize(
    "script",
    [
        pytest.param(SPIN, id="itself"),
        pytest.param(f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {SPIN!r}])\n", id="a child of it"),
    ],
)
def test_seconds_of_what_lives_and_of_what_has_ended(script: str) -> None:
    alive, ended = _spent(script)
    assert 0.28 < alive <= ended + 0.03
    assert ended < 3


def test_seconds_do_not_go_back() -> None:
    seen = []
    for _ in range(20):
        seen.append(seconds_used())
        until = time.process_time() + 0.002
        while time.process_time() < until:
            pass
    assert seen == sorted(seen)
    assert seen[-1] - seen[0] >= 0.03
