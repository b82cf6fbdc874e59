"""Checks a reward's options against its own annotations, and describes them as JSON Schema (through pydantic)."""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jeoul.errors import did_you_mean, listed
from jeoul.rewards.signature import REQUIRED

if TYPE_CHECKING:
    from pydantic import BaseModel

    from jeoul.rewards.registry import Reward

__all__ = ["check_options", "option_schema"]


def check_options(reward: Reward, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The options as the function wants them, and every mistake in them as (option, message)."""
    clean: dict[str, Any] = {}
    mistakes = []
    known = reward.signature.options
    for name, value in given.items():
        if name not in known:
            hint = did_you_mean(name, [*known, *reward.signature.data])
            takes = f"options: {listed(known)}; data columns: {listed(reward.signature.data)}"
            mistakes.append((name, f"{reward.name} has no such option or data column{hint} ({takes})"))
            continue
        try:
            clean[name] = _model(reward, name)(value=_as_tuple(value)).value  # type: ignore[attr-defined]
        except ValueError as error:
            mistakes.append((name, _message(error, value)))
    for name, default in known.items():
        if default is REQUIRED and name not in given:
            mistakes.append((name, f"{reward.name} needs this option"))
    return clean, mistakes


def option_schema(reward: Reward, name: str) -> dict[str, Any]:
    """JSON Schema of one option, with its default."""
    from pydantic.errors import PydanticInvalidForJsonSchema

    try:
        whole = _model(reward, name).model_json_schema()
    except PydanticInvalidForJsonSchema:  # e.g. a callable: allowed in Python, not writable in TOML
        whole = {"properties": {"value": {}}}
    schema = {key: value for key, value in whole["properties"]["value"].items() if key != "title"}
    if "$defs" in whole:
        schema["$defs"] = whole["$defs"]
    default = reward.signature.options[name]
    if default is not REQUIRED and default is not None and default != ():
        schema["default"] = default if isinstance(default, str | int | float | bool) else str(default)
    return schema


@functools.lru_cache(maxsize=1024)
def _model(reward: Reward, option: str) -> type[BaseModel]:
    """A pydantic model with the option as its one field (a TypeAdapter takes no strictness for quantities)."""
    from pydantic import ConfigDict, create_model

    annotation: Any = _annotations(reward).get(option, Any)
    if option == reward.signature.variadic:
        annotation = types.GenericAlias(tuple, (annotation, ...))
    config = ConfigDict(strict=True, arbitrary_types_allowed=True)
    return create_model(option, __config__=config, value=(annotation, ...))


@functools.lru_cache(maxsize=256)
def _annotations(reward: Reward) -> dict[str, Any]:
    function: Any = reward.function
    if reward.stateful:
        function = function.__init__
    elif not inspect.isroutine(function):
        function = type(function).__call__
    return typing.get_type_hints(inspect.unwrap(function), include_extras=True)


def _as_tuple(value: Any) -> Any:
    return tuple(_as_tuple(item) for item in value) if isinstance(value, list) else value


def _message(error: ValueError, value: Any) -> str:
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return str(error)
    reasons = []
    for detail in error.errors(include_url=False):
        message = detail["msg"].removeprefix("Value error, ")
        reasons.append(message[:1].lower() + message[1:])
    said = "; ".join(dict.fromkeys(reasons))
    return said if repr(value) in said else f"{said}, not {value!r}"
