"""One row told term by term adds up to its total."""

from __future__ import annotations

import json

import pytest

from jeoul import Recipe, Rollouts, Score, use
from jeoul.errors import UsageError


def given_value(completions, x):
    return [Score(value, "as given") if isinstance(value, float) else value for value in x]


def column(name):
    return use(given_value, x=name).named(name)


@pytest.fixture
def table():
    a = column("a").clip(0, 1)
    recipe = 2.0 * a + 0.5 * column("b").when(a >= 1, otherwise="skip") + column("c").monitor() + column("d")
    rows = {"prompt": ["1+1?", "2+2?"], "completion": ["<b>2</b>", "5"], "a": [3.0, 0.25], "b": [-4.0, 4.0],
            "c": [7.0, None], "d": ["bad", None]}  # fmt: skip
    return recipe.score(Rollouts.of(rows), workers=0)


def test_terms(table):
    told = table.explain(0)
    assert (told.row, told.group, told.prompt, told.completion, told.total) == (0, 0, "1+1?", "<b>2</b>", 0.0)
    assert [(t.name, t.raw, t.value, t.weight, t.part, t.monitored, t.status, t.gate) for t in told.terms] == [
        ("a", 3.0, 1.0, 2.0, 2.0, False, "ok", "none"),
        ("b", -4.0, -4.0, 0.5, -2.0, False, "ok", "open"),
        ("c", 7.0, 7.0, 0.0, None, True, "ok", "none"),
        ("d", None, None, 1.0, None, False, "error", "none"),
    ]
    assert told.terms[0].reason == "as given"


def test_as_text(table):
    assert str(table.explain(0)).splitlines() == [
        "row 0, group 0",
        "  a: 2 × 1 (raw 3) = 2",
        "      as given",
        "  b: 0.5 × -4 = -2",
        "      as given",
        "  c: 7, monitored",
        "      as given",
        "  d: does not apply (error)",
        "      gave the text 'bad', not a number",
        "  total: 0",
    ]
    text = str(table.explain(1))
    assert "  a: 2 × 0.25 = 0.5" in text
    assert "  b: does not apply (not_applicable)\n      gate closed: a >= 1" in text
    assert text.endswith("total: 0.5")


def test_parts_add_up_to_the_total(table):
    for row in range(len(table)):
        told = table.explain(row)
        assert told.total == sum(term.part for term in told.terms if term.part is not None)


def test_plain_values_for_programs(table):
    document = json.loads(json.dumps(table.explain(1).to_dict()))
    assert document["terms"][1]["value"] is None
    assert document["total"] == 0.5


def test_rows_from_the_end_and_rows_there_are_not(table):
    assert table.explain(-1) == table.explain(1)
    for row in (2, -3):
        with pytest.raises(UsageError, match=f"there is no row {row}; the table has rows 0 to 1"):
            table.explain(row)


def test_nothing_applies():
    table = Recipe(column("a")).score(Rollouts.of({"completion": ["x"], "a": [None]}), workers=0)
    assert table.explain(0).total is None
    assert str(table.explain(0)).endswith("total: does not apply")
    assert table.explain(0).prompt == ""
