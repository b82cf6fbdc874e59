"""The pool against every way in which a cell can misbehave, and against its own end.

Rewards are local functions on purpose: they travel to the workers by value and import what they use.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import psutil
import pytest

import jeoul
from jeoul.errors import ScoringError, UsageError
from jeoul.rewards.engine import dispatch
from jeoul.rewards.engine import pool as pool_module
from jeoul.rewards.engine.outcomes import Outcome, call_reward
from jeoul.rewards.engine.pool import WorkerPool, default_workers, shared_pool
from jeoul.rewards.registry import as_reward, find_reward
from jeoul.rewards.tables.status import Status

DEADLINE = 1.0
"""Of the wall: long enough that a machine which stalls for half a second times out no innocent cell."""
SLACK = 6.0
"""Seconds that a loaded machine may add to anything that is timed."""
OK, NOT_APPLICABLE, ERROR, TIMEOUT, INFRA = map(int, Status)


def load_of(reward: Any, names: tuple[str, ...] = ("completions",), grouped: bool = False, **options: Any) -> Any:
    return cloudpickle.dumps((as_reward(reward), options)), list(names), grouped, os.getcwd()


def score(pool: WorkerPool, load: Any, units: list[Any], deadline: float = DEADLINE) -> list[list[Outcome]]:
    """All outcomes in order; every unit must be settled exactly once."""
    if callable(load):
        load = load_of(load)
    found: dict[int, list[Outcome]] = {}

    def done(index: int, outcomes: list[Outcome]) -> None:
        assert index not in found, f"unit {index} was settled twice"
        found[index] = outcomes

    pool.run(load, [unit if isinstance(unit, tuple) else (unit,) for unit in units], deadline, done)
    return [found[index] for index in range(len(units))]


def cells(pool: WorkerPool, load: Any, units: list[Any], deadline: float = DEADLINE) -> list[Outcome]:
    outcomes = score(pool, load, units, deadline)
    assert all(len(unit) == 1 for unit in outcomes)
    return [unit[0] for unit in outcomes]


def lengths(completions):
    return [float(len(text)) for text in completions]


def assert_usable(pool: WorkerPool) -> None:
    def doubled(completions):
        return [2.0 * len(text) for text in completions]

    assert [cell.value for cell in cells(pool, doubled, ["a", "bb", "ccc"], 20)] == [2, 4, 6]


def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False


def workers_of(pool: WorkerPool) -> list[int]:
    return [worker.pid for worker in pool._workers]


def zygote_of(pool: WorkerPool) -> int:
    assert pool._zygote is not None
    return pool._zygote.pid


@pytest.fixture(scope="module")
def shared() -> Iterator[WorkerPool]:
    """One pool for all that must leave it usable: each test checks what the ones before it left."""
    with WorkerPool(2, memory=2**29) as pool:
        yield pool


@pytest.fixture
def pool(shared: WorkerPool) -> Iterator[WorkerPool]:
    yield shared
    assert shared.size == 2
    assert_usable(shared)


# -- results


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_are_those_of_calling_by_hand(workers):
    def odd(completions, answer):
        kind = len(completions[0]) % 6
        if kind == 5:
            raise ValueError("five")
        return [[0.5], [None], [float("nan")], ["x"], [float("inf")]][kind]

    units = [("x" * (index % 13), index) for index in range(700)]
    by_hand = [call_reward(lambda data: odd(**data), {"completions": [a], "answer": [b]}, 1) for a, b in units]
    with WorkerPool(workers) as own:
        load = load_of(odd, ("completions", "answer"))
        for found, expected in zip(cells(own, load, units, 20), (one for (one,) in by_hand), strict=True):
            assert (str(found.value), *found[1:]) == (str(expected.value), *expected[1:])
        assert len(own._workers) == workers


def test_no_units_start_nothing():
    with WorkerPool(2) as own:
        assert score(own, lengths, []) == []
        assert own._zygote is None


def test_a_tenth_of_a_gigabyte_goes_through(pool):
    def ends(completions):
        return [float(len(text)) + (text[0] == text[-1]) for text in completions]

    units = ["x" * 10_000_000, "", "ab" * 5_000_000, *["short"] * 50, "é" * 10_000_000]
    units[1] = "y"
    assert [cell.value for cell in cells(pool, ends, units, 30)] == [
        len(text) + (text[0] == text[-1]) for text in units
    ]


def test_groups_are_whole_and_fail_whole(pool):
    def spread(completions, answer):
        if "hang" in completions:
            while True:
                pass
        if "short" in completions:
            return [1.0]
        return [float(len(set(completions)))] * len(completions)

    units = [(["a", "b", "a"], [1, 2, 3]), (["hang", "a"], [1, 2]), (["short", "a"], [1, 2]), (["c"], [1])]
    found = score(pool, load_of(spread, ("completions", "answer"), grouped=True), units)
    assert [[cell.value for cell in unit] for unit in (found[0], found[3])] == [[2, 2, 2], [1]]
    assert [cell.status for cell in found[1]] == [TIMEOUT] * 2
    assert [cell.reason for cell in found[2]] == ["returned 1 values for 2 completions"] * 2


def test_reasons_with_lone_surrogates_and_of_any_length(pool):
    def why(completions):
        from jeoul import Score

        return [Score(1, completions[0])]

    assert [cell.reason for cell in cells(pool, why, ["\ud800", "é" * 5000], 20)] == ["\ud800", "é" * 2000]


def test_the_working_folder_is_the_callers(pool, tmp_path, monkeypatch):
    def there(completions):
        import os

        return [float(os.path.exists("marker"))]

    assert cells(pool, there, ["a"], 20)[0].value == 0
    (tmp_path / "marker").touch()
    monkeypatch.chdir(tmp_path)
    assert cells(pool, there, ["a"], 20)[0].value == 1


def test_a_class_is_built_once_per_worker_not_once_per_run(tmp_path):
    log = str(tmp_path / "built")

    class Model:
        def __init__(self, *, factor: float = 1.0):
            with open(log, "a") as file:
                file.write("x")
            self.factor = factor

        def __call__(self, completions):
            return [self.factor * len(text) for text in completions]

    load = load_of(Model, factor=3.0)
    with WorkerPool(1) as own:
        for _ in range(4):
            assert [cell.value for cell in cells(own, load, ["a", "bb"], 20)] == [3, 6]
        assert Path(log).read_text() == "x"
        assert cells(own, load_of(Model, factor=5.0), ["a"], 20)[0].value == 5


# -- cells that misbehave


def misbehave(completions):
    """The second word says how; everything else scores 1."""
    import ctypes
    import os
    import signal
    import sys
    import time

    word = completions[0].partition(" ")[2]
    if word == "loop":
        while True:
            pass
    elif word == "stubborn":
        while True:
            try:
                while True:
                    pass
            except BaseException:
                pass
    elif word == "tower":
        return [9**9**9]
    elif word == "sleep":
        time.sleep(3600)
    elif word == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif word == "exit":
        os._exit(3)
    elif word == "segfault":
        ctypes.string_at(0)
    elif word == "abort":
        os.abort()
    elif word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif word == "realtime":
        os.kill(os.getpid(), 40)
    elif word == "close":
        os.closerange(3, 256)
    elif word == "close and stay":
        os.closerange(3, 256)
        time.sleep(3600)
    elif word == "memory":
        return [float(len("x" * 2**31))]
    elif word == "raise":
        raise ValueError("no such thing")
    elif word == "SystemExit":
        sys.exit(0)
    elif word == "KeyboardInterrupt":
        raise KeyboardInterrupt
    elif word == "recurse":

        def deeper():
            return deeper()

        return deeper()
    elif word == "generator":
        return (value for value in [1.0])
    elif word == "unpicklable":
        import threading

        return [threading.Lock()]
    elif word == "evil error":

        class EvilError(Exception):
            def __str__(self):
                raise RuntimeError

        raise EvilError
    return [1.0]


MISBEHAVIOUR = {
    "loop": (TIMEOUT, "took more than 1 s"),
    "stubborn": (TIMEOUT, "took more than 1 s"),
    "tower": (TIMEOUT, "took more than 1 s"),
    "sleep": (TIMEOUT, "took more than 1 s"),
    "stop": (TIMEOUT, "took more than 1 s"),
    "exit": (ERROR, "its worker died twice (exit 3)"),
    "segfault": (ERROR, "its worker died twice (SIGSEGV)"),
    "abort": (ERROR, "its worker died twice (SIGABRT)"),
    "kill": (INFRA, "its worker died twice (SIGKILL, perhaps out of memory)"),
    "realtime": (ERROR, "its worker died twice (signal 40)"),
    "close": (ERROR, "its worker died twice (exit 0)"),
    "close and stay": (ERROR, "its worker died twice (it closed its connection)"),
    "memory": (ERROR, "MemoryError"),
    "raise": (ERROR, "ValueError: no such thing (test_pool.py:"),
    "SystemExit": (ERROR, "SystemExit: 0"),
    "KeyboardInterrupt": (ERROR, "its worker died twice (exit 0)"),
    "recurse": (ERROR, "RecursionError: maximum recursion depth exceeded"),
    "generator": (ERROR, "returned a generator, not a list"),
    "unpicklable": (ERROR, "gave a lock, not a number"),
    "evil error": (ERROR, "EvilError: and its own message raised RuntimeError"),
}


def local(function: Callable[..., Any]) -> Any:
    """A copy that travels by value although this module defines it."""
    import types

    copy = types.FunctionType(function.__code__, {"__builtins__": __builtins__}, function.__name__)
    copy.__qualname__, copy.__module__ = f"<locals>.{function.__name__}", "__main__"
    return copy


@pytest.mark.parametrize("how", MISBEHAVIOUR)
def test_misbehaviour_is_a_status_of_its_own_cell_alone(pool, how):
    status, reason = MISBEHAVIOUR[how]
    units = [f"{index} fine" for index in range(60)]
    bad = [0, 31, 59]
    for index in bad:
        units[index] = f"{index} {how}"
    found = cells(pool, local(misbehave), units)
    assert [index for index, cell in enumerate(found) if cell != Outcome(1.0, OK, "")] == bad
    for index in bad:
        assert math.isnan(found[index].value)
        assert found[index].status == status, found[index]
        assert found[index].reason.startswith(reason), found[index]


def test_more_cells_out_of_memory_than_workers_may_die_idle(pool):
    found = cells(pool, local(misbehave), [f"{index} memory" for index in range(20)])
    assert all(cell.status == ERROR and cell.reason.startswith("MemoryError") for cell in found)


def test_many_that_close_their_connection(pool):
    units = [f"{index} {'close' if index % 5 == 0 else 'fine'}" for index in range(50)]
    assert [cell.status for cell in cells(pool, local(misbehave), units)] == [ERROR, OK, OK, OK, OK] * 10


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("place", [0, 1000, 1999])
def test_a_hang_costs_its_own_deadline_wherever_it_is(shared, workers, place):
    units = [f"{index} fine" for index in range(2000)]
    with contextlib.nullcontext(shared) if workers == 2 else WorkerPool(1) as own:
        start = time.monotonic()
        cells(own, local(misbehave), units, 20)
        undisturbed = time.monotonic() - start
        units[place] = "x loop"
        start = time.monotonic()
        found = cells(own, local(misbehave), units)
        took = time.monotonic() - start
    assert [index for index, cell in enumerate(found) if cell.status == TIMEOUT] == [place]
    assert DEADLINE <= took < undisturbed + DEADLINE + SLACK


def _in_thread(work: Callable[[], Any]) -> Any:
    box: list[Any] = []
    thread = threading.Thread(target=lambda: box.append(work()))
    thread.start()
    thread.join(60)
    return box[0]


async def _awaited(work: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(work)


async def _called(work: Callable[[], Any]) -> Any:
    return work()


CONTEXTS: dict[str, Callable[[Callable[[], Any]], Any]] = {
    "main thread": lambda work: work(),
    "a thread": _in_thread,
    "asyncio.to_thread": lambda work: asyncio.run(_awaited(work)),
    "inside a coroutine": lambda work: asyncio.run(_called(work)),
}


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("workers", [1, 2])
def test_one_hang_in_ten_thousand_costs_its_deadline(shared, context, workers):
    units = [f"{index} fine" for index in range(10_000)]
    with contextlib.nullcontext(shared) if workers == 2 else WorkerPool(1) as own:

        def timed() -> tuple[float, list[Outcome]]:
            start = time.monotonic()
            found = cells(own, local(misbehave), units, DEADLINE)
            return time.monotonic() - start, found

        CONTEXTS[context](timed)
        undisturbed, _ = CONTEXTS[context](timed)
        units[6543] = "x loop"
        took, found = CONTEXTS[context](timed)
    assert [index for index, cell in enumerate(found) if cell.status != OK] == [6543]
    assert took < undisturbed + DEADLINE + SLACK


def test_many_hangs_are_waited_for_side_by_side(pool):
    units = [f"{index} {'loop' if index % 10 == 3 else 'fine'}" for index in range(100)]
    start = time.monotonic()
    found = cells(pool, local(misbehave), units)
    took = time.monotonic() - start
    assert [cell.status for cell in found] == [TIMEOUT if index % 10 == 3 else OK for index in range(100)]
    assert took < 10 * DEADLINE + SLACK


@pytest.mark.parametrize("count", [1, 2])
def test_a_hang_that_begins_while_nothing_else_happens(count):
    """The first cell of a fresh pool: its worker is still starting when deadlines are looked at."""
    for _ in range(3):
        with WorkerPool(2) as own:
            start = time.monotonic()
            found = cells(own, local(misbehave), [f"{index} loop" for index in range(count)])
            assert {cell.status for cell in found} == {TIMEOUT}
            assert time.monotonic() - start < DEADLINE + SLACK


def test_a_hang_after_a_slow_import_waits_no_longer_than_its_deadline(tmp_path):
    start = time.monotonic()
    with WorkerPool(1) as own:
        load = load_of(reward_file(tmp_path, "time.sleep(0.5)", "while True: pass"))
        assert cells(own, load, ["a"])[0].status == TIMEOUT
    assert time.monotonic() - start < 0.5 + DEADLINE + SLACK


def test_a_slow_cell_within_its_deadline_is_no_hang(pool):
    def slow(completions):
        import time

        time.sleep(0.25)
        return [1.0]

    assert {cell.status for cell in cells(pool, slow, [str(index) for index in range(8)], 2)} == {OK}


@pytest.mark.parametrize("seed", range(3))
def test_any_mixture_ends_as_expected(shared, seed):
    """Stop and go: hangs, deaths and errors at random places of many runs in a row."""
    draw = random.Random(seed)
    kinds = ["fine"] * 60 + ["loop", "exit", "raise", "kill", "close", "SystemExit", "memory", "segfault"]
    for _ in range(3):
        chosen = [draw.choice(kinds) for _ in range(draw.choice([1, 2, 7, 90]))]
        found = cells(shared, local(misbehave), [f"{index} {how}" for index, how in enumerate(chosen)])
        assert [cell.status for cell in found] == [OK if how == "fine" else MISBEHAVIOUR[how][0] for how in chosen]


def test_a_thread_left_behind_that_freezes_its_process(monkeypatch):
    """It holds the interpreter after its cell is over, so that no cell is under way whose deadline could pass."""

    def leaves(completions):
        if completions[0] == "3":
            import threading
            import time

            threading.Thread(target=lambda: (time.sleep(0.05), 9**9**9), daemon=True).start()
        return [1.0]

    with WorkerPool(1) as own:
        assert_usable(own)
        monkeypatch.setattr(dispatch, "LOAD_SECONDS", 2.0)
        found = cells(own, leaves, [str(index) for index in range(6)])
        assert sum(cell.status == OK for cell in found) >= 5
        monkeypatch.undo()
        assert_usable(own)


# -- what a reward does beside scoring


def test_children_of_a_hanging_cell_are_killed_with_it(pool, tmp_path):
    log = str(tmp_path / "pids")

    def spawns(completions):
        import os
        import subprocess
        import time

        child = subprocess.Popen(["sleep", "1000"])
        shell = subprocess.Popen("sleep 1000 & echo $!; wait", shell=True, stdout=subprocess.PIPE)
        forked = os.fork()
        if forked == 0:
            time.sleep(1000)
            os._exit(0)
        with open(log, "w") as file:
            print(child.pid, shell.pid, int(shell.stdout.readline()), forked, file=file)
        while True:
            pass

    assert cells(pool, spawns, ["a"], 1.0)[0].status == TIMEOUT
    pids = [int(pid) for pid in Path(log).read_text().split()]
    assert len(pids) == 4
    assert eventually(lambda: not any(map(alive, pids)))


def test_children_of_a_finished_cell_end_with_the_pool(tmp_path):
    log = str(tmp_path / "pid")

    def leaves(completions):
        import subprocess

        with open(log, "w") as file:
            print(subprocess.Popen(["sleep", "1000"], close_fds=False).pid, file=file)
        return [1.0]

    with WorkerPool(1) as own:
        assert cells(own, leaves, ["a"], 20)[0].status == OK
        child = int(Path(log).read_text())
        assert alive(child)
    assert eventually(lambda: not alive(child))


def test_a_reward_that_forks_and_lets_both_return(pool):
    def forks(completions):
        import os

        os.fork()
        return [float(len(completions[0]))]

    units = ["x" * index for index in range(40)]
    assert [cell.value for cell in cells(pool, forks, units, 20)] == list(range(40))


def test_a_fork_that_outlives_its_worker_does_not_hold_the_run_up(pool):
    """It must not keep the worker's connection open, or the worker's death would not be noticed."""

    def forks(completions):
        import os
        import time

        if completions[0] == "5":
            if os.fork() == 0:
                os.setsid()
                time.sleep(20)
                os._exit(0)
            raise MemoryError
        return [1.0]

    start = time.monotonic()
    found = cells(pool, forks, [str(index) for index in range(40)], 20)
    assert [cell.status for cell in found] == [ERROR if index == 5 else OK for index in range(40)]
    assert time.monotonic() - start < 10


def script(text: str, *arguments: object, **how: Any) -> subprocess.Popen[str]:
    """A Python process of its own that runs ``text`` after some imports."""
    head = """
import os, signal, subprocess, sys, threading, time
import cloudpickle
from jeoul.rewards.engine.pool import WorkerPool, shared_pool
from jeoul.rewards.registry import as_reward
def run(pool, reward, units, deadline=20.0):
    found = {}
    load = cloudpickle.dumps((as_reward(reward), {})), ["completions"], False, os.getcwd()
    pool.run(load, [(unit,) for unit in units], deadline, found.__setitem__)
    return [found[index][0] for index in range(len(units))]
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(jeoul.__file__).parents[1])}
    return subprocess.Popen(
        [sys.executable, "-c", head + text, *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, **how,
    )  # fmt: skip


def finished(process: subprocess.Popen[str], seconds: float = 60) -> str:
    out, err = process.communicate(timeout=seconds)
    assert process.returncode == 0, err
    return out


def test_what_a_reward_prints_does_not_reach_stdout():
    process = script("""
def prints(completions):
    print("printed", flush=True)
    os.write(1, b"written")
    os.system("echo shelled")
    sys.stdin.read()
    return [1.0]
print("before")
print([cell.value for cell in run(WorkerPool(1), prints, ["a", "b"])])
""")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "before\n[1.0, 1.0]\n")
    assert all(word in err for word in ("printed", "written", "shelled"))


def test_a_process_that_ignores_its_children_still_hears_how_workers_end():
    out = finished(
        script("""
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
def exits(completions):
    os._exit(7)
print(run(WorkerPool(1), exits, ["a"])[0].reason)
""")
    )
    assert out == "its worker died twice (exit 7)\n"


# -- rewards that cannot be started


def reward_file(folder: Path, text: str, body: str = "return [1.0]") -> Any:
    """A reward whose module runs ``text`` when it is imported by another process than this one."""
    path = folder / "rewards.py"
    path.write_text(
        f"import os, time\nif os.getpid() != {os.getpid()}:\n    {text}\ndef fine(completions):\n    {body}\n"
    )
    return find_reward(f"{path}:fine")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("raise ImportError('no such library')", "cannot be started in a worker: UsageError: .*no such library"),
        ("raise SystemExit(3)", "cannot be started in a worker: SystemExit"),
        ("os._exit(4)", r"workers keep dying before they score anything \(exit 4\)"),
        ("os.kill(os.getpid(), 11)", r"workers keep dying before they score anything \(SIGSEGV\)"),
    ],
)
def test_an_import_that_fails_in_the_worker_is_a_clear_error(pool, tmp_path, text, message):
    with pytest.raises(ScoringError, match=message):
        cells(pool, load_of(reward_file(tmp_path, text)), ["a", "b"] * 20)


def test_an_import_that_hangs(pool, tmp_path, monkeypatch):
    assert_usable(pool)
    monkeypatch.setattr(dispatch, "LOAD_SECONDS", 0.5)
    with pytest.raises(ScoringError, match=r"takes more than 0\.5 s to start"):
        cells(pool, load_of(reward_file(tmp_path, "time.sleep(3600)")), ["a", "b"], 0.1)


def test_a_slow_import_is_not_on_the_clock_of_a_cell(pool, tmp_path):
    assert cells(pool, load_of(reward_file(tmp_path, "time.sleep(1.5)")), ["a"]) == [Outcome(1.0, OK, "")]


def test_a_class_whose_making_fails(pool):
    class Model:
        def __init__(self):
            raise OSError("no weights")

        def __call__(self, completions): ...

    with pytest.raises(ScoringError, match="cannot be started in a worker: OSError: no weights"):
        cells(pool, load_of(Model), ["a"])


def test_data_that_cannot_be_sent(pool):
    with pytest.raises(ScoringError, match=r"the data holds what cannot be sent to a worker process: .*lock"):
        score(pool, load_of(lengths, ("completions", "answer")), [("a", threading.Lock())])


def test_data_that_cannot_be_read_back(pool):
    class Broken:
        def __reduce__(self):
            return int, ("not a number",)

    def two(completions, answer):
        return [1.0]

    with pytest.raises(ScoringError, match=r"a worker process cannot read the data: ValueError"):
        score(pool, load_of(two, ("completions", "answer")), [("a", Broken())])


# -- interruptions


def test_a_callback_that_raises_leaves_the_pool_usable(pool):
    def done(index: int, outcomes: list[Outcome]) -> None:
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        pool.run(load_of(local(misbehave)), [(f"{index} loop",) for index in range(5)] + [("x fine",)], 0.3, done)
    assert not pool._workers


def test_ctrl_c_in_mid_run(pool):
    assert_usable(pool)
    zygote, workers = zygote_of(pool), workers_of(pool)
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        cells(pool, local(misbehave), [f"{index} sleep" for index in range(5)], 60)
    timer.join()
    assert not any(map(alive, [zygote, *workers]))


def test_ctrl_c_while_a_worker_is_being_made(pool, monkeypatch):
    """The zygote's answer is never read; the next question must not take it for its own."""
    real = WorkerPool._ask
    asked = []

    def interrupted(self: WorkerPool, command: bytes, pid: int = 0, fds: Any = ()) -> int:
        asked.append(command)
        if len(asked) == 3:
            import socket as sockets

            assert self._control is not None
            request = pool_module.REQUEST.pack(command, pid)
            sockets.send_fds(self._control, [request], fds) if fds else self._control.sendall(request)
            raise KeyboardInterrupt
        return real(self, command, pid, fds)

    monkeypatch.setattr(WorkerPool, "_ask", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cells(pool, local(misbehave), [f"{index} exit" for index in range(9)])
    found = cells(pool, local(misbehave), [f"{index} {'exit' if index == 4 else 'fine'}" for index in range(30)])
    assert [index for index, cell in enumerate(found) if cell.status != OK] == [4]


def test_a_worker_killed_from_outside_is_replaced_and_its_cells_scored_again(pool):
    def slow(completions):
        import time

        time.sleep(0.02)
        return [float(completions[0])]

    assert_usable(pool)
    stop = threading.Event()

    def assassin() -> None:
        for _ in range(3):
            stop.wait(0.15)
            for pid in workers_of(pool)[:1]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    thread = threading.Thread(target=assassin)
    thread.start()
    found = cells(pool, slow, [str(index) for index in range(60)], 20)
    thread.join()
    assert [cell.value for cell in found] == list(range(60))


def test_idle_workers_killed_between_runs(pool):
    assert_usable(pool)
    for pid in workers_of(pool):
        os.kill(pid, signal.SIGKILL)
    assert_usable(pool)


def test_a_zygote_killed_between_runs(pool):
    assert_usable(pool)
    for _ in range(2):
        killed = [zygote_of(pool), *workers_of(pool)]
        os.kill(killed[0], signal.SIGKILL)
        assert eventually(lambda pid=killed[0]: not alive(pid))
        assert_usable(pool)
        assert eventually(lambda pids=killed: not any(map(alive, pids)))


def test_a_zygote_killed_in_mid_run(pool):
    """Nothing is lost while no worker is needed; where one is, a clear error, no hang and nobody left behind."""
    assert_usable(pool)
    processes = [zygote_of(pool), *workers_of(pool)]
    timer = threading.Timer(0.2, lambda: os.kill(processes[0], signal.SIGKILL))
    timer.start()
    with pytest.raises(ScoringError, match="the process that starts workers was ended"):
        cells(pool, local(misbehave), ["x loop", "y loop", *[f"{index} fine" for index in range(30)]], 0.6)
    timer.join()
    assert eventually(lambda: not any(map(alive, processes)))


def test_a_reward_that_kills_the_zygote(pool):
    def patricide(completions):
        import os
        import signal

        os.kill(os.getppid(), signal.SIGKILL)
        while True:
            pass

    with pytest.raises(ScoringError, match="the process that starts workers was ended"):
        cells(pool, patricide, ["a"], 0.3)


HANGING = """
def loops(completions):
    while True:
        pass
pool = WorkerPool(2)
run(pool, lambda completions: [1.0], list("abcdefghij"))
print(pool._zygote.pid, *(worker.pid for worker in pool._workers), flush=True)
"""


@pytest.mark.parametrize("whole_group", [False, True])
def test_a_killed_parent_leaves_nobody_behind(whole_group):
    process = script(HANGING + "run(pool, loops, ['a', 'b', 'c'], 3600)", start_new_session=True)
    assert process.stdout is not None
    pids = [int(pid) for pid in process.stdout.readline().split()]
    assert len(pids) == 3
    time.sleep(0.3)
    assert all(map(alive, pids))
    (os.killpg if whole_group else os.kill)(process.pid, signal.SIGKILL)
    process.communicate()
    assert eventually(lambda: not any(map(alive, pids)), 2)


def test_a_forked_child_keeps_nothing_of_a_killed_parent_alive():
    process = script(
        HANGING + "child = os.fork()\nif child == 0: time.sleep(30); os._exit(0)\nprint(child, flush=True)\n"
        "run(pool, loops, ['a', 'b', 'c'], 3600)"
    )
    assert process.stdout is not None
    pids = [int(pid) for pid in process.stdout.readline().split()]
    child = int(process.stdout.readline())
    time.sleep(0.3)
    process.kill()
    process.wait()
    try:
        assert eventually(lambda: not any(map(alive, pids)), 2)
        assert alive(child)
    finally:
        os.kill(child, signal.SIGKILL)
        process.communicate()


def test_a_parent_that_ends_by_itself_ends_at_once():
    start = time.monotonic()
    pids = [int(pid) for pid in finished(script(HANGING)).split()]
    assert eventually(lambda: not any(map(alive, pids)))
    assert time.monotonic() - start < 15


# -- threads, forks, ends


def test_two_threads_share_one_pool(pool):
    def work(base: int) -> list[float]:
        def plus(completions):
            return [float(completions[0]) + base]

        return [cell.value for cell in cells(pool, plus, [str(index) for index in range(200)], 20)]

    results: dict[int, list[float]] = {}
    threads = [threading.Thread(target=lambda base=base: results.update({base: work(base)})) for base in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == {base: [float(index + base) for index in range(200)] for base in range(4)}


def test_a_forked_child_has_a_shared_pool_of_its_own():
    out = finished(
        script("""
def pid(completions):
    return [float(os.getpid())]
before = shared_pool(1)
mine = run(before, pid, ["a"])[0].value
child = os.fork()
if child == 0:
    assert shared_pool(1) is not before
    theirs = run(shared_pool(1), pid, ["a"])[0].value
    try:
        run(before, pid, ["a"])
    except Exception as error:
        print(type(error).__name__, error)
    print(theirs != mine, theirs > 0, flush=True)
    shared_pool(1).close()
    before.close()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print(run(before, pid, ["b"])[0].value == mine)
""")
    )
    assert out.splitlines() == [
        "ScoringError this pool belongs to the process this one was forked from; make another",
        "True True",
        "True",
    ]


def test_closing_does_not_wait_for_a_forked_child_that_lives_on():
    out = finished(
        script("""
pool = WorkerPool(1)
run(pool, lambda completions: [1.0], ["a"])
child = os.fork()
if child == 0:
    time.sleep(30)
    os._exit(0)
start = time.monotonic()
pool.close()
print(time.monotonic() - start < 5)
os.kill(child, signal.SIGKILL)
os.waitpid(child, 0)
"""),
        25,
    )
    assert out == "True\n"


def test_a_child_forked_in_mid_run_is_told_and_not_stuck():
    out = finished(
        script("""
pool = WorkerPool(1)
thread = threading.Thread(target=lambda: run(pool, lambda completions: time.sleep(0.5) or [1.0], ["a", "b"]))
thread.start()
time.sleep(0.4)
if os.fork() == 0:
    try:
        run(pool, lambda completions: [1.0], ["a"])
    except Exception as error:
        print(type(error).__name__, flush=True)
    os._exit(0)
os.wait()
thread.join()
"""),
        30,
    )
    assert out == "ScoringError\n"


def test_closing_twice_and_using_again():
    own = WorkerPool(1)
    assert_usable(own)
    zygote = zygote_of(own)
    own.close()
    own.close()
    assert not alive(zygote)
    assert_usable(own)
    own.close()


def test_closing_under_a_run_ends_it():
    own = WorkerPool(2)
    assert_usable(own)
    pids = [zygote_of(own), *workers_of(own)]
    timer = threading.Timer(0.3, own.close)
    timer.start()
    with pytest.raises(ScoringError, match="was ended"):
        cells(own, local(misbehave), [f"{index} loop" for index in range(4)], 3600)
    timer.join()
    assert eventually(lambda: not any(map(alive, pids)))
    assert_usable(own)
    own.close()


def test_tiny_runs_leak_neither_descriptors_nor_memory():
    with WorkerPool(2) as own:
        load = load_of(lambda completions: [1.0])
        big = "x" * 100_000

        def work(times: int) -> None:
            for _ in range(times):
                score(own, load, [big], 20)

        work(50)
        mine = psutil.Process()
        everyone = [mine, *map(psutil.Process, workers_of(own))]
        before = [(process.num_fds(), process.memory_info().rss) for process in everyone]
        work(1500)
        after = [(process.num_fds(), process.memory_info().rss) for process in everyone]
    for (fds, rss), (fds_after, rss_after) in zip(before, after, strict=True):
        assert fds_after <= fds + 1
        assert rss_after < rss + 30_000_000


def test_replaced_workers_leak_no_descriptors(pool):
    cells(pool, local(misbehave), ["x exit"])
    before = psutil.Process().num_fds(), psutil.Process(zygote_of(pool)).num_fds()
    cells(pool, local(misbehave), [f"{index} exit" for index in range(15)])
    after = psutil.Process().num_fds(), psutil.Process(zygote_of(pool)).num_fds()
    assert after[0] <= before[0] + 4
    assert after[1] <= before[1]
    assert not [child for child in psutil.Process(zygote_of(pool)).children() if child.pid not in workers_of(pool)]


def test_a_pool_is_one_per_size_and_its_size_is_checked():
    assert shared_pool(2) is shared_pool(2)
    assert shared_pool(1) is not shared_pool(2)
    assert shared_pool() is shared_pool(default_workers())
    assert 1 <= default_workers() <= 16
    with pytest.raises(UsageError, match="at least 1 worker, not 0"):
        WorkerPool(0)
