"""What an OpenAI-compatible server answered: a completion, a reason to try again, or one to give up."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Protocol

from jeoul.errors import UsageError

__all__ = ["Completion", "Refused", "Retry", "check", "completion_of"]

TRANSIENT = frozenset({408, 409, 425, 429, 529})
_KEY = re.compile(r"\b(?:sk|hf|gsk|xai|key)[-_][\w*.-]{6,}")


class Retry(Exception):  # noqa: N818 - what to do, not what went wrong
    """Another try may succeed, not before ``after`` seconds where the server said so; ``late``: no reply in time."""

    def __init__(self, message: str, after: float | None = None, late: bool = False) -> None:
        super().__init__(message)
        self.after, self.late = after, late


class Refused(Exception):  # noqa: N818
    """The server will not complete this prompt; others it may."""


class Asked(Protocol):
    """Whom the messages speak of."""

    model: str
    base_url: str
    key_variable: str


@dataclass(frozen=True)
class Completion:
    """The parts of a reply that a sample keeps."""

    text: str
    finish_reason: str
    prompt_tokens: int | None
    completion_tokens: int | None
    reasoning: str


def check(status: int, text: str, after: float | None, asked: Asked) -> None:
    """Nothing for a success.

    Raises:
        Retry: another try may succeed.
        Refused: this prompt will not be completed.
        UsageError: none will be.
    """
    if 200 <= status < 300:
        return
    said, code = _error(text)
    if code == "insufficient_quota":  # 429, but no wait mends it
        raise UsageError(f"{asked.base_url} says that the quota is used up: {said}")
    if status in TRANSIENT or status >= 500:
        raise Retry(f"status {status}: {said}", after)
    if status in (401, 403):
        raise UsageError(
            f"{asked.base_url} refused the key (status {status}); "
            f"put a valid one into the environment variable {asked.key_variable}"
        )
    if status == 404:
        raise UsageError(f"{asked.base_url} has no such path or no model {asked.model!r} (status 404): {said}")
    if status < 400:
        raise UsageError(f"{asked.base_url} answers with a redirection (status {status}); give the address it leads to")
    raise Refused(f"status {status}: {said}")


def completion_of(text: str, chat: bool) -> Completion:
    """The completion in a reply's JSON.

    >>> completion_of('{"choices": [{"text": "4", "finish_reason": "stop"}]}', chat=False)
    Completion(text='4', finish_reason='stop', prompt_tokens=None, completion_tokens=None, reasoning='')

    Raises:
        Retry: there is none in it: a proxy's page, a reply that broke off, an error with a success's status.
    """
    try:
        reply = json.loads(text)
        choice = reply["choices"][0]
        holder = choice["message"] if chat else choice
        content = holder["content" if chat else "text"]
        finish = choice.get("finish_reason")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise Retry(f"the reply is no completion: {_short(_error(text)[0])}") from None
    if content is not None and not isinstance(content, str):
        raise Retry(f"the reply's completion is a {type(content).__name__}, not text")
    reasoning = (holder.get("reasoning_content") or holder.get("reasoning")) if chat else None
    usage = reply.get("usage")
    usage = usage if isinstance(usage, dict) else {}
    return Completion(
        text=content or "",
        finish_reason=finish if isinstance(finish, str) else "unknown",
        prompt_tokens=_count(usage.get("prompt_tokens")),
        completion_tokens=_count(usage.get("completion_tokens")),
        reasoning=reasoning if isinstance(reasoning, str) else "",
    )


def _error(text: str) -> tuple[str, str]:
    """(message, code) of an error reply in the shapes that servers use, short and without keys."""
    try:
        reply: Any = json.loads(text)
    except (ValueError, RecursionError):
        return _short(text), ""
    error = reply.get("error", reply) if isinstance(reply, dict) else reply
    if isinstance(error, dict):
        message = error.get("message") or error.get("detail") or json.dumps(error)
        return _short(str(message)), str(error.get("code") or "")
    return _short(str(error)), ""


def _short(text: str, most: int = 300) -> str:
    line = _KEY.sub("***", " ".join(text[: 4 * most].split()))
    return line if len(line) <= most else line[: most - 1] + "…"


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
