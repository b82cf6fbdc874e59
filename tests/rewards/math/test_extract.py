from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul.rewards.math.extract import CANDIDATE_LIMIT, TEXT_LIMIT, _boxed, _checked, _last_box, boxed, find_answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"so \boxed{5}", "5"),
        (r"\boxed{1} then \boxed{2}", "2"),
        (r"\fbox{7}", "7"),
        (r"\boxed {7}", "7"),
        (r"\boxed 5$.", "5"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"\boxed{\boxed{5}}", r"\boxed{5}"),
        (r"\boxed{5} and \boxed{\frac{1", "5"),
        (r"\boxed{5} or \boxed{\phantom{2}}", "5"),
        (r"\boxed{5} … \boxed{}", "5"),
        (r"{ \boxed{5}", "5"),
        (r"} \boxed{5}", "5"),
        (r"\boxed{3} and \boxed{5}", "3, 5"),
        (r"$\boxed{3}$, $\boxed{5}$ or $\boxed{5}$", "3, 5"),
        (r"\(\boxed{3}\) 또는 \(\boxed{5}\)", "3, 5"),
        (r"\boxed{3}. So we add 2 and get \boxed{5}", "5"),
        (r"\boxed{5", None),
        (r"\boxedx{5}", None),
        (r"\boxed{}", None),
        ("", None),
    ],
)
def test_boxes(text: str, answer: str | None) -> None:
    assert boxed(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<answer>5</answer>", "5"),
        ("<answer>4</answer> no: <Answer> 5 </Answer>", "5"),
        ("<answer>The final answer is 5.</answer>", "5"),
        (r"<answer>\boxed{5}</answer>", "5"),
        ("<answer>5", None),
        ("The final answer is 5.", "5"),
        ("The final answer is $\\frac{1}{2}$. I hope it is correct.", r"$\frac{1}{2}$"),
        ("Final Answer: 3.5 cm. Done", "3.5 cm"),
        ("**Final Answer**\n\n$$7$$", "$$7$$"),
        ("Answer: 4\nAnswer: 5", "5"),
        ("**Answer:** 5", "5"),
        ("Answer:\n\\[\n x = 5\n\\]\nbecause", "\\[\n x = 5\n\\]"),
        ("The answer is 5.", "5"),
        ("The answer is 5. Wait, perhaps it is 6", None),
        ("It is 5, so 5 = 5", None),
        ("정답은 12입니다.", "12입니다"),
        ("정답: 12", "12"),
        ("답: **12**", "12**"),
        ("최종 답변은: $12$입니다.", "$12$입니다"),
        ("대답은 12이다", None),
        ("정답: 3.5", "3.5"),
        ("answer", None),
        ("Answer:", None),
    ],
)
def test_tags_and_phrases(text: str, answer: str | None) -> None:
    assert find_answer(text).text == answer


def test_decomposed_korean_anchors() -> None:
    import unicodedata

    assert find_answer(unicodedata.normalize("NFD", "정답은 12입니다.")).text == "12입니다"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (r"<think>\boxed{4}</think> \boxed{5}", "5"),
        (r"<think>\boxed{4}</think> nothing", None),
        (r"\boxed{4}</think> nothing", None),
        (r"<think>a</think> \boxed{5} <think>\boxed{6}</think>", "5"),
        (r"<think>\boxed{4}", "4"),
        (r"<thinking>\boxed{4}</thinking>Answer: 5", "5"),
    ],
)
def test_closed_think_blocks_are_dropped(text: str, answer: str | None) -> None:
    assert find_answer(text).text == answer


def test_methods_in_their_order() -> None:
    text = r"\boxed{1} <answer>2</answer> Answer: 3"
    assert [find_answer(text, [method]).text for method in ("boxed", "answer_tag", "phrase")] == ["1", "2", "3"]
    assert find_answer(" 5 ", ["boxed", "whole"]).text == "5"
    assert find_answer(r"5 \boxed{4}", ["whole"]).how == "the whole text"


def test_caps() -> None:
    assert find_answer(r"\boxed{5}" + " " * TEXT_LIMIT).text is None
    assert find_answer(" " * TEXT_LIMIT + r"\boxed{5}").text == "5"
    long = find_answer(rf"\boxed{{{'9' * (CANDIDATE_LIMIT + 1)}}}")
    assert (long.text, long.how) == (None, r"\boxed holds 4,097 characters, more than 4,096")
    assert "there is no" in find_answer("").how


HOSTILE = [
    "{", "}", "\\boxed{", "\\boxed{5}", "\\boxed{5}, ", "\\boxed", "\\", "$", "$ ", "\\(", "\\[", "answer: ",
    "final answer is ", "answer is ", "정답은 ", "<think>", "</think>", "<think></think>", "<answer>", "</answer>",
    "<answer></answer>", " ", "\n", "*", ".", "가\u0301\u0316", "\u0301\u0316", "\\phantom{", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("before", ["", "answer: ", "\\boxed{"])
def test_ten_megabytes_take_no_time(piece: str, before: str) -> None:
    text = before + piece * (10_000_000 // len(piece))
    start = time.process_time()
    find_answer(text)
    find_answer(text[:60_000])
    assert time.process_time() - start < 10  # a second on a slow machine; what is quadratic takes hours


@given(st.lists(st.sampled_from([*HOSTILE, "5", "x", "and", ","]), max_size=40))
def test_never_raises(pieces: list[str]) -> None:
    found = find_answer("".join(pieces), ["boxed", "answer_tag", "phrase", "whole"])
    assert found.text is None or (found.text and found.text == found.text.strip())


BOX_PIECES = [
    "\\boxed{",
    "\\boxed",
    "\\fbox{",
    "}",
    "{",
    "\\{",
    "\\}",
    "\\\\",
    "\\",
    "%",
    "\\%",
    "$",
    " ",
    "5",
    "x",
    "…",
    ",",
    "box",
]


@settings(max_examples=400)
@given(
    before=st.lists(st.sampled_from(BOX_PIECES), max_size=6),
    between=st.sampled_from(["", " and ", "x" * 50, "x" * 100, "x" * 200, "} " + "x" * 70, "{" + "x" * 200]),
    inside=st.lists(st.sampled_from(BOX_PIECES), max_size=8),
    phrase=st.booleans(),
)
def test_the_shortcut_for_the_last_box_finds_what_the_scan_finds(
    before: list[str], between: str, inside: list[str], phrase: bool
) -> None:
    text = "".join(before) + between + "\\boxed{" + "".join(inside)
    found = _last_box(text, phrase)
    scanned = next(_boxed(text), None)
    assert found is None or (scanned is not None and found == _checked(text, scanned, phrase))


def test_the_shortcut_knows_boxes_that_count() -> None:
    far = "and that is so because " * 10
    assert _last_box(rf"\boxed{{3}} {far} \boxed{{5}}$.", True) == find_answer(r"\boxed{5}")
    assert _last_box(rf"\boxed{{3}} {far} \boxed{{5}}. The final answer is $7$", True) == find_answer(
        "The final answer is $7$"
    )
    for text in (
        r"\boxed{3} or \boxed{5}",
        rf"\boxed{{3 {far} \boxed{{5}} }}",
        rf"\boxed{{{far} \boxed{{3}} or \boxed{{5}}",
        r"\boxed{}",
    ):
        assert _last_box(text, True) is None
