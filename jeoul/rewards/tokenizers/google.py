"""The tokens of ``rouge_score``, to the last character: without its stemmer and with it."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

__all__ = ["LONGEST_STEMMED", "stems", "words"]

LONGEST_STEMMED = 200
"""Characters of a word that is stemmed: Porter's rules take quadratic time, and recurse on a run of y."""
_MOST_STEMS = 200_000
_LOWER = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256))


def words(text: str) -> list[str]:
    r"""The tokens of ``rouge_score`` without its stemmer: lower case, runs of ``[a-z0-9]``. Korean gives none at all.

    >>> words("KBS는 방송사이다. It's 3.14")
    ['kbs', 'it', 's', '3', '14']
    """
    plain = text.encode() if text.isascii() else text.lower().encode("ascii", "replace")
    return plain.translate(_LOWER).decode("ascii").split()


def stems(text: str) -> list[str]:
    """The tokens of ``rouge_score`` with ``use_stemmer=True``: words of more than 3 characters through NLTK's Porter.

    Stems are remembered by word. Words of more than 200 characters stay whole.

    >>> stems("The cats were running happily")
    ['the', 'cat', 'were', 'run', 'happili']
    """
    return list(map(_stems().__getitem__, words(text)))


class _Stems(dict[str, str]):
    """Stem of each word met so far."""

    def __init__(self, stem: Callable[[str], Any]) -> None:
        self.stem = stem

    def __missing__(self, word: str) -> str:
        if len(self) >= _MOST_STEMS:
            self.clear()
        found = str(self.stem(word)) if 3 < len(word) <= LONGEST_STEMMED else word
        self[word] = found
        return found


@functools.cache
def _stems() -> _Stems:
    return _Stems(importlib.import_module("nltk.stem.porter").PorterStemmer().stem)
