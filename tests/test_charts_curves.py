"""Charts of training runs: every seed, the mean, the baseline in every panel, one rule at the threshold."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from jeoul.charts_curves import POINTS, curves_chart, differences_chart, plain_svg, small_svg

STEPS = list(range(1, 201))
CURVES = {
    arm: {seed: (STEPS, [step / 200 + offset + seed / 10 for step in STEPS]) for seed in range(3)}
    for arm, offset in {"grpo": 0.0, "gdpo": 1.0}.items()
}


def values(chart: object) -> list[dict[str, object]]:
    return list(chart.to_dict()["data"]["values"])


def test_every_seed_mean_and_baseline() -> None:
    rows = values(curves_chart(CURVES, "grpo", title="format"))
    lines = {(row["arm"], row["line"]) for row in rows}
    seeds = {f"seed {seed}" for seed in range(3)}
    assert lines == {("grpo", each) for each in {*seeds, "mean"}} | {
        ("gdpo", each) for each in {*seeds, "mean", "baseline"}
    }
    mean = {row["step"]: row["value"] for row in rows if (row["arm"], row["line"]) == ("gdpo", "mean")}
    base = {row["step"]: row["value"] for row in rows if (row["arm"], row["line"]) == ("gdpo", "baseline")}
    assert len(mean) == POINTS
    assert mean[200] == pytest.approx(198 / 200 + 1.1, rel=1e-3)  # of the last five steps
    assert {step: value - 1 for step, value in mean.items()} == pytest.approx(base, abs=2e-3)


def test_svg() -> None:
    svg = small_svg(curves_chart(CURVES, "grpo", title="format", threshold=0.5))
    ElementTree.fromstring(svg)
    assert len(re.findall(r'<line[^>]*stroke-dasharray="1,3"', svg)) == 2  # one a panel, not one a point
    assert not re.search(r' d="[^"]*\d\.\d\d', svg)
    assert "var(--accent" in svg
    assert "var(" not in plain_svg(svg)
    assert 'd="' in plain_svg(svg)


def test_differences() -> None:
    rows = [
        {"label": "gdpo", "panel": "final", "estimate": 0.5, "low": 0.4, "high": 0.6, "verdict": "better"},
        {"label": "dvao", "panel": "final", "estimate": 0.0, "low": -0.2, "high": 0.1, "verdict": "undecided"},
    ]
    svg = small_svg(differences_chart(rows, title="x"))
    ElementTree.fromstring(svg)
    for label in ("gdpo", "dvao", "better", "undecided"):
        assert f">{label}</text>" in svg
    assert ">worse</text>" not in svg


def test_labels_keep_their_decimals() -> None:
    small = {"grpo": {0: ([1, 2], [0.01, 0.04]), 1: ([1, 2], [0.02, 0.03])}}
    svg = small_svg(curves_chart(small, "grpo", title="x"))
    labels = {float(text) for text in re.findall(r">(0\.\d+)</text>", svg)}
    assert any(round(label, 1) != label for label in labels)
