"""What a child of the zygote gives up before it touches anything of the program's."""

from __future__ import annotations

import math
import os
import resource
from contextlib import suppress
from dataclasses import dataclass

from jeoul.rewards.code.sandbox.inside.children import arrange
from jeoul.rewards.code.sandbox.inside.landlock import Ruleset
from jeoul.rewards.code.sandbox.inside.libc import LINUX, end_with_parent, prctl
from jeoul.rewards.code.sandbox.inside.seccomp import Filters
from jeoul.rewards.code.sandbox.inside.wire import Held

__all__ = ["CANDIDATE", "TESTER", "Lockdown", "limit_zygote"]

CANDIDATE, TESTER = 0, 1
"""Who enters: each has a user id of its own where the zygote may change it."""

_PR_SET_DUMPABLE = 4
_A_DAY = 86_400


@dataclass(frozen=True)
class Lockdown:
    """What holds the children of one zygote; made once, entered by every child.

    Args:
        parent: the zygote's process id, as its children see it.
        ruleset: files that may be read; None: the system has no Landlock, or the tier is C.
        filters: system calls that may be made; None: the same.
        uids: user ids of programs and of testers; None: the zygote's own.
        counts_threads: the children's threads can be counted apart from all else that runs under their user id.
    """

    parent: int
    ruleset: Ruleset | None = None
    filters: Filters | None = None
    uids: tuple[int, int] | None = None
    counts_threads: bool = False

    @property
    def denies_fork(self) -> bool:
        return self.filters is not None

    def arrange(self, fds: list[int]) -> None:
        """Make ``fds`` descriptors 0, 1, 2 … in this order, what :meth:`enter` needs behind them, and no others."""
        arrange([*fds, self.ruleset.fd] if self.ruleset is not None else fds)

    def enter(self, held: Held, who: int, behind: int, whole_run: bool = True) -> None:
        """Give everything up. Raises OSError where something cannot be: the child must then not go on.

        Args:
            behind: how many descriptors :meth:`arrange` was given.
            whole_run: the CPU limit is for the whole life of the process, and not for each of its calls.
        """
        _limit(held, held.threads + 4 if self.counts_threads else 0, math.ceil(held.cpu) + 1 if whole_run else _A_DAY)
        if self.ruleset is not None:
            self.ruleset.enter(behind)
        if self.uids is not None:
            uid = self.uids[who]
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        if LINUX:
            end_with_parent()  # a change of user has put an end to that
            if os.getppid() != self.parent:
                os._exit(0)
            prctl(_PR_SET_DUMPABLE, 0)
        if self.filters is not None:
            self.filters.hold_child(os.getpid())


def _limit(held: Held, threads: int, seconds: int) -> None:
    _most(resource.RLIMIT_CPU, seconds, seconds + 1)  # of the kernel: the zygote measures better
    _most(resource.RLIMIT_FSIZE, max(held.stdout, held.stderr))
    _most(resource.RLIMIT_NOFILE, held.files)
    _most(resource.RLIMIT_AS, held.memory)
    if threads:
        _most(resource.RLIMIT_NPROC, threads)


def limit_zygote() -> None:
    """Limits that are the same for every child: they inherit them."""
    for name in ("RLIMIT_CORE", "RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE"):
        if hasattr(resource, name):
            _most(getattr(resource, name), 0)
    os.umask(0o077)


def _most(which: int, most: int, hard: int | None = None) -> None:
    try:
        resource.setrlimit(which, (most, most if hard is None else hard))
    except (OSError, ValueError):  # more than this process may give itself, or (macOS) no such limit
        _, allowed = resource.getrlimit(which)
        if LINUX and not 0 <= allowed <= most:
            raise
        with suppress(OSError, ValueError):
            resource.setrlimit(which, (allowed, allowed))
