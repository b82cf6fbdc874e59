r"""Fuzzing of the codec, of the lines between the processes, and of the sandbox whole. A script, not a test.

::

    .venv/bin/python tests/rewards/code/sandbox/fuzz_sandbox.py --seconds 600 [--only codec remote frames programs]

Four targets take turns: bytes are read as values (``codec``); a program's process says anything to its tester
(``remote``); a zygote says anything to the trainer's process (``frames``); programs write anything to every descriptor
they have, under a real sandbox (``programs``), where none may pass, none may be masked, and the next must be right.
Whatever else happens than what is named in the code is printed with its seed (``--seed`` runs it again) and the exit
status is 1. ``test_fuzz.py`` runs each for a moment.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import socket
import sys
import threading
import time
from collections.abc import Callable

from jeoul.rewards.code.forms import Asserts, Call, Stdio
from jeoul.rewards.code.sandbox import Limits, Sandbox
from jeoul.rewards.code.sandbox.inside.codec import CodecError, decode, encode
from jeoul.rewards.code.sandbox.inside.comparing import equal
from jeoul.rewards.code.sandbox.inside.readable import short
from jeoul.rewards.code.sandbox.inside.remote import Gone, Program, TooLarge
from jeoul.rewards.code.sandbox.inside.serving import ANSWER
from jeoul.rewards.code.sandbox.inside.wire import FRAME, End, Verdict
from jeoul.rewards.code.sandbox.slot import Slot, SlotError

TAGS = b"NTfIFCSBltszqiDrQdO"
SEEDS = [
    None,
    True,
    -(2**70),
    1.5,
    2j,
    "한\ud800",
    b"\0\xff",
    [1, [2, (3,)]],
    {1, 2},
    frozenset({()}),
    {"a": {1: 2}},
    range(3),
]
LIMITS = Limits(cpu=0.5, idle=0.5, wall=30, memory=2**29)


def mutated(chance: random.Random, data: bytes) -> bytes:
    """Some bytes changed, taken out, doubled or put in."""
    out = bytearray(data)
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(out) + 1)
        match chance.randrange(5):
            case 0 if at < len(out):
                out[at] = chance.choice([chance.randrange(256), 0, 255, *TAGS])
            case 1:
                del out[at : at + chance.randrange(1, 5)]
            case 2:
                out[at:at] = out[at : at + chance.randrange(1, 9)] * chance.choice([1, 2, 300])
            case 3:
                out[at:at] = bytes(chance.choices(range(256), k=chance.randrange(1, 5)))
            case _:
                out[at:at] = encode(chance.choice(SEEDS))
        out = out[: 2**16]
    return bytes(out)


def codec(chance: random.Random) -> None:
    """Bytes as a value: refused, or a value that can be shown, compared and sent on."""
    data = mutated(chance, encode(chance.choice(SEEDS)))
    try:
        value = decode(data)
    except CodecError:
        return
    short(value)
    equal([1, (2.5, "x")], value, 1e-9, True)
    with contextlib.suppress(CodecError):
        encode(value)


def remote(chance: random.Random) -> None:
    """A program's process says anything to its tester."""
    body = encode(chance.choice([*SEEDS, (("KeyError",), "x")]))
    said = ANSWER.pack(b"H", 0) + ANSWER.pack(chance.choice([b"V", b"X", b"L"]), len(body)) + body
    ours, theirs = socket.socketpair()
    (answers, answered), (asked, asks) = os.pipe(), os.pipe()
    os.write(answered, (mutated(chance, said) if chance.random() < 0.9 else said)[:60_000])
    os.close(answered)
    socket.send_fds(theirs, [b"Y"], [answers, asks])
    os.close(answers)
    os.close(asks)
    program = Program(ours)
    try:
        program.call("f", (1,), {})
    except (Gone, TooLarge):
        pass
    except Exception as error:
        if error is not program.raised:
            raise
    finally:
        for fd in program._ends or ():
            os.close(fd)
        os.close(asked)
        ours.close()
        theirs.close()


def frames(chance: random.Random) -> None:
    """A zygote says anything to the trainer's process: an answer, or a SlotError."""
    verdict = Verdict(0, chance.randrange(9), 0.0, "why", "x").pack()
    end = End(b"R", b"-", chance.randrange(-70, 256), 0.0, 0, "").pack()
    said = b"".join(
        FRAME.pack(tag, len(body)) + body
        for tag, body in chance.choices([(b"V", verdict), (b"G", end), (b"D", end), (b"H", b"")], k=3)
    )
    slot = Slot.__new__(Slot)
    slot._line, theirs = socket.socketpair()
    slot._buffer = bytearray()
    read, write = os.pipe()
    try:
        theirs.sendall(mutated(chance, said))
        theirs.shutdown(socket.SHUT_WR)
        with contextlib.suppress(SlotError):
            slot.ask(b"C", LIMITS.held, [read] * 4, time.monotonic() + 30)
    finally:
        for fd in (read, write):
            os.close(fd)
        slot._line.close()
        theirs.close()


WRITER = """
import os
data = {data!r}
def f(x):
    for fd in range(64):
        try:
            os.set_blocking(fd, False)
            os.write(fd, data)
        except OSError:
            pass
    {end}
f(0) if {at_once} else None
"""


class Programs:
    """Programs that write anything to every descriptor they have."""

    def __init__(self) -> None:
        self.sandbox = Sandbox(slots=1, limits=LIMITS)
        self.sandbox.start()

    def __call__(self, chance: random.Random) -> None:
        body = encode(chance.choice(SEEDS))
        parts = [
            ANSWER.pack(b"V", len(body)) + body, ANSWER.pack(b"H", 0), b"I", b"E", b"R",
            FRAME.pack(b"V", 17) + Verdict(0, 0, 0.0, "").pack(), FRAME.pack(b"D", 26), b"Y",
        ]  # fmt: skip
        data = mutated(chance, b"".join(chance.choices(parts, k=3)))[:4000]
        end = chance.choice(
            ["return 1", "os._exit(0)", "raise ValueError", "os.kill(os.getpid(), 9)", "return f", "os.close(5)"]
        )
        program = WRITER.format(data=data, end=end, at_once=chance.random() < 0.3)
        secret = f"secret {chance.random()}"
        tests = [Stdio("", secret), Call("f", (1,), expected=secret), Asserts(f"assert f(1) == {secret!r}")]
        for test in self.sandbox.run(program, tests).tests:
            if test.passed or test.kind.is_masked:
                raise AssertionError(f"{test} of\n{program}")
        right = self.sandbox.run("print(1)", [Stdio("", "1")])
        if right.pass_rate != 1.0:
            raise AssertionError(f"after {program}: {right.tests}")

    def close(self) -> None:
        self.sandbox.close()


def fuzz(
    targets: dict[str, Callable[[random.Random], None]], seconds: float, seed: int
) -> tuple[dict[str, int], list[str]]:
    """Run targets in turn for so long: how often each was run, and what was found."""
    counts, found = dict.fromkeys(targets, 0), []
    before = {*threading.enumerate()}
    until = time.monotonic() + seconds
    while time.monotonic() < until and len(found) < 20:
        for name, target in targets.items():
            for _ in range(1 if name == "programs" else 50):
                try:
                    target(random.Random(f"{name} {seed}"))
                except BaseException as error:
                    if isinstance(error, KeyboardInterrupt):
                        raise
                    found.append(f"{name} --seed {seed}: {type(error).__name__}: {error}")
                counts[name] += 1
                seed += 1
    if left := {*threading.enumerate()} - before:
        found.append(f"threads are left: {left}")
    return counts, found


def main() -> int:
    """Fuzz for so long; 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", choices=["codec", "remote", "frames", "programs"])
    options = parser.parse_args()
    wanted = options.only or ["codec", "remote", "frames", "programs"]
    targets: dict[str, Callable[[random.Random], None]] = {"codec": codec, "remote": remote, "frames": frames}
    targets = {name: target for name, target in targets.items() if name in wanted}
    programs = Programs() if "programs" in wanted else None
    try:
        counts, found = fuzz(targets | ({"programs": programs} if programs else {}), options.seconds, options.seed)
    finally:
        if programs:
            programs.close()
    print(*(f"{name}: {count} runs" for name, count in counts.items()), *found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
