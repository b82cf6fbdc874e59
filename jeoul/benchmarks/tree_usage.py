"""Memory and processor time of a process and all that it started, as Linux tells them."""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

__all__ = ["Usage", "tree_usage"]


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
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            after_name = entry.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            one = int(entry.parent.name)
            children[int(after_name[1])].append(one)
            spent[one] = (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")
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
