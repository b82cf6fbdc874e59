from __future__ import annotations

import pytest

from jeoul.rewards.math import judge


@pytest.mark.parametrize(
    ("gold", "answer", "outcome"),
    [
        (r"3\mathbf{i}-2\mathbf{j}", "(3,-2)", "correct"),
        ("(3,-2)", r"3\hat{i}-2\hat{j}", "correct"),
        (r"3\hat{\imath}-2\hat{\jmath}", r"\begin{pmatrix}3\\-2\end{pmatrix}", "correct"),
        (r"3\vec{i}-2\vec{j}", "(3,-2,0)", "correct"),
        (r"a\mathbf{i}+b\mathbf{j}", "(a,b)", "correct"),
        (r"\frac{3\mathbf{i}-2\mathbf{j}}{2}", "(1.5,-1)", "correct"),
        (r"3\mathbf{i}-2\mathbf{j}", "(-2,3)", "incorrect"),
        (r"3\mathbf{i}-2\mathbf{j}", "(3,-2,1)", "incorrect"),
        (r"3\mathbf{i}-2\mathbf{j}", "3-2", "incorrect"),
        (r"\mathbf{i}\mathbf{j}", "(1,1)", "incorrect"),
        (r"\mathbf{i}+\mathbf{j}+1", "(1,1)", "incorrect"),
    ],
)
def test_components(gold: str, answer: str, outcome: str) -> None:
    found = judge(gold, answer).outcome
    assert found == outcome if outcome == "correct" else found != "correct"
