"""A zygote gets ready: modules that programs use are loaded once, the lockdown is prepared, then it serves."""

from __future__ import annotations

import gc
import importlib
import os
import resource
import socket
import sys
from typing import Any, NoReturn

from jeoul.rewards.code.sandbox.inside.landlock import Ruleset, version
from jeoul.rewards.code.sandbox.inside.libc import (
    LINUX,
    become_reaper,
    capabilities,
    gain_no_privileges,
    keep_capabilities,
)
from jeoul.rewards.code.sandbox.inside.lockdown import Lockdown, limit_zygote
from jeoul.rewards.code.sandbox.inside.namespaces import enter_namespaces
from jeoul.rewards.code.sandbox.inside.seccomp import Filters
from jeoul.rewards.code.sandbox.inside.surroundings import as_programs_find_it
from jeoul.rewards.code.sandbox.inside.syscalls import machine, number
from jeoul.rewards.code.sandbox.inside.zygote import Zygote

__all__ = ["preload", "start"]

PRELOADED = (
    "abc", "array", "bisect", "cmath", "collections", "copy", "dataclasses", "datetime", "decimal", "enum",
    "fractions", "functools", "heapq", "io", "itertools", "json", "math", "operator", "queue", "random", "re",
    "statistics", "string", "threading", "time", "traceback", "typing", "unicodedata",
)  # fmt: skip

_KILL, _SETGID, _SETUID = 1 << 5, 1 << 6, 1 << 7


def start(spec: dict[str, Any]) -> NoReturn:
    """Serve as ``spec`` says: descriptors, tier, what may be read."""
    sys.path[:] = spec["path"]
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, hard), hard))
    users = os.stat("/proc/self/ns/user").st_ino if LINUX and spec["namespaces"] else 0
    if spec["namespaces"]:
        enter_namespaces(spec["mounts"], spec["hidden"], everything=spec["namespaces"] == "all")
    os.chdir("/")
    limit_zygote()
    lockdown = _lockdown(spec, users)
    zygote = Zygote(socket.socket(fileno=spec["control"]), spec["trainer"], lockdown)
    zygote.modules = as_programs_find_it()
    if lockdown.filters is not None:
        lockdown.filters.hold_zygote()
    gc.collect()
    gc.freeze()
    zygote.send(b"H", b"")
    zygote.serve()


def preload() -> None:
    """Import what programs use, and fix the seed: ``random``'s hook would seed it anew in every child."""
    for name in PRELOADED:
        importlib.import_module(name)
    sys.modules["random"].seed(0)


def _lockdown(spec: dict[str, Any], users: int) -> Lockdown:
    if not LINUX:
        return Lockdown(os.getpid())
    become_reaper()
    gain_no_privileges()
    uids = _two_users(spec["user"]) if spec["drop"] else None
    own_users = bool(users) and _users() != users
    if machine() and capabilities():
        keep_capabilities(number("capset"), (_KILL | _SETGID | _SETUID) if uids else 0)
    if spec["tier"] == "C":
        return Lockdown(os.getpid(), uids=uids, counts_threads=uids is not None)
    return Lockdown(
        os.getpid(),
        ruleset=Ruleset([(path, rights) for path, rights in spec["rules"]]) if version() else None,
        filters=Filters(machine()) if machine() else None,
        uids=uids,
        counts_threads=uids is not None or own_users,
    )


def _users() -> int:
    """The user namespace; 0 where it cannot be told."""
    try:
        return os.stat("/proc/self/ns/user").st_ino
    except OSError:
        return 0


def _two_users(number: int) -> tuple[int, int] | None:
    """Two user ids that nothing else runs under, for programs and for testers; None where it may not be changed."""
    needed = _SETUID | _SETGID
    if os.geteuid() != 0 or capabilities() & needed != needed:
        return None
    for first in (10**9 + 2 * number, 20_000 + 2 * (number % 20_000)):  # the second where few ids are mapped
        if _may_become(first + 1):
            return first, first + 1
    return None


def _may_become(uid: int) -> bool:
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(pid, 0)[1] == 0
