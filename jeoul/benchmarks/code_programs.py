"""Programs and tests for the code benchmark: written here, right by construction, and some that fail in known ways."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Program", "called", "mixed"]


class Program(NamedTuple):
    """A function with what it must give, and the same as a program that reads and prints."""

    name: str
    body: str
    cases: tuple[tuple[tuple[object, ...], object], ...]

    @property
    def function(self) -> str:
        """The definition alone."""
        return f"def {self.name}{self.body}"

    @property
    def script(self) -> str:
        """Reads one line of literals and prints what the function gives."""
        return f"import ast\n{self.function}\nprint({self.name}(*ast.literal_eval(input())))\n"

    @property
    def check(self) -> str:
        """HumanEval's form."""
        lines = "".join(f"    assert candidate(*{arguments!r}) == {value!r}\n" for arguments, value in self.cases)
        return f"def check(candidate):\n{lines}"


def _made(number: int) -> Program:
    """One of four kinds of small program, with five cases."""
    shift = number % 97 + 1
    kind = number % 4
    numbers = [[(7 * k + shift) % 31 for k in range(5 + case)] for case in range(5)]
    if kind == 0:
        body = f"(xs, k):\n    total = 0\n    for x in xs:\n        total += x * k\n    return total + {shift}"
        return Program("weigh", body, tuple(((xs, 3), sum(xs) * 3 + shift) for xs in numbers))
    if kind == 1:
        body = f"(xs):\n    return sorted(xs, key=lambda x: (x % {shift}, x))"
        return Program("order", body, tuple(((xs,), sorted(xs, key=lambda x: (x % shift, x))) for xs in numbers))
    if kind == 2:
        body = (
            f"(n):\n    found = []\n    while n:\n        n, d = divmod(n, {shift + 1})\n        found.append(d)\n"
            "    return found[::-1] or [0]"
        )
        return Program("digits", body, tuple(((case * 1009,), _digits(case * 1009, shift + 1)) for case in range(5)))
    body = (
        "(text):\n    counts = {}\n    for char in text:\n        counts[char] = counts.get(char, 0) + 1\n"
        "    return counts"
    )
    texts = ["abc"[: case % 3 + 1] * (case + shift % 5) for case in range(5)]
    return Program("counts", body, tuple(((text,), {char: text.count(char) for char in text}) for text in texts))


def _digits(number: int, base: int) -> list[int]:
    found = []
    while number:
        number, digit = divmod(number, base)
        found.append(digit)
    return found[::-1] or [0]


def called(count: int) -> list[Program]:
    """Programs to be called, all different."""
    return [_made(number) for number in range(count)]


_FAILURES = (
    ("wrong", "print(0)"),
    ("runtime_error", "print([][1])"),
    ("compile_error", "print(("),
    ("crash", "import os\nos.abort()"),
    ("timeout", "while True:\n    pass"),
    ("timeout", "import time\ntime.sleep(60)"),
    ("memory", "x = bytearray(10 ** 11)"),
    ("pass", "import time\ntime.sleep(0.2)\nprint(input())"),
    ("pass", "x = 0\nfor n in range(2_000_000):\n    x += n\nprint(input())"),
    ("pass", "import threading\nt = threading.Thread(target=lambda: print(input()))\nt.start()\nt.join()"),
)


def mixed(count: int) -> list[tuple[str, str, str, str]]:
    """Programs with the kind they must come to: (kind, program, stdin, stdout); one in eight fails or is slow."""
    made: list[tuple[str, str, str, str]] = []
    for number, program in enumerate(called(count)):
        arguments, value = program.cases[number % 5]
        if number % 8 == 7:
            kind, code = _FAILURES[number // 8 % len(_FAILURES)]
            made.append((kind, f"{code}\n# {number}\n", "ready\n", "ready\n"))
        else:
            made.append(("pass", program.script, f"{list(arguments)!r}\n", f"{value}\n"))
    return made
