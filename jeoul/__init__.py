"""Jeoul (저울, a balance scale): compose rewards, see what they do to the learning signal, evaluate with the same ones.

Everything public is here: ``from jeoul import Recipe, reward, exact_match``. Names load what they need when they are
first used; ``import jeoul`` itself loads neither torch nor pandas nor sympy. Built-in rewards are names of this module
too (``jeoul.exact_match``); their list is ``jeoul.reward_names()``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jeoul.errors import DataError, JeoulError, RecipeError, ScoringError, TrainingError, UsageError
    from jeoul.evals.corpus import CorpusFigure, corpus_figure
    from jeoul.evals.metrics import as_metric
    from jeoul.rewards.engine.pool import WorkerPool
    from jeoul.rewards.recipes.column import Column, geometric_mean_of, max_of, min_of, product_of, sum_of, use
    from jeoul.rewards.recipes.recipe import Advantage, Recipe
    from jeoul.rewards.recipes.schedule import cosine, follow, linear
    from jeoul.rewards.registry import Reward, find_reward, reward, reward_names
    from jeoul.rewards.scores import Score, does_not_apply
    from jeoul.rewards.tables.explanation import Explanation
    from jeoul.rewards.tables.status import Gate, Status
    from jeoul.rewards.tables.table import RewardTable
    from jeoul.rollouts import Rollouts
    from jeoul.units import Duration, Length, characters, seconds, tokens, words

__version__ = "0.1.0"

_HOMES = {
    "jeoul.errors": ("DataError", "JeoulError", "RecipeError", "ScoringError", "TrainingError", "UsageError"),
    "jeoul.evals.corpus": ("CorpusFigure", "corpus_figure"),
    "jeoul.evals.metrics": ("as_metric",),
    "jeoul.rewards.engine.pool": ("WorkerPool",),
    "jeoul.rewards.recipes.column": (
        "Column", "geometric_mean_of", "max_of", "min_of", "product_of", "sum_of", "use",
    ),
    "jeoul.rewards.recipes.recipe": ("Advantage", "Recipe"),
    "jeoul.rewards.recipes.schedule": ("cosine", "follow", "linear"),
    "jeoul.rewards.registry": ("Reward", "find_reward", "reward", "reward_names"),
    "jeoul.rewards.scores": ("Score", "does_not_apply"),
    "jeoul.rewards.tables.explanation": ("Explanation",),
    "jeoul.rewards.tables.status": ("Gate", "Status"),
    "jeoul.rewards.tables.table": ("RewardTable",),
    "jeoul.rollouts": ("Rollouts",),
    "jeoul.units": ("Duration", "Length", "characters", "seconds", "tokens", "words"),
}  # fmt: skip
_PUBLIC = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    from jeoul.rewards.registry import builtin_names, find_reward

    if name == "__all__":  # for `from jeoul import *`, in which a recipe's repr evaluates
        return [*_PUBLIC, *builtin_names()]
    if not name.startswith("_") and name in builtin_names():
        return find_reward(name)
    raise AttributeError(f"module 'jeoul' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__getattr__("__all__")])
