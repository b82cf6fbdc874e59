"""The split of an answer as the official scorer makes it, with its defect."""

from __future__ import annotations

from jeoul.rewards.korean.statement import Statement
from jeoul.rewards.korean.tables import bare

__all__ = ["official_claims", "parse_official"]


def parse_official(text: str) -> Statement:
    r"""Split ``text`` where the official scorer does.

    ``가 옳다`` is searched first, then ``이 옳다``; the first *pattern* that occurs wins, wherever it stands. What ends
    with it is the answer, stripped; the rest, stripped and without leading ``.``, ``,`` and spaces, is the reason. All
    text is the answer where neither occurs. The sentence is given without straight quotes, which are never compared.

    >>> parse_official('"비가 온다."가 옳다. 주격이다.')
    Statement(sentence='비가 온다.', particle='가', reason='주격이다.', flags=())
    >>> parse_official('"물"이 옳다. "불"가 옳다면 틀린다.').sentence  # the defect
    '물이 옳다. 불'
    """
    for particle, other in (("가", "이"), ("이", "")):
        at = text.find(f"{particle} 옳다")
        if at >= 0:
            earlier = bool(other) and text.find(f"{other} 옳다", 0, at) >= 0
            reason = text[at + 4 :].strip().lstrip("., ")
            flags = ["no_reason"] * (not reason) + ["split_in_reason"] * earlier
            return Statement(_lead(text[:at]), particle, reason, tuple(flags))
    return Statement(bare(text), flags=("no_verdict", "no_reason"))


def official_claims(gold: str) -> list[str]:
    """The claims that the official exact match accepts for a gold: its answer, cut at ``#``, each stripped.

    >>> official_claims('"줄거리"가 옳다#"줄거리를"이 옳다. 이유'), official_claims("'가'#'나'이 옳다")
    (['줄거리가 옳다'], ['가', '나이 옳다'])
    """
    return [claim.strip() for claim in parse_official(gold).claim.split("#")]


def _lead(text: str) -> str:
    """Without quotes, and without white space before; a space after belongs to the compared string."""
    return text.translate(str.maketrans("", "", "\"'")).lstrip()
