"""What is asked of a model and what it wrote: one record per problem and repeat."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self, TypeAlias

from jeoul.chat import is_chat
from jeoul.errors import UsageError
from jeoul.evals.pictures import Picture

__all__ = ["Failure", "Prompt", "Request", "Sample", "requests_for", "seed_of"]

Prompt: TypeAlias = str | list[dict[str, Any]]
_SEEDS = 2**31  # what every server and library takes: a 32-bit number that is not negative
_STRIDE = 0x9E3779B1  # odd, so that index · stride mod 2³¹ never repeats before 2³¹ indices


@dataclass(frozen=True)
class Request:
    """One completion that is owed: ``prompt`` is text for a base model, or a chat list.

    ``pictures`` by the ``sha256`` of their parts in the prompt, which alone are kept and hashed.
    """

    problem: str
    index: int
    seed: int
    prompt: Prompt
    pictures: Mapping[str, Picture] = field(default_factory=dict, repr=False, compare=False)

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from all others of a run."""
        return self.problem, self.index


@dataclass(frozen=True)
class Sample:
    """One completion as the model wrote it.

    Attributes:
        problem, index, seed, prompt: those of its request.
        completion: the text, without the stop text that ended it.
        finish_reason: "stop" (the model ended, or a stop text came), "length" (cut at max_tokens or at the model's
            context), or what else the server said.
        prompt_tokens, completion_tokens: as the model counts, the end token too; None: the server did not say.
        seconds: from sending to receiving it, its retries left out; in a batch, that of the batch.
        reasoning: what a server returned beside the completion as reasoning; "" where it did not.
    """

    problem: str
    index: int
    seed: int
    prompt: Prompt
    completion: str
    finish_reason: str
    prompt_tokens: int | None
    completion_tokens: int | None
    seconds: float
    reasoning: str = ""

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from all others of a run."""
        return self.problem, self.index

    def to_dict(self) -> dict[str, Any]:
        """As plain values for JSON; ``reasoning`` only where there is some."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return values if self.reasoning else {name: value for name, value in values.items() if name != "reasoning"}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The sample of such values.

        Raises:
            ValueError: they are not those of a sample; the message says which.
        """
        for name, types in _TYPES.items():
            if name not in values and name != "reasoning":
                raise ValueError(f"has no {name!r}")
            value = values.get(name, "")
            if isinstance(value, bool) or not isinstance(value, types):
                raise ValueError(f"has a {name!r} that is {type(value).__name__}")
        return cls(**{name: values[name] for name in _TYPES if name in values})


@dataclass(frozen=True)
class Failure:
    """A request that got no completion: it stays owed, and its sample is missing, never wrong."""

    problem: str
    index: int
    reason: str

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from all others of a run."""
        return self.problem, self.index


def seed_of(seed: int, problem: str, index: int) -> int:
    """The seed of one sample, in [0, 2³¹): other problems start elsewhere, and repeats of one never share a seed.

    ``(H(seed, problem) + index · odd) mod 2³¹`` with H of SHA-256: a bijection of the index.

    >>> len({seed_of(0, "aime24/3", index) for index in range(1000)})
    1000
    >>> seed_of(0, "a", 0) == seed_of(0, "a", 0), seed_of(0, "a", 0) == seed_of(1, "a", 0)
    (True, False)
    """
    digest = hashlib.sha256(json.dumps([seed, problem]).encode()).digest()
    return (int.from_bytes(digest[:8], "big") + index * _STRIDE) % _SEEDS


def requests_for(prompts: Mapping[str, Prompt] | Iterable[tuple[str, Prompt]], n: int, seed: int) -> list[Request]:
    """``n`` requests for each (problem, prompt), first samples of all problems first.

    That order makes an unfinished run useful: every problem has about as many samples.

    >>> [request.key for request in requests_for({"a": "1+1?", "b": "2+2?"}, n=2, seed=0)]
    [('a', 0), ('b', 0), ('a', 1), ('b', 1)]

    Raises:
        UsageError: a problem's name comes twice, or a prompt is neither text nor a chat list.
    """
    pairs = list(prompts.items() if isinstance(prompts, Mapping) else prompts)
    seen: set[str] = set()
    for problem, prompt in pairs:
        if not isinstance(problem, str) or not problem:
            raise UsageError(f"a problem's name is {problem!r}; it is a text that is not empty")
        if problem in seen:
            raise UsageError(f"two problems have the name {problem!r}; each needs a name of its own")
        if not isinstance(prompt, str) and not is_chat(prompt):
            raise UsageError(f"the prompt of {problem!r} is a {type(prompt).__name__}; it is text or a chat list")
        seen.add(problem)
    return [
        Request(problem, index, seed_of(seed, problem, index), prompt)
        for index in range(n)
        for problem, prompt in pairs
    ]


_TYPES: dict[str, tuple[type, ...]] = {
    "problem": (str,),
    "index": (int,),
    "seed": (int,),
    "prompt": (str, list),
    "completion": (str,),
    "finish_reason": (str,),
    "prompt_tokens": (int, type(None)),
    "completion_tokens": (int, type(None)),
    "seconds": (int, float),
    "reasoning": (str,),
}
