"""Where a completion states its answer: anchored extraction, in time linear in the text."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from jeoul.rewards._text import normal
from jeoul.rewards.math.tables import KOREAN_ENDING

__all__ = ["CANDIDATE_LIMIT", "TEXT_LIMIT", "Extracted", "Method", "boxed", "find_answer", "spelled"]

Method = Literal["boxed", "answer_tag", "phrase", "whole"]
TEXT_LIMIT = 65_536  # characters at the end of a completion that are looked at
CANDIDATE_LIMIT = 4_096  # characters an answer may have
CACHED_LENGTH = 256  # characters of an ending that is remembered
FAR = 160  # no two boxes so far apart are side by side

_THINK = re.compile(r"<(/?)think(?:ing)?>")
# Escaped braces and line breaks are tokens of their own, so that they are never taken for a box's braces.
_BRACES = re.compile(
    r"\\{1,2}(?:boxed|fbox)(?![A-Za-z])(?:\s{0,8}(\{)|\s{1,8}([-+]?[\w.,/]{1,64}))|\\.|[{}]", re.DOTALL
)
_ESCAPED = re.compile(r"\\(?:[{}\\]|$)")
_BLANK = re.compile(r"(?:\s|~|_|…|\.{3}|\\phantom\{[^{}]*\}|\\(?:[,;:! ]|q?quad\b|[lc]?dots\b))*+")
_BETWEEN_BOXES = re.compile(
    r"(?:[\s$]|\\[()\[\],;! ]|\\q?quad\b|\\text\s?\{)*+(?:[A-Za-z]{1,12}\}?\s{1,3}|for part \([a-z]\)\s{0,3}){0,2}"
    r"(?:\\text\s*\{\s*)?(?:,|;|[+]{3,9}|and\b|or\b|,\s*(?:and|or)\b|또는|혹은|와|과|및)?"
    r"(?:[\s$}]|\\[()\[\],;! ]|\\q?quad\b)*+"
    r"(?:[A-Za-z](?:_\{?\w{1,3}\}?)?\s?=\s?)?"
)
_JOINED = re.compile(r"[,;]|[+]{3}|\b(?:and|or)\b|또는|혹은|[와과및]|^[\s$]*$")
_UNITED = re.compile(r"\s*(?:[A-Za-z°%]{1,12}\s*|,|;|and|or)?\s*")
_PERCENT = re.compile(r"(?:[\s$]|\\[)\],;! ])*+(?:\\?%|percent\b|pct\b)")
_TAG = re.compile(r"<(/?)answer>", re.IGNORECASE)
_STATED = re.compile(
    r"(?i:\b(?:final|correct)\s{1,3}answer\b[\s*_]{0,8}(?:is\b|[:：=]|\n)|\banswer[*_ ]{0,4}[:：])"
    r"|(?<![가-힣])(?:최종\s?)?(?:정답|답변|답안|답)[*_ ]{0,4}[은는:：]"
)
_SHORTEST = len(r"\boxed1final answer is1")
_FINAL = re.compile(r"(?i:\bfinal\s{1,3}answer\s{1,3}is\b)")
_SAID = re.compile(r"(?i:\banswer\s{1,3}is\b)")
_COPULA = re.compile(r"(?i:\b(?:is|are|equals|be|was|were|to)\b)\s{1,3}|(?<=[가-힣])[은는]\s")
_PROSE = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{3,}|[가-힣]{2,}")
_HEDGED = re.compile(
    r"(?i:\b(?:not|never|cannot|or|either|neither|maybe|perhaps|unless|if|but)\b|n't\b)|아니|않|또는|혹은|없"
)
_SAYING = re.compile(r"(?!(?:arc)?(?:sin|cos|tan|sqrt|frac|log))[A-Za-z]{4,20}\s?:\s")
_AMOUNT = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:[.,]\d+)?(?:/\d+)?(?:\s?(?:\\?%|°))?")
_LEAD = " \t\r\n:：*_#>~"
_DOLLARS = r"\$\$[^$]{1,1000}\$\$|\$(?:[^$\n\\]|\\.){1,1000}+\$"
_MATH = rf"{_DOLLARS}|\\\((?:[^\\\n]|\\(?!\))){{1,1000}}+\\\)|\\\[(?:[^\\]|\\(?!\])){{1,1000}}+\\\]"
_SENTENCE = re.compile(rf"(?:{_MATH}|[^\n.。$\\]|\\.|\.(?=[^\s.*_])|\$)*+")


class Extracted(NamedTuple):
    """What was found.

    Attributes:
        text: the answer as written, or None.
        how: the anchor that gave it, or why there is none.
        percent: a percent sign stands right after its box.
    """

    text: str | None
    how: str
    percent: bool = False


def find_answer(completion: str, methods: Sequence[Method] = ("boxed", "answer_tag", "phrase")) -> Extracted:
    r"""The answer a completion states, by the first of ``methods`` that finds one.

    - ``boxed``: the last balanced ``\boxed{…}`` or ``\fbox{…}`` that is not empty, or ``\boxed 5``. Boxes with nothing
      but commas or "and"/"or" between them are one answer of several parts: naming two is not naming the right one.
    - ``answer_tag``: the last closed ``<answer>…</answer>``; inside it a phrase, if there is one.
    - ``phrase``: what follows the last "final answer is", "Answer:" or 정답/답 with 은, 는 or a colon, to the end of
      its sentence; or "answer is", if that sentence ends the text.
    - ``whole``: all of the text; of prose its last formula, else its last number. Unanchored: for completions that are
      nothing but the answer, and for texts that are read, not paid.

    Only the last 65,536 characters are read. Closed ``<think>`` blocks are dropped (a close without its opening ends a
    block that began in the prompt). An answer of more than 4,096 characters is none.

    >>> find_answer(r"So \boxed{\frac{1}{2}} is right.").text, find_answer("It is 5, or 6, or 7.").text
    ('\\frac{1}{2}', None)
    >>> find_answer("<think>5?</think> 따라서 정답은 12입니다.").text
    '12입니다'
    """
    text = _spoken(completion[-TEXT_LIMIT:])
    found = _last_box(text, "phrase" in methods) if methods and methods[0] == "boxed" else None
    if found is not None:
        return found
    text = normal(text, "NFC")
    for method in methods:
        found = next(_FINDERS[method](text), None)
        if found is not None:
            return _checked(text, found, "phrase" in methods)
    return Extracted(None, f"there is no {', '.join(_SOUGHT[method] for method in methods)}")


def _checked(text: str, found: Extracted, phrase: bool) -> Extracted:
    """What was found, unless it is too long, or a final answer is stated after it."""
    length = len(found.text or "")
    if length > CANDIDATE_LIMIT:
        return Extracted(None, f"{found.how} holds {length:,} characters, more than {CANDIDATE_LIMIT:,}")
    return _later(text, found) if phrase and found.how == "\\boxed" and len(text) >= _SHORTEST else found


def boxed(text: str) -> str | None:
    r"""Content of the last balanced box (boxes side by side joined by commas), or None.

    >>> boxed(r"\boxed{3} and \boxed{5}"), boxed(r"first \boxed{3}, so we get \boxed{5}"), boxed(r"\boxed{\frac{1}{2}")
    ('3, 5', '5', None)
    """
    found = _last_boxes(text)
    return found[0] if found is not None else None


def _later(text: str, box: Extracted) -> Extracted:
    """A final answer that is stated as a number or formula after the last box; else that box."""
    end = text.rfind("\\boxed")
    end = max(end, text.rfind("\\fbox", max(end, 0)))
    if len(text) - end < _SHORTEST:
        return box
    for anchor in list(_FINAL.finditer(text, end))[-1:]:
        answer, _ = _sentence(text, anchor.end())
        if re.fullmatch(rf"(?:{_MATH}|{_AMOUNT.pattern})", answer):
            return Extracted(answer, f'"{" ".join(anchor[0].split())}"')
    return box


def spelled(gold: str) -> tuple[str, ...]:
    r"""What a gold accepts: what is in its box, after ``####`` (GSM8K) or, in a long text, after "final answer is".

    >>> spelled(r"so it is $\boxed{20}\%$"), spelled("5 + 6 = 11\n#### 11"), spelled("5")
    (('20', '20\\%'), ('11',), ('5',))
    """
    found = _last_boxes(gold) if "boxed" in gold or "fbox" in gold else None
    if found is not None:
        percent = _PERCENT.match(gold, found[1]) and "%" not in found[0]
        return (found[0], found[0] + "\\%") if percent else (found[0],)
    _, mark, after = gold.rpartition("####")
    if mark and after.strip():
        return (after.strip(),)
    stated = next(_stated(gold), None) if 120 < len(gold) <= CANDIDATE_LIMIT else None
    return (stated.text if stated is not None and stated.text else gold,)


def _last_boxes(text: str) -> tuple[str, int] | None:
    """Content of the last boxes side by side, and where they end."""
    boxes = [box for box in _balanced(text) if box[2] and not _BLANK.fullmatch(box[2])]
    if not boxes:
        return None
    start, end, content = boxes.pop()
    parts = [content]
    while boxes and start - boxes[-1][1] <= 60 and _side_by_side(text, boxes[-1][1], start):
        start, _, content = boxes.pop()
        parts.append(content)
    return ", ".join(dict.fromkeys(reversed(parts))), end


def _side_by_side(text: str, end: int, start: int) -> bool:
    """Whether there is nothing but a conjunction, a unit before it and a name after it between two boxes."""
    return bool(_BETWEEN_BOXES.fullmatch(text, end, start) and _JOINED.search(text[end:start]))


def _balanced(text: str) -> list[tuple[int, int, str]]:
    """Start, end and content of every balanced box, by its end: one pass with a stack of open braces."""
    first = text.find("\\boxed"), text.find("\\fbox")
    if first == (-1, -1):
        return []
    boxes: list[tuple[int, int, str]] = []
    opened: list[tuple[int, int] | None] = []
    for token in _BRACES.finditer(text, min(at for at in first if at >= 0)):
        mark = token[0]
        if token[1]:
            opened.append((token.start(), token.end()))
        elif token[2]:
            boxes.append((token.start(), token.end(), token[2]))
        elif mark == "{":
            opened.append(None)
        elif mark == "}" and opened:
            box = opened.pop()
            if box is not None:
                boxes.append((box[0], token.end(), text[box[1] : token.start()]))
                if len(boxes) > 1 and boxes[-2][0] > box[0]:  # it was nested in this one
                    del boxes[-2]
    return boxes


def _spoken(text: str) -> str:
    """The text without its closed think blocks."""
    if "<" not in text or "</think" not in text:  # a single character is found ten times as fast
        return text
    parts: list[str] = []
    start, opened = 0, -1
    for tag in _THINK.finditer(text):
        if not tag[1]:
            if opened < 0:
                opened = tag.start()
                parts.append(text[start:opened])
            continue
        if opened < 0:
            parts.clear()
        start, opened = tag.end(), -1
    return "".join(parts) + text[opened if opened >= 0 else start :]


def _last_box(text: str, phrase: bool) -> Extracted | None:
    """What is found in most texts, without a scan: the content of their last box; None where it takes more.

    Earlier boxes count where they hold the last one or stand beside it, so they must be far, and nothing may close
    right before the last one or after it. All else is in the text from the last box on, which a group often shares.
    """
    start = text.rfind("\\boxed{")
    if start < 0 or text.find("box", start + 2) > 0:
        return None
    before = text.rfind("box", 0, start)  # quicker than find
    if before >= 0 and (start - before < FAR or "}" in text[start - FAR // 2 : start]):
        return None
    ending = text[start:]
    return (_remembered if len(ending) <= CACHED_LENGTH else _of_ending)(ending, phrase, before < 0)


def _of_ending(ending: str, phrase: bool, alone: bool) -> Extracted | None:
    """The same, of the text from the box on: ``alone`` if there is no other box before it."""
    start = len("\\boxed{")
    at, depth = start, 1
    while depth:
        close = ending.find("}", at)
        if close < 0 or depth > 9:
            return None
        depth += ending.count("{", at, close) - 1
        at = close + 1
    content = ending[start : at - 1]
    if ("\\" in content and _ESCAPED.search(content)) or _BLANK.fullmatch(content):
        return None
    if not alone and "}" in ending[at:]:
        return None
    percent = at < len(ending) and _PERCENT.match(ending, at) is not None
    return _checked(ending, Extracted(normal(content.strip(), "NFC"), "\\boxed", percent), phrase)


_remembered = functools.lru_cache(maxsize=1024)(_of_ending)


def _boxed(text: str) -> Iterator[Extracted]:
    found = _last_boxes(text)
    if found is not None:
        yield Extracted(found[0].strip(), "\\boxed", bool(_PERCENT.match(text, found[1])))


def _tagged(text: str) -> Iterator[Extracted]:
    tags = list(_TAG.finditer(text))
    for opening, closing in zip(reversed(tags[:-1]), reversed(tags), strict=False):
        if closing[1] and not opening[1]:
            content = text[opening.end() : closing.start()].strip()
            if content:
                inside = next(_stated(content), None) if len(content) <= CANDIDATE_LIMIT else None
                yield Extracted(inside.text if inside else content, "<answer>")


def _stated(text: str) -> Iterator[Extracted]:
    for anchor in list(_STATED.finditer(text))[:-4:-1]:
        answer, _ = _sentence(text, anchor.end())
        answer = _of_sentence(answer)
        if answer:
            yield Extracted(answer, f'"{" ".join(anchor[0].split()).rstrip(":：*_ ")}"')
    for anchor in list(_SAID.finditer(text))[-1:]:
        answer, end = _sentence(text, anchor.end())
        if answer and not text[end:].strip(" \t\r\n.。*_$"):
            yield Extracted(answer, '"answer is"')


def _sentence(text: str, start: int) -> tuple[str, int]:
    """The sentence from ``start`` on, and where it ends."""
    while start < len(text) and text[start] in _LEAD:
        start += 1
    found = _SENTENCE.match(text, start, start + CANDIDATE_LIMIT)
    end = found.end() if found else start
    return text[start:end].strip(), end


def _of_sentence(answer: str) -> str:
    """What a sentence says of its subject: 34 of "The largest n is 34"."""
    if len(_PROSE.findall(answer[:200])) < 2 or _HEDGED.search(answer):
        return answer
    copulas = list(_COPULA.finditer(answer))
    rest = answer[copulas[-1].end() :].strip() if copulas else ""
    if copulas and re.search(r"\d", answer[: copulas[-1].start()]):
        return answer
    if re.search(r"\d|\\|\$", rest) and not _PROSE.search(re.sub(rf"{_MATH}|{KOREAN_ENDING}[.!]*$", " ", rest)):
        return rest
    amounts = [] if re.search(_MATH, answer) else _AMOUNT.findall(answer)
    return amounts[0] if len(amounts) == 1 and len(_PROSE.findall(answer)) > 2 else answer


def _whole(text: str) -> Iterator[Extracted]:
    text = text.strip()[-CANDIDATE_LIMIT:]
    formulas = [found for found in re.finditer(_MATH, text) if not _BLANK.fullmatch(found[0].strip("$\\()[] "))]
    if formulas:
        last = formulas[-1]
        after = re.sub(r"<\|.*", "", text[last.end() :])
        if not (_PROSE.search(re.sub(_MATH, " ", text)) or len(formulas) > 1):
            yield Extracted(text, "the whole text")
        elif len(_PROSE.findall(after)) > 2 and (amounts := list(_AMOUNT.finditer(after))):
            yield Extracted(amounts[-1][0], "the last number")
        elif _PROSE.search(text[: formulas[0].start()]) or not _UNITED.fullmatch(re.sub(_MATH, " ", text)):
            yield Extracted(last[0], "the last formula", bool(_PERCENT.match(text, last.end())))
        else:
            yield Extracted(text, "the whole text")
    elif (len(_PROSE.findall(text)) > 1 or _SAYING.match(text)) and (amounts := list(_AMOUNT.finditer(text))):
        yield Extracted(amounts[-1][0], "the last number")
    elif text:
        yield Extracted(text, "the whole text")


_FINDERS = {"boxed": _boxed, "answer_tag": _tagged, "phrase": _stated, "whole": _whole}
_SOUGHT = {"boxed": "\\boxed{…}", "answer_tag": "<answer>", "phrase": "stated answer", "whole": "text"}
