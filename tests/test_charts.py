from __future__ import annotations

import json
from pathlib import Path

import pytest

from jeoul import Recipe, UsageError, exact_match
from jeoul.charts import correlation_chart, diagnosis_chart, save_chart, share_chart
from jeoul.rewards.recipes.column import use
from jeoul.trainers.diagnosis import Diagnosis, diagnose


def length(completions: list[str], **_: object) -> list[float]:
    return [len(text) / 10 for text in completions]


@pytest.fixture(scope="module")
def found() -> Diagnosis:
    texts = ["4", "five", "4", "seven", "4", "4", "no", "perhaps"]
    rows = [{"prompt": str(row // 4), "completion": text, "answer": "4"} for row, text in enumerate(texts)]
    return diagnose((Recipe(exact_match()) + 0.5 * use(length)).score(rows, workers=0))


def test_shares_are_drawn_as_they_are(found: Diagnosis) -> None:
    values = share_chart(found).to_dict()["data"]["values"]
    assert len(values) == 4
    for name in ("grpo", "gdpo"):
        assert sum(row["share"] for row in values if row["estimator"] == name) == pytest.approx(1)


def test_correlations_are_symmetric(found: Diagnosis) -> None:
    values = {(row["a"], row["b"]): row["r"] for row in correlation_chart(found).to_dict()["data"]["values"]}
    assert values["exact_match", "length"] == values["length", "exact_match"] < 0


@pytest.mark.parametrize("ending", ["svg", "png", "html", "json"])
def test_every_format_is_written_whole(found: Diagnosis, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"chart.{ending}"
    save_chart(diagnosis_chart(found), path)
    data = path.read_bytes()
    starts = {"svg": b"<svg", "png": b"\x89PNG", "html": b"<!DOCTYPE html>", "json": b"{"}
    assert data.lstrip().startswith(starts[ending])
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    if ending == "json":
        assert "Share of the update" in json.dumps(json.loads(data))


def test_another_ending_is_refused(found: Diagnosis, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.svg, \.png, \.html"):
        save_chart(diagnosis_chart(found), tmp_path / "chart.bmp")
