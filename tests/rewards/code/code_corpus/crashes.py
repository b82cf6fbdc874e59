"""Programs that crash the interpreter, or the compiler before it."""

from __future__ import annotations

from code_corpus.program import program

__all__ = ["PROGRAMS"]

CRASH = frozenset({"crash", "runtime_error"})
COMPILING = frozenset({"compile_error", "compile_timeout", "compile_crash", "memory"})
DEEP = COMPILING | CRASH | {"timeout", "memory", "wrong"}

PROGRAMS = (
    program("segmentation fault", "stdio", CRASH, "import ctypes\nctypes.string_at(0)"),
    program("segmentation fault in the call", "call", CRASH, "import ctypes\ndef add(a, b):\n    ctypes.string_at(0)"),
    program("segmentation fault, asserts", "asserts", CRASH, "import ctypes\ndef add(a, b):\n    ctypes.memset(0, 0, 1)"),
    program("segmentation fault without ctypes", "stdio", CRASH, "import sys\nsys.setrecursionlimit(10 ** 9)\nclass C:\n    def __getattr__(self, name): return getattr(self, name + 'x')\nC().a"),
    program("aborts", "stdio", CRASH, "import os\nos.abort()"),
    program("aborts in the call", "call", CRASH, "import os\ndef add(a, b):\n    os.abort()"),
    program("bus error by signal", "call", CRASH, "import signal\ndef add(a, b):\n    signal.raise_signal(signal.SIGBUS)"),
    program("recursion", "call", CRASH, "def add(a, b):\n    return add(a, b)"),
    program("recursion past its limit", "call", CRASH | {"memory", "timeout"}, "import sys\nsys.setrecursionlimit(10 ** 9)\ndef add(a, b):\n    return [add(a, b)]"),
    program("stack overflow in C", "stdio", CRASH | {"wrong", "timeout", "memory"}, "import itertools\nx = ()\nfor _ in range(300_000):\n    x = itertools.chain(x)\nprint(list(x))"),
    program("stack overflow in a destructor", "stdio", CRASH | {"wrong", "timeout", "memory"}, "x = None\nfor _ in range(1_000_000):\n    x = iter((x,))\ndel x"),
    program("a broken code object", "stdio", CRASH | {"timeout", "wrong"}, "def f():\n    pass\nf.__code__ = f.__code__.replace(co_code=bytes(range(256)), co_stacksize=0)\nf()"),
    program("frees twice", "stdio", CRASH | {"wrong", "timeout", "memory"}, "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.free.argtypes = [ctypes.c_void_p]\nlibc.malloc.restype = ctypes.c_void_p\np = libc.malloc(100)\nlibc.free(p)\nlibc.free(p)\nlibc.abort()"),
    program("an illegal system call", "stdio", CRASH | {"wrong"}, "import ctypes\nctypes.CDLL(None).syscall(9999)\nprint(6)"),
    program("not Python", "stdio", COMPILING, "This is how I would do it:\nfor n in 1 to 5 do print n"),
    program("not Python, call", "call", COMPILING, "def add(a, b)\n    return a + b"),
    program("cut in the middle", "asserts", COMPILING, "def add(a, b):\n    return (a +"),
    program("tabs and blanks", "call", COMPILING, "def add(a, b):\n\tif a:\n        return 5\n\treturn 6"),
    program("a NUL", "stdio", COMPILING, "print(6)\x00print(5)"),
    program("a surrogate", "stdio", COMPILING | {"wrong", "runtime_error"}, "print('\ud800')"),
    program("another coding", "stdio", COMPILING | {"wrong"}, "# -*- coding: no-such-coding -*-\nprint(6)"),
    program("Python 2", "stdio", COMPILING, "print 'five'"),
    program("parentheses", "stdio", DEEP, "x = " + "(" * 100_000 + "5" + ")" * 100_000),
    program("brackets", "call", DEEP, "x = " + "[" * 100_000 + "]" * 100_000),
    program("signs", "stdio", DEEP, "x = " + "-" * 300_000 + "5\nprint(6)"),
    program("nots", "stdio", DEEP, "x = " + "not " * 100_000 + "5\nprint(6)"),
    program("lambdas", "stdio", DEEP, "x = " + "lambda:" * 50_000 + "5\nprint(6)"),
    program("attributes", "stdio", DEEP, "x = 5\nx" + ".a" * 200_000),
    program("a sum of many", "stdio", DEEP, "print(" + "+".join(["1"] * 100_000) + ")"),
    program("elifs", "stdio", DEEP, "x = 1\nif x == 2:\n    pass\n" + "".join(f"elif x == {n}:\n    pass\n" for n in range(20_000)) + "print(6)"),
    program("blocks in blocks", "call", DEEP, "".join("    " * n + "if 1:\n" for n in range(98)) + "    " * 98 + "pass\nadd = 6"),
    program("a literal of digits", "stdio", DEEP, "x = " + "9" * 1_000_000 + "\nprint(6)"),
    program("a constant that is folded", "stdio", DEEP, "x = ((((1 << 10000) << 10000) << 10000) * 'x', (0,) * 100_000_000)\nprint(6)"),
    program("f-strings in f-strings", "stdio", DEEP, "x = 5\nprint(f'{f\"{f\"\"\"{x:{x:{x:{x}}}}\"\"\"}\"}')\nprint(6)"),
    program("ten megabytes of source", "stdio", DEEP, "x = [\n" + "1, 2, 3, 4, 5, 6, 7, 8, 9,\n" * 400_000 + "]\nprint(6)"),
    program("a thousand decorators", "call", DEEP, "".join("@(lambda f: f)\n" for _ in range(20_000)) + "def add(a, b):\n    return 6"),
)  # fmt: skip
