import subprocess
import sys

import pytest

import jeoul
from jeoul.rewards.registry import Reward, builtin_names

HEAVY = ("torch", "pandas", "sympy", "transformers", "pyarrow", "numpy", "pydantic", "jsonschema", "regex", "evaluate")


def loaded_after(statement):
    program = f"import sys\n{statement}\nprint(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout.split()


@pytest.mark.parametrize(
    ("statement", "light"),
    [
        ("import jeoul", HEAVY),
        ("from jeoul import Recipe, reward, reward_names, exact_match", ("torch", "pandas", "sympy", "transformers")),
        ("from jeoul import *", ("torch", "sympy", "transformers", "evaluate")),
        (
            "import jeoul; jeoul.reward_names(); 0.5 * jeoul.tagged('a') + jeoul.exact_match()",
            ("torch", "pandas", "sympy"),
        ),
    ],
)
def test_names_load_only_what_they_need(statement, light):
    assert not set(loaded_after(statement)) & set(light)


def test_every_public_name_resolves_and_is_listed_once():
    names = jeoul.__all__
    assert len(set(names)) == len(names)
    assert set(names) <= set(dir(jeoul))
    assert all(getattr(jeoul, name) is not None for name in names)


@pytest.mark.parametrize("module", jeoul._HOMES)
def test_every_name_is_exported_by_its_module(module):
    home = __import__(module, fromlist=["__all__"])
    assert set(jeoul._HOMES[module]) <= set(home.__all__)


def test_what_type_checkers_see_is_what_there_is():
    import ast
    from pathlib import Path

    tree = ast.parse(Path(jeoul.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imported = {node.module: tuple(alias.name for alias in node.names) for node in block.body}
    assert {module: set(names) for module, names in imported.items()} == {m: set(n) for m, n in jeoul._HOMES.items()}


def test_rewards_are_names_of_the_package():
    assert "exact_match" in builtin_names()
    assert all(isinstance(getattr(jeoul, name), Reward) for name in builtin_names())
    assert not set(builtin_names()) & set(jeoul._PUBLIC)


@pytest.mark.parametrize("name", ["exact_mtach", "_private", "Recipee"])
def test_an_unknown_name_is_an_attribute_error(name):
    with pytest.raises(AttributeError, match=f"'jeoul' has no attribute '{name}'"):
        getattr(jeoul, name)


def test_only_jeoul_is_top_level():
    from importlib.metadata import packages_distributions

    mine = [name for name, owners in packages_distributions().items() if "jeoul" in owners]
    assert [name for name in mine if not name.startswith("_")] in ([], ["jeoul"])
