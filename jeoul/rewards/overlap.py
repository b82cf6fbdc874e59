"""Rewards that count the words, and pairs of words, that a completion shares with a reference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from typing import Annotated, Any

from jeoul.rewards._sharing import Measure, Tokens, load, overlaps, versions
from jeoul.rewards.registry import reward
from jeoul.rewards.tokenizers import TokenizerOption

__all__ = ["rouge1", "rouge2"]


@reward(
    range=(0, 1),
    reference="Lin 2004, ROUGE (ACL W04-1013); tokenizer='google' is rouge-score 0.1.2, 'google_stem' with its stemmer",
    hacks=(
        "a bag of the data's frequent words: no order, no sense, and no reference needed",
        "the prompt or the question copied, where references repeat it",
        "a sentence that says the opposite: one word of it differs ('옳다' and '옳지 않다')",
        "measure='recall': writing more is never punished",
        "measure='precision': one sure word scores 1",
        "tokenizer='mecab' or 'kiwi': what follows the first 1,000 words, or 20,000 characters, is not read",
    ),
    prepare=load,
    versions=versions,
)
def rouge1(
    completions: list[str],
    reference: list[Any],
    *,
    measure: Measure = "f1",
    tokenizer: Annotated[Any, TokenizerOption()] = "unicode",
) -> list[float | None]:
    r"""Share of words that completion and reference have in common (ROUGE-1).

    Formula, over multisets of tokens C and R: ``overlap = Σ_w min(C[w], R[w])``; ``precision = overlap/|C|``,
    ``recall = overlap/|R|``, ``f1 = 2·p·r/(p+r)``; 0 where nothing is shared. A ``reference`` cell is a text or a list
    of texts, of which the best counts. Range 0 to 1.

    ``tokenizer`` says what a word is; its name, engine and dictionary with their versions are kept with the table.

    - ``"unicode"`` (the default) is right for every script: NFC, casefold, words with their marks; Hangul by eojeol,
      cut where the script changes; Han, kana, Thai and the like by character. Eojeol rather than syllables or jamo,
      because a reward should have a low floor: between random pairs of Korean references F1 is .04 by eojeol, .19 by
      morpheme, .26 by syllable, .54 by jamo; the price is that a changed particle costs its whole word.
    - ``"mecab"``: the tokens of the Korean contest's server (``jeoul[korean]``): the first 1,000 words in lower case,
      all but ``[A-Za-z0-9가-힣]`` dropped, mecab-ko's morphemes. NFD is not composed there, so its Hangul is dropped.
    - ``"kiwi"``: morphemes of Kiwi in their dictionary form (``jeoul[korean]``); the first 20,000 characters.
    - ``"syllable"``, ``"jamo"``: Hangul by syllable, by letter; the rest as in ``"unicode"``.
    - ``"google"``: ASCII letters and digits only, as rouge-score does to the last bit; ``"google_stem"``: the same with
      its Porter stemmer (words of more than 200 characters are not stemmed).
    - ``"package.module:function"``, or in Python a function of a text or an object with ``tokenize(text)``, such as
      rouge-score takes. It must give the same tokens for the same text: they are remembered.

    NaN ("does not apply"): the cell is None, NaN or an empty list. An empty completion scores 0, and so does every
    completion against a reference without a single token (empty, punctuation, Korean under ``"google"``), as in
    rouge-score; the reason says so. Time is linear in the texts.

    Differs from its namesakes: ``rouge_score``, and with it ``evaluate``'s ``rouge``, gives identical Korean sentences
    without ASCII 0.0 and the different ones below 1.0. open-r1, TRL and ms-swift have no ROUGE-1 reward. Of several
    references rouge-score's ``score_multi`` takes the one of best F1 whatever is asked, this the best by ``measure``.
    ``jeoul bench text`` measures its speed beside rouge-score's.

    >>> korean = ["KBS는 방송사이다."] * 2, ["KBS는 방송사이다.", "KBS는 신문사이다."]
    >>> [round(score, 2) for score in rouge1(*korean)], rouge1(*korean, tokenizer="google")
    ([1.0, 0.67], [1.0, 1.0])
    >>> rouge1(["the cat sat"], [["a dog", "the cat sat down"]])[0].reason
    'f1 0.857: 3 words shared of 3 and 4 in the reference'
    """
    return overlaps(_WORDS, completions, reference, tokenizer, measure)


@reward(
    range=(0, 1),
    reference="Lin 2004, ROUGE (ACL W04-1013); tokenizer='google' is rouge-score 0.1.2, 'google_stem' with its stemmer",
    hacks=(
        "set phrases of the data strung together",
        "the prompt or the question copied, where references repeat it",
        "measure='recall': writing more is never punished",
        "measure='precision': one sure pair of words scores 1",
    ),
    prepare=load,
    versions=versions,
)
def rouge2(
    completions: list[str],
    reference: list[Any],
    *,
    measure: Measure = "f1",
    tokenizer: Annotated[Any, TokenizerOption()] = "unicode",
) -> list[float | None]:
    """Share of pairs of neighbouring words that completion and reference have in common (ROUGE-2).

    The formula, options, range and NaN of :func:`rouge1`, over pairs of neighbouring tokens; a text of one token has no
    pair and scores 0, even against itself. Korean has few pairs by eojeol: ``"mecab"`` or ``"syllable"`` give a
    reward more to climb.

    >>> [round(score, 2) for score in rouge2(["the cat sat", "cat the sat"], ["the cat sat down"] * 2)]
    [0.8, 0.0]
    """
    return overlaps(_PAIRS, completions, reference, tokenizer, measure)


class _Bag:
    """Units as a multiset: runs of ``length`` tokens."""

    def __init__(self, length: int, unit: str) -> None:
        self.length, self.unit, self.what = length, unit, f"{unit} shared"

    def read(self, text: str, tokens_of: Tokens) -> tuple[Sequence[Hashable], int]:
        tokens = tokens_of(text)
        if self.length == 1:
            return tokens, len(tokens)
        runs = list(zip(*(tokens[start:] for start in range(self.length)), strict=False))
        return runs, len(runs)

    def prepare(self, units: Sequence[Hashable]) -> dict[Hashable, int]:
        return dict(Counter(units))

    def shared(self, prepared: dict[Hashable, int], units: Sequence[Hashable]) -> tuple[int, bool]:
        left, shared = prepared.copy(), 0
        count = left.get
        for unit in units:  # faster than counting the completion's units: most are not in the reference
            found = count(unit)
            if found:
                left[unit] = found - 1
                shared += 1
        return shared, False


_WORDS, _PAIRS = _Bag(1, "words"), _Bag(2, "pairs of words")
