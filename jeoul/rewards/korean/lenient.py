"""What a person would accept as an answer, however it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jeoul.rewards._text import normal
from jeoul.rewards.korean.claims import Claim, chosen, claims, quoted_from, unquoted
from jeoul.rewards.korean.form import UNSEEN, in_form
from jeoul.rewards.korean.peel import prefix_length, unmarked, unwrapped
from jeoul.rewards.korean.statement import FLAGS, Statement
from jeoul.rewards.korean.tables import BRACKETS, FULLWIDTH, SPACES, flat, plain, visible

__all__ = ["parse_lenient"]

_BOTH = re.compile(r"(?:둘 ?다|모두|다) (?:옳|맞)(?:다|습니다)")
_REASON = re.compile(r"\s*(?:[\[(]?(?:이유|설명|reason|explanation)[\])]?\s*(?::|는|은)\s*)", re.IGNORECASE)
_SPACE = re.compile(f"[{re.escape(SPACES)}\r\t]")
_WIDE = re.compile(f"[{re.escape(FULLWIDTH)}]")
_THEREFORE = ("따라서", "그러므로", "그래서", "그러니", "결국")
_LETTER = re.compile(r"[^\W_]")


def parse_lenient(text: str) -> Statement:
    r"""Find the sentence that ``text`` says is right, as a reader would.

    Taken off: thought (closed or not), chat tokens, code fence, JSON, Markdown, 정답:, the copied question. Accepted:
    any quotes or none; 이/가 and what models write for it; 옳습니다, 맞다 and the like; NFD, any spaces, fullwidth
    ASCII, invisible characters; the reason first; the sentence alone. The sentence comes back plain (:func:`plain`).

    >>> parse_lenient("정답: “비가 온다.” 가 옳습니다. 주격이다.")
    Statement(sentence='비가 온다.', particle='가', reason='주격이다.', flags=('prefix', 'quotes', 'spacing', 'ending'))
    """
    stated, faults = in_form(text)
    if stated is not None and not faults:
        return Statement(plain(stated.sentence), stated.particle, stated.reason)
    if not _LETTER.search(text):
        return Statement("", flags=_ordered(["empty", "no_reason"]))
    body, reason, flags = unwrapped(text)
    flags += faults
    flags += _characters(text)
    seen = visible(body)
    marked, seen = seen.strip(), unmarked(seen)
    flags += ["markdown"] * (seen != marked)
    body = flat(seen)
    prefix = prefix_length(body)
    flags += ["prefix"] * bool(prefix)
    seen, body = seen[prefix:], body[prefix:]
    claim, rivals = chosen(claims(body))
    flags += ["several"] * rivals
    statement = _alone(body, reason, flags) if claim is None else _claimed(body, seen, claim, reason, flags)
    if not _LETTER.search(statement.reason):
        flags.append("no_reason")
    return Statement(statement.sentence, statement.particle, statement.reason, _ordered(flags) or ("form",))


def _claimed(body: str, seen: str, claim: Claim, reason: str, flags: list[str]) -> Statement:
    before, after = body[: claim.start].strip(), body[claim.end :]
    flags += claim.flags
    flags += _form_of(claim, seen, after)
    sentence = _inner(claim.sentence, flags)
    after = _reason(after, flags)
    if before:
        flags.append("reason_first" if _LETTER.search(before) and not _LETTER.search(after) else "text_before")
    return Statement(sentence, claim.particle, after or reason or _reason(_before_therefore(before), flags))


def _form_of(claim: Claim, seen: str, after: str) -> Iterator[str]:
    if claim.particle not in ("이", "가"):
        yield "particle"
    if claim.gap or claim.space != " ":
        yield "spacing"
    if claim.ending != "옳다" or not after.startswith(". "):
        yield "ending"
    marks = seen[claim.start] + seen[claim.close - 1]
    half = "half_quotes" in claim.flags and claim.quotes == '"' and '"' in marks
    if "no_quotes" not in claim.flags and not half and marks != '""':
        yield "quotes"
    outside = seen[: claim.start] + seen[claim.close : claim.end + 2]
    if _SPACE.search(seen[: claim.end]):
        yield "space"
    if _WIDE.search(outside):
        yield "fullwidth"


def _alone(body: str, reason: str, flags: list[str]) -> Statement:
    """No sentence is said to be right: a sentence alone, in quotes or on a line of its own."""
    flags.append("no_verdict")
    if _BOTH.search(body):
        flags.append("both")
        return Statement("", reason=reason)
    quoted = quoted_from(body)
    if quoted is not None:
        sentence, rest, mark = quoted
        if rest.lstrip(" ")[:1] not in ("", "\n", ".", ",", ":", "-", "—", "–", "("):
            return Statement("", reason=reason or rest.strip())  # something else is said of it: …는 옳지 않다
        flags += ["quotes"] * (mark != '"')
        return Statement(_inner(sentence, flags), reason=_reason(rest, flags) or reason)
    line, _, rest = body.partition("\n")
    claim = unquoted(line, 0)
    flags += claim.flags
    return Statement(_inner(claim.sentence, flags), reason=_reason(rest, flags) or reason)


def _inner(sentence: str, flags: list[str]) -> str:
    """The sentence without what else is wrapped around it: more quotes, brackets, braces of the template."""
    for _ in range(4):
        sentence = sentence.strip()
        if len(sentence) < 2:
            break
        first, last = sentence[0], sentence[-1]
        quoted = first == last and first in "\"'" and sentence.count(first) != 3
        if quoted or (last == BRACKETS.get(first) and first != "<" and sentence.count(first) == 1):
            flags.append("doubled_quotes")
        elif (first, last) == ("{", "}") and sentence.count("{") == 1:
            flags.append("braces")
        else:
            break
        sentence = sentence[1:-1]
    if "{" in sentence or "}" in sentence:
        flags.append("braces")
    if "\n" in sentence:
        flags.append("space")
    if sentence.count('"') % 2:
        flags.append("half_quotes")
    return sentence


def _reason(text: str, flags: list[str]) -> str:
    text = text.strip().lstrip("., \n")
    named = _REASON.match(text)
    text = text[named.end() :] if named else text
    if text[:1] == "{" and text[-1:] == "}":
        flags.append("braces")
        text = text[1:-1].strip()
    return text


def _characters(text: str) -> Iterator[str]:
    if normal(text, "NFC") != text:
        yield "nfd"
    if UNSEEN.search(text):
        yield "invisible"


def _before_therefore(text: str) -> str:
    text = text.rstrip(" ,\n")
    return next((text.removesuffix(word).rstrip() for word in _THEREFORE if text.endswith(word)), text)


def _ordered(flags: list[str]) -> tuple[str, ...]:
    return tuple(flag for flag in FLAGS if flag in flags)
