"""Rewards for words in the order of a reference: the longest common subsequence of both texts (ROUGE-L)."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from jeoul.rewards._sharing import Measure, Tokens, load, overlaps, versions
from jeoul.rewards.registry import reward
from jeoul.rewards.tokenizers import TokenizerOption

__all__ = ["MOST_BITS", "MOST_CELLS", "MOST_LINES", "rougeL", "rougeLsum"]

MOST_CELLS = 2_000_000_000
"""Words of a completion × words of the reference that one comparison looks at: a second at most."""
MOST_BITS = 1_000_000_000
"""The same by line, where each row of the table is kept to read the subsequence from: 125 MB."""
MOST_LINES = 10_000
"""Lines of a text; what follows counts as one line more."""
_MOST_DISTINCT = 1_000_000

_SOURCE = "Lin 2004, ROUGE (ACL W04-1013); tokenizer='google' is rouge-score 0.1.2, 'google_stem' with its stemmer"
_HACKS = (
    "the reference's most frequent words, each many times over: some fall into its order (measure='recall')",
    "the prompt or the question copied, where references repeat it",
    "a sentence that says the opposite: one word of it differs",
    "measure='precision': one sure word scores 1",
)


@reward(range=(0, 1), reference=_SOURCE, hacks=_HACKS, prepare=load, versions=versions)
def rougeL(  # noqa: N802 - its name wherever results are reported
    completions: list[str],
    reference: list[Any],
    *,
    measure: Measure = "f1",
    tokenizer: Annotated[Any, TokenizerOption()] = "unicode",
) -> list[float | None]:
    """Share of words that completion and reference have in common in the same order (ROUGE-L).

    Formula, for token sequences C and R with longest common subsequence L: ``precision = |L|/|C|``, ``recall =
    |L|/|R|``, ``f1 = 2·p·r/(p+r)``; 0 where nothing is shared. Range 0 to 1. Options, several references and NaN as in
    :func:`rouge1`; under ``"google"`` equal to rouge-score to the last bit.

    Time is |C|·|R|/64, so where the words of C that R has, times |R|, exceed 2·10⁹ (40,000 words against 50,000;
    10 MB against 300 words do not) the subsequence is looked for in a beginning of C only. Precision and recall still
    divide by all words: the score is then a lower bound, and its reason says so.

    Differs from its namesake in Lin's paper, which weighs recall by a parameter β; this, like rouge-score, is F1.

    >>> [round(score, 2) for score in rougeL(["the cat sat", "sat the cat"], ["the cat sat down"] * 2)]
    [0.86, 0.57]
    >>> rougeL(["방송사는 KBS이다"], ["KBS는 방송사이다"], tokenizer="syllable")[0].reason
    'f1 0.714: 5 words in the same order of 7 and 7 in the reference'
    """
    return overlaps(_SEQUENCE, completions, reference, tokenizer, measure)


@reward(range=(0, 1), reference=_SOURCE, hacks=_HACKS, prepare=load, versions=versions)
def rougeLsum(  # noqa: N802
    completions: list[str],
    reference: list[Any],
    *,
    measure: Measure = "f1",
    tokenizer: Annotated[Any, TokenizerOption()] = "unicode",
) -> list[float | None]:
    r"""Share of words in common in the order of a line, over texts of several lines (ROUGE-Lsum, summaries).

    Formula: for each line of the reference the union of its longest common subsequences with every line of the
    completion; hits = the words of these unions, each counted at most as often as either text has it; precision =
    hits/|C|, recall = hits/|R|, ``f1 = 2·p·r/(p+r)``. Lines end at ``\n``: put each sentence on a line of its own.
    Of several longest subsequences the one is taken that rouge-score takes, so that ``"google"`` equals it to the last
    bit. Range 0 to 1. Options, several references and NaN as in :func:`rouge1`.

    Where the table of words by words passes 10⁹ cells (1 MB against 300 words in ten lines), the last lines of the
    completion are not looked through: a lower bound, as in :func:`rougeL`, and the reason says so. What follows the
    10,000th line of a text is one line.

    >>> summary = ["police killed the gunman\nthe gunman police killed"]
    >>> rougeLsum(summary, ["the gunman police killed\npolice killed the gunman"]), rougeL(summary, summary)
    ([1.0], [1.0])
    """
    return overlaps(_LINES, completions, reference, tokenizer, measure)


@dataclass(frozen=True, slots=True)
class _Encoded:
    """A reference as a string with one character a token, which the bit-parallel algorithm reads fastest."""

    characters: dict[Hashable, str]
    text: str


class _Sequence:
    """Tokens in their order."""

    unit, what = "words", "words in the same order"

    def read(self, text: str, tokens_of: Tokens) -> tuple[Sequence[Hashable], int]:
        tokens = tokens_of(text)
        return tokens, len(tokens)

    def prepare(self, units: Sequence[Hashable]) -> _Encoded:
        characters: dict[Hashable, str] = {}
        for token in units:
            if token not in characters and len(characters) < _MOST_DISTINCT:
                code = len(characters) + 1
                characters[token] = chr(code if code < 0xD800 else code + 0x800)  # no surrogates
        return _Encoded(characters, "".join(filter(None, map(characters.get, units))))

    def shared(self, prepared: _Encoded, units: Sequence[Hashable]) -> tuple[int, bool]:
        known = "".join(filter(None, map(prepared.characters.get, units)))  # what only one text has is never common
        wanted = prepared.text
        partly = len(known) * len(wanted) > MOST_CELLS
        if partly:
            known = known[: MOST_CELLS // len(wanted)]
        return _similarity()(wanted, known), partly or len(prepared.characters) == _MOST_DISTINCT


@functools.cache
def _similarity() -> Any:
    from rapidfuzz.distance import LCSseq

    return LCSseq.similarity


class _Lines:
    """Tokens in their order, line by line."""

    unit, what = "words", "words in the order of a line"

    def read(self, text: str, tokens_of: Tokens) -> tuple[list[Sequence[Hashable]], int]:
        lines = [tokens_of(line) for line in text.split("\n", MOST_LINES) if line]
        return lines, sum(map(len, lines))

    def prepare(self, units: list[Sequence[Hashable]]) -> list[Sequence[Hashable]]:
        return units

    def shared(self, prepared: list[Sequence[Hashable]], units: list[Sequence[Hashable]]) -> tuple[int, bool]:
        lines, partly = _affordable(units, sum(len(line) + 512 for line in prepared))
        left = Counter(token for line in units for token in line)
        wanted = Counter(token for line in prepared for token in line)
        hits = 0
        for line in prepared:
            masks = _masks(line)
            common: set[int] = set()
            for other in lines:
                common |= _common(line, other, masks)
            for position in sorted(common):
                token = line[position]
                if left[token] > 0 and wanted[token] > 0:
                    hits += 1
                    left[token] -= 1
                    wanted[token] -= 1
        return hits, partly


def _affordable(lines: list[Sequence[Hashable]], cost: int) -> tuple[list[Sequence[Hashable]], bool]:
    """The lines, each once (a second adds nothing to a union), as far as their tokens at ``cost`` bits can be kept."""
    distinct = dict.fromkeys(map(tuple, lines))
    left = MOST_BITS // max(cost, 1)
    kept: list[Sequence[Hashable]] = []
    for line in distinct:
        if len(line) + 1 > left:
            return [*kept, line[:left]], True
        left -= len(line) + 1
        kept.append(line)
    return kept, False


def _masks(line: Sequence[Hashable]) -> dict[Hashable, int]:
    """For each token of a line, the positions at which it stands, as bits."""
    places: dict[Hashable, list[int]] = {}
    for position, token in enumerate(line):
        places.setdefault(token, []).append(position)
    return {token: _bits(positions, len(line)) for token, positions in places.items()}


def _bits(positions: list[int], length: int) -> int:
    """A number with these bits set, in time linear in ``length``."""
    data = bytearray(length // 8 + 1)
    for position in positions:
        data[position >> 3] |= 1 << (position & 7)
    return int.from_bytes(data, "little")


def _common(line: Sequence[Hashable], other: Sequence[Hashable], masks: dict[Hashable, int]) -> set[int]:
    """Positions in ``line`` of its longest common subsequence with ``other``: of several, rouge-score's.

    Row j of the table holds the lengths for the first j tokens of ``other``; they grow by 0 or 1 along ``line``, so a
    row is a number whose bit i is 0 where length i + 1 exceeds length i (Hyyrö 2004). From the end, a step goes back
    in ``other`` where the row grows here, and in ``line`` where it does not.
    """
    row = every = (1 << len(line)) - 1
    size = len(line) // 8 + 1
    packed = row.to_bytes(size, "little")
    rows = []
    for token in other:
        mask = masks.get(token)
        if mask is not None:
            match = row & mask
            row = ((row + match) | (row - match)) & every
            packed = row.to_bytes(size, "little")
        rows.append(packed)
    common = set()
    i, j = len(line) - 1, len(other) - 1
    while i >= 0 and j >= 0:
        if line[i] == other[j]:
            common.add(i)
            i -= 1
            j -= 1
        elif rows[j][i >> 3] >> (i & 7) & 1:
            i -= 1
        else:
            j -= 1
    return common


_SEQUENCE, _LINES = _Sequence(), _Lines()
