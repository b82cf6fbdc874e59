"""The corpora: nothing hostile passes or is masked, nothing stays behind, the next run is right; everything honest passes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from code_corpus.arena import LIMITS, Arena
from code_corpus.benign import CALLS, STDIO
from code_corpus.groups import GROUPS
from code_corpus.lying import ALWAYS_EQUAL

from jeoul.rewards.code.forms import Asserts, Call, Stdio
from jeoul.rewards.code.sandbox import IsolationError, Sandbox

ARENA = Path(__file__).parent / "code_corpus" / "arena.py"
NOBODY = 65534
SLOW = ("resources", "crashes")
"""Groups whose programs use their time up: in one environment only."""


@pytest.fixture(scope="module")
def arena() -> Iterator[Arena]:
    try:
        with Sandbox(slots=1, limits=LIMITS) as sandbox, Arena(sandbox) as made:
            yield made
    except IsolationError as error:
        pytest.skip(f"programs are not held here: {error}")


def test_there_are_enough_of_each():
    programs = [program for group in GROUPS.values() for program in group]
    assert len({program.name for program in programs}) == len(programs) >= 80
    assert not any(program.kinds & {"infra_error", "not_run"} for program in programs)
    assert len(STDIO) + len(CALLS) >= 30


@pytest.mark.parametrize("group", GROUPS)
def test_hostile_programs(group: str, arena: Arena) -> None:
    found = {program.name: problems for program in GROUPS[group] if (problems := arena.problems(program))}
    assert not found


def elsewhere(*arguments: str, uid: int | None) -> dict[str, object]:
    """Run a part of the corpora in another process; with another user where that can be."""
    python, path = sys.executable, [str(Path(__file__).parents[3])]
    if uid is not None:
        if os.geteuid() != 0:
            pytest.skip("only root can become another user")
        python = shutil.which(f"python{sys.version_info.major}.{sys.version_info.minor}", path="/usr/bin") or ""
        if not python:
            pytest.skip("the interpreter of the tests may be closed to others, and /usr/bin has none of this version")
        path.append(sysconfig.get_paths()["purelib"])
        arguments = (*arguments, "--uid", str(uid))
    groups = [group for group in GROUPS if group not in SLOW]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [python, str(ARENA), *arguments, *groups], env=environment, capture_output=True, text=True, check=False
    )
    if not done.stdout and "IsolationError" in done.stderr:
        pytest.skip(f"programs are not held here: {done.stderr.strip().splitlines()[-1]}")
    assert done.stdout, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize(
    ("arguments", "uid", "tier"),
    [(("--tier", "B", "--every", "4"), NOBODY, "B"), (("--bubblewrap", "--every", "6"), None, "A")],
)
def test_hostile_programs_of_another_user_and_in_bubblewrap(
    arguments: tuple[str, ...], uid: int | None, tier: str
) -> None:
    if "--bubblewrap" in arguments and not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed")
    told = elsewhere(*arguments, uid=uid)
    assert told["problems"] == {}
    assert told["tier"] == tier
    assert uid in (None, told["uid"])


@pytest.mark.parametrize("tier", ["A", "B", "C"])
def test_honest_programs_pass(tier: str) -> None:
    isolation = "best_effort" if tier == "C" else "require"
    try:
        sandbox = Sandbox(tier=tier, isolation=isolation)
        with pytest.warns() if tier == "C" else _nothing():
            sandbox.start()
    except IsolationError as error:
        pytest.skip(f"tier {tier} is not to be had here: {error}")
    with sandbox:
        jobs = [(one.code, [Stdio(one.stdin, one.expected)]) for one in STDIO]
        jobs += [(one.code, [Call(one.function, one.args, {}, one.expected)]) for one in CALLS]
        results = sandbox.run_many(jobs)
    names = [one.name for one in (*STDIO, *CALLS)]
    assert {name: str(result.tests) for name, result in zip(names, results, strict=True) if result.pass_rate != 1} == {}


def _nothing():
    import contextlib

    return contextlib.nullcontext()


PROBLEMS = [
    ("above", "def above(xs, t):\n    return all(x < t for x in xs)", "assert candidate([1, 2], 3) == True\n    assert candidate([1, 5], 3) == False"),
    ("joined", "def joined(a, b):\n    return a + b", "assert candidate('a', 'b') == 'ab'\n    assert candidate('', '') == ''"),
    ("roots", "def roots(x):\n    return [x ** 0.5, -(x ** 0.5)]", "assert abs(candidate(4)[0] - 2) < 1e-6\n    assert candidate(9) == [3.0, -3.0]"),
    ("counts", "def counts(s):\n    return {c: s.count(c) for c in s}", "assert candidate('aab') == {'a': 2, 'b': 1}\n    assert candidate('') == {}"),
    ("pair", "def pair(a):\n    return (a, a + 1)", "assert candidate(1) == (1, 2), 'one'\n    assert sum(candidate(1)) == 3"),
    ("order", "def order(xs):\n    return sorted(xs)", "assert candidate([3, 1]) == [1, 3]\n    xs = [2, 1]\n    assert candidate(xs) == sorted(xs)"),
    ("nothing", "def nothing(x):\n    return None", "assert candidate(1) is None\n    assert candidate(1) == None"),
    ("negative", "def negative(x):\n    return x < 0", "assert candidate(-1)\n    assert not candidate(1)"),
    ("big", "def big(n):\n    return 2 ** n", "for n in range(5):\n        assert candidate(n) == 2 ** n\n    assert candidate(100) == 1267650600228229401496703205376"),
    ("word", "def word(s):\n    return s.split()", "assert candidate('a b') == ['a', 'b']\n    assert len(candidate('a b c')) == 3"),
]  # fmt: skip


def test_an_object_equal_to_everything_passes_no_problem_of_humanevals_shape(arena: Arena) -> None:
    tests = {name: [Asserts(f"def check(candidate):\n    {check}\n", name)] for name, _, check in PROBLEMS}
    liars = {name: f"{ALWAYS_EQUAL}\ndef {name}(*a):\n    return Equal()" for name, _, _ in PROBLEMS}
    right = arena.sandbox.run_many([(code, tests[name]) for name, code, _ in PROBLEMS])
    wrong = arena.sandbox.run_many([(liars[name], tests[name]) for name, _, _ in PROBLEMS])
    assert [result.pass_rate for result in right] == [1.0] * len(PROBLEMS)
    assert [result.pass_rate for result, problem in zip(wrong, PROBLEMS, strict=True) if problem[0] != "negative"] == [
        0.0
    ] * 9
    assert all(result.pass_rate < 1 for result in wrong)
