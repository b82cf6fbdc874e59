"""A gold answer read without the official scorer's defect: the sentences it accepts, and the reason."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from jeoul.rewards.korean.official import official_claims, parse_official
from jeoul.rewards.korean.tables import bare, sentence_key

__all__ = ["Gold", "read_gold"]

_END = re.compile(r"(이|가|으가) 옳다")
_REST = re.compile(r"\s*[., ]*")
_QUOTED_END = re.compile(r"(?<=[\"'”’」』》〉`])(이|가|으가) 옳다")


@dataclass(frozen=True, slots=True)
class Gold:
    """What a gold accepts.

    Attributes:
        official: claims that the official exact match accepts.
        claims: the same, cut where the sentence's quote ends rather than at the first pattern.
        keys: :func:`sentence_key` of each accepted sentence.
        official_reason: the reason as the official scorer splits it.
        reason: the reason after the last alternative.
    """

    official: frozenset[str]
    claims: frozenset[str]
    keys: frozenset[str]
    official_reason: str
    reason: str


@functools.lru_cache(maxsize=8192)
def read_gold(text: str) -> Gold:
    r"""Read a gold once for all completions of its group.

    >>> gold = read_gold('"비가 온다."가 옳다#"비가 오다."가 옳다. 시제가 맞다.')
    >>> sorted(gold.keys), gold.reason
    (['비가 오다.', '비가 온다.'], '시제가 맞다.')
    >>> sorted(gold.official), gold.official_reason
    (['비가 온다.가 옳다'], '#"비가 오다."가 옳다. 시제가 맞다.')
    """
    pairs, reason = _alternatives(text)
    return Gold(
        frozenset(official_claims(text)),
        frozenset(bare(f"{sentence}{particle} 옳다" if particle else sentence) for sentence, particle in pairs),
        frozenset(filter(None, (sentence_key(sentence) for sentence, _ in pairs))),
        parse_official(text).reason,
        reason,
    )


def _alternatives(text: str) -> tuple[list[tuple[str, str]], str]:
    """Each accepted sentence with its particle, and the reason."""
    pairs: list[tuple[str, str]] = []
    at, pattern = 0, _QUOTED_END if text.lstrip()[:1] in tuple("\"'“‘「『《〈`") else _END
    while True:
        found = pattern.search(text, at)
        if found is None and pattern is _QUOTED_END:  # once: searching for it again each time would be quadratic
            pattern = _END
            continue
        if found is None:
            break
        for part in text[at : found.start()].split("#"):
            ended = part.rstrip().endswith("옳다")  # a claim of its own; else it shares the last one's particle
            pairs.append((_END.sub("", part) if ended else part, found[1]))
        at = _REST.match(text, found.end()).end()  # type: ignore[union-attr]
        if text[at : at + 1] != "#":
            break
        at += 1
    return (pairs, text[at:].rstrip()) if pairs else ([(part, "") for part in text.split("#")], "")
