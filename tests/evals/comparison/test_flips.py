"""Flipped questions with both texts, whatever a model wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from made_runs import answers, make_run, side

from jeoul.evals.comparison.flips import LONGEST, find_flips
from jeoul.evals.comparison.result import Flips


def flipped(folder: Path, a: Any, b: Any, most: int = 10) -> Flips:
    return find_flips(side(make_run(folder, "a", a), "A"), side(make_run(folder, "b", b), "B"), most)


def test_solved_is_half_or_more(tmp_path: Path) -> None:
    a = answers({0: [1, 0, 0], 1: [1, 1, 0], 2: [0, 0], 3: [1, 0], 4: [1], 5: [1]})
    b = answers({0: [1, 1, 0], 1: [1, 1, 1], 2: [1, 1], 3: [0, 0], 4: [1], 6: [1]})
    found = flipped(tmp_path, a, b)
    assert (found.graded, found.gained, found.lost) == (False, 2, 1)
    assert [one.question for one in found.shown] == ["q2", "q3", "q0"]  # the largest difference first
    assert [(round(one.mean_a, 2), round(one.mean_b, 2)) for one in found.shown] == [(0, 1), (0.5, 0), (0.33, 0.67)]


def test_the_texts_show_what_flipped(tmp_path: Path) -> None:
    a = answers({2: [0, 1, 0], 3: [1, 1, 0]}, completion_tokens=7, finish_reason="stop")
    b = answers({2: [0, 1, 1], 3: [1, 0, 0]})
    gained, lost = sorted(flipped(tmp_path, a, b).shown, key=lambda one: one.question)
    assert (gained.problem, gained.answer) == ("2 + 2?", "4")
    assert (gained.text_a.sample, gained.text_a.score, gained.text_b.sample, gained.text_b.score) == (0, 0, 1, 1)
    assert gained.text_b.completion == "So \\boxed{4}"
    assert gained.text_b.reason.startswith("correct: 4")
    assert (gained.text_a.tokens, gained.text_a.finish_reason, gained.text_b.tokens) == (7, "stop", None)
    assert (lost.text_a.score, lost.text_b.score, lost.text_b.sample) == (1, 0, 1)


def test_as_many_of_each_direction_as_asked(tmp_path: Path) -> None:
    a, b = answers({n: [n % 2] for n in range(12)}), answers({n: [1 - n % 2] for n in range(12)})
    found = flipped(tmp_path, a, b, most=2)
    assert (found.gained, found.lost, len(found.shown)) == (6, 6, 4)
    assert not flipped(tmp_path, a, b, most=0).shown


def test_endless_and_odd_texts(tmp_path: Path) -> None:
    text = "\x00\ud800</script>|" + "x" * 1_000_000 + r"\boxed{5}"
    b = [{"id": "q2", "sample": 0, "completion": text}]
    one = flipped(tmp_path, answers({2: [1]}), b).shown[0].text_b
    assert one.characters == len(text)
    assert len(one.completion) < LONGEST + 100
    assert "characters left out" in one.completion
    assert one.completion.endswith(r"\boxed{5}")


def test_graded_scores_move(tmp_path: Path) -> None:
    from made_runs import SUITE

    suite = SUITE.replace("math_correct", "rouge1").replace('undecided = "wrong"', 'reference = "answer"')

    def rows(*texts: str) -> Any:
        return [{"id": f"q{n}", "completion": text} for n, text in enumerate(texts)]

    a = side(make_run(tmp_path, "a", rows("0", "5 or 2", "9"), suite=suite), "A")
    b = side(make_run(tmp_path, "b", rows("0", "2", "4 9"), suite=suite), "B")
    found = find_flips(a, b, 5)
    assert (found.graded, found.gained, found.lost) == (True, 2, 0)
