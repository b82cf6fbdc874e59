"""One column of a recipe: a reward with its data, options, clip, gate and weight, as immutable data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from jeoul.errors import Problem, RecipeError, UsageError
from jeoul.rewards.recipes.combination import Combination, combination
from jeoul.rewards.recipes.condition import Compare, Condition
from jeoul.rewards.recipes.options import check_options
from jeoul.rewards.recipes.schedule import Schedule, parse_weight
from jeoul.rewards.recipes.settings import parse_clip, parse_failure, parse_gate, parse_limit, parse_otherwise
from jeoul.rewards.registry import Reward, as_reward, builtin_names, everywhere, find_reward, is_name
from jeoul.rewards.signature import RESERVED
from jeoul.units import Duration

if TYPE_CHECKING:
    from pathlib import Path

    from jeoul.rewards.recipes.recipe import Recipe

__all__ = ["Column", "geometric_mean_of", "max_of", "min_of", "product_of", "sum_of", "use"]


@dataclass(frozen=True)
class Column:
    """A column of the reward table, and what becomes of its cells.

    Order, always: score → clip → gate → store → weight. Every method returns a changed copy.

    Attributes:
        name: of the column, unique in a recipe.
        use: how the reward is found (name, ``pkg.mod:fn``, ``file.py:fn``); empty for a combination.
        data: data argument of the reward → column of the data, where the names differ.
        options: options of the reward.
        combination: how it is made of other columns, instead of a reward.
        bounds: (least, greatest) value after the clip.
        gate: condition under which a cell keeps its value.
        otherwise: the value where the gate is closed; "skip" = does not apply (NaN).
        failure: what a failed cell becomes: "raise", "skip" (NaN) or a number.
        limit: time one cell may take; None = the engine's.
        weight: number or schedule.
        monitored: scored and shown, never part of an advantage.
    """

    name: str
    use: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    combination: Combination | None = None
    bounds: tuple[float, float] | None = None
    gate: Condition | None = None
    otherwise: float | Literal["skip"] = 0.0
    failure: float | Literal["raise", "skip"] = "skip"
    limit: Duration | None = None
    weight: float | Schedule = 1.0
    monitored: bool = False
    reward: Reward | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, reward: Reward, args: tuple[Any, ...], kwargs: Mapping[str, Any], use: str | None = None) -> Column:
        """The column that ``reward(*args, **kwargs)`` writes in Python."""
        given = dict(kwargs)
        if args and reward.signature.variadic:
            given[reward.signature.variadic] = args
        elif args:
            takes = [*reward.signature.data, *reward.signature.options]
            example = takes[-1] if takes else "argument"
            raise RecipeError([Problem(reward.name, f"name its arguments, as in {reward.name}({example}=…)")])
        column, problems = cls.build(reward.name, reward, given, use)
        if problems:
            raise RecipeError(problems)
        return column

    @classmethod
    def build(
        cls, name: str, reward: Reward, given: Mapping[str, Any], use: str | None = None
    ) -> tuple[Column, list[Problem]]:
        """A column from data columns and options by name, with every mistake in them."""
        data, options, problems = {}, {}, []
        for key, value in given.items():
            if key in RESERVED:
                problems.append(
                    Problem(f"{name}.{key}", "belongs to the recipe, so no argument of the reward can be set by it")
                )
            elif key in reward.signature.data or (
                reward.signature.every_column and key not in reward.signature.options
            ):
                if not isinstance(value, str):
                    problems.append(Problem(f"{name}.{key}", f"must be the name of a data column, not {value!r}"))
                elif value != key or not reward.signature.data.get(key):  # answer = "answer" says nothing
                    data[key] = value
            else:
                options[key] = value
        clean, mistakes = check_options(reward, options)
        problems += [Problem(f"{name}.{option}", message) for option, message in mistakes]
        if not problems:
            problems += _trial(name, reward, data, clean)
        found_by = reward.name if everywhere(reward.name) or not reward.locator else reward.locator
        return cls(name, found_by if use is None else use, data, clean, reward=reward), problems

    # -- what becomes of the cells

    def clip(self, least: float, greatest: float) -> Column:
        """Values outside [least, greatest] become the nearer bound."""
        try:
            return replace(self, bounds=parse_clip([least, greatest]))
        except ValueError as error:
            raise RecipeError([Problem(f"{self.name}.clip", str(error))]) from None

    def when(self, condition: Condition | str, otherwise: float | Literal["skip"] = 0.0) -> Column:
        """Keep the value where ``condition`` holds; elsewhere it is ``otherwise`` ("skip" = does not apply).

        A NaN in a column that decides closes the gate. A cell behind a closed gate is not computed at all.
        """
        try:
            gate = parse_gate(condition)
            value = parse_otherwise(otherwise)
        except ValueError as error:
            raise RecipeError([Problem(f"{self.name}.when", str(error))]) from None
        return replace(self, gate=gate, otherwise=value)

    def on_error(self, then: float | Literal["raise", "skip"]) -> Column:
        """What a cell becomes that raised, timed out or died: "raise" stops the run, "skip" is NaN, or a number."""
        try:
            return replace(self, failure=parse_failure(then))
        except ValueError as error:
            raise RecipeError([Problem(f"{self.name}.on_error", str(error))]) from None

    def deadline(self, limit: Duration | str) -> Column:
        """The time one cell may take before its worker is killed: ``seconds(2)`` or ``"2 s"``."""
        try:
            return replace(self, limit=parse_limit(limit))
        except ValueError as error:
            raise RecipeError([Problem(f"{self.name}.deadline", str(error))]) from None

    def named(self, name: str) -> Column:
        """The column under another name."""
        if not is_name(name):
            raise RecipeError([Problem(name, NAME_RULE)])
        return replace(self, name=name)

    def monitor(self) -> Column:
        """Score and show it, but never let it reach an advantage."""
        return replace(self, monitored=True)

    def weighted(self, weight: float | Schedule) -> Column:
        """The column with its weight set (a second factor multiplies)."""
        try:
            return replace(self, weight=self._times(parse_weight(weight)))
        except ValueError as error:
            raise RecipeError([Problem(f"{self.name}.weight", str(error))]) from None

    def _times(self, factor: float | Schedule) -> float | Schedule:
        if isinstance(factor, Schedule):
            if isinstance(self.weight, Schedule):
                raise ValueError("the weight is a schedule already; one schedule a column")
            return factor.scaled(self.weight)
        if isinstance(self.weight, Schedule):
            return self.weight.scaled(factor)
        return parse_weight(factor * self.weight)

    # -- operators

    def __mul__(self, weight: float | Schedule) -> Column:
        return self.weighted(weight)

    __rmul__ = __mul__

    def __add__(self, other: Column | Recipe) -> Recipe:
        from jeoul.rewards.recipes.recipe import Recipe

        return Recipe(self) + other

    def __neg__(self) -> Column:
        return self.weighted(-1.0)

    def __sub__(self, other: Column | Recipe) -> Recipe:
        return self + other * -1.0

    def __ge__(self, number: float) -> Condition:
        return self._compared(">=", number)

    def __gt__(self, number: float) -> Condition:
        return self._compared(">", number)

    def __le__(self, number: float) -> Condition:
        return self._compared("<=", number)

    def __lt__(self, number: float) -> Condition:
        return self._compared("<", number)

    def equals(self, number: float) -> Condition:
        """Gate on an exact value (``==`` compares columns themselves)."""
        return self._compared("==", number)

    def _compared(self, operator: str, number: float) -> Condition:
        try:
            return Compare(self, operator, number)
        except ValueError as error:
            raise RecipeError([Problem(self.name, str(error))]) from None

    # -- how it refers to other columns

    def references(self) -> Iterator[Column | str]:
        """Columns, or names of columns, that it needs: those of its gate, then its parts."""
        if self.gate is not None:
            yield from self.gate.columns()
        if self.combination is not None:
            yield from (part for part, _ in self.combination.parts)

    def by_name(self) -> Column:
        """The column with names wherever it refers to other columns."""
        gate = None if self.gate is None else self.gate.named()
        return replace(self, gate=gate, combination=None if self.combination is None else self.combination.named())

    def scores_like(self, other: Column) -> bool:
        """Whether both give the same cells, whatever their weight."""
        mine, theirs = (replace(column.by_name(), weight=1.0, monitored=False) for column in (self, other))
        return mine == theirs

    def __hash__(self) -> int:
        return hash((self.name, self.use))

    def __repr__(self) -> str:
        text = self._repr_reward()
        if self.bounds is not None:
            text += ".clip({}, {})".format(
                *(f"float('{bound}')" if math.isinf(bound) else bound for bound in self.bounds)
            )
        if self.gate is not None:
            text += f".when({str(self.gate)!r}, otherwise={self.otherwise!r})"
        if self.failure != "skip":
            text += f".on_error({self.failure!r})"
        if self.limit is not None:
            text += f".deadline({self.limit!r})"
        if self.monitored:
            text += ".monitor()"
        return text if self.weight == 1 else f"{self.weight!r} * {text}"

    def _repr_reward(self) -> str:
        if self.combination is not None:
            parts = self.combination.to_toml()
            given = ", ".join(map(repr, parts)) if isinstance(parts, list) else repr(parts)
            text, default = f"{self.combination.kind}_of({given})", self.combination.kind
        else:
            assert self.reward is not None
            variadic = self.reward.signature.variadic
            arguments = [repr(value) for value in self.options.get(variadic, ())] if variadic else []
            arguments += [f"{key}={value!r}" for key, value in self.data.items()]
            arguments += [f"{key}={value!r}" for key, value in self.options.items() if key != variadic]
            known = self.use in builtin_names()
            text = f"{self.use}({', '.join(arguments)})" if known else f"use({', '.join([repr(self.use), *arguments])})"
            default = self.reward.name
        return text if self.name == default else f"{text}.named({self.name!r})"


def _trial(name: str, reward: Reward, named: Mapping[str, str], options: dict[str, Any]) -> Iterator[Problem]:
    """Built-in rewards check their options together (a pattern, limit ≥ buffer) before the first row: so with none."""
    if reward.stateful or not reward.function.__module__.startswith("jeoul."):
        return
    try:
        needed = reward.signature.data.items()
        data: dict[str, list[Any]] = {argument: [] for argument, required in needed if required or argument in named}
        reward.signature.call(reward.function, data, options)  # not bound: a dictionary need not be loaded for it
    except UsageError as error:
        yield Problem(name, str(error))
    except Exception as error:
        yield Problem(name, f"does not take these options: {type(error).__name__}: {error}")


NAME_RULE = (
    "a column's name must be an identifier (letters, digits, _; no word of Python), because gates compute with it"
)


def use(reward: str | Any, *args: Any, folder: Path | None = None, **kwargs: Any) -> Column:
    """A column of any reward: its name, ``"pkg.mod:fn"``, ``"file.py:fn"``, or the function itself (TRL's too)."""
    if isinstance(reward, str):
        return Column.of(find_reward(reward, folder), args, kwargs, use=reward)
    made = as_reward(reward)
    return Column.of(made, args, kwargs)


def sum_of(*parts: Column | str | Mapping[str, float]) -> Column:
    """One column that is the weighted sum of others; NaN where any part does not apply."""
    return _combine("sum", parts)


def product_of(*parts: Column | str | Mapping[str, float]) -> Column:
    """One column that is the product of others; NaN where any part does not apply."""
    return _combine("product", parts)


def geometric_mean_of(*parts: Column | str | Mapping[str, float]) -> Column:
    """One column that is the weighted geometric mean of others; a negative part is an error of that cell."""
    return _combine("geometric_mean", parts)


def min_of(*parts: Column | str | Mapping[str, float]) -> Column:
    """One column that is the least of others; NaN where any part does not apply."""
    return _combine("min", parts)


def max_of(*parts: Column | str | Mapping[str, float]) -> Column:
    """One column that is the greatest of others; NaN where any part does not apply."""
    return _combine("max", parts)


def _combine(kind: str, given: tuple[Column | str | Mapping[str, float], ...]) -> Column:
    parts: list[tuple[Column | str, float]] = []
    problems = []
    for part in given:
        if isinstance(part, Mapping):
            parts += part.items()
        elif isinstance(part, Column):
            if isinstance(part.weight, Schedule):
                problems.append(Problem(f"{kind}_of.{part.name}", "a part's share cannot be a schedule"))
                continue
            parts.append((part, part.weight))
        else:
            parts.append((part, 1.0))
    try:
        made = combination(kind, parts)
    except ValueError as error:
        raise RecipeError([*problems, Problem(f"{kind}_of", str(error))]) from None
    if problems:
        raise RecipeError(problems)
    return Column(kind, combination=made)
