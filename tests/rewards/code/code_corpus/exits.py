"""Programs that leave early, in every way there is."""

from __future__ import annotations

from code_corpus.program import EXITED, program

__all__ = ["PROGRAMS"]

CRASHED = {"crash"}
LEFT = EXITED | {"runtime_error"}

PROGRAMS = (
    program("sys.exit at import, stdio", "stdio", EXITED, "import sys\nsys.exit(0)"),
    program("sys.exit with a text", "stdio", LEFT, "import sys\nsys.exit('5')"),
    program("os._exit at import, stdio", "stdio", EXITED, "import os\nos._exit(0)"),
    program("sys.exit at import, call", "call", EXITED, "import sys\nsys.exit(0)"),
    program("os._exit at import, call", "call", EXITED, "import os\nos._exit(0)"),
    program("os._exit at import, asserts", "asserts", EXITED, "import os\nos._exit(0)"),
    program("exit() in the function", "call", EXITED, "def add(a, b):\n    exit(0)"),
    program("quit() in the function", "asserts", EXITED, "def add(a, b):\n    quit()"),
    program("os._exit in the function", "call", EXITED, "import os\ndef add(a, b):\n    os._exit(0)"),
    program("os._exit in the function, asserts", "asserts", EXITED, "import os\ndef add(a, b):\n    os._exit(0)"),
    program("SystemExit with the answer", "call", LEFT, "def add(a, b):\n    raise SystemExit(a + b)"),
    program(
        "exits after the first of many calls",
        "asserts",
        EXITED | {"pass"},  # of the calls that it answers, and answers right
        """
        import os
        calls = []
        def add(a, b):
            calls.append(a)
            if len(calls) > 1:
                os._exit(0)
            return a + b
        """,
    ),
    program(
        "a class of SystemExit that lies",
        "call",
        LEFT,
        """
        class Leave(SystemExit):
            code = 0
            def __eq__(self, other): return True
            __hash__ = None
        def add(a, b):
            raise Leave(5)
        """,
    ),
    program(
        "exits from a thread while the function waits",
        "call",
        EXITED | {"timeout"},
        """
        import os, threading, time
        def add(a, b):
            threading.Timer(0.01, os._exit, (0,)).start()
            time.sleep(60)
        """,
    ),
    program(
        "exits from a destructor",
        "call",
        LEFT,
        """
        import os
        class Trap:
            def __del__(self): os._exit(0)
        def add(a, b):
            Trap()
            return a + b + 1
        """,
    ),
    program(
        "exits at exit",
        "call",
        LEFT,
        "import atexit, os\natexit.register(os._exit, 0)\ndef add(a, b):\n    return 6",
    ),
    program("KeyboardInterrupt", "call", LEFT, "def add(a, b):\n    raise KeyboardInterrupt"),
    program("GeneratorExit at import", "stdio", LEFT, "raise GeneratorExit"),
    program(
        "an exception of its own base",
        "asserts",
        LEFT,
        "class Odd(BaseException):\n    pass\ndef add(a, b):\n    raise Odd",
    ),
    program(
        "an exception whose text raises",
        "call",
        LEFT,
        """
        class Odd(Exception):
            def __str__(self): raise SystemExit(0)
            __repr__ = __str__
        def add(a, b):
            raise Odd
        """,
    ),
    program(
        "an exception with a text without end",
        "call",
        LEFT | {"memory", "timeout"},
        """
        class Odd(Exception):
            def __str__(self): return 'x' * 200_000_000
        def add(a, b):
            raise Odd
        """,
    ),
    program("kills itself", "call", CRASHED, "import os, signal\ndef add(a, b):\n    os.kill(os.getpid(), signal.SIGKILL)"),
    program("SIGTERM to itself", "stdio", CRASHED, "import signal\nsignal.raise_signal(signal.SIGTERM)"),
    program("execs itself away", "stdio", {"runtime_error", "crash", "wrong"}, "import os\nos.execv('/bin/true', ['true'])"),
    program("a coroutine for an answer", "call", LEFT, "async def add(a, b):\n    return a + b"),
    program("a generator for an answer", "call", LEFT, "def add(a, b):\n    yield a + b"),
    program("no function", "call", LEFT, "def plus(a, b):\n    return a + b"),
    program("no function, asserts", "asserts", LEFT | {"test_error"}, "x = 1"),
    program("the name is no function", "call", LEFT, "add = 5"),
    program("nothing at all", "stdio", {"wrong"}, ""),
    program("only a comment, call", "call", LEFT, "# def add(a, b): return a + b"),
)  # fmt: skip
