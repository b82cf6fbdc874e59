"""Every form of test and every kind of end, through a real zygote."""

from __future__ import annotations

import pytest

from jeoul.errors import DataError, UsageError
from jeoul.rewards.code.forms import Asserts, Call, Checker, Compiles, InProcess, Stdio
from jeoul.rewards.code.outcomes import Kind
from jeoul.rewards.code.sandbox import Limits, Sandbox

SUM = "def check(stdin, stdout, expected): return sum(map(int, stdout.split())) == int(expected)"


@pytest.fixture(scope="module")
def sandbox():
    limits = Limits(cpu=1.0, idle=1.0)
    with Sandbox(slots=1, isolation="best_effort", in_process=True, limits=limits) as made:
        yield made


def kinds(sandbox, program, *tests):
    return [test.kind.value for test in sandbox.run(program, tests).tests]


def test_lines_are_compared_one_by_one(sandbox):
    program = "print(int(input()) + 1)"
    assert kinds(sandbox, program, Stdio("1\n", "2\n"), Stdio("1\n", "3\n"), Stdio("1", "2\n2")) == [
        "pass",
        "wrong",
        "wrong",
    ]


def test_nothing_is_compared_by_the_shorter_of_two(sandbox):
    assert kinds(sandbox, "print(1)", Stdio("", "1\n2\n")) == ["wrong"]
    assert kinds(sandbox, "print(1); print(2)", Stdio("", "1\n")) == ["wrong"]


def test_numbers_may_differ_only_where_the_test_says_so(sandbox):
    assert kinds(sandbox, "print('x', 1/3)", Stdio("", "x 0.333333"), Stdio("", "x 0.333333", 1e-5)) == [
        "wrong",
        "pass",
    ]


def test_a_call_compares_values(sandbox):
    program = "def f(x): return x + 1"
    assert kinds(sandbox, program, Call("f", (1,), expected=2), Call("f", ("a",)), Call("f", (1.5,), expected=3)) == [
        "pass", "runtime_error", "wrong",
    ]  # fmt: skip


def test_a_call_in_place_compares_the_argument(sandbox):
    program = "class Solution:\n    def put(self, xs):\n        xs.sort()"
    assert kinds(sandbox, program, Call("put", ([3, 1],), expected=[1, 3], inplace=0)) == ["pass"]
    assert kinds(sandbox, program, Call("Solution.put", ([3, 1],), expected=[1, 3])) == ["wrong"]


def test_a_call_may_take_tuples_for_lists_and_floats_as_near(sandbox):
    program = "def f(): return (0.1 + 0.2, [1, (2,)])"
    expected = [0.3, [1, [2]]]
    assert kinds(sandbox, program, Call("f", expected=expected), Call("f", expected=expected, lists=True, tolerance=1e-9)) == [
        "wrong", "pass",
    ]  # fmt: skip


def test_each_assert_is_a_test_whatever_became_of_the_one_before(sandbox):
    source = "import math\nassert f(1) == 2\nassert f('a') == 1\nassert f(5) == 7\nassert math.sqrt(f(3)) == 2"
    assert kinds(sandbox, "def f(x): return x + 1", Asserts(source)) == ["pass", "runtime_error", "wrong", "pass"]


def test_check_of_a_candidate(sandbox):
    source = "def check(candidate):\n    assert candidate(2) == 4\n    for i in range(3):\n        assert candidate(i) == i * i\n"
    assert kinds(sandbox, "def square(x): return x ** 2", Asserts(source, "square")) == ["pass", "pass"]
    assert kinds(sandbox, "def square(x): return 4", Asserts(source, "square")) == ["pass", "wrong"]


def test_an_assert_never_reached_passes_only_where_all_else_does(sandbox):
    source = "def check(candidate):\n    assert candidate(2) == [4]\n    for x in candidate(0):\n        assert x\n"
    assert kinds(sandbox, "def f(x): return [4] if x else []", Asserts(source, "f")) == ["pass", "pass"]
    assert kinds(sandbox, "def f(x): return []", Asserts(source, "f")) == ["wrong", "wrong"]


def test_a_test_may_expect_an_exception(sandbox):
    source = "try:\n    f(0)\n    found = False\nexcept ZeroDivisionError:\n    found = True\nassert found"
    assert kinds(sandbox, "def f(x): return 1 / x", Asserts(source)) == ["pass"]
    assert kinds(sandbox, "def f(x): return 1", Asserts(source)) == ["wrong"]


def test_an_object_equal_to_everything_equals_nothing(sandbox):
    program = "class A:\n    def __eq__(self, other): return True\n    __ne__ = lambda self, other: False\ndef f(x): return A()"
    asserts = Asserts("assert f(1) == 2\nassert 2 == f(1)\nassert f(1) in [1, 2]\nassert not f(1) != 2")
    assert kinds(sandbox, program, Call("f", (1,), expected=2), asserts) == ["wrong"] * 5


def test_a_subclass_arrives_as_the_plain_value(sandbox):
    program = (
        "class I(int):\n    def __eq__(self, other): return True\n    __hash__ = int.__hash__\ndef f(x): return I(x)"
    )
    assert kinds(sandbox, program, Call("f", (1,), expected=1), Call("f", (1,), expected=2)) == ["pass", "wrong"]


def test_a_checker_judges_what_was_printed(sandbox):
    assert kinds(sandbox, "print(4, 3)", Checker(SUM, expected="7"), Checker(SUM, expected="8")) == ["pass", "wrong"]
    assert kinds(sandbox, "print('no number')", Checker(SUM, expected="7")) == ["wrong"]


def test_broken_tests_are_told_from_broken_programs(sandbox):
    program = "def f(x): return x"
    assert kinds(sandbox, program, Checker("def check(*_): return True")) == ["pass"]
    assert kinds(sandbox, program, Checker("1 / 0")) == ["test_error"]
    assert kinds(sandbox, program, Asserts("assert 1 / 0")) == ["test_error"]
    assert kinds(sandbox, program, Asserts("assert f(object()) == 1")) == ["test_error"]
    assert kinds(sandbox, "def f(x): return None", Asserts("y = len(f(1))\nassert y == 1")) == ["wrong"]


def test_no_exception_of_a_program_ends_a_loop_of_the_test(sandbox):
    source = "assert all(got == want for got, want in zip(map(f, [1, 2]), [1, 2]))\nfor got in map(f, [1]):\n    assert got == 1"
    for error in ("StopIteration", "StopAsyncIteration", "GeneratorExit", "type('Mine', (StopIteration,), {})"):
        assert "pass" not in kinds(sandbox, f"def f(x): raise {error}", Asserts(source)), error


def test_nothing_that_a_program_answers_breaks_the_test(sandbox):
    twice = Asserts("assert f(f(1)) == 1")
    assert kinds(sandbox, "class A: pass\ndef f(x): return A()", twice) == ["wrong"]
    deep = "def f(x):\n    r = []\n    for _ in range(149): r = [r]\n    return r"
    assert kinds(sandbox, deep, Asserts("assert f([f(1)]) == 1")) == ["wrong"]
    bare = Asserts("try:\n    x = f(1)\nexcept:\n    pass\nassert x == 1")
    assert kinds(sandbox, "import os\ndef f(x): os._exit(0)", bare) == ["wrong"]
    assert kinds(sandbox, "def f(x): return 'x' * 50_000_000", bare) == ["wrong"]


def test_a_test_can_call_what_is_the_programs_and_do_nothing_else_with_it(sandbox):
    program = "LIMIT = 5\nclass E(Exception): pass\nclass T:\n    x = 1\ndef f(x): return x"
    for source in (
        "assert LIMIT == 5",
        "assert T.x == 1",
        "assert isinstance(f(1), T)",
        "try:\n    f(1)\nexcept E:\n    pass",
    ):
        (result,) = sandbox.run(program, [Asserts(source)]).tests
        assert result.kind == "test_error", source
        assert "can call it" in result.detail
    assert kinds(sandbox, program, Asserts("assert list(map(f, [1])) == [1]\ng = f\nassert g(2) == 2")) == [
        "pass",
        "pass",
    ]


def test_each_assert_has_time_of_its_own_and_the_end_of_a_process_is_its_own():
    program = """
import os, time
def f(x):
    end = time.process_time() + (60 if x == 2 else 0.25)
    while time.process_time() < end: pass
    if x == 4: os._exit(0)
    return x
"""
    source = "\n".join(f"assert f({x}) == {x}" for x in range(7))
    with Sandbox(slots=1, isolation="best_effort", limits=Limits(cpu=0.6, idle=5)) as patient:
        results = patient.run(program, [Asserts(source)]).tests
    assert [test.kind.value for test in results] == ["pass", "pass", "timeout", "pass", "early_exit", "pass", "pass"]
    assert all(0.2 < test.seconds_cpu < 2 for test in results)


def test_a_program_that_does_not_compile_fails_every_test(sandbox):
    result = sandbox.run("x =", [Stdio("", ""), Call("f"), Asserts("assert f()\nassert f()"), Compiles()])
    assert [test.kind for test in result.tests] == [Kind.compile_error] * 5
    assert [test.test for test in result.tests] == [0, 1, 2, 2, 3]
    assert result.compile_ok is False
    assert "line 1" in result.tests[0].detail


@pytest.mark.parametrize(
    ("program", "kind"),
    [
        ("raise SystemExit(3)", "runtime_error"),
        ("import os; os._exit(0)", "wrong"),
        ("1 / 0", "runtime_error"),
        ("import ctypes; ctypes.string_at(0)", "crash"),
        ("while True: pass", "timeout"),
        ("import time; time.sleep(60)", "timeout"),
        ("x = bytearray(10 ** 11)", "memory"),
        ("while True: print('x' * 10 ** 6)", "output_limit"),
        ("exit()", "wrong"),
        ("\0", "compile_error"),
        ("(" * 1000 + ")" * 1000, "compile_error"),
        ("'\ud800'", "compile_error"),
    ],
)
def test_ends_of_a_program_that_reads_and_prints(sandbox, program, kind):
    assert kinds(sandbox, program, Stdio("", "1\n")) == [kind]


def test_ends_of_a_program_that_is_called(sandbox):
    program = """
import os, sys, time
def f(x):
    if x == 0: os._exit(0)
    if x == 1: sys.exit(3)
    if x == 2: os.kill(os.getpid(), 11)
    if x == 3: raise MemoryError
    if x == 4: return "x" * 10 ** 8
    return x
"""
    tests = [Call("f", (x,), expected=x) for x in range(6)]
    assert kinds(sandbox, program, *tests) == ["early_exit", "early_exit", "crash", "memory", "output_limit", "pass"]
    assert kinds(sandbox, "import os; os._exit(0)", *tests) == ["early_exit"] * 6
    assert kinds(sandbox, "1 / 0", *tests) == ["runtime_error"] * 6


def test_a_call_that_hangs_fails_alone(sandbox):
    program = "import time\ndef f(x):\n    if x == 1: time.sleep(60)\n    return x"
    assert kinds(sandbox, program, *[Call("f", (x,), expected=x) for x in range(3)]) == ["pass", "timeout", "pass"]


def test_a_program_that_always_hangs_is_given_up(sandbox):
    assert kinds(sandbox, "while True: pass", *[Stdio("", "")] * 5) == ["timeout"] * 5
    assert "not tried" in sandbox.run("while True: pass", [Stdio("", "")] * 4).tests[3].detail


def test_past_the_deadline_nothing_is_said_of_a_program(sandbox):
    results = sandbox.run_many(
        [("while True: pass", [Stdio("", "")])] * 2 + [("print(1)", [Stdio("", "1")])], deadline=0.4
    )
    assert [str(result) for result in results] == ["1 not_run"] * 3
    assert kinds(sandbox, "print(1)", Stdio("", "1")) == ["pass"]


def test_in_process_tests_are_weak_and_have_to_be_allowed(sandbox):
    result = sandbox.run("def f(x): return 1", [InProcess("assert f(2) == 1"), InProcess("assert f(2) == 2")])
    assert [test.kind.value for test in result.tests] == ["pass", "runtime_error"]
    assert result.trust == "weak"
    with Sandbox(slots=1, isolation="best_effort") as strict, pytest.raises(UsageError, match="can be forged"):
        strict.run("", [InProcess("")])


def test_tests_must_be_tests():
    with pytest.raises(DataError, match="plain values"):
        Call("f", (object(),))
    with pytest.raises(DataError, match="not Python"):
        Asserts("assert (")
    with pytest.raises(DataError, match="argument 1 of 1"):
        Call("f", (1,), inplace=1)
    assert Asserts("x = 1").count == 1


def test_what_was_printed_is_kept_and_made_fit_to_show(sandbox):
    (result,) = sandbox.run("import sys; print('\\x1b[31m한'); print('bad', file=sys.stderr)", [Stdio("", "")]).tests
    assert result.stdout == "\\x1b[31m한\n"
    assert result.stderr == "bad\n"
    assert result.seconds_cpu > 0
