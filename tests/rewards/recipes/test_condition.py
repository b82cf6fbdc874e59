import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul import exact_match, tagged
from jeoul.errors import RecipeError
from jeoul.rewards.recipes.condition import All, AnyOf, Compare, Condition, Not, parse_condition

NAN = math.nan
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-5, 5)
compares = st.builds(
    Compare, st.sampled_from(["a", "b", "길이"]), st.sampled_from([">=", "<=", ">", "<", "==", "!="]), numbers
)
conditions = st.recursive(
    compares,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(All, inner, inner)
        | st.builds(AnyOf, inner, inner)
        | st.builds(All, inner, inner, inner)
    ),
    max_leaves=8,
)


def kleene(condition, row):
    """True, False or None (unknown) by the truth tables of Kleene's strong logic; an independent implementation."""
    match condition:
        case Compare(column=name, operator=op, number=number):
            return None if math.isnan(row[name]) else eval(f"x {op} y", {"x": row[name], "y": number})
        case Not(inner=inner):
            return {True: False, False: True, None: None}[kleene(inner, row)]
        case All(inner=inner) | AnyOf(inner=inner):
            order = (False, None, True) if isinstance(condition, All) else (True, None, False)
            return next(value for value in order if value in [kleene(part, row) for part in inner])


@given(
    conditions, st.lists(st.tuples(*[st.just(NAN) | numbers.map(float) | st.sampled_from([math.inf])] * 3), max_size=4)
)
def test_a_gate_opens_where_its_condition_is_known_to_hold(condition, rows):
    values = {name: np.array([row[i] for row in rows], dtype=float) for i, name in enumerate(("a", "b", "길이"))}
    holds, fails = condition.truth(values)
    known = [kleene(condition, dict(zip(values, row, strict=True))) for row in rows]
    assert holds.tolist() == [value is True for value in known]
    assert fails.tolist() == [value is False for value in known]
    assert condition.opens(values).tolist() == holds.tolist()


TRUE, FALSE, UNKNOWN = 1.0, 0.0, NAN


@pytest.mark.parametrize(
    ("a", "b", "both", "either"),
    [
        (TRUE, TRUE, True, True),
        (TRUE, FALSE, False, True),
        (TRUE, UNKNOWN, None, True),
        (FALSE, FALSE, False, False),
        (FALSE, UNKNOWN, False, None),
        (UNKNOWN, UNKNOWN, None, None),
    ],
)
def test_the_truth_table(a, b, both, either):
    for (x, y), negated in itertools.product([(a, b), (b, a)], (False, True)):
        for word, expected in (("and", both), ("or", either)):
            text = f"not (x == 1 {word} y == 1)" if negated else f"x == 1 {word} y == 1"
            holds, fails = parse_condition(text).truth({"x": np.array([x]), "y": np.array([y])})
            wanted = expected if not negated or expected is None else not expected
            assert (holds[0], fails[0]) == (wanted is True, wanted is False)


@given(conditions)
def test_text_gives_the_condition_back(condition):
    again = parse_condition(str(condition))
    assert again == condition
    assert str(again) == str(condition)
    assert hash(again) == hash(condition)
    assert list(again.columns()) == list(condition.columns())


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("correct>=1", "correct >= 1"),
        ("a >= 0.1", "a >= 0.1"),
        ("a > -.5 and (b < 1 or c != 2) and not d == 3", "a > -0.5 and (b < 1 or c != 2) and not d == 3"),
        ("a > 1 or b > 1 or (c > 1 or d > 1)", "a > 1 or b > 1 or c > 1 or d > 1"),
        (" not not a <= 1e30\n", "not not a <= 1e+30"),
        ("정답 >= 1", "정답 >= 1"),
    ],
)
def test_how_a_condition_is_written(text, written):
    assert str(parse_condition(text)) == written


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read"),
        ("a >=", "cannot be read"),
        ("a = 1", "cannot be read"),
        ("and >= 1", "cannot be read"),
        ("a >= 1\0", "cannot be read"),
        ("\ud800 > 1", "cannot be read"),
        ("(" * 5000 + "a > 1" + ")" * 5000, "cannot be read"),
        ("not " * 50_000 + "a > 1", "cannot be read"),
        ("a > " + "9" * 5000, "cannot be read"),
        ("a", "'a' is not a comparison"),
        ("1", "not a comparison"),
        ("True > 1", "not a comparison"),
        ("1 <= a", "not a comparison"),
        ("0 < a < 1", "not a comparison"),
        ("a in 1", "not a comparison"),
        ("a.b > 1", "not a comparison"),
        ("__import__('os').system('true') > 0", "not a comparison"),
        ("a > b", "'b' is not a number"),
        ("a > 'x'", "is not a number"),
        ("a > True", "is not a number"),
        ("a > 1 + 1", "is not a number"),
        ("a > 1j", "is not a number"),
        ("a > inf", "'inf' is not a number"),
        ("a > 1e999", "finite number, not inf"),
        ("a > -1e999", "finite number, not -inf"),
        ("a > " + "9" * 400, "finite number"),
    ],
)
def test_anything_else_is_refused(text, said):
    with pytest.raises(ValueError, match=r".") as caught:
        parse_condition(text)
    assert said in str(caught.value)


def test_operators_of_columns_make_conditions():
    correct, think = exact_match(), tagged("think")
    condition = (correct >= 1) & ~(think < 0.5) | (correct < 1) & (correct.equals(0.5) | (think <= 2) | (think > 3))
    assert str(condition) == (
        "(exact_match >= 1 and not tagged < 0.5) or "
        "(exact_match < 1 and (exact_match == 0.5 or tagged <= 2 or tagged > 3))"
    )
    assert condition.named() == parse_condition(str(condition)).named()
    assert [column.name for column in condition.columns()][:2] == ["exact_match", "tagged"]


@pytest.mark.parametrize("number", [NAN, math.inf, -math.inf, 10**400, True, "1", None])
def test_a_gate_compares_with_finite_numbers(number):
    for compare in ("__ge__", "__gt__", "__le__", "__lt__", "equals"):
        with pytest.raises(RecipeError, match="exact_match: a gate compares a column with a finite number"):
            getattr(exact_match(), compare)(number)


@pytest.mark.parametrize("word", ["and", "or", "not", "<= 1 <="])
def test_python_words_on_conditions_are_refused(word):
    a = exact_match() >= 1
    expression = {"not": "not a", "<= 1 <=": "0 <= column <= 1"}.get(word, f"a {word} a")
    with pytest.raises(TypeError, match=r"combine conditions with & \| ~"):
        eval(expression, {"a": a, "column": exact_match()})


def test_a_condition_combines_with_conditions_only():
    with pytest.raises(TypeError, match="unsupported operand"):
        (exact_match() >= 1) & True
    assert isinstance(~(exact_match() >= 1), Condition)
