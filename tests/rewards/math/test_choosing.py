from __future__ import annotations

import math

import pytest

from jeoul.rewards.math import judge
from jeoul.rewards.math.choosing import chosen

WRITTEN = [
    "{%d \\choose %d}",
    "{}_{%d}C_{%d}",
    "_{%d}C_%d",
    "{}_{%d}\\mathrm{C}_{%d}",
    "^{%d}C_{%d}",
    "%dC%d",
    "C(%d, %d)",
]


@pytest.mark.parametrize("form", WRITTEN)
@pytest.mark.parametrize(("of", "many"), [(5, 2), (12, 4), (9, 9), (40, 1)])
def test_every_spelling_is_the_number(form: str, of: int, many: int) -> None:
    answer = form % (of, many)
    ways = math.comb(of, many)
    assert judge(str(ways), answer).outcome == "correct"
    assert judge(str(ways + 1), answer).outcome == "incorrect"


def test_permutations_and_multisets() -> None:
    assert judge(str(math.perm(12, 4)), "{}_{12}P_4").outcome == "correct"
    assert judge(str(math.comb(7, 5)), "{}_3H_5").outcome == "correct"
    assert judge(str(math.comb(12, 4)), "{}_{12}P_4").outcome == "incorrect"


@pytest.mark.parametrize("text", ["x+C", "C_1^2+C_2", "C(2,5)", "C_n", "P(3,5)", r"\binom{5}{2}", "5C", "H_2O"])
def test_what_is_no_choice_stays(text: str) -> None:
    assert chosen(text) == text
