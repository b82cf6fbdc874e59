"""What is observed is what is reported, and what is not observed is refused."""

from __future__ import annotations

import os
import pickle
import warnings

import pytest

from jeoul.errors import ScoringError, UsageError
from jeoul.rewards.code.forms import Call, Stdio
from jeoul.rewards.code.outcomes import ProgramResult, TestResult
from jeoul.rewards.code.sandbox import IsolationError, IsolationWarning, Limits, Sandbox
from jeoul.rewards.code.sandbox.canaries import canaries_fail
from jeoul.rewards.code.sandbox.probe import PROBED, observe


def test_everything_that_a_probe_tries_is_denied_and_every_result_says_so(held):
    report = held.report()
    assert report.holds
    assert set(report.enforced) == set(PROBED)
    assert not report.missing
    assert "denies all" in str(report)
    result = held.run("print(1)", [Stdio("", "1")])
    assert result.tier == report.tier
    assert set(result.enforced) == set(PROBED)


def test_a_tier_that_holds_nothing_is_refused_with_the_list_and_the_fix():
    with pytest.raises(IsolationError) as refused:
        Sandbox(slots=1, tier="C").start()
    message = str(refused.value)
    assert "tier C: does not deny TCP and UDP sockets" in message
    assert "fix: tier='auto'" in message
    assert "isolation='best_effort'" in message
    assert isinstance(refused.value, ScoringError)


def test_best_effort_warns_once_and_stamps_results():
    sandbox = Sandbox(slots=1, tier="C", isolation="best_effort")
    try:
        with pytest.warns(IsolationWarning, match="programs are not held"):
            first = sandbox.run("print(1)", [Stdio("", "1")])
        sandbox.run("print(1)", [Stdio("", "1")])  # a second warning would be an error
    finally:
        sandbox.close()
    assert first.tier == "C"
    assert "network" in first.missing
    assert first.pass_rate == 1.0


FORKS_BESIDE_A_THREAD = """
import os, threading, time
threading.Thread(target=time.sleep, args=(0.3,)).start()
pid = os.fork()
if not pid:
    raise SystemExit(threading.active_count())
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), threading.active_count())
"""


@pytest.mark.filterwarnings("ignore::jeoul.rewards.code.sandbox.IsolationWarning")
def test_where_forks_are_allowed_they_are_pythons():
    with Sandbox(slots=1, tier="C", isolation="best_effort") as sandbox:
        result = sandbox.run(FORKS_BESIDE_A_THREAD, [Stdio("", "1 2\n")])
    assert result.pass_rate == 1.0, result


def test_threads_of_a_program_are_waited_for(held):
    program = "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.2), print('late'))).start()"
    assert held.run(program, [Stdio("", "late")]).pass_rate == 1.0


def test_a_probe_that_says_nothing_counts_for_nothing():
    silent = ProgramResult((TestResult(kind="wrong"),))
    assert set(observe(lambda program, tests: silent, Limits()).enforced) <= {"other_abi"}, "where there is no other"
    if os.uname().machine == "x86_64":
        assert observe(lambda program, tests: silent, Limits()).missing == tuple(PROBED)


def test_options_are_checked():
    for options, words in (
        ({"slots": 0}, "slots"),
        ({"isolation": "no"}, "isolation"),
        ({"tier": "D"}, "tier"),
    ):
        with pytest.raises(UsageError, match=words):
            Sandbox(**options)
    for options in ({"cpu": 0}, {"memory": 1}, {"files": 2.5}, {"idle": float("nan")}):
        with pytest.raises(UsageError):
            Limits(**options)


def test_a_sandbox_pickles_by_its_options():
    again = pickle.loads(pickle.dumps(Sandbox(slots=3, limits=Limits(cpu=9), tier="B", packages=())))
    assert (again.slots, again.limits.cpu, again.packages) == (3, 9, ())


# -- programs of known verdict


def test_canaries_know_a_sandbox_that_calls_everything_wrong_and_one_that_lets_all_pass():
    for kind in ("wrong", "pass", "infra_error"):

        def broken(program, tests, kind=kind):
            return ProgramResult(tuple(TestResult(kind=kind) for _ in tests))

        assert canaries_fail(broken)


@pytest.fixture
def broken(monkeypatch):
    """Makes zygotes start with another interpreter, or with modules elsewhere."""

    def breaks(**changes):
        from jeoul.rewards.code.sandbox import plans

        real = plans.Interpreter.running

        def other(packages):
            found = real(packages)
            for name, value in changes.items():
                object.__setattr__(found, name, value)
            return found

        monkeypatch.setattr(plans.Interpreter, "running", other)

    return breaks


def test_an_interpreter_that_does_not_start_is_refused(broken):
    broken(executable="/bin/false")
    with pytest.raises(IsolationError, match="did not start"):
        Sandbox(slots=1).start()
    with pytest.raises(IsolationError, match="no sandbox works here"):
        Sandbox(slots=1, isolation="best_effort").start()


def test_an_interpreter_that_is_not_there_is_refused(broken):
    broken(executable="/nowhere/python")
    with pytest.raises(IsolationError, match="/nowhere/python"):
        Sandbox(slots=1, tier="B").start()


def test_a_sandbox_that_breaks_later_raises_and_scores_nobody(fresh):
    sandbox = fresh()
    jobs = [("def f(): return 1", [Call("f", expected=1)])] * 2
    assert all(result.pass_rate == 1.0 for result in sandbox.run_many(jobs))
    object.__setattr__(sandbox.report().chosen.plan.interpreter, "executable", "/bin/false")
    for pid in sandbox.processes():
        os.kill(pid, 9)
    with pytest.raises(IsolationError, match="wrong verdicts"):
        sandbox.run_many(jobs)


def test_nothing_is_warned_of_where_programs_are_held(fresh):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fresh(isolation="best_effort").run("print(1)", [Stdio("", "1")])
