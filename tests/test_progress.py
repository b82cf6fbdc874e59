"""Bars on a terminal; silence elsewhere."""

from __future__ import annotations

import threading

import pytest

from jeoul.progress import Bars


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch):
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)


def use(bars: Bars) -> None:
    with bars, bars.column("correct", 3) as advance:
        advance(1)
        advance(2)


def test_nothing_where_stderr_is_no_terminal(capfd):
    use(Bars())
    assert capfd.readouterr() == ("", "")


def test_a_bar_on_a_terminal_goes_to_stderr(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    use(Bars())
    out, err = capsys.readouterr()
    assert out == ""
    assert "correct" in err


def test_nothing_where_it_is_not_wanted(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    use(Bars(shown=False))
    assert capsys.readouterr() == ("", "")


def test_columns_side_by_side_count_their_own(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    bars = Bars()

    def work(name):
        with bars.column(name, 100) as advance:
            for _ in range(100):
                advance(1)

    with bars:
        threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [
            (task.description, task.completed, task.total)
            for task in sorted(bars.bars.tasks, key=lambda t: t.description)
        ] == [(name, 100, 100) for name in "abc"]
    capsys.readouterr()


def test_the_terminal_is_given_back_when_scoring_fails(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    bars = Bars()
    with pytest.raises(ValueError, match="no"), bars, bars.column("a", 1):
        raise ValueError("no")
    assert not bars.bars.live.is_started
    capsys.readouterr()
