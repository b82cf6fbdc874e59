"""The summary against the same figures computed by pandas, and HTML that hostile text cannot break."""

from __future__ import annotations

import html.parser
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul import Recipe, Rollouts, Score, use
from jeoul.rewards.tables.summary import silent_groups


def given_value(completions, x):
    return list(x)


def column(name):
    return use(given_value, x=name).named(name)


def table_of(recipe, groups, **columns):
    return recipe.score(Rollouts.of({"group": groups, "completion": ["c"] * len(groups)} | columns), workers=0)


cells = st.sampled_from([None, 0.0, 1.0, 0.5, -3.25, "bad"])


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 4), cells, cells), min_size=1, max_size=25))
def test_against_pandas(rows):
    a = column("a")
    recipe = 2.0 * a + column("b").when(a >= 0.5, otherwise="skip").on_error(-1).monitor()
    table = table_of(recipe, [row[0] for row in rows], a=[row[1] for row in rows], b=[row[2] for row in rows])
    summary = table.summary()
    frame = table.to_pandas(detail=True)
    assert list(summary.index) == ["a", "b"]
    for name in "ab":
        values, status = frame[f"reward.{name}"], frame[f"reward.{name}.status"]
        expected = values.agg(["mean", "std", "min", "max"])
        for figure in ("mean", "std", "min", "max"):
            assert summary.loc[name, figure] == pytest.approx(expected[figure], nan_ok=True)
        for label in ("ok", "not_applicable", "error", "timeout", "infra"):
            assert summary.loc[name, label] == (status == label).sum()
        assert summary.loc[name, "gated"] == (frame[f"reward.{name}.gate"] == "closed").sum()
        by_group = values.groupby(frame["reward.group"])
        compared = by_group.count() >= 2
        silent = (by_group.nunique() == 1)[compared]
        assert summary.loc[name, "silent_groups"] == pytest.approx(
            silent.mean() if len(silent) else math.nan, nan_ok=True
        )
    assert summary.loc["a", "weight"] == 2
    assert math.isnan(summary.loc["b", "weight"])


def test_counts_are_whole_numbers_and_empty_columns_have_no_figures():
    summary = table_of(Recipe(column("a")), [0, 0], a=[None, None]).summary()
    assert summary["not_applicable"].dtype.kind == "i"
    assert summary.loc["a", ["mean", "std", "min", "max", "silent_groups"]].isna().all()
    one = table_of(Recipe(column("a")), [0, 0], a=[2.0, None]).summary()
    assert one.loc["a", "mean"] == 2
    assert math.isnan(one.loc["a", "std"])


def test_silent_groups():
    nan = math.nan
    assert silent_groups(np.array([1.0, 1, 0, 0, 5]), np.array([0, 0, 1, 1, 2])) == 1.0
    assert silent_groups(np.array([1.0, nan, 0, 1, nan]), np.array([0, 0, 1, 1, 2])) == 0.0
    assert math.isnan(silent_groups(np.array([nan, nan, 3]), np.array([0, 0, 1])))


HOSTILE = "<script>alert('x')</script>\"&<img src=x onerror=alert(1)>"


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []
        self.titles = []

    def handle_starttag(self, tag, attrs):
        self.found.append(tag)
        self.titles += [value for name, value in attrs if name == "title"]


def test_html_shows_hostile_text_as_text():
    def why(completions):
        return [Score(0.123456, HOSTILE) for _ in completions]

    rows = {"prompt": [HOSTILE] * 7, "completion": [HOSTILE] * 3 + ["x" * 1000] * 4}
    text = Recipe(use(why)).score(Rollouts.of(rows), workers=0)._repr_html_()
    tags = Tags()
    tags.feed(text)
    assert {"script", "img"}.isdisjoint(tags.found)
    assert tags.titles == [HOSTILE] * 5
    assert "x" * 80 not in text
    assert "0.1235" in text
    assert "… 2 more rows" in text


def test_html_of_cells_that_do_not_apply():
    text = table_of(Recipe(column("a")), [0, 1], a=[None, 1.0])._repr_html_()
    assert "–</td>" in text
    assert "more rows" not in text
