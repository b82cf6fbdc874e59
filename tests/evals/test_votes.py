"""Votes are over answers, and all right answers to one gold are one."""

from __future__ import annotations

from jeoul import contains, math_correct
from jeoul.evals.votes import vote_classes


def boxed(*answers: str) -> list[str]:
    return [f"So \\boxed{{{answer}}}." if answer else "no idea" for answer in answers]


def test_equal_answers_are_one_whatever_they_look_like() -> None:
    given = boxed("1/2", "0.5", "3", "", "\\frac{6}{2}", "3.0")
    found = vote_classes(math_correct(), given, ["a"] * 6, [1.0, 1.0, 0.0, 0.0, 0.0, 0.0], ["0.5"] * 6)
    assert found == {"a": [0, 0, 1, None, 1, 1]}


def test_by_problem_in_the_order_of_samples() -> None:
    given = boxed("2", "4", "2", "5")
    found = vote_classes(math_correct(), given, ["a", "b", "a", "b"], [1.0, 0.0, 1.0, 1.0], ["2", "5", "2", "5"])
    assert found == {"a": [0, 0], "b": [1, 0]}


def test_several_golds_are_several_answers() -> None:
    found = vote_classes(math_correct(), boxed("2", "3", "2"), ["a"] * 3, [1.0, 1.0, 1.0], [["2", "3"]] * 3)
    assert found is not None
    assert found["a"][0] == found["a"][2] != found["a"][1]


def test_a_wrong_answer_joins_no_right_one() -> None:
    found = vote_classes(math_correct(), boxed("7", "7.0", "8"), ["a"] * 3, [1.0, float("nan"), 0.0], ["7"] * 3)
    assert found is not None
    assert found["a"][0] == 0
    assert 0 not in found["a"][1:]


def test_another_grader_tells_nothing() -> None:
    assert vote_classes(contains(any_of=["2"]), boxed("2"), ["a"], [1.0], ["2"]) is None
