"""A program's process that says anything at all: the tester gets a value, one of its named failures, or nothing."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import struct
import threading

import pytest

from jeoul.rewards.code.sandbox.inside.codec import encode
from jeoul.rewards.code.sandbox.inside.remote import CandidateError, Gone, Program, Proxy, TooLarge, Unsendable
from jeoul.rewards.code.sandbox.inside.serving import ANSWER
from jeoul.rewards.code.sandbox.inside.wire import FRAME

HELLO = ANSWER.pack(b"H", 0)


def asked_of(*says):
    """Call a program whose processes say this, one after another, and hang up."""
    ours, theirs = socket.socketpair()

    def zygote():
        for said in says:
            if len(theirs.recv(FRAME.size)) < FRAME.size:
                return
            (answers, answered), (asked, asks) = os.pipe(), os.pipe()
            with contextlib.suppress(BrokenPipeError):  # a test may be over before it waits
                socket.send_fds(theirs, [b"Y"], [answers, asks])
            os.close(answers)
            os.close(asks)
            with contextlib.suppress(BrokenPipeError):
                os.write(answered, said)
            os.close(answered)
            while os.read(asked, 65536):
                pass
            os.close(asked)

    thread = threading.Thread(target=zygote)
    thread.start()
    program = Program(ours)
    try:
        yield program
    finally:
        for fd in program._ends or ():
            os.close(fd)
        ours.close()
        thread.join()
        theirs.close()


@pytest.fixture
def asked():
    running = []

    def start(*says):
        running.append(asked_of(*says))
        return next(running[-1])

    yield start
    for each in running:
        next(each, None)


def answer(kind, body):
    return ANSWER.pack(kind, len(body)) + body


def test_a_value_comes_back(asked):
    program = asked(HELLO + answer(b"V", encode([1, 2])))
    assert Proxy(program, "f")(1) == [1, 2]
    assert program.take_answers() == "[1, 2]"


@pytest.mark.parametrize(
    ("classes", "raised"),
    [
        (("KeyError", "LookupError", "Exception"), KeyError),
        (("Mine", "ValueError", "Exception"), ValueError),
        (("Mine",), CandidateError),
        (("SystemExit",), CandidateError),
        (("UnicodeDecodeError", "UnicodeError"), UnicodeError),
        ("print", CandidateError),
        (([], 1, "open"), CandidateError),
    ],
)
def test_exceptions_are_pythons_own_or_none_known(asked, classes, raised):
    program = asked(HELLO + answer(b"X", encode((classes, "why"))))
    with pytest.raises(raised) as found:
        program.call("f", (), {})
    assert found.value is program.raised


@pytest.mark.parametrize("said", [b"", b"H", HELLO, HELLO + b"V", HELLO + ANSWER.pack(b"V", 9) + b"x", b"\xff" * 50,
    HELLO + answer(b"Q", b""), HELLO + answer(b"V", b"\0"), ANSWER.pack(b"V", 0)])  # fmt: skip
def test_what_is_no_answer_is_the_end_of_it(asked, said):
    with pytest.raises(Gone):
        asked(said).call("f", (), {})


def test_a_process_that_was_never_ready_is_not_started_again(asked):
    program = asked(b"", HELLO + answer(b"V", encode(1)))
    for _ in range(3):
        with pytest.raises(Gone):
            program.call("f", (), {})
    program = asked(HELLO, HELLO + answer(b"V", encode(1)))
    with pytest.raises(Gone):
        program.call("f", (), {})
    assert program.call("f", (), {}) == 1


def test_an_answer_too_large_is_not_read(asked):
    with pytest.raises(TooLarge):
        asked(HELLO + ANSWER.pack(b"V", 2**31)).call("f", (), {})
    with pytest.raises(TooLarge):
        asked(HELLO + answer(b"V", b"l" + struct.pack(">I", 1_000_001) + b"N" * 1_000_001)).call("f", (), {})
    with pytest.raises(TooLarge):
        asked(HELLO + answer(b"L", b"deep")).call("f", (), {})


def test_arguments_must_be_plain(asked):
    with pytest.raises(Unsendable):
        asked(HELLO).call("f", (object(),), {})


def test_random_answers_raise_only_what_is_named(asked):
    chance = random.Random(0)
    good = [HELLO, answer(b"V", encode({"a": [1, (2.5, None)]})), answer(b"X", encode((("KeyError",), "x")))]
    for _ in range(60):
        said = bytearray(HELLO + b"".join(chance.choices(good, k=2)))
        for _ in range(chance.randrange(4)):
            said[chance.randrange(len(HELLO), len(said))] = chance.randrange(256)
        program = asked(bytes(said[: chance.randrange(len(said) + 1)]))
        error = None
        try:
            program.call("f", (), {})
        except BaseException as caught:
            error = caught
        assert error is None or isinstance(error, Gone | TooLarge) or error is program.raised
