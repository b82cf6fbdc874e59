"""The stated form and nothing else; for any other text, why not."""

from __future__ import annotations

from jeoul.rewards.korean.form import in_form
from jeoul.rewards.korean.lenient import parse_lenient
from jeoul.rewards.korean.statement import Statement

__all__ = ["parse_strict"]


def parse_strict(text: str) -> Statement:
    r"""Take ``"{문장}"이/가 옳다. {이유}`` apart; of any other text nothing but the flags.

    >>> parse_strict('"비가 온다."가 옳다. 주격이다.')
    Statement(sentence='비가 온다.', particle='가', reason='주격이다.', flags=())
    >>> parse_strict("“비가 온다.”가 옳다.")
    Statement(sentence='', particle='', reason='', flags=('quotes', 'ending', 'no_reason'))
    """
    stated, faults = in_form(text)
    return stated if stated is not None and not faults else Statement("", flags=parse_lenient(text).flags)
