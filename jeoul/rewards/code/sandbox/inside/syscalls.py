"""System call numbers of x86_64 and of aarch64 (the table common to newer machines)."""

from __future__ import annotations

import platform
import sys

__all__ = ["ARCHITECTURES", "FREE", "LOOKED_AT", "machine", "number"]

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""The name that the kernel's filter knows each by."""

_FREE = """
    read 0 63, write 1 64, close 3 57, open 2 -, stat 4 -, fstat 5 80, lstat 6 -, poll 7 -, lseek 8 62,
    mmap 9 222, mprotect 10 226, munmap 11 215, brk 12 214, rt_sigaction 13 134, rt_sigprocmask 14 135,
    rt_sigreturn 15 139, rt_sigpending 127 136, rt_sigtimedwait 128 137, rt_sigsuspend 130 133,
    sigaltstack 131 132, pread64 17 67, pwrite64 18 68, readv 19 65, writev 20 66, preadv 295 69,
    pwritev 296 70, preadv2 327 286, pwritev2 328 287, access 21 -, pipe 22 -, pipe2 293 59, select 23 -,
    sched_yield 24 124, mremap 25 216, msync 26 227, mincore 27 232, madvise 28 233, dup 32 23, dup2 33 -,
    dup3 292 24, pause 34 -, nanosleep 35 101, getitimer 36 102, alarm 37 -, setitimer 38 103, getpid 39 172,
    exit 60 93, exit_group 231 94, wait4 61 260, waitid 247 95, uname 63 160, fsync 74 82, fdatasync 75 83,
    ftruncate 77 46, flock 73 32, getdents 78 -, getdents64 217 61, getcwd 79 17, chdir 80 49, fchdir 81 50,
    umask 95 166, readlink 89 -, readlinkat 267 78, gettimeofday 96 169, getrlimit 97 163, getrusage 98 165,
    sysinfo 99 179, times 100 153, getuid 102 174, getgid 104 176, geteuid 107 175, getegid 108 177,
    getppid 110 173, getpgrp 111 -, getpgid 121 155, getsid 124 156, getgroups 115 158, getresuid 118 148,
    getresgid 120 150, gettid 186 178, arch_prctl 158 -, futex 202 98, futex_waitv 449 449,
    sched_getaffinity 204 123, sched_getparam 143 121, sched_getscheduler 145 120,
    sched_get_priority_max 146 125, sched_get_priority_min 147 126, sched_rr_get_interval 148 127,
    getpriority 140 141, set_tid_address 218 96, restart_syscall 219 128, clock_gettime 228 113,
    clock_getres 229 114, clock_nanosleep 230 115, time 201 -, getcpu 309 168, openat 257 56,
    newfstatat 262 79, statx 332 291, statfs 137 43, fstatfs 138 44, faccessat 269 48, faccessat2 439 439,
    set_robust_list 273 99, get_robust_list 274 100, ppoll 271 73, pselect6 270 72, epoll_create 213 -,
    epoll_create1 291 20, epoll_ctl 233 21, epoll_wait 232 -, epoll_pwait 281 22, epoll_pwait2 441 441,
    eventfd 284 -, eventfd2 290 19, timerfd_create 283 85, timerfd_settime 286 86, timerfd_gettime 287 87,
    signalfd 282 -, signalfd4 289 74, getrandom 318 278, rseq 334 293, membarrier 324 283,
    close_range 436 436, fadvise64 221 223, fallocate 285 47, readahead 187 213, sendto 44 206,
    recvfrom 45 207, recvmsg 47 212, shutdown 48 210, getsockname 51 204, getpeername 52 205,
    getsockopt 55 209, setsockopt 54 208
"""
"""What a program may call with any arguments."""

_LOOKED_AT = """
    socketpair 53 199, ioctl 16 29, fcntl 72 25, clone 56 220, clone3 435 435, kill 62 129, tgkill 234 131,
    prlimit64 302 261, prctl 157 167
"""
"""What it may call with some."""

_OTHERS = """
    socket 41 198, connect 42 203, bind 49 200, execve 59 221, execveat 322 281, fork 57 -, vfork 58 -,
    ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, unshare 272 97, setns 308 268,
    mount 165 40, memfd_create 319 279, io_uring_setup 425 425, setuid 105 146, setresuid 117 147,
    pidfd_open 434 434, pidfd_send_signal 424 424, pidfd_getfd 438 438, rt_sigqueueinfo 129 138,
    rt_tgsigqueueinfo 297 240, shmget 29 194, msgget 68 186, semget 64 190, mq_open 240 180,
    open_by_handle_at 304 265, keyctl 250 219, add_key 248 217, bpf 321 280, perf_event_open 298 241,
    userfaultfd 323 282, pivot_root 155 41, chroot 161 51, capset 126 91, personality 135 92, tkill 200 130,
    seccomp 317 277, sendmsg 46 211, setsid 112 157, setgroups 116 159, setresgid 119 149,
    landlock_create_ruleset 444 444, landlock_add_rule 445 445,
    landlock_restrict_self 446 446, umount2 166 39, capget 125 90
"""
"""What the sandbox itself uses, and what a probe tries."""


def _table(text: str) -> dict[str, tuple[int, int]]:
    """Numbers by name: x86_64, aarch64; -1 where there is none."""
    rows = [entry.split() for entry in text.replace("\n", " ").split(",")]
    return {name: (int(first), -1 if second == "-" else int(second)) for name, first, second in rows}


FREE, LOOKED_AT = _table(_FREE), _table(_LOOKED_AT)
_ALL = FREE | LOOKED_AT | _table(_OTHERS)


def machine() -> str:
    """The architecture of the machine where the tables have it, else ``""``."""
    name = platform.machine() if sys.platform == "linux" else ""
    return name if name in ARCHITECTURES and sys.maxsize > 2**32 else ""


def number(name: str, architecture: str = "") -> int:
    """The number of a system call; -1 where there is none.

    >>> number("openat", "x86_64"), number("openat", "aarch64"), number("open", "aarch64")
    (257, 56, -1)
    """
    architecture = architecture or machine()
    return _ALL[name][list(ARCHITECTURES).index(architecture)] if architecture else -1
