"""A recipe: the columns of a reward table, their weights, and how they become an advantage. Data, not code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jeoul.errors import Problem, RecipeError, did_you_mean, listed
from jeoul.rewards.recipes.column import NAME_RULE, Column
from jeoul.rewards.recipes.options import frozen
from jeoul.rewards.recipes.schedule import Follow, weight_at
from jeoul.rewards.registry import is_name

if TYPE_CHECKING:
    from jeoul.rewards.tables.table import RewardTable

__all__ = ["ESTIMATORS", "Advantage", "Recipe"]

ESTIMATORS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("grpo", "dr_grpo", "grpo_batch_std", "reinforce_pp_baseline", "reinforce_pp", "rloo"), ()),
    **dict.fromkeys(("gdpo", "gdpo_nobn", "grpo_bn", "dvao", "corr_grpo"), ()),
    "grpo_scaled": ("bounds",),
    "saw": ("mode", "bounds", "delta"),
    "sa_mrpo": ("gamma", "bounds"),
    "dara": ("cap",),
}
"""Estimators a recipe may name, with their own options; every one takes ``preset`` too."""
NORMALISE = {"column": "gdpo", "sum": "grpo"}


@dataclass(frozen=True)
class Advantage:
    """How the columns become one advantage: "column" (gdpo), "sum" (grpo) or any named estimator with options."""

    normalise: str = "sum"
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", {name: frozen(value) for name, value in self.options.items()})
        known = [*NORMALISE, *ESTIMATORS]
        if self.normalise not in known:
            hint = did_you_mean(str(self.normalise), known)
            raise ValueError(f"normalise must be one of {', '.join(known)}, not {self.normalise!r}{hint}")
        takes = ("preset", *ESTIMATORS[self.estimator])
        for name in self.options:
            if name not in takes:
                hint = did_you_mean(name, takes)
                raise ValueError(f"{self.estimator} has no option {name!r}{hint}; it takes {', '.join(takes)}")

    @property
    def estimator(self) -> str:
        """Name of the estimator: "column" is gdpo, "sum" is grpo."""
        return NORMALISE.get(self.normalise, self.normalise)


class Recipe:
    """Columns with weights, and the way they are normalised into an advantage. Immutable.

    ``1.0 * correct + 0.5 * rouge1(reference="solution").when(correct >= 1)`` makes one; so does :meth:`load`.
    A column that a gate or combination refers to, but that was not added itself, joins as a monitor.

    Raises:
        RecipeError: all mistakes at once (duplicate names, a gate on a later column, a cycle, unknown names).
    """

    columns: tuple[Column, ...]
    advantage: Advantage

    def __init__(self, *columns: Column, advantage: Advantage | None = None) -> None:
        self.columns = _linked(columns)
        self.advantage = advantage or Advantage()
        problems = check_links(self.columns)
        if problems:
            raise RecipeError(problems)

    # -- building

    def __add__(self, other: Column | Recipe) -> Recipe:
        if isinstance(other, Recipe):
            if other.advantage != Advantage() != self.advantage != other.advantage:
                raise RecipeError([Problem("advantage", "the two recipes normalise differently; call normalise last")])
            advantage = self.advantage if other.advantage == Advantage() else other.advantage
            return Recipe(*_joined(self.columns, other.columns), advantage=advantage)
        if not isinstance(other, Column):
            return NotImplemented
        return Recipe(*_joined(self.columns, (other,)), advantage=self.advantage)

    def __sub__(self, other: Column | Recipe) -> Recipe:
        return self + other * -1.0

    def __mul__(self, factor: float) -> Recipe:
        return Recipe(*(column.weighted(factor) for column in self.columns), advantage=self.advantage)

    __rmul__ = __mul__

    def normalise(self, how: str, **options: Any) -> Recipe:
        """The recipe with its advantage set: "column", "sum" or an estimator with its options."""
        try:
            return Recipe(*self.columns, advantage=Advantage(how, options))
        except ValueError as error:
            if isinstance(error, RecipeError):
                raise
            raise RecipeError([Problem("advantage.normalise", str(error))]) from None

    @classmethod
    def load(cls, path: str | Path) -> Recipe:
        """Read a TOML recipe; rewards in ``file.py:fn`` are found relative to it."""
        from jeoul.rewards.recipes.toml import load_recipe

        return load_recipe(Path(path))

    @classmethod
    def from_toml(cls, text: str, folder: Path | None = None) -> Recipe:
        """Read TOML text; ``folder`` is where ``file.py:fn`` is looked for."""
        from jeoul.rewards.recipes.toml import parse_recipe

        return parse_recipe(text, folder)

    def to_toml(self) -> str:
        """The recipe as TOML: ``Recipe.from_toml(recipe.to_toml()) == recipe``."""
        from jeoul.rewards.recipes.toml import write_recipe

        return write_recipe(self)

    # -- looking

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"no column {name!r}{did_you_mean(name, self.names)}; there are {listed(self.names)}")

    @property
    def names(self) -> list[str]:
        """Names of the columns, in order."""
        return [column.name for column in self.columns]

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the recipe's content: the same in every process and version of Python."""
        from jeoul.rewards.recipes.toml import recipe_to_dict

        document = recipe_to_dict(self, portable=False)
        document["order"] = self.names
        text = json.dumps(document, sort_keys=True, ensure_ascii=True, default=_stable)
        return hashlib.sha256(text.encode()).hexdigest()

    def weights(self, step: int = 0, means: Mapping[str, float] | None = None) -> dict[str, float]:
        """Weight of each column that counts (monitors do not), at a training step and for a batch's column means."""
        counted = [column for column in self.columns if not column.monitored]
        return {column.name: weight_at(column.weight, step, means or {}) for column in counted}

    def score(self, rollouts: Any, **how: Any) -> RewardTable:
        """Score rollouts (a file, rows, a frame): see :func:`jeoul.rewards.engine.scoring.score`."""
        from jeoul.rewards.engine.scoring import score

        return score(self, rollouts, **how)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Recipe) and (self.columns, self.advantage) == (other.columns, other.advantage)

    def __hash__(self) -> int:
        return hash(self.columns)

    def __repr__(self) -> str:
        terms = [repr(column) for column in self.columns]
        if len(terms) == 1 or self._looks_ahead():  # a sum is made from left to right, and checked at each +
            body = "Recipe(" + ",\n       ".join(terms) + ")"
        else:
            body = "(" + "\n + ".join(terms) + ")"
        if self.advantage == Advantage():
            return body
        options = "".join(f", {name}={value!r}" for name, value in self.advantage.options.items())
        return f"{body}.normalise({self.advantage.normalise!r}{options})"

    def _looks_ahead(self) -> bool:
        """Whether a column needs a later one (a combination may)."""
        earlier: set[str] = set()
        for column in self.columns:
            earlier.add(column.name)
            if not earlier.issuperset(_needed(column)):
                return True
        return False


def _needed(column: Column) -> list[str]:
    """Columns that its value or weight is made of."""
    parts = column.combination.names() if column.combination else []
    return [*parts, column.weight.column] if isinstance(column.weight, Follow) else parts


def _joined(mine: tuple[Column, ...], theirs: tuple[Column, ...]) -> list[Column]:
    """All columns; one that a gate brought along as a monitor, and that is added too, is one column."""
    joined = list(mine)
    for column in theirs:
        same = [i for i, other in enumerate(joined) if other.name == column.name and other.scores_like(column)]
        if not same or not (column.monitored or joined[same[0]].monitored):
            joined.append(column)
        elif joined[same[0]].monitored:
            joined[same[0]] = column
    return joined


def _stable(value: Any) -> Any:
    """What TOML cannot hold, without an address or an order that differs from process to process."""
    if isinstance(value, set | frozenset):
        return sorted(map(repr, value))
    return f"{value.__module__}.{value.__qualname__}" if hasattr(value, "__qualname__") else str(value)


def _linked(given: tuple[Column, ...]) -> tuple[Column, ...]:
    """The columns by name, each preceded by those it refers to and that nobody added (as monitors)."""
    for column in given:
        if not isinstance(column, Column):
            raise RecipeError([Problem("", f"a recipe is made of columns, not of {column!r}")])
    added = {column.name: column for column in given}
    placed: dict[int, Column] = {}
    problems: list[Problem] = []
    order: list[Column] = []

    def place(column: Column) -> None:
        if id(column) in placed:
            return
        placed[id(column)] = column
        for other in column.references():
            if isinstance(other, str):
                continue
            known = added.get(other.name)
            if known is None:
                added[other.name] = replace(other, monitored=True, weight=1.0)
                place(added[other.name])
            elif not known.scores_like(other):
                message = f"refers to a column {other.name!r} that is not the one in the recipe; give one another name"
                problems.append(Problem(column.name, message))
        order.append(column.by_name())

    for column in given:
        place(column)
    if problems:
        raise RecipeError(problems)
    return tuple(order)


def check_links(columns: tuple[Column, ...], broken: frozenset[str] = frozenset()) -> list[Problem]:
    """Mistakes between columns; ``broken`` names columns that exist but could not be read."""
    problems = [] if columns or broken else [Problem("reward", "a recipe needs at least one column")]
    names = [column.name for column in columns]
    known = [*names, *broken]
    for index, column in enumerate(columns):
        path = f"reward.{column.name}"
        if not is_name(column.name):
            problems.append(Problem(path, NAME_RULE))
        if column.name in names[:index]:
            problems.append(Problem(path, 'the name is used twice; rename one with .named("…") or in [reward.…]'))
        problems += _check_gate(column, path, names[:index], names[index:], known)
        for other in _needed(column):
            if other not in known:
                problems.append(Problem(path, f"there is no column {other!r}{did_you_mean(other, known)}"))
    problems += _for_evaluation(columns)
    return problems or _cycles(columns)


def _for_evaluation(columns: tuple[Column, ...]) -> Iterator[Problem]:
    """Rewards for evaluation only that would reach an advantage, by themselves or as part of a combination."""
    by_name = {column.name: column for column in columns}
    reached = [column.name for column in columns if not column.monitored]
    for name in reached:  # grows with the parts of combinations
        column = by_name.get(name)
        if column is None:
            continue
        parts = column.combination.names() if column.combination is not None else []
        reached += [part for part in parts if part not in reached]
        why = column.reward.evaluation_only if column.reward is not None else ""
        if why and not column.options.get("training"):
            allowed = (
                "write monitor = true, and let no column that trains be made of it; or training = true to train on it"
            )
            yield Problem(f"reward.{name}", f"is for evaluation only ({why}): {allowed}")


def _check_gate(column: Column, path: str, earlier: list[str], later: list[str], known: list[str]) -> Iterator[Problem]:
    if column.gate is None:
        return
    for other in dict.fromkeys(map(str, column.gate.columns())):
        if other in later and other not in earlier:
            which = "itself" if other == column.name else f"{other!r}, which comes later; move it up"
            yield Problem(f"{path}.when", f"a gate may name only an earlier column, not {which}")
        elif other not in known:
            message = f"there is no column {other!r}{did_you_mean(other, known)}; earlier columns: {listed(earlier)}"
            yield Problem(f"{path}.when", message)


def _cycles(columns: tuple[Column, ...]) -> list[Problem]:
    try:
        dependency_order(columns)
    except ValueError as error:
        return [Problem("reward", str(error))]
    return []


_COSTS: dict[str, int] = {"cheap": 0, "medium": 1, "dear": 2}


def dependency_order(columns: tuple[Column, ...]) -> list[Column]:
    """Columns in the order of computing: after what they need, the cheap before the dear, then as written.

    Raises:
        ValueError: they need one another in a circle.
    """
    known = {column.name for column in columns}  # of a broken recipe, some may be missing
    needs = {column.name: known.intersection(map(str, column.references())) for column in columns}
    left, done, order = list(columns), set[str](), list[Column]()
    while left:
        ready = [column for column in left if needs[column.name] <= done]
        if not ready:
            names = [column.name for column in left]
            circle = [name for name in names if needs[name] & set(names)]
            raise ValueError(f"the columns {', '.join(circle)} need one another in a circle")
        cheapest: Column = min(ready, key=lambda column: _COSTS[column.reward.cost] if column.reward else -1)
        left.remove(cheapest)
        done.add(cheapest.name)
        order.append(cheapest)
    return order
