"""Time is the program's own: neither the machine's load nor another program's is counted against it."""

from __future__ import annotations

import multiprocessing
import os
import random
import time

import pytest

from jeoul.rewards.code.forms import Call, Stdio
from jeoul.rewards.code.sandbox import Limits

SPIN = "import time\nwhile time.process_time() < {}: pass\nprint(1)"
THREADS = """
import threading, time
def spin():
    while time.process_time() < 60: pass
threads = [threading.Thread(target=spin) for _ in range(3)]
[thread.start() for thread in threads]
"""


def spin(stop):
    while not stop.is_set():
        for _ in range(10_000):
            pass


@pytest.fixture
def load():
    """Four processes beside that take all the time they get."""
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    processes = [context.Process(target=spin, args=(stop,), daemon=True) for _ in range(4)]
    for process in processes:
        process.start()
    time.sleep(0.5)
    yield
    stop.set()
    for process in processes:
        process.join()


def kinds(result):
    return [test.kind.value for test in result.tests]


def programs(count):
    """Programs that pass, fail, raise, and do not compile, in random order; and their verdicts."""
    generator = random.Random(0)
    made = []
    for number in range(count):
        kind = generator.choice(["pass", "wrong", "runtime_error", "compile_error"])
        program = {
            "pass": "print(int(input()) ** 2)",
            "wrong": "print(int(input()) ** 3 + 2)",
            "runtime_error": "print(1 / (int(input()) - " + str(number) + "))",
            "compile_error": "print(",
        }[kind]
        made.append(((program, [Stdio(f"{number}\n", f"{number**2}\n")]), kind))
    return made


def test_a_loaded_machine_changes_no_verdict(fresh, load):
    sandbox = fresh(slots=2, limits=Limits(cpu=0.5, idle=0.5, wall=600))
    made = programs(100)
    results = sandbox.run_many([job for job, _ in made])
    assert [kinds(result) for result in results] == [[kind] for _, kind in made]
    near = [(SPIN.format(0.3), [Stdio("", "1")])] * 4  # of 0.5 s: a third of the time on the wall
    assert [kinds(result) for result in sandbox.run_many(near)] == [["pass"]] * 4


def test_cpu_time_is_counted_over_all_threads(fresh):
    sandbox = fresh(limits=Limits(cpu=0.6, idle=20, wall=600))
    (result,) = sandbox.run(THREADS, [Stdio("", "")]).tests
    assert (result.kind, result.detail) == ("timeout", "used its 0.6 s of CPU time")
    assert 0.6 <= result.seconds_cpu < 3


def test_idle_time_is_what_it_neither_runs_nor_waits_to(fresh):
    sandbox = fresh(limits=Limits(cpu=20, idle=0.5, wall=600))
    (result,) = sandbox.run("import time\ntime.sleep(60)", [Stdio("", "")]).tests
    assert (result.kind, result.detail) == ("timeout", "sat idle for 0.5 s")
    assert result.seconds_cpu < 0.4
    assert kinds(sandbox.run(SPIN.format(1.0), [Stdio("", "1")])) == ["pass"]
    assert kinds(sandbox.run("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)", [Stdio("", "")])) == ["timeout"]


def test_each_call_has_time_of_its_own(fresh):
    sandbox = fresh(limits=Limits(cpu=0.6, idle=5, wall=600))
    program = "import time\ndef f(x):\n    end = time.process_time() + 0.25\n    while time.process_time() < end: pass\n    return x"
    assert kinds(sandbox.run(program, [Call("f", (x,), expected=x) for x in range(4)])) == ["pass"] * 4


def test_many_short_calls_are_not_counted_against_a_longer_one(fresh):
    """Short ones are over before anybody looks at their time."""
    sandbox = fresh(limits=Limits(cpu=1.0, idle=5, wall=600))
    program = "import time\ndef f(x):\n    end = time.process_time() + x\n    while time.process_time() < end: pass\n    return x"
    given = [0.1] * 14 + [0.5]
    assert kinds(sandbox.run(program, [Call("f", (x,), expected=x) for x in given])) == ["pass"] * len(given)


def test_wall_time_is_a_backstop(fresh):
    sandbox = fresh(limits=Limits(cpu=60, idle=60, wall=0.5))
    (result,) = sandbox.run("while True: pass", [Stdio("", "")]).tests
    assert (result.kind, result.detail) == ("timeout", "took 0.5 s")


def test_memory_threads_and_files_have_limits(fresh):
    sandbox = fresh(limits=Limits(cpu=20, idle=20, memory=2**28, files=20, threads=8))
    program = """
import threading
event = threading.Event()
started = 0
try:
    for _ in range(200):
        threading.Thread(target=event.wait).start()
        started += 1
except RuntimeError:
    pass
event.set()
files = []
try:
    while True: files.append(open("/dev/null"))
except OSError:
    pass
try:
    block = bytearray(2**28)
except MemoryError:
    block = None
print(started < 200, len(files) < 20, block is None)
"""
    (result,) = sandbox.run(program, [Stdio("", "True True True")]).tests
    assert result.passed, (result, result.stdout, result.stderr)


def test_the_same_program_sees_the_same_chance_and_a_bare_environment(held):
    program = (
        "import os, random, sys\nprint(random.random(), hash('a'), sorted(os.environ), sys.argv, len(sys.modules))"
    )
    first, second = (held.run(program, [Stdio("", "")]).tests[0] for _ in range(2))
    assert first.stdout == second.stdout
    assert "PYTHONPATH" not in first.stdout
    assert not any(name in first.stdout for name in os.environ if name.startswith("PYTEST"))
