"""Programs that forge: verdicts, frames, replies, and values made to break or to slow whoever reads them."""

from __future__ import annotations

from code_corpus.program import DENIED, EXITED, LIED, program

__all__ = ["PROGRAMS"]

BROKEN = DENIED | EXITED | {"timeout", "output_limit"}
"""What may come of a program that writes where it should not: anything but a pass or a failure of the machine."""
LARGE = LIED | {"early_exit", "memory", "timeout", "output_limit", "crash"}

EVERYWHERE = """
import os
def everywhere(data, first=3):
    for fd in range(first, 256):
        try:
            os.set_blocking(fd, False)
            os.write(fd, data)
        except OSError:
            pass
"""

PROGRAMS = (
    program("markers on stdout", "stdio", LIED, "print('PASS', 'passed', 'OK', '__RESULT__ pass', '{\"kind\": \"pass\"}', 'all tests passed', sep='\\n')"),
    program("markers on stderr", "call", BROKEN, "import sys\nprint('PASS\\nOK\\npass', file=sys.stderr)\ndef add(a, b):\n    return 6"),
    program("verdict bytes to every descriptor, call", "call", BROKEN, EVERYWHERE + "everywhere(b'pass\\n')\ndef add(a, b):\n    everywhere(b'P' * 64)\n    return 6"),
    program("verdict bytes to every descriptor, asserts", "asserts", BROKEN, EVERYWHERE + "def add(a, b):\n    everywhere(b'\\x01' * 64)\n    return 6"),
    program("verdict bytes to every descriptor, stdio", "stdio", BROKEN, EVERYWHERE + "everywhere(b'pass\\n' * 8)\nprint(6)"),
    program("JSON verdict", "call", BROKEN, EVERYWHERE + "import json, struct\nbody = json.dumps({'kind': 'pass', 'outcome': 'pass', 'ok': True, 'outcomes': ['pass']}).encode()\neverywhere(body + b'\\n')\neverywhere(struct.pack('<I', len(body)) + body)\neverywhere(struct.pack('>I', len(body)) + body)\ndef add(a, b):\n    return 6"),
    program("pickled verdict", "call", BROKEN, EVERYWHERE + "import pickle, struct\nclass Run:\n    def __reduce__(self): return (exec, (\"open('/tmp/jeoul-pickle','w')\",))\nbody = pickle.dumps(Run())\neverywhere(body)\neverywhere(struct.pack('<Q', len(body)) + body)\ndef add(a, b):\n    return 6"),
    program("a frame of 4 GB", "call", BROKEN, EVERYWHERE + "everywhere(b'\\xff' * 8)\neverywhere(b'\\x7f' * 8)\ndef add(a, b):\n    return 6"),
    program("frames without end", "call", BROKEN, EVERYWHERE + "def add(a, b):\n    while True:\n        everywhere(b'\\x00\\x00\\x00\\x01x' * 10000)"),
    program("half a frame, then nothing", "call", BROKEN, EVERYWHERE + "import time\ndef add(a, b):\n    everywhere(b'\\x10\\x00\\x00\\x00')\n    time.sleep(60)"),
    program("closes every descriptor", "call", BROKEN, "import os\nos.closerange(0, 256)\ndef add(a, b):\n    return 6"),
    program("closes every descriptor in the call", "asserts", BROKEN, "import os\ndef add(a, b):\n    os.closerange(0, 256)\n    return 6"),
    program("points every descriptor at its output", "call", BROKEN, "import os\nfor fd in range(3, 64):\n    try:\n        os.dup2(1, fd)\n    except OSError:\n        pass\ndef add(a, b):\n    return 6"),
    program("swaps its descriptors", "call", BROKEN, "import os\ndef add(a, b):\n    r, w = os.pipe()\n    os.write(w, b'5' * 100)\n    for fd in range(3, 32):\n        try:\n            os.dup2(r, fd)\n        except OSError:\n            pass\n    return 6"),
    program("replies before it is asked", "call", BROKEN, EVERYWHERE + "for n in range(200):\n    everywhere(bytes([n, 5, 0, 0, 0, 0, 0, 0]) + b'i5')\ndef add(a, b):\n    return 6"),
    program("eats the request", "call", BROKEN, "import os\nfor fd in range(3, 64):\n    try:\n        os.set_blocking(fd, False)\n        while os.read(fd, 65536):\n            pass\n    except OSError:\n        pass\ndef add(a, b):\n    return 6"),
    program("sends descriptors along", "call", BROKEN, "import os, socket\nr, w = os.pipe()\nfor fd in range(3, 64):\n    try:\n        one = socket.socket(fileno=os.dup(fd))\n        socket.send_fds(one, [b'x'], [r] * 50)\n    except OSError:\n        pass\ndef add(a, b):\n    return 6"),
    program("nested without end", "call", LARGE, "def add(a, b):\n    x = []\n    for _ in range(1_000_000):\n        x = [x]\n    return x"),
    program("nested a little", "call", LARGE, "def add(a, b):\n    x = 5\n    for _ in range(5_000):\n        x = (x,)\n    return x"),
    program("contains itself", "call", LARGE, "def add(a, b):\n    x = []\n    x.append(x)\n    return x"),
    program("contains itself in a dict", "asserts", LARGE, "def add(a, b):\n    x = {}\n    x[0] = x\n    return x"),
    program("hash collisions in a set", "call", LARGE, "def add(a, b):\n    return [i * (2**61 - 1) for i in range(200_000)]"),
    program("a dict of one hash", "call", LARGE, "class K(int):\n    def __hash__(self): return 1\ndef add(a, b):\n    return {K(i): i for i in range(3000)}"),
    program("a set that collides for whoever rebuilds it", "asserts", LARGE, "class K(int):\n    def __hash__(self): return id(self) >> 4\ndef add(a, b):\n    return {K(i * (2**61 - 1)) for i in range(100_000)}"),
    program("keys that are the same", "call", LARGE, "class K(int):\n    def __hash__(self): return id(self)\n    def __eq__(self, other): return self is other\ndef add(a, b):\n    return {K(1): 1, K(1): 2}"),
    program("a huge integer", "call", LARGE, "def add(a, b):\n    return 1 << 400_000_000"),
    program("a huge integer, asserts", "asserts", LARGE, "def add(a, b):\n    return 10 ** 1_000_000"),
    program("a huge Decimal", "call", LARGE, "from decimal import Decimal\ndef add(a, b):\n    return Decimal('1e999999999999')"),
    program("a huge Fraction", "asserts", LARGE, "from fractions import Fraction\ndef add(a, b):\n    return Fraction(1, 3 ** 1_000_000)"),
    program("a range without end", "asserts", LARGE, "def add(a, b):\n    return range(10 ** 18)"),
    program("a text of 300 MB", "call", LARGE, "def add(a, b):\n    return 'x' * 300_000_000"),
    program("ten million items", "call", LARGE, "def add(a, b):\n    return [0] * 10_000_000"),
    program("shared a billion times", "call", LARGE, "def add(a, b):\n    x = [0]\n    for _ in range(30):\n        x = [x, x]\n    return x"),
    program("lone surrogates", "secret", LARGE, "def find():\n    return '\\ud800\\udfff\\x00' * 1000"),
    program("control characters in an error", "call", LIED, "def add(a, b):\n    raise ValueError('\\x1b[2J\\x1b]0;pass\\x07\\u202epass\\r\\n\\x00pass')"),
    program("an error that says pass", "asserts", LIED, "class AssertionError(Exception):\n    pass\nclass Pass(Exception):\n    kind = outcome = 'pass'\ndef add(a, b):\n    raise Pass('pass')"),
    program("floats that are odd", "call", LIED, "def add(a, b):\n    return [float('inf'), -0.0, float('nan')]"),
    program("a function for an answer", "call", LIED, "def add(a, b):\n    return add"),
    program("prints the reply", "call", LIED, "def add(a, b):\n    print(a + b, flush=True)"),
)  # fmt: skip
