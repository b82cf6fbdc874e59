"""Where a completion states its answer: anchored extraction, in time linear in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from jeoul.rewards._text import normal

__all__ = ["CANDIDATE_LIMIT", "TEXT_LIMIT", "Extracted", "Method", "boxed", "find_answer"]

Method = Literal["boxed", "answer_tag", "phrase", "whole"]
TEXT_LIMIT = 65_536  # characters at the end of a completion that are looked at
CANDIDATE_LIMIT = 4_096  # characters an answer may have

_THINK = re.compile(r"<(/?)think(?:ing)?>")
# Escaped braces and line breaks are tokens of their own, so that they are never taken for a box's braces.
_BRACES = re.compile(r"\\(?:boxed|fbox)(?![A-Za-z])(?:\s{0,8}(\{)|\s{1,8}([-+]?[\w.,/]{1,64}))|\\.|[{}]", re.DOTALL)
_BLANK = re.compile(r"(?:\s|~|_|…|\.{3}|\\phantom\{[^{}]*\}|\\(?:[,;:! ]|q?quad\b|[lc]?dots\b))*+")
_BETWEEN_BOXES = re.compile(
    r"(?:[\s$]|\\[()\[\],;! ]|\\q?quad\b)*+(?:\\text\s*\{)?\s*(,|;|and\b|or\b|,\s*(?:and|or)\b|또는|혹은|와|과|및)"
    r"(?:[\s$}]|\\[()\[\],;! ]|\\q?quad\b)*+"
)
_TAG = re.compile(r"<(/?)answer>", re.IGNORECASE)
_STATED = re.compile(
    r"(?i:\b(?:final|correct)\s{1,3}answer\b[\s*_]{0,8}(?:is\b|[:：=]|\n)|\banswer[*_ ]{0,4}[:：])"
    r"|(?<![가-힣])(?:최종\s?)?(?:정답|답변|답안|답)[*_ ]{0,4}[은는:：]"
)
_SAID = re.compile(r"(?i:\banswer\s{1,3}is\b)")
_LEAD = " \t\r\n:：*_#>~"
_DOLLARS = r"\$\$[^$]{1,1000}\$\$|\$[^$\n]{1,1000}\$"
_MATH = rf"{_DOLLARS}|\\\((?:[^\\]|\\(?!\))){{1,1000}}+\\\)|\\\[(?:[^\\]|\\(?!\])){{1,1000}}+\\\]"
_SENTENCE = re.compile(rf"(?:{_MATH}|[^\n.。$\\]|\\.|\.(?=[^\s.*_])|\$)*+")


@dataclass(frozen=True, slots=True)
class Extracted:
    """What was found.

    Attributes:
        text: the answer as written, or None.
        how: the anchor that gave it, or why there is none.
    """

    text: str | None
    how: str


def find_answer(completion: str, methods: Sequence[Method] = ("boxed", "answer_tag", "phrase")) -> Extracted:
    r"""The answer a completion states, by the first of ``methods`` that finds one.

    - ``boxed``: the last balanced ``\boxed{…}`` or ``\fbox{…}`` that is not empty, or ``\boxed 5``. Boxes with nothing
      but commas or "and"/"or" between them are one answer of several parts: naming two is not naming the right one.
    - ``answer_tag``: the last closed ``<answer>…</answer>``; inside it a phrase, if there is one.
    - ``phrase``: what follows the last "final answer is", "Answer:" or 정답/답 with 은, 는 or a colon, to the end of
      its sentence; or "answer is", if that sentence ends the text.
    - ``whole``: all of the text.

    Only the last 65,536 characters are read. Closed ``<think>`` blocks are dropped (a close without its opening ends a
    block that began in the prompt). An answer of more than 4,096 characters is none.

    >>> find_answer(r"So \boxed{\frac{1}{2}} is right."), find_answer("It is 5, or 6, or 7.").text
    (Extracted(text='\\frac{1}{2}', how='\\boxed'), None)
    >>> find_answer("<think>5?</think> 따라서 정답은 12입니다.").text
    '12입니다'
    """
    text = _spoken(normal(completion[-TEXT_LIMIT:], "NFC"))
    for method in methods:
        found = next(_FINDERS[method](text), None)
        length = len(found.text or "") if found is not None else 0
        if found is not None and length > CANDIDATE_LIMIT:
            return Extracted(None, f"{found.how} holds {length:,} characters, more than {CANDIDATE_LIMIT:,}")
        if found is not None:
            return found
    return Extracted(None, f"there is no {', '.join(_SOUGHT[method] for method in methods)}")


def boxed(text: str) -> str | None:
    r"""Content of the last balanced box (boxes side by side joined by commas), or None.

    >>> boxed(r"\boxed{3} and \boxed{5}"), boxed(r"first \boxed{3}, so we get \boxed{5}"), boxed(r"\boxed{\frac{1}{2}")
    ('3, 5', '5', None)
    """
    boxes = [box for box in _balanced(text) if box[2] and not _BLANK.fullmatch(box[2])]
    if not boxes:
        return None
    start, _, content = boxes.pop()
    parts = [content]
    while boxes and start - boxes[-1][1] <= 40 and _BETWEEN_BOXES.fullmatch(text, boxes[-1][1], start):
        start, _, content = boxes.pop()
        parts.append(content)
    return ", ".join(dict.fromkeys(reversed(parts)))


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
    if "</think" not in text:
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


def _boxed(text: str) -> Iterator[Extracted]:
    content = boxed(text)
    if content is not None:
        yield Extracted(content.strip(), "\\boxed")


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


def _whole(text: str) -> Iterator[Extracted]:
    if text.strip():
        yield Extracted(text.strip(), "the whole text")


_FINDERS = {"boxed": _boxed, "answer_tag": _tagged, "phrase": _stated, "whole": _whole}
_SOUGHT = {"boxed": "\\boxed{…}", "answer_tag": "<answer>", "phrase": "stated answer", "whole": "text"}
