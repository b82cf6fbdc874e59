"""Quantities that carry their unit, because a bare ``1024`` has meant characters in one library and tokens in the next.

Python writes ``tokens(1024)``, TOML writes ``"1024 tokens"``; both are the same value, and a bare number is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Self

__all__ = ["Duration", "Length", "Quantity", "characters", "seconds", "tokens", "words"]


@dataclass(frozen=True, order=False)
class Quantity:
    """A number and its unit. Subclasses say which units there are and how they are spelt."""

    amount: float
    unit: str

    spellings: ClassVar[dict[str, str]] = {}
    example: ClassVar[str] = ""

    def __post_init__(self) -> None:
        if isinstance(self.amount, bool) or not isinstance(self.amount, int | float):
            raise ValueError(f"the amount must be a number, not {self.amount!r}; write {self.example}")
        if not 0 <= self.amount < float("inf"):
            raise ValueError(f"the amount must be finite and not negative, not {self.amount!r}")
        if self.unit not in self.spellings.values():
            raise ValueError(f"{self.unit!r} is not one of the units {self._units()}")
        if isinstance(self.amount, float) and self.amount.is_integer():  # 5.0 seconds are 5 seconds in every hash
            object.__setattr__(self, "amount", int(self.amount))

    @classmethod
    def _units(cls) -> str:
        return ", ".join(sorted(set(cls.spellings.values())))

    @classmethod
    def parse(cls, value: object) -> Self:
        """A quantity from its text (``"1024 tokens"``) or from itself; ValueError says what to write instead."""
        if isinstance(value, cls):
            return value
        if isinstance(value, bool) or not isinstance(value, str):
            raise ValueError(f"{value!r} has no unit; write {cls.example}")
        found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)\s*([^\W\d]+)\s*", value)
        if not found:
            raise ValueError(f"{value!r} is not a number and a unit; write {cls.example}")
        unit = cls.spellings.get(found[2].lower())
        if unit is None:
            raise ValueError(f"{found[2]!r} is not one of the units {cls._units()}")
        return cls(int(found[1]) if found[1].isdecimal() else float(found[1]), unit)

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"

    def __repr__(self) -> str:
        return f"{self.unit}({self.amount!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Lets reward options be annotated with a quantity: validated by :meth:`parse`, described as text."""
        from pydantic_core import core_schema

        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        units = "|".join(sorted(cls.spellings))
        return {
            "type": "string",
            "pattern": rf"^\s*[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?\s*({units})\s*$",
            "examples": [cls.example.strip('"')],
        }


@dataclass(frozen=True, repr=False)
class Length(Quantity):
    """A length of text in characters (Unicode code points), words (runs of non-space) or tokens of a tokenizer.

    >>> Length.parse("1024 tokens"), str(characters(80))
    (tokens(1024), '80 characters')
    >>> Length.parse(1024)
    Traceback (most recent call last):
    ValueError: 1024 has no unit; write "1024 tokens", "300 words" or "2000 characters"
    """

    spellings: ClassVar[dict[str, str]] = {
        name: unit
        for unit, names in {
            "tokens": ("token", "tokens"),
            "words": ("word", "words"),
            "characters": ("character", "characters", "char", "chars"),
        }.items()
        for name in names
    }
    example: ClassVar[str] = '"1024 tokens", "300 words" or "2000 characters"'


@dataclass(frozen=True, repr=False)
class Duration(Quantity):
    """A time span, kept in seconds.

    >>> Duration.parse("0.5 s").amount, str(seconds(5))
    (0.5, '5 seconds')
    """

    spellings: ClassVar[dict[str, str]] = dict.fromkeys(("s", "sec", "second", "seconds"), "seconds")
    example: ClassVar[str] = '"5 s"'


def tokens(count: int) -> Length:
    """``count`` tokens, by ``completion_ids`` or the reward's tokenizer."""
    return Length(count, "tokens")


def words(count: int) -> Length:
    """``count`` words: runs of characters that are not white space."""
    return Length(count, "words")


def characters(count: int) -> Length:
    """``count`` Unicode code points."""
    return Length(count, "characters")


def seconds(amount: float) -> Duration:
    """A time span in seconds."""
    return Duration(amount, "seconds")
