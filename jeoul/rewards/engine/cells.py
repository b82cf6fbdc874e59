"""The distinct calls a column needs: its data arguments found in the rollouts, equal cells taken together."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from jeoul.chat import completion_text
from jeoul.errors import DataError, Problem, RecipeError, did_you_mean, listed
from jeoul.rewards.tables.file import refuse_clashes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jeoul.rewards.recipes.column import Column
    from jeoul.rewards.recipes.recipe import Recipe
    from jeoul.rollouts import Rollouts

__all__ = ["Units", "check_data", "units_of"]


@dataclass(frozen=True)
class Units:
    """What is to be called: one unit per distinct cell, or per group for a reward of group scope.

    Attributes:
        arguments: names of the data arguments.
        data: per unit, one value for each argument (for a group: one list for each argument).
        rows: per unit, the rows that get its outcomes (for a cell: all of them the one outcome).
        grouped: units are groups.
    """

    arguments: list[str]
    data: list[tuple[Any, ...]]
    rows: list[list[int]]
    grouped: bool = False


def check_data(recipe: Recipe, rollouts: Rollouts) -> None:
    """Every column's data must be there before anything is scored.

    Raises:
        DataError: all that is missing at once, with the columns there are.
    """
    problems = []
    for column in recipe:
        if column.reward is None:
            continue
        for argument, required in (dict.fromkeys(column.data, True) | dict(column.reward.signature.data)).items():
            name = column.data.get(argument, argument)
            if _special(column, argument) or name in rollouts.columns or not (required or argument in column.data):
                continue
            hint = did_you_mean(name, rollouts.columns)
            write = f'; if it has another name: {argument} = "…"' if argument == name else ""
            problems.append(
                Problem(f"reward.{column.name}.{argument}", f"the data has no column {name!r}{hint}{write}")
            )
    if problems:
        lines = "\n".join(f"  {problem}" for problem in problems)
        raise DataError(
            f"the recipe needs columns that the data lacks:\n{lines}\nits columns: {listed(rollouts.columns, 40)}"
        )


def _special(column: Column, argument: str) -> bool:
    return argument in ("completions", "prompts") and argument not in column.data


def units_of(column: Column, rollouts: Rollouts, wanted: NDArray[np.bool_]) -> Units:
    """The units that cover the wanted rows of a column."""
    assert column.reward is not None
    sources = _sources(column, rollouts)
    if column.reward.scope == "group":
        return _groups(sources, rollouts, wanted)
    arguments = list(sources)
    rows_wanted = range(len(rollouts)) if wanted.all() else np.flatnonzero(wanted).tolist()
    columns = [sources[name] for name in arguments]
    if isinstance(rows_wanted, range):
        cells = zip(*columns, strict=True)
    else:
        cells = zip(*([values[row] for row in rows_wanted] for values in columns), strict=True)
    seen: dict[Any, int] = {}
    data: list[tuple[Any, ...]] = []
    rows: list[list[int]] = []
    for row, cell in zip(rows_wanted, cells, strict=True):
        unit = seen.setdefault(tuple(map(_key, cell)), len(data))
        if unit == len(data):
            data.append(cell)
            rows.append([row])
        else:
            rows[unit].append(row)
    return Units(arguments, data, rows)


def _groups(sources: dict[str, Sequence[Any]], rollouts: Rollouts, wanted: NDArray[np.bool_]) -> Units:
    """Whole groups, each with at least one wanted row."""
    groups = rollouts.groups
    order = np.argsort(groups, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)
    rows = [block.tolist() for block in members if wanted[block].any()]
    data = [tuple([values[row] for row in block] for values in sources.values()) for block in rows]
    return Units(list(sources), data, rows, grouped=True)


def _sources(column: Column, rollouts: Rollouts) -> dict[str, Sequence[Any]]:
    """Data argument → the sequence that feeds it, [B]."""
    reward = column.reward
    assert reward is not None
    raw = not reward.native  # a TRL function gets chat lists where the data holds them
    sources: dict[str, Sequence[Any]] = {}
    wanted = dict(reward.signature.data)
    if reward.signature.every_column:
        own = {rollouts.completion, rollouts.prompt}
        wanted = {"prompts": False, "completions": True} | wanted
        wanted |= {name: False for name in rollouts.columns if name not in own and name not in wanted}
        wanted |= dict.fromkeys(column.data, True)
    for argument in wanted:
        name = column.data.get(argument, argument)
        if argument == "completions" and argument not in column.data:
            sources[argument] = rollouts.column(rollouts.completion) if raw else rollouts.texts
        elif argument == "prompts" and argument not in column.data:
            sources[argument] = rollouts.column(rollouts.prompt) if raw and rollouts.prompt else rollouts.prompts()
        elif argument == "completions" and not raw:
            sources[argument] = _texts(column.name, name, rollouts.column(name))
        elif name in rollouts.columns:
            sources[argument] = rollouts.column(name)
    return sources


def _texts(column: str, name: str, values: Sequence[Any]) -> list[str]:
    """Another column than the completions', read as they are: a null is no text, least of all "None"."""
    texts = []
    for row, value in enumerate(values):
        try:
            texts.append(completion_text(value))
        except ValueError as error:
            raise DataError(f"reward.{column}.completions: row {row}: {name!r} {error}") from None
    return texts


def _key(value: Any) -> Any:
    """What tells cells apart: 1, 1.0, True and "1" are different inputs to a reward."""
    kind = type(value)
    if kind is str:
        return value
    if kind is int or kind is bool or value is None:
        return kind, value
    if kind is float:
        return kind, repr(value)  # NaN equals NaN here, and -0.0 is not 0.0
    if kind is list or kind is tuple:
        return kind, tuple(map(_key, value))
    if kind is dict:
        return kind, tuple((_key(key), _key(inner)) for key, inner in value.items())
    try:
        return kind, pickle.dumps(value)  # arrays, dates …: exact, where == or repr would take some together
    except Exception:  # equal to nothing but itself
        return kind, id(value)


def refuse_unready(recipe: Recipe, rollouts: Rollouts) -> None:
    """Refuse what cannot run or be saved at all, before anything is computed."""
    problems = [
        Problem(f"reward.{name}", "every table has a column of this name; give yours another")
        for name in recipe.names
        if name in ("group", "total")
    ]
    problems += [
        Problem(f"reward.{column.name}", "an asynchronous reward cannot have group scope")
        for column in recipe
        if column.reward is not None and column.reward.asynchronous and column.reward.scope == "group"
    ]
    if problems:
        raise RecipeError(problems)
    refuse_clashes(recipe.names, rollouts.columns)
