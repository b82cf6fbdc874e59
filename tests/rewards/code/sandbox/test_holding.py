"""Programs that must pass in a sandbox, and one of each way out of it. (The corpora beside this folder have hundreds.)"""

from __future__ import annotations

import pytest

from jeoul.rewards.code.forms import Asserts, Call, Stdio

GOOD = {
    "exit": "print(1)\nexit()",
    "quit": "print(1)\nquit(0)",
    "input until the end": "import sys\nprint(sum(1 for _ in sys.stdin))",
    "eof": "print(1)\ntry:\n    while True: input()\nexcept EOFError: pass",
    "open(0)": "print(len(open(0).read().split()))",
    "/dev/stdin": "print(len(open('/dev/stdin').readlines()))",
    "a file left open": "out = open(1, 'w')\nout.write('1')",
    "stdout in the place of another": "import io, sys\nprint(1)\nsys.stdout = io.StringIO()\nprint(2)",
    "its own file": "print(1 if __file__ else 0)",
    "sys.stdin.buffer": "import sys\nprint(len(sys.stdin.buffer.readlines()))",
    "threads": "import threading\nt = threading.Thread(target=print, args=(1,))\nt.start()",
    "pool": "from concurrent.futures import ThreadPoolExecutor\nprint(sum(ThreadPoolExecutor(4).map(int, '1')))",
    "asyncio": "import asyncio\nasync def main():\n    await asyncio.sleep(0.001)\n    print(1)\nasyncio.run(main())",
    "recursion": "import sys\nsys.setrecursionlimit(10**6)\ndef f(n): return 1 if n < 2 else f(n - 1)\nprint(f(50_000))",
    "deep thread": "import sys, threading\nsys.setrecursionlimit(10**6)\nthreading.stack_size(2**27)\n"
    "def f(n): return 1 if n < 2 else f(n - 1)\nt = threading.Thread(target=lambda: print(f(20_000)))\nt.start()",
    "dataclass": "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int = 1\nprint(A().x)",
    "main": "if __name__ == '__main__':\n    print(1)",
    "atexit": "import atexit\natexit.register(print, 1)",
    "numpy": "import numpy as np\nprint(int(np.linalg.det(np.eye(3))))",
    "zones": "import zoneinfo\nprint(len([zoneinfo.ZoneInfo('Asia/Seoul')]))",
    "decimal": "from decimal import Decimal\nprint(Decimal('0.1') * 10 + 0 == 1 and 1)",
    "unittest": "import unittest, sqlite3, uuid, ctypes\nprint(1)",
    "dup": "import os\nos.write(os.dup(1), b'1')",
    "signal": "import signal\nsignal.signal(signal.SIGALRM, lambda *_: print(1))\nsignal.setitimer(signal.ITIMER_REAL, 0.01)\n"
    "signal.pause()",
}

WAYS_OUT = {
    "reads a file": "print(open('/etc/passwd').read(4) and 1)",
    "reads the tests of others": "import glob\nprint(len(glob.glob('/proc/[0-9]*/environ')) and 1)",
    "reads our memory": "import os\nopen(f'/proc/{os.getppid()}/mem')\nprint(1)",
    "writes a file": "open('/tmp/jeoul', 'w')\nprint(1)",
    "connects": "import socket\nsocket.create_connection(('127.0.0.1', 80), 1)\nprint(1)",
    "names a socket": "import socket\nsocket.socket(socket.AF_UNIX)\nprint(1)",
    "forks": "import os\nif os.fork(): print(1)",
    "starts a program": "import subprocess\nsubprocess.run(['true'])\nprint(1)",
    "kills its parent": "import os\nos.kill(os.getppid(), 9)\nprint(1)",
    "kills everything": "import os\nos.kill(-1, 9)\nprint(1)",
    "signals through a descriptor": "import fcntl, os, socket\na, b = socket.socketpair()\n"
    "fcntl.fcntl(a, fcntl.F_SETOWN, os.getppid())\nprint(1)",
    "sends to a named socket": "import socket\na, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)\nprint(1)",
    "makes a namespace": "import ctypes\nprint(1 if ctypes.CDLL(None).unshare(0x10000000) == 0 else 0)",
    "keeps shared memory": "from multiprocessing import shared_memory\nshared_memory.SharedMemory(create=True, size=9)\nprint(1)",
    "types into the terminal": "import fcntl\nfcntl.ioctl(0, 0x5412, b'1')\nprint(1)",
    "raises its own limits": "import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))\nprint(1)",
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_program_passes(held, name):
    (result,) = held.run(GOOD[name], [Stdio("a\n", "1\n")]).tests
    assert result.passed, (result, result.stdout, result.stderr)


@pytest.mark.parametrize("name", WAYS_OUT)
def test_a_way_out_is_closed_and_the_next_program_unharmed(held, name):
    (result,) = held.run(WAYS_OUT[name], [Stdio("", "1\n")]).tests
    assert result.kind in ("runtime_error", "wrong"), result
    assert held.run("print(1)", [Stdio("", "1")]).pass_rate == 1.0
    assert len(held.processes()) in (1, 2), "its zygote, and in tier A the process that waits for it"


def test_a_program_finds_neither_tests_nor_answers_in_its_process(held):
    program = """
import gc, os, sys
def f(x):
    frame, seen = sys._getframe(), []
    while frame:
        seen.append(repr(frame.f_locals) + repr(frame.f_globals))
        frame = frame.f_back
    seen += [repr(each) for each in gc.get_objects() if isinstance(each, (str, bytes, tuple, list, dict))]
    seen += [os.read(fd, 10**6).decode("latin-1") for fd in range(64) if readable(fd)]
    return any(str(4815162341 + x) in each for each in seen)
def readable(fd):
    try:
        return os.fstat(fd).st_size > 0 and os.lseek(fd, 0, 0) == 0
    except OSError:
        return False
"""
    tests = [Call("f", (1,), expected=False), Call("f", (2,), expected="4815162342")]
    assert [test.kind.value for test in held.run(program, tests).tests] == ["pass", "wrong"]


def test_a_forged_answer_is_at_best_a_value(held):
    program = """
import os, struct
def f(x):
    for fd in range(64):
        try:
            os.write(fd, b"V" + struct.pack(">I", 1) + b"T")
        except OSError:
            pass
    return 0
"""
    tests = [Call("f", (1,), expected=7), Asserts("assert f(1) == 7\nassert f(2) == 8")]
    assert not any(test.passed for test in held.run(program, tests * 2).tests)


def test_the_phase_cannot_be_written_by_a_program(held):
    program = "import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'I')\n    except OSError: pass\nos._exit(1)"
    assert [test.kind.value for test in held.run(program, [Stdio("", "1"), Call("f")]).tests] == [
        "runtime_error",
        "early_exit",
    ]
