"""Presets: the table of ALGORITHMS.md §1, and what cannot be asked for."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from jeoul.errors import UsageError
from jeoul.trainers import presets
from jeoul.trainers.presets import PRESETS, Preset, preset, weights_in_order

TABLE: dict[str, dict[str, Any]] = {
    "paper": {"column_eps": 1e-4, "batch": "sequence", "batch_eps": 1e-4, "nan": "exclude", "nan_rows": "exclude"},
    "trl": {"column_eps": 1e-4, "batch": "sequence", "batch_eps": 1e-4, "nan": "exclude", "nan_rows": "exclude"},
    "verl": {"column_eps": 1e-6, "batch": "token", "batch_eps": 1e-8, "nan": "poison"},
    "swift": {"column_eps": 1e-8, "batch": "sequence", "batch_eps": 1e-8, "nan": "exclude", "nan_rows": "count"},
    "nemo": {
        "column_eps": 1e-6,
        "skip_zero_std": True,
        "batch": "sequence",
        "batch_eps": 0.0,
        "nan": "poison",
        "leave_one_out": True,
        "weight_order": "alphabetical",
    },
    "nvlabs": {"column_eps": 1e-4, "batch": "sequence", "batch_eps": 1e-4, "nan": "zero", "one_column": "grpo"},
}


@pytest.mark.parametrize("name", list(TABLE))
def test_presets_are_the_table(name: str) -> None:
    chosen = preset(name)
    assert chosen.name == name
    assert chosen.ddof == 1
    assert {option: getattr(chosen, option) for option in TABLE[name]} == TABLE[name]
    assert set(PRESETS) == set(TABLE)


def test_dead_rows_stay_at_zero_everywhere() -> None:
    assert all(chosen.dead_rows == "zero" for chosen in PRESETS.values())


def test_every_option_is_explained() -> None:
    documented = Preset.__doc__ or ""
    assert all(f"\n    {field.name} " in documented for field in dataclasses.fields(Preset) if field.name != "name")
    assert all(hasattr(presets, name) for name in presets.__all__)


def test_changes_make_a_new_preset() -> None:
    changed = preset("trl", ddof=0, batch="none")
    assert (changed.ddof, changed.batch, changed.name) == (0, "none", "trl")
    assert PRESETS["trl"].ddof == 1
    assert preset(changed) is changed
    with pytest.raises(dataclasses.FrozenInstanceError):
        changed.ddof = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("papr", {}, "no preset named 'papr' .did you mean 'paper'"),
        ("trl", {"colum_eps": 0.0}, "no preset option named 'colum_eps' .did you mean 'column_eps'"),
        ("trl", {"name": "mine"}, "no preset option named 'name'"),
        ("trl", {"column_eps": -1e-4}, "column_eps is -0.0001; write a finite number of at least 0"),
        ("trl", {"sum_eps": float("nan")}, "sum_eps is nan"),
        ("trl", {"batch_eps": "1e-4"}, "batch_eps is '1e-4'"),
        ("trl", {"batch_eps": True}, "batch_eps is True"),
        ("trl", {"ddof": 2}, "ddof is 2; write 1"),
        ("trl", {"leave_one_out": "yes"}, "leave_one_out is 'yes'; write true or false"),
        ("trl", {"batch": "tokens"}, "batch is 'tokens'; write one of none, sequence, token"),
        ("trl", {"nan": "skip"}, "nan is 'skip'; write one of exclude, zero, poison"),
    ],
)
def test_refuses(name: str, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        preset(name, **changes)


def test_weights_in_the_order_of_the_framework() -> None:
    weights = {"b": 2.0, "a": 1.0, "c": 3.0}
    assert weights_in_order(["c", "b", "a"], weights, "verl") == [3.0, 2.0, 1.0]
    assert weights_in_order(["c", "b", "a"], weights, "nemo") == [1.0, 2.0, 3.0]
    with pytest.raises(UsageError, match="give exactly one weight a column"):
        weights_in_order(["a", "b"], weights, "trl")
