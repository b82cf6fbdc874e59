"""What can go wrong for a user, by whose mistake it is; the CLI turns each into its exit code."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "DataError",
    "JeoulError",
    "Problem",
    "RecipeError",
    "ScoringError",
    "TrainingError",
    "UsageError",
    "did_you_mean",
    "listed",
]


class JeoulError(Exception):
    """Base of every error Jeoul raises on purpose. Its message is written for the user: no traceback is needed."""

    exit_code = 1


class UsageError(JeoulError, ValueError):
    """A wrong argument, option or recipe (exit code 2)."""

    exit_code = 2


class DataError(JeoulError, ValueError):
    """A file or column that cannot be read as what it should be (exit code 3)."""

    exit_code = 3


class ScoringError(JeoulError, RuntimeError):
    """A cell failed and its column says ``on_error = "raise"``, or a reward could not be started (exit code 1)."""


class TrainingError(JeoulError, RuntimeError):
    """Training cannot go on: something that must be finite is not (exit code 1)."""


@dataclass(frozen=True)
class Problem:
    """One mistake and where it is, e.g. ``Problem("reward.rouge1.weigth", "unknown key …")``."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class RecipeError(UsageError):
    r"""All mistakes of a recipe at once, in the order of the recipe.

    >>> str(RecipeError([Problem("reward.a.weight", "is missing"), Problem("reward.b", "is empty")]))
    '2 mistakes in the recipe:\n  reward.a.weight: is missing\n  reward.b: is empty'
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = "1 mistake" if count == 1 else f"{count} mistakes"
        super().__init__(f"{head} in the recipe:\n" + "\n".join(f"  {problem}" for problem in self.problems))

    def __reduce__(self) -> tuple[type[RecipeError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


def listed(names: Iterable[str], most: int = 12) -> str:
    """Names as one readable list: the first ``most`` of them, then how many more."""
    every = list(names)
    if not every:
        return "none"
    more = f" … and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``" (did you mean 'x'?)"`` with the nearest of ``known``, or ``""`` where nothing is near.

    >>> did_you_mean("rogue1", ["rouge1", "regex"])
    " (did you mean 'rouge1'?)"
    >>> did_you_mean("zzz", ["rouge1", "regex"])
    ''
    """
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]!r}?)" if near else ""
