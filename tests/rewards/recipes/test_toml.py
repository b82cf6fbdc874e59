import datetime

import pytest

from jeoul import Recipe, exact_match, json_format, regex, use
from jeoul.errors import DataError, RecipeError
from jeoul.rewards.recipes.toml import load_recipe, parse_recipe, recipe_to_dict


def problems(text, folder=None):
    with pytest.raises(RecipeError) as caught:
        parse_recipe(text, folder)
    return [(problem.path, problem.message) for problem in caught.value.problems]


EVERYTHING = """
[reward.correct]
use = "exact_match"
answer = "gold"
ignore_case = true
weight = { schedule = "linear", start = 1, end = 0, steps = 10 }
[reward.tagged]
tags = ["think"]
weight = -0.5
clip = [-inf, 1]
when = "correct >= 1"
else = "skip"
on_error = "raise"
deadline = "2 s"
monitor = true
[reward.both]
combine = "geometric_mean"
of = { correct = 2, tagged = 1 }
weight = { schedule = "follow", start = 0, end = 1, column = "correct", low = 0.2, high = 0.6 }
[reward.least]
combine = "min"
of = ["correct", "tagged"]
[advantage]
normalise = "sa_mrpo"
gamma = 0.5
"""


def test_every_key():
    recipe = parse_recipe(EVERYTHING)
    assert repr(recipe) == (
        "(linear(1.0, 0.0, steps=10, begin=0) * exact_match(answer='gold', ignore_case=True).named('correct')\n"
        " + -0.5 * tagged('think').clip(float('-inf'), 1.0).when('correct >= 1', otherwise='skip').on_error('raise')"
        ".deadline(seconds(2)).monitor()\n"
        " + follow(0.0, 1.0, column='correct', low=0.2, high=0.6) * "
        "geometric_mean_of({'correct': 2.0, 'tagged': 1.0}).named('both')\n"
        " + min_of('correct', 'tagged').named('least')).normalise('sa_mrpo', gamma=0.5)"
    )
    assert parse_recipe(recipe.to_toml()) == recipe


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ("a b", "", "is not TOML: "),
        ("a = " + "9" * 5000, "", "is not TOML: "),
        ("a = " + "[" * 50_000, "", "is not TOML: "),
        ("", "reward", "needs at least one column"),
        ("reward = 5", "reward", "must hold one table per column"),
        ("[[reward]]", "reward", "must hold one table per column"),
        ("[rewards.exact_match]", "rewards", "unknown table (did you mean 'reward'?); a recipe has"),
        ("[reward]\nexact_match = 1", "reward.exact_match", "must be a table, not 1"),
        ("[reward.exact_mtach]", "reward.exact_mtach", "no reward 'exact_mtach' (did you mean 'exact_match'?)"),
        ("[reward.x]\nuse = 'exact_mtach'", "reward.x.use", "did you mean 'exact_match'?"),
        ("[reward.x]\nuse = 5", "reward.x.use", "no reward '5'"),
        ("[reward.x]\nuse = 'none.py:f'", "reward.x.use", "there is no file"),
        ("[reward.'a b']\nuse = 'exact_match'", "reward.a b", "must be an identifier"),
        ("[reward.not]\nuse = 'exact_match'", "reward.not", "must be an identifier"),
        ("[reward.exact_match]\nwieght = 1", "reward.exact_match.wieght", "no such option or data column"),
        ("[reward.exact_match]\nwieght = 1", "reward.exact_match.wieght", "(did you mean 'weight'?)"),
        ("[reward.exact_match]\nanswer = 1", "reward.exact_match.answer", "must be the name of a data column, not 1"),
        ("[reward.exact_match]\nignore_case = 1", "reward.exact_match.ignore_case", "valid boolean"),
        (
            "[reward.soft_overlong]\nlimit = 5\nbuffer = '1 token'",
            "reward.soft_overlong.limit",
            '5 has no unit; write "1024 tokens"',
        ),
        ("[reward.exact_match]\nweight = true", "reward.exact_match.weight", "finite number, not True"),
        ("[reward.exact_match]\nweight = nan", "reward.exact_match.weight", "finite number, not nan"),
        ("[reward.exact_match]\nweight = inf", "reward.exact_match.weight", "finite number, not inf"),
        ("[reward.exact_match]\nweight = 1" + "0" * 400, "reward.exact_match.weight", "finite number"),
        ("[reward.exact_match]\nweight = {schedule = 'liner'}", "reward.exact_match.weight", "did you mean 'linear'?"),
        ("[reward.exact_match]\nweight = {schedule = [1]}", "reward.exact_match.weight", "schedule must be one of"),
        ("[reward.exact_match]\nclip = 1", "reward.exact_match.clip", "must be [least, greatest], not 1"),
        ("[reward.exact_match]\nclip = [1, 0]", "reward.exact_match.clip", "least must not exceed greatest"),
        ("[reward.exact_match]\nclip = [nan, 0]", "reward.exact_match.clip", "least must not exceed greatest"),
        ("[reward.exact_match]\nclip = [true, 2]", "reward.exact_match.clip", "must be [least, greatest]"),
        ("[reward.exact_match]\nclip = [0, 1" + "0" * 400 + "]", "reward.exact_match.clip", "too large"),
        ("[reward.exact_match]\nelse = 1", "reward.exact_match.else", "stands without `when`"),
        ("[reward.exact_match]\nwhen = 1", "reward.exact_match.when", 'text like "correct >= 1", not 1'),
        ("[reward.exact_match]\nwhen = 'a'", "reward.exact_match.when", "is not a comparison"),
        ("[reward.exact_match]\non_error = 'stop'", "reward.exact_match.on_error", '"raise", "skip"'),
        ("[reward.exact_match]\non_error = 1" + "0" * 400, "reward.exact_match.on_error", "finite number"),
        ("[reward.exact_match]\ndeadline = 5", "reward.exact_match.deadline", 'write "5 s"'),
        ("[reward.exact_match]\ndeadline = '0 s'", "reward.exact_match.deadline", "more than 0 seconds"),
        ("[reward.exact_match]\nmonitor = 1", "reward.exact_match.monitor", "must be true or false, not 1"),
        ("[reward.x]\ncombine = 'summ'\nof = ['x']", "reward.x.combine", "did you mean 'sum'?"),
        ("[reward.x]\nof = ['x']", "reward.x.combine", "must be one of sum, product"),
        ("[reward.x]\ncombine = 'sum'", "reward.x.of", "must be names"),
        ("[reward.x]\ncombine = 'sum'\nof = [1]", "reward.x.of", "must be names"),
        ("[reward.x]\ncombine = 'sum'\nof = []", "reward.x.of", "needs at least one part"),
        ("[reward.x]\ncombine = 'sum'\nof = ['y', 'y']", "reward.x.of", "names a column twice"),
        ("[reward.x]\ncombine = 'sum'\nof = {y = true}", "reward.x.of", "share must be a finite number, not True"),
        ("[reward.x]\ncombine = 'sum'\nof = {y = 1" + "0" * 400 + "}", "reward.x.of", "finite number"),
        ("[reward.x]\ncombine = 'min'\nof = {y = 2}", "reward.x.of", "shares have no meaning in a min"),
        ("[reward.x]\ncombine = 'sum'\nof = ['y']\nuse = 'z'", "reward.x.use", "not both"),
        ("[reward.x]\ncombine = 'sum'\nof = ['y']\npattern = 'z'", "reward.x.pattern", "no options of a reward"),
        ("[reward.x]\ncombine = 'sum'\nof = ['y']", "reward.x", "there is no column 'y'"),
        ("advantage = 5", "advantage", "must be a table, not 5"),
        (
            "[advantage]\nnormalize = 'column'",
            "advantage",
            "needs `normalise` (did you mean 'normalise'?); found normalize",
        ),
        ("[advantage]\nnormalise = 'colum'", "advantage.normalise", "did you mean 'column'?"),
        ("[advantage]\nnormalise = ['column']", "advantage.normalise", "must be one of"),
    ],
)
def test_a_mistake_has_its_place_and_what_to_write(text, path, said):
    assert any(where == path and said in message for where, message in problems(text)), problems(text)


def test_every_mistake_is_reported_at_once():
    text = """
    [rewrad.x]
    [reward.exact_match]
    weight = "1"
    ignore_case = 1
    clip = [1, 0]
    else = 1
    [reward.rogue1]
    weight = true
    [reward.tagged]
    when = "exact_match > 0 and rogue1 > 0 and length > 0"
    [reward.sum]
    combine = "sum"
    of = ["rogue1", "tagged", "nothing"]
    [advantage]
    normalise = "colum"
    """
    assert [path for path, _ in problems(text)] == [
        "rewrad",
        "reward.exact_match.ignore_case",
        "reward.exact_match.weight",
        "reward.exact_match.clip",
        "reward.exact_match.else",
        "reward.rogue1",
        "reward.rogue1.weight",
        "advantage.normalise",
        "reward.tagged.when",
        "reward.sum",
    ]


def test_columns_that_need_a_broken_one_are_not_called_a_circle():
    text = "[reward.rogue1]\n[reward.sum]\ncombine = 'sum'\nof = ['rogue1']"
    assert [path for path, _ in problems(text)] == ["reward.rogue1"]


def test_a_file_is_read_and_rewards_are_found_beside_it(tmp_path):
    (tmp_path / "mine.py").write_text("def f(completions, **kwargs):\n    return [1.0]\n", encoding="utf-8")
    path = tmp_path / "recipe.toml"
    path.write_text("\ufeff[reward.mine]\r\nuse = 'mine.py:f'\r\nanswer = 'gold'\r\n", encoding="utf-8")
    recipe = Recipe.load(path)
    assert recipe["mine"].reward(completions=["a"]) == [1.0]
    assert recipe["mine"].data == {"answer": "gold"}
    assert Recipe.from_toml(recipe.to_toml(), tmp_path) == recipe


@pytest.mark.parametrize(
    ("content", "said"), [(None, "there is no recipe"), (b"\xff\xfe", "cannot be read"), ("", "cannot be read")]
)
def test_a_file_that_cannot_be_read(content, said, tmp_path):
    path = tmp_path / "recipe.toml"
    if content == "":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=said):
        load_recipe(path)


def anything(completions, *, thing=None, other: int | None = 5):
    return [1.0] * len(completions)


@pytest.mark.parametrize("value", [len, {"a", "b"}, {"a": None}, (1, None), b"x", {5: "x"}, object()])
def test_what_toml_cannot_hold_is_said_with_its_place(value):
    recipe = Recipe(use(anything, thing=value))
    with pytest.raises(RecipeError, match=r"reward\.anything\.thing: .* cannot be written in TOML"):
        recipe.to_toml()
    assert len(recipe.fingerprint) == 64


def test_none_where_it_is_not_the_default_is_no_toml():
    with pytest.raises(RecipeError, match=r"reward\.anything\.other: None cannot be written"):
        Recipe(use(anything, other=None)).to_toml()
    assert "thing =" not in Recipe(use(anything, thing=None)).to_toml()


@pytest.mark.parametrize(
    "value",
    [datetime.date(2024, 1, 1), datetime.time(1), 2**70, "\n\t\x01\\\"'", "한글", [[1], ["a"]], {"a.b": {"c": [1]}}],
)
def test_what_toml_holds_comes_back(value):
    recipe = Recipe(use(anything, thing=value))
    assert Recipe.from_toml(recipe.to_toml()) == recipe


def test_null_within_a_schema_is_not_dropped_silently():
    with pytest.raises(RecipeError, match=r"reward\.json_format\.schema"):
        Recipe(json_format(schema={"const": None})).to_toml()


def test_a_reward_is_written_so_that_another_process_finds_it():
    assert recipe_to_dict(Recipe(use(anything)))["reward"]["anything"]["use"].endswith("test_toml:anything")
    assert recipe_to_dict(Recipe(exact_match())) == {"reward": {"exact_match": {}}}


def test_a_reward_registered_here_only_is_not_portable():
    from jeoul.rewards import registry

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "_registered", dict(registry._registered))
        mine = registry.reward(name="mine")(lambda completions: [1.0])
        with pytest.raises(RecipeError, match=r"reward\.mine: 'mine' has no importable name"):
            Recipe(mine()).to_toml()


def test_the_recipe_is_written_in_its_order():
    recipe = regex(pattern="b").named("b") + regex(pattern="a").named("a")
    assert recipe.to_toml().index("[reward.b]") < recipe.to_toml().index("[reward.a]")
    assert Recipe.from_toml(recipe.to_toml()).names == ["b", "a"]
