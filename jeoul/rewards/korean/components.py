"""The three measures of a reason: ROUGE-1, BERTScore, BLEURT, each as a function of two lists of texts."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from jeoul.errors import UsageError, did_you_mean, listed
from jeoul.rewards.registry import find_reward

__all__ = ["COMPONENTS", "Component", "component"]

Component = Callable[[Sequence[str], Sequence[str]], list[float]]
"""Candidates and references, none of them empty, to one score for each pair."""

OFFICIAL: dict[str, dict[str, Any]] = {
    "rouge1": {"tokenizer": "mecab"},
    "bertscore": {"model": "bert-base-multilingual-cased"},
    "bleurt": {},
}
COMPONENTS = tuple(OFFICIAL)
"""Names of the measures, in the order of the official result."""


def component(name: str, **options: Any) -> Component:
    """The measure called ``name`` with the official options, but for those given.

    Raises:
        UsageError: there is none of that name, or what it needs is not installed; never another measure instead.
    """
    if name not in OFFICIAL:
        raise UsageError(f"there is no component {name!r}{did_you_mean(name, OFFICIAL)}; there are {listed(OFFICIAL)}")
    return _component(name, tuple(sorted((OFFICIAL[name] | options).items())))


@contextlib.contextmanager
def _told(name: str) -> Iterator[None]:
    """A package or a checkpoint that is not there, as the user's error that it is."""
    try:
        yield
    except (ImportError, OSError) as error:
        raise UsageError(f"{name} cannot be computed: {error}") from error


@functools.lru_cache(maxsize=8)
def _component(name: str, options: tuple[tuple[str, Any], ...]) -> Component:
    """One for each process, as a model is not loaded twice."""
    try:
        reward = find_reward(name)
    except UsageError:
        raise UsageError(f"this installation of Jeoul has no {name}") from None
    with _told(name):
        bound = reward.bind(dict(options))

    def scores(candidates: Sequence[str], references: Sequence[str]) -> list[float]:
        if not candidates:
            return []
        with _told(name):
            found = bound({"completions": list(candidates), "reference": list(references)})
        return [value if isinstance(value, float) else float(value) for value in found]  # a Score keeps its reason

    return scores
