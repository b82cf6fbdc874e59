r"""Names that an answer gives its value: ``x = 5``, ``AB = 5``, ``(p, q) = (3, 2)``, ``Minimum: 5``."""

from __future__ import annotations

import re

__all__ = ["named", "tuple_names"]

_LABEL = re.compile(
    r"(\\?[A-Za-z]+(?:_ ?\{?[\w\\ ]{1,6}\}?)?'?(?:\([A-Za-z]\))?)\s*(?:=(?!=)|\\(?:in|approx)(?![A-Za-z]))(?=\s*\S)"
)
_SEGMENT = r"(?:[A-Z]{2}|\\overline ?\{ ?[A-Z]{2} ?\})"
_FUNCTION = r"(?:\\(?:sin|cos|tan|cot|sec|csc|deg|angle) ?)"
_POINT = r"[A-Z](?:_ ?(?:\{[\w ]{1,8}\}|\w))?"
_NAME = re.compile(
    r"((?:m ?)?(?:\\(?:angle|triangle|overline|widehat) ?\{?)?[A-Z]{2,4}\}?|\|[A-Z]{2}\||[A-Za-z]\([^()=<>]{1,12}\)|"
    rf"\\frac ?\{{ ?{_SEGMENT} ?\}} ?\{{ ?{_SEGMENT} ?\}}|{_SEGMENT} ?/ ?{_SEGMENT}|"
    rf"{_POINT}(?: ?: ?{_POINT}){{1,3}}|{_FUNCTION}{{1,2}}\(?(?:[A-Za-z]{{1,3}}|\\[a-z]+ ?)\)?|"
    r'"[^"]{1,30}"|[A-Za-z][A-Za-z ]{3,30})\s*=(?=[^=<>]*(?:\d|\\pi))'
)
_COLON = re.compile(
    r'("[^"\d:]{2,30}(?=: ?")|"[^"\d:]{2,30}"|[A-Z]?[a-z]{2,20}(?: [A-Za-z]{1,20}){0,3}(?: \d)?)\s*: ?"?\s*'
    r"(?=[-+¤(\[]?\s?[\d.\\])"
)
_DENIED = re.compile(r'"?(?i:not|wrong|false|incorrect|except|rejected|never)\b')
_TUPLE = re.compile(
    r"\(((?:[^(),=]|\([^(),=]{1,10}\)){1,20}(?:,(?:[^(),=]|\([^(),=]{1,10}\)){1,20}){1,5})\)\s*(?:=|\\in(?![A-Za-z]))\s*(?=\(|\\\{)"
)


def named(text: str) -> tuple[str, str]:
    r"""The name of a value and the value; "" and the text where there is no name.

    >>> named("x = 5"), named(r"\sin A = 3/5"), named("A:B = 2:3"), named("Minimum: 5"), named("2x = 10")
    (('x', '5'), ('\\sinA', '3/5'), ('A:B', '2:3'), ('Minimum', '5'), ('', '2x = 10'))
    """
    label = _LABEL.match(text)
    if label is not None and not _equals(text[label.end() :]):
        name = re.sub(r"_\{(\w)\}", r"_\1", "".join(label[1].split()))
        if len(name.strip("\\'")) == 1 or not name.isalpha():
            return name, text[label.end() :].strip()
    found = _NAME.match(text) if "=" in text else _COLON.match(text) if ":" in text else None
    if found is not None and not _equals(text[found.end() :]) and not _DENIED.match(found[1]):
        return "".join(found[1].replace('"', "").split()), text[found.end() :].strip()
    return "", text


def _equals(text: str) -> bool:
    r"""Whether there is an equals sign outside of bounds, as in ``\sum_{k=0}``."""
    return "=" in text and "=" in re.sub(r"_ ?\{[^{}]*\}", "", text)


def tuple_names(text: str) -> tuple[list[str], str]:
    """Names of a tuple's values and the tuple: ``(p, q) = (3, 2)``; no names where there are none.

    >>> tuple_names("(p, q) = (3, 2)"), tuple_names("(1, 2)")
    ((['p', 'q'], '(3, 2)'), ([], '(1, 2)'))
    """
    found = _TUPLE.match(text) if text[:1] == "(" and ("=" in text or "\\in" in text) else None
    if found is None or _equals(text[found.end() :]):
        return [], text
    names = ["".join(name.split()) for name in found[1].split(",")]
    if any(not re.match(r"\\?[A-Za-z]", name) for name in names):
        return [], text
    return names, text[found.end() :].strip()
