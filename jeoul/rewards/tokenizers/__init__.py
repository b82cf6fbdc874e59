"""How a text is cut into the units that text rewards count: by name, or by a function of the user's."""

from __future__ import annotations

import functools
import hashlib
import importlib
import inspect
import platform
import unicodedata
from collections.abc import Callable, Hashable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jeoul
from jeoul.errors import UsageError, did_you_mean, listed
from jeoul.rewards.tokenizers import google, kiwi, mecab
from jeoul.rewards.tokenizers.hangul import jamo, syllables
from jeoul.rewards.tokenizers.tokenizer import Tokenizer
from jeoul.rewards.tokenizers.words import unicode_words

__all__ = ["TOKENIZERS", "TokenizerOption", "find_tokenizer", "tokenizer_versions"]


def _own() -> dict[str, str]:
    return {"engine": f"jeoul {jeoul.__version__}", "dictionary": f"Unicode {unicodedata.unidata_version}"}


def _stemmer() -> dict[str, str]:
    return {"engine": f"nltk {version('nltk')}", "dictionary": "Porter's rules with NLTK's extensions"}


TOKENIZERS: dict[str, Tokenizer] = {
    tokenizer.name: tokenizer
    for tokenizer in (
        Tokenizer("unicode", unicode_words, _own),
        Tokenizer("mecab", mecab.morphemes, mecab.versions, mecab.check, slow=True),
        Tokenizer("kiwi", kiwi.morphemes, kiwi.versions, kiwi.check, slow=True),
        Tokenizer("syllable", syllables, _own),
        Tokenizer("jamo", jamo, _own),
        Tokenizer("google", google.words, _own),
        Tokenizer("google_stem", google.stems, _stemmer),
    )
}


def find_tokenizer(choice: Any) -> Tokenizer:
    """The tokenizer a user chose: a name, ``"package.module:name"``, a function, or an object with ``tokenize(text)``.

    Raises:
        UsageError: there is none, it cannot be called, or its engine is not installed (and how to install it).
    """
    try:
        hash(choice)
    except TypeError:
        return _found.__wrapped__(choice)
    return _found(choice)


def tokenizer_versions(tokenizer: Any = "unicode", **_: Any) -> dict[str, str]:
    """What a score depends on beside the recipe: the tokenizer's name, engine and dictionary with their versions."""
    found = find_tokenizer(tokenizer)
    return {"tokenizer": found.name, **found.versions()}


class TokenizerOption:
    """Marks an option as a tokenizer: ``Annotated[Any, TokenizerOption()]`` is checked, and known to editors."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(_checked)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [{"enum": list(TOKENIZERS)}, {"type": "string", "pattern": "^.+:.+$"}]}


def _checked(choice: Any) -> Any:
    find_tokenizer(choice)
    return choice


@functools.lru_cache(maxsize=64)
def _found(choice: Any) -> Tokenizer:
    if not isinstance(choice, str):
        return _made(choice, _place(choice))
    if choice in TOKENIZERS:
        TOKENIZERS[choice].check()
        return TOKENIZERS[choice]
    module, _, name = choice.rpartition(":")
    if not module:
        raise UsageError(
            f"there is no tokenizer {choice!r}{did_you_mean(choice, TOKENIZERS)}; there are {listed(TOKENIZERS)}; your "
            f'own: "package.module:function"'
        )
    try:
        thing = functools.reduce(getattr, name.split("."), importlib.import_module(module))
    except Exception as error:
        raise UsageError(f"tokenizer {choice!r} cannot be imported: {type(error).__name__}: {error}") from error
    return _made(thing, choice)


def _made(thing: Any, name: str) -> Tokenizer:
    """The tokenizer of a user's function, or object with ``tokenize`` (as ``rouge_score`` takes them)."""
    cut: Callable[[str], Any] = getattr(thing, "tokenize", thing)
    if not callable(cut) or inspect.isclass(thing):
        raise UsageError(
            f"tokenizer must be one of {listed(TOKENIZERS)}, a function of a text that gives a list of tokens, or an "
            f"object with tokenize(text); not {thing!r}"
        )

    def tokens(text: str) -> list[Hashable]:
        found = cut(text)
        if isinstance(found, str | bytes):
            raise UsageError(
                f"the tokenizer {name} gave a {type(found).__name__}, not a list of tokens: {found[:40]!r}"
            )
        return list(found)

    return Tokenizer(name, tokens, functools.partial(_versions_of, thing), slow=True)


def _place(thing: Any) -> str:
    """``module:name`` of a function, or of an object's class."""
    named = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{_module(named)}:{named.__qualname__}"


def _module(thing: Any) -> str:
    return str(getattr(thing, "__module__", None) or type(thing).__module__)


def _versions_of(thing: Any) -> dict[str, str]:
    """Version of the package a tokenizer comes from; of a file of the user's, a hash of it."""
    module = _module(thing)
    package = module.partition(".")[0]
    try:
        return {"engine": f"{package} {version(package)}"}
    except (PackageNotFoundError, ValueError):
        pass
    try:
        source = Path(inspect.getfile(thing if inspect.isroutine(thing) else type(thing))).read_bytes()
    except (OSError, TypeError):  # made in a console
        return {"engine": f"{module}, Python {platform.python_version()}"}
    return {"engine": f"{module} sha256:{hashlib.sha256(source).hexdigest()[:16]}"}
