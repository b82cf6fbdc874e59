r"""Nothing a model writes hangs, crashes or takes over the maths reward, wherever it runs.

``fuzz_math.py`` beside this file looks for more of these; what it finds becomes a row here.
"""

from __future__ import annotations

import asyncio
import importlib.util
import itertools
import json
import math
import multiprocessing
import os
import random
import subprocess
import sys
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from jeoul.rewards.math import answer_extracted, boxed_format, judge, math_correct
from jeoul.rewards.math.canonical import read
from jeoul.rewards.math.compare import compare_readings
from jeoul.rewards.math.correct import forget
from jeoul.rewards.math.extract import boxed

HERE = Path(__file__).parent
LIMIT = 4.0  # seconds of processor time for one comparison; a search of ten minutes found 0.35, on an idle machine
MEMORY_MB = 300
OUTCOMES = {"correct", "incorrect", "no_answer", "undecided", "gold_invalid"}


def loaded() -> ModuleType:
    """The inputs: tests are no package, and a process that is spawned finds this file by its path."""
    spec = importlib.util.spec_from_file_location("hostile_inputs", HERE / "hostile_inputs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


INPUTS = loaded()
GOLD = r"\{1,\sqrt2\}"
Row = list[tuple[str, str]]


def graded(index: int, gold: str = GOLD) -> Row:
    """Scores and reasons of one input, boxed and as a gold."""
    text = INPUTS.ANSWERS[index]
    forget()
    pairs = [(rf"\boxed{{{text}}}", gold), (rf"\boxed{{{gold}}}", text)]
    found = []
    for completion, right in pairs:
        start = time.process_time() if multiprocessing.parent_process() is None else None
        score = math_correct([completion], [right])[0]
        assert score is not None
        assert math.isnan(score) or score in (0, 1)
        assert score.reason.partition(":")[0] in OUTCOMES
        assert len(score.reason) < 600
        found.append((str(float(score)), score.reason))
        assert start is None or time.process_time() - start < LIMIT * THREADS, (index, text[:60])
    return found


THREADS = 8  # the clock of the process counts what the other threads do


@pytest.fixture(scope="module")
def expected() -> list[Row]:
    return [graded(index) for index in range(len(INPUTS.ANSWERS))]


@pytest.mark.parametrize("gold", ["(1,2)", r"(-\infty,3)\cup(5,\infty)", "3i+2j", "x^2+C"])
def test_sets_within_sets(gold: str) -> None:
    for index in range(INPUTS.ANSWERS.index(INPUTS.SETS[0]), len(INPUTS.ANSWERS)):
        graded(index, gold)


def test_there_are_many() -> None:
    assert len(set(INPUTS.ANSWERS)) >= 300


def test_every_input_ends_in_a_verdict_within_the_limit() -> None:
    for index, text in enumerate(INPUTS.ANSWERS):
        gold = INPUTS.ORDINARY[index % len(INPUTS.ORDINARY)]
        for one, other in ((gold, text), (text, gold), (text, text + "+x-x"))[: 2 + (index % 3 == 0)]:
            start = time.process_time()
            math_correct([rf"\boxed{{{other}}}"], [one])
            assert time.process_time() - start < LIMIT, (text[:60], gold)


@pytest.mark.parametrize("where", ["threads", "processes"])
def test_elsewhere_the_same(where: str, expected: list[Row]) -> None:
    every = range(len(INPUTS.ANSWERS))[:: 4 if where == "threads" else 9]
    pool: Executor = (
        ThreadPoolExecutor(THREADS)
        if where == "threads"
        else ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))
    )
    with pool:
        assert list(pool.map(graded, every, timeout=120)) == [expected[index] for index in every]


def test_in_an_event_loop_the_same(expected: list[Row]) -> None:
    every = range(1, len(INPUTS.ANSWERS), 9)

    async def both() -> tuple[list[Row], list[Row]]:
        waiting = asyncio.gather(*(asyncio.to_thread(graded, index) for index in every))
        here = []
        for index in every:
            here.append(graded(index))
            await asyncio.sleep(0)
        return here, list(await waiting)

    assert asyncio.run(both()) == ([expected[index] for index in every],) * 2


@pytest.mark.parametrize("index", range(INPUTS.COMPLETIONS))
def test_completions_of_ten_megabytes(index: int) -> None:
    for text in INPUTS.texts(index):
        for reward in (partial(math_correct, answer=["7"]), answer_extracted, boxed_format):
            start = time.process_time()
            score = reward([text])[0]
            assert time.process_time() - start < LIMIT
            assert score is not None
            assert math.isnan(score) or score in (0, 1)


# What must not happen while anything is graded: Python tells an audit hook.
WATCHED = r"""
import json, os, resource, sys
sys.path.insert(0, sys.argv[1])
from hostile_inputs import ANSWERS, COMPLETIONS, ORDINARY, texts
from jeoul.rewards.math import judge, math_correct
for gold in ORDINARY:
    math_correct([r"\boxed{\sin(x)+(2i)!\ln 2+\sum_{k=1}^2 k^{\arccos 1}}", "정답은 삼입니다"], [gold, gold])
judge(r"x+\lfloor 2.5\rfloor", "y^{0.3}")
environment, before = dict(os.environ), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
events = set()
sys.addaudithook(lambda name, _: events.add(name))
for text in ANSWERS:
    math_correct([rf"\boxed{{{text}}}", rf"\boxed{{{ORDINARY[1]}}}"], [ORDINARY[3], text])
for index in range(COMPLETIONS):
    for text in texts(index)[:2]:
        math_correct([text], ["5"])
found = sorted(events)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps({"events": found, "mb": grown / (1024 if sys.platform == "linux" else 2**20),
    "same environment": environment == dict(os.environ), "files": os.listdir(".")}))
"""
HARMLESS = {
    "object.__getattr__",
    "object.__setattr__",
    "sys._getframe",
    "gc.get_objects",
    "cpython.run_interactivehook",
}


def test_no_code_runs_and_memory_stays(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(HERE)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert not set(told["events"]) - HARMLESS
    assert told["mb"] < MEMORY_MB
    assert told["same environment"]
    assert told["files"] == []


def test_the_hook_sees_what_runs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WATCHED.replace("for text in ANSWERS:", "for text in ['1+1']:\n    eval(text)"), str(HERE)],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert {"compile", "exec"} <= set(json.loads(done.stdout)["events"])


ALONE = r"""
import json, sys
from jeoul.benchmarks.math_cases import cases
from jeoul.rewards.math import judge, math_correct
verdicts = [judge(case.gold, case.answer).outcome for case in cases()]
math_correct([r"\boxed{50\%}"], ["0.5"])
loaded = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps([verdicts, loaded]))
"""


def test_no_parser_of_others_has_a_say(tmp_path: Path) -> None:
    """Which antlr or SymPy is installed cannot matter, nor how strings are hashed: neither is so much as imported."""

    def run(seed: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", ALONE],
            cwd=tmp_path, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, timeout=120, check=True,
        ).stdout  # fmt: skip

    with ThreadPoolExecutor(2) as pool:
        told = list(map(json.loads, pool.map(run, ("0", "42"))))
    assert told[0] == told[1]
    verdicts, modules = told[0]
    assert len(verdicts) >= 1000
    assert {"correct", "incorrect", "undecided"} == set(verdicts)
    assert not {"antlr4", "sympy", "latex2sympy2_extended", "math_verify", "torch"} & set(modules)


SETS = [r"\{" + ",".join(["abcdgh"[n:] + "+1" for n in range(6)]) + r"\}"] * 6
FOUND = [  # gold, answer: what was found by search, and where it hung or raised
    (
        r"\{" + ",".join(SETS * 2) + r"\}",
        r"\{" + ",".join(SETS[::-1] * 2) + r"\}",
    ),  # two minutes: every part with every part
    ("1", r"\sum_{k=1}^{k} k"),  # KeyError: a bound name that is free in its bounds
]


@pytest.mark.parametrize(("gold", "answer"), FOUND)
def test_what_was_found(gold: str, answer: str) -> None:
    start = time.process_time()
    for one, other in ((gold, answer), (answer, gold), (gold, gold + "+x-x")):
        judge(one, other)
    assert time.process_time() - start < LIMIT


def test_a_name_bound_by_a_sum_is_another_name() -> None:
    assert judge(r"f(k)=\sum_{n=1}^{5} nn", r"f(n)=\sum_{k=1}^{5} nk").outcome != "correct"
    assert judge(r"f(k)=\sum_{n=1}^{5} nk", r"f(n)=\sum_{k=1}^{5} nk").outcome == "correct"
    assert judge(r"\sum_{k=1}^{k} k", r"\frac{k(k+1)}{2}").outcome == "correct"


def test_the_short_way_for_integers_says_what_the_long_one_does() -> None:
    texts = [
        "0",
        "00",
        "7",
        "07",
        "42",
        "042",
        "1000",
        "9999",
        "10000",
        "2024",
        "9" * 600,
        "9" * 599 + "8",
        "1" + "0" * 599,
        "12345678",
    ]
    for gold, answer in itertools.product(texts, texts):
        if gold != answer:
            assert judge(gold, answer) == compare_readings(read(gold), read(answer)), (gold, answer)


BOXES = ["\\boxed{", "\\fbox{", "\\boxed ", "\\boxed", "}", "{", "5", " ", ",", "\\", "x", "$", "and"]


def test_the_short_way_to_one_box_finds_what_the_long_one_does() -> None:
    chance = random.Random(5)
    for _ in range(20_000):
        text = "".join(chance.choices(BOXES, k=chance.randrange(1, 9)))
        apart = "\\fbox{1}" + "z" * 50 + text  # another box before it: too many for the short way
        assert boxed(apart) == (boxed(text) or "1"), text


@pytest.mark.parametrize(
    ("gold", "outcome"),
    [
        (10**5000, "gold_invalid"), ([-(10**5000), "42"], "correct"), (b"42", "correct"), (b"\xff", "incorrect"), ([], "gold_invalid"),
        (None, "gold_invalid"), ([None, "42"], "correct"), (float("nan"), "gold_invalid"), (42.0, "correct"), ("", "gold_invalid"),
        ("4" * 5000, "gold_invalid"), (True, "undecided"), (float("inf"), "undecided"),
    ],
    ids=range(13),
)  # fmt: skip
def test_odd_golds(gold: object, outcome: str) -> None:
    score = math_correct([r"\boxed{42}"], [gold])[0]
    assert score is not None
    if gold == b"\xff":
        assert score != 1
    else:
        assert score.reason.partition(":")[0] == outcome


def test_golds_out_of_arrays() -> None:
    numpy = pytest.importorskip("numpy")
    for gold in (numpy.array("42"), numpy.array(["41", "42"]), numpy.int64(42), numpy.array(42.0)):
        assert math_correct([r"\boxed{42}"], [gold]) == [1.0]
