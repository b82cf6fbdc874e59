"""Every gold of the shipped suite, recomputed without Jeoul, and equal to itself for the grader."""

from __future__ import annotations

import datetime
import itertools
import math
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp

from jeoul.evals.suites import find_suite
from jeoul.evals.suites_rows import load_problems
from jeoul.rewards.math.correct import math_correct

x, y, n = sp.symbols("x y n")
DICE = list(itertools.product(range(1, 7), repeat=2))


def tex(value: Any) -> str:
    if isinstance(value, Fraction):
        sign, p, q = "-" * (value < 0), abs(value.numerator), value.denominator
        return f"{sign}{p}" if q == 1 else f"{sign}\\frac{{{p}}}{{{q}}}"
    return sp.latex(value) if isinstance(value, sp.Basic) else str(value)


def listed(values: Any, around: str = "()") -> str:
    return around[: len(around) // 2] + ", ".join(tex(value) for value in values) + around[len(around) // 2 :]


def brace(values: Any) -> str:
    return listed(sorted(values), r"\{\}")


def interval(region: Any) -> str:
    def one(part: Any) -> str:
        return f"{'(' if part.left_open else '['}{sp.latex(part.start)}, {sp.latex(part.end)}{')' if part.right_open else ']'}"

    return r" \cup ".join(map(one, region.args if isinstance(region, sp.Union) else [region]))


def clock(hour: int, minute: int, later: int, form: str) -> str:
    end = datetime.datetime(2024, 1, 1, hour, minute) + datetime.timedelta(minutes=later)
    twelve, half = end.hour % 12 or 12, end.hour >= 12
    if form == "ko":
        return f"{'오후' if half else '오전'} {twelve}시 {end.minute}분"
    return f"{end.hour}:{end.minute:02}" if form == "24" else f"{twelve}:{end.minute:02} {'p.m.' if half else 'a.m.'}"


def chance(cases: Any, hit: Any) -> str:
    cases = list(cases)
    return tex(Fraction(sum(map(hit, cases)), len(cases)))


def letter(options: Any, right: Any, letters: str = "ABCDE") -> str:
    (place,) = [place for place, option in enumerate(options) if right(option)]
    return letters[place]


def man(number: int) -> str:
    """12억 5천만: by 10^8, 10^4 and thousands, as far as the problems go."""
    parts = [
        (number // 10**8, "억"),
        (number // 10**7 % 10, "천만"),
        (number // 10**4 % 1000, "만"),
        (number // 1000 % 10, "천"),
    ]
    assert number % 1000 == 0
    return " ".join(f"{count}{unit}" for count, unit in parts if count)


COMPUTED: list[str] = [
    tex(sum(360 % d == 0 for d in range(1, 361))),
    tex(pow(7, 100, 13)),
    tex(sum(sp.primerange(2, 50))),
    tex(sum(abs(p.index(0) - p.index(1)) == 1 for p in itertools.permutations(range(5)))),
    tex(len(s := str(math.factorial(100))) - len(s.rstrip("0"))),
    tex(math.gcd(1071, 462)),
    tex(next(k for k in range(1, 1000) if (k % 3, k % 5, k % 7) == (2, 3, 2))),
    tex(sum(map(int, str(2**20)))),
    tex(sum(k % 3 == 0 or k % 5 == 0 for k in range(1, 1001))),
    tex(sp.fibonacci(20)),
    tex(sp.expand((1 + 2 * x) ** 6).coeff(x, 3)),
    tex(sp.Matrix([[1, 2], [3, 4]]).det()),
    tex(Fraction(1, 2) - Fraction(1, 3) + Fraction(1, 4) - Fraction(1, 6)),
    chance(DICE, lambda two: sum(two) in (7, 11)),
    tex(sp.summation(sp.Rational(2, 5) ** n, (n, 1, sp.oo))),
    tex(Fraction(-1 - 4, 7 - 1)),
    chance(itertools.permutations("rrrbbbbb", 2), lambda two: two == ("r", "r")),
    tex(sp.integrate(x**2 * (1 - x), (x, 0, 1))),
    str(7 / 16),
    str((Decimal("3.75") * Decimal("0.48")).normalize()),
    f"{math.sqrt(10):.3f}",
    str((Decimal("2.3") + Decimal("4.1") + Decimal("3.8") + Decimal("5.2")) / 4),
    tex(sp.sqrt(12) + sp.sqrt(27)),
    tex(sp.expand((x - 2) * (x**2 + 2 * x + 4))),
    tex(sp.factor(sp.diff(x * sp.exp(2 * x), x))),
    tex(sp.pi * (6 * sp.pi / (2 * sp.pi)) ** 2),
    tex(sp.factor(sp.summation(x**2, (x, 1, n)))),
    tex(sp.solve(3 * x + 2 * y - 12, y)[0]),
    tex(sp.expand((1 + sp.I) ** 6)),
    r"\begin{pmatrix} " + r" \\ ".join(" & ".join(map(str, row)) for row in (sp.Matrix([[1, 2], [0, 1]]) ** 3).tolist()) + r" \end{pmatrix}",
    listed(sp.solve([x + y - 7, 2 * x - y - 2], [x, y]).values()),
    listed([Fraction(-2 + 6, 2), Fraction(5 + 1, 2)]),
    listed([v := sp.solve(sp.diff(2 * x**2 - 12 * x + 7, x), x)[0], 2 * v**2 - 12 * v + 7]),
    listed(sp.Matrix([1, 2, 3]).cross(sp.Matrix([4, 5, 6]))),
    brace(sp.solve(x**2 - x - 12, x)),
    brace(sp.primefactors(2310)),
    brace(k for k in range(-10, 11) if k * k < 10),
    brace(sp.solve(x**3 - 4 * x, x)),
    interval(sp.solveset(sp.Abs(x - 1) < 3, x, sp.S.Reals)),
    interval(sp.calculus.util.continuous_domain(sp.sqrt(4 - x**2), x, sp.S.Reals)),
    interval(sp.solveset(x**2 - 5 * x + 6 > 0, x, sp.S.Reals)),
    interval(sp.calculus.util.function_range(x**2 + 1, x, sp.S.Reals)),
    rf"{Fraction(92 - 80, 80) * 100}\%",
    rf"{100 - Fraction(80, 100) * Fraction(75, 100) * 100}\%",
    rf"{Fraction(35, 250) * 100}\%",
    rf"{Fraction(32, 10) * 1000 + 450} \text{{ m}}",
    rf"{12 * 7} \text{{ cm}}^2",
    rf"{150 / 12} \text{{ m/s}}",
    rf"\${45 // 3}",
    rf"{180 - 35 - 75}^\circ",
    clock(9, 45, 170, "12"),
    clock(18, 20, 135, "24"),
    clock(23, 15, 450, "12"),
    letter([51, 57, 59, 63, 91], sp.isprime),
    letter(several := [2**30, 3**20, 5**13, 10**9], lambda one: one == max(several)),
    letter([11, 13, 17, 19], lambda one: (2**12 - 1) % one == 0),
    tex(sum(range(1, 101))),
    f"{3 * 1200 + 2 * 1800}원",
    tex(Fraction(18) / Fraction(3, 4)),
    man(35_000 + 27_000),
    man(1_250_000_000 // 5),
    f"{ {24: '스물네'}[6 * 4] } 개",
    rf"{4**3} \text{{ cm}}^3",
    clock(10, 20, 175, "ko"),
    chance(DICE, lambda two: two[0] * two[1] % 2 == 1),
    " < x < ".join(map(str, sorted(sp.solve(x**2 - 2 * x - 8, x)))),
    f"{5000 * Fraction(130, 100)}원",
    rf"{(Fraction(8, 100) * 200 + Fraction(5, 100) * 100) / 300 * 100}\%",
    listed(next((a, 15 - a) for a in range(15, 0, -1) if a - (15 - a) == 3)),
    tex(sp.log(81, 3)),
    letter([sp.Rational(1, 2), sp.sqrt(9), sp.sqrt(8), sp.Rational(22, 7), sp.Integer(0)], lambda one: one.is_irrational, "①②③④⑤"),
    tex(Fraction(72 + 85 + 91 + 80, 4)),
    brace(sp.solve(x**2 - 5 * x, x)),
    tex(sp.pi * 6**2 * sp.Rational(60, 360)),
]  # fmt: skip
PROBLEMS = load_problems(find_suite("sample"))


def test_every_gold_is_what_an_independent_computation_gives() -> None:
    assert len(COMPUTED) == len(PROBLEMS) >= 60
    wrong = {row["id"]: (row["answer"], value) for row, value in zip(PROBLEMS.rows, COMPUTED, strict=True)
             if row["answer"].replace(" ", "") != value.replace(" ", "")}  # fmt: skip
    assert not wrong


@pytest.mark.parametrize("row", PROBLEMS.rows, ids=lambda row: row["id"])
def test_every_gold_is_right_and_another_is_not(row: dict[str, Any]) -> None:
    other = next(one for one in PROBLEMS.rows if one["kind"] == row["kind"] and one["answer"] != row["answer"]) if Counter(
        one["kind"] for one in PROBLEMS.rows)[row["kind"]] > 1 else {"answer": "12345"}  # fmt: skip
    texts = [f"\\boxed{{{row['answer']}}}", f"\\boxed{{{other['answer']}}}", ""]
    assert math_correct(texts, [row["answer"]] * 3, undecided="wrong") == [1, 0, 0]


def test_kinds_and_languages() -> None:
    kinds = {row["kind"] for row in PROBLEMS.rows}
    assert kinds == {"integer", "fraction", "decimal", "expression", "matrix", "tuple", "set", "interval", "percent", "unit",
                     "time", "choice", "relation", "korean numeral"}  # fmt: skip
    assert Counter(row["language"] for row in PROBLEMS.rows)["ko"] >= 15
