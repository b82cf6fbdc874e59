"""Rewards on the reason of an answer: the contest's three measures, between the two reasons only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any

from jeoul.rewards.bleurt.reward import WHY_EVALUATION
from jeoul.rewards.korean.answers import SOURCE, gold_of
from jeoul.rewards.korean.components import Component, component
from jeoul.rewards.korean.exact import PARSERS, Parser
from jeoul.rewards.registry import reward
from jeoul.rewards.scores import Score, does_not_apply
from jeoul.rewards.tokenizers import TokenizerOption, find_tokenizer, tokenizer_versions

__all__ = ["contest_bertscore", "contest_bleurt", "contest_rouge1", "gold_reason", "written_reason"]

_GAMES = (
    "one reason for every question: .285 ROUGE-1; a bag of the 40 most frequent morphemes: .346",
    "a rule reversed (적는다, 적지 않는다): surface measures do not see it",
)


def written_reason(text: str, parser: Parser) -> str:
    """The reason in a completion, as the parser splits it."""
    return PARSERS[parser](text).reason


def gold_reason(cell: Any, apart: Any, parser: Parser) -> str:
    """The reason of a gold: the one in it, else the one in a column of its own, else empty."""
    gold = gold_of(cell)
    inside = "" if gold is None else gold.official_reason if parser == "official" else gold.reason
    return inside or (apart.strip() if isinstance(apart, str) else "")


def measured(
    completions: Sequence[str], golds: Sequence[str], parser: Parser, measure: Callable[[], Component]
) -> list[float | None]:
    """One score for each completion: 0 where it has no reason, NaN where the gold has none."""
    written = [written_reason(text, parser) for text in completions]
    pairs = [index for index, (mine, gold) in enumerate(zip(written, golds, strict=True)) if mine and gold]
    found = measure()([written[index] for index in pairs], [golds[index] for index in pairs]) if pairs else []
    scores: list[float | None] = [
        Score(0, "there is no reason") if gold else does_not_apply("the gold has no reason") for gold in golds
    ]
    for index, value in zip(pairs, found, strict=True):
        scores[index] = value if isinstance(value, Score) else Score(value)
    return scores


def golds_of(answer: Sequence[Any], reason: Sequence[Any] | None, parser: Parser) -> list[str]:
    """The gold reasons of a batch."""
    apart: Iterable[Any] = [None] * len(answer) if reason is None else reason
    return [gold_reason(cell, own, parser) for cell, own in zip(answer, apart, strict=True)]


def _load_bertscore(**_: Any) -> None:
    component("bertscore")


def _load_bleurt(**_: Any) -> None:
    component("bleurt")


def _load(tokenizer: Any = "mecab", **_: Any) -> None:
    find_tokenizer(tokenizer).cut("")


def _versions(tokenizer: Any = "mecab", **_: Any) -> Mapping[str, str]:
    return tokenizer_versions(tokenizer)


@reward(range=(0, 1), reference=SOURCE, prepare=_load, versions=_versions, hacks=_GAMES)
def contest_rouge1(
    completions: list[str],
    answer: list[Any],
    reason: list[Any] | None = None,
    *,
    parser: Parser = "official",
    tokenizer: Annotated[Any, TokenizerOption()] = "mecab",
) -> list[float | None]:
    r"""ROUGE-1 F1 between the reason written and the gold's.

    Args:
        completions: texts of the model.
        answer: golds of the contest, ``"…"가 옳다. reason``.
        reason: the gold reasons, where ``answer`` holds none.
        parser: how reasons are split off; see ``contest_exact_match``.
        tokenizer: "mecab" is the server's; see ``rouge1``.

    0 without a reason (the server leaves such items out of its mean, so that one reason alone could win); NaN where the
    gold has none. Range 0 to 1.

    >>> gold = '"비가 온다."가 옳다. 앞말에 받침이 없다.'
    >>> contest_rouge1(['"x"가 옳다. 앞말에 받침이 있다.', '"x"가 옳다.'], [gold] * 2, tokenizer="syllable")
    [0.875, 0.0]
    """
    golds = golds_of(answer, reason, parser)
    return measured(completions, golds, parser, lambda: component("rouge1", tokenizer=tokenizer))


@reward(reference=SOURCE, cost="dear", batch=64, prepare=_load_bertscore, hacks=_GAMES)
def contest_bertscore(
    completions: list[str], answer: list[Any], reason: list[Any] | None = None, *, parser: Parser = "official"
) -> list[float | None]:
    """BERTScore F1 between the reason written and the gold's: bert-base-multilingual-cased, layer 9, as the server.

    Arguments, 0 and NaN as in ``contest_rouge1``. Not rescaled: ten submissions lie between .634 and .744.
    """
    return measured(completions, golds_of(answer, reason, parser), parser, lambda: component("bertscore"))


@reward(
    reference=SOURCE,
    cost="dear",
    batch=64,
    prepare=_load_bleurt,
    evaluation_only=WHY_EVALUATION,
    hacks=_GAMES,
)
def contest_bleurt(
    completions: list[str],
    answer: list[Any],
    reason: list[Any] | None = None,
    *,
    parser: Parser = "official",
    training: bool = False,
) -> list[float | None]:
    """BLEURT-20 between the reason written and the gold's, as the server.

    Arguments, 0 and NaN as in ``contest_rouge1``. For evaluation: 579 million parameters, 1,000 pairs take 4 minutes on
    a GPU and 80 on a CPU. ``training=True`` allows a weight in a recipe.
    """
    return measured(completions, golds_of(answer, reason, parser), parser, lambda: component("bleurt"))
