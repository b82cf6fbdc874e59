"""Rewards that compare a completion with given text: ``exact_match``, ``contains``, ``regex``."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, repeat
from numbers import Number
from typing import Any, Literal

import regex as rx

from jeoul.errors import DataError, UsageError
from jeoul.rewards._text import NormalForm, compiled, normal, shown
from jeoul.rewards.registry import reward
from jeoul.rewards.scores import Score, does_not_apply

__all__ = ["contains", "exact_match", "regex"]

Space = Literal["keep", "strip", "collapse", "remove"]
Take = Literal["first", "last", "only"]

# A hyphen, point or comma right before a digit is part of a number. Classes alone are repeated, never groups: the
# engine keeps a record for each round of a group, and ten million of them are a MemoryError.
_PUNCTUATION = rx.compile(r"(?V1)[\p{P}--[\-.,]]++|[\-.,]+(?!\d)")


@dataclass(frozen=True)
class _Reading:
    """How a text is read before it is compared: what is *not* a difference."""

    normal_form: NormalForm
    ignore_case: bool
    ignore_punctuation: bool = False
    space: Space = "keep"

    def __call__(self, text: str) -> str:
        text = normal(text, self.normal_form)
        if self.ignore_case:
            text = normal(text.casefold(), self.normal_form)
        if self.ignore_punctuation:
            text = _PUNCTUATION.sub("", text)
        if self.space == "strip":
            return text.strip()
        return text if self.space == "keep" else (" " if self.space == "collapse" else "").join(text.split())


@functools.lru_cache(maxsize=8192)
def _read(texts: tuple[str, ...], reading: _Reading) -> tuple[str, ...]:
    """``texts`` as read, without those of which nothing is left: they would match an empty completion."""
    return tuple(dict.fromkeys(filter(None, map(reading, texts))))


def _texts(cell: Any) -> Iterator[str]:
    """Yield the texts in a data cell: a string, a number (4.0 is also "4") or a list of them; None and NaN are none."""
    if hasattr(cell, "tolist"):  # a numpy array or number, as Parquet gives them
        cell = cell.tolist()
    if isinstance(cell, str):
        yield cell
    elif isinstance(cell, list | tuple | set | frozenset):
        for item in cell:
            if isinstance(item, list | tuple | set | frozenset | dict):
                raise DataError(f"an answer must be a text, a number or a flat list of them, not {shown(repr(cell))}")
            yield from _texts(item)
    elif isinstance(cell, Number):
        if cell == cell:  # NaN is how pandas writes a missing cell
            yield str(cell)
            if isinstance(cell, float) and cell.is_integer():
                yield str(int(cell))
    elif cell is not None:
        raise DataError(f"an answer must be a text, a number or a flat list of them, not {shown(repr(cell))}")


@reward(
    range=(0, 1),
    hacks=(
        "tag or extract with take='last': any number of guesses before the last one",
        "extract without an anchor: the pattern matches in the reasoning, not in the answer",
        "short answers (yes, A, 0) are right by chance",
    ),
)
def exact_match(
    completions: list[str],
    answer: list[Any],
    *,
    tag: str | None = None,
    extract: str | None = None,
    take: Take = "last",
    ignore_case: bool = False,
    ignore_punctuation: bool = False,
    space: Space = "strip",
    normal_form: NormalForm = "NFC",
) -> list[float | None]:
    r"""1 if the completion is the answer, character by character, else 0.

    Both texts are read alike: Unicode normal form → (case) → (punctuation) → white space; then they must be equal. By
    default only what nobody sees is ignored: the normal form (한 as one code point or three), white space at the ends.

    Args:
        completions: texts of the model.
        answer: a text, a number (``4.0`` also accepts "4") or a list of accepted ones.
        tag: compare only what stands between ``<tag>`` and ``</tag>``; 0 where there is no such block.
        extract: compare only what this pattern matches (its group, if it has one); 0 where it does not match. The time
            is the pattern's: ``<a>(.*?)</a>`` over a million unclosed ``<a>`` is quadratic, ``tag`` never is.
        take: which block or match counts; with "only", a second one gives 0.
        ignore_case: full Unicode case folding: "STRASSE" is "straße".
        ignore_punctuation: drops category P, but for ``-``, ``.`` and ``,`` right before a digit: -4 is not 4, and 1.5
            is not 15. Symbols (+ = $) are no punctuation.
        space: "keep", "strip" at both ends, "collapse" each run to one space as well, or "remove" all.
        normal_form: "NFC", "NFKC" (① is 1, full-width is ASCII, but also 2⁵ is 25) or "none".

    NaN ("does not apply"): no answer (None, NaN, empty list), or one of which nothing is left, as an empty completion
    would match it.

    Differs: peers have no plain match, their ``accuracy`` rewards parse mathematics. open-r1 and TRL give the
    completion ``4`` for the gold ``4`` 0.0 (no LaTeX), and skip the gold ``Paris``; ms-swift gives ``Paris`` 0.0
    whatever is written. verl's search EM drops case, punctuation and English articles unasked, so an empty answer
    matches the gold "the" (1.0; here 0.0). Of two ``<answer>`` ms-swift reads the first, verl the last; see ``take``.

    >>> exact_match(["4", " 4\n", "four"], [4, ["4", "four"], "4"])
    [1.0, 1.0, 0.0]
    >>> score = exact_match(["<answer>4</answer> <answer>5</answer>"], ["4"], tag="answer")[0]
    >>> score, score.reason
    (0.0, "'5' is not '4'")
    """
    if tag is not None and extract is not None:
        raise UsageError("give exact_match a tag or a pattern to extract, not both")
    part = _whole if extract is None else functools.partial(_matched, _extractor(extract), take)
    part = part if tag is None else functools.partial(_tagged, f"<{tag}>", f"</{tag}>", take)
    reading = _Reading(normal_form, ignore_case, ignore_punctuation, space)
    return [_match(part, reading, *pair) for pair in zip(completions, answer, strict=True)]


def _match(part: Callable[[str], list[str]], reading: _Reading, text: str, answer: Any) -> Score:
    accepted = _read(tuple(_texts(answer)), reading)
    if not accepted:
        return does_not_apply("there is no answer to compare with")
    parts = part(text)
    if len(parts) != 1:
        return Score(0, "has more than one part to compare" if parts else "has no part to compare")
    got = reading(parts[0])
    if got in accepted:
        return Score(1)
    among = f" or {len(accepted) - 1} more" if len(accepted) > 1 else ""
    return Score(0, f"{shown(got)} is not {shown(accepted[0])}{among}")


def _whole(text: str) -> list[str]:
    return [text]


def _tagged(opening: str, closing: str, take: Take, text: str) -> list[str]:
    """Find what the tags enclose: one text, none, or two where there may be one only."""
    if take == "first":
        start = text.find(opening)
        end = text.find(closing, max(start, 0))
    else:
        end = text.rfind(closing)
        start = text.rfind(opening, 0, max(end, 0))
    if min(start, end) < 0:
        return []
    inside = text[start + len(opening) : end]
    return [inside] * (2 if take == "only" and text.count(opening) + text.count(closing) > 2 else 1)


def _matched(pattern: rx.Pattern[str], take: Take, text: str) -> list[str]:
    """Find what the pattern matches: as :func:`_tagged`."""
    matches = pattern.finditer(text)
    found = deque(matches, maxlen=1) if take == "last" else islice(matches, 2 if take == "only" else 1)
    return [match[pattern.groups] or "" for match in found]


def _extractor(extract: str) -> rx.Pattern[str]:
    pattern = compiled(extract)
    if pattern.groups > 1:
        raise UsageError(f"extract {shown(extract)} has {pattern.groups} groups; keep one, make the others (?:…)")
    return pattern


@reward(
    range=(0, 1),
    hacks=(
        "every phrase that might be wanted, one after the other",
        "the phrase denied or quoted: 'the answer is not 4'",
        "whole_word=False: '4' is in '14'",
    ),
)
def contains(
    completions: list[str],
    phrase: list[Any] | None = None,
    *,
    any_of: tuple[str, ...] = (),
    all_of: tuple[str, ...] = (),
    none_of: tuple[str, ...] = (),
    ignore_case: bool = False,
    whole_word: bool = False,
    normal_form: NormalForm = "NFC",
) -> list[float | None]:
    """1 if the completion contains what it must and nothing that it must not, else 0.

    All conditions given must hold: the ``phrase`` of the row (or one of its list) is there, one of ``any_of``, each of
    ``all_of``, none of ``none_of``.

    Args:
        completions: texts of the model.
        phrase: a text, a number or a list of alternatives for each row. It is not called ``answer`` on purpose: data
            columns are found by name, and a fixed ``any_of`` should not change its meaning where data has answers.
        any_of: at least one must be there.
        all_of: each must be there.
        none_of: none may be there.
        ignore_case: full Unicode case folding.
        whole_word: no letter or digit on either side. Not for Korean, whose particles follow directly (파리는).
        normal_form: "NFC", "NFKC" or "none", of both texts.

    NaN ("does not apply"): there is a ``phrase`` column and the row's cell is empty.

    Differs: open-r1, TRL and ms-swift have none. verl's search sub-EM gives "not paris" for "paris" 1.0, as this does.

    >>> contains(["It is Paris.", "Lyon"], ["Paris", ["Lyon", "Lyons"]], none_of=("It is",))
    [0.0, 1.0]
    >>> contains(["14"], any_of=("4",)), contains(["14"], any_of=("4",), whole_word=True)
    ([1.0], [0.0])
    """
    reading = _Reading(normal_form, ignore_case)
    fixed = [_fixed(name, texts, reading) for name, texts in (("any_of", any_of), ("all_of", all_of))]
    banned = _fixed("none_of", none_of, reading)
    if phrase is None and not any((*fixed, banned)):
        raise UsageError("contains needs a phrase column, any_of, all_of or none_of")

    def score(text: str, cell: Any) -> Score:
        wanted = _read(tuple(_texts(cell)), reading)
        if phrase is not None and not wanted:
            return does_not_apply("there is no phrase to look for")
        read = reading(text)
        found = functools.partial(_first, read, whole_word=whole_word)
        for some in (wanted, fixed[0]):
            if some and found(some) is None:
                return Score(0, f"does not contain {' or '.join(map(shown, some[:3]))}{' …' if some[3:] else ''}")
        missing = next((one for one in fixed[1] if found((one,)) is None), None)
        if missing is not None:
            return Score(0, f"does not contain {shown(missing)}")
        unwanted = found(banned)
        return Score(1) if unwanted is None else Score(0, f"contains {shown(unwanted)}")

    return [score(*pair) for pair in zip(completions, phrase if phrase is not None else repeat(None))]  # noqa: B905


def _fixed(name: str, texts: tuple[str, ...], reading: _Reading) -> tuple[str, ...]:
    if not all(texts):
        raise UsageError(f"{name} has an empty phrase, which every text contains")
    return _read(tuple(texts), reading)


def _first(text: str, phrases: Iterable[str], whole_word: bool) -> str | None:
    """Find the first of ``phrases`` that is in ``text``."""
    if not whole_word:
        return next((phrase for phrase in phrases if phrase in text), None)
    bounded = (rf"(?<!\w){rx.escape(phrase)}(?!\w)" for phrase in phrases)
    return next((phrase for phrase, word in zip(phrases, bounded, strict=True) if compiled(word).search(text)), None)


@reward(
    range=(0, 1),
    hacks=(
        "the shortest text that matches, whatever the task",
        "full=False: a match hidden in an aside",
    ),
)
def regex(
    completions: list[str],
    *,
    pattern: str,
    full: bool = False,
    ignore_case: bool = False,
    multiline: bool = False,
    dotall: bool = False,
) -> list[float | None]:
    r"""1 if the pattern matches in the completion, else 0.

    Args:
        completions: texts of the model.
        pattern: syntax of the ``regex`` package: Python's ``re`` plus ``\p{Hangul}``, possessive ``*+`` and more.
        full: the whole completion must match, not a part of it.
        ignore_case: also ``(?i)`` in the pattern.
        multiline: ``^`` and ``$`` match at each line, also ``(?m)``. Off: ``$`` is the end, or before a last newline.
        dotall: ``.`` matches newlines, also ``(?s)``.

    Never NaN. Time is the pattern's: one that backtracks without end (``(a|aa)+$``) is ended by the engine's deadline
    for a cell, and by nobody where you call it yourself; possessive quantifiers (``(?:a|aa)++``) cannot do it.

    Differs: format rewards of open-r1, TRL and ms-swift are fixed patterns with MULTILINE on, so ``$`` is the end of a
    line: open-r1's gives 1.0 with another line after ``</answer>``.

    >>> regex(["2025-01-31", "on 2025-01-31"], pattern=r"\d{4}-\d\d-\d\d", full=True)
    [1.0, 0.0]
    >>> regex(["저울", "scale"], pattern=r"\p{Hangul}")
    [1.0, 0.0]
    """
    flags = (rx.IGNORECASE * ignore_case) | (rx.MULTILINE * multiline) | (rx.DOTALL * dotall)
    wanted = compiled(pattern, flags)
    look = wanted.fullmatch if full else wanted.search
    reason = f"does not match {shown(pattern)}"
    return [Score(1) if look(text) else Score(0, reason) for text in completions]
