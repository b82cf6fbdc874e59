"""Programs that attack the test code itself: by what they raise, and by answers that it hands back to them."""

from __future__ import annotations

from code_corpus.program import EXITED, LIED, program

__all__ = ["PROGRAMS"]

ANY = LIED | EXITED | {"timeout", "memory", "output_limit"}
"""Anything but a pass and what is masked: a test_error would be an escape."""
OWN = "class A:\n    pass\n"

PROGRAMS = (
    program("StopIteration ends a zip of answers", "zipped", ANY, "def f(x):\n    raise StopIteration"),
    program("StopIteration ends a loop over answers", "looped", ANY, "def f(x):\n    raise StopIteration"),
    program("StopAsyncIteration", "zipped", ANY, "def f(x):\n    raise StopAsyncIteration"),
    program("a StopIteration of its own", "looped", ANY, "class S(StopIteration):\n    pass\ndef f(x):\n    raise S"),
    program("an answer that cannot be handed back", "again", ANY, OWN + "def f(x):\n    return A()"),
    program("a list with such in it", "again", ANY, OWN + "def f(x):\n    return [1, A()]"),
    program("an iterator that is handed back", "again", ANY, "def f(x):\n    return iter([1])"),
    program("an answer too deep to be wrapped", "wrapped", ANY, "def f(x):\n    y = []\n    for _ in range(149):\n        y = [y]\n    return y"),
    program("an answer too large to be sent three times", "wrapped", ANY, "def f(x):\n    return 'x' * 15_000_000"),
    program("leaves inside a bare except", "bare", ANY, "import os\ndef f(x):\n    os._exit(0)"),
    program("answers too much inside a bare except", "bare", ANY, "def f(x):\n    return 'x' * 50_000_000"),
    program("spins inside a bare except", "bare", ANY, "def f(x):\n    while True:\n        pass"),
    program("AssertionError of its own", "looped", ANY, "def f(x):\n    raise AssertionError"),
    program("an exception with a name of the tests", "again", ANY, "class Gone(BaseException):\n    pass\nclass Unsendable(Exception):\n    pass\ndef f(x):\n    raise Unsendable"),
    program("KeyboardInterrupt in a loop", "looped", ANY, "def f(x):\n    raise KeyboardInterrupt"),
    program("MemoryError and RecursionError", "bare", ANY, "def f(x):\n    raise RecursionError"),
    program("every name there is", "again", ANY, "import builtins\ndef f(x):\n    raise [e for e in vars(builtins).values() if isinstance(e, type) and issubclass(e, GeneratorExit)][0]"),
)  # fmt: skip
