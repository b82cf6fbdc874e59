"""How completions are drawn: the part of a protocol that every backend understands."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from jeoul.errors import UsageError, did_you_mean, listed

__all__ = ["Sampling"]


@dataclass(frozen=True)
class Sampling:
    """How completions are drawn. Immutable and hashable; nothing else (top-k, penalties) is ever applied by Jeoul.

    Attributes:
        temperature: logits are divided by it; 0 is greedy. At least 0.
        top_p: only the smallest set of tokens whose probabilities reach it is drawn from. In (0, 1].
        max_tokens: a completion ends after so many tokens, with ``finish_reason`` "length". At least 1.
        n: completions per problem. At least 1, and 1 where greedy: more would be the same text again.
        stop: texts that end a completion; they are not part of it.
        seed: of the run, from which every sample gets a seed of its own. At least 0.

    >>> Sampling(temperature=0.6, top_p=0.95, max_tokens=32_768, n=16).to_dict()["n"]
    16
    >>> Sampling.from_dict({"temperature": 0.6, "topp": 0.9})
    Traceback (most recent call last):
    jeoul.errors.UsageError: sampling has no 'topp' (did you mean 'top_p'?); it has temperature, top_p, max_tokens, n,
    stop, seed

    Raises:
        UsageError: a value is outside what is allowed; the message says both.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 4096
    n: int = 1
    stop: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("max_tokens", 1), ("n", 1), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise UsageError(f"sampling: {name} is {value!r}; it is a whole number of at least {least}")
        for name in ("temperature", "top_p"):
            object.__setattr__(self, name, _number(name, getattr(self, name)))
        if self.temperature < 0:
            raise UsageError(f"sampling: temperature is {self.temperature}; it is at least 0, and 0 is greedy")
        if not 0 < self.top_p <= 1:
            raise UsageError(f"sampling: top_p is {self.top_p}; it is above 0 and at most 1, and 1 keeps all tokens")
        if self.greedy and self.n > 1:
            raise UsageError(
                f"sampling: temperature 0 with n = {self.n} would give the same completion {self.n} times; "
                f"write n = 1, or a temperature above 0"
            )
        object.__setattr__(self, "stop", _stop(self.stop))

    @property
    def greedy(self) -> bool:
        """Whether the likeliest token is always taken."""
        return self.temperature == 0

    def to_dict(self) -> dict[str, Any]:
        """As plain values for TOML or JSON."""
        return asdict(self) | {"stop": list(self.stop)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Sampling of plain values; what is not named keeps its default."""
        known = [field.name for field in fields(cls)]
        for name in values:
            if name not in known:
                raise UsageError(f"sampling has no {name!r}{did_you_mean(str(name), known)}; it has {listed(known)}")
        return cls(**values)


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UsageError(f"sampling: {name} is {value!r}; it is a number")
    return float(value)


def _stop(value: object) -> tuple[str, ...]:
    texts = (value,) if isinstance(value, str) else value
    if not isinstance(texts, tuple | list) or not all(isinstance(text, str) and text for text in texts):
        raise UsageError(f"sampling: stop is {value!r}; it is a list of texts, none of them empty")
    return tuple(dict.fromkeys(texts))
