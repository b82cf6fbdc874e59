"""``jeoul bench losses``: forward + backward of token log-probabilities, ours beside torch, TRL's and verl's functions.

Each measurement has a process of its own (``logp_once``); rounds go through all ways in turn. Peers that are not
installed are left out. ``make test-trl`` and ``make test-verl`` make environments with one each.
"""

from __future__ import annotations

import json as json_module
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Annotated

import torch
from cyclopts import Parameter

from jeoul.benchmarks.logp_once import HEADS, LOGITS, Job, Outcome
from jeoul.cli.output import note, print_json, print_table
from jeoul.errors import UsageError

__all__ = ["run"]


@dataclass(frozen=True)
class Line:
    """Medians over the rounds. ``logits_multiple``: extra memory in units of the logits [N, V] in the inputs' dtype."""

    what: str
    way: str
    dtype: str
    seconds: float
    cpu_seconds: float
    extra_mib: float
    logits_multiple: float
    error: float


def run(
    *,
    rows: int = 1024,
    vocab: int = 151_936,
    hidden: int = 896,
    dtypes: tuple[str, ...] = ("float32", "bfloat16"),
    rounds: int = 3,
    device: str = "cpu",
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Measure log-probabilities of given tokens: seconds, extra memory, error.

    Parameters
    ----------
    rows
        Tokens; the docs show 4096, for which the naive way takes 10 GB of memory.
    vocab
        Vocabulary.
    hidden
        Width of the hidden states, for the fused head; 0 leaves it out.
    dtypes
        Of logits, hidden states and head.
    rounds
        Measurements of each way; the median is shown.
    device
        "cpu" or "cuda".
    json
        Print as JSON.
    """
    for name in ("trl", "verl"):
        if find_spec(name) is None:
            note(f"{name} is not installed: left out; make test-{name}, then .venv-{name}/bin/jeoul bench losses")
    lines = []
    for dtype in dtypes:
        for width, ways in ((0, LOGITS), (hidden, HEADS)) if hidden else ((0, LOGITS),):
            jobs = [Job(way, rows, vocab, dtype, device, width) for way in ways if _installed(way)]
            lines += _rounds(jobs, rounds)
    if json:
        print_json(
            {"rows": rows, "vocab": vocab, "hidden": hidden, "device": device, "lines": list(map(asdict, lines))}
        )
        return
    _print(lines, f"{rows} × {vocab}, {device}")


def _print(lines: list[Line], size: str) -> None:
    for what in dict.fromkeys(line.what for line in lines):
        print_table(
            f"{what}, {size}, {torch.get_num_threads()} threads",
            ["way", "dtype", "seconds", "CPU s", "extra MiB", "× logits", "error"],
            [
                [
                    *(line.way, line.dtype, f"{line.seconds:.2f}", f"{line.cpu_seconds:.2f}"),
                    *(f"{line.extra_mib:.0f}", f"{line.logits_multiple:.2f}", f"{line.error:.1e}"),
                ]
                for line in lines
                if line.what == what
            ],
            left=2,
        )


def _installed(way: str) -> bool:
    peer = way.split()[0].lower()
    return peer not in ("trl", "verl") or find_spec(peer) is not None


def _rounds(jobs: list[Job], rounds: int) -> list[Line]:
    outcomes: dict[Job, list[Outcome]] = {job: [] for job in jobs}
    for _ in range(rounds):
        for job in jobs:
            outcomes[job].append(_apart(job))
    lines = []
    for job, seen in outcomes.items():
        extra = statistics.median(each.extra_bytes for each in seen)
        logits = job.rows * job.vocab * torch.empty((), dtype=getattr(torch, job.dtype)).element_size()
        what = f"From hidden states of width {job.hidden}" if job.hidden else "From logits"
        wall, cpu = (statistics.median(getattr(each, name) for each in seen) for name in ("seconds", "cpu_seconds"))
        error = max(each.error for each in seen)
        lines.append(Line(what, job.way, job.dtype, wall, cpu, extra / 2**20, extra / logits, error))
    return lines


def _apart(job: Job) -> Outcome:
    command = [sys.executable, "-m", "jeoul.benchmarks.logp_once", json_module.dumps(asdict(job))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}; out of memory?"])[-1]
        raise UsageError(f"{job.way}, {job.rows} × {job.vocab} {job.dtype}: {last}; try fewer rows")
    return Outcome(**json_module.loads(done.stdout.splitlines()[-1]))
