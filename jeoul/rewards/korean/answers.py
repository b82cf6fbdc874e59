"""Rewards on the statement of an answer: its form, whether it is right, whether its particle agrees."""

from __future__ import annotations

from typing import Any

from jeoul.errors import DataError
from jeoul.rewards._text import shown
from jeoul.rewards.korean.exact import Parser, is_exact
from jeoul.rewards.korean.gold import Gold, read_gold
from jeoul.rewards.korean.lenient import parse_lenient
from jeoul.rewards.korean.particles import fitting_particle
from jeoul.rewards.korean.strict import parse_strict
from jeoul.rewards.registry import reward
from jeoul.rewards.scores import Score, does_not_apply

__all__ = ["contest_exact_match", "contest_format", "gold_of", "particle_agreement"]

SOURCE = "국립국어원 인공지능 말평 2025, 한국어 어문 규범 기반 생성: evaluation code of the organisers"


@reward(range=(0, 1), reference=SOURCE, hacks=("any sentence with any reason: the form says nothing of what is in it",))
def contest_format(completions: list[str]) -> list[float | None]:
    r"""1 if the completion is of the stated form ``"{문장}"이/가 옳다. {이유}``, else 0 and why not.

    Straight double quotes; the particle right after them; one space, ``옳다.``, one space; a reason with a letter.
    Which particle is right is ``particle_agreement``'s matter. White space around the whole is ignored; quotes inside
    the sentence must be in pairs. 0 as well: decomposed letters (NFD) or invisible characters anywhere, a sentence said
    to be right twice, braces of the template, what is left of chat tokens or thought. Never NaN.

    >>> scores = contest_format(['"비가 온다."가 옳다. 주격이다.', '정답: “비가 온다.”가 옳다. 주격이다.'])
    >>> scores, scores[1].reason
    ([1.0, 0.0], 'not in the form: prefix, quotes')
    """
    return [_in_form(text) for text in completions]


def _in_form(text: str) -> Score:
    flags = parse_strict(text).flags
    return Score(0, f"not in the form: {', '.join(flags)}") if flags else Score(1)


@reward(
    range=(0, 1),
    reference=SOURCE,
    hacks=(
        "a choice of two: right half of the time by chance",
        "parser='official' and 'lenient': two sentences said to be right; the first counts (contest_format: 0)",
    ),
)
def contest_exact_match(
    completions: list[str], answer: list[Any], *, parser: Parser = "official"
) -> list[float | None]:
    r"""1 if the completion says of the gold's sentence that it is right, else 0.

    Args:
        completions: texts of the model.
        answer: golds as the competition writes them, with or without the reason; ``#`` separates alternatives.
        parser: ``official`` compares what the server compares, to the letter: everything through ``가 옳다`` (searched
            first) or ``이 옳다``, straight quotes deleted, so the particle and any text before the sentence count.
            ``strict`` demands the stated form besides. ``lenient`` compares the sentences as a reader would: quotes,
            prefixes, Markdown, JSON, thought, 옳습니다, NFD and kinds of space are no difference; a word space is, and
            punctuation. What is right officially is right leniently, so the distance of the two is what format costs.

    NaN ("does not apply"): there is no gold.

    >>> gold = '"비가 온다."가 옳다. 주격 조사이다.'
    >>> texts = ['"비가 온다."가 옳다. 이유', "정답: “비가 온다.”가 옳습니다.", '"비가온다."가 옳다. 이유']
    >>> [contest_exact_match(texts, [gold] * 3, parser=parser) for parser in ("official", "strict", "lenient")]
    [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]
    """
    return [_exact(text, cell, parser) for text, cell in zip(completions, answer, strict=True)]


def _exact(text: str, cell: Any, parser: Parser) -> Score:
    gold = gold_of(cell)
    if gold is None:
        return does_not_apply("there is no gold")
    right, read = is_exact(text, gold, parser)
    if right:
        return Score(1)
    if parser == "strict" and read.flags:
        return Score(0, f"not in the form: {', '.join(read.flags)}")
    got = read.sentence if parser == "lenient" else read.claim
    wanted = min(gold.keys if parser == "lenient" else gold.claims, default="")
    return Score(0, f"{shown(got)} is not {shown(wanted)}" if got else "no sentence is said to be right")


def gold_of(cell: Any) -> Gold | None:
    """The gold in a data cell; None where the cell is empty (None, NaN, white space)."""
    if isinstance(cell, str):
        return read_gold(cell) if cell.strip() else None
    if cell is None or cell != cell:
        return None
    raise DataError(f"a gold of the contest is a text, not {shown(repr(cell))}; alternatives stand in it, between #")


@reward(
    range=(0, 1),
    reference="한글 맞춤법; 표준 국어 대사전, 이/가",
    hacks=("a sentence that ends in a Latin letter takes both",),
)
def particle_agreement(completions: list[str]) -> list[float | None]:
    """1 if the particle after the sentence is the one its last sound asks for, else 0.

    이 after a final consonant, 가 after a vowel (``fitting_particle``), punctuation and quotes skipped; after Latin
    letters, units and emoji both are right. The statement is found as the lenient parser finds it; 0 where there is
    none, or where its particle is neither (이/가, 으가, 는). Never NaN.

    It is a reward of its own because the exact match is another matter: 가 is the gold's particle in 729 of the
    competition's 749 golds, the agreeing one in 718.

    >>> scores = particle_agreement(['"물"이 옳다. 이유', '"물"가 옳다. 이유', '"KBS"가 옳다. 이유', "모른다."])
    >>> scores, scores[1].reason
    ([1.0, 0.0, 1.0, 0.0], "'가' after '물': 이")
    """
    return [_agreement(text) for text in completions]


def _agreement(text: str) -> Score:
    read = parse_lenient(text)
    if not read.particle:
        return Score(0, "no particle before 옳다")
    wanted = fitting_particle(read.sentence)
    if read.particle in ("이", "가") and read.particle in wanted:
        return Score(1)
    return Score(0, f"{read.particle!r} after {shown(read.sentence[-10:])}: {wanted}")
