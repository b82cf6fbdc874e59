import math
import os
import pickle
import subprocess
import sys
import tomllib
from unittest import mock

import cloudpickle
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import jeoul
from jeoul import (
    Advantage,
    Recipe,
    characters,
    cosine,
    exact_match,
    find_reward,
    follow,
    linear,
    max_of,
    product_of,
    rouge1,
    seconds,
    soft_overlong,
    sum_of,
    tagged,
    tokens,
    use,
    words,
)
from jeoul.errors import RecipeError
from jeoul.rewards.recipes.combination import COMBINATIONS
from jeoul.rewards.recipes.recipe import ESTIMATORS, dependency_order
from jeoul.rewards.recipes.schema import recipe_schema
from jeoul.rewards.registry import builtin_names
from jeoul.rewards.signature import REQUIRED

NAMES = {name: getattr(jeoul, name) for name in jeoul.__all__}
VALIDATOR = jsonschema.Draft202012Validator(recipe_schema())

# -- recipes of every built-in reward with any of its options

texts = st.text(max_size=6)
floats = st.floats(-1e6, 1e6, allow_subnormal=False)
lengths = st.builds(lambda make, count: make(count), st.sampled_from([tokens, words, characters]), st.integers(0, 9999))
durations = st.builds(seconds, st.integers(0, 9999))
json_values = st.recursive(
    st.booleans() | st.integers(-9, 9) | floats | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
KINDS = {"boolean": st.booleans(), "integer": st.integers(1, 99), "number": floats, "string": texts}


def of_schema(schema):
    """Values of an option, by its JSON Schema."""
    if "anyOf" in schema:
        return st.one_of([of_schema(choice) for choice in schema["anyOf"] if choice != {"type": "null"}])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("pattern") == "^.+:.+$":  # a tokenizer by its module
        return st.sampled_from(["jeoul.rewards.tokenizers.words:unicode_words"])
    if "seconds" in schema.get("pattern", ""):
        return durations
    if "pattern" in schema:
        return lengths
    if "prefixItems" in schema:
        return st.tuples(*map(of_schema, schema["prefixItems"])).map(list)
    if schema.get("type") == "array":
        return st.lists(of_schema(schema.get("items", {})), max_size=3, unique="enum" in schema.get("items", {}))
    if schema.get("type") == "object":
        return st.dictionaries(texts, json_values, max_size=3)
    return KINDS[schema["type"]]


@st.composite
def reward_columns(draw, name):
    from jeoul.rewards.recipes.options import option_schema

    reward = find_reward(name)
    given = {}
    for option, default in reward.signature.options.items():
        if default is REQUIRED or draw(st.booleans()):
            schema = option_schema(reward, option)
            definitions = schema.get("$defs", {})
            if "$ref" in schema:
                schema = definitions[schema["$ref"].rpartition("/")[2]]
            given[option] = draw(of_schema(schema))
    for argument in reward.signature.data:
        if draw(st.integers(0, 3)) == 0:
            given[argument] = draw(st.sampled_from([argument, "gold", "열"]))
    variadic = given.pop(reward.signature.variadic, ()) if reward.signature.variadic else ()
    return reward(*variadic, **given)


weights = (
    floats
    | st.builds(linear, floats, floats, steps=st.integers(1, 99), begin=st.integers(0, 9))
    | st.builds(cosine, floats, floats, steps=st.integers(1, 99))
)
comparisons = st.tuples(st.sampled_from([">=", "<", "==", "!="]), floats)


@st.composite
def gates(draw, earlier):
    terms = [
        f"{draw(st.sampled_from(['', 'not ']))}{draw(st.sampled_from(earlier))} {op} {number!r}"
        for op, number in draw(st.lists(comparisons, min_size=1, max_size=3))
    ]
    joined = draw(st.sampled_from([" and ", " or "])).join(terms)
    return f"not ({joined})" if draw(st.booleans()) else joined


TRAINED = [name for name in builtin_names() if not find_reward(name).evaluation_only]


@st.composite
def recipes(draw):
    columns, names = [], []
    for index in range(draw(st.integers(1, 4))):
        if names and draw(st.integers(0, 3)) == 0:
            kind = draw(st.sampled_from(COMBINATIONS))
            parts = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
            shared = kind in ("sum", "geometric_mean") and draw(st.booleans())
            shares = st.floats(0.1, 10) if kind == "geometric_mean" else floats
            given = [{part: draw(shares) for part in parts}] if shared else parts
            column = getattr(jeoul, f"{kind}_of")(*given)
        else:
            column = draw(reward_columns(draw(st.sampled_from(TRAINED))))
        if column.name in names or draw(st.booleans()):
            column = column.named(f"{draw(st.sampled_from(['c', '열', '_']))}{index}")
        weight = draw(weights)
        if names and draw(st.integers(0, 5)) == 0:
            weight = follow(1, 0, column=draw(st.sampled_from(names)), low=0, high=draw(st.floats(0.1, 9)))
        column = weight * column
        if draw(st.booleans()):
            column = column.clip(*sorted([draw(floats), draw(floats | st.sampled_from([float("inf"), -float("inf")]))]))
        if names and draw(st.booleans()):
            column = column.when(draw(gates(names)), draw(floats | st.just("skip")))
        if draw(st.booleans()):
            column = column.on_error(draw(floats | st.sampled_from(["raise", "skip"])))
        if draw(st.booleans()):
            column = column.deadline(seconds(draw(st.floats(1e-6, 99) | st.integers(1, 99))))
        columns.append(column.monitor() if draw(st.booleans()) else column)
        names.append(column.name)
    recipe = Recipe(*columns)
    if draw(st.booleans()):
        return recipe
    name = draw(st.sampled_from(["column", "sum", *ESTIMATORS]))
    takes = st.sampled_from(["preset", *ESTIMATORS.get(name, ())])
    return recipe.normalise(name, **draw(st.dictionaries(takes, floats | texts | st.lists(texts), max_size=2)))


def finite(value):
    """The document with a number where TOML has an infinity, which JSON has not."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item) for item in value]
    return 9.0 if isinstance(value, float) and math.isinf(value) else value


# options need not make sense together here
@mock.patch("jeoul.rewards.recipes.column._trial", mock.Mock(return_value=()))
@given(recipes())
def test_a_recipe_is_data(recipe):
    for again in (
        eval(repr(recipe), dict(NAMES)),
        Recipe.from_toml(recipe.to_toml()),
        pickle.loads(pickle.dumps(recipe)),
    ):
        assert again == recipe
        assert hash(again) == hash(recipe)
        assert again.fingerprint == recipe.fingerprint
        assert again.to_toml() == recipe.to_toml()
    assert list(VALIDATOR.iter_errors(finite(tomllib.loads(recipe.to_toml())))) == []


def test_a_recipe_whose_columns_look_ahead_prints_as_code_too():
    recipe = Recipe(sum_of("exact_match"), follow(1, 0, column="rouge1", low=0, high=1) * exact_match(), rouge1())
    assert eval(repr(recipe), dict(NAMES)) == recipe


# -- the example of the design

EXAMPLE = """
[reward.correct]
use = "exact_match"
weight = 1.0
[reward.rouge1]
weight = 0.5
reference = "solution"
clip = [0, 1]
when = "correct >= 1"
else = 0
[reward.tagged]
weight = 0.2
tags = ["think", "answer"]
[reward.soft_overlong]
limit = "1024 tokens"
buffer = "256 tokens"
[advantage]
normalise = "column"
"""


def example():
    correct = exact_match(answer="answer").named("correct")
    return (
        1.0 * correct
        + 0.5 * rouge1(reference="solution").clip(0, 1).when(correct >= 1)
        + 0.2 * tagged("think", "answer")
        + 1.0 * soft_overlong(limit=tokens(1024), buffer=tokens(256))
    ).normalise("column")


def test_the_example_is_one_recipe_in_python_and_toml():
    recipe = Recipe.from_toml(EXAMPLE)
    assert recipe == example()
    assert recipe.fingerprint == example().fingerprint
    assert repr(recipe) == (
        "(exact_match().named('correct')\n"
        " + 0.5 * rouge1(reference='solution').clip(0.0, 1.0).when('correct >= 1', otherwise=0.0)\n"
        " + 0.2 * tagged('think', 'answer')\n"
        " + soft_overlong(limit=tokens(1024), buffer=tokens(256))).normalise('column')"
    )
    assert recipe.weights() == {"correct": 1.0, "rouge1": 0.5, "tagged": 0.2, "soft_overlong": 1.0}
    assert recipe.advantage.estimator == "gdpo"
    assert (len(recipe), recipe["rouge1"].bounds) == (4, (0.0, 1.0))


def test_a_fingerprint_is_the_same_in_every_process(tmp_path):
    (tmp_path / "mine.py").write_text("def f(completions, *, words=None): ...", encoding="utf-8")
    program = (
        "from jeoul import *; import sys\n"
        f"a = Recipe.from_toml({EXAMPLE!r})\n"
        "b = Recipe(use('mine.py:f', words={'x', 'y', 'z', 'w'})) + use('mine.py:f', words=len).named('g')\n"
        "print(a.fingerprint, b.fingerprint)"
    )
    run = [sys.executable, "-c", program]
    environments = [os.environ | {"PYTHONHASHSEED": seed} for seed in "123"]
    prints = {
        subprocess.run(run, env=env, cwd=tmp_path, capture_output=True, check=True).stdout for env in environments
    }
    assert len(prints) == 1
    assert prints.pop().split()[0].decode() == example().fingerprint


@pytest.mark.parametrize(
    "other",
    [
        2 * exact_match() + tagged("a"),
        exact_match(answer="gold") + tagged("a"),
        exact_match(ignore_case=True) + tagged("a"),
        tagged("a") + exact_match(),
        exact_match() + tagged("b"),
        exact_match() + tagged("a").monitor(),
        exact_match() + tagged("a").clip(0, 1),
        exact_match() + tagged("a").when("exact_match > 0"),
        exact_match() + tagged("a").when("exact_match > 0", "skip"),
        exact_match() + tagged("a").on_error(0),
        exact_match() + tagged("a").deadline("1 s"),
        exact_match() + tagged("a").named("b"),
        (exact_match() + tagged("a")).normalise("column"),
        (exact_match() + tagged("a")).normalise("sa_mrpo", gamma=1),
    ],
)
def test_a_fingerprint_tells_recipes_apart(other):
    recipe = exact_match() + tagged("a")
    assert other != recipe
    assert other.fingerprint != recipe.fingerprint


def test_equal_recipes_have_one_fingerprint():
    for one, two in [
        (Recipe(follow(0, 1, column="exact_match", low=0, high=1) * exact_match()),
         Recipe(follow(0.0, 1.0, column="exact_match", low=0.0, high=1.0) * exact_match())),
        (Recipe(exact_match().deadline(seconds(5.0))), Recipe(exact_match().deadline("5 s"))),
        (-0.0 * exact_match() + rouge1().clip(-0.0, 1).when("exact_match > -0", -0.0),
         0.0 * exact_match() + rouge1().clip(0, 1).when("exact_match > 0")),
        (Recipe(exact_match()).normalise("saw", bounds=[0, 1]), Recipe(exact_match()).normalise("saw", bounds=(0, 1))),
    ]:  # fmt: skip
        assert (one, one.fingerprint, hash(one)) == (two, two.fingerprint, hash(two))


# -- references between columns


def test_a_column_that_is_only_referred_to_joins_as_a_monitor():
    correct, parts = exact_match(), (2 * tagged("a"), rouge1())
    recipe = 0.5 * rouge1(reference="x").named("r").when(correct >= 1) + sum_of(*parts)
    assert [(column.name, column.monitored) for column in recipe] == [
        ("exact_match", True), ("r", False), ("tagged", True), ("rouge1", True), ("sum", False),
    ]  # fmt: skip
    assert recipe["tagged"].weight == 1.0
    assert recipe["sum"].combination.parts == (("tagged", 2.0), ("rouge1", 1.0))
    assert recipe.weights() == {"r": 0.5, "sum": 1.0}


def test_a_column_that_is_added_too_counts_once():
    correct = exact_match()
    recipe = (
        3 * correct + rouge1().when(correct >= 1) + tagged("a").when((correct < 1) & (rouge1().when(correct >= 1) > 0))
    )
    assert (recipe.names, recipe.weights()["exact_match"]) == (["exact_match", "rouge1", "tagged"], 3.0)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Recipe(), "reward: a recipe needs at least one column"),
        (lambda: Recipe(5), "made of columns, not of 5"),
        (lambda: rouge1() + rouge1(), r'reward.rouge1: the name is used twice; rename one with .named\("…"\)'),
        (
            lambda: Recipe(rouge1().when("exact_match > 0"), exact_match()),
            "only an earlier column, not 'exact_match', which comes later; move it up",
        ),
        (lambda: Recipe(rouge1().when(exact_match() > 0), exact_match()), "which comes later"),
        (lambda: Recipe(rouge1().when("rouge1 > 0")), "only an earlier column, not itself"),
        (
            lambda: exact_match() + rouge1().when("exact_mtach > 0"),
            r"no column 'exact_mtach' \(did you mean 'exact_match'\?\); earlier columns: exact_match",
        ),
        (lambda: exact_match() + sum_of("exact_match", "rouge"), "reward.sum: there is no column 'rouge'"),
        (lambda: Recipe(sum_of("sum")), "the columns sum need one another in a circle"),
        (
            lambda: Recipe(sum_of("b").named("a"), max_of("a").named("b"), rouge1()),
            "the columns a, b need one another in a circle",
        ),
        (
            lambda: Recipe(sum_of("c").named("a"), rouge1().named("c").when("a > 0")),
            "the columns a, c need one another in a circle",
        ),
        (
            lambda: Recipe(follow(0, 1, column="exact", low=0, high=1) * exact_match()),
            r"no column 'exact' \(did you mean 'exact_match'",
        ),
        (
            lambda: exact_match() + rouge1().when(exact_match(answer="gold") > 0),
            "rouge1: refers to a column 'exact_match' that is not the one",
        ),
        (
            lambda: Recipe(exact_match()).normalise("colum"),
            r"advantage.normalise: .*not 'colum' \(did you mean 'column'\?\)",
        ),
        (lambda: Recipe(exact_match()).normalise(None), "normalise must be one of"),
        (
            lambda: Recipe(exact_match()).normalise("column") + Recipe(rouge1()).normalise("rloo"),
            "normalise differently",
        ),
    ],
)
def test_mistakes_between_columns(make, said):
    with pytest.raises(RecipeError, match=said):
        make()


def test_all_mistakes_are_reported_at_once():
    with pytest.raises(RecipeError) as caught:
        Recipe(rouge1().when("a > 0"), rouge1(), sum_of("b", "c"))
    assert [problem.path for problem in caught.value.problems] == [
        "reward.rouge1.when", "reward.rouge1", "reward.sum", "reward.sum",
    ]  # fmt: skip


def test_columns_are_computed_after_what_they_need_and_the_cheap_first():
    recipe = Recipe(product_of("rouge1", "exact_match").named("both"), rouge1(), exact_match().when("rouge1 > 0"))
    assert [column.name for column in dependency_order(recipe.columns)] == ["rouge1", "exact_match", "both"]


# -- arithmetic of recipes


def test_recipes_that_share_a_gate_add_up():
    correct = exact_match()
    left, right = Recipe(rouge1().when(correct >= 1)), Recipe(tagged("a").when(correct >= 1))
    assert [(column.name, column.monitored) for column in left + right] == [
        ("exact_match", True), ("rouge1", False), ("tagged", False),
    ]  # fmt: skip
    assert (left + right + 2 * correct).weights() == {"exact_match": 2.0, "rouge1": 1.0, "tagged": 1.0}
    with pytest.raises(RecipeError, match=r"'exact_match' that is not the one|used twice"):
        left + exact_match(answer="gold")


def test_recipes_add_up_and_scale():
    recipe = 2 * (exact_match() + 0.5 * rouge1()).normalise("column")
    assert (recipe.weights(), recipe.advantage) == ({"exact_match": 2.0, "rouge1": 1.0}, Advantage("column"))
    assert (recipe + Recipe(tagged("a"))).advantage == Advantage("column")
    assert (Recipe(tagged("a")) + recipe).advantage == Advantage("column")
    assert (recipe + recipe["rouge1"].named("again")).names == ["exact_match", "rouge1", "again"]


def test_an_unknown_column_of_a_recipe_names_the_nearest():
    with pytest.raises(KeyError, match="did you mean 'exact_match'"):
        Recipe(exact_match())["exact_mach"]


def test_a_recipe_with_a_closure_travels_by_value_but_not_as_toml():
    factor = 2
    recipe = Recipe(use(lambda completions: [factor] * len(completions)).named("mine"))
    with pytest.raises(RecipeError, match=r"reward\.mine: '<lambda>' has no importable name; put the function in"):
        recipe.to_toml()
    assert len(recipe.fingerprint) == 64
    again = pickle.loads(cloudpickle.dumps(recipe))
    assert again == recipe
    assert again["mine"].reward(["a", "b"]) == [2, 2]
