"""``jeoul bench advantages`` at toy sizes: it runs, and what it says that is not a time holds."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from jeoul.benchmarks.advantages import Speed, constant_groups, linearity, take_turns, whiten


def test_command() -> None:
    size = ["--rows", "64", "--rows", "128", "--columns", "2", "--batches", "12", "--seconds", "0.01"]
    command = [sys.executable, "-c", "from jeoul.cli import main; main()", "bench", "advantages", *size, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    result = json.loads(done.stdout)
    assert len(result["speed"]) == 2 * 6
    assert all(line["ours"] > 0 for line in result["speed"])
    assert result["whitening"]["difference"] < 1e-5
    ours = [line for line in result["constant_groups"] if line["who"] == "jeoul"]
    assert [line["above_zero"] for line in ours] == [0, 0]
    assert sum(line["batches"] for line in ours) == 12
    for peer in ("trl", "verl"):  # measured, or said to be missing
        measured = result["speed"][0][peer] is not None
        assert measured or f"{peer} is not installed" in done.stderr


def test_constant_groups_get_nothing() -> None:
    assert {each.above_zero for each in constant_groups(60) if each.who == "jeoul"} == {0}


def test_take_turns_calls_each_at_least_three_times() -> None:
    import torch

    seen: list[str] = []

    def noted(name: str) -> torch.Tensor:
        seen.append(name)
        return torch.zeros(())

    times = take_turns({"a": lambda: noted("a"), "b": lambda: noted("b"), "absent": None}, seconds=0.0)
    assert times["absent"] is None
    assert min(seen.count("a"), seen.count("b")) >= 3


def test_linearity_compares_neighbours() -> None:
    def speed(rows: int, ours: float) -> Speed:
        return Speed(rows, 4, "contiguous", ours, ours, None, None)

    assert linearity([speed(1000, 30.0), speed(100, 2.0)]) == [
        {"columns": 4, "rows": 1000, "times_rows": 10.0, "times_time": 15.0}
    ]


def test_ratios_are_peer_over_ours() -> None:
    speed = Speed(8, 1, "contiguous", ours=2.0, ours_verl=4.0, trl=3.0, verl=None)
    assert (speed.trl_ratio, speed.verl_ratio) == (1.5, None)


@pytest.mark.parametrize("rows", [16, 40])
def test_whitening_from_lengths_is_whitening_of_tokens(rows: int) -> None:
    assert whiten(rows, tokens=30, seconds=0.0).difference < 1e-5
