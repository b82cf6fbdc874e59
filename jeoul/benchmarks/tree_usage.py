"""Memory and processor time of a process and all that it started, as Linux tells them."""

from __future__ import annotations

import contextlib
import os
import resource
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

__all__ = ["Usage", "seconds_used", "tree_usage"]


class Usage(NamedTuple):
    """``memory``: bytes of proportional set size (PSS: shared pages count once). ``seconds``: of each process id."""

    memory: int
    seconds: dict[int, float]


def tree_usage(pid: int) -> Usage:
    """Usage of a process and its descendants; 0 and none where there is no ``/proc``.

    >>> here = tree_usage(os.getpid())
    >>> (here.memory > 10_000_000 and here.seconds[os.getpid()] > 0) or not Path("/proc/self/smaps_rollup").exists()
    True
    """
    children: dict[int, list[int]] = defaultdict(list)
    spent: dict[int, float] = {}
    for one, parent, own, _ in _processes():
        children[parent].append(one)
        spent[one] = own
    memory, seconds, left = 0, {}, [pid]
    while left:
        one = left.pop()
        left += children[one]
        if one in spent:
            seconds[one] = spent[one]
        with contextlib.suppress(OSError):
            rows = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii").splitlines()
            memory += sum(int(row.split()[1]) * 1024 for row in rows if row.startswith("Pss:"))
    return Usage(memory, seconds)


def seconds_used() -> float:
    """CPU seconds so far of this process and all that it started, directly or not, also of what lives still.

    Exact to a clock tick (10 ms) for each process that lives. Without ``/proc`` children count once they have ended.

    >>> seconds_used() > 0
    True
    """
    children: dict[int, list[int]] = defaultdict(list)
    spent: dict[int, float] = {}
    for one, parent, own, waited_for in _processes():
        children[parent].append(one)
        spent[one] = own + waited_for
    alive, left = 0.0, list(children[os.getpid()])
    while left:
        one = left.pop()
        left += children[one]
        alive += spent[one]
    both = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return alive + sum(used.ru_utime + used.ru_stime for used in both)


def _processes() -> Iterator[tuple[int, int, float, float]]:
    """Id, parent, CPU seconds of its own, and of the children it has waited for, of each process (proc(5))."""
    ticks = os.sysconf("SC_CLK_TCK")
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            after_name = entry.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            own, waited_for = (sum(map(int, after_name[at : at + 2])) / ticks for at in (11, 13))
            yield int(entry.parent.name), int(after_name[1]), own, waited_for
