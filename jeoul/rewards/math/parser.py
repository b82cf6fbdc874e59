r"""From the text of an expression to its tree: LaTeX or plain, in one pass, with limits on length and depth."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from jeoul.rewards.math.choosing import chosen
from jeoul.rewards.math.expressions import Expr, UnreadableError, add, inverse, multiply, negate, number, power, symbol
from jeoul.rewards.math.forms import shape
from jeoul.rewards.math.spelling import DIGIT_LIMIT, braced, recurring, tokens
from jeoul.rewards.math.tables import UNITS
from jeoul.rewards.math.vocabulary import CONSTANTS, FUNCTIONS, GREEK, MARKS, SMALL_WORDS

__all__ = ["Parsed", "parse"]

DEPTH_LIMIT = 40  # levels of brackets and arguments: about seven Python frames each

_RUN = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{2,}")


class Parsed(NamedTuple):
    """An expression, and what stands in the way of calling two that differ different.

    Attributes:
        doubts: "word" (letters that may be a word or unit), "ambiguous" (``1/2x``), "opaque" (a part that is only
            compared by its text), "log" (no base is said).
    """

    expr: Expr
    doubts: frozenset[str]


def parse(text: str) -> Parsed:
    r"""The expression that a tidied text is, see :func:`jeoul.rewards.math.canonical.tidy`.

    Raises:
        UnreadableError: it is none, or has more than 600 tokens or 40 levels.

    >>> parse("2(x+1)").expr == parse("2*(x+1)").expr, parse("3 frogs")
    Traceback (most recent call last):
    jeoul.rewards.math.expressions.UnreadableError: frogs is a word
    """
    return _Parser(text).whole()


class _Parser:
    """Recursive descent; ``at`` is the next token, ``depth`` the open brackets and arguments."""

    def __init__(self, text: str) -> None:
        self.doubts: set[str] = set()
        for run in _RUN.findall(re.sub(r'\\[A-Za-z]+|"[^"]*"', " ", text)):
            self._word(run)
        self.tokens = tokens(shape(braced(chosen(text))))
        self.at = self.depth = self.bars = self.raised = 0

    def _word(self, run: str) -> None:
        """Letters side by side are a product, unless they look like a word."""
        low = run.casefold()
        if low in FUNCTIONS or run in ("pi", "sqrt", "log", "infty") or f"\\{run}" in GREEK:
            return
        if len(run) == 2:
            if low in SMALL_WORDS or low in UNITS:
                self.doubts.add("word")
            return
        mixed = not run.islower() and not run.istitle() and not run.isupper()
        if not mixed and list(low) != sorted(set(low)):
            raise UnreadableError(f"{run} is a word")

    def whole(self) -> Parsed:
        expr = self.sum()
        if self.at < len(self.tokens):
            raise UnreadableError(f"{self.tokens[self.at][1]} is left over")
        return Parsed(expr, frozenset(self.doubts))

    # -- tokens

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def kind(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        token = self.peek()
        if not token or (expected and token != expected):
            raise UnreadableError(f"{expected or 'more'} is missing")
        self.at += 1
        return token

    def enter(self) -> None:
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            raise UnreadableError(f"more than {DEPTH_LIMIT} levels")

    # -- grammar

    def sum(self) -> Expr:
        self.enter()
        terms, first = [], True
        while first or self.peek() in ("+", "-"):
            sign = 1
            while self.peek() in ("+", "-"):
                sign = -sign if self.take() == "-" else sign
            term = self.product()
            terms.append(term if sign > 0 else negate(term))
            first = False
        self.depth -= 1
        return add(terms)

    def product(self) -> Expr:
        factors = [self.factor()]
        divided = False
        while True:
            token = self.peek()
            if token in ("*", "/"):
                self.take()
                sign = 1
                while self.peek() in ("+", "-"):
                    sign = -sign if self.take() == "-" else sign
                if token == "/" and self._unbracketed_function():
                    self.doubts.add("ambiguous")
                factor = self.factor()
                factor = factor if sign > 0 else negate(factor)
                factors.append(inverse(factor) if token == "/" else factor)
                divided = token == "/"
            elif self._starts_factor():
                if divided:
                    self.doubts.add("ambiguous")  # 1/2x
                factors.append(self.factor())
            else:
                return multiply(factors)

    def _unbracketed_function(self) -> bool:
        before = self.tokens[max(0, self.at - 3) : self.at - 1]
        return any(text[1:] in FUNCTIONS or text == "\\log" for kind, text in before if kind == "cmd")

    def _starts_factor(self) -> bool:
        kind, token = self.kind(), self.peek()
        if kind in ("num", "rec", "ell") and self.tokens[self.at - 1][1] != ")" and not self._powers():
            raise UnreadableError(f"{token} follows without a sign")
        if kind == "cmd":
            return token not in ("\\}", "\\|", "\\rfloor", "\\rceil", "\\rangle")
        return kind in ("sym", "text", "num", "rec", "ell") or token in ("(", "[") or (token == "|" and not self.bars)

    def _powers(self) -> bool:
        """Whether a power stands on both sides, as in 2^6 3^5, or a factorial, as in 3!7!."""
        sign = "!" if self.tokens[self.at - 1][1] == "!" else "^"
        return (sign == "!" or self.raised == self.at) and self.tokens[self.at + 1 : self.at + 2] == [("op", sign)]

    def factor(self) -> Expr:
        base = self.atom()
        for _ in range(8):
            token = self.peek()
            if token == "^":
                self.take()
                base = power(base, self.exponent())
                self.raised = self.at
            elif token == "!":
                self.take()
                if self.peek() == "!":
                    raise UnreadableError("!! is not understood")
                base = Expr("fact", "", (base,))
            elif token == "%":
                self.take()
                base = multiply([base, number(Fraction(1, 100))])
            elif token == "°":
                self.take()
                base = multiply([base, Expr("const", "pi"), number(Fraction(1, 180))])
            else:
                return base
        raise UnreadableError("too many powers")

    def exponent(self, height: int = 1) -> Expr:
        """What stands above; a^b^c without braces is a^(b^c), with a doubt."""
        found = self.argument()
        if self.peek() != "^":
            return found
        if height == 8:
            raise UnreadableError("too many powers")
        self.take()
        self.doubts.add("ambiguous")
        return power(found, self.exponent(height + 1))

    def argument(self) -> Expr:
        """What stands in braces."""
        self.take("{")
        inside = self.sum()
        self.take("}")
        return inside

    def atom(self) -> Expr:
        kind, token = self.kind(), self.take()
        if kind == "num":
            return self._number(token)
        if kind in ("rec", "ell"):
            return number(recurring(token))
        if kind == "sym":
            return self._named(token)
        if kind == "text":
            return self._quoted(token.strip('" ').removeprefix("\\").strip())
        if token in ("(", "["):
            return self._closed({"(": ")", "[": "]"}[token])
        if token == "|":
            self.bars += 1
            inside = self.sum()
            self.bars -= 1
            self.take("|")
            return Expr("fn", "abs", (inside,))
        if kind == "cmd":
            return self._command(token)
        raise UnreadableError(f"{token} is out of place")

    def _closed(self, closing: str) -> Expr:
        bars, self.bars = self.bars, 0
        inside = self.sum()
        self.take(closing)
        self.bars = bars
        return inside

    def _number(self, token: str) -> Expr:
        if len(token) > DIGIT_LIMIT:
            raise UnreadableError(f"more than {DIGIT_LIMIT} digits")
        value = Fraction(token.replace(",", ""))
        if self.peek() == "\\frac" and token.isdigit():  # a mixed number
            part = re.match(
                r"\\frac \{ (\d+) \} \{ (\d+) \}", " ".join(text for _, text in self.tokens[self.at : self.at + 7])
            )
            if part and int(part[1]) >= int(part[2]):
                raise UnreadableError("a mixed number whose fraction is more than one")
            if part and int(part[1]):
                self.at += 7
                return number(value + Fraction(int(part[1]), int(part[2])))
        return number(value)

    def _named(self, name: str) -> Expr:
        if self.peek() == "_":
            self.take()
            start = self.at
            self.argument_tokens()
            name += "_" + "".join(text for _, text in self.tokens[start + 1 : self.at - 1]).replace('"', "")
            while self.peek() == "'":
                name += self.take()
        elif name in CONSTANTS:
            return Expr("const", CONSTANTS[name])
        three = self.tokens[self.at : self.at + 3]
        if len(three) == 3 and three[0][1] == "(" and three[2][1] == ")" and three[1][1] != name:
            self.at += 3  # a function of one thing: I(0) is not I times 0
            self.doubts.add("opaque")
            return Expr("opaque", f"{name}({three[1][1]})")
        return symbol(name)

    def argument_tokens(self) -> None:
        """Skip an argument in braces."""
        self.take("{")
        level = 1
        while level:
            token = self.take()
            level += (token == "{") - (token == "}")

    def _quoted(self, words: str) -> Expr:
        if words in FUNCTIONS:
            return self._function(FUNCTIONS[words])
        if len(words) == 1 and words.isalpha():
            return self._named(words)
        raise UnreadableError(f"{words!r} is in words")

    def _command(self, token: str) -> Expr:
        name = token[1:]
        if token in CONSTANTS:
            return Expr("const", CONSTANTS[token])
        if token in GREEK:
            return self._named(token)
        if name in FUNCTIONS:
            return self._function(FUNCTIONS[name])
        if token == "\\log" or name == "lg":
            return self._logarithm()
        if token == "\\frac":
            return self._fraction()
        if token == "\\sqrt":
            return self._root()
        if token == "\\binom":
            return Expr("binom", "", (self.argument(), self.argument()))
        if token in ("\\lfloor", "\\lceil"):
            inside = self._closed("\\r" + name[1:])
            return Expr("fn", "floor" if name == "lfloor" else "ceil", (inside,))
        if token in ("\\sum", "\\prod"):
            return self._series(name)
        if token in MARKS:
            start = self.at
            self.argument_tokens()
            return self._named(token + "".join(text for _, text in self.tokens[start : self.at]))
        if token in ("\\int", "\\iint", "\\oint", "\\lim", "\\max", "\\min", "\\gcd", "\\det"):
            return self._opaque(token)
        raise UnreadableError(f"{token} is not understood")

    def _function(self, name: str) -> Expr:
        exponent = None
        if self.peek() == "^":
            self.take()
            exponent = self.argument()
        argument = self._operand()
        if exponent is not None and exponent.value == -1 and not name.startswith("a"):
            return Expr("fn", "a" + name, (argument,))
        if name == "cis":
            argument = multiply([Expr("const", "i"), argument])
        applied = power(Expr("const", "e"), argument) if name in ("exp", "cis") else Expr("fn", name, (argument,))
        return applied if exponent is None else power(applied, exponent)

    def _operand(self) -> Expr:
        r"""What a function is of: a bracket, or factors side by side up to the next function (``\sin 2x\cos x``)."""
        self.enter()
        if self.peek() in ("(", "["):
            inside = self._closed({"(": ")", "[": "]"}[self.take()])
            if self.peek() == "^":  # \sin(x)^2
                self.doubts.add("ambiguous")
            self.depth -= 1
            return inside
        negative = self.peek() == "-"
        if negative:
            self.take()
        factors = [self.factor()]
        while self._starts_factor() and self.kind() != "text" and self.peek() != "(":
            token = self.peek()
            if self.kind() == "cmd" and (token[1:] in FUNCTIONS or token in ("\\log", "\\sum", "\\int")):
                break
            factors.append(self.factor())
        self.depth -= 1
        return negate(multiply(factors)) if negative else multiply(factors)

    def _logarithm(self) -> Expr:
        base = None
        if self.peek() == "_":
            self.take()
            base = self.argument()
        exponent = None
        if self.peek() == "^":
            self.take()
            exponent = self.argument()
        if base is None:
            self.doubts.add("log")
        argument = self._operand()
        found = Expr("log", "", (argument,) if base is None else (argument, base))
        return found if exponent is None else power(found, exponent)

    def _fraction(self) -> Expr:
        start = self.at
        self.argument_tokens()
        middle = self.at
        self.argument_tokens()
        top = [text for _, text in self.tokens[start + 1 : middle - 1]]
        bottom = [text for _, text in self.tokens[middle + 1 : self.at - 1]]
        if bottom[:1] in (["d"], ["\\partial"]) and len(bottom) > 1 and top[:1] == bottom[:1]:
            self.doubts.add("opaque")
            return Expr("opaque", "".join(top) + "/" + "".join(bottom))  # a derivative
        self.at = start
        over = self.argument()
        return multiply([over, inverse(self.argument())])

    def _root(self) -> Expr:
        degree = number(2)
        if self.peek() == "[":
            self.take()
            degree = self.sum()
            self.take("]")
        return Expr("root", "", (self.argument(), degree))

    def _series(self, name: str) -> Expr:
        self.take("_")
        self.take("{")
        bound = self.take()
        self.take("=")
        start = self.sum()
        self.take("}")
        self.take("^")
        end = self.argument()
        self.enter()
        term = self.product()
        self.depth -= 1
        return Expr(name, bound, (start, end, term))

    def _opaque(self, name: str) -> Expr:
        r"""The rest of the level, as text, the variable of ``\int … dx`` and ``\lim_{x\to …}`` under another name."""
        start, level = self.at, 0
        while self.at < len(self.tokens):
            token = self.peek()
            level += (token in ("(", "{", "[")) - (token in (")", "}", "]"))
            if level < 0:
                break
            self.at += 1
        texts = [text for _, text in self.tokens[start : self.at]]
        dummy = (
            texts[-1]
            if len(texts) > 1 and texts[-2] == "d"
            else texts[2]
            if name == "\\lim" and len(texts) > 2
            else None
        )
        self.doubts.add("opaque")
        return Expr("opaque", name + " ".join("§" if text == dummy else text for text in texts))
