"""Programs on "another machine": a real HTTP server that speaks each protocol over real Python processes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

import pytest
from code_corpus.lying import ALWAYS_EQUAL
from code_server import Server, serving

from jeoul import Recipe, Status, code_bug_free, code_pass_rate
from jeoul.errors import UsageError
from jeoul.rewards.code import runs
from jeoul.rewards.code.forms import Asserts, Call, Checker, Compiles, InProcess, Stdio
from jeoul.rewards.code.remote import Remote
from jeoul.rewards.code.sandbox import Limits

PROTOCOLS = ("sandbox_fusion", "piston")
ADD = "def add(a, b):\n    return a + b"
LIMITS = Limits(cpu=1, idle=1)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


@pytest.fixture(params=PROTOCOLS)
def remote(request: pytest.FixtureRequest, server: Server) -> Iterator[Remote]:
    server.fault = lambda number: ""
    server.bodies.clear()
    with Remote(f"{request.param}+{server.address}", limits=LIMITS, concurrency=4) as made:
        yield made


def kinds(remote: Remote, code: str, *tests: object) -> list[str]:
    return [str(test.kind) for test in remote.run(code, tests).tests]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("print(sum(map(int, input().split())))", "pass"),
        ("print(6)", "wrong"),
        ("print(5)\nprint(5)", "wrong"),
        ("print((", "compile_error"),
        ("1 / 0", "runtime_error"),
        ("raise SystemExit(3)", "runtime_error"),
        ("raise MemoryError", "memory"),
        ("import os\nos.abort()", "crash"),
        ("while True: pass", "timeout"),
        ("print('x' * 3_000_000)", "output_limit"),
    ],
)
def test_programs_that_print(code: str, kind: str, remote: Remote) -> None:
    assert kinds(remote, code, Stdio("2 3\n", "5\n")) == [kind]


def test_what_is_expected_is_never_sent(remote: Remote, server: Server) -> None:
    secret = "expected-0f3a"
    tests = [Stdio("in", secret), Call("f", ("given",), {}, secret), Asserts(f"assert f('given') == {secret!r}")]
    assert kinds(remote, "def f(x):\n    return 1", *tests) == ["wrong"] * 3
    assert len(server.bodies) == 3
    assert secret not in json.dumps(server.bodies)
    assert "given" in json.dumps(server.bodies)


@pytest.mark.parametrize(
    ("value", "expected", "kind"),
    [
        ("5", 5, "pass"), ("5.0", 5, "pass"), ("True", 1, "pass"), ("5", 6, "wrong"), ("'5'", 5, "wrong"),
        ("[1, (2, 3)]", [1, (2, 3)], "pass"), ("[1, [2, 3]]", [1, (2, 3)], "wrong"), ("{1, 2}", {2, 1}, "pass"),
        ("{'b': 1, 'a': [None]}", {"a": [None], "b": 1}, "pass"), ("float('nan')", 0.0, "wrong"), ("1j", 1j, "pass"),
        ("'a\\n\\x1ejeoul:5'", "a\n\x1ejeoul:5", "pass"), ("b'x'", b"x", "pass"), ("object()", None, "wrong"),
        ("7 ** 3000", 7**3000, "pass"), ("__import__('decimal').Decimal('0.5')", 0.5, "pass"),
        ("__import__('collections').OrderedDict(a=1)", {"a": 1}, "pass"), ("0.1 + 0.2", 0.3, "wrong"),
    ],
)  # fmt: skip
def test_values_are_compared_as_python_does(value: str, expected: object, kind: str, remote: Remote) -> None:
    assert kinds(remote, f"def f():\n    return {value}", Call("f", (), {}, expected)) == [kind]


def test_calls_with_options(remote: Remote) -> None:
    code = (
        "class Solution:\n    def f(self, xs):\n        xs.append(1)\n        return 0.1 + 0.2\n"
        "def g(a, *, b=0):\n    print('noise')\n    return (a, b)\ndef h():\n    raise ValueError('no')\ndef e():\n    exit()"
    )
    tests = [
        Call("f", ([],), {}, 0.3, tolerance=1e-9), Call("f", ([],), {}, [1], inplace=0),
        Call("g", (1,), {"b": 2}, [1, 2], lists=True), Call("Solution.f", ([],), {}, 0.3, tolerance=1e-9),
        Call("h"), Call("e"), Call("none"),
    ]  # fmt: skip
    wanted = ["pass", "pass", "pass", "pass", "runtime_error", "early_exit", "runtime_error"]
    assert kinds(remote, code, *tests) == wanted


def test_asserts_that_are_calls_are_sent_as_calls(remote: Remote) -> None:
    check = "METADATA = {}\ndef check(candidate):\n    assert candidate(1, 2) == 3\n    assert abs(candidate(0.1, 0.2) - 0.3) < 1e-6\n"
    assert kinds(remote, ADD, Asserts(check, "add")) == ["pass", "pass"]
    assert kinds(remote, ADD, Asserts("assert add(1, 2) == 3\nassert add(1, 1) == 3")) == ["pass", "wrong"]


def test_what_cannot_be_judged_remotely_is_said(remote: Remote, server: Server) -> None:
    loop = Asserts("for n in range(3):\n    assert add(n, n) == 2 * n")
    result = remote.run(ADD, [loop, Checker("def check(a, b, c):\n    return True"), InProcess("1")])
    assert [str(test.kind) for test in result.tests] == ["test_error"] * 3
    assert "need a sandbox on this machine" in result.tests[0].detail
    assert math.isnan(result.pass_rate)
    assert server.bodies == []


def test_compiling_needs_no_other_machine(remote: Remote, server: Server) -> None:
    assert kinds(remote, "x = (", Compiles()) == ["compile_error"]
    assert kinds(remote, "x = 1", Compiles()) == ["pass"]
    assert server.bodies == []


def test_an_object_equal_to_everything_equals_nothing(remote: Remote) -> None:
    liar = ALWAYS_EQUAL + "def add(a, b):\n    return Equal()"
    assert kinds(remote, liar, Call("add", (1, 2), {}, 3), Asserts("assert add(1, 2) == 3")) == ["wrong", "wrong"]
    text = "class T(str):\n    def __eq__(s, o): return True\n    __hash__ = None\ndef add(a, b):\n    return T('x')"
    assert kinds(remote, text, Call("add", (1, 2), {}, "y")) == ["wrong"]


@pytest.mark.parametrize("fault", ["500", "503", "429", "drop", "no JSON"])
def test_a_failing_machine_is_asked_again_and_then_infra(
    fault: str, remote: Remote, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jeoul.rewards.code.remote.runner.FIRST_WAIT", 0.01)
    server.fault = lambda number: fault if number < 2 else ""
    assert kinds(remote, "print(5)", Stdio("", "5")) == ["pass"]
    assert len(server.bodies) == 3
    server.fault = lambda number: fault
    result = remote.run("print(5)", [Stdio("", "5")])
    assert str(result.tests[0].kind) == "infra_error"
    assert "(3 tries)" in result.tests[0].detail
    assert result.tier == "R"


def test_failures_that_come_as_a_200(server: Server) -> None:
    for protocol, fault in (("sandbox_fusion", "SandboxError"), ("piston", "XX")):
        server.fault = lambda number, fault=fault: fault
        with Remote(f"{protocol}+{server.address}", tries=1) as remote:
            assert kinds(remote, "print(5)", Stdio("", "5")) == ["infra_error"]
    server.fault = lambda number: ""


def test_a_timeout_that_may_be_a_lot_of_output_is_no_verdict(server: Server) -> None:
    server.fault = lambda number: ""
    with Remote(f"sandbox_fusion+{server.address}", tries=1, limits=LIMITS) as remote:
        assert kinds(remote, "print('x' * 200_000)", Stdio("", "x" * 200_000)) == ["infra_error"]  # it had ended
        assert kinds(remote, "print('x' * 180_000)", Stdio("", "x" * 180_000)) == ["pass"]
        assert kinds(remote, "print('x' * 180_000)\nwhile True: pass", Stdio("", "x")) == ["timeout"]


def test_nobody_there_and_past_the_deadline(server: Server) -> None:
    with Remote("piston+http://127.0.0.1:9", tries=1) as remote:
        assert kinds(remote, "print(5)", Stdio("", "5")) == ["infra_error"]
    with Remote(f"piston+{server.address}") as remote:
        (result,) = remote.run_many([("print(5)", [Stdio("", "5")])], deadline=0.0)
        assert str(result.tests[0].kind) == "not_run"


def test_columns_over_another_machine(server: Server) -> None:
    runs._runs.values.clear()
    server.fault = lambda number: ""
    server.bodies.clear()
    place = f"piston+{server.address}"
    recipe = Recipe(code_pass_rate(sandbox=place).named("rate"), code_bug_free(sandbox=place).named("free"))
    data = [
        {"prompt": "p", "completion": f"```python\n{code}\n```", "tests": ["assert add(1, 2) == 3"]}
        for code in (ADD, "def add(a, b):\n    return c")
    ]
    table = recipe.score(data)
    assert table.value.tolist() == [[1, 1], [0, 0]]
    assert len(server.bodies) == 2
    server.fault = lambda number: "500"
    runs._runs.values.clear()
    assert (recipe.score(data).status == Status.infra).all()
    server.fault = lambda number: ""


@pytest.mark.parametrize("address", ["", "local", "piston", "piston+ftp://x", "e2b+http://x", "http://x"])
def test_addresses_are_checked(address: str) -> None:
    with pytest.raises(UsageError, match="the address of a remote sandbox is one of sandbox_fusion"):
        Remote(address)
