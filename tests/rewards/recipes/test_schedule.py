import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jeoul import exact_match, tagged
from jeoul.rewards.recipes.schedule import Schedule, cosine, follow, linear, parse_weight, weight_at

ends = st.floats(-100, 100, allow_subnormal=False)
steps = st.integers(1, 1000)
begins = st.integers(0, 1000)


@given(ends, ends, steps, begins, st.integers(0, 3000))
def test_linear_and_cosine_against_their_formulas(start, end, count, begin, step):
    share = 0 if step < begin else 1 if step > begin + count else (step - begin) / count
    straight, wave = linear(start, end, steps=count, begin=begin), cosine(start, end, steps=count, begin=begin)
    assert straight.at(step, {}) == pytest.approx((1 - share) * start + share * end, abs=1e-9)
    assert wave.at(step, {}) == pytest.approx(
        (start + end) / 2 + (start - end) / 2 * math.cos(math.pi * share), abs=1e-9
    )
    for schedule in (straight, wave):
        assert (schedule.at(0, {}), schedule.at(begin, {})) == (start, start)
        assert schedule.at(begin + count, {}) == schedule.at(10**9, {}) == end


@given(ends, ends, ends, st.floats(0.01, 10), st.floats(-200, 200))
def test_follow_against_its_formula(start, end, low, span, mean):
    schedule = follow(start, end, column="a", low=low, high=low + span)
    if mean <= low:
        assert schedule.at(0, {"a": mean}) == start
    elif mean >= low + span:
        assert schedule.at(0, {"a": mean}) == pytest.approx(end)
    else:
        assume(low + span > low)
        expected = start + (end - start) * (mean - low) / (low + span - low)
        assert schedule.at(0, {"a": mean}) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("means", [{}, {"a": math.nan}, {"b": 1.0}])
def test_without_a_mean_the_weight_is_the_start(means):
    assert follow(0.25, 1, column="a", low=0, high=1).at(5, means) == 0.25


schedules = (
    st.builds(linear, ends, ends, steps=steps, begin=begins)
    | st.builds(cosine, ends, ends, steps=steps)
    | st.builds(follow, ends, ends, column=st.just("a"), low=st.integers(-5, 0), high=st.floats(1, 2))
)


@given(schedules, st.integers(0, 3000), st.floats(-10, 10))
def test_a_schedule_stays_between_its_ends_and_scales(schedule, step, mean):
    value = schedule.at(step, {"a": mean})
    low, high = sorted([schedule.start, schedule.end])
    assert low - 1e-9 <= value <= high + 1e-9
    assert schedule.scaled(-2).at(step, {"a": mean}) == pytest.approx(-2 * value, abs=1e-9)


@given(schedules)
def test_dict_and_repr_give_the_schedule_back(schedule):
    assert parse_weight(schedule.to_dict()) == schedule == eval(repr(schedule))
    assert parse_weight(schedule) is schedule
    assert parse_weight(schedule.to_dict()).to_dict().__repr__() == schedule.to_dict().__repr__()


def test_equal_schedules_write_themselves_alike():
    assert repr(follow(0, 1, column="a", low=0, high=1)) == repr(follow(0.0, 1.0, column="a", low=0.0, high=1.0))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("1", "weight must be a finite number, not '1'"),
        (None, "must be a finite number"),
        (True, "must be a finite number"),
        (math.nan, "must be a finite number"),
        (-math.inf, "must be a finite number"),
        (10**400, "must be a finite number"),
        ([1], "must be a finite number"),
        ({}, "schedule must be one of linear, cosine, follow, not None"),
        ({"schedule": "liner"}, r"not 'liner' \(did you mean 'linear'\?\)"),
        ({"schedule": ["linear"]}, "schedule must be one of"),
        ({"schedule": "linear"}, "'linear' needs 'start'; needs 'end'; needs 'steps'"),
        (
            {"schedule": "linear", "start": 1, "end": 0, "stpes": 5},
            r"has no 'stpes' \(did you mean 'steps'\?\); needs 'steps'",
        ),
        ({"schedule": "linear", "start": "1", "end": 0, "steps": 5}, "start must be a finite number"),
        ({"schedule": "linear", "start": 1, "end": math.nan, "steps": 5}, "end must be a finite number"),
        ({"schedule": "linear", "start": 1, "end": 0, "steps": 0}, "steps must be a whole number of at least 1"),
        ({"schedule": "linear", "start": 1, "end": 0, "steps": 5.0}, "steps must be a whole number"),
        ({"schedule": "linear", "start": 1, "end": 0, "steps": True}, "steps must be a whole number"),
        (
            {"schedule": "cosine", "start": 1, "end": 0, "steps": 5, "begin": -1},
            "begin must be a whole number of at least 0",
        ),
        ({"schedule": "linear", "start": -1.7e308, "end": 1.7e308, "steps": 5}, "too far apart"),
        (
            {"schedule": "follow", "start": 1, "end": 0, "column": "a", "low": 1, "high": 1},
            "low must be less than high",
        ),
        (
            {"schedule": "follow", "start": 1, "end": 0, "column": 5, "low": 0, "high": 1},
            "must be the name of a column",
        ),
        (
            {"schedule": "follow", "start": 1, "end": 0, "column": "a", "low": "x", "high": 1},
            "low must be a finite number",
        ),
    ],
)
def test_what_is_no_weight_is_refused(value, said):
    with pytest.raises(ValueError, match=said):
        parse_weight(value)


def test_whole_numbers_of_any_size_are_steps():
    assert linear(1, 0, steps=10**400, begin=10**400).at(5, {}) == 1.0


def test_weights_at_a_step_reach_counted_columns_only():
    recipe = linear(1, 0, steps=10) * exact_match() + 3 * tagged("a").monitor()
    assert recipe.weights(step=5) == {"exact_match": 0.5}
    assert (weight_at(2.0, 5, {}), weight_at(linear(0, 1, steps=2), 1, {})) == (2.0, 0.5)


def test_a_schedule_is_a_factor_of_columns_and_recipes():
    schedule = linear(1, 0, steps=10)
    assert (exact_match() * schedule).weight == (schedule * exact_match()).weight == schedule
    assert (
        (0.5 * (schedule * exact_match())).weight
        == (schedule * (0.5 * exact_match())).weight
        == linear(0.5, 0, steps=10)
    )
    both = schedule * (exact_match() + 2 * tagged("a"))
    assert [column.weight for column in both] == [schedule, schedule.scaled(2)]
    with pytest.raises(TypeError, match="unsupported operand"):
        schedule * 5
    with pytest.raises(ValueError, match="one schedule a column"):
        schedule * (schedule * exact_match())
    assert isinstance(schedule, Schedule)
