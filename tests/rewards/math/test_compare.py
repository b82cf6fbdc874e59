from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jeoul.rewards.math.canonical import read
from jeoul.rewards.math.compare import compare_readings
from jeoul.rewards.math.correct import judge
from jeoul.rewards.math.verdict import Policy

ACCEPT = [
    ("0.5", r"\frac12"), ("27.0", "27"), ("1000", "1,000"), ("1,000", "1000"), ("13.18", "13.1796"),
    ("0.333", "1/3"), ("1/3", "0.333333"), (r"\frac{20000}{\pi}", "6366.20"), ("6366.2", r"\frac{20000}{\pi}"),
    ("0.25", "25%"), ("25%", "1/4"), ("62.5%", "62.5 \\%"), ("5 cm", "5"), ("5", "5 cm"), ("5 cm", "5 centimeters"),
    ("\\$18.90", "18.9"), ("90^\\circ", "90"), ("x=5", "5"), ("5", "x=5"), ("4:30p..", "4:30 p.m."),
    ("4:30", "4:30 pm"), ("16:30", "4:30 pm"), ("1,-2", "-2, 1"), ("1,-2", "x=1 or x=-2"), (r"\{1,2\}", "2,1"),
    ("(1,2)", "( 1 , 2.0 )"), ("(1,2)", "1,2"), ("(1,2,3)", "[1,2,3]"), (r"1\pm\sqrt2", r"1-\sqrt2, 1+\sqrt2"),
    (r"(1,2)\cup(3,4)", r"(3,4)\cup(1,2)"), (r"\text{(C)}", "C"), ("C", "(C) 42"), (r"\text{Evelyn}", "evelyn"),
    ("5000000", "5 million"), ("2,3,4", r"4, 3, \text{ and } 2"), ("52_8", "52_{8}"), ("5.4 \\text{ cents}", "5.4"),
    ("010", "10"), ("2x+1", "y = 1 + 2x"),
    (r"\begin{pmatrix}1/2\\3\end{pmatrix}", r"\begin{bmatrix} 0.5 \\ 3 \end{bmatrix}"), ("30000원", "3만 원"),
    (r"\sqrt{12}", r"2\sqrt3"), ("5000000", r"5\text{ million}"), (r"\$5\text{ million}", r"\$5000000"),
    ("3000", r"3 \text{ thousand people}"), ("1234.5", "1.234,5"), ("512", "2^3^2"), ("y=6/x", "xy=6"), ("y=6/x+1", "xy=6+x"),
    ("x^2-1", "y+1=x^2"), (r"-\lfloor -x\rfloor", r"\lceil x\rceil"), (r"\sqrt{x^2y^2}", "|xy|"),
]  # fmt: skip
REJECT = [
    ("12345", "12346"), ("6.6e-34", "3.3e-34"), ("100", "1"), ("1", "100"), ("27.0", "26.96"), ("13.18", "13.19"),
    ("3.14159", "3.14"), ("1/3", "0.333"), ("1/3", "0.333334"), ("4", "4.000001"), ("8%", "0.8"), ("1", "1, 2"),
    ("1,2", "1"), ("1,2", "1,3"), ("1,2", "1,2,3"), ("(1,2)", "(2,1)"), ("C", "B"), (r"\text{Evelyn}", "Navin"),
    ("4:30 pm", "4:30 am"), ("4:30", "4:31"), ("52_8", "53_8"), ("5 cm", "5 kg"), (r"\sqrt2", r"\sqrt3"),
    ("2\\pi", "2"), ("5", "no solution"), ("(1,2)", "(1,2,3)"), ("0.5", "-0.5"), (r"\{1,2\}", "(1,3)"),
    ("5", "5 million"), ("5", "5 or 6"), ("5", "(5,6)"), (r"\sqrt{3}", "1.732"),
    ("28", r"\sqrt{34}+3\sqrt{10}"), ("x", "5"), (r"\lfloor x\rfloor", r"\lceil x\rceil-1"),
    (r"\sqrt{x^2y^2}", "xy"), ("(a^2b^2)^{1/2}", "ab"),
    (r"\lfloor x\rfloor", r"\lfloor|x|\rfloor"), ("1234.6", "1.234,5"),
]  # fmt: skip
UNDECIDED = [
    ("9.6", "9.58"), ("25", "25%"), ("25%", "25"), ("1", "1%"),
    ("5", "7 frogs"), ("5", "5 frogs"), ("(1,2)", "[1,2]"), ("(1,2)", r"\{1,2\}"), ("[1,2)", "1,2"), ("x=5", "y=5"),
    ("even", "even number"), ("1,1", "1"), ("5 dozen", "5"), ("B", "42"),
    ("42", "B"), ("4:30", "4.5"), ("1,x", "1,y"), ("52_8", "42"), ("64", "2^3^2"),
    ("y=2x", r"0\cdot y=0\cdot x"), ("y=2x", "xy=2x^2"), ("y=2x", "|y|=|2x|"), ("y=2x+5", "|y+5|=|2x+10|"),
    ("y=2x", "(y-2x)(x-1)=0"),
]  # fmt: skip


@pytest.mark.parametrize(("gold", "answer"), ACCEPT)
def test_accepts(gold: str, answer: str) -> None:
    assert judge(gold, answer).outcome == "correct", judge(gold, answer)


@pytest.mark.parametrize(("gold", "answer"), [pair for pair in REJECT if pair != ("5", "5 million")])
def test_rejects(gold: str, answer: str) -> None:
    assert judge(gold, answer).outcome == "incorrect", judge(gold, answer)


@pytest.mark.parametrize(("gold", "answer"), [*UNDECIDED, ("5", "5 million")])
def test_undecided(gold: str, answer: str) -> None:
    assert judge(gold, answer).outcome == "undecided", judge(gold, answer)


def test_policies() -> None:
    assert judge("13.18", "13.1796", Policy(decimals="exact")).outcome == "incorrect"
    assert judge("9.6", "9.58", Policy(decimals="exact")).outcome == "incorrect"
    assert judge("1/3", "0.333333", Policy(decimals="exact")).outcome == "incorrect"
    assert judge("25", "25%", Policy(percent="either")).outcome == "correct"
    assert judge("1", "100", Policy(percent="either")).outcome == "incorrect"


def test_blank_sides_have_no_verdict() -> None:
    with pytest.raises(ValueError, match="reading"):
        compare_readings(read("5"), read(""))


def test_many_values_are_compared_without_trying_every_pair() -> None:
    many = ",".join(f"{index}.5" for index in range(800))
    other = ",".join(f"{index}.5" for index in reversed(range(800)))
    assert judge(many, other).outcome == "correct"
    assert judge(many, other + "1").outcome == "undecided"


rationals = st.builds(Fraction, st.integers(-5000, 5000), st.integers(1, 400))
wrappers = st.sampled_from(
    ["{}", "${}$", "\\boxed{{{}}}", " {} .", "\\({}\\)", "x = {}", "**{}**", "{}입니다.", "{} \\text{{ cm}}"]
)


def renderings(number: Fraction) -> list[str]:
    """Ways to write a rational exactly, by rules that share nothing with the reader's."""
    top, bottom = number.numerator, number.denominator
    sign, rest = ("-" if top < 0 else ""), abs(top)
    ways = [
        f"{sign}\\frac{{{rest}}}{{{bottom}}}",
        f"\\frac{{{top}}}{{{bottom}}}",
        f"{top}/{bottom}",
        f"{sign}\\dfrac{{{rest * 3}}}{{{bottom * 3}}}",
    ]
    if bottom == 1:
        ways += [str(top), f"{top:,}", f"{top}.0", f"{top:,}".replace(",", "{,}"), f"{top}00e-2"]
    elif rest > bottom:
        ways += [
            f"{sign}{rest // bottom}\\frac{{{rest % bottom}}}{{{bottom}}}",
            f"{sign}{rest // bottom} {rest % bottom}/{bottom}",
        ]
    scaled = number * 10**8
    if scaled.denominator == 1:
        digits = f"{abs(scaled.numerator):09d}"
        ways += [
            f"{sign}{digits[:-8]}.{digits[-8:]}",
            f"{sign}{digits[:-8]}.{digits[-8:]}".rstrip("0") + " \\times 10^{0}",
        ]
        ways += [f"{scaled.numerator} \\cdot 10^{{-8}}", f"{scaled.numerator}e-8"]
    return ways


@given(rationals, wrappers, wrappers, st.data())
def test_equal_rationals_are_accepted(number: Fraction, gold: str, answer: str, data: st.DataObject) -> None:
    ways = renderings(number)
    one, other = data.draw(st.sampled_from(ways)), data.draw(st.sampled_from(ways))
    assert judge(gold.format(one), answer.format(other)).outcome == "correct"


@given(rationals, rationals, st.data())
def test_different_rationals_are_rejected(number: Fraction, other: Fraction, data: st.DataObject) -> None:
    assume(number != other)
    gold, answer = data.draw(st.sampled_from(renderings(number))), data.draw(st.sampled_from(renderings(other)))
    assert judge(gold, answer, Policy(decimals="exact")).outcome == "incorrect"
    if judge(gold, answer).outcome == "correct":  # then one is the other, rounded
        assert abs(number - other) <= max(abs(number), abs(other)) * Fraction(1, 200)


@given(st.lists(rationals, min_size=2, max_size=5), st.data())
def test_lists_in_any_order_and_tuples_in_theirs(numbers: list[Fraction], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(numbers))
    one = ", ".join(str(number) for number in numbers)
    other = ", ".join(data.draw(st.sampled_from(renderings(number))).replace(",", "") for number in shuffled)
    assert judge(one, other).outcome == "correct"
    assert judge(f"({one})", f"({other})").outcome == ("correct" if numbers == shuffled else "incorrect")


names = st.sampled_from(["a", "b", "x"])
leaves = st.one_of(st.integers(1, 12).map(lambda n: (str(n), str(n))), names.map(lambda name: (name, name)))


def grow(inner: st.SearchStrategy[tuple[str, str]]) -> st.SearchStrategy[tuple[str, str]]:
    """LaTeX beside the Python that gives its value."""
    pairs = st.tuples(inner, inner)
    return st.one_of(
        pairs.map(lambda p: (f"{p[0][0]}+\\left({p[1][0]}\\right)", f"({p[0][1]}+({p[1][1]}))")),
        pairs.map(lambda p: (f"{p[0][0]}-\\left({p[1][0]}\\right)", f"({p[0][1]}-({p[1][1]}))")),
        pairs.map(lambda p: (f"\\frac{{{p[0][0]}}}{{{p[1][0]}}}", f"(({p[0][1]})/({p[1][1]}))")),
        pairs.map(lambda p: (f"({p[0][0]})({p[1][0]})", f"(({p[0][1]})*({p[1][1]}))")),
        inner.map(lambda p: (f"({p[0]})^2", f"(({p[1]})**2)")),
        inner.map(lambda p: (f"\\sqrt{{{p[0]}}}", f"(({p[1]})**0.5)")),
    )


expressions = st.recursive(leaves, grow, max_leaves=5)
POINTS = (
    {"a": 1.37, "b": 2.61, "x": 3.83},
    {"a": 0.71, "b": 5.19, "x": 1.93},
    {"a": -1.77, "b": 3.41, "x": -2.83},
    {"a": 2.31, "b": -4.73, "x": 5.57},
    {"a": -3.19, "b": -0.59, "x": -7.93},
)


def values(code: str) -> list[complex | None]:
    """At points of all signs; None where it is not real (roots have branches there)."""
    found: list[complex | None] = []
    try:
        for point in POINTS:
            value = complex(eval(code, {"__builtins__": {}}, {name: complex(part) for name, part in point.items()}))
            found.append(value if abs(value.imag) <= 1e-12 * abs(value) else None)
    except (ZeroDivisionError, OverflowError):
        assume(False)
    return found


def alike(one: str, other: str) -> bool:
    """Whether two codes have one value wherever both are real."""
    pairs = [(a, b) for a, b in zip(values(one), values(other), strict=True) if a is not None and b is not None]
    return all(a == pytest.approx(b, rel=1e-9, abs=1e-9) for a, b in pairs)


@settings(max_examples=400)
@given(expressions, expressions)
def test_no_two_expressions_of_different_value_are_accepted(one: tuple[str, str], other: tuple[str, str]) -> None:
    if judge(one[0], other[0]).outcome == "correct":
        assert alike(one[1], other[1])
    if judge(one[0], other[0]).outcome == "incorrect":
        assert None in (*values(one[1]), *values(other[1])) or not alike(one[1], other[1])


@settings(max_examples=300)
@given(expressions, st.data())
def test_one_token_changed_is_not_accepted(one: tuple[str, str], data: st.DataObject) -> None:
    code = one[1]
    places = [index for index, char in enumerate(one[0]) if char in "abx+"]
    assume(places)
    index = data.draw(st.sampled_from(places))
    changed = {"a": "b", "b": "x", "x": "a", "+": "-"}[one[0][index]]
    where = [at for at, char in enumerate(code) if char in "abx+"]
    assume(len(where) == len(places))
    at = where[places.index(index)]
    assume(not alike(code, code[:at] + changed + code[at + 1 :]))
    assert judge(one[0], one[0][:index] + changed + one[0][index + 1 :]).outcome != "correct"


@pytest.mark.parametrize(
    ("gold", "answer"),
    [("\\emptyset", "\\{\\emptyset\\}"), ("\\{\\{1\\},\\{2\\}\\}", "\\{1,2\\}"), ("5\\text{ mg}", "5\\text{ Mg}")],
)
def test_a_set_of_sets_and_a_capital_unit_are_something_else(gold: str, answer: str) -> None:
    assert judge(gold, answer).outcome != "correct"
    assert judge(answer, gold).outcome != "correct"
    assert judge(gold, gold).outcome == judge(answer, answer).outcome == "correct"
