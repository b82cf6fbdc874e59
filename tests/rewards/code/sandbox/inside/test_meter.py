"""Time that a process runs, waits to run, and does neither."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from jeoul.rewards.code.sandbox.inside import meter
from jeoul.rewards.code.sandbox.inside.meter import Budget, cpu_seconds, is_ready, waited_seconds
from jeoul.rewards.code.sandbox.limits import Limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's clocks of other processes")


@pytest.fixture
def process():
    started = []

    def start(source):
        started.append(subprocess.Popen([sys.executable, "-S", "-c", source]))
        return started[-1].pid

    yield start
    for each in started:
        each.kill()
        each.wait()


def over(budget, pid):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found, limit, pause = budget.look([pid])
        if found:
            return found, limit
        time.sleep(pause)
    raise AssertionError("nothing ran out")


def test_what_runs_runs_out_of_cpu_time(process):
    pid = process("while True: pass")
    assert over(Budget(Limits(cpu=0.4, idle=30, wall=60).held), pid) == (pid, b"c")
    assert cpu_seconds(pid) >= 0.4


def test_what_sleeps_runs_out_of_idle_time(process):
    pid = process("import time; time.sleep(60)")
    budget = Budget(Limits(cpu=30, idle=0.4, wall=60).held)
    if not budget.measures_idle:
        pytest.skip("this /proc has no schedstat")
    assert over(budget, pid) == (pid, b"i")
    assert waited_seconds(pid)


def test_who_looks_late_was_held_up_himself(process):
    """A machine that stalls stalls the zygote too: its program was not idle for that long."""
    pid = process("import time; time.sleep(60)")
    budget = Budget(Limits(cpu=30, idle=0.6, wall=60).held)
    found, _, pause = budget.look([pid])
    time.sleep(pause + 1.5)
    assert found == budget.look([pid])[0] == 0
    assert budget.idle < 0.6


def test_what_is_ready_to_run_is_not_idle(process, monkeypatch):
    """The kernel counts a wait for a processor when it is over: until then it looks like sleep."""
    pid = process("import time; time.sleep(60)")
    budget = Budget(Limits(cpu=30, idle=0.3, wall=60).held)
    monkeypatch.setattr(meter, "is_ready", lambda pid: True)
    for _ in range(8):
        found, _, pause = budget.look([pid])
        assert found == 0
        time.sleep(pause)
    monkeypatch.undo()
    if budget.measures_idle:
        assert over(budget, pid) == (pid, b"i")


def test_ready_is_what_runs(process):
    spins, sleeps = process("while True: pass"), process("import time; time.sleep(60)")
    time.sleep(1)
    assert is_ready(spins)
    assert any(not is_ready(sleeps) for _ in range(50))
    os.kill(spins, signal.SIGSTOP)
    assert any(not is_ready(spins) for _ in range(1000))
    assert not is_ready(2**22 + 1)


def test_the_wall_stands_behind_both(process):
    pid = process("import time; time.sleep(60)")
    assert over(Budget(Limits(cpu=30, idle=30, wall=0.3).held), pid) == (pid, b"w")


def test_a_new_test_has_all_of_it_again(process):
    pid = process("while True: pass")
    budget = Budget(Limits(cpu=0.3, idle=30, wall=60).held)
    assert over(budget, pid) == (pid, b"c")
    time.sleep(1)
    budget.renew([pid])  # what it ran since the last look was for the last test
    assert budget.look([pid])[0] == 0
    assert over(budget, pid) == (pid, b"c")


def test_what_has_ended_has_no_time():
    assert cpu_seconds(2**22 + 1) == 0.0
    assert waited_seconds(2**22 + 1) == {}
