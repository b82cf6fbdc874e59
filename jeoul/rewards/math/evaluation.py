"""The value of an expression at a point, to a chosen precision, within a budget and never at the cost of its size."""

from __future__ import annotations

import functools
import threading
import zlib
from fractions import Fraction
from typing import Any

from jeoul.rewards.math.expressions import Expr

__all__ = ["Budget", "UndefinedError", "compared", "contexts", "evaluate", "fresh_allowance"]

DIGITS = (40, 200)
ALLOWANCE = 25_000
COMPARISONS = 5000  # of parts with parts: 32 points with 32 points, and the numbers in them, and a little more
MAGNITUDE = 1 << 20  # bits of the exponent's worth: nothing above 2^(2^20) or below its inverse is computed
SERIES_LIMIT = 200
_local = threading.local()


class UndefinedError(ArithmeticError):
    """No value here: a pole, a number too large, an infinity, or a budget that is spent."""


class Budget:
    """Steps that may still be taken: what stands for a clock, and gives the same verdict on every machine."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def spend(self, steps: int) -> None:
        self.steps -= steps
        _local.left = getattr(_local, "left", ALLOWANCE) - steps
        if self.steps < 0 or _local.left < 0:
            raise UndefinedError("the budget is spent")


def fresh_allowance() -> None:
    """Give this thread its steps for another pair of answers; all comparisons inside of the pair share them."""
    _local.left = ALLOWANCE
    _local.comparisons = COMPARISONS


def compared() -> bool:
    """Count one comparison of a part with a part; False after too many: sets within sets multiply them."""
    _local.comparisons = getattr(_local, "comparisons", COMPARISONS) - 1
    return bool(_local.comparisons >= 0)


def contexts() -> tuple[Any, Any]:
    """Arithmetic of 40 and of 200 digits for this thread (mpmath's own global one has its precision set by anyone)."""
    if not hasattr(_local, "contexts"):
        from mpmath import MPContext  # type: ignore[import-untyped]

        _local.contexts = []
        for digits in DIGITS:
            context = MPContext()
            context.dps = digits
            _local.contexts.append(context)
    return tuple(_local.contexts)


def evaluate(one: Expr, context: Any, point: dict[str, Fraction], budget: Budget) -> Any:
    """The value, real or complex.

    Roots of odd degree and powers with an odd denominator of negative numbers are the real ones; all else is the
    principal value.

    Raises:
        UndefinedError: there is none, or it is not worth its cost.
    """
    try:
        value = _value(one, context, point, budget)
    except (ZeroDivisionError, OverflowError, ValueError, ArithmeticError, NotImplementedError) as error:
        raise error if isinstance(error, UndefinedError) else UndefinedError(str(error)) from None
    if not context.isfinite(value):
        raise UndefinedError("infinite")
    return value


def _value(one: Expr, context: Any, point: dict[str, Fraction], budget: Budget) -> Any:
    budget.spend(1)
    op = one.op
    if op == "num":
        return _rational(one.value, context)
    if op == "sym":
        return _rational(point[str(one.value)], context)
    if op == "const":
        return {"pi": +context.pi, "e": +context.e, "i": context.j, "inf": context.inf}[str(one.value)]
    if op == "opaque":
        return _rational(1 + Fraction(zlib.crc32(str(one.value).encode()), 2**32), context)
    if op in ("sum", "prod"):
        return _series(one, context, point, budget)
    parts = [_value(part, context, point, budget) for part in one.args]
    if op == "add":
        return context.fsum(parts) if len(parts) > 2 else parts[0] + parts[1]
    if op == "mul":
        return context.fprod(parts)
    if op == "inv":
        return 1 / parts[0]
    if op == "pow":
        return _power(parts[0], parts[1], one.args[1].value, context)
    if op == "root":
        return _root(parts[0], parts[1], one.args[1].value, context)
    budget.spend(15)  # transcendental
    if op == "fact":
        return _gamma(parts[0] + 1, context)
    if op == "binom":
        return _binomial(parts[0], parts[1], context)
    if op == "log":
        _bounded(parts[0], context)
        natural = context.log(parts[0])
        return natural / context.log(parts[1]) if len(parts) > 1 else natural
    return _function(str(one.value), parts[0], context)


def _rational(value: Any, context: Any) -> Any:
    return context.mpf(value.numerator) / value.denominator


def _bounded(value: Any, context: Any, limit: int = MAGNITUDE) -> Any:
    """The value itself; UndefinedError where the binary logarithm of its size is above ``limit``."""
    if value and not -limit < context.mag(value) < limit:
        raise UndefinedError("too large or too small")
    return value


def _power(base: Any, exponent: Any, exact: Any, context: Any) -> Any:
    if not base:
        if context.re(exponent) <= 0:
            raise UndefinedError("a power of zero")
        return context.mpf(0)
    if exponent and context.mag(exponent) + context.mag(context.log(abs(_bounded(base, context))) or 1) > 20:
        raise UndefinedError("too large or too small a power")
    if isinstance(exact, Fraction) and exact.denominator % 2 and exact.denominator > 1 and _negative(base, context):
        return -((-base) ** exponent) if exact.numerator % 2 else (-base) ** exponent
    return base**exponent


def _negative(value: Any, context: Any) -> bool:
    return not isinstance(value, context.mpc) and bool(value < 0)


def _root(inside: Any, degree: Any, exact: Any, context: Any) -> Any:
    if exact == 2:
        return context.sqrt(_bounded(inside, context))
    if isinstance(exact, Fraction) and exact.denominator == 1 and exact % 2 and _negative(inside, context):
        return -((-inside) ** (1 / degree))
    return _power(inside, 1 / degree, None, context)


def _gamma(value: Any, context: Any) -> Any:
    if abs(value) > 10**6:
        raise UndefinedError("too large a factorial")
    return context.gamma(value)


def _binomial(top: Any, bottom: Any, context: Any) -> Any:
    if context.isint(bottom) and 0 <= bottom <= 60:
        product = context.mpf(1)
        for index in range(int(bottom)):
            product = product * (top - index) / (index + 1)
        return product
    return _gamma(top + 1, context) / _gamma(bottom + 1, context) / _gamma(top - bottom + 1, context)


def _function(name: str, value: Any, context: Any) -> Any:
    if name in ("floor", "ceil"):
        return _step(name, _bounded(value, context, 128), context)
    if name == "abs":
        return abs(value)
    if name in ("re", "im", "sign", "arg"):
        return getattr(context, name)(value)
    if name == "ln":
        return context.log(_bounded(value, context))
    if name.endswith("h") and not name.startswith("a"):
        _bounded(value, context, 20)
    return _table(context)[name](_bounded(value, context, 256))


def _step(name: str, value: Any, context: Any) -> Any:
    """Floor or ceiling; UndefinedError where the value is an integer but for rounding errors."""
    if isinstance(value, context.mpc):
        raise UndefinedError("a complex number has no floor")
    nearest = context.nint(value)
    if value != nearest and abs(value - nearest) < context.eps * 10**6 * max(1, abs(value)):
        return nearest
    return getattr(context, name)(value)


@functools.lru_cache(maxsize=16)
def _table(context: Any) -> dict[str, Any]:
    names = {
        f"{prefix}{name}": f"{prefix}{name}"
        for prefix in ("", "a")
        for name in ("sin", "cos", "tan", "cot", "sec", "csc")
    }
    names |= {f"{name}h": f"{name}h" for name in names}
    return {name: getattr(context, target) for name, target in names.items()}


def _series(one: Expr, context: Any, point: dict[str, Fraction], budget: Budget) -> Any:
    bounds = [_value(part, context, point, budget) for part in one.args[:2]]
    if not all(context.isint(bound) for bound in bounds) or not 0 <= bounds[1] - bounds[0] < SERIES_LIMIT:
        raise UndefinedError("a series without an end, or too long")
    result = context.mpf(one.op == "prod")
    for index in range(int(bounds[0]), int(bounds[1]) + 1):
        term = _value(one.args[2], context, {**point, str(one.value): Fraction(index)}, budget)
        result = result * term if one.op == "prod" else result + term
    return result
