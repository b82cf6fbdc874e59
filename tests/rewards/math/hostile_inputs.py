r"""Inputs made to hang, crash or take over whoever grades them: as answers, as golds, and as whole completions."""

from __future__ import annotations

__all__ = ["ANSWERS", "COMPLETIONS", "ORDINARY", "texts"]

ORDINARY = ["42", r"\frac{1}{2}", "0.333", r"x^2+1", "(1,2]", r"\{1,\sqrt2\}", r"x=\frac{\pi}{6}+k\pi, k\in\mathbb{Z}"]

_CODE = (
    "__import__('os').system('touch CANARY')", "eval('open(\"CANARY\",\"w\")')", "exec('import os')", "os.system('id')",
    "().__class__.__base__.__subclasses__()", "lambda: (yield)", "open('CANARY','w')", "{{7*7}}${7*7}",
    "[x for x in (1).__class__.__mro__]", "__builtins__['print'](1)", "exit()", "%s%n%x{0.__class__}", "1;import os",
    "Symbol('x').__init__.__globals__", "Integer(10)**Integer(10)**10", "\\input{/etc/passwd}", "\\write18{touch CANARY}",
    "\\def\\x{\\x\\x}\\x", "\\newcommand{\\a}{\\a\\a}\\a", "\\csname x\\endcsname", "\\catcode`\\@=11", "$(touch CANARY)",
    "`touch CANARY`", "'; DROP TABLE golds; --", "<script>alert(1)</script>", "(?:a+)+$", "\\N{BULLET}", "\\x41\\u0041",
)  # fmt: skip

_TOWERS = (
    "9^{9^{9^{9^9}}}", "9**9**9**9", "9^9^9^9^9", "2^{2^{2^{2^{2^{2^2}}}}}", "0.5^{-9^{9^9}}", "(-8)^{1/3^{99}}", "x^{x^{x^x}}",
    "9^{" * 900 + "9" + "}" * 900, "x^" * 1000, "2^{-10^{12}}", "1.0000001^{10^{12}}", "(1+10^{-300})^{10^{300}}", "i^{i^{i^i}}",
    "(((((9!)!)!)!)!)!", "9!!!!!!!!", "x!" * 300, "10^{6}!", "999999!", "(10^{6}-x)!", "(x+3.5i)!", "(-5)!", "170!/169!", "100000!",
    r"\binom{10^{10}}{10^9}", r"\binom{x}{10^{60}}", r"\binom{\binom{99}{9}}{\binom{99}{9}}", r"\binom{999999.5}{499999.5}",
    r"\Gamma(10^{10})", "10^{10^{10}}", "10^{999999999}", "1e999999999", "1e-999999999", "1E+99999", "9.9e999", "1e308*1e308",
    r"e^{e^{e^{e^{100}}}}", r"\sin(10^{10^8})", r"\sin 10^{77}", r"\tan\frac{\pi}{2}", r"\ln\ln\ln\ln\ln 2", r"\exp(\exp(\exp 9))",
    r"\sqrt[10^9]{2}", r"\sqrt[0]{2}", r"\sqrt[x]{x}", r"\log_1 5", r"\log_{0}{0}", "0^0", "0^{-1}", r"\frac{1}{0}", r"\frac{0}{0}",
    "1/0%", r"\ln 0", r"\infty-\infty", r"0\cdot\infty", r"\pi" * 1300, r"\pi^{999}", "99999999999%" * 300, "9" * 600 + "%",
)  # fmt: skip

_LONG = (
    "1" * 4000, "0." + "3" * 4000, "1." + "0" * 3999 + "1", "1,234" * 800, "1,000" * 800, "," * 4000, "1," * 2000, "+" * 4000,
    "-" * 4001 + "1", "x+" * 1500 + "1", "1/" * 2000 + "1", "1+" * 2000 + "1", "2*" * 2000 + "1", "=" * 4000, "x=" * 1500 + "1",
    "x<" * 700 + "1", "|" * 999, "|x" * 999, "'" * 4000, '"' * 4000, '"a' * 1300, "$" * 4000, "$1$," * 900, "\\" * 4000, "&" * 4000,
    "!" * 4000, "%" * 4000, "°" * 4000, "_" * 4000, "^" * 4000, "." * 4000, "1." * 2000, "…" * 4000, "0.12...," * 400, ":" * 4000,
    "1:" * 1900 + "1", "and " * 1000, "5 or " * 800 + "5", " " * 4000 + "1", "a " * 2000, "ab" * 2000, "5 frogs " * 500,
    "cm" * 2000, "5" + ' "cm"' * 600, "5" + "/s" * 1500, "5 m^2" * 700, "kg·m/s^2" * 400, "million " * 500, "¤" * 4000, "3만" * 1300,
    "일" * 3000, "일억" * 1500, "십" * 4000, "삼분의 " * 900 + "이", "스물" * 1500, "입니다" * 1300, "답은 " * 1200, "또는" * 1900, "①" * 3000,
    "½" * 3000, "²" * 3000, "5_{" * 1300, "52_8" * 900, "FF_{16}" * 500, "1" * 200 + "_{36}", "z" * 199 + "_36", "k\\pi+" * 400 + "1, k \\in \\mathbb{Z}",
    "\\pm 1" * 500, "\\pm" * 1300, "1\\pm" * 6 + "1", "(1,2)\\cup" * 300 + "(1,2)", "\\cup" * 900, "x\\in" * 900, "\\{x|" * 300,
    "x_{1}=1, " * 400, "(a) 1 (b) 2 " * 300, "(A)" * 1300, "(i) (ii) (iii) (iv) (v)" * 150, "3:45 p.m. " * 300, "\\text{" * 650,
    "\\text{a}" * 500, "\\mathrm{d}x" * 350, "\\operatorname{f}" * 250, "\\boxed{" * 580, "\\overline{3}" * 340, "0.\\overline{" + "9" * 3900 + "}",
    "0.1(6)" * 600, "\\dot{3}" * 570, "\\sqrt" * 800, "\\frac" * 800, "\\frac1" * 660, "\\sqrt2" * 600, "\\sin" * 1000, "\\sin x" * 600,
    "\\log_" * 800, "\\ln" * 1300, "\\left(" * 600, "\\left" * 800, "\\right)" * 500, "\\!" * 2000, "\\phantom{" * 400, "\\," * 2000, "\\quad" * 800,
)  # fmt: skip

_NESTED = (
    "(" * 2000 + "x" + ")" * 2000, "{" * 5000, "}" * 5000, "{" * 2000 + "1" + "}" * 2000, "[" * 2000 + "1" + "]" * 2000,
    "\\{" * 1000 + "1" + "\\}" * 1000, "([{" * 1300, ")]}" * 1300, "(1," * 800 + "1" + ")" * 800, "[1," * 800 + "1" + "]" * 800,
    "\\sqrt{" * 500 + "x" + "}" * 500, "\\sqrt{" * 39 + "x" + "}" * 39, "\\frac{" * 400 + "1" + "}{2}" * 400, "\\frac{1}{x+" * 300 + "1" + "}" * 300,
    "\\frac{1}{1+" * 38 + "x" + "}" * 38, "\\frac{1}{2" * 400, "\\left(\\frac{1}{2}", "\\frac{1}{", "\\sqrt{", "\\left\\{", "\\right.", "\\begin{cases}",
    "\\begin{matrix}" * 250, "\\begin{pmatrix}" + "1&" * 1900 + "\\end{pmatrix}", "\\begin{pmatrix}" + "1\\\\" * 1200 + "\\end{pmatrix}",
    "\\begin{pmatrix}" * 100 + "1" + "\\end{pmatrix}" * 100, "\\begin{pmatrix}1&2\\\\3\\end{bmatrix}", "\\lfloor" * 350 + "x" + "\\rfloor" * 200,
    "\\text{" * 400 + "a" + "}" * 400, "^{" * 1500, "x_{" * 1000, "_{^{" * 600, "e^{-" * 600 + "x" + "}" * 600, "|(" * 700 + "x" + ")|" * 700,
    "\\{" + ",".join("\\{" + ",".join("\\{" + ",".join("abcdgh"[:6]) + "\\}" for _ in range(8)) + "\\}" for _ in range(8)) + "\\}",
    "\\{" + ",".join("(" + ",".join(str(n % 7) for n in range(12)) + ")" for _ in range(30)) + "\\}",
    "\\{" + ",".join("\\{" + ",".join(map(str, range(12))) + "\\}" for _ in range(30)) + "\\}",
    ",".join(f"\\sqrt{{{n}}}" for n in range(2, 300)), ",".join(f"x^{n}+y" for n in range(12)), ",".join(f"\\pi^{{{n}}}" for n in range(900, 932)),
)  # fmt: skip

_SERIES = (
    r"\sum_{k=1}^{10^9} k", r"\sum_{k=1}^{\infty} \frac{1}{k^2}", r"\prod_{k=1}^{200}\sum_{j=1}^{200} jk", r"\sum_{k=1}^{199}(kx+i)!",
    r"\sum_{n=1}^{199}\sum_{k=1}^{199}(n+k+.3i)^{n^{1/k}}", r"\sum_{k=1}^{199}\binom{99999+x}{k+.5}", r"\sum_{k=10^{30}}^{10^{30}+100} k!",
    r"\sum_{k=1}" * 300, r"\sum" * 900, r"\sum_{k=1}^{k} k", r"\sum_{\sum}^{\sum}\sum", r"\int_0^\infty e^{-x^2} dx", r"\int" * 900,
    r"\int_{" * 500, r"\lim_{x\to0}" * 300, r"\prod_{p}" * 300, r"\oint\iint\iiint\idotsint", r"1+\frac12+\frac13+\cdots", r"1,2,3,\ldots,10^{9}",
    "+".join(f"({n}x+i)!" for n in range(1, 60)), "+".join(f"\\sin({n}x)" for n in range(60)), "+".join(f"{n}^{{x}}" for n in range(90)),
    r"\lfloor x\rfloor+" * 60 + "1", "(a+b+c+d+x+y+z)^{99}", "x^{1/7}" * 60, r"\arccos(2)+" * 60 + "1", "+".join(f"x_{{{n}}}" for n in range(140)),
)  # fmt: skip

_CHARACTERS = (
    "\0", "\0" * 4000, "5\0", "\ud800", "\udfff" * 2000, "5\ud800", "\ud83d", "\u202e5", "\u202e" * 4000, "\u2066(\u2069", "\u200b" * 4000,
    "a" + "\u0301\u0316" * 2000, "5\u0301", "\u0e47" * 4000, "Z\u0351\u036b\u0343" * 900, "\U0001d7d9" * 2000, "\U0001f4a9" * 4000, "\ufffe\uffff", "\x7f\x1b[2J",
    "\ufeff5", "٣" * 3000, "१२३" * 1000, "五百" * 1500, "Ⅻ" * 3000, "½⅓⅔" * 900, "５" * 4000, "\uff05" * 2000, "ﷺ" * 3000, "ŉ" * 3000, "\u1112\u1161\u11ab" * 1300,
    "\u3164" * 3000, "\r\n" * 2000, "\t" * 4000, "\x0b\x0c\x1c\x85\u2028", "¶" * 4000, "§" * 4000, "ℤ" * 3000, "ℤ\\pi", "¤¤¤", "﹩5", "∞" * 2000, "√" * 2000,
    "∑∏∫" * 1000, "→" * 3000, "⟨1,2⟩" * 600, "a\u20d7" * 1500, "ſ", "İ" * 3000, "ß" * 3000, "ǅ", "1\u20dd", "\u0660.\u0661", "．５", "1．5",
)  # fmt: skip

SETS = (
    "x|" * 2000, r"\{x|" * 900, r"\{x|x<1 or " * 300, r"\mathbb{R}-(" * 340, r"\mathbb{R}\setminus(" * 200 + ")" * 200, r"\{1\}-" * 600 + r"\{1\}",
    r"\{x:" * 600 + "1,2" + r"\}" * 600, "]1," * 1300 + "2[" * 90, "x<1 or x>2 and " * 200, r"\text{all real numbers except }" * 99, "|" * 2000 + "x<3",
    "x=1,y=2 or " * 350, "1 to 2 " * 500, r"\hat{i}+\hat{j}" * 200, "3i+2j" * 600, "{}_{9}C_" * 400, "{" * 2000 + r"\choose" + "}" * 2000, "C(5,2)^" * 500,
    "3!" * 1500, "{}_{99999}C_{5000}", "C(999999,500000)", "만 오천 " * 300, "USD 5" * 500, "$5" * 1000, "j" * 3000 + "+i",
)  # fmt: skip

ANSWERS = (*_CODE, *_TOWERS, *_LONG, *_NESTED, *_SERIES, *_CHARACTERS, *SETS)

_MANY = 100_000
_COMPLETIONS = (
    ("{", 10_000_000), ("}", 10_000_000), ("\\boxed{", 1_400_000), ("\\boxed", 1_600_000), ("\\boxed{5}", 1_100_000), ("\\boxed 5 ", _MANY),
    ("\\boxed{5}, ", _MANY), ("\\boxed{\\boxed{5}}", _MANY), ("\\boxed{ }", _MANY), ("<think>", _MANY), ("</think>", _MANY), ("<think></think>", _MANY),
    ("<think>\\boxed{5}", _MANY), ("<answer>", _MANY), ("</answer>", _MANY), ("<answer>5</answer>", _MANY), ("<answer></answer>", _MANY),
    ("answer: ", _MANY), ("answer is ", _MANY), ("The final answer is ", _MANY), ("정답은 ", _MANY), ("답: 5. ", _MANY), ("answer: $", _MANY), ("$", 10_000_000),
    ("answer: \\(", _MANY), ("answer: $$1$", _MANY), (",", 1_000_000), (" ", 10_000_000), ("\n", 10_000_000), ("\\", 10_000_000), ("\0", 10_000_000),
    ("\u0301\u0316", 5_000_000), ("\ud800", 10_000_000), ("한", 3_000_000), ("\u202e", 1_000_000), ("\U0001f4a9", 2_000_000), ("\\text{", _MANY),
    ("9^", _MANY), ("1", 10_000_000), ("1,", 1_000_000), ("~", _MANY), ("\\dots", _MANY), ("\\phantom{", _MANY), ("…", _MANY), ("*_", _MANY), ("a b ", 2_000_000),
)  # fmt: skip
COMPLETIONS = len(_COMPLETIONS)


def texts(index: int) -> tuple[str, ...]:
    """A completion of up to 10 MB, and the same around an answer and before one; made when asked for."""
    unit, times = _COMPLETIONS[index]
    filler = unit * times
    return filler, f"\\boxed{{5}}{filler}", f"{filler}\\boxed{{5}}", f"\\boxed{{{unit * min(times, 600)}}}"
