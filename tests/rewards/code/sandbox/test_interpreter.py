"""Which Python runs programs, what of it they may read, and how a zygote is started."""

from __future__ import annotations

import json
import os
import sys

import pytest

from jeoul.rewards.code.sandbox.errors import IsolationError
from jeoul.rewards.code.sandbox.inside.landlock import LIST, READ, WRITE
from jeoul.rewards.code.sandbox.interpreter import INSIDE, Interpreter
from jeoul.rewards.code.sandbox.plans import plans

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="paths of Linux")


@pytest.fixture
def made(tmp_path):
    """An interpreter made of empty files."""
    standard, packages = tmp_path / "lib", tmp_path / "lib/site-packages"
    for file in (
        "lib/os.py",
        "lib/json/__init__.py",
        "lib/test/secret.py",
        "lib/site-packages/numpy/a.py",
        "lib/site-packages/data/x",
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    return Interpreter(sys.executable, (str(standard),), (str(packages),), (str(packages / "numpy"),))


def test_of_installed_packages_only_those_named_are_read(made):
    rules = dict(made.rules(own_root=False))
    packages = made.site[0]
    assert rules[packages] == LIST
    assert rules[f"{packages}/numpy"] == READ | LIST
    assert not any(path.startswith(f"{packages}/data") for path in rules)
    readable = {path for path, rights in rules.items() if rights & READ}
    assert not any(packages.startswith(f"{path}/") or path == packages for path in readable), "nothing above them"
    assert f"{made.standard[0]}/test" not in rules
    assert {path for path, rights in rules.items() if rights & WRITE} <= {
        "/dev/null",
        "/dev/zero",
        "/dev/random",
        "/dev/urandom",
    }


def test_a_root_of_its_own_hides_the_other_packages(made):
    assert made.site[0] in made.hidden()
    rules = dict(made.rules(own_root=True))
    assert {path for path, rights in rules.items() if rights & READ} >= {made.standard[0], made.packages[0]}
    assert rules[made.site[0]] == LIST
    assert len(rules) <= len(made.rules(own_root=False))
    assert set(made.mounts()) >= {made.standard[0], made.packages[0], INSIDE}


def test_a_folder_that_is_closed_to_others_is_named(made, tmp_path):
    for folder in [tmp_path, *tmp_path.parents]:
        if not os.stat(folder).st_mode & 0o001:
            os.chmod(folder, 0o711) if folder == tmp_path else pytest.skip(f"{folder} is closed itself")
    assert made.closed() == ""
    os.chmod(tmp_path, 0o700)
    assert made.closed() == str(tmp_path)


def test_an_interpreter_that_may_not_be_run_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "_base_executable", "/nowhere/python")
    with pytest.raises(IsolationError, match="/nowhere/python"):
        Interpreter.running(())


def test_ways_are_tried_from_the_strongest():
    assert [plan.tier for plan in plans("auto", ())] == sorted(plan.tier for plan in plans("auto", ()))
    assert {plan.tier for plan in plans("B", ())} == {"B"}
    for plan in plans("auto", ("numpy",)):
        command = plan.command(3, 4)
        spec = json.loads(command[-1])
        assert (spec["control"], spec["trainer"], spec["tier"]) == (3, 4, plan.tier)
        assert bool(spec["rules"]) == (plan.tier != "C")
        assert ("bwrap" in command[0]) == (plan.namespaces == "bwrap")
