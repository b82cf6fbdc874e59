"""The page as Streamlit runs it, without a browser."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

import jeoul.dashboard

pytest.importorskip("streamlit", reason='the dashboard extra is absent: pip install "jeoul[dashboard]"')


def opened(monkeypatch: pytest.MonkeyPatch, *paths: Path):
    from streamlit.testing.v1 import AppTest

    monkeypatch.setattr(sys, "argv", ["app.py", *map(str, paths)])
    return AppTest.from_file(Path(jeoul.dashboard.__file__).with_name("app.py"), default_timeout=60).run()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_everything_is_shown_and_news_are_read(
    run_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = tmp_path / "training/metrics.jsonl"
    metrics.parent.mkdir()
    metrics.write_text('{"step": 1, "reward/correct/mean": 0.25, "kl": 0.5, "mine": 3}\n{"step": 2, "rew')
    (tmp_path / "going").mkdir()
    shutil.copy(run_folder / "samples.jsonl", tmp_path / "going")
    app = opened(monkeypatch, tmp_path, run_folder)
    assert not app.exception
    assert [tab.label for tab in app.tabs] == ["Training", "Evaluations", "Samples"]
    tiles = {tile.label: tile.value for tile in app.metric}
    assert (tiles["correct/mean"], tiles["kl"], tiles["avg@2"]) == ("0.25", "0.5", "62.5%")
    assert any("step 1" in caption.value for caption in app.caption)
    assert "7 of 7 samples, 4 problems" in [caption.value for caption in app.caption]
    with metrics.open("a") as file:
        file.write('ard/correct/mean": 0.75, "kl": 0.1}\n')
    app.run()
    assert not app.exception
    assert {tile.label: tile.value for tile in app.metric}["correct/mean"] == "0.75"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_reading(run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(monkeypatch, run_folder)
    app.text_input[0].set_value("여덟").run()
    assert "1 of 7 samples, 1 problems" in [caption.value for caption in app.caption]
    texts = [code.value for code in app.code]
    assert texts[0] == "2의 세제곱은?\n\nAnswer: 8"
    assert texts[1:] == ["여덟, 곧 \\boxed{8}", "여섯 \\boxed{6}"]
    app.text_input[0].set_value("nowhere").run()
    assert len(app.code) == 0
    assert not app.exception


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_vanished_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened(monkeypatch, tmp_path)
    assert "holds nothing to watch" in app.error[0].value
