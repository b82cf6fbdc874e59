"""What models wrap around an answer, taken off layer by layer: tokens, thought, fence, JSON, Markdown, 정답:."""

from __future__ import annotations

import json
import re
from typing import Any

from jeoul.rewards.korean.form import TOKENS
from jeoul.rewards.korean.tables import INVISIBLE

__all__ = ["prefix_length", "unmarked", "unwrapped"]

_OPENED = re.compile(r"<think(?:ing)?>")
_CLOSED = re.compile(r"</think(?:ing)?>")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[\w+-]{0,20}[ \t]*(?:\n|\Z)", re.MULTILINE)
_ANSWER, _REASON = ("answer", "정답", "답변", "답", "sentence", "문장"), ("reason", "이유", "explanation", "설명")
_MARKS = re.compile(r"\*\*|__|^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+•][ \t]+|\d{1,2}[.)][ \t]+)", re.MULTILINE)
_WORD = r"(?:최종[ \t]?)?(?:정답|답변|답안|답|올바른 문장|옳은 문장|맞는 문장|결론|assistant|answer)"
_PREFIX = re.compile(
    rf"(?:[\[(【<]{_WORD}[\])】>][ \t]*:?|{_WORD}[ \t]*(?:은|는|:|(?=\n))|the correct (?:sentence|answer) is)\s*",
    re.IGNORECASE,
)


def unwrapped(text: str) -> tuple[str, str, list[str]]:
    r"""The text within tokens, thought, a code fence and JSON; the reason where JSON holds it apart; flags.

    >>> unwrapped('<think>음…</think>```json\n{"answer": "비", "reason": "물"}\n```')
    ('비', '물', ['think', 'fence', 'json'])
    """
    flags = []
    body = TOKENS.sub("", text)
    if body != text:
        flags.append("special_token")
    *_, closed = ([None, *_CLOSED.finditer(body)]) if "</think" in body else (None,)
    if closed is not None:
        body = body[closed.end() :]
        flags.append("think")
    if _OPENED.search(body):
        body = _OPENED.sub("\n", body)
        flags.append("think")
    inner = _FENCE.sub("", body) if "```" in body or "~~~" in body else body
    inner = inner.replace("```", "") if inner != body or "```" in inner else inner
    if inner != body:
        body = inner
        flags.append("fence")
    answer, reason = _from_json(body)
    if answer is not None:
        return answer, reason, [*dict.fromkeys(flags), "json"]
    return body, "", list(dict.fromkeys(flags))


def _from_json(text: str) -> tuple[str | None, str]:
    text = text.strip().strip(INVISIBLE).strip()
    if not (text.startswith(("{", "[")) and text.endswith(("}", "]"))):
        return None, ""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None, ""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict) and isinstance(value.get("output"), dict):
        value = value["output"]
    if not isinstance(value, dict):
        return None, ""
    return _first(value, _ANSWER), _first(value, _REASON) or ""


def _first(value: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((value[key] for key in keys if isinstance(value.get(key), str)), None)


def unmarked(text: str) -> str:
    r"""Without Markdown, and white space at the ends.

    >>> unmarked("## 답변\n**정답:** '비'가 옳다.")
    "답변\n정답: '비'가 옳다."
    """
    return _MARKS.sub("", text).strip()


def prefix_length(text: str) -> int:
    r"""How much of a plain text are words before the sentence, such as 정답:.

    >>> prefix_length("답변\n정답: '비'가 옳다.")
    7
    """
    at = 0
    for _ in range(3):  # 답변, 정답: and one more; a loop without an end would be quadratic
        found = _PREFIX.match(text, at)
        if found is None:
            break
        at = found.end()
    return at
