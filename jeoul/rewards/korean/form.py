"""The stated form, ``"{문장}"이/가 옳다. {이유}``, to the letter."""

from __future__ import annotations

import re

from jeoul.rewards._text import normal
from jeoul.rewards.korean.claims import opening
from jeoul.rewards.korean.statement import Statement
from jeoul.rewards.korean.tables import BRACKETS, INVISIBLE

__all__ = ["TOKENS", "UNSEEN", "in_form"]

TOKENS = re.compile(
    r"<\|[^|<>\s]{1,40}\|>|</?s>|<(?:eos|bos|pad|unk|end_of_turn|start_of_turn)>|\[(?:EOS|BOS|PAD|SEP)\]"
)
_FORM = re.compile(r'"(.+?)"([이가]) 옳다\. (\S.*)', re.DOTALL)
_AGAIN = re.compile(r'"([^"\n]*)"(?:이|가|은|는) ?(?:옳|맞)(?:다|습니다)(?![가-힣])')
UNSEEN = re.compile(f"[{re.escape(INVISIBLE.replace(chr(0x200D), ''))}]")  # the joiner makes emoji
_SPACES = re.compile(r"[^\S ]")
_THINK = re.compile(r"</?think(?:ing)?>")


def in_form(text: str) -> tuple[Statement | None, list[str]]:
    """The statement of a text that has the form, and what is nevertheless wrong with it; None for any other text.

    White space around the whole text is no fault. The sentence may have quotes inside, in pairs.
    """
    text = text.strip()
    found = _FORM.fullmatch(text)
    if found is None:
        return None, []
    sentence, particle, reason = found.groups()
    if opening(text, 0, found.end(1)) != 0:  # two quoted texts, and something between them
        return None, []
    return Statement(sentence, particle, reason), list(_faults(text, sentence, reason))


def _faults(text: str, sentence: str, reason: str) -> list[str]:
    first, last = sentence[0], sentence[-1]
    bracketed = BRACKETS.get(first) == last and sentence.count(first) == 1
    checks = {
        "think": _THINK.search(text),
        "special_token": TOKENS.search(text),
        "markdown": "**" in sentence,
        "nfd": normal(text, "NFC") != text,
        "invisible": UNSEEN.search(text),
        "space": _SPACES.search(sentence) or sentence != sentence.strip(),
        "doubled_quotes": len(sentence) > 1 and (bracketed or first == last == '"'),
        "half_quotes": sentence.count('"') % 2,
        "braces": "{" in sentence or "}" in sentence or (reason[0] == "{" and reason[-1] == "}"),
        "several": any(2 * len(again[1]) >= len(sentence) for again in _AGAIN.finditer(reason)),
        "no_reason": not any(map(str.isalnum, reason)),
    }
    return [flag for flag, wrong in checks.items() if wrong]
