"""Rewards for stating an answer at all: ``answer_extracted`` and ``boxed_format``."""

from __future__ import annotations

from jeoul.rewards.math.canonical import read
from jeoul.rewards.math.extract import Method, boxed, find_answer
from jeoul.rewards.registry import reward
from jeoul.rewards.scores import Score

__all__ = ["answer_extracted", "boxed_format"]


@reward(
    range=(0, 1),
    reference="the extraction of math_correct",
    hacks=("any text after an anchor is an answer: as a reward it pays for stating, so keep it a monitor",),
)
def answer_extracted(
    completions: list[str], *, extract: tuple[Method, ...] = ("boxed", "answer_tag", "phrase")
) -> list[float | None]:
    r"""1 if ``math_correct`` with the same ``extract`` finds an answer that is not blank, else 0; never NaN.

    Meant as a monitor: where it falls while ``math_correct`` stands, answers are lost, not wrong.

    >>> [score.reason for score in answer_extracted([r"\boxed{5}", "5", r"\boxed{$$}"])]
    ['from \\boxed: 5', 'there is no \\boxed{…}, <answer>, stated answer', 'nothing in \\boxed']
    """
    scores: list[float | None] = []
    for text in completions:
        found = find_answer(text, extract)
        if found.text is None:
            scores.append(Score(0.0, found.how))
        elif not read(found.text):
            scores.append(Score(0.0, f"nothing in {found.how}"))
        else:
            scores.append(Score(1.0, f"from {found.how}: {found.text[:60]}"))
    return scores


@reward(
    range=(0, 1),
    reference='the instruction "put your final answer within \\boxed{}" of MATH prompts; no formula is given there',
    hacks=("a box around anything: it does not look at what is right", "the box alone, without reasoning"),
)
def boxed_format(completions: list[str]) -> list[float | None]:
    r"""1 if a balanced ``\boxed{…}`` that is not blank stands in the completion, outside of closed think blocks.

    Never NaN. A box that is opened and not closed, or closed inside ``<think>…</think>`` alone, gives 0.

    >>> boxed_format([r"so \boxed{5}.", r"\boxed{5", r"<think>\boxed{5}</think> 5", r"\boxed{ }"])
    [1.0, 0.0, 0.0, 0.0]
    """
    scores: list[float | None] = []
    for text in completions:
        found = find_answer(text, ("boxed",))
        right = found.text is not None and boxed(rf"\boxed{{{found.text}}}") is not None
        scores.append(Score(float(right), "" if right else found.how))
    return scores
