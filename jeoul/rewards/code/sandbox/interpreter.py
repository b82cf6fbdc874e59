"""The Python that runs programs, and the files that it must be able to read."""

from __future__ import annotations

import glob
import os
import site
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass

from jeoul.rewards.code.sandbox.errors import IsolationError
from jeoul.rewards.code.sandbox.inside.landlock import LIST, READ, WRITE

__all__ = ["INSIDE", "Interpreter"]

INSIDE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "inside")
"""The folder of what runs in the sandbox's processes."""

_DATA = ("/usr/share/zoneinfo", "/etc/ld.so.cache", "/etc/localtime")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
_MOST_LIBRARIES = 2000
_PACKAGES = ("site-packages", "dist-packages")


@dataclass(frozen=True)
class Interpreter:
    """A Python, where its modules are, and which of them programs may import.

    Args:
        executable: the file itself, no link: a virtual environment's would be of no use without its configuration.
        standard: folders of the standard library, in the order of ``sys.path``.
        site: folders of installed packages.
        packages: files and folders in them that programs may read.
    """

    executable: str
    standard: tuple[str, ...]
    site: tuple[str, ...]
    packages: tuple[str, ...]

    @classmethod
    def running(cls, packages: Sequence[str]) -> Interpreter:
        """The one that runs this process; of installed packages only those named.

        Raises:
            IsolationError: this user cannot reach it (any more).
        """
        executable = os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable)
        if not os.access(executable, os.X_OK):
            raise IsolationError(f"user {os.geteuid()} may not run {executable}, which would run the programs")
        paths = sysconfig.get_paths()
        dynamic = sysconfig.get_config_var("DESTSHARED") or os.path.join(paths["stdlib"], "lib-dynload")
        standard = _there([paths["stdlib"], dynamic])
        known = [folder for folder in sys.path if os.path.isabs(folder)]
        known += [paths["purelib"], paths["platlib"], *site.getsitepackages()]
        folders = [folder for folder in _there(known) if folder not in standard]
        named = [
            found
            for folder in folders
            for package in packages
            for found in sorted(glob.glob(os.path.join(glob.escape(folder), f"{package}*")))
            if os.path.basename(found).split(".")[0].split("-")[0] == package
        ]
        holding = [folder for folder in folders if any(os.path.dirname(each) == folder for each in named)]
        return cls(executable, tuple(standard), tuple(holding), tuple(named))

    @property
    def path(self) -> list[str]:
        """``sys.path`` of a program."""
        return [*self.standard, *self.site]

    @property
    def needed(self) -> list[str]:
        """Folders that must be reached from the root."""
        return [*self.standard, *self.site]

    def closed(self) -> str:
        """The first folder on the way to what is needed that other users may not enter; ``""`` where all are open."""
        for path in self.needed:
            while path != os.path.dirname(path):
                if not os.stat(path).st_mode & 0o001:
                    return path
                path = os.path.dirname(path)
        return ""

    def rules(self, own_root: bool) -> list[tuple[str, int]]:
        """What may be read, for Landlock: folders with installed packages may be listed, and those named be read.

        Every child copies these: where a root of its own hides packages already, one rule a folder does.
        """
        rules = [(folder, LIST) for folder in (*self.standard, *self.site)]
        if own_root:
            rules += [(folder, READ | LIST) for folder in self.standard]
        apart = {*self.hidden()}
        for folder in () if own_root else self.standard:
            for name in os.listdir(folder):
                path = os.path.join(folder, name)
                if path not in apart and name != "test":
                    rules.append((path, READ | LIST))
        rules += [(path, READ | LIST) for path in (*self.packages, *self._libraries(), *_DATA)]
        rules += [(path, READ | LIST) for path in _library_folders()]
        return [*rules, *((device, READ | WRITE) for device in _DEVICES)]

    def mounts(self) -> list[str]:
        """The same as whole files and folders, for a root of its own."""
        wanted = [
            *self.standard,
            *self.packages,
            *self._libraries(),
            *_DATA,
            *_library_folders(),
            INSIDE,
            self.executable,
        ]
        kept: list[str] = []
        for path in sorted({os.path.realpath(path) for path in wanted if os.path.exists(path)}, key=len):
            inside = any(path.startswith(folder + "/") for folder in kept)
            if not inside or any(path.startswith(folder + "/") for folder in self.hidden()):
                kept.append(path)
        return kept

    def hidden(self) -> list[str]:
        """Folders of installed packages: empty there but for those named."""
        beneath = [os.path.join(folder, name) for folder in self.standard for name in _PACKAGES]
        return [*dict.fromkeys([*_there([*beneath, *site.getsitepackages()]), *self.site])]

    def _libraries(self) -> list[str]:
        """Shared libraries beside the interpreter (conda, pyenv): files, as packages lie beneath the same folder."""
        folder = os.path.join(sys.base_prefix, "lib")
        found = sorted(glob.glob(os.path.join(glob.escape(folder), "*.so*"))) if sys.base_prefix != "/usr" else []
        return found[:_MOST_LIBRARIES]


def _library_folders() -> list[str]:
    """Shared libraries of the system, without the folders in which it keeps Python packages."""
    triplet = sysconfig.get_config_var("MULTIARCH") or ""
    named = [f"{folder}/{triplet}" for folder in ("/usr/lib", "/lib") if triplet] + ["/usr/lib64", "/lib64"]
    return list(dict.fromkeys(_there(named)))


def _there(folders: Sequence[str]) -> list[str]:
    """Those that exist, each once, without links on the way."""
    return [folder for folder in dict.fromkeys(os.path.realpath(folder) for folder in folders) if os.path.isdir(folder)]
