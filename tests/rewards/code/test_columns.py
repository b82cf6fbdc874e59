"""The rewards, with real programs in a real sandbox."""

from __future__ import annotations

import math
import pickle
import threading

import cloudpickle
import pytest

from jeoul import Recipe, Status, code_bug_free, code_compiles, code_lint, code_pass_all, code_pass_rate, code_vacuous
from jeoul.cli.recipe import find_recipe
from jeoul.errors import ScoringError, UsageError
from jeoul.rewards.code import runs, settings
from jeoul.rewards.code.outcomes import Kind, ProgramResult, TestResult
from jeoul.rewards.code.sandbox import IsolationError, Sandbox

pytestmark = pytest.mark.usefixtures("held")
TESTS = ["assert double(2) == 4", "assert double(0) == 0"]
RIGHT = "```python\ndef double(x):\n    return 2 * x\n```"
HALF = "```python\ndef double(x):\n    return 0\n```"
BROKEN = "```python\ndef double(x):\n    return y\n```"
EQUAL = "```python\nclass E:\n    def __eq__(s, o): return True\ndef double(x):\n    return E()\n```"


@pytest.fixture(autouse=True)
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The programs that were really run, with nothing remembered of earlier tests."""
    runs._runs.values.clear()
    runs._failures.kept.clear()
    seen: list[str] = []
    real = Sandbox.run_many

    def counted(self, given, deadline=None):
        given = list(given)
        seen.extend(program for program, _ in given)
        return real(self, given, deadline)

    monkeypatch.setattr(Sandbox, "run_many", counted)
    return seen


def rows(*completions: str, **columns: object) -> list[dict[str, object]]:
    return [{"prompt": "double", "completion": text, "tests": TESTS, **columns} for text in completions]


ALL = Recipe(
    code_pass_rate().named("rate"), code_pass_all().named("all"), code_bug_free().named("free"),
    code_bug_free(timeout_is_bug=False).named("free2"), code_compiles().named("compiles"),
    code_vacuous().named("vacuous").monitor(),
)  # fmt: skip


def test_all_columns_share_one_execution(jobs):
    table = ALL.score(rows(RIGHT, HALF, BROKEN, EQUAL, "none", RIGHT))
    wanted = [[1, 1, 1, 1, 1], [0.5, 0, 1, 1, 1], [0, 0, 0, 0, 1], [0, 0, 1, 1, 1], [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]]
    assert table.value[:, :5].tolist() == wanted
    assert len(jobs) == 4  # one for each program, not for each column or row
    assert table.reason[2][0].startswith("runtime_error: NameError: name 'y' is not defined; 0 of 2 tests passed")


def test_the_recipe_pays_for_bug_freeness_only_beside_a_passed_test():
    recipe = find_recipe("code")
    table = recipe.score(rows(RIGHT, BROKEN, EQUAL, "```python\npass\n```"))
    assert table.column("bug_free").tolist() == [1, 0, 0, 0]
    assert table.column("bug_free_any").tolist() == [1, 0, 1, 0]


def test_the_recipe_masks_what_the_machine_failed_in_every_column(monkeypatch):
    monkeypatch.setattr(runs, "runner_for", lambda _: Failing(Kind.not_run, 9))
    table = find_recipe("code").score(rows("```python\nx = 1\n```"))
    assert table.status[0].tolist()[:2] == [Status.infra] * 2
    assert math.isnan(table.value[0][table.names.index("bug_free")])


def test_other_options_are_another_execution(jobs):
    Recipe(code_pass_rate(), code_pass_all(memory_mb=512)).score(rows(RIGHT))
    assert len(jobs) == 2


def test_a_row_whose_tests_cannot_be_read_is_an_error_of_its_own():
    data = [*rows(RIGHT), {"prompt": "p", "completion": RIGHT, "tests": [{"odd": 1}]}, *rows(HALF)]
    table = Recipe(code_pass_rate().named("rate")).score(data)
    assert table.status[:, 0].tolist() == [Status.ok, Status.error, Status.ok]
    assert "unknown odd" in table.reason[1][0]


class Failing:
    """A runner whose machine fails, so many times."""

    def __init__(self, kind: Kind, times: int) -> None:
        self.kind, self.left, self.calls = kind, times, 0

    def run_many(self, jobs, deadline=None):
        self.calls += 1
        self.left -= 1
        kind = self.kind if self.left >= 0 else Kind.passed
        return [ProgramResult((TestResult(Kind.passed), TestResult(kind, "no slot"))) for _ in jobs]


@pytest.mark.parametrize("kind", [Kind.infra_error, Kind.not_run])
def test_what_the_machine_fails_is_infra_in_every_column_and_never_0(kind, monkeypatch):
    runner = Failing(kind, 1)
    monkeypatch.setattr(runs, "runner_for", lambda _: runner)
    table = ALL.score(rows(RIGHT))
    assert table.status[0].tolist() == [Status.infra] * 4 + [Status.ok, Status.infra]
    assert all(math.isnan(value) for value in table.value[0, :4])
    assert table.reason[0][0] == f"{kind} (no slot)"
    assert runner.calls == 1  # the columns of a table agree
    again = ALL.score(rows(RIGHT))
    assert again.value[0, :5].tolist() == [1] * 5  # asked anew, run anew
    assert runner.calls == 2


def test_past_the_deadline_of_a_batch_rows_are_infra():
    slow = "```python\ndef double(x):\n    while True: pass\n```"
    table = Recipe(code_pass_rate(batch_deadline="0.3 s").named("rate")).score(rows(slow, RIGHT))
    assert Status.error not in table.status[:, 0]
    assert table.status[0, 0] == Status.infra
    assert not (table.value[:, 0] == 0).any()


def test_humaneval_as_it_comes():
    prompt = 'from typing import List\n\n\ndef total(xs: List[int]) -> int:\n    """Sum."""\n'
    check = "def check(candidate):\n    assert candidate([1, 2]) == 3\n    assert candidate([]) == 0\n"
    row = {"prompt": prompt, "tests": check, "entry_point": "total"}
    completions = [
        "    return sum(xs)\n",
        "```python\ndef total(xs: List[int]):\n    return sum(xs)\n```",
        "    return 3\n",
    ]
    column = code_pass_rate(extract=("fenced", "continuation"), problem="prompt").named("rate")
    table = Recipe(column).score([{**row, "completion": completion} for completion in completions])
    assert table.column("rate").tolist() == [1, 1, 0.5]


def test_a_judges_imports():
    code = "```python\nfrom __future__ import annotations\nclass Solution:\n    def f(self, xs: List[int]):\n        return pow(2, 10, 1000) + len(Counter(xs))\n```"
    data = [{"prompt": "p", "completion": code, "tests": [{"function": "f", "args": [[1, 2]], "expected": 26}]}]
    assert Recipe(code_pass_rate(imports=True).named("r")).score(data).column("r").tolist() == [1]
    assert Recipe(code_pass_rate().named("r")).score(data).column("r").tolist() == [0]


def test_it_is_called_as_trl_calls_rewards():
    assert code_pass_rate([RIGHT, HALF], [TESTS, TESTS]) == [1, 0.5]


def test_it_works_in_threads_and_survives_pickling(jobs):
    reward = settings.Settings()
    made = code_pass_rate.function(memory_mb=1024)
    for dump in (pickle.dumps, cloudpickle.dumps):
        again = pickle.loads(dump(made))
        assert again.settings == made.settings == reward
        assert again([RIGHT], [TESTS]) == [1]
    results: list[list[float]] = []
    work = [threading.Thread(target=lambda: results.append(made([RIGHT, HALF], [TESTS, TESTS]))) for _ in range(8)]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert results == [[1, 0.5]] * 8
    assert len(jobs) == 2


def test_mistakes_in_options_are_said():
    with pytest.raises((UsageError, ScoringError), match="the address of a remote sandbox is one of"):
        Recipe(code_pass_rate(sandbox="somewhere")).score(rows(RIGHT))
    with pytest.raises(UsageError, match="cpu"):
        code_pass_rate(cpu=2)
    with pytest.raises(UsageError, match="evaluation only"):
        Recipe(code_vacuous())


def test_lint_needs_no_tests_and_no_sandbox(jobs):
    table = Recipe(code_lint().named("lint")).score([{"prompt": "p", "completion": text} for text in (RIGHT, BROKEN)])
    assert table.column("lint").tolist() == [1, 0]
    assert jobs == []


def test_a_sandbox_that_refuses_is_heard_of_before_anything_is_scored(monkeypatch):
    def refuse(self):
        raise IsolationError("programs are not held: fork; fix: …")

    monkeypatch.setattr(Sandbox, "start", refuse)
    with pytest.raises(ScoringError, match="programs are not held: fork"):
        Recipe(code_pass_rate(memory_mb=777)).score(rows(RIGHT))
