"""A study's plan: written before the first run, the same when it comes back, and not another study's."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from jeoul.benchmarks.collapse.plan import PLAN, Figure, Plan, Scenario, read_plan, run_folder, this_machine, write_plan
from jeoul.benchmarks.collapse.study import Claim
from jeoul.errors import DataError, UsageError

SCENARIO = Scenario(
    "noise", "a column of noise", {"grpo": "", "gdpo": ""}, (Figure("format", "eval/format", threshold=0.8),)
)
CLAIM = Claim("noise", "gdpo", "grpo", "format", "final", True, "ours")
A_PLAN = Plan("A study", "jeoul bench …", 300, (0, 1), (SCENARIO,), (CLAIM,), machine=this_machine())


def test_there_and_back(tmp_path: Path) -> None:
    write_plan(A_PLAN, tmp_path / "new")
    assert read_plan(tmp_path / "new") == A_PLAN
    write_plan(A_PLAN, tmp_path / "new")
    assert read_plan(tmp_path / "new") == A_PLAN
    assert [each.name for each in (tmp_path / "new").iterdir()] == [PLAN]


def test_more_may_join(tmp_path: Path) -> None:
    write_plan(A_PLAN, tmp_path)
    other = dataclasses.replace(SCENARIO, name="scales")
    more = dataclasses.replace(SCENARIO, arms={"gdpo": "", "dvao": ""})
    write_plan(dataclasses.replace(A_PLAN, seeds=(1, 2), scenarios=(more, other)), tmp_path)
    found = read_plan(tmp_path)
    assert found.seeds == (0, 1, 2)
    assert {each.name: [*each.arms] for each in found.scenarios} == {
        "noise": ["grpo", "gdpo", "dvao"],
        "scales": ["grpo", "gdpo"],
    }


@pytest.mark.parametrize(
    "changed",
    [
        dataclasses.replace(A_PLAN, steps=100),
        dataclasses.replace(A_PLAN, scenarios=(dataclasses.replace(SCENARIO, arms={"grpo": "another"}),)),
        dataclasses.replace(
            A_PLAN,
            scenarios=(dataclasses.replace(SCENARIO, figures=(Figure("format", "eval/format", threshold=0.5),)),),
        ),
    ],
)
def test_what_is_measured_cannot_change(changed: Plan, tmp_path: Path) -> None:
    write_plan(A_PLAN, tmp_path)
    with pytest.raises(UsageError, match="another folder"):
        write_plan(changed, tmp_path)
    assert read_plan(tmp_path) == A_PLAN


def test_no_plan(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no study\.json"):
        read_plan(tmp_path)
    (tmp_path / PLAN).write_text('{"title": "x"}')
    with pytest.raises(DataError, match="no plan of a study"):
        read_plan(tmp_path)


def test_folders_are_names(tmp_path: Path) -> None:
    assert run_folder(tmp_path, "a/../b", "x y", 0) == tmp_path / "a-..-b" / "x-y" / "seed-0"
