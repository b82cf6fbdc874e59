"""Grades of single answers, as other harnesses ask for them: one problem, its completions, every column of a recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jeoul.errors import DataError, UsageError
from jeoul.evals.evaluation import rollouts_of
from jeoul.evals.outputs import Output, Outputs
from jeoul.evals.protocols import Protocol, find_protocol
from jeoul.evals.suites import find_suite, split_name
from jeoul.evals.suites_rows import Problems, load_problems
from jeoul.rewards.tables.status import Status

if TYPE_CHECKING:
    from jeoul.rewards.recipes.recipe import Recipe
    from jeoul.rewards.tables.table import RewardTable

__all__ = ["Grade", "SuiteGrader", "grades_of", "recipe_of", "refuse_raw"]


class Grade(NamedTuple):
    """One cell: its value (NaN where it does not apply or failed), what happened, and why."""

    value: float
    status: str
    reason: str


@dataclass(frozen=True)
class SuiteGrader:
    """A suite under a protocol, with its problems.

    Attributes:
        problems: of the suite.
        protocol: how completions are drawn.
        recipe: the suite's, read once.
    """

    problems: Problems
    protocol: Protocol
    recipe: Recipe = field(repr=False)

    @classmethod
    def open(
        cls, name: str, *, data: str | Path | None = None, samples: int | None = None, suite_hash: str = ""
    ) -> SuiteGrader:
        """``SUITE[@PROTOCOL]`` with its problems.

        Args:
            name: of suite and protocol, or their files.
            data: folder of local copies of suites.
            samples: of each problem, where it is not the protocol's number.
            suite_hash: what the suite's fingerprint must begin with: that of the one that was exported.

        Raises:
            DataError: the suite is another one than was exported, or its problems are not found.
        """
        suite_name, protocol_name = split_name(name)
        suite, protocol = find_suite(suite_name), find_protocol(protocol_name)
        if suite_hash and not suite.fingerprint.startswith(suite_hash):
            raise DataError(
                f"{suite.name} is no longer the suite that was exported (its hash was {suite_hash}, and is "
                f"{suite.fingerprint[: len(suite_hash)]}): scores would not be alike; export it again"
            )
        problems = load_problems(suite, None if data is None else Path(data))
        return cls(problems, protocol if samples is None else protocol.with_samples(samples), suite.recipe)

    @property
    def columns(self) -> tuple[str, ...]:
        """The recipe's columns, the score first."""
        score = self.problems.suite.score
        return (score, *(name for name in self.recipe.names if name != score))

    def grades(self, row: Mapping[str, Any], completions: Sequence[str]) -> list[dict[str, Grade]]:
        """Column → grade, for each completion of one problem."""
        outputs = Outputs(
            [Output(row["id"], place, text) for place, text in enumerate(completions)], len(completions), 0, {}
        )
        table = self.recipe.score(rollouts_of(outputs, self.problems))
        return [_cells(table, place, self.columns) for place in range(len(completions))]


def grades_of(recipe: Recipe, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Grade]]:
    """Column → grade, for each row of data."""
    table = recipe.score([dict(row) for row in rows])
    return [_cells(table, place, table.names) for place in range(len(rows))]


def recipe_of(what: Any) -> Recipe:
    """A recipe of a recipe, a column, a reward, the name of one, or the path of a recipe file.

    >>> recipe_of("exact_match").names
    ['exact_match']
    """
    from jeoul.rewards.recipes.column import Column, use
    from jeoul.rewards.recipes.recipe import Recipe
    from jeoul.rewards.registry import Reward

    if isinstance(what, Recipe):
        return what
    if isinstance(what, Column):
        return Recipe(what)
    if isinstance(what, str) and what.endswith(".toml"):
        return Recipe.load(Path(what))
    if isinstance(what, str | Reward) or callable(what):
        return Recipe(use(what))
    raise UsageError(f"{what!r:.60} is no recipe, column or reward; expected one of these, a name or a .toml file")


def _cells(table: RewardTable, row: int, columns: Sequence[str]) -> dict[str, Grade]:
    found = {}
    for name in columns:
        index = table.index(name)
        status = Status(int(table.status[row, index])).name
        found[name] = Grade(float(table.value[row, index]), status, str(table.reason[row][index]))
    return found


def refuse_raw(protocol: Protocol) -> None:
    """UsageError for a raw prompt, in a harness that sends chats alone."""
    if protocol.raw:
        raise UsageError(
            f"the protocol {protocol.name!r} is a raw prompt past the chat template, and inspect_ai sends chats; "
            "choose another, such as gdpo, field, greedy or drgrpo"
        )
