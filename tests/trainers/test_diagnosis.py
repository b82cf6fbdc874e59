from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from jeoul import RewardTable, Rollouts, UsageError
from jeoul.trainers.diagnosis import diagnose


def table(columns: dict[str, list[float]], weights: list[float], group: int, monitored: tuple[str, ...] = (), **info: object) -> RewardTable:  # fmt: skip
    """A reward table with given values, in groups of one size."""
    value = np.array(list(columns.values()), dtype=float).T.copy()
    rows = [{"prompt": f"p{row // group}", "completion": f"text {row}"} for row in range(len(value))]
    shape = value.shape
    return RewardTable(
        names=tuple(columns),
        raw=value.copy(),
        value=value,
        status=np.zeros(shape, dtype=np.uint8),
        gate=np.zeros(shape, dtype=np.uint8),
        reason=[[""] * shape[1]] * shape[0],
        weights=np.array(weights),
        monitored=np.array([name in monitored for name in columns]),
        rollouts=Rollouts.of(rows),
        info={"advantage": {"estimator": info["estimator"], "options": {}}} if info else {},
    )


def test_the_textbook_collapse_is_found_with_its_texts() -> None:
    """Rewards (0,1) and (1,0) sum to the same: grpo cannot tell them apart. With G = 3, gdpo can where spreads differ."""
    found = diagnose(table({"right": [1, 0, 1, 1], "form": [0, 1, 1, 1]}, [1, 1], group=4))
    grpo = next(figures for figures in found.estimators if figures.name == "grpo")
    assert (grpo.pairs, grpo.collapsed) == (5, 1)
    pair = grpo.examples[0]
    assert pair.rows == (0, 1)
    assert pair.rewards == ({"right": 1.0, "form": 0.0}, {"right": 0.0, "form": 1.0})
    assert pair.texts == ("text 0", "text 1")


def test_shares_add_up_and_monitors_have_none() -> None:
    generator = np.random.default_rng(0)
    columns = {name: generator.normal(size=64).tolist() for name in ("a", "b", "shown")}
    found = diagnose(table(columns, [1, 0.5, 0], group=8, monitored=("shown",)), ("grpo", "gdpo", "dr_grpo"))
    for name in ("grpo", "gdpo", "dr_grpo"):
        assert math.isclose(sum(column.shares[name] for column in found.columns if not column.monitored), 1)
    assert found.columns[2].shares == {}
    assert found.columns[2].present == 64


def test_a_scale_mismatch_dominates_grpo_and_not_gdpo() -> None:
    generator = np.random.default_rng(1)
    right = generator.integers(0, 2, 256).astype(float)
    loud = 10 * generator.normal(size=256)
    found = diagnose(table({"right": right.tolist(), "loud": loud.tolist()}, [1, 1], group=8, estimator="grpo"))
    shares = {column.name: column.shares for column in found.columns}
    assert shares["loud"]["grpo"] > 0.9
    assert 0.4 < shares["loud"]["gdpo"] < 0.6
    assert "loud carries" in found.dominated[0]
    kinds = {(each.kind, each.column): each for each in found.suggestions}
    assert set(kinds) == {
        ("monitor", "loud"),
        ("rescale", "right"),
    }  # a gate on noise helps nothing, so it is not named
    for each in kinds.values():
        assert each.after.share > each.before.share
        assert each.after.follows > each.before.follows


def test_a_silent_column_is_to_be_dropped_and_nothing_changes() -> None:
    right = [1.0, 0.0] * 32
    found = diagnose(table({"right": right, "same": [0.5] * 64}, [1, 1], group=8))
    (drop,) = found.suggestions
    assert "any group" in drop.reason
    assert (drop.kind, drop.column) == ("drop", "same")
    assert drop.before == drop.after
    assert found.columns[1].silent == 1.0


def test_healthy_columns_get_no_suggestion() -> None:
    generator = np.random.default_rng(2)
    right = generator.integers(0, 2, 128).astype(float)
    other = np.where(generator.random(128) < 0.7, right, 1 - right)
    assert diagnose(table({"right": right.tolist(), "other": other.tolist()}, [1, 0.3], group=8)).suggestions == ()


def test_a_conflicting_column_is_to_be_gated() -> None:
    generator = np.random.default_rng(3)
    right = generator.integers(0, 2, 256).astype(float)
    short = np.where(generator.random(256) < 0.8, 1 - right, right)
    found = diagnose(table({"right": right.tolist(), "short": short.tolist()}, [1, 0.9], group=8, estimator="gdpo"))
    gate = next(each for each in found.suggestions if each.kind == "gate")
    assert 'when = "right >= 1"' in gate.change
    assert gate.after.follows > gate.before.follows


def test_flips_against_signs_counted_by_hand() -> None:
    generator = np.random.default_rng(4)
    made = table({"a": generator.normal(size=80).tolist(), "b": (9 * generator.normal(size=80)).tolist()}, [1, 1], 8)
    found = diagnose(made, examples=1000)
    from jeoul.trainers.advantages import estimator

    rewards, groups = made.tensor(dtype=torch.float64), torch.from_numpy(made.groups.copy())
    signs = [estimator(name)(rewards, groups).sign() for name in ("grpo", "gdpo")]
    expected = torch.nonzero(signs[0] * signs[1] < 0).flatten().tolist()
    (flip,) = found.flips
    assert flip.rows == len(expected) > 0
    assert sorted(row for row, _, _ in flip.examples) == expected


def test_wanted_shares_are_reached_under_the_used_estimator() -> None:
    generator = np.random.default_rng(5)
    columns = {"a": generator.normal(size=64).tolist(), "b": (30 * generator.normal(size=64)).tolist()}
    for used in ("grpo", "gdpo"):
        found = diagnose(table(columns, [1, 1], 8, estimator=used), want={"a": 3, "b": 1})
        assert math.isclose(found.wanted["shares"]["a"], 0.75, abs_tol=1e-3)


def test_rewards_that_differ_by_rounding_alone_are_equal() -> None:
    found = diagnose(table({"a": [0.1 + 0.2, 0.3, 0.0, 1.0]}, [1], 4))
    assert found.estimators[0].collapsed == 0


def test_nan_is_told_apart_from_zero_and_survives() -> None:
    found = diagnose(table({"a": [1, 0, math.nan, 0, math.nan, math.nan], "b": [0, 1, 0, 1, 1, 0]}, [1, 1], 3))
    assert found.columns[0].present == 3
    json.dumps(found.to_dict())
    assert "a: mean" in str(found)


def test_mistakes() -> None:
    made = table({"right": [1, 0], "form": [0, 1]}, [1, 1], 2)
    with pytest.raises(UsageError, match="did you mean 'right'"):
        diagnose(made, primary="rigth")
    with pytest.raises(UsageError, match="gdpo"):
        diagnose(made, ("gdpoo",))
    with pytest.raises(UsageError, match="grpo does not take these options"):
        diagnose(made, gama=2)
    with pytest.raises(UsageError, match="must be positive"):
        diagnose(made, want={"right": -1})
    with pytest.raises(UsageError, match="every column is a monitor"):
        diagnose(table({"a": [1, 0]}, [0], 2, monitored=("a",)))
