"""What a tokenizer is, and the cache of what the slow ones gave."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Recent", "Tokenizer"]

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Tokenizer:
    """A way to cut a text into the units that text rewards count.

    Attributes:
        name: by which a recipe names it.
        cut: of a text, its tokens; loads what it needs when it is first called.
        versions: name and version of the engine and of the dictionary, on which its tokens depend.
        check: raises UsageError where the engine cannot be used.
        slow: tokens are kept by text, as analysing takes longer than looking up.
    """

    name: str
    cut: Callable[[str], Sequence[Hashable]]
    versions: Callable[[], Mapping[str, str]]
    check: Callable[[], None] = lambda: None
    slow: bool = False

    @property
    def tokens(self) -> Callable[[str], Sequence[Hashable]]:
        """Function that gives the tokens of a text, remembered where the engine is slow."""
        return self._remembered if self.slow else self.cut

    def _remembered(self, text: str) -> Sequence[Hashable]:
        found = _tokens.get((self, text))
        if found is None:
            found = self.cut(text)
            _tokens.put((self, text), found, len(text))
        return found


class Recent(Generic[T]):
    """The values used last, up to a size in all; what is larger than that alone is not kept.

    >>> kept = Recent(10)
    >>> kept.put("a", 1, 6); kept.put("b", 2, 6)
    >>> kept.get("a"), kept.get("b")
    (None, 2)
    """

    def __init__(self, size: int) -> None:
        self.size, self.used = size, 0
        self.values: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self.lock = threading.Lock()

    def get(self, key: Hashable) -> T | None:
        """The value, which counts as used now; None where there is none."""
        with self.lock:
            found = self.values.get(key)
            if found is None:
                return None
            self.values.move_to_end(key)
            return found[0]

    def put(self, key: Hashable, value: T, size: int) -> None:
        """Keep a value, and drop those unused longest for it."""
        with self.lock:
            if key in self.values or size > self.size:
                return
            self.values[key] = value, size
            self.used += size
            while self.used > self.size:
                self.used -= self.values.popitem(last=False)[1][1]


_tokens: Recent[Sequence[Hashable]] = Recent(2_000_000)
