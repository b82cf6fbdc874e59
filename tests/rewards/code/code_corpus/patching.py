"""Programs that patch what a judge in their process would use."""

from __future__ import annotations

from code_corpus.program import LIED, program

__all__ = ["PROGRAMS"]

MAY = LIED | {"crash", "early_exit", "timeout"}

PROGRAMS = (
    program("assert that raises nothing", "asserts", MAY, "import builtins\nclass Quiet(BaseException):\n    def __new__(cls, *a): return SystemExit(0)\nbuiltins.AssertionError = Quiet\ndef add(a, b):\n    return 6"),
    program(
        "patched builtins",
        "call",
        MAY,
        """
        import builtins
        for name in ('len', 'abs', 'isinstance', 'all', 'any', 'repr', 'str', 'type', 'sorted', 'zip', 'round'):
            setattr(builtins, name, lambda *a, **k: True)
        def add(a, b): return 6
        """,
    ),
    program(
        "patched exec and compile",
        "asserts",
        MAY,
        "import builtins\nbuiltins.exec = builtins.eval = builtins.compile = builtins.__import__ = lambda *a, **k: True\ndef add(a, b):\n    return 6",
    ),
    program(
        "patched unittest",
        "asserts",
        MAY,
        """
        import unittest
        for name in dir(unittest.TestCase):
            if name.startswith('assert'):
                setattr(unittest.TestCase, name, lambda *a, **k: None)
        unittest.main = lambda *a, **k: None
        def add(a, b): return 6
        """,
    ),
    program("patched json", "call", MAY, "import json\njson.dumps = lambda *a, **k: '5'\njson.loads = lambda *a, **k: 5\njson.dump = json.load = json.loads\ndef add(a, b):\n    return 6"),
    program("patched struct and pickle", "call", MAY, "import struct, pickle\nstruct.pack = lambda *a: b'\\x05'\npickle.dumps = lambda *a: b'\\x05'\ndef add(a, b):\n    return 6"),
    program("patched math and operator", "call", MAY, "import math, operator\nmath.isclose = operator.eq = lambda *a, **k: True\nmath.isnan = lambda x: False\ndef add(a, b):\n    return 6.0"),
    program(
        "patched numpy.testing",
        "asserts",
        MAY,
        "import sys, types\nfake = types.ModuleType('numpy')\nfake.testing = types.ModuleType('numpy.testing')\nfake.allclose = fake.testing.assert_allclose = lambda *a, **k: True\nsys.modules['numpy'] = fake\nsys.modules['numpy.testing'] = fake.testing\ndef add(a, b):\n    return 6",
    ),
    program(
        "patched write and os",
        "call",
        MAY,
        """
        import os, sys
        real = os.write
        os.write = lambda fd, data: real(fd, data.replace(b'6', b'5'))
        os.read = lambda *a: b''
        sys.stdout = sys.stderr = sys.stdin = None
        def add(a, b): return 6
        """,
    ),
    program(
        "skips lines of the tests by tracing",
        "asserts",
        MAY,
        """
        import sys
        def trace(frame, event, arg):
            frame.f_trace_lines = True
            if event == 'line' and 'candidate' in frame.f_locals:
                try:
                    frame.f_lineno = frame.f_lineno + 100
                except ValueError:
                    pass
            return trace
        sys.settrace(trace)
        frame = sys._getframe()
        while frame:
            frame.f_trace = trace
            frame = frame.f_back
        def add(a, b): return 6
        """,
    ),
    program("profile function that exits", "asserts", MAY, "import os, sys\ndef profile(frame, event, arg):\n    if event == 'c_exception' or 'check' in frame.f_code.co_name:\n        os._exit(0)\nsys.setprofile(profile)\ndef add(a, b):\n    return 6"),
    program("excepthook that exits well", "stdio", MAY, "import os, sys, threading\nsys.excepthook = threading.excepthook = lambda *a: os._exit(0)\nraise ValueError"),
    program(
        "replaces the code of every function it finds",
        "call",
        MAY,
        """
        import gc, types
        def yes(*a, **k): return True
        for thing in gc.get_objects():
            if isinstance(thing, types.FunctionType) and thing is not yes and not thing.__code__.co_freevars:
                if any(word in thing.__qualname__.lower() for word in ('equal', 'judge', 'check', 'compare', 'verdict', 'encode')):
                    try:
                        thing.__code__ = yes.__code__
                    except Exception:
                        pass
        def add(a, b): return 6
        """,
    ),
    program(
        "makes 6 be 5 in memory",
        "call",
        MAY,
        """
        import ctypes, sys
        def add(a, b):
            ctypes.memset(id(7) + 24, 5, 1)
            return 6
        """,
    ),
    program("an import hook", "asserts", MAY, "import sys\nclass Hook:\n    def find_spec(self, *a): raise SystemExit(0)\nsys.meta_path.insert(0, Hook())\nsys.modules.clear()\ndef add(a, b):\n    return 6"),
    program("its own check", "asserts", MAY, "def check(candidate):\n    pass\ndef add(a, b):\n    return 6"),
    program("globals that replace the tests", "asserts", MAY, "import sys\nsys._getframe().f_globals.update(check=lambda c: None, candidate=lambda *a: 5, METADATA={})\ndef add(a, b):\n    return 6"),
    program(
        "replaces check from within",
        "asserts",
        MAY,
        """
        import sys
        def add(a, b):
            frame = sys._getframe()
            while frame:
                for names in (frame.f_globals, frame.f_locals):
                    for name in ('check', 'passed', 'result', 'verdict', 'outcome', 'kind', 'ok'):
                        if name in names:
                            names[name] = lambda *a, **k: None
                frame = frame.f_back
            return 6
        """,
    ),
    program("a codec that turns the source over", "stdio", MAY | {"compile_error"}, "# coding: rot13\ncevag(5)\nprint(4)"),
    program("a warning made an exit", "stdio", MAY, "import warnings\nwarnings.showwarning = lambda *a, **k: exit(0)\nwarnings.warn('x')\nprint(6)"),
    program("hash and eq of builtins through ctypes", "call", MAY, "import ctypes\ntry:\n    table = ctypes.pythonapi.PyType_Modified\n    ctypes.c_void_p.from_address(id(int) + 200).value = ctypes.c_void_p.from_address(id(str) + 200).value\nexcept Exception:\n    pass\ndef add(a, b):\n    return 6"),
)  # fmt: skip
