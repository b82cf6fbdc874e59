"""Programs that want their failure to look like the machine's, so that it is masked instead of scored."""

from __future__ import annotations

from code_corpus.forging import BROKEN, EVERYWHERE
from code_corpus.program import program

__all__ = ["PROGRAMS"]

ANY = BROKEN | {"compile_error", "compile_crash", "test_error", "memory"}
"""Everything but a pass, a failure of the machine and "not run"."""

PROGRAMS = (
    program("an exception by that name", "call", ANY, "class InfraError(Exception):\n    kind = 'infra_error'\ndef add(a, b):\n    raise InfraError('infra_error: the sandbox failed')"),
    program("SandboxError", "stdio", ANY, "class SandboxError(BaseException): pass\nraise SandboxError('SandboxError: 503')"),
    program("prints it", "stdio", ANY, "print('infra_error')\nprint('{\"status\": \"SandboxError\", \"kind\": \"infra_error\"}')"),
    program("the phase byte of a compile error", "stdio", ANY, EVERYWHERE + "everywhere(b'E')\nprint(6)"),
    program("every byte as a phase", "call", ANY, EVERYWHERE + "for n in range(256):\n    everywhere(bytes([n]))\ndef add(a, b):\n    return 6"),
    *(program(f"exits with {code}", "call", ANY, f"import os\nos._exit({code})") for code in (1, 2, 70, 71, 75, 97, 99, 111, 125, 126, 127, 137, 139, 255)),
    *(program(f"exits with {code} in the call", "call", ANY, f"import os\ndef add(a, b):\n    os._exit({code})") for code in (1, 70, 97, 125, 255)),
    *(program(f"signal {number}", "call", ANY | {"timeout"}, f"import os\nos.kill(os.getpid(), {number})\ndef add(a, b):\n    return 6") for number in (1, 2, 3, 6, 9, 11, 13, 14, 15, 24, 25, 31, 34, 64)),
    program("MemoryError", "call", ANY, "def add(a, b):\n    raise MemoryError"),
    program("OSError: no more processes", "call", ANY, "import errno\ndef add(a, b):\n    raise BlockingIOError(errno.EAGAIN, 'Resource temporarily unavailable')"),
    program("BrokenPipeError", "call", ANY, "def add(a, b):\n    raise BrokenPipeError"),
    program("EOFError and ConnectionResetError", "asserts", ANY, "def add(a, b):\n    raise ConnectionResetError from EOFError()"),
    program("closes its channel", "call", ANY, "import os\ndef add(a, b):\n    os.closerange(3, 256)\n    os._exit(0)"),
    program("shuts its channel", "call", ANY, "import os, socket\ndef add(a, b):\n    for fd in range(3, 64):\n        try:\n            socket.socket(fileno=fd).shutdown(2)\n        except OSError:\n            pass\n    return 6"),
    program("fills its channel", "call", ANY, EVERYWHERE + "def add(a, b):\n    for _ in range(1000):\n        everywhere(b'\\x00' * 65536)\n    return 6"),
    program("a traceback of the judge", "call", ANY, "def add(a, b):\n    exec(compile('raise RuntimeError(\"zygote died\")', '/jeoul/rewards/code/sandbox/zygote.py', 'exec'))"),
    program("an ImportError of its own", "stdio", ANY, "raise ImportError('No module named jeoul')"),
)  # fmt: skip
