import pickle

import pytest

from jeoul.errors import (
    DataError,
    JeoulError,
    Problem,
    RecipeError,
    ScoringError,
    UsageError,
    did_you_mean,
    listed,
)


@pytest.mark.parametrize(("kind", "code"), [(UsageError, 2), (DataError, 3), (ScoringError, 1), (RecipeError, 2)])
def test_each_kind_has_its_exit_code_and_one_base(kind, code):
    assert issubclass(kind, JeoulError)
    assert kind.exit_code == code


def test_a_recipe_error_lists_every_problem_and_pickles():
    error = RecipeError([Problem("reward.a", "is empty"), Problem("", "is not TOML")])
    assert str(error) == "2 mistakes in the recipe:\n  reward.a: is empty\n  is not TOML"
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.problems) == (str(error), error.problems)


@pytest.mark.parametrize(("names", "said"), [([], "none"), (["a", "b"], "a, b"), ([str(n) for n in range(14)], None)])
def test_listed(names, said):
    assert listed(names) == (said or ", ".join(names[:12]) + " … and 2 more")


@pytest.mark.parametrize(("name", "hint"), [("anwser", " (did you mean 'answer'?)"), ("zzz", ""), ("", "")])
def test_did_you_mean(name, hint):
    assert did_you_mean(name, iter(["answer", "label"])) == hint
