from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from jeoul.dashboard.following import Follower
from jeoul.dashboard.training import Metrics, metrics_of, numbers, panels, points

FLAT = [
    *(
        f"reward/{column}/{figure}"
        for column in ("correct", "a/b")
        for figure in ("mean", "std", "zero_std_frac", "share")
    ),
    *(f"ratio/token/{figure}" for figure in ("min", "q05", "mean", "q95", "max", "ess")),
    *(
        "clip/low",
        "clip/high",
        "kl/k1",
        "kl/k3",
        "grad_norm",
        "grad_norm/max",
        "entropy",
        "moe/max_violation",
        "moe/cv",
    ),
]
TRL = ["rewards/fn/mean", "rewards/fn/std", "reward", "reward_std", "clip_ratio/low_mean", "clip_ratio/region_mean", "kl",
       "sampling/importance_sampling_ratio/min", "sampling/importance_sampling_ratio/max", "completions/mean_length"]  # fmt: skip
VERL = ["actor/pg_clipfrac", "actor/ppo_kl", "actor/entropy", "critic/score/mean", "response_length/mean"]


def charts(names: list[str]) -> dict[str, dict[str, dict[str, str]]]:
    found, others = panels(names)
    assert others == []
    return {panel.title: panel.charts for panel in found}


def test_every_name_is_in_one_chart() -> None:
    for names in (FLAT, TRL, VERL):
        placed = [name for panel in charts(names).values() for chart in panel.values() for name in chart.values()]
        assert sorted(placed) == sorted(names)


def test_what_belongs_together_is_together() -> None:
    found = charts(FLAT)
    assert list(found["Reward columns"]["mean"]) == ["correct", "a/b"]
    assert list(found["Share of the advantage"].values()) == [
        {"correct": "reward/correct/share", "a/b": "reward/a/b/share"}
    ]
    assert list(found["Importance ratio"]["ratio/token"]) == ["min", "q05", "mean", "q95", "max"]
    assert list(found["Clip fractions"]["clip fractions"]) == ["clip/low", "clip/high"]
    assert found["Policy"]["kl"] == {"k1": "kl/k1", "k3": "kl/k3"}
    assert set(found["Balance of experts"]) == {"max_violation", "cv"}
    assert charts(TRL)["Reward columns"]["mean"] == {"fn": "rewards/fn/mean"}
    assert "actor/pg_clipfrac" in charts(VERL)["Clip fractions"]["clip fractions"]


def test_what_is_not_known_is_still_there() -> None:
    assert panels(["step", "mine/own", "step_time"])[1] == ["mine/own", "step_time"]


def test_rows_hold_numbers_alone() -> None:
    row = {"step": 1, "a": True, "b": "x", "c": None, "d": math.nan, "e": math.inf, "f": [1], "g": 2}
    assert numbers(row) == {"step": 1, "g": 2}
    assert numbers({"a": 1}) is None
    assert numbers({"train/global_step": 2, "train/loss": 1}) == {"step": 2, "train/loss": 1}


def test_the_loops_file(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text(
        '{"step": 1, "loss": 2.0, "kl": null}\n{"no": 1}\n{"step": 2, "loss": 1.0, "kl": 0.5}\n{"step": 3, "lo'
    )
    metrics = metrics_of(Follower(path, numbers))
    assert (metrics.names, metrics.damaged, len(metrics.rows)) == (("loss", "kl"), 1, 2)
    assert (metrics.last("loss"), metrics.last("kl"), metrics.last("none")) == (1.0, 0.5, None)
    assert points(metrics, "kl") == [(2, 0.5)]


def test_trls_state(tmp_path: Path) -> None:
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps({"log_history": [{"step": 1, "reward": 0.5}, {"step": 2, "eval_loss": 3}]}))
    assert metrics_of(path).names == ("reward", "eval_loss")
    path.write_text("{")
    assert metrics_of(path) == Metrics([], (), 1)


def test_many_points_are_thinned_and_smoothing_is_unbiased() -> None:
    metrics = Metrics([{"step": step, "x": 5.0} for step in range(12_345)], ("x",))
    drawn = points(metrics, "x", smooth=0.9)
    assert len(drawn) <= 1_000
    assert (drawn[0][0], drawn[-1][0]) == (0, 12_344)
    assert [value for _, value in drawn] == pytest.approx([5.0] * len(drawn))
    rising = Metrics([{"step": step, "x": float(step)} for step in range(3)], ("x",))
    assert [value for _, value in points(rising, "x", smooth=0.5)] == pytest.approx([0, 2 / 3, 10 / 7])
