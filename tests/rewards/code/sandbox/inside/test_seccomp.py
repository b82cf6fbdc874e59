"""The assembled filters, run here by a small reader of their language, for both architectures."""

from __future__ import annotations

import os
import struct

import pytest

from jeoul.rewards.code.sandbox.inside.seccomp import _OWN_PID, Filters
from jeoul.rewards.code.sandbox.inside.syscalls import _ALL, ARCHITECTURES, FREE, LOOKED_AT, number

ALLOWED, REFUSED, KILLED, UNKNOWN = "allowed", "refused", "killed", "no such call"
RESULTS = {0x7FFF0000: ALLOWED, 0x50001: REFUSED, 0x80000000: KILLED, 0x50026: UNKNOWN}


def judged(code, architecture, nr, arguments=()):
    """What one filter says of a call."""
    words = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack(
        "=iIQ6Q", nr if nr < 2**31 else nr - 2**32, ARCHITECTURES[architecture], 0, *[word % 2**64 for word in words]
    )
    at, value = 0, 0
    while True:
        operation, yes, no, constant = struct.unpack_from("=HBBI", code, 8 * at)
        at += 1
        if operation == 0x20:
            (value,) = struct.unpack_from("=I", data, constant)
        elif operation == 0x54:
            value &= constant
        elif operation == 0x06:
            return RESULTS[constant]
        else:
            assert operation in (0x15, 0x35)
            at += yes if (value == constant if operation == 0x15 else value >= constant) else no


@pytest.fixture(params=sorted(ARCHITECTURES))
def call(request):
    """Both filters as the kernel combines them: the stricter wins."""
    architecture, filters = request.param, Filters(request.param)

    def said(name, *arguments):
        nr = number(name, architecture) if isinstance(name, str) else name
        if nr < 0:
            pytest.skip(f"{architecture} has no {name}")
        both = {judged(code, architecture, nr, arguments) for code in (filters.wide, filters.short)}
        return next(each for each in (KILLED, UNKNOWN, REFUSED, ALLOWED) if each in both)

    said.architecture = architecture
    return said


def test_what_is_free_is_allowed_and_nothing_else(call):
    free = {number(name, call.architecture) for name in FREE} - {-1}
    looked_at = {number(name, call.architecture) for name in LOOKED_AT} - {-1}
    for nr in range(600):
        if nr not in looked_at:
            assert call(nr) == (ALLOWED if nr in free else REFUSED), nr


def test_no_name_is_in_two_tables_and_every_number_is_in_one_place(call):
    numbers = [number(name, call.architecture) for name in _ALL]
    numbers = [each for each in numbers if each >= 0]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("name", ["execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "io_uring_setup",
    "socket", "connect", "bind", "unshare", "setns", "mount", "memfd_create", "setuid", "setresuid", "pidfd_open", "bpf",
    "pidfd_send_signal", "pidfd_getfd", "shmget", "open_by_handle_at", "keyctl", "userfaultfd", "perf_event_open", "tkill",
    "seccomp", "landlock_restrict_self", "sendmsg", "chroot", "personality", "rt_sigqueueinfo", "setsid"])  # fmt: skip
def test_the_worst_are_refused(call, name):
    assert call(name) == REFUSED


def test_clone_makes_threads_only(call):
    assert call("clone", 0x3D0F00) == ALLOWED  # pthread_create
    for flags in (17, 0x1200011, 0x4111, 0x3D0F00 | 0x10000000, 0x3D0F00 | 0x20000, 0x3D0F00 & ~0x10000):
        assert call("clone", flags) == REFUSED
    assert call("clone3") == UNKNOWN


def test_signals_go_to_itself_only(call):
    own = _OWN_PID  # the marker stands for it
    assert call("kill", own, 9) == ALLOWED
    assert call("tgkill", own, 12, 6) == ALLOWED
    for other in (0, 1, -1, -own, own + 1):
        assert call("kill", other, 9) == REFUSED
        assert call("tgkill", other, 1, 9) == REFUSED


def test_pairs_of_sockets_are_streams(call):
    assert call("socketpair", 1, 1) == ALLOWED
    assert call("socketpair", 1, 1 | 0o2000000 | 0o4000) == ALLOWED
    for family, kind in ((1, 2), (1, 5), (2, 1), (16, 1)):
        assert call("socketpair", family, kind) == REFUSED


def test_ioctl_fcntl_prctl_and_prlimit_by_argument(call):
    assert call("ioctl", 3, 0x5421) == ALLOWED
    assert call("ioctl", 0, 0x5412) == REFUSED  # TIOCSTI
    assert call("ioctl", 0, 0x541C) == REFUSED  # TIOCLINUX
    assert call("fcntl", 3, 4, 0) == ALLOWED
    for command in (8, 10, 15, 1024, 1026, 1033):  # owner, signal, lease, notify, seals
        assert call("fcntl", 3, command) == REFUSED
    assert call("prctl", 15) == ALLOWED
    for option in (1, 4, 22, 23, 24, 36, 38, 47):
        assert call("prctl", option) == REFUSED
    assert call("prlimit64", 0, 7) == ALLOWED
    assert call("prlimit64", 1, 7) == REFUSED


def test_other_abis_are_killed():
    wide = Filters("x86_64").wide
    assert judged(wide, "x86_64", 0x40000000 + 39) == KILLED
    assert judged(wide, "aarch64", 39) == KILLED
    assert judged(Filters("aarch64").wide, "x86_64", 39) == KILLED


@pytest.mark.skipif(not os.path.exists("/usr/include/asm-generic/unistd.h"), reason="no kernel headers here")
def test_numbers_are_those_of_the_kernels_headers():
    from pathlib import Path

    def defined(path, prefix):
        lines = (line.split() for line in Path(path).read_text().splitlines())
        return {words[1].removeprefix(prefix): int(words[2]) for words in lines if len(words) == 3 and words[0] == "#define"
                and words[1].startswith(prefix) and words[2].isdigit()}  # fmt: skip

    generic = defined("/usr/include/asm-generic/unistd.h", "__NR_")
    generic |= {name.removeprefix("3264_"): value for name, value in generic.items()}
    compared = 0
    for name, (_, second) in _ALL.items():
        if name in generic:
            assert generic[name] == second, name
            compared += 1
    assert compared > 100
    table = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
    if table.exists():
        known = defined(table, "__NR_")
        assert all(known[name] == first for name, (first, _) in _ALL.items())
