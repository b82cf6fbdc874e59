from __future__ import annotations

import pytest

from jeoul.rewards.math.correct import judge
from jeoul.rewards.math.matrices import unrolled
from jeoul.rewards.math.tidying import tidy

A, B = r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{bmatrix}0&1\\1&1\end{bmatrix}"


@pytest.mark.parametrize(
    ("sign", "cells"),
    [("+", [[1, 3], [4, 5]]), ("-", [[1, 1], [2, 3]]), (r"\cdot", [[2, 3], [4, 7]]), ("", [[2, 3], [4, 7]])],
)
def test_sums_and_products_of_matrices(sign: str, cells: list[list[int]]) -> None:
    assert judge(str(cells).replace(" ", ""), f"{A} {sign} {B}").outcome == "correct"
    cells[1][0] += 1
    assert judge(str(cells).replace(" ", ""), f"{A} {sign} {B}").outcome == "incorrect"


def test_rows_are_a_list() -> None:
    assert unrolled(tidy(r"\begin{cases} a=1 \\ b=2 \end{cases}")) == "a=1, b=2"
    assert unrolled(tidy(r"\begin{aligned} a&=1 \\ b&=2 \end{aligned}")) == "a=1, b=2"


@pytest.mark.parametrize(
    "text",
    [
        f"{A} + {B} - {A}", f"{A} + 5", f"5 {A} {B}", r"\begin{pmatrix}1\end{pmatrix}+" + A, r"\begin{pmatrix}", "5",
        r"\begin{pmatrix}\end{pmatrix}+\begin{pmatrix}\end{pmatrix}x",
    ],
)  # fmt: skip
def test_the_rest_stays(text: str) -> None:
    assert unrolled(tidy(text)) == tidy(text)
