from __future__ import annotations

import asyncio
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from jeoul.benchmarks.math_cases import Case, cases
from jeoul.rewards.math import answer_extracted, boxed_format, judge, math_correct
from jeoul.rewards.math.explaining import audit, explain
from jeoul.rewards.math.verdict import Policy

EVERY = cases()


def test_there_are_enough_of_every_kind() -> None:
    assert len(EVERY) >= 1000
    assert len(set(EVERY)) > 0.98 * len(EVERY)
    assert min(Counter(case.right for case in EVERY).values()) > 400
    assert len({case.kind for case in EVERY}) >= 20


@pytest.mark.parametrize("kind", sorted({case.kind for case in EVERY}))
def test_right_answers_are_accepted_and_wrong_ones_are_not(kind: str) -> None:
    wrong = [case for case in EVERY if case.kind == kind and accepts(case) != case.right]
    assert not wrong


def accepts(case: Case) -> bool:
    return judge(case.gold, case.answer).outcome == "correct"


HOSTILE = [
    "9^{9^{9^{9^9}}}", "(((((9!)!)!)!)!)!",
    r"\binom{10^{10}}{10^9}", "10^{10^{10}}+1", "2^{-10^{12}}", "1" * 4000,
    "x+" * 1500 + "1", "(" * 1500 + "x" + ")" * 1500, r"\frac{1}{x+" * 300 + "1" + "}" * 300,
    r"\sqrt{" * 500 + "x" + "}" * 500,
    r"\sum_{k=1}^{10^9} k", r"\int_0^\infty e^{-x^2} dx", r"\prod_{k=1}^{200}\sum_{j=1}^{200} jk", r"\sin(10^{10^8})",
    r"\frac{1}{0}", "0^0", r"\ln 0", r"\tan\frac{\pi}{2}", "__import__('os').system('x')", r"\gamma" * 500, "x^" * 1000,
    "|" * 999, "x!" * 300, r"e^{e^{e^{e^{100}}}}",
    ",".join(f"\\sqrt{{{n}}}" for n in range(2, 300)), "x<" * 700 + "1",
    r"\{x|" * 300, "(1,2)\\cup" * 300 + "(1,2)", r"\pm 1" * 500, r"k\pi+" * 400 + "1, k \\in \\mathbb{Z}",
    "x_{" * 1000, "일" * 3000,
]  # fmt: skip
GOLDS = [
    "42",
    r"\sqrt{2}+x",
    "(1,2]",
    r"x=\frac{\pi}{6}+k\pi, k\in\mathbb{Z}",
    "y=2x+3",
    r"\{1,\sqrt2\}",
    "52_8",
    "2^{2^{100}}",
]


@pytest.mark.parametrize("answer", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_answers_end_in_a_verdict(answer: str) -> None:
    for gold in GOLDS:
        assert judge(gold, answer).outcome != "correct"
        assert judge(answer, gold).outcome != "correct"
    judge(answer, answer + "+0")


def test_in_threads_and_in_an_event_loop() -> None:
    texts = [rf"\boxed{{{answer}}}" for answer in HOSTILE]

    def work(_: int) -> list[float | None]:
        return math_correct(texts, [GOLDS[1]] * len(texts), undecided="wrong")

    async def inside() -> list[float | None]:
        return await asyncio.to_thread(work, 0)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work, range(4)))
    assert [*found, asyncio.run(inside())] == [found[0]] * 5
    assert threading.active_count() < 20


def test_angles_are_a_policy() -> None:
    assert judge("90^\\circ", r"\frac{\pi}{2}").outcome == "correct"
    assert judge("90^\\circ", r"\frac{\pi}{2}", Policy(angles="exact")).outcome == "undecided"


def test_explain_and_audit() -> None:
    assert explain("5", "5 frogs")["outcome"] == "undecided"
    assert explain("", "5")["outcome"] == "gold_invalid"
    assert explain("5", r"\boxed{}")["outcome"] in ("no_answer", "undecided", "incorrect")
    told = audit(["1", "$221,$8$", "x<3", ""])
    assert told["golds"] == 4
    assert {row["why"] for row in told["suspicious"]} == {"a $ without its other", "blank"}


def test_stated() -> None:
    texts = [r"\boxed{5}", "Answer: 5", "5", r"\boxed{5", ""]
    assert answer_extracted(texts) == [1, 1, 0, 0, 0]
    assert boxed_format(texts) == [1, 0, 0, 0, 0]
