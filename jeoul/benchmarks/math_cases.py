r"""A table of maths answers: what must be accepted and what must not, kind by kind; written rows and generated ones.

Where a family is generated, its truth comes from how the rows are made: another spelling of one value, or another
value. Random expressions carry Python code for their value, which the rewriting rules do not share with the parser.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from jeoul.benchmarks.math_written import WRITTEN

__all__ = ["Case", "cases"]


class Case(NamedTuple):
    """A gold and an answer: whether it is right."""

    kind: str
    gold: str
    answer: str
    right: bool


def cases() -> list[Case]:
    """All of them, in the same order every time."""
    written = [
        Case(kind, gold, answer, right)
        for kind, rows in WRITTEN.items()
        for gold, accepted, refused in rows
        for answers, right in ((accepted, True), (refused, False))
        for answer in answers
    ]
    generated = itertools.chain(
        intervals(),
        unions(),
        general(),
        tuples(),
        bases(),
        recurring(),
        units(),
        conversions(),
        chains(),
        complexes(),
        korean(),
        rationals(),
    )
    return [*written, *generated, *expressions()]


def intervals() -> Iterator[Case]:
    """Intervals, inequalities, set-builder notation."""
    ends = [("-2", "7"), ("0", r"\frac{1}{2}"), (r"-\sqrt{3}", r"\sqrt{3}"), ("1", r"\pi"), ("-5", "-1"), ("2.5", "10")]
    for (low, high), (left, right) in itertools.product(ends, (("(", ")"), ("[", "]"), ("(", "]"), ("[", ")"))):
        gold = f"{left}{low},{high}{right}"
        below, above = ("<" if left == "(" else r"\le "), ("<" if right == ")" else r"\le ")
        yield Case("interval", gold, f"{low}{below}x{above}{high}", True)
        yield Case("interval", gold, f"x \\in \\left{left}{low}, {high}\\right{right}", True)
        yield Case("interval", gold, f"\\{{x \\mid {low}{below}x{above}{high}\\}}", True)
        other = r"\le " if below == "<" else "<"
        yield Case("interval", gold, f"{low}{other}x{above}{high}", False)
        yield Case("interval", gold, f"{low}{below}x{above}{high}1", False)
    for bound, (sign, gold) in itertools.product(
        ("3", r"-\frac{2}{3}", r"\sqrt{5}"),
        ((">", "({},\\infty)"), (r"\ge ", "[{},\\infty)"), ("<", "(-\\infty,{})"), (r"\leq ", "(-\\infty,{}]")),
    ):
        yield Case("interval", gold.format(bound), f"x{sign}{bound}", True)
        yield Case("interval", gold.format(bound), f"x{sign.replace('>', '<')}{bound}1", False)


def unions() -> Iterator[Case]:
    """Unions of intervals in other words."""
    for low, high in [("-1", "2"), ("0", "3"), (r"\frac{1}{2}", "4"), ("-3", r"-\frac{1}{3}")]:
        gold = f"(-\\infty,{low})\\cup({high},\\infty)"
        for answer in (
            f"x<{low} or x>{high}",
            f"({high},\\infty)\\cup(-\\infty,{low})",
            f"x>{high} \\text{{ or }} x<{low}",
        ):
            yield Case("union", gold, answer, True)
        for answer in (f"x\\le {low} or x>{high}", f"({low},{high})", f"[{high},\\infty)\\cup(-\\infty,{low})"):
            yield Case("union", gold, answer, False)
        yield Case("union", f"(-\\infty,{low})\\cup({low},\\infty)", f"x \\neq {low}", True)
        yield Case("union", f"(-\\infty,{low})\\cup({low},\\infty)", f"x \\neq {high}", False)


def general() -> Iterator[Case]:
    """General solutions of trigonometric equations."""
    for start, period in itertools.product((r"\frac{\pi}{6}", r"\frac{\pi}{4}", r"\frac{2\pi}{3}"), (r"\pi", r"2\pi")):
        gold = f"x={start}+{period} k, k\\in\\mathbb{{Z}}"
        yield Case("general solution", gold, f"{start}+{period} n, n \\in \\mathbb{{Z}}", True)
        yield Case("general solution", gold, f"{start}+{period} n \\text{{ for any integer }} n", True)
        yield Case("general solution", gold, f"x={start}-{period}+{period} m, m\\in\\mathbb{{Z}}", True)
        yield Case("general solution", gold, f"{start}+\\frac{{{period} n}}{{2}}, n \\in \\mathbb{{Z}}", False)
        yield Case("general solution", gold, f"{start}", False)
        yield Case("general solution", gold, f"-{start}+{period} n, n \\in \\mathbb{{Z}}", False)


def tuples() -> Iterator[Case]:
    """Tuples in order, sets and lists in any."""
    chance = random.Random(1)
    for _ in range(20):
        values = chance.sample(range(-20, 40), 3)
        written, turned = ",".join(map(str, values)), ",".join(map(str, [*values[1:], values[0]]))
        yield Case("tuple", f"({written})", f"\\left( {written.replace(',', ', ')} \\right)", True)
        yield Case("tuple", f"({written})", f"({turned})", False)
        yield Case("set", f"\\{{{written}\\}}", turned, True)
        yield Case("set", written, turned.replace(",", " \\text{ and } "), True)
        yield Case("set", written, turned + "1", False)
        yield Case("set", written, ",".join(map(str, values[:2])), False)


NAMES = {2: "two", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine"}


def bases() -> Iterator[Case]:
    """Numbers with their base."""
    for value, base in [(42, 8), (100, 5), (77, 6), (213, 9), (13, 2), (500, 7)]:
        digits, rest = "", value
        while rest:
            digits, rest = str(rest % base) + digits, rest // base
        for answer in (
            f"{digits}_{{{base}}}",
            f"({digits})_{base}",
            f"{digits} base {base}",
            f"{digits}_{{\\text{{{NAMES[base]}}}}}",
            f"{digits}_{{({base})}}",
        ):
            yield Case("base", f"{digits}_{base}", answer, True)
        for answer in (digits, str(value), f"{digits}_{base + 1}", f"{digits}0_{base}", f"1{digits}_{base}"):
            yield Case("base", f"{digits}_{base}", answer, False)


def recurring() -> Iterator[Case]:
    """Decimals that go on."""
    for period in ("3", "6", "09", "142857", "27"):
        value = Fraction(int(period), 10 ** len(period) - 1)
        gold = f"\\frac{{{value.numerator}}}{{{value.denominator}}}"
        for answer in (f"0.\\overline{{{period}}}", f"0.({period})", f"0.{period * 3}\\ldots", f"0.{period * 4}..."):
            yield Case("recurring", gold, answer, True)
        for answer in (f"0.{period[:3]}", f"0.\\overline{{{period}1}}", f"0.1\\overline{{{period}}}"):
            yield Case("recurring", gold, answer, False)


def units() -> Iterator[Case]:
    """Units, money, percent, angles."""
    for value in ("5", "12.5", r"3\sqrt{2}", r"\frac{7}{3}"):
        for unit, other in (("cm", "kg"), ("degrees", "cm"), ("hours", "minutes")):
            yield Case("unit", f"{value} \\text{{ {unit}}}", value, True)
            yield Case("unit", value, f"{value} \\text{{ {unit}}}", True)
            yield Case("unit", f"{value} \\text{{ {unit}}}", f"{value} \\text{{ {other}}}", False)
            yield Case("unit", f"{value} \\text{{ {unit}}}", f"1{value} \\text{{ {unit}}}", False)
    for angle, radians in (("90", r"\frac{\pi}{2}"), ("60", r"\frac{\pi}{3}"), ("180", r"\pi"), ("45", r"\pi/4")):
        yield Case("angle", f"{angle}^\\circ", radians, True)
        yield Case("angle", radians, f"{angle}°", True)
        yield Case("angle", f"{angle}^\\circ", radians + r"\cdot 2", False)
        yield Case("angle", f"{angle}^\\circ", f"{angle} rad", False)


def conversions() -> Iterator[Case]:
    """Units of one dimension."""
    for unit, other, count in (
        ("m", "cm", 100), ("km", "m", 1000), ("hours", "minutes", 60), ("kg", "mg", 10**6), ("feet", "inches", 12),
        ("weeks", "days", 7), ("dollars", "cents", 100),
    ):  # fmt: skip
        for value in (2, 7, 15):
            gold, same = f"{value} \\text{{ {unit}}}", f"{value * count} \\text{{ {other}}}"
            yield Case("unit conversion", gold, same, True)
            yield Case("unit conversion", same, gold, True)
            yield Case("unit conversion", gold, f"{value} \\text{{ {other}}}", False)
            yield Case("unit conversion", gold, f"{value * count + 1} \\text{{ {other}}}", False)


def chains() -> Iterator[Case]:
    """Equations in a row, whose last member is the answer; and several equations, which are several answers."""
    chance = random.Random(4)
    for _ in range(25):
        one, other = chance.randrange(2, 90), chance.randrange(2, 90)
        total = one + other
        for answer in (f"x={one}+{other}={total}", f"{one}+{other}={total}", f"f(2) = {one} + {other} = {total}"):
            yield Case("chain", str(total), answer, True)
            yield Case("chain", str(total + 1), answer, False)
        for answer in (f"x={one} or x={total}", f"x={one}, y={other}+1={total}", f"{total}={one}+{other}={total + 1}"):
            yield Case("chain", str(total), answer, False)


def complexes() -> Iterator[Case]:
    """Complex numbers in other forms."""
    for real, part in itertools.product((1, -2, 6), (1, 3, -5)):
        gold = f"{real}{part:+d}i".replace("1i", "i")
        yield Case("complex", gold, f"{part}i{real:+d}", True)
        yield Case("complex", gold, f"\\frac{{{2 * real}{2 * part:+d}i}}{{2}}", True)
        yield Case("complex", gold, f"{real}{-part:+d}i", False)
        yield Case("complex", gold, f"{part}{real:+d}i", real == part)


def korean() -> Iterator[Case]:
    """Korean endings, counters and numerals."""
    ones, tens = "일이삼사오육칠팔구", ["", "십", "이십", "삼십", "사십", "오십"]
    native = ["하나", "둘", "셋", "넷", "다섯", "여섯", "일곱", "여덟", "아홉"]
    native_tens = ["", "열", "스물", "서른", "마흔", "쉰"]
    for value in (3, 7, 12, 25, 38, 46, 54):
        sino, pure = tens[value // 10] + ones[value % 10 - 1], native_tens[value // 10] + native[value % 10 - 1]
        for answer in (
            f"{value}입니다.",
            f"{value}개",
            f"{value} 명입니다",
            sino,
            pure,
            f"{sino}입니다",
            f"{value}이다.",
            f"{value}가지예요",
        ):
            yield Case("Korean", str(value), answer, True)
            yield Case("Korean", str(value + 1), answer, False)
        for answer in (f"정답: {value}", f"마이너스 {value}", f"{sino[:-1]}만 {sino[-1]}천 원"):
            amount = 10_000 * max(1, value // 10 * 10) + value % 10 * 1000
            gold = -value if answer[0] == "마" else value if answer[0] == "정" else amount
            yield Case("Korean", str(gold), answer, True)
            yield Case("Korean", str(gold + 1), answer, False)
        yield Case("Korean", f"\\frac{{2}}{{{value}}}", f"{value}분의 2", True)
        yield Case("Korean", f"\\frac{{2}}{{{value}}}", f"2분의 {value}입니다", False)


def rationals() -> Iterator[Case]:
    """Numbers in other spellings."""
    chance = random.Random(2)
    for _ in range(60):
        top, bottom = chance.randrange(-400, 400), chance.choice((2, 4, 5, 8, 10, 20, 25))
        value = Fraction(top, bottom)
        gold = f"\\frac{{{value.numerator}}}{{{value.denominator}}}" if value.denominator > 1 else str(value)
        yield Case("number", gold, f"{float(value):.3f}", True)
        yield Case("number", gold, f"{3 * value.numerator}/{3 * value.denominator}", True)
        yield Case("number", gold, f"{value.numerator + 1}/{value.denominator}", False)
        yield Case("number", gold, f"{float(value) + 0.002:.3f}", False)


# -- random expressions: LaTeX beside the Python of its value

POINTS = [{"x": 1.37, "y": 2.61}, {"x": -0.71, "y": 3.19}, {"x": 2.23, "y": -1.47}]


def _grow(chance: random.Random, depth: int) -> tuple[str, str]:
    if depth == 0 or chance.random() < 0.15:
        name = chance.choice(["x", "y", *map(str, range(2, 10))])
        return name, name
    one, other = _grow(chance, depth - 1), _grow(chance, depth - 1)
    forms = [
        (f"{one[0]}+{other[0]}", f"({one[1]}+{other[1]})"),
        (f"{one[0]}-\\left({other[0]}\\right)", f"({one[1]}-{other[1]})"),
        (f"\\left({one[0]}\\right)\\left({other[0]}\\right)", f"({one[1]}*{other[1]})"),
        (f"\\frac{{{one[0]}}}{{{other[0]}}}", f"({one[1]}/{other[1]})"),
        (f"\\left({one[0]}\\right)^{{2}}", f"({one[1]}**2)"),
    ]
    return chance.choice(forms)


def _values(code: str) -> list[float] | None:
    try:
        return [float(eval(code, {"__builtins__": {}}, point)) for point in POINTS]
    except (ZeroDivisionError, OverflowError):
        return None


REWRITES = (
    "{0}+0",
    "0-\\left(-\\left({0}\\right)\\right)",
    "\\frac{{2\\left({0}\\right)}}{{2}}",
    "\\left({0}\\right)\\cdot 1",
    "{0}+z-z",
    "3\\left({0}\\right)-2\\left({0}\\right)",
    "\\frac{{1}}{{\\frac{{1}}{{{0}}}}}",
)


def expressions() -> Iterator[Case]:
    """Random expressions, rewritten by identities (accept) and with one token changed (refuse where values differ)."""
    chance = random.Random(3)
    made = 0
    while made < 150:
        text, code = _grow(chance, 3)
        values = _values(code)
        if values is None or not any(name in text for name in "xy") or not all(values):
            continue
        made += 1
        for rewrite in chance.sample(REWRITES, 2):
            yield Case("expression", text, rewrite.format(text), True)
        place = chance.choice([index for index, char in enumerate(code) if char in "xy+"])
        changed = {"x": "y", "y": "x", "+": "-"}[code[place]]
        rank = [index for index, char in enumerate(code) if char == code[place]].index(place)
        spot = [index for index, char in enumerate(text) if char == code[place]][rank]
        others = _values(code[:place] + changed + code[place + 1 :])
        if others and any(abs(a - b) > 1e-6 * (abs(a) + abs(b)) for a, b in zip(values, others, strict=True)):
            yield Case("expression", text, text[:spot] + changed + text[spot + 1 :], False)
