"""Chat lists (``[{"role": …, "content": …}, …]``) as the text that rewards read."""

from __future__ import annotations

from typing import Any

__all__ = ["completion_text", "is_chat", "prompt_text", "split_messages"]


def is_chat(value: object) -> bool:
    """Whether it is a list of turns.

    >>> is_chat([{"role": "user", "content": "Hi"}]), is_chat(["a", "b"])
    (True, False)
    """
    return isinstance(value, list) and bool(value) and all(isinstance(turn, dict) and "role" in turn for turn in value)


def completion_text(value: object) -> str:
    """What the policy wrote: the string itself, or the contents of all assistant turns, a line each.

    Turns of users and tools are left out: they are not the policy's.

    >>> completion_text([{"role": "assistant", "content": "4"}, {"role": "tool", "content": "…"}])
    '4'

    Raises:
        ValueError: it is neither text nor a chat with an assistant turn; the message says what it is.
    """
    if isinstance(value, str):
        return value
    if not is_chat(value):
        raise ValueError(f"is {_described(value)}; a completion is a string or a chat list")
    assert isinstance(value, list)
    said = [_content(turn) for turn in value if turn["role"] == "assistant"]
    if not said:
        roles = ", ".join(sorted({str(turn["role"]) for turn in value}))
        raise ValueError(f"is a chat list without an assistant turn (its roles: {roles})")
    return "\n".join(said)


def prompt_text(value: object) -> str:
    """A prompt as text: the string itself, or the contents of all turns, a line each; "" for None or no turns."""
    if value is None or value == [] or isinstance(value, str):
        return str(value or "")
    if not is_chat(value):
        raise ValueError(f"is {_described(value)}; a prompt is a string or a chat list")
    assert isinstance(value, list)
    return "\n".join(map(_content, value))


def split_messages(messages: object) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """A whole conversation as (prompt, completion): the completion is everything from the last user turn on.

    Raises:
        ValueError: it is not a chat list, or nothing follows the last user turn.
    """
    if not is_chat(messages):
        raise ValueError(f"is {_described(messages)}; messages are a list of turns with role and content")
    assert isinstance(messages, list)
    asked = max((index for index, turn in enumerate(messages) if turn["role"] in ("user", "system")), default=-1)
    if asked + 1 == len(messages):
        raise ValueError("ends with the user's turn; there is no completion in it")
    return messages[: asked + 1], messages[asked + 1 :]


def _content(turn: dict[str, Any]) -> str:
    content = turn.get("content")
    if content is None:  # a turn that only calls tools
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list | tuple) and all(isinstance(part, str | dict) for part in content):
        return "".join(part if isinstance(part, str) else str(part.get("text") or "") for part in content)
    raise ValueError(f"has a turn whose content is {_described(content)}")


def _described(value: object) -> str:
    if value is None or (isinstance(value, float) and value != value):
        return "null"
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '…'}"
