r"""The rows of the maths table that are written by hand: kind → (gold, what must be accepted, what must not)."""

from __future__ import annotations

__all__ = ["WRITTEN"]

Row = tuple[str, tuple[str, ...], tuple[str, ...]]

WRITTEN: dict[str, list[Row]] = {
    "symbolic": [
        (r"\sqrt{5+2\sqrt{6}}", (r"\sqrt{2}+\sqrt{3}", r"\sqrt3+\sqrt2"), (r"\sqrt{5}+\sqrt{6}", r"\sqrt2-\sqrt3")),
        (r"\frac{1}{\sqrt{2}+1}", (r"\sqrt{2}-1",), (r"1-\sqrt2", r"\sqrt2+1")),
        (r"\cot x", (r"\frac{\cos x}{\sin x}", r"\frac{1}{\tan x}", r"\cot(x)"), (r"\tan x", r"\cot 2x")),
        (r"\sin 2x", (r"2\sin x\cos x", r"2\cos(x)\sin(x)"), (r"\sin^2 x", r"2\sin x")),
        (r"\tan^{-1} x", (r"\arctan x", "arctan(x)"), (r"\frac{1}{\tan x}", r"\tan x")),
        (r"\ln 8", (r"3\ln 2", r"\ln(8)"), (r"2\ln 3", r"\ln 6")),
        (r"\log_{10} 250", (r"3-2\log_{10} 2", r"\log 250"), (r"\log_2 250",)),
        (r"e^{i\pi/3}", (r"\frac{1}{2}+\frac{\sqrt3}{2}i", r"\frac{1+i\sqrt3}{2}"), (r"\frac{1-i\sqrt3}{2}",)),
        (r"\frac{100!}{2^{50}}", (r"\frac{100!}{4^{25}}", r"100!\cdot 2^{-50}"), (r"\frac{100!}{2^{49}}", "50!")),
        (r"\binom{2n}{n}", (r"\frac{(2n)!}{(n!)^2}", r"\frac{(2n)!}{n!n!}"), (r"\frac{(2n)!}{n!}",)),
        (
            r"\frac{n(n+1)}{2}",
            (r"\frac{n^2+n}{2}", r"\binom{n+1}{2}", r"\sum_{k=1}^{n} k"),
            (r"\frac{n(n-1)}{2}", "n^2"),
        ),
        (r"\lfloor\sqrt{n-1}\rfloor", (r"\lceil\sqrt{n}\rceil-1",), (r"\lfloor\sqrt{n}\rfloor", r"\sqrt{n-1}")),
        (r"x^5-x^4+x^3-x^2+x-1", (r"(x-1)(x^4+x^2+1)", r"x(x^4+x^2+1)-(x^4+x^2+1)"), ("x^5-1", r"(x+1)(x^4+x^2+1)")),
        (r"(a+5)(b+2)", ("ab+2a+5b+10", "(b+2)(a+5)"), ("ab+10", "(a+2)(b+5)")),
        (r"\frac{x+2}{7}", ("(x+2)/7", r"\frac{1}{7}x+\frac{2}{7}"), (r"\frac{x}{7}+2", "x+2/7")),
        (r"\sqrt{x^2}", ("|x|",), ("x",)),
        (r"2^{2^{10}}", (r"2^{1024}", r"4^{512}"), (r"2^{20}", r"4^{1024}")),
        (r"10^{100}", (r"100^{50}",), (r"10^{100}+1", "10^{99}")),
        (r"\frac{e^t}{3}+ce^{-2t}", (r"ce^{-2t}+\frac{1}{3}e^{t}",), (r"\frac{e^t}{3}+ce^{2t}",)),
        (r"-\tau \ln \Delta", (r"\tau\ln\frac{1}{\Delta}",), (r"\tau \ln \Delta",)),
    ],
    "equation": [
        ("y = 2x + 3", ("2x-y+3=0", "y-2x=3", "y=3+2x", "-2y+4x+6=0"), ("y=2x-3", "2x+y+3=0", "x=2y+3")),
        ("5x - 7y + 11z + 4 = 0", ("-5x+7y-11z-4=0", "10x-14y+22z+8=0", "5x-7y+11z=-4"), ("5x-7y+11z=4",)),
        ("x^2+y^2=25", ("x^2+y^2-25=0", "2x^2+2y^2=50"), ("x^2-y^2=25", "x^2+y^2=5")),
        ("x=5", ("5", "x-5=0", "5=x"), ("x=-5", "x+5=0")),
        ("f(x)=2x", ("f(n)=2n", "2x", "f(x)=x+x"), ("f(x)=2", "f(x)=-2x", "f(n)=3n")),
        ("f(x)=x^2-2x+2", ("f(t)=(t-1)^2+1", "x^2-2x+2"), ("f(t)=(t-1)^2",)),
    ],
    "labelled": [
        ("w=16, d=3", ("d=3, w=16", "16, 3", "(16,3)", "w = 16 and d = 3"), ("w=3, d=16", "3, 16", "w=16")),
        ("x=1, y=2", ("y=2, x=1", "(1,2)", "x=1 \\text{ and } y=2"), ("(2,1)", "x=2, y=1")),
        ("x=2, x=3", ("3, 2", "x=3 or x=2", r"\{2,3\}"), ("2", "x=2, x=4")),
        ("5", ("AB = 5", "f(2)=5", "x=5", r"x \approx 5"), ("AB=6", "f(5)=2", "x=-5")),
        ("(5,6)", ("(a) 5 (b) 6", "(a) 5, (b) 6", "(i) 5 (ii) 6"), ("(a) 6 (b) 5", "(a) 5")),
    ],
    "plus-minus": [
        (
            r"1 \pm \sqrt{19}",
            (r"1+\sqrt{19}, 1-\sqrt{19}", r"\{1-\sqrt{19},1+\sqrt{19}\}"),
            (r"1+\sqrt{19}", r"-1\pm\sqrt{19}"),
        ),
        (r"3 \pm 2\sqrt{2}", (r"3+\sqrt8, 3-\sqrt8", r"x=3\pm\sqrt{8}"), (r"3 \pm \sqrt2", r"2\pm 3\sqrt2")),
        (
            r"\{1\pm\sqrt{5},-2\}",
            (r"-2, 1+\sqrt5, 1-\sqrt5", r"\{-2,1\pm\sqrt5\}"),
            (r"\{1\pm\sqrt5\}", r"\{1\pm\sqrt5,2\}"),
        ),
        ("1,-1,7,-7", (r"\pm 1, \pm 7",), (r"\pm 1", r"1,7")),
    ],
    "decimal": [
        ("13.18", ("13.1796", "13.180"), ("13.19", "13.1", "-13.18")),
        (r"\frac{20000}{\pi}", ("6366.20", "6366.1977"), ("6366", "6366.3", "6370")),
        (r"11\sqrt{5}+11", ("35.5967", "35.596748"), ("35.59", "35.6967", "36")),
        ("1/3", ("0.333333", "0.3333333"), ("0.33", "0.334", "0.333334")),
        ("8.7 \\times 10^{8}", ("8.7e8", "870000000", "8.7*10^8"), ("8.7e9", "8.8e8")),
        ("6.6e-34", ("6.6 \\times 10^{-34}",), ("3.3e-34", "0", "6.6e-33")),
        ("12345", ("12,345", "12345.0"), ("12346", "1234.5")),
    ],
    "percent": [
        ("62.5%", ("62.5\\%", "0.625", "5/8", "62.5 percent"), ("6.25", "625", "0.625\\%")),
        ("0.25", ("25\\%", "1/4"), ("0.25\\%", "25")),
        ("100", ("100",), ("1", "100\\%")),
    ],
    "money and words": [
        ("\\$32,348", ("32348", "32,348 dollars", "\\$32348.00"), ("32,348 euros", "\\$32,349", "\\$32")),
        ("5 million", ("5000000", "5,000,000", "5 \\times 10^6"), ("5", "5 billion", "5000")),
        ("2.5 billion", ("2500000000", "2.5e9"), ("2.5 million",)),
        ("30000원", ("3만 원", "30,000원", "3만원"), ("3천 원", "30000달러")),
    ],
    "choice": [
        (r"\text{(C)}", ("C", "(C)", "C.", "(C) 42", "Option C", "C번"), ("B", "A and C", "A, C", "D")),
        ("B", ("(B)", "B)", "choice B"), ("8", "C", "A or B")),
        ("even", ("Even", r"\text{even}"), ("odd", "even or odd")),
        (r"\text{Evelyn}", ("Evelyn", "evelyn"), ("Navin", "Evelyn and Navin")),
        ("no solution", (r"\emptyset", "No solution", "해가 없다"), ("0", "1", "all real numbers")),
    ],
    "matrix": [
        (
            r"\begin{pmatrix} -2 \\ -14 \\ -7 \end{pmatrix}",
            (
                r"\begin{bmatrix}-2\\-14\\-7\end{bmatrix}",
                "(-2,-14,-7)",
                r"\left[\begin{array}{c}-2\\-14\\-7\end{array}\right]",
            ),
            (r"\begin{pmatrix} -2 \\ -7 \\ -14 \end{pmatrix}", "(-2,-14,7)", "-2"),
        ),
        (
            r"\begin{pmatrix} 1/5 & 0 \\ 0 & -1 \end{pmatrix}",
            (
                r"\begin{pmatrix} 0.2 & 0 \\ 0 & -1 \end{pmatrix}",
                r"\begin{pmatrix} \frac15 & 0 \\ 0 & -1 \end{pmatrix}",
            ),
            (r"\begin{pmatrix} 1/5 & 0 \\ 0 & 1 \end{pmatrix}", r"\begin{pmatrix} 1/5 \\ 0 \\ 0 \\ -1 \end{pmatrix}"),
        ),
    ],
    "point or interval": [
        ("(2,4)", ("(2, 4)", r"\left(2,4\right)", "2<x<4"), ("(4,2)", r"2\le x\le 4", "2,4,6", "(2,4]")),
        ("[2,4)", (r"2\le x<4",), ("(2,4)", "[2,4]", "2<x<4")),
        (r"(-\infty, 0) \cup\{1\}", (r"x<0 or x=1", r"\{1\}\cup(-\infty,0)"), (r"(-\infty,0)", r"(-\infty,1)")),
        (r"\mathbb{R}", ("all real numbers", r"(-\infty,\infty)", "모든 실수"), (r"(0,\infty)", "0")),
        ("|x|<3", ("(-3,3)", "-3<x<3"), ("x<3", "[-3,3]")),
    ],
    "unicode": [
        (r"\frac{\sqrt{3}}{2}", ("√3/2", r"½\sqrt{3}"), ("√2/3",)),
        (r"x\ge 2", ("x ≥ 2", "[2, ∞)", "x⩾2"), ("x ≤ 2", "x > 2")),
        (r"2\pi", ("2π", "２π"), ("π²",)),
        (r"x^2+1", ("x²+1", "1 + x²"), ("x³+1", "2x+1")),
        ("-5", ("−5", "–5"), ("5",)),
        ("3", ("③", "３", "٣"), ("④",)),
    ],
    "words left over": [
        (
            "5",
            ("5",),
            ("5 frogs and a newt", "not 5", "5 or maybe 6", "5x", "between 4 and 6", "5 - wait, 6", "5!", "5i"),
        ),
        (r"\frac{1}{2}", ("0.5",), (r"\frac{1}{2} x", r"\frac{1}{2} or 1", "1 and 2", "1, 2")),
        ("2n", ("n+n",), ("2", "n", "2n for even n, otherwise 0", "n^2")),
    ],
}
