"""Which calls a column needs: equal cells together, different ones apart, the data where the recipe says."""

from __future__ import annotations

import datetime
import math
import threading
from decimal import Decimal

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from jeoul import Recipe, Rollouts, exact_match, use
from jeoul.errors import DataError, RecipeError
from jeoul.rewards.engine.cells import check_data, refuse_unready, units_of
from jeoul.rewards.registry import Reward
from jeoul.rewards.signature import Signature


def native(function, **about) -> Reward:
    """What ``@reward`` makes, without taking a name in the registry."""
    return Reward(function.__name__, function, Signature.of(function), **about)


def rollouts(**columns) -> Rollouts:
    size = len(next(iter(columns.values())))
    return Rollouts.of({"prompt": ["p"] * size, "completion": ["c"] * size} | columns)


def by_answer(completions, answer): ...


def units(column, data: Rollouts, wanted=None):
    return units_of(column, data, np.ones(len(data), dtype=bool) if wanted is None else np.array(wanted))


def test_equal_cells_are_one_unit():
    data = rollouts(completion=["a", "b", "a", "a"], answer=["1", "1", "1", "2"])
    found = units(native(by_answer)(), data)
    assert found.arguments == ["completions", "answer"]
    assert found.data == [("a", "1"), ("b", "1"), ("a", "2")]
    assert found.rows == [[0, 2], [1], [3]]


def test_only_wanted_rows():
    data = rollouts(completion=["a", "b", "a", "a"], answer=["1", "1", "1", "2"])
    assert units(native(by_answer)(), data, [False, True, True, False]).rows == [[1], [2]]
    assert units(native(by_answer)(), data, [False] * 4).rows == []


DIFFERENT = [
    1, 1.0, True, "1", b"1", None, 0, 0.0, -0.0, False, "", math.nan, math.inf, [], (), {}, [1], [True], [1.0], ["1"],
    [[1]], (1,), {"a": 1}, {"a": True}, {"a": [1]}, {1: "a"}, {"1": "a"}, Decimal("1"), Decimal("1.0"),
    datetime.date(2026, 1, 1), datetime.datetime(2026, 1, 1), np.array([1, 2]), np.array([1.0, 2.0]),
    np.float64(1), np.int64(1), "\ud800",
]  # fmt: skip


def test_what_differs_in_type_or_value_stays_apart():
    data = rollouts(answer=DIFFERENT)
    assert [rows for rows in units(native(by_answer)(), data).rows if len(rows) > 1] == []


def test_what_is_equal_is_found_equal_in_every_type():
    data = rollouts(answer=[*DIFFERENT, *DIFFERENT])
    assert units(native(by_answer)(), data).rows == [[row, row + len(DIFFERENT)] for row in range(len(DIFFERENT))]


def test_long_arrays_that_print_alike_stay_apart():
    first, second = np.zeros(5000), np.zeros(5000)
    second[2500] = 1
    data = rollouts(answer=[first, second, [first], [second], first.copy()])
    assert units(native(by_answer)(), data).rows == [[0, 4], [1], [2], [3]]


def test_tensors_and_what_cannot_be_compared_stay_apart_or_are_equal_by_content():
    lock = threading.Lock()
    data = rollouts(answer=[torch.tensor([1.0]), torch.tensor([2.0]), lock, threading.Lock(), lock, iter("a")])
    assert units(native(by_answer)(), data).rows == [[0], [1], [2, 4], [3], [5]]


leaves = st.none() | st.booleans() | st.integers(0, 2) | st.floats(0, 1, width=16) | st.text("ab", max_size=2)
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", max_size=1), inner, max_size=2),
)


@given(st.lists(trees, min_size=1, max_size=12))
def test_units_cover_each_row_once_and_only_equals_share_one(answers):
    found = units(native(by_answer)(), rollouts(answer=answers))
    assert sorted(row for rows in found.rows for row in rows) == list(range(len(answers)))
    for (_, value), rows in zip(found.data, found.rows, strict=True):
        assert {repr(answers[row]) for row in rows} == {repr(value)}
    assert len(found.data) == len({repr(answer) for answer in answers})


# -- where the data comes from


def test_all_that_is_missing_is_named_at_once_with_what_there_is():
    recipe = exact_match(answer="gold") + use(native(by_answer)).named("other")
    with pytest.raises(DataError) as caught:
        check_data(recipe, rollouts(goal=["1"], id=[3]))
    assert str(caught.value).splitlines() == [
        "the recipe needs columns that the data lacks:",
        "  reward.exact_match.answer: the data has no column 'gold' (did you mean 'goal'?)",
        "  reward.other.answer: the data has no column 'answer'; if it has another name: answer = \"…\"",
        "its columns: prompt, completion, goal, id",
    ]


def test_a_column_named_for_a_function_that_takes_everything_must_exist():
    def takes_all(completions, **kwargs): ...

    recipe = Recipe(use(takes_all, reference="solution"))
    with pytest.raises(DataError, match="the data has no column 'solution'"):
        check_data(recipe, rollouts(id=[1]))
    check_data(recipe, rollouts(solution=[1]))


def test_an_argument_with_a_default_is_optional_but_not_where_it_is_named():
    def optional(completions, hint=None): ...

    column = native(optional)()
    check_data(Recipe(column), rollouts(id=[1]))
    assert units(column, rollouts(id=[1])).arguments == ["completions"]
    assert units(column, rollouts(hint=["h"])).data == [("c", "h")]
    with pytest.raises(DataError, match="no column 'tip'"):
        check_data(Recipe(native(optional)(hint="tip")), rollouts(hint=["h"]))


CHAT = [{"role": "assistant", "content": "4"}]


def test_completions_may_be_another_column():
    data = rollouts(draft=["d", CHAT, ""])

    def text(completions): ...

    assert [cell for (cell,) in units(native(text)(completions="draft"), data).data] == ["d", "4", ""]
    assert [cell for (cell,) in units(use(text, completions="draft"), data).data] == ["d", CHAT, ""]  # as TRL gives it


@pytest.mark.parametrize(
    ("bad", "says"), [(None, "is null"), (5, "is int 5"), ([{"role": "user", "content": "?"}], "assistant")]
)
def test_another_column_that_holds_no_text_is_an_error_not_the_text_none(bad, says):
    def text(completions): ...

    with pytest.raises(DataError, match=f"reward.text.completions: row 1: 'draft' .*{says}"):
        units(native(text)(completions="draft"), rollouts(draft=["d", bad]))


def test_prompts_are_text_for_our_rewards_and_as_they_came_for_trls():
    question = [{"role": "user", "content": "2+2?"}]
    data = Rollouts.of([{"prompt": question, "completion": CHAT, "answer": "4"}])

    def ours(prompts, completions): ...
    def trls(prompts, completions, **kwargs): ...

    assert units(native(ours)(), data).data == [("2+2?", "4")]
    found = units(use(trls), data)
    assert dict(zip(found.arguments, found.data[0], strict=True)) == {
        "prompts": question,
        "completions": CHAT,
        "answer": "4",
    }


def test_without_prompts_they_are_empty():
    def asks(prompts, completions): ...

    data = Rollouts.of([{"completion": "c"}])
    assert units(native(asks)(), data).data == [("", "c")]
    assert units(use(asks), data).data == [("", "c")]


# -- groups


def test_groups_are_whole_where_any_row_is_wanted():
    def spread(completions, answer): ...

    data = Rollouts.of({"group": ["x", "y", "x", "z"], "completion": list("abac"), "answer": [1, 2, 3, 4]})
    column = native(spread, scope="group")()
    assert units(column, data).rows == [[0, 2], [1], [3]]
    found = units(column, data, [False, False, True, True])
    assert (found.grouped, found.rows) == (True, [[0, 2], [3]])
    assert found.data == [(["a", "a"], [1, 3]), (["c"], [4])]


# -- refused before anything runs


def test_names_the_table_needs_are_refused():
    def group(completions): ...
    def total(completions): ...

    recipe = Recipe(use(group), use(total), use(by_answer))
    with pytest.raises(RecipeError) as caught:
        refuse_unready(recipe, rollouts(answer=[1]))
    assert [problem.path for problem in caught.value.problems] == ["reward.group", "reward.total"]


def test_data_columns_that_the_table_needs_are_refused():
    recipe = Recipe(use(by_answer))
    refuse_unready(recipe, rollouts(answer=[1], **{"reward.other": [1], "reward": [2]}))
    with pytest.raises(DataError, match=r"reward\.by_answer\.raw, reward\.group; rename the data's"):
        refuse_unready(recipe, rollouts(answer=[1], **{"reward.by_answer.raw": [1], "reward.group": [2]}))


def test_an_asynchronous_reward_of_group_scope_is_refused():
    async def slow(completions): ...

    with pytest.raises(RecipeError, match="an asynchronous reward cannot have group scope"):
        refuse_unready(Recipe(native(slow, scope="group")()), rollouts(answer=[1]))
