"""From how a run ended, and what it printed, to a verdict. In the trainer's process, from plain bytes."""

from __future__ import annotations

import math
import signal

from jeoul.rewards.code.forms import Stdio
from jeoul.rewards.code.outcomes import Kind
from jeoul.rewards.code.sandbox.inside.readable import printable
from jeoul.rewards.code.sandbox.inside.wire import MEMORY_EXIT, RAISED_EXIT, End, Held

__all__ = ["HEAD", "Ending", "ending", "same_output"]

HEAD = 2000
"""Characters of a program's output that a result keeps."""

Ending = tuple[Kind, str, str]
"""Kind, detail, name of the signal."""


def ending(end: End, held: Held, sizes: tuple[int, int], errors: str, called: bool = False) -> Ending | None:
    """What ended a program's process, or None where it came to its end as it should.

    Args:
        sizes: bytes it had written on stdout and on stderr.
        errors: the end of what it wrote on stderr.
        called: it was there to be called: no end of its own is right.
    """
    if end.phase == b"E":
        return Kind.compile_error, printable(end.detail), ""
    if end.phase == b"I":
        return Kind.infra_error, printable(f"the program's process could not be made ready: {end.detail}"), ""
    if end.phase != b"R":
        return _uncompiled(end, held)
    over = _over(end, held)
    if over:
        return Kind.timeout, over, ""
    for name, size, most in (("stdout", sizes[0], held.stdout), ("stderr", sizes[1], held.stderr)):
        if size >= most:
            return Kind.output_limit, f"wrote {most} bytes or more on {name}", ""
    if end.status < 0:
        return _signalled(end, held)
    if end.status == MEMORY_EXIT:
        return Kind.memory, f"MemoryError: the limit is {held.memory >> 20} MiB", ""
    last = _last_line(errors)
    if called:
        if end.status == RAISED_EXIT:
            return Kind.runtime_error, last, ""
        return Kind.early_exit, f"ended with status {end.status} before it answered", ""
    if end.status:
        return Kind.runtime_error, last or f"exit status {end.status}", ""
    return None


def _uncompiled(end: End, held: Held) -> Ending:
    over = _over(end, held)
    if over:
        return Kind.compile_timeout, over, ""
    if end.status == -signal.SIGKILL and end.peak > held.memory // 2:
        return Kind.compile_crash, "killed with most of its memory in use while it was compiled", "SIGKILL"
    if end.status in (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, -signal.SIGFPE, -signal.SIGILL):
        return Kind.compile_crash, "the compiler died of it", signal.Signals(-end.status).name
    return Kind.infra_error, f"the program's process ended before it began (status {end.status})", ""


def _over(end: End, held: Held) -> str:
    if end.over == b"c" or end.status == -signal.SIGXCPU:
        return f"used its {held.cpu:g} s of CPU time"
    if end.over == b"i":
        return f"sat idle for {held.idle:g} s"
    return f"took {held.wall:g} s" if end.over == b"w" else ""


def _signalled(end: End, held: Held) -> Ending:
    if end.over == b"h":
        return Kind.early_exit, "stopped answering and went on", ""
    try:
        name = signal.Signals(-end.status).name
    except ValueError:
        name = f"SIG{-end.status}"
    if end.status == -signal.SIGKILL and end.peak > held.memory // 2:
        return Kind.memory, "killed with most of its memory in use", ""
    return Kind.crash, f"ended by {name}", name


def _last_line(errors: str) -> str:
    lines = errors.strip().splitlines()
    return printable(lines[-1]) if lines else ""


def same_output(test: Stdio, printed: bytes) -> str:
    r"""``""`` where the output is the expected one, else where it first differs.

    >>> same_output(Stdio("", "1\n2\n"), b"1 \n2\n\n"), same_output(Stdio("", "1\n2\n"), b"1\n")
    ('', '1 line instead of 2')
    """
    expected, answer = _lines(test.stdout.encode("utf-8", "surrogatepass")), _lines(printed)
    for number, (right, given) in enumerate(zip(expected, answer, strict=False), 1):
        if right != given and not (test.tolerance is not None and _near(right, given, test.tolerance)):
            return f"line {number} is {_quoted(given)}, not {_quoted(right)}"
    if len(expected) != len(answer):
        return f"{len(answer)} line{'' if len(answer) == 1 else 's'} instead of {len(expected)}"
    return ""


def _lines(text: bytes) -> list[bytes]:
    lines = [line.rstrip() for line in text.split(b"\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _near(right: bytes, given: bytes, tolerance: float) -> bool:
    """The same words, numbers within the tolerance."""
    words, answers = right.split(), given.split()
    return len(words) == len(answers) and all(
        word == answer or _close(word, answer, tolerance) for word, answer in zip(words, answers, strict=True)
    )


def _close(word: bytes, answer: bytes, tolerance: float) -> bool:
    if len(word) > 400 or len(answer) > 400 or b"_" in word + answer:
        return False
    try:
        left, right = float(word), float(answer)
    except ValueError:
        return False
    return math.isfinite(left) and math.isclose(left, right, rel_tol=tolerance, abs_tol=tolerance)


def _quoted(line: bytes) -> str:
    text = printable(line[:300].decode("utf-8", "replace"), 80)
    return f"'{text}'"
