"""ROUGE beside rouge-score, for ``jeoul bench text``."""

from __future__ import annotations

import functools
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from jeoul.benchmarks.text_lines import GROUP, Group, Line, Way, manual, paired
from jeoul.errors import UsageError
from jeoul.rewards.overlap import rouge1, rouge2
from jeoul.rewards.subsequence import rougeL, rougeLsum
from jeoul.rewards.tokenizers import find_tokenizer

__all__ = ["english", "installed", "korean", "ours", "rouge_lines", "rouge_score"]


def rouge_lines(sizes: Sequence[int], rounds: int) -> Iterator[Line]:
    """ROUGE beside rouge-score; with its stemmer; by Korean morphemes, which rouge-score cuts with the same engine."""
    for size in sizes:
        goal_l = 30 if size <= 50 else 100
        cases: list[tuple[Any, str, float]] = [(rouge1, "google", 8), (rouge2, "google", 0), (rougeL, "google", goal_l)]
        cases += [(rougeLsum, "google", 0), (rouge1, "google_stem", 0)]
        for reward, tokenizer, goal in cases:
            measured = paired(
                rouge_score(reward.name, stemmed=tokenizer == "google_stem"),
                functools.partial(ours, reward, tokenizer),
                functools.partial(english, size, random.Random(size)),
                rounds,
            )
            yield Line(f"{reward.name}, {tokenizer}", size, "rouge-score", *measured, goal=goal)
        for tokenizer in filter(installed, ("mecab", "kiwi")):
            cut = find_tokenizer(tokenizer).cut
            measured = paired(
                rouge_score("rouge1", tokenizer=cut),
                functools.partial(ours, rouge1, tokenizer),
                functools.partial(korean, size, random.Random(size)),
                rounds,
            )
            yield Line(f"rouge1, {tokenizer}", size, f"rouge-score over {tokenizer}", *measured)


def installed(tokenizer: str) -> bool:
    """Whether its engine is there; a note on stderr where it is not."""
    try:
        find_tokenizer(tokenizer)
    except UsageError as error:
        print(f"left out: {error}", file=sys.stderr)
        return False
    return True


def ours(reward: Any, tokenizer: str, groups: Sequence[Group]) -> list[float]:
    """Jeoul: one call for all groups, as a trainer makes it."""
    completions = [text for _, texts in groups for text in texts]
    references = [reference for reference, texts in groups for _ in texts]
    scores: list[float] = reward(completions, references, tokenizer=tokenizer)
    return scores


def rouge_score(name: str, *, stemmed: bool = False, tokenizer: Callable[[str], Any] | None = None) -> Way:
    """rouge-score's scorer, made once, called for each pair: it has no other call."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer([name], use_stemmer=stemmed, tokenizer=_Cutter(tokenizer) if tokenizer else None)

    def way(groups: Sequence[Group]) -> list[float]:
        return [scorer.score(reference, text)[name].fmeasure for reference, texts in groups for text in texts]

    return way


class _Cutter:
    """A tokenizer as rouge-score takes it."""

    def __init__(self, cut: Callable[[str], Any]) -> None:
        self.tokenize = cut


# -- texts


def english(size: int, chance: random.Random, count: int) -> list[Group]:
    """Groups from Python's manual."""
    return [_group(manual(), size, chance) for _ in range(count)]


def korean(size: int, chance: random.Random, count: int) -> list[Group]:
    """Groups of Korean words in no order: stems with endings, as many different ones as a text of that size has."""
    return [_group(_eojeol(), size, chance) for _ in range(count)]


def _group(words: Sequence[str], size: int, chance: random.Random) -> Group:
    """A passage as reference; completions that go over to other passages and back, about half of each its own."""

    def passage(length: int) -> list[str]:
        start = chance.randrange(len(words) - length)
        return list(words[start : start + length])

    reference = passage(size)
    completions = []
    for _ in range(GROUP):
        text = list(reference)
        for start in range(0, size, 10):
            if chance.random() < 0.5:
                text[start : start + 5] = passage(len(text[start : start + 5]))
                text[start + 5 : start + 10] = passage(len(text[start + 5 : start + 10]))
        completions.append(_lines(text))
    return _lines(reference), completions


def _lines(words: Sequence[str]) -> str:
    return "\n".join(" ".join(words[start : start + 25]) for start in range(0, len(words), 25))


@functools.cache
def _eojeol() -> list[str]:
    chance = random.Random(0)
    stems = "학교 사람 나라 시간 문장 규범 표기 단어 정답 발음 어미 조사 한국어 문제 이유 설명 받침 모음 자음 사전"
    endings = "은 는 이 가 을 를 에 에서 으로 의 도 만 까지 부터 이다 입니다 였다 처럼 보다 라고"
    verbs = "쓴다 적는다 맞다 틀리다 읽는다 옳다 바꾼다 보인다 붙인다 띄어 쓴다. 줄어든 말이다. 나타낸다."

    def one(words: str) -> str:
        return chance.choice(words.split(" "))

    return [one(stems) + one(endings) if chance.random() < 0.75 else one(verbs) for _ in range(20_000)]
