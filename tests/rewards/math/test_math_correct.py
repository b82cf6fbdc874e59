from __future__ import annotations

import itertools
import json
import math
import pickle
import random
import re
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeoul.rewards.math import judge, math_correct

DATA = Path(__file__).parents[3] / ".." / "shared" / "data"
SUITES = ("aime24", "amc23", "amc83", "math500", "minerva", "olympiadbench")
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"no {DATA}: suites and generations are not in the repository"
)


def rows(file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / file).read_text(encoding="utf-8").splitlines()]


def golds() -> list[list[str]]:
    cells = [row["answer"] for suite in SUITES for row in rows(f"suites/{suite}.jsonl")]
    return [[str(gold) for gold in (cell if isinstance(cell, list) else [cell])] for cell in cells]


def one(completion: str, gold: Any, **options: Any) -> Any:
    return math_correct([completion], [gold], **options)[0]


@pytest.mark.parametrize(
    ("completion", "gold", "value", "reason"),
    [
        (r"\boxed{42}", "42", 1, r"correct: 42 = 42 (same text; from \boxed)"),
        (r"\boxed{42.0}", "42", 1, r"correct: 42.0 = 42 (exact number; from \boxed)"),
        (r"\boxed{41}", "42", 0, r"incorrect: 41 ≠ 42 (exact number; from \boxed)"),
        ("42", "42", 0, r"no_answer: there is no \boxed{…}, <answer>, stated answer"),
        (r"\boxed{$$}", "42", 0, r"no_answer: nothing in \boxed"),
        (r"\boxed{x+1}", "x(x+1)", 0, r"incorrect: x+1 ≠ x(x+1) (identity: they differ at a point; from \boxed)"),
        (r"\boxed{5 frogs}", "5", math.nan, r"undecided: 5 frogs ? 5 (expressions that differ in form; from \boxed)"),
        (r"\boxed{5}", "", math.nan, "gold_invalid: "),
        (r"\boxed{5}", None, math.nan, "gold_invalid: there is none"),
        (r"\boxed{5}", ["4", "6"], 0, r"incorrect: 5 ≠ 4 or 1 more (exact number; from \boxed)"),
    ],
)
def test_outcomes_and_reasons(completion: str, gold: Any, value: float, reason: str) -> None:
    score = one(completion, gold)
    assert score == value or (math.isnan(score) and math.isnan(value))
    assert score.reason == reason


def test_golds_of_every_kind() -> None:
    numpy = pytest.importorskip("numpy")
    for gold in (
        5,
        5.0,
        "5",
        "$5$",
        r"\boxed{5}",
        r"So it is $\boxed{5}$.",
        ["6", "5"],
        ("5",),
        [None, "5"],
        numpy.float64(5),
        numpy.array(["5", "6"]),
    ):
        assert one(r"\boxed{5}", gold) == 1, gold
    for gold in (None, math.nan, "", " ", "$$", [], [None], "9" * 5000):
        assert one(r"\boxed{5}", gold).reason.startswith("gold_invalid"), gold


def test_options() -> None:
    assert one("5", "5", extract=("whole",)) == 1
    assert one("Answer: 5", "5", extract=("boxed",)) == 0
    assert one(r"\boxed{5 frogs}", "5", undecided="wrong") == 0
    assert one(r"\boxed{5 frogs}", "5", undecided="wrong").reason.startswith("undecided")
    assert one(r"\boxed{25\%}", "25", percent="either") == 1
    assert one(r"\boxed{3.1416}", "3.14", decimals="exact") == 0


def test_hedging_is_not_paid() -> None:
    for text in (
        r"\boxed{5} or \boxed{6}",
        r"\boxed{6}, \boxed{5}",
        r"\boxed{5, 6}",
        r"\boxed{5 or 6}",
        r"\boxed{5 \text{ or } 6}",
        r"\boxed{(5, 6)}",
        r"\boxed{\pm 5}",
    ):
        assert one(text, "5") != 1, text


def test_korean_phrasings() -> None:
    texts = (
        "정답은 12입니다.", "정답: 12", "답은 12이다.", "최종 정답은 \\boxed{12}.",
        "최종 답변은: $\\boxed{12}$입니다.", "따라서 답은 12개입니다.", "\\boxed{12개}", "정답은 ⑫", "정답: **12**",
        "답: 12명", "정답은 12예요.", "\\boxed{12 \\text{명}}", "정답은 １２입니다",
    )  # fmt: skip
    assert math_correct(list(texts), ["12"] * len(texts)) == [1] * len(texts)
    assert math_correct(
        [text.replace("12", "13").replace("⑫", "⑬").replace("１２", "13") for text in texts], ["12"] * len(texts)
    ) == [0] * len(texts)


@needs_data
def test_every_gold_equals_itself() -> None:
    for gold in itertools.chain.from_iterable(golds()):
        bare = gold.strip()[1:-1] if gold.count("$") == 2 and gold.strip()[0] == gold.strip()[-1] == "$" else gold
        boxes = [
            rf"\boxed{{{gold}}}",
            rf"\boxed{{${bare}$}}",
            f"The final answer is {gold}",
            f"<answer>{gold}</answer>",
        ]
        forms = [gold, f"${bare}$", rf"\boxed{{{bare}}}"]
        scores = [math_correct(boxes, [form] * len(boxes)) for form in forms]
        assert scores == [[1] * len(boxes)] * len(forms), gold


@needs_data
def test_random_pairs_of_different_golds() -> None:
    """What is accepted is symmetric and equal by Math-Verify, by reading the same characters, or one named pair."""
    from math_verify import parse, verify

    every = list(dict.fromkeys(itertools.chain.from_iterable(golds())))
    chance = random.Random(0)
    accepted: set[tuple[str, str]] = set()
    for _ in range(50_000):
        gold, answer = chance.choice(every), chance.choice(every)
        if gold != answer and judge(gold, answer).outcome == "correct":
            assert judge(answer, gold).outcome == "correct"
            accepted.add((gold, answer))
    assert len(accepted) > 10
    for gold, answer in accepted:
        left, right = (parse(text if "$" in text else f"${text}$") for text in (gold, answer))
        plain = [re.sub(r"\\\$|\^\\circ C| Hz|[ {}]", "", text).replace("\\times10^", "e") for text in (gold, answer)]
        assert (
            verify(left, right)
            or {gold, answer} == {r"90^\circ", r"\frac{\pi}{2}"}  # an angle in degrees and in radians: declared
            or plain[0] == plain[1]
            or float(plain[0]) == float(plain[1])
        ), (gold, answer)


MISLABELLED = {*range(24, 32), 583}  # gold 4:30p.. answered 4:30 p.m.; gold 10{,}000 answered 10000


@needs_data
def test_real_completions_against_their_labels_and_math_verify() -> None:
    from math_verify import parse, verify

    real = rows("generations/math100_qwen_x8.jsonl")
    scores = math_correct([row["completion"] for row in real], [row["answer"] for row in real])
    assert {
        index for index, (row, score) in enumerate(zip(real, scores, strict=True)) if (score == 1) != row["label"]
    } == MISLABELLED
    assert [index for index, score in enumerate(scores) if math.isnan(score)] == []
    differ = {
        index
        for index, (row, score) in enumerate(zip(real, scores, strict=True))
        if index % 4 == 0 and verify(parse(f"${row['answer']}$"), parse(row["completion"])) != (score == 1)
    }
    assert differ == {24, 28}


@needs_data
def test_reasoning_cut_before_its_box_is_rarely_paid() -> None:
    real = rows("generations/math100_qwen_x8.jsonl")
    cut = [row["completion"][: int(row["completion"].rfind("\\boxed") * 0.9)] for row in real]
    paid = [
        text for text, score in zip(cut, math_correct(cut, [row["answer"] for row in real]), strict=True) if score == 1
    ]
    assert len(paid) <= 16
    assert all("\\boxed{" in text for text in paid)


HOSTILE = [
    "\\boxed{1\\frac{" + "9" * 700 + "}{2}}", "\\boxed{1 " + "9" * 700 + "/" + "9" * 701 + "}",
    "\\boxed{0.\\overline{" + "9" * 700 + "}}", "\\boxed{" + "9" * 100_000 + "}", "\\boxed{" + "9" * 4000 + "}",
    "\\boxed{0." + "9" * 4000 + "}", "\\boxed{" * 5000 + "7" + "}" * 5000,
    "\\boxed{" + "{" * 2000 + "7" + "}" * 2000 + "}", "\\boxed{" + "\\frac{1}{1+" * 300 + "1" + "}" * 300 + "}",
    "\\boxed{" + "\\frac{" * 600 + "1" + "}{2}" * 600 + "}", "\\boxed{" + "\\frac" * 800 + "}",
    "\\boxed{9^{9^{9^{9}}}}", "\\boxed{10^{999999999}}", "\\boxed{1e999999999}", "\\boxed{(((9!)!)!)!}",
    "\\boxed{" + "9^{" * 900 + "9" + "}" * 901, "\\boxed{" + "(1," * 1000 + "1" + ")" * 1000 + "}",
    "\\boxed{" + "1," * 2000 + "1}", "\\boxed{" + "\\pm 1," * 500 + "}",
    "\\boxed{\\begin{pmatrix}" + "1&" * 1900 + "\\end{pmatrix}}", "\\boxed{" + "a" + "\u0301\u0316" * 2000 + "}",
    "a" + "\u0301\u0316" * 5_000_000, "{" * 10_000_000, "\\boxed{" * 1_400_000, "answer: " + "$" * 10_000_000,
    "\\boxed{__import__('os').system('exit 1')}", "\\boxed{\\sum_{n=1}^{10^{9}} \\int_0^\\infty}", "\\boxed{\ud800}",
    "\\boxed{\\left(\\frac{1}{2}", "\\boxed{" + "1/" * 2000 + "1}",
]  # fmt: skip


@pytest.mark.parametrize("completion", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_completions(completion: str) -> None:
    start = time.process_time()
    scores = [
        one(completion, gold) for gold in ("42", r"\frac{1}{2}", "1,2,3", "x^2+1", "(1,2)", "C", "5 cm", r"\sqrt2")
    ]
    assert time.process_time() - start < 12
    assert all(score != 1 for score in scores)
    assert all(len(score.reason) < 400 for score in scores)
    one(r"\boxed{1}", completion[:100_000])


def test_runs_in_threads() -> None:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(one(r"\boxed{9^{9^{9}}}", "5")))
    thread.start()
    thread.join(5)
    assert math.isnan(found[0])


texts = st.one_of(
    st.text(st.characters(codec=None), max_size=60),
    st.text(max_size=20).map(lambda text: rf"\boxed{{{text}}}"),
    st.sampled_from([r"\boxed{5}", "Answer: 1/2", "<answer>x</answer>", "정답은 5입니다."]),
)


@given(
    st.lists(
        st.tuples(texts, st.one_of(texts, st.none(), st.lists(texts, max_size=3), st.floats())), min_size=2, max_size=6
    ),
    st.integers(0, 5),
)
def test_range_split_order_and_pickle(pairs: list[tuple[str, Any]], cut: int) -> None:
    completions, answers = map(list, zip(*pairs, strict=True))
    scores = math_correct(completions, answers)
    assert all(math.isnan(score) or score in (0, 1) for score in scores)
    assert all(
        score.reason.partition(":")[0] in {"correct", "incorrect", "no_answer", "undecided", "gold_invalid"}
        for score in scores
    )
    split = math_correct(completions[:cut], answers[:cut]) + math_correct(completions[cut:], answers[cut:])
    back = math_correct(completions[::-1], answers[::-1])[::-1]
    for other in (split, back, pickle.loads(pickle.dumps(scores))):
        assert [(str(score), score.reason) for score in other] == [(str(score), score.reason) for score in scores]


def test_the_reward_pickles() -> None:
    assert pickle.loads(pickle.dumps(math_correct)) is math_correct
