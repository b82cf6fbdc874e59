"""The bandits: sampling, gradient and optimiser against torch's own, pairing of seeds, measures, and what must show."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from jeoul.benchmarks.collapse import learner
from jeoul.benchmarks.collapse.bandit import study
from jeoul.benchmarks.collapse.environments import ENVIRONMENTS
from jeoul.benchmarks.collapse.learner import Arm, Environment, Head, train
from jeoul.benchmarks.collapse.study import CLAIMS, METRICS, Result, compared, measure, settle
from jeoul.errors import UsageError
from jeoul.trainers.advantages import ESTIMATORS, estimator


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """More only stand in one another's way at these sizes."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


SHORT = {name: dataclasses.replace(make(), steps=3) for name, make in ENVIRONMENTS.items()}


def chances_of(environment: Environment, arms: int = 1, seeds: int = 2) -> list[Tensor]:
    generators = [torch.Generator().manual_seed(seed) for seed in range(seeds)]
    logits = [learner._start(head, environment, arms, generators) for head in environment.heads]
    return [learner._chances(each, environment.prompts) for each in logits]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_expected_rewards_are_means_of_sampled_ones(name: str) -> None:
    environment = dataclasses.replace(ENVIRONMENTS[name](), group=4000)
    chances = chances_of(environment)
    choices = learner._draw(environment, chances, [torch.Generator().manual_seed(9 + seed) for seed in range(2)])
    expected = learner._figures(environment, chances)
    for column in environment.columns:
        rewards = learner._rewards(column, choices)
        low, high = column.bounds
        assert low <= float(rewards.min()) <= float(rewards.max()) <= high
        assert torch.allclose(rewards.mean((-1, -2)), expected[column.name], atol=0.03 * (high - low))
    assert set(environment.thresholds) <= set(expected)


def test_figures_beside_columns() -> None:
    environment = ENVIRONMENTS["B2"]()
    chances = chances_of(environment)
    figure = learner._figures(environment, chances)["correct, long prompts"]
    length, answer = chances
    by_hand = [float(length[0, 0, p, 5:].sum() * answer[0, 0, p, 0]) for p in (7, 8, 9)]
    assert float(figure[0, 0]) == pytest.approx(sum(by_hand) / 3)


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("options", [2, 5])
def test_gradient_is_that_of_autograd(options: int, shared: bool) -> None:
    torch.manual_seed(0)
    head = Head((0.0,) * options, shared=shared)
    logits = torch.randn(2, 3, 1 if shared else 4, options, dtype=torch.float64, requires_grad=True)
    choice = torch.randint(options, (2, 3, 4, 6))
    advantages = torch.randn(2, 3, 4, 6, dtype=torch.float64)
    log_chance = logits.log_softmax(-1).expand(2, 3, 4, options)
    (advantages * log_chance.gather(-1, choice)).mean((-1, -2)).sum().backward()
    expected = logits.grad
    assert expected is not None
    if options == 2:
        expected[..., 0] = 0
    found = learner._gradient(head, log_chance.detach().exp(), choice, advantages)
    assert torch.allclose(found, expected)


def test_adam_is_torchs() -> None:
    torch.manual_seed(0)
    theirs = torch.zeros(1, 1, 3, 2, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([theirs], lr=0.05)
    ours, moments = torch.zeros_like(theirs).detach(), [torch.zeros_like(theirs).detach() for _ in range(2)]
    for step in range(1, 6):
        gradient = torch.randn(1, 1, 3, 2, dtype=torch.float64)
        theirs.grad = -gradient
        optimiser.step()
        ours = ours + 0.05 * learner._adam(gradient, *moments, step)
    assert torch.allclose(ours, theirs.detach())


def test_a_seed_is_the_same_whoever_runs_beside_it() -> None:
    many = train(SHORT["A8"], [Arm("grpo", "grpo"), Arm("gdpo", "gdpo")], 4)
    few = train(SHORT["A8"], [Arm("gdpo", "gdpo")], 2)
    for name, curve in few.items():
        assert torch.equal(many[name][1:, :2], curve)


def test_arms_start_alike_and_draw_alike() -> None:
    curves = train(SHORT["A8"], [Arm("one", "gdpo"), Arm("other", "gdpo"), Arm("third", "grpo")], 2)["format"]
    assert torch.equal(curves[0], curves[1])
    assert torch.equal(curves[0, :, 0], curves[2, :, 0])
    assert not torch.equal(curves[0], curves[2])


@pytest.mark.parametrize("name", ESTIMATORS)
def test_no_seed_sees_anothers_rewards(name: str) -> None:
    environment = SHORT["D"]
    torch.manual_seed(0)
    rewards = torch.stack([torch.randint(0, 2, (3, 8, 4)).double(), torch.rand(3, 8, 4).double() * 6 - 3], dim=-1)
    found = learner._Advantages(environment, [Arm(name, name)], 3).of(rewards[None])[0]
    groups = torch.arange(8).repeat_interleave(4)
    options = {"bounds": [(0, 1), (-3, 3)]} if name in learner.BOUNDED else {}
    for seed in range(3):
        alone = estimator(name)(rewards[seed].flatten(0, 1), groups, **options)
        assert torch.equal(found[seed].flatten(), alone)


def test_gate_and_weights() -> None:
    rewards = torch.tensor([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]], dtype=torch.float64)
    environment = dataclasses.replace(SHORT["B2"], prompts=1)
    arms = [Arm("gated", "dr_grpo", gate=(1, 0, 1.0)), Arm("light", "dr_grpo", weights=(1.0, 0.25))]
    gated, light = learner._Advantages(environment, arms, 1).of(rewards.expand(2, 1, 1, 4, 2))
    assert gated.flatten().tolist() == [-0.75, 1.25, 0.25, -0.75]
    assert light.flatten().tolist() == [-0.375, 0.625, 0.375, -0.625]


def test_measures() -> None:
    environment = dataclasses.replace(SHORT["A"], thresholds={"format": 0.8})
    curve = torch.tensor([[[0.1, 0.5, 0.8, 0.7], [0.1, 0.2, 0.3, 0.4], [0.9, 0.9, 0.9, 0.9]]], dtype=torch.float64)
    (found,) = measure(environment, [Arm("x", "grpo")], {"format": curve})
    assert (found.values["steps"], found.reached) == ([2.0, 4.0, 0.0], 2)
    assert found.values["area"] == pytest.approx([2 / 3, 0.3, 0.9])
    assert found.values["final"] == [0.7, 0.4, 0.9]


def result(arm: str, steps: list[float]) -> Result:
    return Result("A", arm, "format", list(range(len(steps))), 200, dict.fromkeys(METRICS, steps), [0.0])


def test_fewer_steps_are_better_and_claims_can_fail() -> None:
    slow = [60.0 + each for each in range(12)]
    results = [result("grpo", slow), result("gdpo", [x - 20 - x % 3 for x in slow]), result("grpo_bn", slow)]
    findings = {(each.arm, each.metric): each.outcome for each in compared(results, "grpo")}
    assert findings["gdpo", "steps"].verdict == "better"
    assert findings["gdpo", "area"].verdict == "worse"  # the same numbers, where more is better
    assert findings["grpo_bn", "steps"].verdict == "undecided"
    held = {(each.claim.arm, each.claim.baseline, each.claim.metric): each.held for each in settle(results)}
    assert held["gdpo", "grpo", "steps"]
    assert held["grpo_bn", "grpo", "steps"]
    assert not held["gdpo", "grpo", "area"]


def test_claims_name_what_there_is() -> None:
    for claim in CLAIMS:
        environment = ENVIRONMENTS[claim.environment]()
        arms = {*ESTIMATORS, *(arm.name for arm in environment.arms)}
        assert {claim.arm, claim.baseline} <= arms
        assert claim.figure in environment.thresholds


def test_what_must_show() -> None:
    """Scales: gdpo reaches the format sooner, grpo with a batch step does not. Many columns: the step is a rate."""
    environments = [ENVIRONMENTS["A"](), dataclasses.replace(ENVIRONMENTS["C"](), steps=100)]
    found = study(environments, ["grpo", "grpo_bn", "grpo_scaled", "gdpo", "gdpo_nobn"], "grpo", 12)
    assert all(each.held for each in found.claims)
    assert len(found.claims) == 9
    steps = {(each.arm, each.figure, each.metric): each.outcome.comparison for each in found.findings}[
        "gdpo", "format", "steps"
    ]
    assert steps.bootstrap_interval[1] < 0


def test_command(tmp_path: Path) -> None:
    run = [sys.executable, "-c", "from jeoul.cli import main; main()", "bench", "collapse", "bandit"]
    options = [
        "--environment",
        "A",
        "--estimator",
        "grpo",
        "gdpo",
        "--seeds",
        "3",
        "--json",
        "--chart",
        str(tmp_path / "c.json"),
    ]
    done = subprocess.run([*run, *options], capture_output=True, text=True, timeout=300, check=True)
    figures = json.loads(done.stdout)
    assert [(each["arm"], each["figure"]) for each in figures["results"]] == [
        (arm, figure) for arm in ("grpo", "gdpo") for figure in ("format", "correct")
    ]
    assert len(figures["results"][0]["curve"]) == 201
    assert len(figures["findings"]) == 2 * 3
    drawn = json.loads((tmp_path / "c.json").read_text())
    assert [part["title"] for part in drawn["vconcat"]] == ["A: format", "A: correct"]
    refused = subprocess.run([*run, "--environment", "Z"], capture_output=True, text=True, timeout=300, check=False)
    assert refused.returncode == 2
    assert "no environment 'Z'" in refused.stderr


def test_bad_options_are_refused() -> None:
    with pytest.raises(UsageError, match="did you mean 'gdpo'"):
        study([SHORT["A"]], ["grpo", "gdop"], "grpo", 2)
    with pytest.raises(UsageError, match="--baseline"):
        study([SHORT["A"]], ["gdpo"], "grpo", 2)
    with pytest.raises(UsageError, match="--seeds 1"):
        study([SHORT["A"]], ["grpo"], "grpo", 1)
    with pytest.raises(UsageError, match="fewer"):
        train(SHORT["C"], [Arm("grpo", "grpo")], 10**6)
