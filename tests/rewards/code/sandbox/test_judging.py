"""From bytes and an exit status to a verdict."""

from __future__ import annotations

import signal

import pytest

from jeoul.rewards.code.forms import Stdio
from jeoul.rewards.code.sandbox.inside.comparing import equal
from jeoul.rewards.code.sandbox.inside.readable import printable, short
from jeoul.rewards.code.sandbox.inside.wire import End, Verdict
from jeoul.rewards.code.sandbox.judging import ending, same_output
from jeoul.rewards.code.sandbox.limits import Limits

HELD = Limits().held


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("1\n2\n", b"1\n2", True),
        ("1\n2\n", b"1\r\n2\r\n\n\n", True),
        ("1\n2\n", b"1\n\n2\n", False),
        ("1\n2\n", b"1\n2\n3\n", False),
        ("1\n2\n3", b"1\n2\n", False),
        ("", b"\n \n", True),
        (" 1", b"1", False),
        ("한글", "한글".encode(), True),
        ("1", b"\xff", False),
    ],
)
def test_output_is_compared_line_by_line(expected, printed, same):
    assert (same_output(Stdio("", expected), printed) == "") == same


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [("1.0", b"1", True), ("0.333333 x", b"0.33333333 x", True), ("1 2", b"1", False), ("1", b"nan", False),
     ("nan", b"nan", True), ("inf", b"1e999", False), ("1000", b"1_000", False), ("1", b"1.1", False)],
)  # fmt: skip
def test_numbers_near_enough(expected, printed, same):
    assert (same_output(Stdio("", expected, tolerance=1e-4), printed) == "") == same


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (End(b"R", b"-", 0, 0, 0, ""), None),
        (End(b"R", b"-", 3, 0, 0, ""), "runtime_error"),
        (End(b"R", b"-", 86, 0, 0, ""), "memory"),
        (End(b"R", b"-", -signal.SIGSEGV, 0, 0, ""), "crash"),
        (End(b"R", b"-", -signal.SIGKILL, 0, 2**30, ""), "memory"),
        (End(b"R", b"-", -signal.SIGXCPU, 0, 0, ""), "timeout"),
        (End(b"R", b"-", -64, 0, 0, ""), "crash"),
        (End(b"R", b"w", -9, 0, 0, ""), "timeout"),
        (End(b"E", b"-", 0, 0, 0, "SyntaxError"), "compile_error"),
        (End(b"-", b"c", -9, 0, 0, ""), "compile_timeout"),
        (End(b"-", b"-", -signal.SIGXCPU, 0, 0, ""), "compile_timeout"),
        (End(b"-", b"-", -signal.SIGSEGV, 0, 0, ""), "compile_crash"),
        (End(b"-", b"-", -9, 0, 2**30, ""), "compile_crash"),
        (End(b"-", b"-", -9, 0, 0, ""), "infra_error"),
        (End(b"I", b"-", 1, 0, 0, "OSError"), "infra_error"),
    ],
)
def test_ends_have_names(end, kind):
    found = ending(end, HELD, (0, 0), "")
    assert (found[0] if found else None) == kind


def test_nothing_after_the_program_began_is_an_infra_error():
    for over in (b"-", b"c", b"i", b"w", b"h"):
        for status in range(-64, 256):
            found = ending(End(b"R", over, status, 0, 0, ""), HELD, (0, 0), "", called=True)
            assert found is not None
            assert not found[0].is_masked


def test_messages_come_back():
    end = End(b"R", b"c", -9, 1.5, 2**31, "한")
    assert End.unpack(end.pack()) == end
    verdict = Verdict(3, 1, 0.5, "why", "답")
    assert Verdict.unpack(verdict.pack()) == verdict


def test_values_are_compared_deeply():
    assert equal({"a": [1.0, (2,)]}, {"a": [1.0 + 1e-12, [2]]}, tolerance=1e-9, lists=True)
    assert not equal([1, 2], (1, 2))
    assert not equal([1.0], [1.0, 2.0], tolerance=1.0)
    assert not equal(1.0, 3, tolerance=0.5)
    assert not equal(0.5, True, tolerance=0.6)
    assert not equal(1.5, 10**400, tolerance=1.0)
    assert not equal(1.0, "1.0", tolerance=1.0)
    assert equal(float("inf"), float("inf"), tolerance=1e-9)


def test_text_is_made_fit_to_show():
    assert printable("\x1b]0;x\x07\u202e", 100) == "\\x1b]0;x\\x07\\u202e"
    assert len(printable("\0" * 10_000, 500)) <= 500
    assert len(short(["x" * 10**6] * 10**5)) <= 200
    assert "int" in short(10**5000)
