"""``jeoul recipe check|show|schema|list``, and finding a recipe by path or shipped name."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from jeoul.cli.output import print_json, print_table
from jeoul.errors import DataError, RecipeError, did_you_mean, listed

if TYPE_CHECKING:
    from jeoul.rewards.recipes.recipe import Recipe

__all__ = ["check", "find_recipe", "schema", "shipped", "show"]

Flag = Annotated[bool, Parameter(negative="")]


def shipped_recipes() -> dict[str, str]:
    """Name → TOML text of the recipes that come with Jeoul."""
    found = sorted(files("jeoul.recipes").iterdir(), key=lambda file: file.name)
    return {file.name[:-5]: file.read_text(encoding="utf-8") for file in found if file.name.endswith(".toml")}


def find_recipe(name: str) -> Recipe:
    """A recipe by path, or a shipped one by name."""
    from jeoul.rewards.recipes.recipe import Recipe

    path = Path(name)
    if path.exists() or name.endswith(".toml") or "/" in name:
        return Recipe.load(path)
    known = shipped_recipes()
    if name not in known:
        raise DataError(
            f"there is no file {name}, and no shipped recipe{did_you_mean(name, known)}; shipped: {listed(known)}"
        )
    return Recipe.from_toml(known[name])


def check(recipe: str, *, json: Flag = False) -> None:
    """Report every mistake in a recipe at once (exit code 2 if there is any).

    Parameters
    ----------
    recipe
        A recipe file, or the name of a shipped one.
    json
        Print {"ok": …, "problems": [{"path", "message"}]}.
    """
    try:
        made = find_recipe(recipe)
    except RecipeError as error:
        if json:
            print_json({"ok": False, "problems": [vars(problem) for problem in error.problems]})
        raise
    if json:
        print_json({"ok": True, "problems": [], "fingerprint": made.fingerprint, "columns": made.names})
    else:
        print(f"ok: {len(made)} columns ({listed(made.names)})")


def show(recipe: str, *, toml: Flag = False, json: Flag = False) -> None:
    """Show a recipe as Python, its fingerprint and the data it reads.

    Parameters
    ----------
    recipe
        A recipe file, or the name of a shipped one.
    toml
        Print it as TOML instead, to start a recipe of your own from: jeoul recipe show maths --toml > mine.toml
    json
        Print the same as JSON.
    """
    from jeoul.rewards.recipes.toml import recipe_to_dict

    made = find_recipe(recipe)
    if toml:
        print(shipped_recipes().get(recipe) or made.to_toml(), end="")
        return
    reads = sorted(
        {
            column.data.get(argument, argument)
            for column in made
            if column.reward is not None
            for argument, required in column.reward.signature.data.items()
            if required or argument in column.data
        }
        - {"completions", "prompts"}
    )
    if json:
        document = {
            "fingerprint": made.fingerprint,
            "reads": reads,
            "python": repr(made),
            "recipe": recipe_to_dict(made),
        }
        print_json(document)
        return
    print(f"{made!r}\n\nreads: completion{''.join(f', {name}' for name in reads)}\nfingerprint: {made.fingerprint}")


def schema() -> None:
    """Print the JSON Schema of recipes; editors complete and check TOML with it."""
    from jeoul.rewards.recipes.schema import recipe_schema

    print_json(recipe_schema())


def shipped(*, json: Flag = False) -> None:
    """List the recipes that come with Jeoul; start your own from one: jeoul recipe show NAME --toml > mine.toml.

    Parameters
    ----------
    json
        Print name → TOML text.
    """
    known = shipped_recipes()
    if json:
        print_json(known)
        return
    rows = [[name, text.lstrip("# ").partition("\n")[0]] for name, text in known.items()]
    print_table("Shipped recipes", ["name", "what it is for"], rows, left=2)
