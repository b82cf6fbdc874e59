"""Rewards for the length of a completion: ``length_within``, ``soft_overlong``, ``cosine_length``.

A length is counted in the unit of the limit it is compared with: tokens, words (runs of characters that are not white
space) or characters (code points). Tokens are those of the data's ``completion_ids``, what the trainer generated, end
token included; several turns (a list of lists) are added up. Without such a column they are those of ``tokenizer``
(a name or folder for transformers), which adds no special tokens. Without both, tokens are a :class:`UsageError`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jeoul.errors import UsageError
from jeoul.rewards.registry import reward
from jeoul.rewards.scores import Score
from jeoul.units import Length

__all__ = ["cosine_length", "length_within", "soft_overlong"]

HOW_TO_COUNT = 'give the data a completion_ids column, or the reward a tokenizer: tokenizer="Qwen/Qwen3-0.6B"'

Ids = list[Any]


def lengths(completions: list[str], completion_ids: Ids | None, unit: str, tokenizer: str | None) -> Iterator[int]:
    """Yield how long each completion is, in ``unit``.

    Raises:
        UsageError: a row has no ``completion_ids`` and there is no tokenizer to count tokens with.
    """
    if unit == "characters":
        yield from map(len, completions)
    elif unit == "words":
        yield from (len(text.split()) for text in completions)
    else:
        every = completion_ids if completion_ids is not None else [None] * len(completions)
        for text, ids in zip(completions, every, strict=True):
            if ids is not None:
                yield sum(map(len, ids)) if len(ids) and hasattr(ids[0], "__len__") else len(ids)
            elif tokenizer is not None:
                # Not every text is Unicode: lone surrogates have no UTF-8, and the tokenizer takes nothing else.
                clean = text.encode("utf-8", "replace").decode("utf-8")
                yield len(_loaded(tokenizer).encode(clean, add_special_tokens=False, verbose=False))
            else:
                raise UsageError(f"there is no way to count tokens: {HOW_TO_COUNT}")


def _loaded(name: str) -> Any:
    tokenizer = _tokenizer(name)
    if isinstance(tokenizer, Exception):
        raise UsageError(f"the tokenizer {name!r} cannot be loaded: {tokenizer}") from tokenizer
    return tokenizer


@functools.lru_cache(maxsize=4)
def _tokenizer(name: str) -> Any:
    """Load the tokenizer, or say why not: a download that fails takes a minute, and should take it once."""
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(name, local_files_only=Path(name).is_dir())
    except Exception as error:  # transformers raises what its parts raise; each means the same to the user
        return error


def _same_unit(name: str, value: Length, other_name: str, other: Length) -> None:
    if value.unit != other.unit:
        raise UsageError(f"{name} and {other_name} must have one unit, not {value} and {other}")


def _said(length: float, limit: Length, relation: str) -> str:
    return f"{length} {limit.unit}, {relation} {limit.amount}"


@reward(
    range=(0, 1),
    hacks=(
        "padding up to least: repetition, lists, politeness",
        "characters and words are cheap to make: one long word, many short ones",
    ),
)
def length_within(
    completions: list[str],
    completion_ids: Ids | None = None,
    *,
    least: Length | None = None,
    most: Length | None = None,
    tokenizer: str | None = None,
) -> list[float | None]:
    """1 if the completion is at least ``least`` and at most ``most`` long, bounds included, else 0.

    Args:
        completions: texts of the model.
        completion_ids: token ids of each, which tokens are counted by.
        least: shortest length, or None; in the unit of ``most``.
        most: greatest length, or None.
        tokenizer: counts tokens where there are no ``completion_ids``: a transformers name or a folder.

    Never NaN; an empty completion has length 0.

    Differs: peers have none. open-r1's ``len_reward`` compares rows with each other: of two right ones with 100 and
    101 characters it gives .5 and −.5, over all prompts in the call together.

    >>> from jeoul.units import characters, words
    >>> length_within(["one two", "one", ""], least=words(1), most=words(1))
    [0.0, 1.0, 0.0]
    >>> length_within(["저울이다"], most=characters(3))[0].reason
    '4 characters, more than 3'
    """
    bound = least or most
    if bound is None:
        raise UsageError('length_within needs least or most, e.g. most="300 words"')
    if least is not None and most is not None:
        _same_unit("least", least, "most", most)
        if least.amount > most.amount:
            raise UsageError(f"least must not exceed most: {least} and {most}")

    def score(length: int) -> Score:
        if least is not None and length < least.amount:
            return Score(0, _said(length, least, "less than"))
        if most is not None and length > most.amount:
            return Score(0, _said(length, most, "more than"))
        return Score(1)

    return [score(length) for length in lengths(completions, completion_ids, bound.unit, tokenizer)]


@reward(
    range=(-1, 0),
    reference="Yu et al. 2025, DAPO (arXiv 2503.14476), eq. 13",
    hacks=(
        "stopping short in the middle of a thought: nothing asks for an end",
        "characters: a language or notation that is dense in them",
    ),
)
def soft_overlong(
    completions: list[str],
    completion_ids: Ids | None = None,
    *,
    limit: Length,
    buffer: Length,
    tokenizer: str | None = None,
) -> list[float | None]:
    """0 up to ``limit − buffer``, from there in a line to −1 at ``limit``, and −1 beyond (DAPO's overlong punishment).

    With length n, limit L and buffer B::

        0                    n ≤ L − B
        ((L − B) − n) / B    L − B < n ≤ L
        −1                   n > L

    Args:
        completions: texts of the model.
        completion_ids: token ids of each, which tokens are counted by.
        limit: L; the paper's is 20,480 tokens, which is what it generates at most.
        buffer: B, in the same unit, at most L; the paper's is 4,096 tokens. 0 makes a step: −1 beyond the limit.
        tokenizer: counts tokens where there are no ``completion_ids``: a transformers name or a folder.

    Never NaN.

    Differs, at L = 100, B = 20: open-r1 and TRL are equal everywhere. ms-swift and verl have no floor: −1.05 for 101,
    −6 for 200; with B = 0 ms-swift divides by zero and verl gives −∞. ms-swift counts the turns of a dialogue as its
    tokens: 0 for one turn of 100. open-r1 takes B > L: at B = 150 an empty text gets −.33; here an error.

    >>> from jeoul.units import tokens
    >>> ids = [[0] * n for n in (80, 81, 90, 100, 200)]
    >>> soft_overlong([""] * 5, ids, limit=tokens(100), buffer=tokens(20))
    [0.0, -0.05, -0.5, -1.0, -1.0]
    """
    _same_unit("limit", limit, "buffer", buffer)
    if buffer.amount > limit.amount:
        raise UsageError(f"buffer must not exceed limit: {buffer} and {limit}")
    free = limit.amount - buffer.amount

    def score(length: int) -> Score:
        if length <= free:
            return Score(0)
        if length > limit.amount:
            return Score(-1, _said(length, limit, "more than the limit of"))
        return Score((free - length) / buffer.amount, f"{length - free} of the buffer's {buffer} used")

    return [score(length) for length in lengths(completions, completion_ids, limit.unit, tokenizer)]


@reward(
    reference="Yeo et al. 2025, Demystifying Long Chain-of-Thought Reasoning in LLMs (arXiv 2502.03373), section 4",
    hacks=(
        "shortest > longest: no reasoning, a guess; shortest < longest: padding up to just below the limit",
        "wrong rows with a mild exceeded: writing on until the limit instead of a wrong answer",
    ),
)
def cosine_length(
    completions: list[str],
    completion_ids: Ids | None = None,
    *,
    limit: Length,
    shortest: float = 2.0,
    longest: float = 1.0,
    exceeded: float = -10.0,
    tokenizer: str | None = None,
) -> list[float | None]:
    """From ``shortest`` at length 0 along half a cosine to ``longest`` at ``limit``, where it becomes ``exceeded``.

    With length n and limit N: ``longest + (shortest − longest) · (1 + cos(π n / N)) / 2`` for n < N, and ``exceeded``
    from N on: a text as long as the limit was cut off. Values lie between the least and the greatest of the three.

    This is one of the paper's two curves. Which one a row gets is for a recipe to say, by any test of correctness; both
    together, with the paper's numbers (the defaults are those for right rows)::

        [reward.right_length]                     [reward.wrong_length]
        use = "cosine_length"                     use = "cosine_length"
        limit = "4096 tokens"                     limit = "4096 tokens"
        shortest = 2                              shortest = -10
        longest = 1                               longest = 0
        exceeded = -10                            exceeded = -10
        when = "correct >= 1"                     when = "correct < 1"

    Args:
        completions: texts of the model.
        completion_ids: token ids of each, which tokens are counted by.
        limit: N.
        shortest: value at length 0 (r_0 in the paper).
        longest: value just below the limit (r_L).
        exceeded: value from the limit on (r_e).
        tokenizer: counts tokens where there are no ``completion_ids``: a transformers name or a folder.

    Never NaN.

    Differs: the paper defines r_e at n = N, where generation ends; here it holds beyond too. Its code pays r_e from 16
    tokens below N on. open-r1, TRL and ms-swift have no r_e. With the curve 1 → .5 and N = 1000, a right text of
    n = 1000, 1500, 2000 gets .5, .75, 1.0 from open-r1 and ms-swift (the cosine turns back: the full bonus at twice the
    limit), and .5 each from TRL, which stops it. open-r1 counts characters, the others tokens: .5 against .93 for 1000
    characters in 250 tokens. For wrong rows the default curves are −1 → −.5 (open-r1's function, TRL),
    0 → −.5 (open-r1's command line) and −.5 → 0 (ms-swift).

    >>> from jeoul.units import tokens
    >>> ids = [[0] * n for n in (0, 500, 999, 1000, 2000)]
    >>> curve = cosine_length([""] * 5, ids, limit=tokens(1000), shortest=1, longest=0.5, exceeded=0)
    >>> [round(value, 3) for value in curve]
    [1.0, 0.75, 0.5, 0.0, 0.0]
    """
    if not all(map(math.isfinite, (shortest, longest, exceeded))):
        raise UsageError(f"shortest, longest and exceeded must be finite, not {shortest}, {longest}, {exceeded}")

    def score(length: int) -> Score:
        if length >= limit.amount:
            return Score(exceeded, _said(length, limit, "at or beyond the limit of"))
        share = (1 + math.cos(math.pi * length / limit.amount)) / 2
        return Score(longest + (shortest - longest) * share, f"{length} of {limit}")

    return [score(length) for length in lengths(completions, completion_ids, limit.unit, tokenizer)]
