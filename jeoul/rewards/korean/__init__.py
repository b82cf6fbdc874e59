"""Answers of the Korean language contest (말평): ``"{문장}"이/가 옳다. {이유}``.

``tables`` (characters a reader takes for the same) and ``statement`` (the one result of all parsers) carry the three
parsers: ``official`` (the server's split, with its defect), ``form`` and ``strict`` (the stated form to the letter),
``lenient`` with ``peel`` and ``claims`` (what a person accepts). On them stand ``gold``, ``exact``, ``particles``, and
the rewards in ``answers``, ``reasons`` (with ``components``) and ``score``.
"""

from __future__ import annotations

from jeoul.rewards.korean.answers import contest_exact_match, contest_format, particle_agreement
from jeoul.rewards.korean.exact import PARSERS
from jeoul.rewards.korean.lenient import parse_lenient
from jeoul.rewards.korean.official import parse_official
from jeoul.rewards.korean.reasons import contest_bertscore, contest_bleurt, contest_rouge1
from jeoul.rewards.korean.score import contest_partial_score, contest_score
from jeoul.rewards.korean.statement import FLAGS, Statement
from jeoul.rewards.korean.strict import parse_strict

__all__ = [
    "FLAGS",
    "PARSERS",
    "Statement",
    "contest_bertscore",
    "contest_bleurt",
    "contest_exact_match",
    "contest_format",
    "contest_partial_score",
    "contest_rouge1",
    "contest_score",
    "parse_lenient",
    "parse_official",
    "parse_strict",
    "particle_agreement",
]
