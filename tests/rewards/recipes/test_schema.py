import json
import tomllib

import jsonschema
import pytest

from jeoul.errors import RecipeError
from jeoul.rewards.recipes.schema import DIALECT, recipe_schema
from jeoul.rewards.recipes.toml import _SETTINGS, parse_recipe
from jeoul.rewards.registry import builtin_names, find_reward

SCHEMA = recipe_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_it_is_a_schema():
    assert SCHEMA["$schema"] == DIALECT
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA, allow_nan=False)) == SCHEMA


def test_it_describes_every_reward_and_every_key():
    tables = SCHEMA["properties"]["reward"]["properties"]
    assert set(builtin_names()) <= set(tables)
    for name in builtin_names():
        reward, table = find_reward(name), SCHEMA["$defs"][f"reward.{name}"]
        assert tables[name]["description"] == table["description"] == reward.summary
        assert set(table["properties"]) == {"use", *_SETTINGS, *reward.signature.data, *reward.signature.options}
    assert set(SCHEMA["$defs"]["common"]["properties"]) == set(_SETTINGS)


GOOD = """
[reward.exact_match]
answer = "gold"
[reward.correct]
use = "exact_match"
weight = {schedule = "cosine", start = 1, end = 0, steps = 10}
[reward.tagged]
tags = ["think"]
clip = [0, 1]
when = "correct >= 1"
else = "skip"
on_error = 0
deadline = "2 s"
monitor = true
[reward.rouge1]
use = "contains"
any_of = ["a"]
[reward.'길이']
use = "soft_overlong"
limit = "1024 tokens"
buffer = "256 tokens"
[reward.both]
combine = "sum"
of = {correct = 2, tagged = 1}
[reward.regex]
combine = "product"
of = ["correct", "tagged"]
[advantage]
normalise = "sa_mrpo"
gamma = 1
"""


def test_a_recipe_is_valid():
    parse_recipe(GOOD)
    assert list(VALIDATOR.iter_errors(tomllib.loads(GOOD))) == []


@pytest.mark.parametrize(
    "use", ["package.module:function", "file.py:fn", "../dir/file.py:함수", "/a b/file.py:fn", "a_plug_in"]
)
def test_rewards_of_others_are_valid_with_any_options(use):
    document = {"reward": {"mine": {"use": use, "anything": [1], "weight": 2, "when": "a > 1", "else": 1}}}
    assert list(VALIDATOR.iter_errors(document)) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "other = 1",
        "[reward]",
        "[reward.mine]",
        "[reward.'a b']\nuse = 'exact_match'",
        "[reward.1a]\nuse = 'exact_match'",
        "[reward]\nexact_match = 1",
        "[reward.mine]\nuse = 5",
        "[reward.mine]\nuse = 'a b'",
        "[reward.exact_match]\nwieght = 1",
        "[reward.mine]\nuse = 'exact_match'\nwieght = 1",
        "[reward.rouge1]\nuse = 'exact_match'\nmeasure = 'f1'",
        "[reward.exact_match]\nanswer = 1",
        "[reward.exact_match]\nignore_case = 1",
        "[reward.exact_match]\nspace = 'other'",
        "[reward.regex]",
        "[reward.mine]\nuse = 'regex'",
        "[reward.soft_overlong]\nlimit = 5\nbuffer = '1 token'",
        "[reward.soft_overlong]\nlimit = '5 s'\nbuffer = '1 token'",
        "[reward.exact_match]\nweight = true",
        "[reward.exact_match]\nweight = '1'",
        "[reward.exact_match]\nweight = {}",
        "[reward.exact_match]\nweight = {schedule = 'liner', start = 1, end = 0, steps = 5}",
        "[reward.exact_match]\nweight = {schedule = 'linear', start = 1, end = 0}",
        "[reward.exact_match]\nweight = {schedule = 'linear', start = 1, end = 0, steps = 0}",
        "[reward.exact_match]\nweight = {schedule = 'linear', start = 1, end = 0, steps = 5, low = 1}",
        "[reward.exact_match]\nclip = 1",
        "[reward.exact_match]\nclip = [1]",
        "[reward.exact_match]\nclip = ['0', 1]",
        "[reward.exact_match]\nelse = 1",
        "[reward.mine]\nuse = 'a.py:f'\nelse = 1",
        "[reward.exact_match]\nwhen = 1",
        "[reward.exact_match]\nwhen = 'a'",
        "[reward.exact_match]\non_error = 'stop'",
        "[reward.mine]\nuse = 'a.py:f'\non_error = 'stop'",
        "[reward.exact_match]\ndeadline = 5",
        "[reward.exact_match]\ndeadline = '5 tokens'",
        "[reward.exact_match]\nmonitor = 1",
        "[reward.x]\ncombine = 'summ'\nof = ['y']",
        "[reward.x]\nof = ['y']",
        "[reward.x]\ncombine = 'sum'",
        "[reward.x]\ncombine = 'sum'\nof = []",
        "[reward.x]\ncombine = 'sum'\nof = ['y', 'y']",
        "[reward.x]\ncombine = 'sum'\nof = {y = true}",
        "[reward.x]\ncombine = 'min'\nof = {y = 2}",
        "[reward.x]\ncombine = 'sum'\nof = ['y']\nuse = 'exact_match'",
        "[reward.x]\ncombine = 'sum'\nof = ['y']\npattern = 'z'",
        "[reward.exact_match]\n[advantage]\nnormalize = 'column'",
        "[reward.exact_match]\n[advantage]\nnormalise = 'colum'",
    ],
)
def test_what_the_parser_refuses_is_refused(text):
    with pytest.raises(RecipeError):
        parse_recipe(text)
    assert list(VALIDATOR.iter_errors(tomllib.loads(text)))
