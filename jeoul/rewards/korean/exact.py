"""Whether an answer is the gold's, by each of the three readings."""

from __future__ import annotations

from typing import Literal

from jeoul.errors import UsageError
from jeoul.rewards.korean.gold import Gold
from jeoul.rewards.korean.lenient import parse_lenient
from jeoul.rewards.korean.official import parse_official
from jeoul.rewards.korean.statement import Statement
from jeoul.rewards.korean.strict import parse_strict
from jeoul.rewards.korean.tables import sentence_key

__all__ = ["PARSERS", "Parser", "is_exact", "is_exact_but_for_spaces"]

Parser = Literal["official", "strict", "lenient"]
PARSERS = {"official": parse_official, "strict": parse_strict, "lenient": parse_lenient}


def is_exact(text: str, gold: Gold, parser: Parser) -> tuple[bool, Statement]:
    """Whether ``text`` gives one of the gold's answers, and how it was read.

    ``official``: sentence, particle and 옳다 are equal, straight quotes aside. ``strict``: that, in the stated form,
    the gold read without the split's defect. ``lenient``: the sentences are the same for a reader
    (``sentence_key``), or the official match holds, so it is never below the official one.
    """
    if parser not in PARSERS:
        raise UsageError(f"parser is official, strict or lenient, not {parser!r}")
    read = PARSERS[parser](text)
    if parser == "official":
        return read.claim in gold.official, read
    if parser == "strict":
        return not read.flags and read.claim in gold.claims, read
    return sentence_key(read.sentence) in gold.keys or parse_official(text).claim in gold.official, read


def is_exact_but_for_spaces(text: str, gold: Gold) -> bool:
    """The lenient match with every space removed: a diagnostic, since spacing is what some questions ask."""
    written = "".join(sentence_key(parse_lenient(text).sentence).split())
    return bool(written) and any(written == "".join(key.split()) for key in gold.keys)
