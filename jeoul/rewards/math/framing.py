r"""What stands around a value in a tidied answer: words before it, "for all n" after it, chains, approximations."""

from __future__ import annotations

import re

__all__ = ["NAME", "framed"]

NAME = r"\\?[A-Za-z]+(?: ?_ ?(?:\{[\w\\ ,']{1,12}\}|\w))?'?"
_LEAD = re.compile(
    r'^"?\s*(?:only|just|exactly|simply|thus|hence|therefore|precisely|이때|단|오직)\b,?\s*"?\s*(?=\S)', re.IGNORECASE
)
_QUANTIFIED = re.compile(r"\b(?:for|where|with)\b")
_KIND_LINES = """
a an any all some every each the for where with arbitrary fixed given positive negative nonnegative nonzero real
natural whole rational complex integer integration free parameter number numbers integers reals constant constants
parameters value values of is are be being can and or non
"""
_KINDS = frozenset(_KIND_LINES.split())
_TAIL_TOKEN = re.compile(
    r"\\mathbb ?\{? ?[ZRNQC] ?\}?|[ℤℝℕℚℂ]|\\(?:in|ldots|quad)(?![A-Za-z])|\\[a-z]+|[A-Za-z]+|> ?0|\\ge ?[01]|[_^] ?\{?"
    r"(?: ?[+*] ?|\w)\}?|[\s\",.(){}]|.",
    re.DOTALL,
)
_TAIL_SIGNS = frozenset(("", '"', ",", ".", "(", ")", "{", "}", "0", "1", "2"))
_ABOUT = re.compile(r"\\(?:approx|simeq|doteq)(?![A-Za-z])")
_OPEN, _CLOSE = "([{", ")]}"


def framed(text: str) -> str:
    r"""The value without what frames it.

    A chain of equations is its last member (``x = 3+4 = 7`` is ``x = 7``), an approximation after an exact value is
    left out, and so are "only" before it and "for all real x" or "where c is a constant" after it. Conditions that
    limit the value ("for even n") stay, and so does what is not understood.

    >>> [framed(text) for text in ("x = 3+4 = 7", "1/3 \\approx 0.33", '"only" x=0', "2c, where c is a real constant")]
    ['x = 7', '1/3', 'x=0', '2c']
    >>> framed("2n for even n"), framed("x = y = 3"), framed(r"x \approx 5")
    ('2n for even n', 'x = 3, y = 3', 'x \\approx 5')
    """
    text = _LEAD.sub("", text)
    if "for" in text or "where" in text or "with" in text:
        text = _unquantified(text)
    if "\\approx" in text or "\\simeq" in text or "\\doteq" in text:
        text = _exact(text)
    return _chained(text) if "=" in text else text


def _unquantified(text: str) -> str:
    """The text without "for all real x", "where c is a constant": nothing but names and kinds of number in it."""
    start = _QUANTIFIED.search(text)
    if start is None or not text[: start.start()].strip(' ,;."('):
        return text
    for token in _TAIL_TOKEN.findall(text[start.start() :]):
        word = token.strip()
        if word.isalpha() and len(word) > 1 and word not in _KINDS:
            return text
        if not (word.isalpha() or word in _TAIL_SIGNS or word[:1] in ("\\", "_", "^", ">", "ℤ")):
            return text
    return text[: start.start()].rstrip(' ,;."(')


def _exact(text: str) -> str:
    """The side before ≈, unless that is a name."""
    about = _ABOUT.search(text)
    if about is None or _levels(text, about.start()):
        return text
    before = text[: about.start()].rstrip(" =")
    value = before.rpartition("=")[2].strip()
    exact = re.search(r"\d|\\pi|\\sqrt", re.sub(r"_ ?(?:\{[^{}]*\}|\w)|\([^()]*\)$", "", value))
    return before if exact is not None and "," not in text else text


def _levels(text: str, end: int) -> int:
    return sum((char in _OPEN) - (char in _CLOSE) for char in text[:end])


def _members(text: str) -> list[str]:
    """What stands between equals signs outside of brackets."""
    parts, level, start = [], 0, 0
    for at, char in enumerate(text):
        level += (char in _OPEN) - (char in _CLOSE)
        if char == "=" and not level:
            parts.append(text[start:at].strip())
            start = at + 1
        elif char in ",;<>¶" and not level:
            return [text]
    return [*parts, text[start:].strip()]


def _chained(text: str) -> str:
    if re.search(
        r"\\(?:le|ge|ne|cup|pm|mp|text|begin|quad)(?![A-Za-z])|\\\{|(?<![\\A-Za-z])[a-z]{3,}|(?<![A-Za-z])(?:or|and|if)(?![a-z])|[가-힣]",
        text,
    ):
        return text
    members = _members(text)
    if len(members) < 2 or not all(members):
        return text
    first, last = members[0], members[-1]
    if len(members) > 2 and all(re.fullmatch(r"\\?[A-Za-z]", member) for member in members[:-1]):
        return ", ".join(f"{member} = {last}" for member in members[:-1])
    name = re.match(r"\\?[A-Za-z]+", first)
    if name is not None and any(re.search(rf"(?<![A-Za-z]){re.escape(name[0])}\s*$", part) for part in members[1:-1]):
        return text  # x = 1 ou x = 2
    numeric = not re.search(r'[A-Za-z"]', re.sub(r"\\(?:frac|sqrt|pi|cdot|binom|overline)|°", "", last))
    if re.fullmatch(rf"{NAME}(?: ?\([^()=]{{1,20}}\))?", first):
        return f"{first} = {last}" if len(members) > 2 else text
    if numeric and re.search(r"\d", first) and not re.search(r"[A-Za-z]", re.sub(r"\\[A-Za-z]+", "", first)):
        return last
    return last if numeric and len(members) > 2 else text
