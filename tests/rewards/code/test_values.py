"""What columns make of results that are written down here: no program is run."""

from __future__ import annotations

import math

import pytest

from jeoul.rewards.code import values
from jeoul.rewards.code.extract import Extracted
from jeoul.rewards.code.outcomes import Kind, ProgramResult, TestResult
from jeoul.rewards.code.runs import Run
from jeoul.rewards.scores import Failed

FOUND = Extracted("", "the python block")
NAN = math.nan


def ran(*kinds: str, **options: object) -> Run:
    return Run(FOUND, ProgramResult(tuple(TestResult(Kind(kind)) for kind in kinds), "B", **options))


def all_of(run: Run) -> list[float]:
    return [float(f(run)) for f in (values.pass_rate, values.pass_all, values.bug_free, values.compiles)]


@pytest.mark.parametrize(
    ("kinds", "wanted"),
    [
        (["pass", "pass"], [1, 1, 1, 1]),
        (["pass", "wrong"], [0.5, 0, 1, 1]),
        (["wrong", "wrong"], [0, 0, 1, 1]),
        (["pass", "runtime_error"], [0.5, 0, 0, 1]),
        (["early_exit"], [0, 0, 0, 1]),
        (["crash"], [0, 0, 0, 1]),
        (["memory"], [0, 0, 0, 1]),
        (["output_limit"], [0, 0, 0, 1]),
        (["timeout"], [0, 0, 0, 1]),
        (["compile_error"], [0, 0, 0, 0]),
        (["compile_timeout"], [0, 0, 0, 0]),
        (["compile_crash"], [0, 0, 0, 0]),
        (["pass", "test_error"], [1, 1, 1, 1]),  # a broken test says nothing
        (["pass", "infra_error"], [NAN, NAN, NAN, 1]),
        (["pass", "not_run"], [NAN, NAN, NAN, 1]),
        (["wrong", "infra_error"], [NAN, 0, NAN, 1]),  # one that failed decides
        (["runtime_error", "not_run"], [NAN, 0, 0, 1]),
        (["infra_error", "infra_error"], [NAN, NAN, NAN, NAN]),
        (["not_run"], [NAN, NAN, NAN, NAN]),
    ],
)
def test_values_by_kind(kinds, wanted):
    run = ran(*kinds)
    assert all_of(run) == pytest.approx(wanted, nan_ok=True)
    for score in (values.pass_rate(run), values.pass_all(run), values.bug_free(run), values.compiles(run)):
        assert math.isnan(score) == isinstance(score, Failed)
        assert not isinstance(score, Failed) or score.status == "infra"


def test_whether_a_timeout_is_a_bug_is_a_switch():
    assert values.bug_free(ran("timeout"), timeout_is_bug=False) == 1
    assert values.bug_free(ran("timeout", "crash"), timeout_is_bug=False) == 0


def test_freedom_from_bugs_may_ask_for_a_passed_test():
    assert values.bug_free(ran("wrong"), when_passing=True) == 0
    assert values.bug_free(ran("wrong", "pass"), when_passing=True) == 1
    assert values.bug_free(ran("crash", "pass"), when_passing=True) == 0
    assert math.isnan(values.bug_free(ran("wrong", "not_run"), when_passing=True))


def test_no_program_is_nothing_and_a_bug():
    run = Run(Extracted(None, "there is no fenced block"))
    assert [*all_of(run), values.vacuous(run)] == [0, 0, 0, 0, 0]
    assert values.pass_all(run).reason == "no_code: there is no fenced block"


def test_broken_data_is_an_error_and_not_the_machine():
    for run in (Run(FOUND, fault="its tests: there are no tests"), ran("test_error", "test_error")):
        for f in (values.pass_rate, values.pass_all, values.bug_free, values.compiles, values.vacuous):
            assert isinstance(f(run), Failed)
            assert f(run).status == "error"


def test_the_reason_begins_with_the_kind_that_decided():
    tests = (TestResult(Kind.passed), TestResult(Kind.crash, "ended by SIGSEGV", "SIGSEGV"))
    run = Run(FOUND, ProgramResult(tests, "C", missing=("network",), trust="weak"))
    assert values.pass_all(run).reason == (
        "crash: SIGSEGV ended by SIGSEGV; 1 of 2 tests passed (the python block); weak: it could forge this; "
        "tier C, not enforced: network"
    )
    assert values.pass_rate(ran("pass")).reason == "pass: 1 of 1 tests passed (the python block)"


@pytest.mark.parametrize(
    ("tests", "wanted"),
    [
        ([TestResult(Kind.wrong, stdout="")], 1),
        ([TestResult(Kind.wrong, stdout="5\n"), TestResult(Kind.passed, stdout="5\n")], 1),
        ([TestResult(Kind.wrong, stdout="5\n"), TestResult(Kind.passed, stdout="6\n")], 0),
        ([TestResult(Kind.passed, stdout="5\n")], 0),  # one test cannot tell a constant
        ([TestResult(Kind.runtime_error, stdout="")], 0),
    ],
)
def test_vacuous_programs(tests, wanted):
    assert values.vacuous(Run(FOUND, ProgramResult(tuple(tests), "B"))) == wanted
