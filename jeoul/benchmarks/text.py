"""``jeoul bench text``: text rewards beside the libraries people use, on the same texts, interleaved in one run.

Every round has texts of its own, in groups of 8 completions that share a reference, so that nothing is remembered from
the round before. Processor time; a ratio is the median over rounds of theirs to ours.
"""

from __future__ import annotations

import functools
import pydoc_data.topics
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from cyclopts import Parameter

from jeoul.cli.output import print_json, print_table
from jeoul.errors import UsageError
from jeoul.rewards.overlap import rouge1, rouge2
from jeoul.rewards.subsequence import rougeL, rougeLsum
from jeoul.rewards.tokenizers import find_tokenizer

__all__ = ["GROUP", "Group", "Line", "manual", "paired", "rouge_lines", "run"]

GROUP = 8
ROUND_SECONDS = 0.2
Group = tuple[str, list[str]]
"""A reference and its completions."""
Way = Callable[[Sequence[Group]], list[float]]
"""Scores of all completions, group by group."""


@dataclass(frozen=True)
class Line:
    """One comparison.

    Attributes:
        what: is computed, with which settings.
        words: of a text.
        peer: whose scorer.
        theirs: pairs a second.
        ours: pairs a second.
        ratio: of processor time, median of the rounds.
        equal: whether all scores were the same (``within``); None where they are not meant to be.
        goal: least ratio aimed at, 0 for none.
        within: difference up to which scores are the same; 0 is to the last bit.
        difference: greatest between two scores, where it was measured.
    """

    what: str
    words: int
    peer: str
    theirs: float
    ours: float
    ratio: float
    equal: bool | None
    goal: float = 0.0
    within: float = 0.0
    difference: float | None = None


def run(
    *,
    words: Annotated[tuple[int, ...], Parameter(consume_multiple=True)] = (50, 300, 2000),
    rounds: int = 5,
    model: str = "small",
    memory: int = 0,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Measure text rewards beside their peers: speed, and whether the scores are the same.

    Parameters
    ----------
    words
        Words of a text, one comparison for each.
    rounds
        Rounds of a comparison.
    model
        BERTScore's: "small" or "base" (random weights in the sizes of MiniLM and of bert-base's 9 layers), a folder, a
        name on the hub, or "none". "base" takes minutes.
    memory
        Pairs of BERTScore whose memory is measured too, beside a tenth and a hundredth of them (100000 takes minutes).
    json
        Print as JSON.
    """
    if rounds < 1 or not words or min(words) < 1:
        raise UsageError(f"--rounds and --words must be 1 or more, not {rounds} and {list(words)}")
    if memory < 0:
        raise UsageError(f"--memory must be 0 or more pairs, not {memory}")
    from jeoul.benchmarks.text_bertscore import bertscore_lines
    from jeoul.benchmarks.text_memory import memory_lines

    lines = [*rouge_lines(words, rounds), *bertscore_lines(model, rounds)]
    memories = list(memory_lines(memory)) if memory else []
    if json:
        print_json({"speed": [asdict(line) for line in lines], "memory": [asdict(line) for line in memories]})
        return
    header = ["what", "peer", "words", "peer, pairs/s", "jeoul, pairs/s", "ratio", "equal", "goal"]
    print_table("Text rewards, groups of 8, one process", header, map(_shown, lines), left=2)
    if memories:
        header = ["pairs", "MiB on top", "seconds", "MiB of all embeddings", "MiB kept at most"]
        cells = [[f"{value:,.0f}" for value in asdict(line).values()] for line in memories]
        print_table("BERTScore's memory, one call, all pairs different", header, cells)


def _shown(line: Line) -> list[str]:
    equal = "–" if line.equal is None else "NO" if not line.equal else "to the last bit"
    if line.difference is not None:
        equal = f"NO: {line.difference:.0e}" if line.equal is False else f"to {line.difference:.0e}"
    goal = f"≥ {line.goal:g}" if line.goal else ""
    rates = [f"{rate:,.0f}" for rate in (line.theirs, line.ours)]
    return [line.what, line.peer, str(line.words), *rates, f"{line.ratio:.1f}", equal, goal]


def paired(
    theirs: Way, ours: Way, texts: Callable[[int], list[Group]], rounds: int
) -> tuple[float, float, float, bool]:
    """Time both ways on the same groups, in turn: their pairs a second, ours, the ratio, whether all scores are equal.

    Args:
        texts: gives so many groups that no call before gave.
        rounds: how many times both are timed; the way that goes first alternates.
    """
    warm = texts(1)
    ours(warm)
    count = max(1, int(ROUND_SECONDS / max(_spent(theirs, warm)[0], 1e-6)))
    seconds: list[tuple[float, float]] = []
    equal = True
    for number in range(rounds):
        groups = texts(count)
        first = _spent(theirs, groups) if number % 2 else None
        mine = _spent(ours, groups)
        peer = first or _spent(theirs, groups)
        equal &= peer[1] == mine[1]
        seconds.append((peer[0], mine[0]))
    pairs = sum(len(completions) for _, completions in groups)
    rates = [pairs / statistics.median(column) for column in zip(*seconds, strict=True)]
    return rates[0], rates[1], statistics.median(peer / mine for peer, mine in seconds), equal


def _spent(way: Way, groups: list[Group]) -> tuple[float, list[float]]:
    start = time.process_time()
    scores = way(groups)
    return max(time.process_time() - start, 1e-9), scores


# -- ROUGE


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
def manual() -> list[str]:
    """Words of Python's manual."""
    return " ".join(pydoc_data.topics.topics.values()).split()


@functools.cache
def _eojeol() -> list[str]:
    chance = random.Random(0)
    stems = "학교 사람 나라 시간 문장 규범 표기 단어 정답 발음 어미 조사 한국어 문제 이유 설명 받침 모음 자음 사전"
    endings = "은 는 이 가 을 를 에 에서 으로 의 도 만 까지 부터 이다 입니다 였다 처럼 보다 라고"
    verbs = "쓴다 적는다 맞다 틀리다 읽는다 옳다 바꾼다 보인다 붙인다 띄어 쓴다. 줄어든 말이다. 나타낸다."

    def one(words: str) -> str:
        return chance.choice(words.split(" "))

    return [one(stems) + one(endings) if chance.random() < 0.75 else one(verbs) for _ in range(20_000)]
