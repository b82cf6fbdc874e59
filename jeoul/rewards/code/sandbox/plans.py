"""How a zygote may be started and held here: the ways of each tier, the first that works first."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from jeoul.rewards.code.sandbox.interpreter import INSIDE, Interpreter

__all__ = ["Plan", "plans"]


@dataclass(frozen=True)
class Plan:
    """One way.

    Args:
        tier: ``A``, ``B`` or ``C``.
        namespaces: ``"all"`` and ``"mounts"`` are made by the zygote itself, ``"bwrap"`` by bubblewrap; ``""`` none.
        drop: children run under user ids of their own (where the zygote may change them).
    """

    tier: str
    namespaces: str
    drop: bool
    interpreter: Interpreter

    def command(self, control: int, trainer: int) -> list[str]:
        """The command line of a zygote, which is given the two descriptors."""
        python = self.interpreter
        own = self.namespaces if self.namespaces in ("all", "mounts") else ""
        spec = {
            "inside": INSIDE,
            "tier": self.tier,
            "control": control,
            "trainer": trainer,
            "path": python.path,
            "rules": python.rules(own_root=bool(self.namespaces)) if self.tier != "C" else [],
            "namespaces": own,
            "mounts": python.mounts() if own else [],
            "hidden": python.hidden() if own else [],
            "user": secrets.randbelow(2**24),
            "drop": self.drop,
        }
        boot = os.path.join(INSIDE, "boot.py")
        start = [python.executable, "-S", "-s", "-P", "-B", "-X", "utf8", boot, json.dumps(spec)]
        return [*_bubblewrap(python), *start] if self.namespaces == "bwrap" else start

    def __str__(self) -> str:
        how = {"all": " (own namespaces)", "mounts": " (own mounts)", "bwrap": " (bubblewrap)", "": ""}
        return f"tier {self.tier}{how[self.namespaces]}"


def plans(tier: str, packages: Sequence[str]) -> list[Plan]:
    """The ways to try for a tier (``"auto"``: for all of them), in this order."""
    python = Interpreter.running(packages)
    linux = sys.platform == "linux"
    root = os.geteuid() == 0
    closed = bool(python.closed()) if root else False
    ways: list[Plan] = []
    if linux and tier in ("auto", "A"):
        ways.append(Plan("A", "all", root, python))
        if shutil.which("bwrap"):
            ways.append(Plan("A", "bwrap", root, python))
    if linux and tier in ("auto", "B"):
        ways.append(Plan("B", "mounts" if closed else "", root, python))
    if tier in ("auto", "C"):
        ways.append(Plan("C", "", linux and root and not closed, python))
    return ways


def _bubblewrap(python: Interpreter) -> list[str]:
    command = [shutil.which("bwrap") or "bwrap"]
    command += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    if os.geteuid() == 0:
        command += [word for name in ("SETUID", "SETGID", "KILL") for word in ("--cap-add", f"CAP_{name}")]
    else:
        command += ["--unshare-user"]
    for link in ("/lib", "/lib64", "/bin"):
        if os.path.islink(link):
            command += ["--symlink", os.readlink(link), link]
    mounts, hidden = python.mounts(), python.hidden()
    inner = [path for path in mounts if any(path.startswith(folder + "/") for folder in hidden)]
    for folder in sorted({parent for path in mounts for parent in _parents(path)}, key=len):
        command += ["--perms", "0755", "--dir", folder]  # its own choice is closed to other users
    for path in mounts:
        command += [] if path in inner else ["--ro-bind", path, path]
    for folder in hidden:
        command += ["--tmpfs", folder]
    for path in inner:
        command += ["--ro-bind", path, path]
    for folder in hidden:
        command += ["--remount-ro", folder]
    return [*command, "--proc", "/proc", "--dev", "/dev", "--chdir", "/", "--remount-ro", "/", "--"]


def _parents(path: str) -> list[str]:
    """Folders above ``path``, but for the root and links of it."""
    found = []
    while (path := os.path.dirname(path)) != "/":
        found.append(path)
    return found
