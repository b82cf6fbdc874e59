import math

import pytest

from jeoul import (
    Recipe,
    characters,
    contains,
    exact_match,
    geometric_mean_of,
    json_format,
    length_within,
    linear,
    max_of,
    min_of,
    product_of,
    regex,
    rouge1,
    seconds,
    soft_overlong,
    sum_of,
    tagged,
    tokens,
    use,
)
from jeoul.errors import RecipeError, UsageError
from jeoul.rewards.recipes.column import Column

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("column", "written"),
    [
        (exact_match(), "exact_match()"),
        (exact_match(answer="gold"), "exact_match(answer='gold')"),
        (exact_match(answer="answer"), "exact_match()"),
        (
            length_within(completion_ids="completion_ids", most=tokens(5)),
            "length_within(completion_ids='completion_ids', most=tokens(5))",
        ),
        (length_within(least=None, most=characters(5)), "length_within(most=characters(5))"),
        (tagged("think", "answer", empty=True), "tagged('think', 'answer', empty=True)"),
        (tagged(), "tagged()"),
        (0.5 * rouge1(), "0.5 * rouge1()"),
        (2 * (rouge1() * 0.25), "0.5 * rouge1()"),
        (-1 * rouge1(), "-1.0 * rouge1()"),
        (linear(1, 0, steps=5) * rouge1(), "linear(1.0, 0.0, steps=5, begin=0) * rouge1()"),
        (rouge1().clip(0, 1), "rouge1().clip(0.0, 1.0)"),
        (rouge1().clip(0, INF), "rouge1().clip(0.0, float('inf'))"),
        (rouge1().when("a > 1"), "rouge1().when('a > 1', otherwise=0.0)"),
        (rouge1().when("a > 1", "skip"), "rouge1().when('a > 1', otherwise='skip')"),
        (
            rouge1().on_error("raise").deadline("2 s").monitor().named("r"),
            "rouge1().named('r').on_error('raise').deadline(seconds(2)).monitor()",
        ),
        (rouge1().on_error(-1), "rouge1().on_error(-1.0)"),
        (json_format(schema={"required": ("a",)}), "json_format(schema={'required': ['a']})"),
        (
            use("jeoul.rewards.overlap:rouge1", reference="gold"),
            "use('jeoul.rewards.overlap:rouge1', reference='gold')",
        ),
        (use("tagged", "a"), "tagged('a')"),
        (use(rouge1), "rouge1()"),
        (sum_of("a", "b"), "sum_of('a', 'b')"),
        (sum_of({"a": 2, "b": 1}).named("s"), "sum_of({'a': 2.0, 'b': 1.0}).named('s')"),
        (geometric_mean_of(0.5 * rouge1(), exact_match()), "geometric_mean_of({'rouge1': 0.5, 'exact_match': 1.0})"),
        (product_of("a"), "product_of('a')"),
    ],
)
def test_repr_is_code_that_gives_the_column_back(column, written):
    import jeoul

    assert repr(column) == written
    assert eval(written, {name: getattr(jeoul, name) for name in jeoul.__all__}) == column.by_name()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: exact_match("gold"), r"exact_match: name its arguments, as in exact_match\("),
        (lambda: exact_match(anwser="gold"), r"exact_match.anwser: .*did you mean 'answer'"),
        (lambda: exact_match(answer=5), "must be the name of a data column, not 5"),
        (lambda: exact_match(answer=None), "must be the name of a data column, not None"),
        (
            lambda: soft_overlong(limit=5, bufer=tokens(1)),
            "3 mistakes.*\n.*limit: 5 has no unit.*\n.*bufer.*\n.*needs this option",
        ),
        (lambda: use(lambda **kwargs: None, "a"), r"name its arguments, as in <lambda>\(argument=…\)"),
        (lambda: use(lambda completions, *, weight=1: None, weight=2), "weight: belongs to the recipe"),
        (lambda: rouge1().clip(1, 0), "rouge1.clip: least must not exceed greatest"),
        (lambda: rouge1().clip(NAN, 0), "least must not exceed"),
        (lambda: rouge1().clip("0", 1), "must be .least, greatest."),
        (lambda: rouge1().clip(False, True), "must be .least, greatest."),
        (lambda: rouge1().clip(0, 10**400), "a bound is too large"),
        (lambda: rouge1().when("a"), "rouge1.when: 'a' is not a comparison"),
        (lambda: rouge1().when(exact_match() == 1), r"not False; == compares columns.*write column.equals\(1\)"),
        (lambda: rouge1().when(None), "must be a condition or text"),
        (lambda: rouge1().when("a > 1", None), 'must be "skip" .* or a finite number, not None'),
        (lambda: rouge1().when("a > 1", NAN), "or a finite number, not nan"),
        (lambda: rouge1().when("a > 1", 10**400), "or a finite number"),
        (lambda: rouge1().on_error("stop"), 'rouge1.on_error: must be "raise", "skip"'),
        (lambda: rouge1().on_error(True), "or a finite number, not True"),
        (lambda: rouge1().deadline(5), 'rouge1.deadline: 5 has no unit; write "5 s"'),
        (lambda: rouge1().deadline(seconds(0)), "must be more than 0 seconds"),
        (lambda: rouge1().named("two words"), "must be an identifier"),
        (lambda: rouge1().named("not"), "no word of Python"),
        (lambda: rouge1().named("\u1112\u1161\u11ab"), "must be an identifier"),
        (lambda: NAN * rouge1(), "rouge1.weight: weight must be a finite number, not nan"),
        (lambda: INF * rouge1(), "weight must be a finite number"),
        (lambda: 10**400 * rouge1(), "weight must be a finite number"),
        (lambda: True * rouge1(), "weight must be a finite number, not True"),
        (lambda: 1e200 * (1e200 * rouge1()), "weight must be a finite number, not inf"),
        (lambda: 1e200 * (linear(1e200, 0, steps=5) * rouge1()), "rouge1.weight: start must be a finite number"),
        (lambda: rouge1() * exact_match(), "weight must be a finite number"),
        (lambda: sum_of(), "sum_of: needs at least one part"),
        (lambda: sum_of("a", "a"), "names a twice"),
        (lambda: sum_of("a", 5), "columns or their names, not of 5"),
        (lambda: sum_of({"a": "x"}), "every share must be a finite number, not 'x'"),
        (lambda: sum_of({"a": None}), "every share must be a finite number"),
        (lambda: sum_of({"a": True}), "every share must be a finite number"),
        (lambda: sum_of({"a": NAN}), "every share must be a finite number"),
        (lambda: sum_of({"a": 10**400}), "every share must be a finite number"),
        (lambda: sum_of(linear(1, 0, steps=5) * rouge1()), "sum_of.rouge1: a part's share cannot be a schedule"),
        (lambda: min_of({"a": 2}), "shares have no meaning in a min; they do in sum and geometric_mean"),
        (lambda: max_of(0.5 * rouge1()), "shares have no meaning in a max"),
        (lambda: geometric_mean_of({"a": -1, "b": 1}), "must be positive"),
        (lambda: geometric_mean_of({"a": 0, "b": 1}), "must be positive"),
    ],
)
def test_mistakes_are_said_with_their_place(make, said):
    with pytest.raises(RecipeError, match=f"(?s){said}"):
        make()


def test_an_unknown_reward_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'rouge1'"):
        use("rogue1")


def test_columns_are_values():
    base = rouge1()
    changed = 0.5 * base.clip(0, 1).when("a > 1").monitor()
    assert (base, hash(base)) == (rouge1(), hash(rouge1()))
    assert changed != base
    assert changed.scores_like(base.clip(0, 1).when("a > 1"))
    assert not changed.scores_like(base)
    assert len({base, rouge1(), changed}) == 2


def test_the_same_column_however_it_is_written():
    assert contains(any_of=["a", "b"]) == contains(any_of=("a", "b"))
    assert regex(pattern="a").when("x >= 1") == regex(pattern="a").when("x>=1.0")
    assert use(exact_match) == use("exact_match") == exact_match() == exact_match(answer="answer")
    most = {"most": tokens(5)}
    assert length_within(completion_ids="completion_ids", **most) != length_within(**most)  # then the data must have it
    assert list(json_format(fence=False, schema={}).options) == ["schema", "fence"]


def test_a_sum_of_columns_is_a_recipe():
    a, b, c = rouge1(), exact_match(), tagged("a")
    assert isinstance(a + b, Recipe)
    assert (a + b + c).names == (a + (b + c)).names == ["rouge1", "exact_match", "tagged"]
    with pytest.raises(TypeError, match="unsupported operand"):
        a + b + 5
    assert isinstance(a, Column)


def test_an_optional_column_that_options_may_stand_for_can_be_named():
    column = contains(phrase="gold")
    assert column.data == {"phrase": "gold"}
    rows = [{"completion": "a b", "gold": "b"}, {"completion": "a b", "gold": "c"}]
    assert Recipe(column).score(rows, workers=0).column("contains").tolist() == [1, 0]
    with pytest.raises(RecipeError, match="contains needs a phrase column, any_of"):
        contains()
