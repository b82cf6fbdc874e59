"""Rewards that count the words a completion shares with a reference."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Literal

from jeoul.rewards._tokenize import TOKENIZERS
from jeoul.rewards.registry import reward
from jeoul.rewards.scores import Score, does_not_apply

__all__ = ["rouge1"]

Measure = Literal["f1", "precision", "recall"]


@reward(
    range=(0, 1),
    reference="Lin 2004, ROUGE (ACL W04-1013); tokenizer='google' is rouge-score 0.1.2 without its stemmer",
    hacks=(
        "a bag of the data's frequent words: no order, no sense, and no reference needed",
        "the prompt or the question copied, where references repeat it",
        "a sentence that says the opposite: one word of it differs ('옳다' and '옳지 않다')",
        "measure='recall': writing more is never punished",
        "measure='precision': one sure word scores 1",
    ),
)
def rouge1(
    completions: list[str],
    reference: list[Any],
    *,
    measure: Measure = "f1",
    tokenizer: Literal["unicode", "google"] = "unicode",
) -> list[float | None]:
    r"""Share of words that completion and reference have in common (ROUGE-1).

    Formula, over multisets of tokens C and R: ``overlap = Σ_w min(C[w], R[w])``; ``precision = overlap/|C|``,
    ``recall = overlap/|R|``, ``f1 = 2·p·r/(p+r)``; 0 where nothing is shared. A ``reference`` cell is a text or a list
    of texts, of which the best counts. Range 0 to 1.

    ``tokenizer="unicode"`` (the default) is right for every script: NFC, casefold, words with their marks; Hangul by
    eojeol, cut where the script changes; Han, kana, Thai and the like by character. Eojeol rather than syllables or
    jamo, because a reward should have a low floor: between random pairs of Korean references F1 is .04 by eojeol and
    .26 by syllable, .54 by jamo; the price is that a changed particle costs its whole word. ``"google"`` keeps ASCII
    letters and digits only, as rouge-score does to the last bit.

    NaN ("does not apply"): the cell is None, NaN or an empty list. An empty completion scores 0, and so does every
    completion against a reference without a single token (empty, punctuation, Korean under ``"google"``), as in
    rouge-score; the reason says so.

    Differs from its namesakes: ``rouge_score``, and with it ``evaluate``'s ``rouge``, gives identical Korean sentences
    without ASCII 0.0 and the different ones below 1.0. open-r1, TRL and ms-swift have no ROUGE-1 reward. Of several
    references rouge-score's ``score_multi`` takes the one of best F1 whatever is asked, this the best by ``measure``.
    In groups of 8 it takes 1/8 to 1/11 of rouge-score's time (``"google"``; ``"unicode"`` 1/5 to 1/7).

    >>> korean = ["KBS는 방송사이다."] * 2, ["KBS는 방송사이다.", "KBS는 신문사이다."]
    >>> [round(score, 2) for score in rouge1(*korean)], rouge1(*korean, tokenizer="google")
    ([1.0, 0.67], [1.0, 1.0])
    >>> rouge1(["the cat sat"], [["a dog", "the cat sat down"]])[0].reason
    'f1 0.857: 3 words shared of 3 and 4 in the reference'
    """
    tokenize = TOKENIZERS[tokenizer]
    return [
        _best(tokenize(completion), _references(cell), tokenizer, measure)
        for completion, cell in zip(completions, reference, strict=True)
    ]


def _references(cell: Any) -> list[str]:
    """A cell's references: itself, or its items (a list, a tuple, an array out of Parquet)."""
    several: Iterable[Any] = (cell,) if isinstance(cell, str) or not isinstance(cell, Iterable) else cell
    return [text for text in several if isinstance(text, str)]


def _best(tokens: list[str], references: list[str], tokenizer: str, measure: Measure) -> Score:
    if not references:
        return does_not_apply("no reference")
    if len(references) == 1:
        return _against(Counter(tokens), len(tokens), references[0], tokenizer, measure)
    counts = Counter(tokens)
    return max(_against(counts, len(tokens), text, tokenizer, measure) for text in references)


def _against(counts: Counter[str], total: int, reference: str, tokenizer: str, measure: Measure) -> Score:
    wanted, size = _count(reference, tokenizer)
    shared = 0
    for word, times in wanted.items():
        found = counts.get(word, 0)
        shared += found if found < times else times
    precision, recall = shared / max(total, 1), shared / max(size, 1)
    value = {"precision": precision, "recall": recall}.get(measure)
    if value is None:
        value = 2 * precision * recall / (precision + recall) if shared else 0.0
    if not size:
        return Score(value, f"{measure} 0: the reference has no words for the tokenizer {tokenizer!r}")
    return Score(value, f"{measure} {value:.3f}: {shared} words shared of {total} and {size} in the reference")


@functools.lru_cache(maxsize=2048)
def _count(reference: str, tokenizer: str) -> tuple[Counter[str], int]:
    """Words of a reference and how many: counted once for all completions of a group."""
    tokenize: Callable[[str], list[str]] = TOKENIZERS[tokenizer]
    tokens = tokenize(reference)
    return Counter(tokens), len(tokens)
