"""Recipes as TOML: reading with every mistake at once, writing back the same."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jeoul.errors import DataError, Problem, RecipeError, UsageError, did_you_mean, listed
from jeoul.rewards.recipes.column import Column
from jeoul.rewards.recipes.combination import COMBINATIONS, combination
from jeoul.rewards.recipes.recipe import Advantage, Recipe, check_links
from jeoul.rewards.recipes.schedule import Schedule, parse_weight
from jeoul.rewards.recipes.settings import parse_clip, parse_failure, parse_gate, parse_limit, parse_otherwise
from jeoul.rewards.registry import everywhere, find_reward
from jeoul.rewards.signature import RESERVED
from jeoul.units import Quantity

__all__ = ["load_recipe", "parse_recipe", "recipe_to_dict", "write_recipe"]


def load_recipe(path: Path) -> Recipe:
    """Read a recipe file; DataError where it cannot be read, RecipeError with every mistake in it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataError(f"there is no recipe {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the recipe {path} cannot be read: {error}") from None
    try:
        return parse_recipe(text, path.parent)
    except RecipeError as error:
        raise RecipeError([Problem(problem.path or str(path), problem.message) for problem in error.problems]) from None


def parse_recipe(text: str, folder: Path | None = None) -> Recipe:
    """A recipe from TOML text.

    Raises:
        RecipeError: every mistake, each with its path.
    """
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError alone for an integer of thousands of digits
        raise RecipeError([Problem("", f"is not TOML: {error}")]) from None
    problems = [
        Problem(
            key,
            f"unknown table{did_you_mean(key, ['reward', 'advantage'])}; a recipe has [reward.NAME] and [advantage]",
        )
        for key in document
        if key not in ("reward", "advantage")
    ]
    tables = document.get("reward", {})
    if not isinstance(tables, dict):
        raise RecipeError([*problems, Problem("reward", "must hold one table per column: [reward.NAME]")])
    columns, broken = [], set()
    for name, table in tables.items():
        column, mistakes = _read_column(name, table, folder)
        problems += mistakes
        if column is None:
            broken.add(name)
        else:
            columns.append(column)
    advantage, mistakes = _read_advantage(document.get("advantage", {}))
    problems += mistakes
    problems += check_links(tuple(columns), frozenset(broken))
    if problems:
        raise RecipeError(problems)
    return Recipe(*columns, advantage=advantage)


def _read_column(name: str, table: object, folder: Path | None) -> tuple[Column | None, list[Problem]]:
    path = f"reward.{name}"
    if not isinstance(table, dict):
        return None, [Problem(path, f"must be a table, not {table!r}")]
    given = {key: value for key, value in table.items() if key not in RESERVED}
    if "combine" in table or "of" in table:
        column, problems = _read_combination(name, table, given)
    else:
        try:
            locator = table.get("use", name)
            reward = find_reward(str(locator), folder)
        except UsageError as error:
            unknown = Problem(path if "use" not in table else f"{path}.use", str(error))
            return None, [unknown, *_read_settings(path, table)[1]]
        column, problems = Column.build(name, reward, given, use=str(locator))
        problems = [Problem(f"reward.{problem.path}", _near_key(problem, given)) for problem in problems]
    changes, mistakes = _read_settings(path, table)
    return replace(column, **changes), problems + mistakes


def _near_key(problem: Problem, given: Mapping[str, Any]) -> str:
    """An unknown option may be a misspelt key of the recipe itself: ``wieght``."""
    key = problem.path.rpartition(".")[2]
    hint = did_you_mean(key, RESERVED) if key in given and "no such option" in problem.message else ""
    return problem.message if not hint or "did you mean" in problem.message else f"{problem.message}{hint}"


def _read_combination(name: str, table: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[Column, list[Problem]]:
    path, kind, parts = f"reward.{name}", table.get("combine"), table.get("of")
    problems = [Problem(f"{path}.{key}", "a combination has no options of a reward") for key in given]
    if "use" in table:
        problems.append(Problem(f"{path}.use", "a column is a reward (use) or a combination (combine, of), not both"))
    if kind not in COMBINATIONS:
        hint = did_you_mean(str(kind), COMBINATIONS)
        problems.append(Problem(f"{path}.combine", f"must be one of {listed(COMBINATIONS)}, not {kind!r}{hint}"))
    listed_names = isinstance(parts, list) and all(isinstance(part, str) for part in parts)
    shares: Any = dict.fromkeys(parts or [], 1.0) if listed_names else parts
    if not isinstance(shares, dict):
        problems.append(
            Problem(f"{path}.of", f'must be names (["a", "b"]) or shares ({{a = 2, b = 1}}), not {parts!r}')
        )
    elif isinstance(parts, list) and len(shares) < len(parts):
        problems.append(Problem(f"{path}.of", "names a column twice"))
    if problems:
        return Column(name), problems
    try:
        return Column(name, combination=combination(str(kind), list(shares.items()))), []
    except ValueError as error:
        return Column(name), [Problem(f"{path}.of", str(error))]


_SETTINGS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "weight": ("weight", parse_weight),
    "clip": ("bounds", parse_clip),
    "when": ("gate", parse_gate),
    "else": ("otherwise", parse_otherwise),
    "on_error": ("failure", parse_failure),
    "deadline": ("limit", parse_limit),
    "monitor": ("monitored", lambda value: _parse_bool(value)),
}


def _read_settings(path: str, table: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    changes, problems = {}, []
    for key, (attribute, parse) in _SETTINGS.items():
        if key in table:
            try:
                changes[attribute] = parse(table[key])
            except ValueError as error:
                problems.append(Problem(f"{path}.{key}", str(error)))
    if "else" in table and "when" not in table:
        problems.append(Problem(f"{path}.else", "stands without `when`"))
    return changes, problems


def _parse_bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {value!r}")
    return value


def _read_advantage(table: object) -> tuple[Advantage, list[Problem]]:
    if not isinstance(table, dict):
        return Advantage(), [Problem("advantage", f"must be a table, not {table!r}")]
    options = {key: value for key, value in table.items() if key != "normalise"}
    if options and "normalise" not in table:
        hint = did_you_mean(next(iter(options)), ["normalise"])
        return Advantage(), [Problem("advantage", f"needs `normalise`{hint}; found {listed(options)}")]
    try:
        return Advantage(table.get("normalise", "sum"), options), []
    except ValueError as error:
        return Advantage(), [Problem("advantage.normalise", str(error))]


def recipe_to_dict(recipe: Recipe, portable: bool = True) -> dict[str, Any]:
    """The recipe as the document that TOML holds.

    Args:
        portable: refuse a reward that another process could not find by its name (a closure, a notebook function).
    """
    problems, tables = [], {}
    for column in recipe:
        tables[column.name] = _column_table(column)
        if portable and column.reward is not None and not _findable(column):
            message = f'{column.use!r} has no importable name; put the function in a module or file: use = "file.py:fn"'
            problems.append(Problem(f"reward.{column.name}", message))
    if problems:
        raise RecipeError(problems)
    document: dict[str, Any] = {"reward": tables}
    if recipe.advantage != Advantage():
        document["advantage"] = {"normalise": recipe.advantage.normalise, **recipe.advantage.options}
    return document


def _findable(column: Column) -> bool:
    return ":" in column.use or everywhere(column.use)


def _column_table(column: Column) -> dict[str, Any]:
    table: dict[str, Any] = {}
    if column.combination is not None:
        table |= {"combine": column.combination.kind, "of": column.combination.to_toml()}
    elif column.use != column.name:
        table["use"] = column.use
    if column.monitored:
        table["monitor"] = True
    if column.weight != 1:
        table["weight"] = column.weight.to_dict() if isinstance(column.weight, Schedule) else column.weight
    table |= column.data
    table |= {name: _plain(value) for name, value in column.options.items()}
    if column.bounds is not None:
        table["clip"] = list(column.bounds)
    if column.gate is not None:
        table |= {"when": str(column.gate), "else": column.otherwise}
    if column.failure != "skip":
        table["on_error"] = column.failure
    if column.limit is not None:
        table["deadline"] = str(column.limit)
    return table


def _plain(value: Any) -> Any:
    if isinstance(value, Quantity):
        return str(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return value


def write_recipe(recipe: Recipe) -> str:
    """The recipe as TOML text."""
    import tomli_w

    document = recipe_to_dict(recipe)
    problems = [
        Problem(f"{path}.{key}", f"{value!r} cannot be written in TOML")
        for path, table in [*((f"reward.{name}", table) for name, table in document["reward"].items()),
                            ("advantage", document.get("advantage", {}))]
        for key, value in table.items()
        if not _writable(value)
    ]  # fmt: skip
    if problems:
        raise RecipeError(problems)
    return tomli_w.dumps(document)


def _writable(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _writable(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(map(_writable, value))
    return isinstance(value, str | int | float | datetime.date | datetime.time)
