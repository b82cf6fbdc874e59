r"""Numbers with a base, ``52_8``: digits and base, as text says them."""

from __future__ import annotations

import re

from jeoul.rewards.math.canonical import Form
from jeoul.rewards.math.numbers import Number
from jeoul.rewards.math.verdict import Verdict, verdict

__all__ = ["compare_bases"]

_WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "twelve": 12, "sixteen": 16, "binary": 2, "octal": 8, "decimal": 10, "hexadecimal": 16, "hex": 16,
}  # fmt: skip
_BASE = r"(\d{1,2}|[a-z]{2,11})"
_BASED = (
    re.compile(rf'\(?([0-9A-Za-z]{{1,200}})\)? ?_ ?\{{?\s*"?\(?\s*{_BASE}\s*\)?"?\s*\}}?'),
    re.compile(rf'([0-9A-Za-z]{{1,200}})\s*"?\s*\(?(?:in )?base[- ]?{_BASE}\s*\)?"?'),
)


def _read(value: Form | Number) -> tuple[str, int] | None:
    """Digits and base; None if it is no number with a base."""
    if isinstance(value, Number):
        return None
    for pattern in _BASED:
        found = pattern.fullmatch(value.source.strip())
        if found is not None:
            base = int(found[2]) if found[2].isdigit() else _WORDS.get(found[2], 0)
            digits = found[1].upper().lstrip("0") or "0"
            if 2 <= base <= 36 and digits[0].isdigit() | (base > 10) and all(int(digit, 36) < base for digit in digits):
                return digits, base
    return None


def compare_bases(gold: Form | Number, answer: Form | Number) -> Verdict | None:
    """The verdict where a side names its base; None if neither does.

    The same digits without a base are another number as they stand (52 is not 52_8), and 52_8 for a gold of 52 would be
    a wrong answer: undecided both ways, for one side may have left its base out. The same number in another base is
    undecided too, for the question may ask for one.
    """
    one, other = _read(gold), _read(answer)
    if one is not None and other is not None:
        if one[1] == other[1]:
            return verdict(one[0] == other[0], f"digits in base {one[1]}", 2)
        same = int(*one) == int(*other)
        return Verdict("undecided" if same else "incorrect", f"base {other[1]} against base {one[1]}", 2)
    based, bare = (one, answer) if one is not None else (other, gold)
    if based is None:
        return None
    if not isinstance(bare, Number) or bare.value.denominator != 1 or bare.root != 1 or bare.pi or bare.percent:
        return Verdict("undecided", f"a number in base {based[1]} against something else", 2)
    if str(bare.value.numerator) == based[0]:
        return Verdict("undecided", f"base {based[1]} left out", 2)
    return Verdict("undecided" if int(*based) == bare.value else "incorrect", f"digits in base {based[1]}", 2)
