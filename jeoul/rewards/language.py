"""The reward for writing in the language asked for, told by its script."""

from __future__ import annotations

import functools
from typing import Literal

import regex as rx

from jeoul.errors import UsageError, did_you_mean
from jeoul.rewards._text import normal
from jeoul.rewards.registry import reward
from jeoul.rewards.scores import Score, does_not_apply

__all__ = ["language"]

Ignored = Literal["latex", "code", "tags"]

# What has Latin letters in a text of any language. No alternative holds its own delimiter inside, and only classes are
# repeated, so a text of nothing but openings is read once.
_NOT_PROSE: dict[Ignored, str] = {
    "code": r"```[^`]*+```|`[^`\n]*+`",
    "latex": r"\$\$[^$]*+\$\$|\$[^$\n]*+\$|\\[A-Za-z]++",
    "tags": r"</?[A-Za-z][^<>\n]{0,60}+>",
}

# Letters that belong to no script (𝑥, µ as a unit, ℕ in part) are mathematics; ー belongs to two and counts for both.
_LETTERS = rx.compile(r"(?V1)[\p{L}--[\p{scx=Common}\p{scx=Inherited}]]++")

_KNOWN = ("Latin", "Hangul", "Han", "Hiragana", "Katakana", "Cyrillic", "Arabic", "Devanagari", "Greek", "Hebrew")


@reward(
    range=(0, 1),
    unit="share of letters",
    reference="DeepSeek-AI 2025, DeepSeek-R1 (arXiv 2501.12948), language consistency reward: the share of words",
    hacks=(
        "filler in the wanted script: ㅋㅋㅋ, 네네네, any text copied from the prompt",
        "the other language hidden in $…$, backquotes or tags",
        "any other language of the same script",
    ),
)
def language(
    completions: list[str], *scripts: str, ignore: tuple[Ignored, ...] = ("latex", "code", "tags")
) -> list[float | None]:
    r"""Share of the letters that belong to the given scripts; Hangul, where none is given.

    Formula: ``letters of the scripts / letters``. A letter is a character of category L in normal form NFC that has a
    script: digits, punctuation, emoji and mathematical letters (𝑥) count on neither side. ``ㅋ`` is Hangul.

    A script is not a language: Latin is English, French and more. Japanese is ``language("Han", "Hiragana",
    "Katakana")``, and Chinese, which is Han alone, then scores 1 too.

    Args:
        completions: texts of the model.
        scripts: Unicode script names, as in ``\p{Script=…}``: Hangul, Latin, Han, Cyrillic …
        ignore: what is left out first: "latex" (commands, ``$…$``, ``\(…\)``, ``\[…\]``), "code" (between backquotes),
            "tags" (``<think>``). With ``()`` all letters count, and formulas make a Korean solution partly Latin.

    NaN ("does not apply"): there is not one letter. ``42`` is right in any language, so 0 would punish it; and whoever
    escapes by writing nothing gets no reward from this column.

    Differs: open-r1, TRL and ms-swift have none. DeepSeek-R1 takes the share of words and gives no formula for a word;
    letters need no word boundaries, and a word of mixed script is worth its parts.

    >>> language(["답은 4입니다.", "답은 four", "<think>네</think>$x=4$", "42"])
    [1.0, 0.3333333333333333, 1.0, nan]
    >>> language(["答えはアです"], "Han", "Hiragana")[0].reason
    '5 of 6 letters are Han or Hiragana'
    """
    names = scripts or ("Hangul",)
    other = _other_than(names)
    return [_share(_prose(normal(text, "NFC"), ignore), other, " or ".join(names)) for text in completions]


def _share(prose: str, other: rx.Pattern[str], names: str) -> Score:
    letters = "".join(_LETTERS.findall(prose))
    if not letters:
        return does_not_apply("has no letters")
    own = len(other.sub("", letters))
    return Score(own / len(letters), f"{own} of {len(letters)} letters are {names}")


def _prose(text: str, ignore: tuple[Ignored, ...]) -> str:
    if "latex" in ignore:
        for opening, closing in (r"\(", r"\)"), (r"\[", r"\]"):  # formulas with any brackets inside: not for a pattern
            before, *after = text.split(opening)
            text = " ".join([before, *(part.partition(closing)[2] if closing in part else part for part in after)])
    not_prose = _pattern(ignore)
    return not_prose.sub(" ", text) if not_prose else text


@functools.lru_cache(maxsize=64)
def _other_than(scripts: tuple[str, ...]) -> rx.Pattern[str]:
    """Compile what matches runs of letters outside of ``scripts``."""
    for name in scripts:
        try:
            if not name.replace("_", "").isalpha():
                raise rx.error("not a name")
            rx.compile(rf"\p{{Script={name}}}")
        except rx.error:
            hint = did_you_mean(name.capitalize(), _KNOWN)
            raise UsageError(f"{name!r} is no Unicode script{hint}; there are {', '.join(_KNOWN)} and more") from None
    return rx.compile("[^" + "".join(rf"\p{{scx={name}}}" for name in scripts) + "]++")


@functools.lru_cache(maxsize=8)
def _pattern(ignore: tuple[Ignored, ...]) -> rx.Pattern[str] | None:
    return rx.compile("|".join(_NOT_PROSE[kind] for kind in sorted(set(ignore)))) if ignore else None
