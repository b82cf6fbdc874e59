"""The reward against repetition: the share of a text's n-grams that stood in it before."""

from __future__ import annotations

from itertools import islice
from typing import Literal

import regex as rx

from jeoul.errors import UsageError
from jeoul.rewards.registry import reward
from jeoul.rewards.scores import Score

__all__ = ["repetition"]

Unit = Literal["words", "characters"]

LONGEST_WORD = 40
LONGEST_NGRAM = 1000
MOST_CHARACTERS = 1_000_000  # twice what the longest model output holds; a bound on time and memory for hostile text

# In order: a run that no language has as one word ("hahaha…", once per character), a character of a script written
# without spaces, a word of any other, a symbol. Only classes are repeated, so time and memory grow with the text.
_WORDS = rx.compile(
    r"(?V1)[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
    r"|[\w--[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]]++|[^\w\s]"
)


@reward(
    range=(-1, 0),
    reference="Yeo et al. 2025, Demystifying Long Chain-of-Thought Reasoning in LLMs (arXiv 2502.03373), app. C.2",
    hacks=(
        "loops with a counter or a changed word in each round: no n-gram stands twice",
        "less text: fewer n-grams than one are never a repetition",
        "loops shorter than ngram units",
    ),
)
def repetition(
    completions: list[str], *, ngram: int = 20, unit: Unit = "words", ignore_case: bool = True
) -> list[float | None]:
    r"""Minus the share of n-grams that repeat an earlier one: 0 where all differ, towards −1 for a loop.

    Formula: ``−(1 − distinct / all)``, over the ``all = units − ngram + 1`` runs of ``ngram`` units; 0 where there is
    not even one. −1 itself is never reached: a loop of period p over m units gives ``−(1 − p / (m − ngram + 1))``. It
    is a penalty, 0 at best, as its namesakes are, so that its weight is positive like every other.

    Units suit any language: a *word* is a run of letters and digits; scripts written without spaces (Han, kana, Thai,
    Lao, Khmer, Burmese) give one for each character, as does a run of more than 40, which no one writes ("hahaha…");
    every other character is one as well, for "!!!!!" is how a broken model sounds. White space only separates.

    Args:
        completions: texts of the model.
        ngram: units in an n-gram, 1 to 1000. Mathematics repeats short ones: over 800 completions for MATH problems
            the median share is .31 at 3, .15 at 5, .03 at 10 and 0 at 20, the default (9 in 10 are below .03).
        unit: "words", or "characters" without white space, which needs about four times the ``ngram``.
        ignore_case: compare case-folded.

    Never NaN: a short or empty text repeats nothing, and 0 says so. Only the first million characters are read.

    Differs: the formula is that of open-r1, TRL, ms-swift and the paper's code (``a`` × 10 at 3: −.875 in all), units
    and defaults are not. open-r1 and ms-swift split at spaces: 0 for ``"ha" * 100`` and for 50 times 我觉得 (here −.99
    and −.98 at 3). TRL counts tokens. All three take ngram 3, though the paper's runs took 40; for 2 words the paper's
    code divides by zero, all others give 0. ms-swift accepts a positive penalty and then pays for repetition.

    >>> repetition(["a " * 10, "ha" * 100, "가나다 라마바 사아자", ""], ngram=3)
    [-0.875, -0.98989898989899, 0.0, 0.0]
    >>> repetition(["We wait. " * 10])[0].reason
    '8 of 11 20-grams stand earlier, the first of them: we wait . we wait . we …'
    """
    if not 1 <= ngram <= LONGEST_NGRAM:
        raise UsageError(f"ngram must be from 1 to {LONGEST_NGRAM}, not {ngram}")
    return [_repetition(text[:MOST_CHARACTERS], ngram, unit, ignore_case) for text in completions]


def _repetition(text: str, ngram: int, unit: Unit, ignore_case: bool) -> Score:
    text = text.casefold() if ignore_case else text
    units = _words(text) if unit == "words" else "".join(text.split())
    every = len(units) - ngram + 1
    if every < 1:
        return Score(0, f"{len(units)} {unit}: too short for one {ngram}-gram")
    # Hashes of 64 bits instead of the n-grams themselves: memory does not grow with ``ngram``, and that any two of a
    # million different ones look alike has a chance of one in 30 million.
    seen: set[int] = set()
    first = -1
    for at, gram in enumerate(map(hash, zip(*(islice(units, start, None) for start in range(ngram)), strict=False))):
        seen.add(gram)
        if first < 0 and len(seen) <= at:
            first = at
    if first < 0:
        return Score(0)
    glue = " " if unit == "words" else ""
    example = glue.join(units[first : first + min(ngram, 7)]) + (f"{glue}…" if ngram > 7 else "")
    repeated = every - len(seen)
    return Score(-repeated / every, f"{repeated} of {every} {ngram}-grams stand earlier, the first of them: {example}")


def _words(text: str) -> list[str]:
    units: list[str] = []
    for word in _WORDS.findall(text):
        if len(word) > LONGEST_WORD:
            units.extend(word)
        else:
            units.append(word)
    return units
