"""Metrics of the tasks that write: ROUGE-1 and BLEU-1 against one or several references, as the organisers' code."""

from __future__ import annotations

import functools
import importlib
import math
import os
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from jeoul.errors import DataError
from jeoul.rewards._text import shown
from jeoul.rewards.tokenizers import find_tokenizer

__all__ = ["bleu1", "pooled_rouge1", "references_of", "text_of"]

Cut = Callable[[str], Sequence[Hashable]]


def pooled_rouge1(candidate: str, references: Sequence[str], tokenizer: str) -> float:
    """F1 of the counts summed over the references: shared ones against all of the candidate's, taken as often.

    Formula: with overlap and size summed over the references R of a candidate C, ``p = Σ overlap / (|R|·|C|)``,
    ``r = Σ overlap / Σ size``, ``f1 = 2·p·r/(p+r)``. Range 0 to 1.

    >>> pooled_rouge1("가 나", ["가 나", "다 라"], "unicode")
    0.5
    """
    cut = find_tokenizer(tokenizer).tokens
    mine = Counter(cut(candidate))
    total = sum(mine.values()) * len(references)
    shared = size = 0
    for reference in references:
        wanted = Counter(cut(reference))
        shared += sum((mine & wanted).values())
        size += sum(wanted.values())
    if not shared:
        return 0.0
    precision, recall = shared / total, shared / size
    return 2 * precision * recall / (precision + recall)


def bleu1(candidate: str, references: Sequence[str], tokenizer: str) -> float:
    """Mean over the references of BLEU with unigrams only: clipped precision times the brevity penalty.

    ``mecab`` cuts the text as it is, unlike ROUGE's tokens: case and punctuation count. Range 0 to 1.

    >>> round(bleu1("가 나", ["가 나 다"], "unicode"), 4)  # exp(1 - 3/2)
    0.6065
    """
    cut: Cut = _morphemes if tokenizer == "mecab" else find_tokenizer(tokenizer).tokens
    mine = cut(candidate)
    return math.fsum(_bleu1(mine, cut(reference)) for reference in references) / len(references)


def _bleu1(mine: Sequence[Hashable], wanted: Sequence[Hashable]) -> float:
    shared = sum((Counter(mine) & Counter(wanted)).values())
    if not shared:
        return 0.0
    penalty = 1.0 if len(mine) > len(wanted) else math.exp(1 - len(wanted) / len(mine))
    return penalty * math.exp(math.log(shared / len(mine)))


def _morphemes(text: str) -> Sequence[Hashable]:
    find_tokenizer("mecab")  # says what to install
    found: list[str] = _tagger(os.getpid()).morphs(text[:20_000])  # the analyser takes quadratic time
    return found


@functools.lru_cache(maxsize=1)
def _tagger(process: int) -> Any:
    return importlib.import_module("mecab").MeCab()


def references_of(value: Any) -> list[str]:
    """The references in a gold: a text, or a list of them."""
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not found or not all(isinstance(text, str) for text in found):
        raise DataError(f"a gold of this task is a text or a list of texts, not {shown(repr(value))}")
    return found


def text_of(value: Any) -> str:
    """The text in an output of a submission."""
    if not isinstance(value, str):
        raise DataError(f"an output of this task is one text, not {shown(repr(value))}")
    return value
