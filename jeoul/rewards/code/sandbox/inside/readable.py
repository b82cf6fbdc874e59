"""Text of a program made fit to show: bounded, and without anything a terminal or a page would act on."""

from __future__ import annotations

import reprlib
from typing import Any

__all__ = ["printable", "short"]

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = 60
_repr.maxlong = 40
_repr.maxlevel = 4


def printable(text: str, most: int = 500) -> str:
    r"""At most ``most`` characters; what is not printable is escaped, line breaks and tabs stay.

    >>> printable("\x1b[31mred\nnext")
    '\\x1b[31mred\nnext'
    """
    whole = text[:most]
    if not whole.isprintable():
        whole = "".join(
            c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape", "replace").decode("ascii")
            for c in whole
        )
    return whole if len(whole) <= most and len(text) <= most else whole[: most - 1] + "…"


def short(value: Any) -> str:
    """The value's repr, cut inside so that it costs little however large the value."""
    try:
        return printable(_repr.repr(value), 200)
    except Exception as error:  # an int of more digits than Python prints
        return f"<{type(value).__name__}: {type(error).__name__}>"
