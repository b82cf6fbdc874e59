"""What the rewards share that compare a completion with reference texts: cells, prepared references, F1, reasons."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Protocol

from jeoul.rewards.scores import Score, does_not_apply
from jeoul.rewards.tokenizers import find_tokenizer, tokenizer_versions
from jeoul.rewards.tokenizers.tokenizer import Recent, Tokenizer

__all__ = ["Measure", "Overlap", "Tokens", "load", "overlaps", "references_in", "versions"]

Measure = Literal["f1", "precision", "recall"]
Tokens = Callable[[str], Sequence[Hashable]]


class Overlap(Protocol):
    """A way in which two texts can share something: words, pairs of words, a subsequence."""

    what: str
    """How a reason calls what is shared: "words shared"."""
    unit: str
    """How it calls what is counted: "words"."""

    def read(self, text: str, tokens_of: Tokens) -> tuple[Any, int]:
        """The units of a text, and how many there are."""
        ...

    def prepare(self, units: Any) -> Any:
        """A reference in the form that is compared fastest."""
        ...

    def shared(self, prepared: Any, units: Any) -> tuple[int, bool]:
        """How many units a completion shares with a reference, and whether only a part could be looked through."""
        ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """A reference: what the overlap makes of it, and its size."""

    form: Any
    size: int


def overlaps(
    kind: Overlap, completions: list[str], reference: list[Any], tokenizer: Any, measure: Measure
) -> list[float | None]:
    """Score each completion against its reference cell; the best of several references counts."""
    cutter = find_tokenizer(tokenizer)
    tokens_of = cutter.tokens
    known: dict[str, Prepared] = {}
    scores: list[float | None] = []
    for completion, cell in zip(completions, reference, strict=True):
        references = [cell] if type(cell) is str else references_in(cell)
        if not references:
            scores.append(does_not_apply("no reference"))
            continue
        units, size = kind.read(completion, tokens_of)
        best: Score | None = None
        for text in references:
            prepared = known.get(text)
            if prepared is None:
                prepared = known[text] = _prepared(kind, text, cutter)
            shared, partly = kind.shared(prepared.form, units) if size else (0, False)
            wanted = prepared.size
            value = _value(measure, shared, size, wanted)
            if best is None or value > best:
                best = Score(value, partial(_reason, kind, measure, value, shared, partly, size, wanted, cutter.name))
        scores.append(best)
    return scores


def references_in(cell: Any) -> list[str]:
    """A cell's references: itself, or its items (a list, a tuple, an array out of Parquet).

    >>> references_in("a"), references_in(["a", None, "b"]), references_in(None)
    (['a'], ['a', 'b'], [])
    """
    several: Iterable[Any] = (cell,) if isinstance(cell, str) or not isinstance(cell, Iterable) else cell
    return [text for text in several if isinstance(text, str)]


def load(tokenizer: Any = "unicode", **_: Any) -> None:
    """Load a tokenizer's dictionary: once a process, before the first cell, whose deadline it must not take."""
    find_tokenizer(tokenizer).cut("")


versions = tokenizer_versions
"""Of the engine and dictionary that a reward with the option ``tokenizer`` counts by."""

_references: Recent[Prepared] = Recent(2_000_000)
"""References by (kind, tokenizer, text): prepared once for all completions of a group, whatever calls they come in."""


def _prepared(kind: Overlap, text: str, tokenizer: Tokenizer) -> Prepared:
    key = kind, tokenizer, text
    found = _references.get(key)
    if found is None:
        units, size = kind.read(text, tokenizer.tokens)
        found = Prepared(kind.prepare(units), size)
        _references.put(key, found, len(text))
    return found


def _value(measure: Measure, shared: int, size: int, wanted: int) -> float:
    if not shared:
        return 0.0
    if measure == "precision":
        return shared / size
    if measure == "recall":
        return shared / wanted
    precision, recall = shared / size, shared / wanted
    return 2 * precision * recall / (precision + recall)


def _reason(
    kind: Overlap, measure: Measure, value: float, shared: int, partly: bool, size: int, wanted: int, tokenizer: str
) -> str:
    if not wanted:
        return f"{measure} 0: the reference has no {kind.unit} for the tokenizer {tokenizer!r}"
    cut = ", looking through a part of these long texts" if partly else ""
    return f"{measure} {value:.3f}: {shared} {kind.what} of {size} and {wanted} in the reference{cut}"
