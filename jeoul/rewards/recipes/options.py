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

__all__ = ["check_options", "frozen", "option_schema"]


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
            checked = _checked(reward, name, value)
        except ValueError as error:
            mistakes.append((name, _message(error, value)))
            continue
        if not (checked is None is known[name] or (name == reward.signature.variadic and not checked)):
            clean[name] = checked  # what stands for nothing is left out, so that equal recipes are equal
    for name, default in known.items():
        if default is REQUIRED and name not in given:
            mistakes.append((name, f"{reward.name} needs this option"))
    return {name: clean[name] for name in known if name in clean}, mistakes


def _checked(reward: Reward, name: str, value: Any) -> Any:
    model: Any = _model(reward, name)
    errors: list[ValueError] = []
    for form in (frozen(value), value) if isinstance(value, list) else (frozen(value),):  # some ask for a list
        try:
            return model(value=form).value
        except ValueError as error:
            errors.append(error)
    raise max(errors, key=_depth)


def _depth(error: ValueError) -> int:
    """How far into the value a validation came: the form that came further was the one meant."""
    from pydantic import ValidationError

    return max(len(detail["loc"]) for detail in error.errors()) if isinstance(error, ValidationError) else 0


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
    if isinstance(default, tuple | list):
        default = list(default)
    if default is not REQUIRED and default is not None and default != []:
        schema["default"] = default if isinstance(default, str | int | float | bool | list) else str(default)
    return schema


@functools.lru_cache(maxsize=1024)
def _model(reward: Reward, option: str) -> type[BaseModel]:
    """A pydantic model with the option as its one field (a TypeAdapter takes no strictness for quantities)."""
    from pydantic import ConfigDict, create_model

    annotation: Any = _annotations(reward).get(option, Any)
    if option == reward.signature.variadic:
        annotation = types.GenericAlias(tuple, (annotation, ...))
    config = ConfigDict(strict=True, arbitrary_types_allowed=True, allow_inf_nan=False)
    return create_model("Option", __config__=config, value=(annotation, ...))


@functools.lru_cache(maxsize=256)
def _annotations(reward: Reward) -> dict[str, Any]:
    function: Any = reward.function
    if reward.stateful:
        function = function.__init__
    elif not inspect.isroutine(function):
        function = type(function).__call__
    try:
        return typing.get_type_hints(inspect.unwrap(function), include_extras=True)
    except Exception:  # annotations that cannot be evaluated here say nothing
        return {}


def frozen(value: Any) -> Any:
    """Lists as tuples; within a mapping (a JSON Schema, say) the other way round, as TOML and JSON give them."""
    if isinstance(value, Mapping):
        return {key: _thawed(item) for key, item in value.items()}
    return tuple(map(frozen, value)) if isinstance(value, list | tuple) else value


def _thawed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _thawed(item) for key, item in value.items()}
    return list(map(_thawed, value)) if isinstance(value, list | tuple) else value


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
