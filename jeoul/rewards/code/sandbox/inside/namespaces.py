"""Namespaces of a zygote's own: no other processes, no network, and a file system of what programs may read.

The new root is a small file system in memory, read-only, with the wanted folders mounted at the very paths where they
were: a folder under a home that is closed to others can be reached there.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from contextlib import suppress

from jeoul.rewards.code.sandbox.inside.libc import call, end_with_parent
from jeoul.rewards.code.sandbox.inside.syscalls import number

__all__ = ["enter_namespaces"]

_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = (
    0x20000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
_KEPT_FLAGS = _NOSUID | _NODEV | _NOEXEC
_DETACH = 2
_DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
_PLACES = ("/mnt", "/media", "/srv", "/opt", "/tmp", "/home", "/run")


def enter_namespaces(paths: Sequence[str], hidden: Sequence[str], everything: bool) -> None:
    """Move this process into a root of its own.

    Args:
        paths: files and folders to be there, read-only.
        hidden: folders beneath them to be empty, but for those of ``paths`` that are in them.
        everything: also process, network, message-queue and host-name namespaces, and a user namespace where this
            process may not make the others. The caller goes on as the first process of the new ones; the process that
            called waits for it, and ends as it ends.

    Raises:
        OSError: the system does not allow it.
    """
    flags = _NEWNS | ((_NEWUTS | _NEWIPC | _NEWPID | _NEWNET) if everything else 0)
    uid, gid = os.geteuid(), os.getegid()
    os.umask(0o022)
    try:
        call(number("unshare"), flags)
    except PermissionError:
        if not everything:
            raise
        call(number("unshare"), flags | _NEWUSER)
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{uid} {uid} 1")
        _write("/proc/self/gid_map", f"{gid} {gid} 1")
    if everything:
        _go_on_as_child()
    _new_root(paths, hidden, fresh_proc=everything)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _go_on_as_child() -> None:
    pid = os.fork()
    if pid == 0:
        end_with_parent()
        return
    os.closerange(0, 2**31 - 1)  # the lines are the child's: theirs must end with it
    _, status = os.waitpid(pid, 0)
    os._exit(0 if status == 0 else 1)


def _new_root(paths: Sequence[str], hidden: Sequence[str], fresh_proc: bool) -> None:
    _mount("", "/", "", _REC | _PRIVATE)
    root = next(place for place in _PLACES if os.path.isdir(place) and not any(_within(path, place) for path in paths))
    _mount("tmpfs", root, "tmpfs", _NOSUID | _NODEV, "mode=755,size=4m")
    for link in ("/lib", "/lib64", "/bin"):
        if os.path.islink(link):
            os.symlink(os.readlink(link), root + link)
    for path in sorted(paths, key=len):
        target = root + path
        for folder in hidden:
            if _within(path, folder) and not os.path.ismount(root + folder):
                os.makedirs(root + folder, 0o755, exist_ok=True)
                _mount("tmpfs", root + folder, "tmpfs", _NOSUID | _NODEV, "mode=755,size=1m")
        _make(path, target)
        _bind(path, target)
    for folder in hidden:
        if os.path.isdir(root + folder) and not os.path.ismount(root + folder):
            _mount("tmpfs", root + folder, "tmpfs", _NOSUID | _NODEV, "mode=755,size=1m")
    for device in _DEVICES:
        if os.path.exists(device):
            _make(device, root + device)
            _mount(device, root + device, "", _BIND)
    for fd, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{fd}", f"{root}/dev/{name}")
    os.makedirs(root + "/proc", 0o755)
    if fresh_proc:
        with suppress(OSError):  # containers that hide a part of it allow no other; idle time then counts waits
            _mount("proc", root + "/proc", "proc", _NOSUID | _NODEV | _NOEXEC)
    else:
        _mount("/proc", root + "/proc", "", _BIND | _REC)
    os.chdir(root)
    call(number("pivot_root"), _bytes("."), _bytes("."))
    _check(_libc.umount2(b".", _DETACH))
    os.chdir("/")
    for folder in ["/", *hidden]:
        with suppress(FileNotFoundError):
            _mount("", folder, "", _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV)


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _make(path: str, target: str) -> None:
    """A place to mount ``path`` on."""
    if os.path.lexists(target):
        return
    if os.path.isdir(path):
        os.makedirs(target, 0o755, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), 0o755, exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))


def _bind(path: str, target: str) -> None:
    _mount(path, target, "", _BIND)
    kept = os.statvfs(target).f_flag & _KEPT_FLAGS  # those of the mount it comes from cannot be taken off
    _mount("", target, "", _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV | kept)


_libc = ctypes.CDLL(None, use_errno=True)


def _mount(source: str, target: str, type: str, flags: int, options: str = "") -> None:
    given = [text.encode() or None for text in (source, target, type)]
    _check(_libc.mount(*given, ctypes.c_ulong(flags), options.encode() or None), target)


def _check(result: int, path: str = "") -> None:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), path or None)


def _bytes(text: str) -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(text.encode())
