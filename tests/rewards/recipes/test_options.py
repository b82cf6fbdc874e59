import enum
import math
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from pydantic import Field

from jeoul import length_within, tokens
from jeoul.rewards.recipes.options import check_options, option_schema
from jeoul.rewards.registry import as_reward, builtin_names, find_reward
from jeoul.units import Duration, Length

if TYPE_CHECKING:
    from nowhere import Nothing


def wide(
    completions,
    answer=None,
    *tags: str,
    count: int = 5,
    share: float = 0.5,
    flag: bool = False,
    name: str = "x",
    maybe: int | None = None,
    some: str | None = "x",
    words: tuple[str, ...] = ("a", "b"),
    pair: list[str] = [],  # noqa: B006
    inside: dict[str, Any] | None = None,
    limit: Length | None = None,
    time: Duration = Duration(5, "seconds"),  # noqa: B008
    kind: Literal["one", "two"] = "one",
    small: Annotated[int, Field(ge=0, le=9)] = 0,
    anything=None,
): ...


WIDE = as_reward(wide)


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ({"count": 3}, 3),
        ({"share": 1}, 1.0),
        ({"share": 0.25}, 0.25),
        ({"flag": True}, True),
        ({"maybe": 5}, 5),
        ({"some": None}, None),
        ({"words": ["a"]}, ("a",)),
        ({"words": ("a",)}, ("a",)),
        ({"words": []}, ()),
        ({"pair": ["a"]}, ["a"]),
        ({"inside": {"enum": ("a", ["b"]), "x": {"y": (1,)}}}, {"enum": ["a", ["b"]], "x": {"y": [1]}}),
        ({"limit": "5 tokens"}, tokens(5)),
        ({"limit": tokens(5)}, tokens(5)),
        ({"time": "2 s"}, Duration(2, "seconds")),
        ({"kind": "two"}, "two"),
        ({"small": 9}, 9),
        ({"anything": [1, [2]]}, (1, (2,))),
        ({"tags": ["a", "b"]}, ("a", "b")),
    ],
)
def test_options_become_what_the_function_wants(given, clean):
    (value,), mistakes = list(check_options(WIDE, given)[0].values()), check_options(WIDE, given)[1]
    assert (value, type(value), mistakes) == (clean, type(clean), [])


@pytest.mark.parametrize(
    "given", [{"tags": []}, {"maybe": None}, {"limit": None}, {"inside": None}, {"anything": None}, {}]
)
def test_what_stands_for_nothing_is_left_out(given):
    assert check_options(WIDE, given) == ({}, [])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"count": 3.0}, "input should be a valid integer, not 3.0"),
        ({"count": "3"}, "input should be a valid integer, not '3'"),
        ({"count": True}, "input should be a valid integer, not True"),
        ({"count": None}, "input should be a valid integer, not None"),
        ({"share": "0.5"}, "input should be a valid number"),
        ({"share": True}, "input should be a valid number"),
        ({"share": math.nan}, "finite number"),
        ({"share": math.inf}, "finite number"),
        ({"share": 10**400}, "number"),
        ({"flag": 1}, "input should be a valid boolean"),
        ({"words": "ab"}, "input should be a valid tuple"),
        ({"words": ["a", 5]}, "input should be a valid string"),
        ({"pair": [5]}, "input should be a valid string"),
        ({"tags": "ab"}, "input should be a valid tuple"),
        ({"inside": [1]}, "input should be a valid dictionary"),
        ({"limit": 5}, '5 has no unit; write "1024 tokens"'),
        ({"limit": "5 s"}, "not one of the units"),
        ({"time": tokens(5)}, "has no unit"),
        ({"kind": "three"}, "input should be 'one' or 'two', not 'three'"),
        ({"small": 10}, "less than or equal to 9"),
        ({"cuont": 5}, "wide has no such option or data column (did you mean 'count'?) (options: tags, count, share"),
        ({"anwser": 5}, "(did you mean 'answer'?)"),
    ],
)
def test_mistakes_are_said(given, said):
    clean, ((name, message),) = check_options(WIDE, given)
    assert (clean, name) == ({}, *given)
    assert said in message


def test_every_mistake_is_found_at_once():
    def strict(completions, *, limit: Length, buffer: Length): ...

    _, mistakes = check_options(as_reward(strict), {"buffer": 5, "limti": "5 tokens"})
    assert [name for name, _ in mistakes] == ["buffer", "limti", "limit"]
    assert mistakes[2][1] == "strict needs this option"


class Model:
    def __init__(self, size: int, *layers: str, device: str = "cpu"): ...
    def __call__(self, completions): ...


def unresolved(completions, *, thing: "Nothing" = None, count: int = 1): ...


def test_options_of_a_class_and_of_annotations_that_cannot_be_evaluated():
    assert check_options(as_reward(Model), {"size": "x", "layers": ["a"]})[1][0][0] == "size"
    assert check_options(as_reward(Model), {"size": 5, "layers": ["a"]}) == ({"size": 5, "layers": ("a",)}, [])
    assert check_options(as_reward(unresolved), {"thing": 5, "count": 2}) == ({"thing": 5, "count": 2}, [])


@pytest.mark.parametrize(
    ("option", "schema"),
    [
        ("count", {"type": "integer", "default": 5}),
        ("share", {"type": "number", "default": 0.5}),
        ("words", {"type": "array", "items": {"type": "string"}, "default": ["a", "b"]}),
        ("tags", {"type": "array", "items": {"type": "string"}}),
        ("kind", {"enum": ["one", "two"], "type": "string", "default": "one"}),
        ("small", {"type": "integer", "minimum": 0, "maximum": 9, "default": 0}),
        ("anything", {}),
    ],
)
def test_the_schema_of_an_option(option, schema):
    assert option_schema(WIDE, option) == schema


def test_the_schema_of_a_quantity_is_text_with_a_unit():
    schema = option_schema(WIDE, "time")
    assert (schema["type"], schema["default"]) == ("string", "5 seconds")
    assert option_schema(length_within, "most")["anyOf"][0]["pattern"].startswith("^")


class Colour(enum.Enum):
    RED = "red"


def test_what_toml_cannot_hold_has_a_schema_that_says_nothing():
    def odd(completions, *, call=len, shade: Colour = Colour.RED, hook: "type[int] | None" = None): ...

    assert option_schema(as_reward(odd), "call")["default"]
    assert "Colour" in str(option_schema(as_reward(odd), "shade"))
    assert isinstance(option_schema(as_reward(odd), "hook"), dict)


@pytest.mark.parametrize("name", builtin_names())
def test_every_built_in_option_is_annotated(name):
    known = find_reward(name)
    assert all(set(option_schema(known, option)) - {"default"} for option in known.signature.options)
