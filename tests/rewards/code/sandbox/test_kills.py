"""Processes that are killed from outside: nothing is said of a program by that, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from jeoul.rewards.code.forms import Call, Stdio
from jeoul.rewards.code.sandbox import Limits

SLOW = "import time\nclock = time.monotonic()\nwhile time.monotonic() < clock + 1.0: time.sleep(0.01)\n"
PRINTS = SLOW + "print(1)"
CALLED = "def f():\n" + "".join(f"    {line}\n" for line in SLOW.splitlines()) + "    return 1"
GONE = 10.0
"""Seconds that processes are given to be gone: it takes milliseconds, and longer where the machine is loaded."""
LIMITS = Limits(cpu=20, idle=20, wall=120)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def until(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not come about"
        time.sleep(0.005)


def in_thread(function, *arguments):
    results = []
    thread = threading.Thread(target=lambda: results.append(function(*arguments)))
    thread.start()
    return thread, results


def named(sandbox):
    """Processes of a sandbox with their parents, so that roles can be told."""
    found = {}
    for pid in sandbox.processes():
        try:
            found[pid] = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    return found


def leaves(sandbox):
    """Those without children: programs' processes and testers, oldest first."""
    found = named(sandbox)
    return sorted(pid for pid in found if pid not in found.values())


@pytest.mark.parametrize("tier", ["A", "B"])
def test_a_killed_zygote_costs_a_retry(fresh, tier):
    sandbox = fresh(tier, limits=LIMITS)
    sandbox.run("print(1)", [Stdio("", "1")])
    (zygote,) = [pid for pid, parent in named(sandbox).items() if parent == os.getpid()]
    thread, results = in_thread(sandbox.run, PRINTS, [Stdio("", "1")])
    until(lambda: len(leaves(sandbox)) == 1 and leaves(sandbox) != [zygote])
    before = sandbox.processes()
    os.kill(zygote, signal.SIGKILL)
    thread.join()
    assert [test.kind.value for test in results[0].tests] == ["pass"]
    assert zygote not in sandbox.processes()
    until(lambda: not any(map(alive, before)), GONE)


def test_a_zygote_killed_again_and_again_is_an_infra_error_never_a_verdict(fresh):
    sandbox = fresh(limits=LIMITS)
    sandbox.run("print(1)", [Stdio("", "1")])
    stop = threading.Event()

    def kill():
        while not stop.wait(0.02):
            for pid, parent in named(sandbox).items():
                if parent == os.getpid():
                    os.kill(pid, signal.SIGKILL)

    thread, _ = in_thread(kill)
    try:
        result = sandbox.run(PRINTS, [Stdio("", "1"), Call("f", expected=1)])
    finally:
        stop.set()
        thread.join()
    assert [test.kind.value for test in result.tests] == ["infra_error"] * 2
    assert result.pass_rate != result.pass_rate, "masked"
    assert sandbox.run("print(1)", [Stdio("", "1")]).pass_rate == 1.0


def test_a_killed_tester_costs_a_retry(fresh):
    sandbox = fresh(limits=LIMITS)
    sandbox.run("print(1)", [Stdio("", "1")])
    thread, results = in_thread(sandbox.run, CALLED, [Call("f", expected=1)])
    until(lambda: len(leaves(sandbox)) == 2)
    os.kill(leaves(sandbox)[0], signal.SIGKILL)  # the tester is forked before the program's process
    thread.join()
    assert [test.kind.value for test in results[0].tests] == ["pass"]


def test_a_killed_program_has_crashed(fresh):
    sandbox = fresh(limits=LIMITS)
    sandbox.run("print(1)", [Stdio("", "1")])
    thread, results = in_thread(sandbox.run, CALLED, [Call("f", expected=1), Call("f", expected=1)])
    until(lambda: len(leaves(sandbox)) == 2)
    time.sleep(0.3)  # it runs by now
    os.kill(leaves(sandbox)[1], signal.SIGKILL)
    thread.join()
    assert [str(test.kind) for test in results[0].tests] == ["crash", "pass"]


@pytest.mark.parametrize("tier", ["A", "B"])
def test_a_killed_trainer_leaves_nothing(fresh, tier, tmp_path):
    fresh(tier)  # or skip
    script = f"""
import sys, threading, time
from jeoul.rewards.code.forms import Call, Stdio
from jeoul.rewards.code.sandbox import Limits, Sandbox
sandbox = Sandbox(slots=2, tier={tier!r}, limits=Limits(cpu=60, idle=60, wall=120))
sandbox.start()
jobs = [("while True: pass", [Stdio("", "")]), ("def f():\\n    while True: pass", [Call("f")])]
threading.Thread(target=sandbox.run_many, args=(jobs,), daemon=True).start()
while len(sandbox.processes()) < 5:
    time.sleep(0.01)
time.sleep(0.3)
print(*sandbox.processes(), flush=True)
time.sleep(60)
"""
    trainer = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert trainer.stdout is not None
    pids = [int(pid) for pid in trainer.stdout.readline().split()]
    assert len(pids) >= 5
    assert all(map(alive, pids))
    trainer.kill()
    trainer.wait()
    trainer.stdout.close()
    until(lambda: not any(map(alive, pids)), GONE)


def test_a_closed_sandbox_leaves_nothing(fresh):
    sandbox = fresh(limits=LIMITS)
    sandbox.run("print(1)", [Stdio("", "1")])
    pids = sandbox.processes()
    assert pids
    sandbox.close()
    until(lambda: not any(map(alive, pids)), GONE)


def test_a_forked_child_has_processes_of_its_own_and_keeps_none_of_its_parents_alive(fresh):
    sandbox = fresh()
    sandbox.run("print(1)", [Stdio("", "1")])
    pids = sandbox.processes()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            rate = sandbox.run("print(1)", [Stdio("", "1")]).pass_rate
            os.write(write, b"right" if rate == 1.0 and not set(sandbox.processes()) & set(pids) else b"wrong")
            time.sleep(60)
        finally:
            os._exit(0)
    assert os.read(read, 10) == b"right"
    assert all(map(alive, pids))
    sandbox.close()
    until(lambda: not any(map(alive, pids)), GONE)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(read)
    os.close(write)
