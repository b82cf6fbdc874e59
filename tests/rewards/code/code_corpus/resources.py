"""Programs that take all there is of something: memory, time, threads, descriptors, output."""

from __future__ import annotations

from code_corpus.program import DENIED, EXITED, program

__all__ = ["PROGRAMS"]

FULL = frozenset({"memory", "runtime_error", "crash", "wrong"})
SLOW = frozenset({"timeout"})
HOG = FULL | SLOW
FLOOD = frozenset({"output_limit"})

PROGRAMS = (
    program("allocates at once", "stdio", FULL, "x = bytearray(10 ** 11)"),
    program("allocates by and by", "call", HOG, "def add(a, b):\n    kept = []\n    while True:\n        kept.append(bytearray(1 << 24))"),
    program("swallows MemoryError", "stdio", HOG, "kept = []\nwhile True:\n    try:\n        kept.append(bytearray(1 << 24))\n    except MemoryError:\n        pass"),
    program("swallows MemoryError and says it did not", "call", HOG, "def add(a, b):\n    kept = []\n    try:\n        while True:\n            kept.append(bytearray(1 << 24))\n    except MemoryError:\n        return 6"),
    program("small objects without end", "stdio", HOG, "x = None\nwhile True:\n    x = (x, x)"),
    program("maps without end", "stdio", HOG, "import mmap\nkept = []\nwhile True:\n    kept.append(mmap.mmap(-1, 1 << 26))"),
    program("memory in descriptors", "stdio", HOG, "import os\nkept = []\nwhile True:\n    fd = os.memfd_create('x')\n    os.ftruncate(fd, 1 << 28)\n    os.pwrite(fd, b'x' * (1 << 26), 0)\n    kept.append(fd)"),
    program("memory in pipes", "stdio", HOG, "import fcntl, os\nwhile True:\n    r, w = os.pipe()\n    os.set_blocking(w, False)\n    try:\n        fcntl.fcntl(w, 1031, 1 << 20)\n    except OSError:\n        pass\n    os.write(w, b'x' * (1 << 20))"),
    program("spins", "stdio", SLOW, "while True:\n    pass"),
    program("spins in the call", "call", SLOW, "def add(a, b):\n    while True:\n        pass"),
    program("spins in the call, asserts", "asserts", SLOW, "def add(a, b):\n    while True:\n        pass"),
    program("spins and swallows", "stdio", SLOW, "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass"),
    program("one call that never ends", "stdio", SLOW | {"memory"}, "print(3 ** (10 ** 9) % 7)"),
    program("one call of a pattern", "call", SLOW, "import re\ndef add(a, b):\n    return re.match('(a+)+$', 'a' * 60 + 'b')"),
    program("one call of sum", "call", SLOW, "def add(a, b):\n    return sum(range(10 ** 13))"),
    program("a signal handler that starts over", "stdio", SLOW | {"crash"}, "import signal\ndef again(*a):\n    while True:\n        pass\nfor number in (24, 14, 26, 27, 15, 10, 12):\n    signal.signal(number, again)\nwhile True:\n    pass"),
    program("threads that spin", "stdio", SLOW | {"runtime_error"}, "import threading\ndef spin():\n    while True:\n        pass\nfor _ in range(8):\n    threading.Thread(target=spin).start()"),
    program("threads without end", "stdio", SLOW | FULL, "import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(100,)).start()"),
    program("threads without end that swallow", "call", SLOW | FULL, "import threading, time\ndef add(a, b):\n    while True:\n        try:\n            threading.Thread(target=time.sleep, args=(100,)).start()\n        except BaseException:\n            pass"),
    program("descriptors without end", "stdio", FULL, "import os\nwhile True:\n    os.dup(0)"),
    program("descriptors without end that swallow", "call", SLOW | FULL | EXITED, "import os\ndef add(a, b):\n    try:\n        while True:\n            os.pipe()\n    except OSError:\n        return 6"),
    program("floods stdout", "stdio", FLOOD, "while True:\n    print('x' * 65536)"),
    program("floods stdout by small pieces", "stdio", FLOOD | SLOW, "import os\nwhile True:\n    os.write(1, b'x')"),
    program("floods stdout in the call", "call", FLOOD | SLOW | {"wrong"}, "def add(a, b):\n    for _ in range(100_000):\n        print('x' * 1000)\n    return 6"),
    program("floods stdout at once", "stdio", FLOOD | {"memory"}, "print('x' * 100_000_000)"),
    program("floods stderr", "stdio", FLOOD | SLOW | {"wrong"}, "import sys\nfor _ in range(10_000):\n    print('x' * 10_000, file=sys.stderr)"),
    program("floods stderr in the call", "asserts", FLOOD | SLOW | {"wrong"}, "import sys\ndef add(a, b):\n    for _ in range(10_000):\n        print('x' * 10_000, file=sys.stderr)\n    return 6"),
    program("one line of a traceback without end", "stdio", FLOOD | SLOW | {"runtime_error", "memory"}, "raise ValueError('x' * 50_000_000)"),
    program("sleeps", "stdio", SLOW, "import time\ntime.sleep(1000)"),
    program("sleeps in the call", "call", SLOW, "import time\ndef add(a, b):\n    time.sleep(1000)"),
    program("waits for more input", "stdio", SLOW | DENIED, "import os\nwhile True:\n    r, w = os.pipe()\n    os.read(r, 1)"),
    program("waits for itself", "call", SLOW | DENIED, "import threading\ndef add(a, b):\n    lock = threading.Lock()\n    lock.acquire()\n    lock.acquire()"),
    program("drips", "stdio", SLOW, "import time\nwhile True:\n    print('.', end='', flush=True)\n    time.sleep(0.1)"),
    program("drips in the call", "call", SLOW, "import time\ndef add(a, b):\n    while True:\n        print('.', flush=True)\n        time.sleep(0.1)"),
    program("sleeps a little, works a little", "stdio", SLOW, "import time\nwhile True:\n    sum(range(1000))\n    time.sleep(0.02)"),
    program("a pause that is no sleep", "stdio", SLOW | {"crash", "runtime_error"}, "import signal\nsignal.pause()"),
)  # fmt: skip
