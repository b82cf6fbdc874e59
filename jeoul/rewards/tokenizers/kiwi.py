"""Morphemes of Kiwi, in their dictionary form."""

from __future__ import annotations

import functools
import importlib
import os
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from jeoul.errors import UsageError
from jeoul.rewards._text import normal

__all__ = ["MOST_CHARACTERS", "check", "morphemes", "versions"]

MOST_CHARACTERS = 20_000
"""Read of a text: Kiwi takes 0.1 ms for a character it cannot place."""


def morphemes(text: str) -> list[str]:
    """Forms of Kiwi's morphemes over the NFC text in casefold, without those that hold neither letter nor digit.

    Of a text of more than 20,000 characters those are read.
    """
    plain = normal(text[:MOST_CHARACTERS], "NFC").encode("utf-8", "replace").decode()
    found = (token.form.casefold() for token in _analyser(os.getpid()).tokenize(plain))
    return [form for form in found if any(map(str.isalnum, form))]


def check() -> None:
    """UsageError where the engine or its model is absent."""
    if find_spec("kiwipiepy") is None or find_spec("kiwipiepy_model") is None:
        raise UsageError(
            'tokenizer "kiwi" needs kiwipiepy: pip install "jeoul[korean]". Scores by another tokenizer are not '
            'comparable: "mecab" cuts morphemes by another dictionary, "unicode" (which needs nothing) counts eojeol'
        )


def versions() -> dict[str, str]:
    """The package and its model."""
    packages = {"engine": "kiwipiepy", "dictionary": "kiwipiepy_model"}
    return {part: f"{package} {version(package)}" for part, package in packages.items()}


@functools.lru_cache(maxsize=1)
def _analyser(process: int) -> Any:
    """One a process, made there (2 to 5 s, 500 MB): it holds threads, which no fork survives."""
    return importlib.import_module("kiwipiepy").Kiwi(num_workers=1)
