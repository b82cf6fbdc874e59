"""Outputs that are nearly what is expected, and arguments that are changed so that a test agrees with itself."""

from __future__ import annotations

from code_corpus.program import LIED, program

__all__ = ["PROGRAMS"]

WRONG = frozenset({"wrong"})

PROGRAMS = (
    program("the first line of three", "lines", WRONG, "print(1)"),
    program("the first two lines of three", "lines", WRONG, "print(1)\nprint(2)"),
    program("all lines on one", "lines", WRONG, "print(1, 2, 3)"),
    program("a line too many", "lines", WRONG, "print(1)\nprint(2)\nprint(3)\nprint(4)"),
    program("a line before", "lines", WRONG, "print('Answer:')\nprint(1)\nprint(2)\nprint(3)"),
    program("every number there is", "stdio", WRONG, "for n in range(1000):\n    print(n)"),
    program("the answer among others on a line", "stdio", WRONG, "print(*range(10))"),
    program("the answer on stderr", "stdio", WRONG, "import sys\nprint(5, file=sys.stderr)"),
    program("the answer twice", "stdio", WRONG, "print(5)\nprint(5)"),
    program("a NUL behind it", "stdio", WRONG, "print('5\\x00')"),
    program("an escape around it", "stdio", WRONG, "print('6\\x1b[1D5')"),
    program("backspaces", "stdio", WRONG, "print('6\\b5')"),
    program("a carriage return", "stdio", WRONG, "print('6\\r5')"),
    program("a digit of another script", "stdio", WRONG, "print('５')"),
    program("a zero-width space", "stdio", WRONG, "print('5\\u200b')"),
    program("line separators of Unicode", "lines", WRONG, "print('1\\u20282\\u20293')"),
    program("form feeds for lines", "lines", WRONG, "print('1\\x0c2\\x0b3')"),
    program("bytes that are no text", "stdio", WRONG, "import sys\nsys.stdout.buffer.write(b'5\\xff\\xfe\\n')"),
    program("bytes of UTF-16", "stdio", WRONG, "import sys\nsys.stdout.buffer.write('5\\n'.encode('utf-16'))"),
    program("lines in another order", "lines", WRONG, "print(3)\nprint(2)\nprint(1)"),
    program("the input again", "stdio", WRONG, "import sys\nprint(sys.stdin.read())"),
    program("an expression", "stdio", WRONG, "print('2+3')"),
    program("a blank line between", "lines", WRONG, "print('1\\n\\n2\\n3')"),
    program("then crashes", "lines", LIED, "print(1)\nprint(2)\nraise ValueError"),
    program("empties its argument", "alias", LIED, "def order(xs):\n    xs.clear()\n    return xs"),
    program("gives its argument back changed", "alias", LIED, "def order(xs):\n    xs[:] = [0]\n    return xs"),
    program("changes what it was given by the collector", "alias", LIED | {"timeout", "crash"}, "import gc\ndef order(xs):\n    for thing in gc.get_objects():\n        if type(thing) is list and thing == xs:\n            thing.clear()\n    return []"),
    program("its argument, swapped by reference", "alias", LIED, "def order(xs):\n    kept = list(xs)\n    for i in range(len(xs)):\n        xs[i] = 0\n    return [0] * len(kept)"),
)  # fmt: skip
