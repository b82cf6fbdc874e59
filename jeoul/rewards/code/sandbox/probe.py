"""What programs are kept from here, seen by trying it: a program of ours that attempts it all, run like any other."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jeoul.rewards.code.forms import Stdio, Test
from jeoul.rewards.code.outcomes import Kind, ProgramResult
from jeoul.rewards.code.sandbox.inside.syscalls import machine, number
from jeoul.rewards.code.sandbox.limits import Limits

__all__ = ["PROBED", "Observed", "observe"]

PROBED = {
    "network": "TCP and UDP sockets",
    "unix_sockets": "sockets of other programs on this machine",
    "fork": "processes of its own",
    "exec": "starting other programs",
    "read_files": "reading files (passwords, keys, data)",
    "write_files": "writing files",
    "processes": "seeing other processes",
    "signals": "signals to other processes",
    "tracing": "reading and writing the memory of other processes",
    "limits_of_others": "limits of other processes",
    "memory_files": "files in memory, which could be executed",
    "shared_memory": "shared memory, which outlives it",
    "namespaces": "namespaces of its own, and with them the rights of a root",
    "users": "other users' rights",
    "io_uring": "system calls past the filter (io_uring)",
    "other_abi": "system calls past the filter (another ABI)",
    "terminal": "typing into the terminal",
    "memory": "more memory than allowed",
    "threads": "threads without end",
}
"""What is tried, and in words."""

_PROGRAM = r"""
import ctypes, json, os, socket, threading
libc = ctypes.CDLL(None, use_errno=True)
numbers, limit = json.loads(input())
parent = os.getppid()

def call(name, *arguments):
    if numbers[name] < 0:
        raise OSError("no such call")
    buffer = ctypes.create_string_buffer(4096)
    given = [buffer if a is None else ctypes.c_long(a) for a in arguments]
    if libc.syscall(ctypes.c_long(numbers[name]), *given) < 0:
        raise OSError(ctypes.get_errno(), "denied")

def child(start):
    if start() == 0:
        os._exit(0)

def any_of(*attempts):
    for attempt in attempts:
        try:
            attempt()
        except (OSError, RuntimeError, MemoryError, AttributeError):
            continue
        return
    raise OSError("denied")

def write(folder):
    path = os.path.join(folder, f"jeoul-probe-{os.getpid()}")
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    os.unlink(path)

def see():
    found = [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
    if not found:
        raise OSError("none")

def start_threads():
    stop = threading.Event()
    try:
        for _ in range(1000):
            threading.Thread(target=stop.wait, daemon=True).start()
    finally:
        stop.set()

def unix_pair_sends():
    socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)

def execute():
    for path in ("/bin/true", "/usr/bin/true"):
        if os.path.exists(path):
            pid = os.fork()
            if pid == 0:
                try:
                    os.execv(path, [path])
                finally:
                    os._exit(9)
            if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0:
                return
    raise OSError("denied")

def execute_here():
    try:
        os.execv("/nowhere", ["/nowhere"])  # a filter says EPERM before anything is looked for
    except FileNotFoundError:
        return

attempts = {
    "network": lambda: any_of(
        lambda: socket.socket(), lambda: socket.socket(socket.AF_INET6), lambda: socket.socket(type=socket.SOCK_DGRAM)),
    "unix_sockets": lambda: any_of(lambda: socket.socket(socket.AF_UNIX), unix_pair_sends),
    "fork": lambda: any_of(lambda: child(os.fork), lambda: call("clone3", None, 88), lambda: call("vfork")),
    "exec": lambda: any_of(execute, execute_here),
    "read_files": lambda: any_of(*[lambda path=path: open(path).close() for path in (
        "/etc/passwd", "/etc/group", "/etc/hosts", "/proc/self/environ", "/proc/cmdline", "/etc/resolv.conf")],
        lambda: os.listdir("/home"), lambda: os.listdir("/tmp"), lambda: os.listdir("/")),
    "write_files": lambda: any_of(*[lambda folder=folder: write(folder) for folder in (
        "/tmp", "/var/tmp", "/dev/shm", ".", "/run", os.path.dirname(os.__file__))]),
    "processes": see,
    "signals": lambda: any_of(lambda: os.kill(parent, 0), lambda: call("pidfd_open", parent, 0),
                              lambda: call("tkill", parent, 0)),
    "tracing": lambda: any_of(lambda: call("ptrace", 0x4206, parent, 0, 0), lambda: call("ptrace", 0, 0, 0, 0),
        lambda: call("process_vm_readv", parent, 0, 0, 0, 0, 0), lambda: open(f"/proc/{parent}/mem", "rb")),
    "limits_of_others": lambda: call("prlimit64", parent, 7, 0, None),
    "memory_files": lambda: call("memfd_create", None, 0),
    "shared_memory": lambda: any_of(lambda: call("shmget", 0, 4096, 0o1600), lambda: call("msgget", 0, 0o1600),
        lambda: write("/dev/shm")),
    "users": lambda: any_of(lambda: os.setuid(12345), lambda: os.setuid(0)),
    "namespaces": lambda: any_of(lambda: call("unshare", 0x10000000), lambda: call("unshare", 0x20000)),
    "io_uring": lambda: call("io_uring_setup", 4, None),
    "terminal": lambda: call("ioctl", 0, 0x5412, None),
    "memory": lambda: bytearray(2 * limit),
    "threads": start_threads,
}
found = {}
for name, attempt in attempts.items():
    try:
        attempt()
        found[name] = "allowed"
    except BaseException as error:
        found[name] = f"{type(error).__name__}: {error}"[:60]
print(json.dumps(found))
"""

_OTHER_ABI = r"""
import ctypes
print(ctypes.CDLL(None).syscall(ctypes.c_long(0x40000000 + 39)) > 0)
"""
"""getpid by its number in x32: where that ABI is filtered, the process is killed."""


@dataclass(frozen=True)
class Observed:
    """What was denied, what was not, and what each attempt met."""

    enforced: tuple[str, ...]
    missing: tuple[str, ...]
    said: dict[str, str]


def observe(run: Callable[[str, Sequence[Test]], ProgramResult], limits: Limits) -> Observed:
    """Try everything. Whatever could not be tried counts as missing.

    Args:
        run: runs a program in the sandbox that is looked at.
    """
    names = "clone3 vfork pidfd_open tkill ptrace process_vm_readv prlimit64 memfd_create shmget msgget unshare"
    numbers = {name: number(name) if machine() else -1 for name in [*names.split(), "io_uring_setup", "ioctl"]}
    (test,) = run(_PROGRAM, [Stdio(json.dumps([numbers, limits.memory]), "")]).tests
    try:
        said = json.loads(test.stdout)
    except ValueError:
        said = dict.fromkeys(PROBED, "allowed")
    if machine() == "x86_64":
        (other,) = run(_OTHER_ABI, [Stdio("", "True")]).tests
        denied = other.kind is Kind.crash or other.stdout.strip() == "False"
        said["other_abi"] = str(other) if denied else "allowed"
    elif machine():
        said["other_abi"] = "there is none"
    enforced = tuple(name for name in PROBED if said.get(name, "allowed") != "allowed")
    return Observed(enforced, tuple(name for name in PROBED if name not in enforced), said)
