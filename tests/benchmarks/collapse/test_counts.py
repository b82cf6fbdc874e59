"""Exact counts and probabilities against the reference table, and against our estimators run on every matrix."""

from __future__ import annotations

import itertools
import json
import math
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul.benchmarks.collapse import counts
from jeoul.benchmarks.collapse.counts import examples
from jeoul.benchmarks.collapse.distinct import distinct_groups
from jeoul.benchmarks.collapse.families import FAMILIES, exact_advantages
from jeoul.benchmarks.collapse.groups import column_counts, group_blocks
from jeoul.benchmarks.collapse.probability import Rows, collapse_probability, make_rows
from jeoul.benchmarks.collapse.radicals import Surd
from jeoul.errors import UsageError
from jeoul.trainers.advantages import estimator, grpo
from jeoul.trainers.presets import preset

NO_EPS = preset("paper", column_eps=0.0, sum_eps=0.0, batch="none")
HALF = Fraction(1, 2)
# Counts of the reference page from G = 2 on; its largest cells take minutes and are the command's.
TABLE = {
    (2, "grpo"): [2, 4, 7, 11, 16, 22, 29, 37, 46, 56, 67, 79, 92, 106, 121],
    (2, "dr_grpo"): [3, 6, 10, 15, 21, 28, 36, 45, 55, 66, 78, 91, 105, 120, 136],
    (2, "gdpo"): [3, 6, 14, 26, 38, 59, 81, 109, 145, 186, 230, 288, 350, 419, 497],
    (3, "grpo"): [2, 6, 14, 27, 46, 72, 106, 149, 202, 266, 342, 431, 534, 652, 786],
    (3, "gdpo"): [4, 10, 45, 118, 254, 537, 1002, 1677, 2986, 4686, 7414, 11176, 17062, 24059, 35082],
    (4, "gdpo"): [5, 15, 127, 460, 1641, 4705, 13574, 28967, 79594],
    (5, "gdpo"): [6, 21, 318, 1538, 9817],
}
# Estimators whose batch step, or batch σ, does nothing to a group but scale it: each runs on one group at a time.
ALONE = ("grpo", "dr_grpo", "rloo", "dvao", "corr_grpo", "gdpo_nobn")


@pytest.mark.parametrize(("columns", "name"), TABLE)
def test_reference_table(columns: int, name: str) -> None:
    expected = TABLE[columns, name]
    assert [distinct_groups(columns, size, name) for size in range(2, 2 + len(expected))] == expected


def advantages_of_all(columns: int, size: int, name: str, weights: list[float]) -> torch.Tensor:
    patterns = list(itertools.product([0.0, 1.0], repeat=columns))
    batch = torch.tensor(list(itertools.combinations_with_replacement(patterns, size)), dtype=torch.float64)
    groups = torch.arange(len(batch)).repeat_interleave(size)
    return estimator(name)(batch.flatten(0, 1), groups, weights, preset=NO_EPS).view(-1, size)


@pytest.mark.parametrize("weights", [["1", "1"], ["1", "1/2"], ["3", "1"], ["1", "1", "1"], ["2", "1", "1"]])
@pytest.mark.parametrize("name", ALONE)
def test_as_our_estimators_round(name: str, weights: list[str]) -> None:
    exact = [Fraction(weight) for weight in weights]
    for size in range(2, 7 if len(weights) == 2 else 6):
        values = advantages_of_all(len(weights), size, name, list(map(float, exact))).sort().values
        rounded = {tuple(row) for row in (values.round(decimals=9) + 0.0).tolist()}
        assert distinct_groups(len(weights), size, name, exact) == len(rounded), (name, size)


def test_groups_are_all_there_up_to_the_order_of_columns() -> None:
    def orders(group: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        swapped = (group[0], group[2], group[1], group[3])
        return tuple(sorted((group, swapped)))

    made = [tuple(row) for block in group_blocks([1, 1], 5, constants=True) for row in block.tolist()]
    every = [group for group in itertools.product(range(6), repeat=4) if sum(group) == 5]
    assert {orders(group) for group in made} == {orders(group) for group in every}
    for block in group_blocks([1, 1], 5):
        counts = column_counts(block, 2)
        assert (counts[:, 0] >= counts[:, 1]).all()
        assert counts.max() < 5


def test_many_groups_are_not_made_and_batch_weights_are_refused() -> None:
    assert distinct_groups(4, 12, "gdpo", limit=1_000_000) is None
    assert distinct_groups(4, 12, "grpo", limit=1) == 1277
    with pytest.raises(UsageError, match="--weights"):
        distinct_groups(2, 4, "saw")
    with pytest.raises(UsageError, match="did you mean 'gdpo'"):
        distinct_groups(2, 4, "gdop")
    with pytest.raises(UsageError, match="64 bits"):
        distinct_groups(1, 100, "corr_grpo")
    with pytest.raises(UsageError, match="simpler"):
        distinct_groups(2, 4, "gdpo", [Fraction(1), Fraction("0.123456789")])


# ---------------------------------------------------------------- probability


def brute_force(rows: Rows, size: int, name: str, weights: list[float]) -> float:
    """Over all G × n matrices in order, each with its chance."""
    columns = rows.columns
    matrices = list(itertools.product(range(2**columns), repeat=size))
    chance = torch.tensor([math.prod(float(rows.chances[p]) for p in each) for each in matrices], dtype=torch.float64)
    bits = torch.tensor(list(itertools.product([0.0, 1.0], repeat=columns)), dtype=torch.float64)
    rewards = bits[torch.tensor(matrices)]
    groups = torch.arange(len(matrices)).repeat_interleave(size)
    values = estimator(name)(rewards.flatten(0, 1), groups, weights, preset=NO_EPS).view(-1, size)
    differ = (rewards[:, 0] != rewards[:, 1]).any(-1)
    same = (values[:, 0] - values[:, 1]).abs() < 1e-9
    return float((chance * differ * same).sum() / (chance * differ).sum())


@pytest.mark.parametrize(
    ("rows", "weights"),
    [
        (make_rows([HALF, HALF]), ["1", "1"]),
        (make_rows([Fraction(1, 5), Fraction(4, 5)]), ["1", "1"]),
        (make_rows([HALF, HALF], Fraction(-1, 3)), ["1", "1"]),
        (make_rows([Fraction(3, 10), Fraction(3, 5)], Fraction(1, 5)), ["1", "1"]),
        (make_rows([HALF, HALF]), ["2", "1"]),
        (make_rows([Fraction(1, 3)] * 3, Fraction(1, 4)), ["1", "1", "2"]),
    ],
)
@pytest.mark.parametrize("name", ["grpo", "dr_grpo", "dvao", "gdpo_nobn"])
def test_probability_against_every_matrix(rows: Rows, weights: list[str], name: str) -> None:
    exact = [Fraction(weight) for weight in weights]
    for size in range(2, 6 if rows.columns == 2 else 5):
        found = collapse_probability(rows, size, name, exact)
        assert found is not None
        assert float(found) == pytest.approx(brute_force(rows, size, name, list(map(float, exact)))), size


@pytest.mark.parametrize("size", [2, 3, 4, 8, 16, 32, 64])
def test_two_fair_columns(size: int) -> None:
    """In closed form: 1/6 under grpo; under gdpo the two σ must agree, c₁ = c₂ or c₁ + c₂ = G."""
    fair = make_rows([HALF, HALF])
    assert collapse_probability(fair, size, "grpo") == Fraction(1, 6)
    rest = size - 2
    same = 2 * Fraction(math.comb(2 * rest, rest), 4**rest)
    if rest % 2 == 0:
        same -= Fraction(math.comb(rest, rest // 2), 2**rest) ** 2
    assert collapse_probability(fair, size, "gdpo") == same / 6


def test_sampled_correlation_is_the_one_asked_for() -> None:
    for correlation in (Fraction(-1, 2), Fraction(3, 10)):
        _, b, c, d = make_rows([Fraction(2, 5), Fraction(3, 10)], correlation / 2).chances
        p, q = float(c + d), float(b + d)
        assert (p, q) == pytest.approx((0.4, 0.3))
        measured = (float(d) - p * q) / math.sqrt(p * (1 - p) * q * (1 - q))
        assert measured == pytest.approx(float(correlation) / 2)


def test_rows_that_cannot_be_are_refused() -> None:
    with pytest.raises(UsageError, match="cannot have correlation"):
        make_rows([Fraction(1, 10), Fraction(9, 10)], Fraction(1))
    with pytest.raises(UsageError, match="--joint"):
        make_rows([HALF, HALF, Fraction(1, 3)], HALF)
    with pytest.raises(UsageError, match="from 0 to 1"):
        make_rows([Fraction(3, 2)])
    with pytest.raises(UsageError, match="add up"):
        collapse_probability(Rows((HALF, HALF, HALF)), 4, "gdpo")
    assert collapse_probability(make_rows([Fraction(1), Fraction(0)]), 4, "gdpo") is None


# ---------------------------------------------------------------- exact numbers

rationals = st.fractions(min_value=0, max_value=50, max_denominator=12)


@given(rationals, rationals)
def test_surds_add_as_numbers_do(a: Fraction, b: Fraction) -> None:
    total = Surd.root(a) + Surd.root(b) * 3
    assert float(total) == pytest.approx(math.sqrt(a) + 3 * math.sqrt(b), abs=1e-12)
    assert total - Surd.root(b) * 3 == Surd.root(a)
    assert (Surd.root(a) == Surd.root(b)) == (a == b)


@given(st.lists(st.tuples(*[st.integers(-3, 3)] * 2), min_size=2, max_size=6), st.sampled_from(["grpo", "gdpo"]))
@settings(max_examples=50)
def test_exact_advantages_are_ours(rows: list[tuple[int, int]], name: str) -> None:
    rewards = torch.tensor(rows, dtype=torch.float64)
    ours = estimator(name)(rewards, torch.zeros(len(rows), dtype=torch.long), preset=NO_EPS).tolist()
    assert [float(each) for each in exact_advantages(rows, name)] == pytest.approx(ours, abs=1e-9)


def test_examples_are_decided() -> None:
    found = {(each.name.split()[0], each.estimator): each for each in examples()}
    assert found["r1", "gdpo"].exact == ("0", "0", "0")
    assert found["two", "gdpo"].exact == ("0", "0")
    grouped = found["the", "grpo"]
    assert grouped.values == pytest.approx((0.577, 0.577, -1.155), abs=1e-3)
    assert found["the", "gdpo"].values == pytest.approx((0.423, 1.155, -1.577), abs=1e-3)
    assert grouped.exact[0] == grouped.exact[1]
    assert grpo(torch.tensor(grouped.rows).float(), torch.zeros(3).long()).tolist() == pytest.approx(
        grouped.values, abs=1e-3
    )


def test_every_named_family_is_an_estimator() -> None:
    for name in FAMILIES:
        estimator(name)


def test_command() -> None:
    run = [sys.executable, "-c", "from jeoul.cli import main; main()", "bench", "collapse", "counts"]
    options = ["--columns", "2", "--most", "5", "--estimator", "grpo", "gdpo"]
    done = subprocess.run([*run, *options, "--json"], capture_output=True, text=True, timeout=300, check=True)
    figures = json.loads(done.stdout)
    assert [each["distinct"] for each in figures["distinct"] if each["estimator"] == "gdpo"] == [3, 6, 14, 26]
    assert [each["fraction"] for each in figures["collapse"]] == ["1/6"] * 4 + ["1/6", "1/6", "1/12", "5/48"]
    refused = subprocess.run([*run, "--marginals", "half"], capture_output=True, text=True, timeout=300, check=False)
    assert refused.returncode == 2
    assert "--marginals is half" in refused.stderr


def test_bad_options_are_refused() -> None:
    for options, said in (
        ({"most": 1}, "--most 1"),
        ({"columns": ()}, "--columns"),
        ({"estimator": ("dara",)}, "--weights"),
        ({"weights": ("1", "0")}, "positive"),
        ({"weights": ("1", "x")}, "1/3"),
        ({"joint": ("1/2", "1/4")}, "add up"),
        ({"correlation": "2", "marginals": ("1/2", "1/2")}, "-1 to 1"),
    ):
        with pytest.raises(UsageError, match=said):
            counts.run(**{"columns": (2,), "most": 3, **options})


def test_chart(tmp_path: Path) -> None:
    counts.run(columns=(2,), most=3, estimator=("grpo", "gdpo"), chart=tmp_path / "chart.json", json=True)
    drawn = json.loads((tmp_path / "chart.json").read_text())
    assert [part["title"] for part in drawn["vconcat"]] == [
        "Distinct advantage groups of binary rewards",
        "P(same advantage | different rewards)",
    ]
