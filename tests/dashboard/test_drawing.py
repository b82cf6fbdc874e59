from __future__ import annotations

from jeoul.charts import inline_svg
from jeoul.dashboard.drawing import charts_of
from jeoul.dashboard.training import Metrics, panels

NAMES = ("reward/a/mean", "reward/b/mean", "reward/a/share", "reward/b/share", "ratio/min", "ratio/mean", "ratio/max",
         "ratio/q05", "ratio/q95", "moe/cv")  # fmt: skip


def metrics(names: tuple[str, ...] = NAMES) -> Metrics:
    return Metrics([{"step": step, **dict.fromkeys(names, 0.5)} for step in range(3)], names)


def drawn(runs: dict[str, Metrics]) -> dict[str, object]:
    return {title: chart for panel in panels(NAMES)[0] for title, chart in charts_of(panel, runs)}


def test_one_run() -> None:
    charts = drawn({"x": metrics()})
    assert list(charts) == ["mean", "share of the advantage", "ratio", "cv"]
    fan = charts["ratio"].to_dict()  # type: ignore[attr-defined]
    bands = [(layer["encoding"]["y"]["field"], layer["encoding"]["y2"]["field"]) for layer in fan["layer"][:-1]]
    assert bands == [("min", "max"), ("q05", "q95")]
    for chart in charts.values():
        assert inline_svg(chart).startswith("<svg")


def test_shares_and_fans_are_drawn_for_each_run() -> None:
    charts = drawn({"x": metrics(), "y": metrics(("reward/a/mean", "ratio/min", "ratio/max"))})
    assert list(charts) == ["mean", "share of the advantage · x", "ratio · x", "ratio · y", "cv"]
    mean = charts["mean"].to_dict()  # type: ignore[attr-defined]
    assert "strokeDash" in mean["layer"][0]["encoding"]
    assert len(mean["data"]["values"]) == 9
