from __future__ import annotations

import inspect
import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul import Recipe, UsageError, contains, exact_match
from jeoul.benchmarks.collapse.distinct import distinct_groups
from jeoul.trainers.advantages import ESTIMATORS, estimator
from jeoul.trainers.presets import preset
from jeoul.trainers.signal import Columns, Signal, weights_for_shares


def made(rewards: list[list[float]], weights: list[float], group: int) -> Columns:
    names = tuple("abcdef"[: len(weights)])
    groups = torch.arange(len(rewards)) // group
    return Columns(names, torch.tensor(rewards).double(), groups, torch.tensor(weights).double())


@pytest.mark.parametrize("name", sorted(ESTIMATORS))
def test_the_parts_are_the_estimators_own_advantage(name: str) -> None:
    torch.manual_seed(0)
    columns = Columns(("a", "b"), torch.randn(24, 2).double(), torch.arange(24) // 6, torch.tensor([1.0, 0.3]).double())
    expected = estimator(name)(columns.rewards, columns.groups, columns.weights)
    assert torch.allclose(Signal.of(name, columns).advantages, expected, atol=1e-10)


def test_distinct_groups_are_counted_as_multisets() -> None:
    rows = [[1.0, 0], [0, 1], [0, 0], [0, 0], [1, 0], [0, 1], [1, 0], [1, 0], [0, 0], [2, 0], [0, 0], [0, 0]]
    signal = Signal.of("grpo", made(rows, [1.0, 1.0], group=3))
    assert signal.distinct == (3, 2)  # grpo: the first three are two alike and one less, the last is one alike less
    assert Signal.of("dr_grpo", signal.columns).distinct == (3, 2)
    other = made([[1.0, 0], [0, 1], [0, 0], [2, 0], [0, 2], [0, 0]], [1.0, 1.0], group=3)
    assert Signal.of("dr_grpo", other).distinct == (2, 2)
    exact = {"preset": preset("paper", sum_eps=0.0)}  # eps tells groups apart that differ by scale alone
    assert Signal.of("grpo", other, **exact).distinct == (2, 1)


@pytest.mark.parametrize("size", [2, 3, 4])
def test_every_binary_group_gives_the_counted_distinct_ones(size: int) -> None:
    patterns = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    rows = [row for group in itertools.product(patterns, repeat=size) for row in group]
    exact = preset("paper", column_eps=0.0, sum_eps=0.0)
    for name in ("grpo", "gdpo"):
        signal = Signal.of(name, made(rows, [1.0, 1.0], group=size), preset=exact)
        assert signal.distinct == (math.comb(size + 3, 3), distinct_groups(2, size, name))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=4, max_size=12), st.sampled_from(["grpo", "gdpo", "dr_grpo"]))  # fmt: skip
def test_collapsed_pairs_against_all_pairs(rows: list[tuple[int, int]], name: str) -> None:
    signal = Signal.of(name, made([list(map(float, row)) for row in rows], [1.0, 1.0], group=4))
    groups, advantages = signal.columns.groups.tolist(), signal.advantages.tolist()
    pairs = [(i, j) for i in range(len(rows)) for j in range(i) if groups[i] == groups[j] and rows[i] != rows[j]]
    collapsed = {(j, i) for i, j in pairs if math.isclose(advantages[i], advantages[j], abs_tol=1e-6)}
    assert (signal.collapse.pairs, signal.collapse.collapsed) == (len(pairs), len(collapsed))
    merged = {row for pair in collapsed for row in pair}
    assert set(torch.nonzero(signal.merged).flatten().tolist()) == merged
    named = signal.collapsed_pairs(100)
    assert set(named) <= collapsed
    assert bool(named) == bool(collapsed)


@settings(max_examples=40)
@given(st.floats(0.1, 0.9), st.floats(0.01, 100), st.sampled_from(["grpo", "gdpo", "dr_grpo", "rloo", "dvao"]))
def test_wanted_shares_are_met(wanted: float, scale: float, name: str) -> None:
    torch.manual_seed(3)
    rewards = torch.randn(64, 2).double() * torch.tensor([1.0, scale])
    columns = Columns(("a", "b"), rewards, torch.arange(64) // 8, torch.ones(2).double())
    weights, shares = weights_for_shares(columns, name, {"a": wanted, "b": 1 - wanted})
    assert math.isclose(shares["a"], wanted, abs_tol=2e-3)
    assert math.isclose(sum(map(abs, weights.values())), 2, rel_tol=1e-9)


def test_follows_is_one_for_a_column_that_is_alone() -> None:
    assert Signal.of("grpo", made([[1.0], [0.0], [0.0], [1.0]], [1.0], 4)).follows("a") == 1.0
    assert math.isnan(Signal.of("grpo", made([[1.0], [1.0]], [1.0], 2)).follows("a"))


def test_a_zero_weight_column_has_no_share_and_starts_from_one() -> None:
    columns = made([[1, 5], [0, 3], [1, 2], [0, 9]], [1.0, 0.0], 4)
    assert Signal.of("grpo", columns).shares["b"] == 0.0
    weights, shares = weights_for_shares(columns, "gdpo", {"a": 1, "b": 1})
    assert weights["b"] > 0
    assert math.isclose(shares["b"], 0.5, abs_tol=1e-3)


def test_a_column_without_signal_cannot_get_a_share() -> None:
    _, shares = weights_for_shares(made([[1, 7], [0, 7], [1, 7], [0, 7]], [1.0, 1.0], 4), "grpo", {"a": 1, "b": 1})
    assert shares == {"a": 1.0, "b": 0.0}


def test_columns_of_a_table_leave_monitors_out() -> None:
    recipe = Recipe(0.5 * exact_match(), contains(any_of=("4",)).monitor())
    table = recipe.score([{"prompt": "p", "completion": text, "answer": "4"} for text in ("4", "5")], workers=0)
    columns = Columns.of(table)
    assert columns.names == ("exact_match",)
    assert columns.weights.tolist() == [0.5]
    with pytest.raises(UsageError, match="did you mean 'exact_match'"):
        columns.index("exactmatch")


def test_a_recipe_may_name_every_estimator_and_no_other() -> None:
    from jeoul.rewards.recipes.recipe import ESTIMATORS as NAMED

    def own(function: object) -> tuple[str, ...]:
        parameters = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
        return tuple(parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY)

    assert {name: own(function) for name, function in ESTIMATORS.items()} == NAMED
