"""JSON Schema (draft 2020-12) of a TOML recipe, from which editors complete and check.

It knows what stands in the file: keys, types, units, the options of built-in rewards. What needs the whole recipe (that
a gate names an earlier column, that a part exists) only :func:`~jeoul.rewards.recipes.toml.parse_recipe` can say.
"""

from __future__ import annotations

import dataclasses
from itertools import chain
from typing import Any

from jeoul.rewards.recipes.combination import COMBINATIONS, WEIGHTED
from jeoul.rewards.recipes.options import option_schema
from jeoul.rewards.recipes.recipe import ESTIMATORS, NORMALISE
from jeoul.rewards.recipes.schedule import KINDS
from jeoul.rewards.registry import Reward, everywhere, find_reward, reward_names
from jeoul.rewards.signature import REQUIRED
from jeoul.units import Duration

__all__ = ["recipe_schema"]

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_OTHER = r"\s!-/:-@\[-^`{-~"  # ASCII that no identifier holds: JavaScript's \w knows no Hangul
NAME = rf"^[^0-9{_OTHER}][^{_OTHER}]*$"
LOCATOR = rf"^.+:[^0-9{_OTHER}][^{_OTHER}]*$"
NUMBER: Schema = {"type": "number"}


def recipe_schema() -> Schema:
    """The schema of a recipe's document, with the rewards that come with Jeoul, and those of plug-ins, by name."""
    names = list(filter(everywhere, reward_names()))
    return {
        "$schema": DIALECT,
        "title": "Jeoul recipe",
        "type": "object",
        "properties": {
            "reward": {
                "type": "object",
                "description": "One table per column of the reward table: [reward.NAME].",
                "minProperties": 1,
                "propertyNames": {"pattern": NAME},
                "properties": {name: _own_table(find_reward(name)) for name in names},
                "additionalProperties": {"$ref": "#/$defs/named"},
            },
            "advantage": _advantage(),
        },
        "required": ["reward"],
        "additionalProperties": False,
        "$defs": {
            "common": {"properties": _common()},
            "weight": {"anyOf": [NUMBER, *map(_schedule, KINDS)]},
            "combination": _combination(),
            "other": _other(names),
            "named": _named(names),
            **{f"reward.{name}": _reward_table(find_reward(name)) for name in names},
        },
    }


def _common() -> Schema:
    """The keys of a column that are the recipe's, whatever gives its cells."""
    finite_or = {"anyOf": [NUMBER, {"const": "skip"}]}
    return {
        "weight": {
            "$ref": "#/$defs/weight",
            "default": 1,
            "description": "Factor of the column in the advantage: a number, or a schedule.",
        },
        "clip": {
            "description": "[least, greatest]: values outside become the nearer bound.",
            "type": "array",
            "items": NUMBER,
            "minItems": 2,
            "maxItems": 2,
        },
        "when": {
            "description": "Condition on earlier columns under which a cell counts: correct >= 1 and length < 0.5.",
            "type": "string",
            "pattern": r"[<>=!]=?",
        },
        "else": {**finite_or, "default": 0, "description": 'Value where `when` is false; "skip" = does not apply.'},
        "on_error": {
            "anyOf": [NUMBER, {"enum": ["raise", "skip"]}],
            "default": "skip",
            "description": 'What a failed cell becomes: "raise" stops, "skip" = does not apply, or a number.',
        },
        "deadline": {
            **Duration.__get_pydantic_json_schema__(None, None),
            "description": "Time one cell may take before its worker is killed.",
        },
        "monitor": {"type": "boolean", "default": False, "description": "Score and show, never part of an advantage."},
    }


def _schedule(kind: str) -> Schema:
    types = {"steps": {"type": "integer", "minimum": 1}, "begin": {"type": "integer", "minimum": 0}}
    types["column"] = {"type": "string", "pattern": NAME}
    fields = dataclasses.fields(KINDS[kind])
    return {
        "type": "object",
        "description": (KINDS[kind].__doc__ or "").partition("\n")[0],
        "properties": {"schedule": {"const": kind}, **{field.name: types.get(field.name, NUMBER) for field in fields}},
        "required": ["schedule", *(field.name for field in fields if field.default is dataclasses.MISSING)],
        "additionalProperties": False,
    }


def _arguments(reward: Reward) -> tuple[Schema, list[str]]:
    """The data columns and options that a column of ``reward`` may set, and those that it must."""
    signature = reward.signature
    columns = {
        name: {"type": "string", "description": f"Data column that {reward.name} reads as {name}.", "default": name}
        for name in signature.data
    }
    options = {name: _inlined(option_schema(reward, name)) for name in signature.options}
    return columns | options, [name for name, default in signature.options.items() if default is REQUIRED]


def _inlined(schema: Schema) -> Schema:
    """The schema without ``$defs`` of its own, whose references would be looked for at the root of the document."""
    definitions = schema.pop("$defs", {})

    def resolved(part: Any) -> Any:
        if isinstance(part, dict) and str(part.get("$ref", "")).startswith("#/$defs/"):
            beside = {key: value for key, value in part.items() if key != "$ref"}
            return resolved(definitions[part["$ref"].rpartition("/")[2]] | beside)
        if isinstance(part, dict):
            return {key: resolved(value) for key, value in part.items()}
        return [resolved(item) for item in part] if isinstance(part, list) else part

    found: Schema = resolved(schema)
    return _without_null(found)


def _without_null(schema: Schema) -> Schema:
    """TOML has no null: an option that may be None is left out there."""
    choices = schema.get("anyOf")
    if not choices or {"type": "null"} not in choices:
        return schema
    left = [choice for choice in choices if choice != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return rest | (left[0] if len(left) == 1 else {"anyOf": left})


def _reward_table(reward: Reward) -> Schema:
    """A column of one reward, ``use`` aside."""
    arguments, needed = _arguments(reward)
    return {
        "type": "object",
        "description": reward.summary,
        "properties": {"use": {"type": "string"}, **_references(), **arguments},
        "required": needed,
        "dependentRequired": {"else": ["when"]},
        "additionalProperties": {"type": "string"} if reward.signature.every_column else False,
    }


def _references() -> Schema:
    return {name: {"$ref": f"#/$defs/common/properties/{name}"} for name in _common()}


def _own_table(reward: Reward) -> Schema:
    """``[reward.NAME]`` where NAME is a built-in reward: that one, unless ``use`` or ``combine`` says otherwise."""
    return {
        "description": reward.summary,
        "if": {"anyOf": [{"required": [key]} for key in ("use", "combine", "of")]},
        "then": {"$ref": "#/$defs/named"},
        "else": {"$ref": f"#/$defs/reward.{reward.name}"},
    }


def _named(names: list[str]) -> Schema:
    """``[reward.NAME]`` for any other name: ``use`` says which reward, or ``combine`` how it is made of columns."""
    cases = [
        {
            "if": {"properties": {"use": {"const": name}}, "required": ["use"]},
            "then": {"$ref": f"#/$defs/reward.{name}"},
        }
        for name in names
    ]
    return {
        "type": "object",
        "if": {"anyOf": [{"required": ["combine"]}, {"required": ["of"]}]},
        "then": {"$ref": "#/$defs/combination"},
        "else": {
            "required": ["use"],
            "allOf": [
                *cases,
                {
                    "if": {"properties": {"use": {"enum": names}}},
                    "else": {"$ref": "#/$defs/other"},
                },
            ],
        },
    }


def _other(names: list[str]) -> Schema:
    """A column of a reward of the user's, whose options only Python knows."""
    return {
        "properties": {
            "use": {
                "description": "A built-in reward or a plug-in's, package.module:function, or file.py:function.",
                "anyOf": [{"enum": names}, {"type": "string", "pattern": LOCATOR}, {"type": "string", "pattern": NAME}],
            },
            **_references(),
        },
        "dependentRequired": {"else": ["when"]},
    }


def _combination() -> Schema:
    name = {"type": "string", "pattern": NAME}
    shares = {
        "type": "object",
        "propertyNames": {"pattern": NAME},
        "additionalProperties": NUMBER,
        "minProperties": 1,
    }
    return {
        "type": "object",
        "description": "A column made of other columns.",
        "properties": {
            "combine": {"enum": list(COMBINATIONS)},
            "of": {"anyOf": [{"type": "array", "items": name, "minItems": 1, "uniqueItems": True}, shares]},
            **_references(),
        },
        "if": {"properties": {"combine": {"enum": [kind for kind in COMBINATIONS if kind not in WEIGHTED]}}},
        "then": {"properties": {"of": {"anyOf": [{"type": "array"}, {"additionalProperties": {"const": 1}}]}}},
        "required": ["combine", "of"],
        "dependentRequired": {"else": ["when"]},
        "additionalProperties": False,
    }


def _advantage() -> Schema:
    return {
        "type": "object",
        "description": "How the columns become one advantage.",
        "properties": {
            "normalise": {
                "enum": [*NORMALISE, *ESTIMATORS],
                "description": '"column" is gdpo, "sum" is grpo (the default); the other keys are its options.',
            },
            **{option: {} for option in ("preset", *dict.fromkeys(chain.from_iterable(ESTIMATORS.values())))},
        },
        "additionalProperties": False,
        "if": {"minProperties": 1},
        "then": {"required": ["normalise"]},
    }
