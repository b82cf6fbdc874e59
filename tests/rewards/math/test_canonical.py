from __future__ import annotations

import time
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jeoul.rewards.math.canonical import Choice, Form, Items, Time, Words, form, read, shape, tidy
from jeoul.rewards.math.numbers import Number, read_number, read_unit

TOKENS = [
    "\\frac", "\\sqrt", "{", "}", "(", ")", "1", "2", "x", ",", "^", "_", " ", "\\pm", "$", "\\text{", "-", "+", "/",
    "%", "e", "10", "\\pi", ".", "=", "\\{", "\\}", "°", "and", "cm", '"', "*", "!", "\\begin{pmatrix}",
    "\\end{pmatrix}", "&", "\\\\", ":", "p.m.", "A", "[", "]", "\\cup", "원", "입니다", "\ud800", "½", "٣",
    "\\overline{3}", "\\boxed{", "'", "\t\n", "¶", "¤", "€", "만", "million",
]  # fmt: skip


def value(text: str) -> object:
    return read(text)[0].value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", 5), ("-5", -5), ("+5", 5), ("−5", -5), ("007", 7), ("5.0", 5), (".5", Fraction(1, 2)), ("5.", 5),
        ("1,234", 1234), ("10,\\!080", 10080), ("10{,}000", 10000), ("1 234 567", 1234567), ("10\u202f000", 10000),
        ("$5$", 5), ("\\(5\\)", 5), ("\\boxed{5}", 5), ("**5**", 5), ("{5}", 5), ("(5)", 5), ("５", 5), ("٣", 3),
        ("③", 3), ("½", Fraction(1, 2)), ("3½", Fraction(7, 2)), ("1/2", Fraction(1, 2)), ("-1/2", Fraction(-1, 2)),
        (r"\frac12", Fraction(1, 2)), (r"\dfrac{1}{2}", Fraction(1, 2)), (r"\frac{-1}{2}", Fraction(-1, 2)),
        (r"-\frac{1}{2}", Fraction(-1, 2)), (r"\frac1{25}", Fraction(1, 25)), (r"\frac {1} {2}", Fraction(1, 2)),
        (r"\frac{\frac12}{3}", Fraction(1, 6)), (r"1\frac{4}{5}", Fraction(9, 5)), ("1 4/5", Fraction(9, 5)),
        (r"-1\frac{4}{5}", Fraction(-9, 5)), (r"2\cdot\frac{1}{2}", 1), (r"2 \times 3", 6), ("3e2", 300),
        ("4.5E-3", Fraction(9, 2000)), (r"8.7 \times 10^{8}", 870000000), ("2.5 x 10^3", 2500),
        ("10^{-3}", Fraction(1, 1000)), ("10^(-3)", Fraction(1, 1000)), ("2^{10}", 1024), ("2^10", 1024), ("2²", 4),
        (r"0.\overline{3}", Fraction(1, 3)), (r"0.1\overline{6}", Fraction(1, 6)), ("x=5", 5), (r"x \approx 5", 5),
        ("k = 5.", 5), ("5입니다.", 5), ("5이다", 5), ("5이에요.", 5), ("12개입니다", 12), ("\\text{5}", 5),
        (r"5 \text{ cm}", 5), ("5cm", 5), ("5 square feet", 5), ("$5", 5), ("\\$5", 5), ("₩5", 5), ("5원", 5),
        ("-\\$5", -5), (r"90^\circ", 90), (r"90^{\circ}", 90), ("90°", 90), (r"1950^\circ C", 1950),
    ],
)  # fmt: skip
def test_rational_numbers(text: str, expected: Fraction) -> None:
    number = value(text)
    assert isinstance(number, Number), number
    assert (number.value, number.root, number.pi) == (expected, 1, 0)


def test_roots_and_pi() -> None:
    for text in (
        r"\frac{\sqrt{3}}{3}",
        r"\frac{1}{\sqrt3}",
        "√3/3",
        "sqrt(3)/3",
        r"\sqrt{\frac13}",
        r"\frac{\sqrt{12}}{6}",
    ):
        number = value(text)
        assert isinstance(number, Number), text
        assert (number.square, number.pi) == (Fraction(1, 3), 0)
    for text in (r"\frac{2\pi}{3}", "2π/3", r"\frac23\pi", r"\frac{2}{3} \cdot \pi"):
        assert value(text) == Number(Fraction(2, 3), pi=1), text


@pytest.mark.parametrize(
    "text",
    [
        "2x", "6m", "4a", "2 3", "1/2\\pi", "1/2(3)", "--5", "5 apples and more", "5!", "\\sqrt[3]{7}", "\\sqrt{-1}",
        "1/0", "0^{-1}", "", "\\frac{1}{0}", "e", "x", "5 of 6", "1,23", "1,2345", "2\\frac{3}{2}", "9^{9^{9}}",
        "10^{999999}", "1e99999", "9" * 4000, "0." + "9" * 4000,
    ],
)  # fmt: skip
def test_not_a_number(text: str) -> None:
    assert read_number(shape(tidy(text))) is None


@pytest.mark.parametrize(
    ("text", "digits", "percent", "scale", "unit"),
    [
        ("0.0250", 3, False, 1, ""), ("1.70e4", 3, False, 1, ""), ("8.7*10^{8}", 2, False, 1, ""),
        ("62.5\\%", 3, True, 1, ""), ("5 percent", 1, True, 1, ""), ("5 million", 1, False, 10**6, ""),
        ("3만 원", 1, False, 10**4, "won"), ("\\$5 million", 1, False, 10**6, "dollar"),
        ("15\\mbox{ cm}^2", 2, False, 1, "cm^2"), ("15 square centimeters", 2, False, 1, "cm^2"),
        ("60 km/h", 2, False, 1, "h^-1 km^1"), (r"15 \text{ kcal m}^{-2} \text{yr}^{-1}", 2, False, 1, "kcal^1 m^-2 yr^-1"),
        ("60 miles per hour", 2, False, 1, "h^-1 mi^1"),
    ],
)  # fmt: skip
def test_how_a_number_was_written(text: str, digits: int, percent: bool, scale: int, unit: str) -> None:
    number = value(text)
    assert isinstance(number, Number)
    assert (number.digits, number.percent, number.scale, number.unit) == (digits, percent, scale, unit)


def test_units() -> None:
    assert read_unit("") == ""
    assert read_unit("frogs") is None
    assert read_unit("square") is None
    assert read_unit('"m/s" ^{2}') == "m^1 s^-2"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4:30p..", Time(270, "p")), (r"4:30 \text{ p.m.}", Time(270, "p")), ("16:30", Time(270, "p")),
        ("4:30", Time(270)), ("4 pm", Time(240, "p")), (r"\text{(C)}", Choice("C")), ("(C)", Choice("C")),
        ("C.", Choice("C")), ("C) 42", Choice("C")), ("(C) 42", Choice("C")), (r"\text{Evelyn}", Words("evelyn")),
        ("The Ellipse", Words("ellipse")), ("No", Words("no")), ("수원이다", Words("수원")),
        ("서울특별시입니다.", Words("서울특별시")), ("x", Form("x")), ("RC", Form("RC")), ("4a", Form("4a")),
        ("52_8", Form("52_{8}")),
    ],
)  # fmt: skip
def test_other_leaves(text: str, expected: object) -> None:
    assert value(text) == expected


def test_choices_that_hedge_are_none() -> None:
    for text in ("A or B", "(A) or (B)", "A) 5, B) 6", "(A)(B)"):
        assert not isinstance(value(text), Choice), text


@pytest.mark.parametrize(
    ("text", "kind", "count", "brackets"),
    [
        ("1, 2", "list", 2, ""), ("1,2,3", "list", 3, ""), ("3 and 5", "list", 2, ""),
        (r"3 \text{ or } 5", "list", 2, ""), ("3, 4, and 5", "list", 3, ""), ("3 또는 5", "list", 2, ""),
        ("$69$,$84$", "list", 2, ""), ("(1,2)", "tuple", 2, "()"), ("(1,234)", "tuple", 2, "()"),
        ("[1,2)", "tuple", 2, "[)"), (r"\left( 3, \frac{\pi}{2} \right)", "tuple", 2, "()"),
        (r"\{1,2\}", "set", 2, "{}"), ("(1,2),(3,4)", "list", 2, ""), (r"1 \pm \sqrt2", "list", 2, ""),
        (r"\{1\pm\sqrt{5},-2\}", "set", 3, "{}"), (r"(-\infty,2) \cup (3,\infty)", "union", 2, ""),
        (r"x \in [-2,7]", "tuple", 2, "[]"),
        (r"\begin{pmatrix} -1/3 \\ 2/3 \\ 5/3 \end{pmatrix}", "matrix 1/1/1", 3, ""),
        (r"\begin{bmatrix}1&2\\3&4\end{bmatrix}", "matrix 2/2", 4, ""),
    ],
)  # fmt: skip
def test_collections(text: str, kind: str, count: int, brackets: str) -> None:
    items = value(text)
    assert isinstance(items, Items), items
    assert (items.kind, len(items.elements), items.brackets) == (kind, count, brackets)


def test_thousands_or_a_list() -> None:
    assert [type(reading.value) for reading in read("1,234")] == [Number, Items]
    assert [type(reading.value) for reading in read("10,080")] == [Number]


@pytest.mark.parametrize(
    "same",
    [
        ["x^2+1", "1 + x^{2}", r"\left.x^2\right.+1"], ["6-5i", "-5i + 6"],
        [r"\frac{x}{2}", "x/2", r"\frac x2", r"\dfrac{x}{{2}}"], ["2x", r"2\cdot x", "2 x", r"2\,x"],
        [r"e^{-x}", "e^-x"], [r"\sqrt{2}+1", r"1+\sqrt2"], ["5x-7y+4=0", "4+5x-7y=0"],
        [r"\cot x", r"\cot{x}", "cot x"], ["x'", r"x^{\prime}", "x^'"], ["2\\pi+18", "18 + 2π"],
        [r"x_{1}", "x_1", "x₁"],
    ],
)  # fmt: skip
def test_forms_spelt_alike(same: list[str]) -> None:
    assert len({form(tidy(text)) for text in same}) == 1, {form(tidy(text)) for text in same}


@pytest.mark.parametrize(
    "different",
    [
        ["2 3", "23", "2*3"], ["x^{12}", "x^{1}2"], [r"2\cdot\frac{1}{2}x", r"2\frac{1}{2}x"], ["a-b", "b-a"],
        [r"\frac{a}{b}c", r"\frac{a}{bc}", "a/bc"], ["1/2x", r"\frac{1}{2}x"], [r"\sin x", "sinx"], ["2x", "x^2"],
        ["a/b/c", "a/(b/c)"], ["-(a+b)", "-a+b"],
    ],
)  # fmt: skip
def test_forms_kept_apart(different: list[str]) -> None:
    assert len({form(tidy(text)) for text in different}) == len(different)


@example(["p.m.", ")"])
@given(st.lists(st.sampled_from(TOKENS), max_size=30))
def test_reading_never_raises_and_is_stable(tokens: list[str]) -> None:
    text = "".join(tokens)
    assert read(text) == read(text + " ")


@given(st.text(st.characters(codec=None), max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    read(text)


@settings(max_examples=60)
@given(st.lists(st.sampled_from(TOKENS), min_size=1, max_size=4))
def test_long_repetitions_are_quick(tokens: list[str]) -> None:
    text = ("".join(tokens) * 4096)[:4096]
    start = time.process_time()
    read(text)
    assert time.process_time() - start < 4
