"""Prompts as the tokens that a local model reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jeoul.errors import UsageError
from jeoul.evals.generation.samples import Prompt

__all__ = ["token_ids"]


def token_ids(tokenizer: Any, prompt: Prompt, template: Mapping[str, Any]) -> list[int]:
    """Text with the tokenizer's own special tokens; a chat through its template, up to where the assistant begins.

    ``template`` holds more arguments of the chat template, as ``{"enable_thinking": False}``. A lone surrogate, which
    no tokenizer takes, becomes U+FFFD.

    Raises:
        UsageError: the tokenizer has no chat template, the template refuses the chat, or a turn holds an image.
    """
    if isinstance(prompt, str):
        return list(tokenizer(_sound(prompt))["input_ids"])
    if not getattr(tokenizer, "chat_template", None):
        raise UsageError(
            f"the tokenizer of {tokenizer.name_or_path} has no chat template; "
            f"choose a protocol whose prompts are text, or a chat model"
        )
    turns = [{**turn, "content": _text(turn.get("content"))} for turn in prompt]
    try:
        text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True, **template)
    except Exception as error:  # jinja2's, or the template's own raise_exception
        raise UsageError(f"the chat template of {tokenizer.name_or_path} refuses the prompt: {error}") from None
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _text(content: object) -> str:
    if isinstance(content, list):
        for part in content:
            if isinstance(part, dict) and part.get("type", "text") != "text":
                raise UsageError(
                    f"a prompt holds a part of type {part['type']!r}; local models read text only: "
                    f"serve the model and use the openai backend"
                )
        content = "".join(part if isinstance(part, str) else str(part.get("text") or "") for part in content)
    return _sound("" if content is None else str(content))


def _sound(text: str) -> str:
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
