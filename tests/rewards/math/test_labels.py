from __future__ import annotations

import pytest

from jeoul.rewards.math.labels import named, tuple_names


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("x = 5", "x", "5"), ("f(t) = 2t", "f(t)", "2t"), ("x_{1} = 5", "x_1", "5"), ("AB = 5", "AB", "5"),
        (r"\angle ABC = 50°", r"\angleABC", "50°"), (r"\frac {AB}{CD} = 1/2", r"\frac{AB}{CD}", "1/2"),
        (r"\cos B = 1/2", r"\cosB", "1/2"), ("A:B = 3:4", "A:B", "3:4"), ("Least value: 5", "Leastvalue", "5"),
        ('"Jun:" 5', "Jun", "5"), (r"F_n = \sum _{k=0}^{n} k", "F_n", r"\sum _{k=0}^{n} k"),
    ],
)  # fmt: skip
def test_names(text: str, name: str, value: str) -> None:
    assert named(text) == (name, value)


@pytest.mark.parametrize("text", ["2x = 10", "x = y = 3", "3:4", "x+y = 5", "x^2 = 4", "B: 5", "12:30", "x < 5"])
def test_no_name(text: str) -> None:
    assert named(text) == ("", text)


def test_tuples() -> None:
    assert tuple_names(r"(k, \ell) = (1, 2)") == (["k", r"\ell"], "(1, 2)")
    assert tuple_names("(f(x), g(x)) = (x, 2)") == (["f(x)", "g(x)"], "(x, 2)")
    for text in ("(1, 2) = (1, 2)", "(x, y)", "(x) = (1)", "(x, y) = 3"):
        assert tuple_names(text) == ([], text)
