"""Programs that attack other processes: their parent, their neighbours, everything of their user."""

from __future__ import annotations

from code_corpus.program import DENIED, attempt, program, raw

__all__ = ["PROGRAMS"]

ENDED = DENIED | {"timeout", "early_exit"}
PTRACE = "101 if os.uname().machine == 'x86_64' else 117"
READV, WRITEV = "310 if os.uname().machine == 'x86_64' else 270", "311 if os.uname().machine == 'x86_64' else 271"

PROGRAMS = (
    attempt("kills its parent", "import os\nos.kill(os.getppid(), 9)", ENDED),
    attempt("terminates its parent", "import os\nos.kill(os.getppid(), 15)", ENDED),
    attempt("stops its parent", "import os\nos.kill(os.getppid(), 19)", ENDED),
    attempt("asks whether its parent is there", "import os\nos.kill(os.getppid(), 0)", ENDED),
    program("kills everything of its user", "stdio", ENDED, "import os\ntry:\n    os.kill(-1, 9)\n    print('OPEN')\nexcept OSError:\n    print(6)"),
    program("kills its group", "stdio", ENDED, "import os\nos.killpg(0, 9)\nprint(6)"),
    program("kills every number", "call", ENDED, "import os\ndef add(a, b):\n    for pid in range(1, 70000):\n        if pid != os.getpid():\n            try:\n                os.kill(pid, 9)\n            except OSError:\n                pass\n    return 6"),
    attempt("kills by a pidfd", "import os, signal\nsignal.pidfd_send_signal(os.pidfd_open(os.getppid()), 9)", ENDED),
    raw("kills by thread", "system(234 if os.uname().machine == 'x86_64' else 131, os.getppid(), os.getppid(), 9)", ENDED),
    raw("queues a signal", "block = ctypes.create_string_buffer(128)\nctypes.memset(block, 0xff, 12)\nsystem(129 if os.uname().machine == 'x86_64' else 138, os.getppid(), 9, block)", ENDED),
    raw("attaches to its parent", f"system({PTRACE}, 16, os.getppid(), 0, 0)", ENDED),
    raw("seizes its parent", f"system({PTRACE}, 0x4206, os.getppid(), 0, 0)", ENDED),
    raw("asks to be traced", f"system({PTRACE}, 0, 0, 0, 0)", ENDED),
    raw("reads its parent's memory", f"room = ctypes.create_string_buffer(8)\nclass V(ctypes.Structure):\n    _fields_ = [('b', ctypes.c_void_p), ('n', ctypes.c_size_t)]\nlocal, far = V(ctypes.addressof(room), 8), V(id(V), 8)\nsystem({READV}, os.getppid(), ctypes.byref(local), 1, ctypes.byref(far), 1, 0)", ENDED),
    raw("writes its parent's memory", f"room = ctypes.create_string_buffer(8)\nclass V(ctypes.Structure):\n    _fields_ = [('b', ctypes.c_void_p), ('n', ctypes.c_size_t)]\nlocal, far = V(ctypes.addressof(room), 8), V(id(None), 8)\nsystem({WRITEV}, os.getppid(), ctypes.byref(local), 1, ctypes.byref(far), 1, 0)", ENDED),
    attempt("writes /proc/PPID/mem", "import os\nwith open(f'/proc/{os.getppid()}/mem', 'r+b', 0) as memory:\n    memory.seek(id(None))\n    memory.write(memory.read(0))", ENDED),
    attempt("limits its parent", "import os, resource\nresource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))", ENDED),
    attempt("reads its parent's limits", "import os, resource\nresource.prlimit(os.getppid(), resource.RLIMIT_CPU)", ENDED),
    attempt("slows its parent", "import os\nos.setpriority(os.PRIO_PROCESS, os.getppid(), 19)", ENDED),
    attempt("moves its parent", "import os\nos.sched_setaffinity(os.getppid(), {0})", ENDED),
    attempt("takes a descriptor of its parent", "import os, ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nfd = libc.syscall(438, os.pidfd_open(os.getppid()), 0, 0)\nif fd < 0:\n    raise OSError", ENDED),
    program("stops itself", "stdio", frozenset({"timeout", "crash"}), "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\nprint(6)"),
    program("stops itself in the call", "call", frozenset({"timeout", "crash"}), "import os, signal\ndef add(a, b):\n    os.kill(os.getpid(), signal.SIGSTOP)\n    return 6"),
    program("survives every signal", "stdio", frozenset({"timeout", "crash", "wrong"}), "import signal\nfor number in range(1, 65):\n    try:\n        signal.signal(number, signal.SIG_IGN)\n    except (OSError, ValueError):\n        pass\nwhile True:\n    pass"),
    raw("watches a fault handler of its own", "fd = system(323 if os.uname().machine == 'x86_64' else 282, 0)", ENDED),
)  # fmt: skip
