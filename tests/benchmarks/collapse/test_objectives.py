"""The objectives study: real runs of a few steps, gone on with after a kill, crashes kept as results."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from jeoul.benchmarks.collapse.mixture import mixture
from jeoul.benchmarks.collapse.objectives import ARMS, CLAIMS, FIGURES, SCENARIOS, Run, run, train_one
from jeoul.benchmarks.collapse.plan import DONE, read_plan
from jeoul.benchmarks.collapse.recorded import read_runs
from jeoul.benchmarks.collapse.reporting import make_report
from jeoul.errors import DataError, UsageError
from jeoul.trainers.losses import policy_loss

METRICS = "metrics.jsonl"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def short(folder: Path, arm: str = "grpo", **changes: object) -> Run:
    return replace(Run(folder, "stale", arm, 0, steps=2, rate=3e-4, warm_steps=3), **changes)


@pytest.mark.parametrize("arm", ARMS)
def test_every_arm_is_a_loss_with_its_own_settings(arm: str) -> None:
    settings = short(Path("x"), arm).settings()
    assert settings.epochs * settings.minibatches == 8
    policy_loss(settings.objective)
    fresh = replace(short(Path("x"), arm), scenario="fresh").settings()
    assert fresh.epochs * fresh.minibatches == 1


def test_the_policy_is_a_mixture() -> None:
    model = mixture(0)
    assert sum(each.numel() for each in model.parameters()) == pytest.approx(0.23e6, rel=0.05)
    assert (model.config.num_local_experts, model.config.num_experts_per_tok) == (8, 2)


def test_claims_name_what_there_is() -> None:
    names = {figure.name: figure for figure in FIGURES}
    for claim in CLAIMS:
        assert claim.environment in SCENARIOS
        assert {claim.arm, claim.baseline} <= ARMS.keys()
        assert claim.metric in names[claim.figure].metrics


def test_a_study_runs_and_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All arms share warm start, prompts and samples, so their first batch is the same and their updates are not."""
    chosen = ("grpo", "gspo")
    run(output=tmp_path, arm=chosen, seeds=2, steps=2, warm_steps=3)
    found = read_runs(tmp_path, read_plan(tmp_path))
    assert [(each.arm, each.seed, each.status, each.step) for each in found] == [
        (a, s, "finished", 2) for a in chosen for s in (0, 1)
    ]
    keys = [figure.key for figure in FIGURES]
    for each in found:
        assert all(each.rows[-1][key] is not None for key in keys)
    first = {(each.arm, each.seed): each.rows[0] for each in found}
    assert first["grpo", 0]["reward/format/mean"] == first["gspo", 0]["reward/format/mean"]
    assert first["grpo", 0]["kl/k3"] != first["gspo", 0]["kl/k3"]
    assert first["gspo", 0]["clip/high"] > first["grpo", 0]["clip/high"]
    assert 0 <= first["grpo", 0]["moe/routing_drift"] < 1
    report = make_report(tmp_path)
    assert {each.figure for each in report.told[0].findings} == {figure.name for figure in FIGURES}
    assert [(each.claim.arm, each.claim.baseline) for each in report.claims] == [("gspo", "grpo")] * 2
    assert (tmp_path / "report" / "report.md").exists()
    assert "stale" in capsys.readouterr().out


def test_goes_on_to_the_same_figures(tmp_path: Path) -> None:
    whole, cut = short(tmp_path / "a"), short(tmp_path / "b")
    train_one(whole)
    train_one(replace(cut, steps=1))
    (cut.folder / DONE).unlink()
    train_one(cut)
    for mine, theirs in zip(
        *(map(json.loads, (one.folder / METRICS).read_text().splitlines()) for one in (whole, cut)), strict=True
    ):
        apart = {
            key for key in mine if mine[key] != theirs[key] and not key.startswith(("seconds", "throughput", "eval/"))
        }
        assert not apart
    assert train_one(whole) == "finished before"


def test_another_run_is_not_gone_on_with(tmp_path: Path) -> None:
    train_one(short(tmp_path))
    with pytest.raises(UsageError, match="other options"):
        train_one(short(tmp_path, rate=1e-3))
    (short(tmp_path).folder / DONE).write_text("{")
    with pytest.raises(DataError, match="delete its folder"):
        train_one(short(tmp_path))


def test_a_crash_is_a_result(tmp_path: Path) -> None:
    broken = short(tmp_path, rate=1e30)
    assert "not finite" in train_one(broken) or "NaN" in train_one(broken)
    done = json.loads((broken.folder / DONE).read_text())
    assert done["error"]
    assert done["error"] == train_one(broken)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"arm": ("grpo", "gspos")}, "did you mean 'gspo'"),
        ({"arm": ("gspo",)}, "--arm grpo"),
        ({"seeds": 1}, "no spread"),
        ({"scenario": ("stal",)}, "'stale'"),
    ],
)
def test_refused(options: dict[str, object], match: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=match):
        run(output=tmp_path / "new", **options)
    assert not (tmp_path / "new").exists()
