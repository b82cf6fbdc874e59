"""Where a text says of a sentence that it is right: "…"이/가 옳다, in all the ways in which people write it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from jeoul.rewards.korean.tables import BRACKETS

__all__ = ["Claim", "chosen", "claims", "opening", "quoted_from", "unquoted"]

_THING = r" ?(?:문장|표현|것|답)?(?:이다|입니다|이에요|임)"
_VERDICT = (
    rf"(?:옳(?:다|습니다|아요|음|은{_THING})|맞(?:다|습니다|아요|음|는{_THING})|올?바(?:르다|릅니다|른{_THING})"
    rf"|정답(?:이다|입니다)|(?:올바른|옳은|맞는) (?:문장|표현)(?:이다|입니다))(?![가-힣])"
)
_PARTICLE = r"이/가|가/이|이\(가\)|\(이\)가|으가|이가|이|가|은|는"
_ENGLISH = r"is (?:the )?(?:correct|right)\b(?: sentence| answer| one)?"
_CLAIM = re.compile(rf"({_PARTICLE})(\s*)({_VERDICT})|(?<=[\"'.])(\s+)({_ENGLISH})")
_CLOSING = {close: open for open, close in BRACKETS.items()} | {"`": "`"}
_OPENING = "\"'" + "".join(BRACKETS)


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence said to be right; ``start`` and ``end`` are where the whole saying stands in the text.

    ``quotes`` is how it was quoted: ``"``, ``'``, a bracket, or empty; ``gap`` stands between it and the particle,
    ``space`` between particle and ending. The sentence and its quotes are ``text[start:close]``.
    """

    sentence: str
    particle: str
    ending: str
    start: int
    close: int
    end: int
    quotes: str
    gap: str = ""
    space: str = ""
    flags: tuple[str, ...] = ()


def claims(text: str) -> list[Claim]:
    r"""Every claim of a plain text (straight quotes only), in order, in linear time.

    >>> [claim.sentence for claim in claims('"가는"이 아니라 "오는"이 옳다. \'눈\'은 맞습니다.')]
    ['오는', '눈']
    """
    found = []
    floor = 0
    for match in _CLAIM.finditer(text):
        particle = match[1] or ""
        end_of_sentence = match.start(1) if particle else match.start()
        claim = _before(text, floor, end_of_sentence)
        if claim.sentence.strip():
            ending = match[3] or match[5]
            between = match[2] if particle else match[4]
            found.append(replace(claim, particle=particle, ending=ending, end=match.end(), space=between))
        floor = match.end()
    return found


def _before(text: str, floor: int, end: int) -> Claim:
    """The sentence that ends before ``end``: what the quotes there enclose, else the line."""
    stop = end
    while stop > floor and text[stop - 1].isspace():
        stop -= 1
    gap = text[stop:end]
    close = stop - 1
    if close > floor and text[close] in ".," and (text[close - 1] in "\"'" or text[close - 1] in _CLOSING):
        gap, close = text[close:end], close - 1
    mark = text[close] if close >= floor else ""
    if mark in ('"', "'") and mark:
        start = opening(text, floor, close)
    elif mark in _CLOSING:
        start = text.rfind(_CLOSING[mark], floor, close)
    else:
        start = _line(text, floor, stop)
        return unquoted(text[start:stop], start, gap)
    if start < 0:  # half of a pair
        start = _line(text, floor, close)
        return Claim(text[start:close], "", "", start, close + 1, end, mark, gap, flags=("half_quotes",))
    return Claim(text[start + 1 : close], "", "", start, close + 1, end, text[start], gap)


def unquoted(line: str, start: int, gap: str = "") -> Claim:
    """A line without a closing quote; where it has the opening one, half of the pair is missing."""
    lead = len(line) - len(line.lstrip())
    body = line.strip()
    half = body[:1] in ("\"'") and body[:1] != "" and body.count(body[:1]) % 2 == 1
    sentence = body[1:] if half else body
    flags = ("half_quotes",) if half else ("no_quotes",)
    begin, end = start + lead, start + lead + len(body)
    return Claim(sentence, "", "", begin, end, end, body[0] if half else "", gap, flags=flags)


def _line(text: str, floor: int, end: int) -> int:
    """Where the line of ``end`` starts, or the sentence after an earlier claim."""
    start = max(text.rfind("\n", floor, end) + 1, floor)
    while start < end and (text[start].isspace() or text[start] in ".,;:"):
        start += 1
    return start


def opening(text: str, floor: int, close: int) -> int:
    """The quote that opens what the one at ``close`` closes; −1 where there is none.

    A quote opens where a space, a bracket or the start stands before it, or a quote that opens. Those inside are paired
    off on the way back.
    """
    mark, depth, at = text[close], 1, close
    while depth:
        at = text.rfind(mark, floor, at)
        if at < 0:
            return -1
        if not _apostrophe(text, at):
            depth += -1 if _opens(text, floor, at) else 1
    return at


def _apostrophe(text: str, at: int) -> bool:
    around = text[max(at - 1, 0) : at] + text[at + 1 : at + 2]
    return text[at] == "'" and len(around) == 2 and around.isascii() and around.isalpha()


def _opens(text: str, floor: int, at: int) -> bool:
    mark = text[at]
    before = at
    for _ in range(3):  # a run of more quotes is noise, and looking along it would be quadratic
        if before <= floor or text[before - 1] != mark:
            break
        before -= 1
    return before <= floor or text[before - 1].isspace() or text[before - 1] in "([{<「『《〈:,\"'"


def quoted_from(text: str) -> tuple[str, str, str] | None:
    """Of a text that starts with a quote: what it encloses, the rest, and the quote; None where it is not closed.

    >>> quoted_from('"비가 "많이" 온다." 이유')
    ('비가 "많이" 온다.', ' 이유', '"')
    """
    if not text or text[0] not in _OPENING:
        return None
    line = text.partition("\n")[0]
    end = line.rfind(BRACKETS.get(text[0], text[0]), 1)
    return None if end < 0 else (line[1:end], text[end + 1 :], text[0])


def chosen(found: list[Claim]) -> tuple[Claim | None, bool]:
    """The claim that is the answer, and whether others rival it.

    One at the start of the text is the answer. Else it is the last full sentence in double quotes (in any quotes, in
    none): fragments of less than half the length of the longest are what a reason quotes.
    """
    if not found:
        return None, False
    if found[0].start == 0:
        first = found[0]
        rivals = [claim for claim in found[1:] if claim.quotes == first.quotes and _full(claim, len(first.sentence))]
        return first, bool(rivals)
    for quotes in ('"', "'", None):
        kind = [claim for claim in found if claim.quotes == quotes or (quotes is None)]
        if kind:
            longest = max(len(claim.sentence) for claim in kind)
            full = [claim for claim in kind if _full(claim, longest)]
            return full[-1], len({claim.sentence for claim in full}) > 1 or len(full) > 1
    return None, False


def _full(claim: Claim, longest: int) -> bool:
    return 2 * len(claim.sentence) >= longest
