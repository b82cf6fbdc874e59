import functools

import pytest

from jeoul.errors import UsageError
from jeoul.rewards.signature import REQUIRED, Signature


def plain(completions, answer, hint=None, *, ignore_case: bool = False, limit): ...
def several(completions, ids=None, *tags: str, empty=False): ...
def trl(prompts, completions, **kwargs): ...
def wrapper(*args, **kwargs): ...


@functools.wraps(plain)
def wrapped(*args, **kwargs): ...


class Model:
    def __init__(self, name, *layers, device="cpu"): ...
    def __call__(self, completions, answer=None, **kwargs): ...


@pytest.mark.parametrize(
    ("function", "data", "options", "variadic", "every_column"),
    [
        (
            plain,
            {"completions": True, "answer": True, "hint": False},
            {"ignore_case": False, "limit": REQUIRED},
            None,
            False,
        ),
        (
            wrapped,
            {"completions": True, "answer": True, "hint": False},
            {"ignore_case": False, "limit": REQUIRED},
            None,
            False,
        ),
        (several, {"completions": True, "ids": False}, {"tags": (), "empty": False}, "tags", False),
        (trl, {"prompts": True, "completions": True}, {}, None, True),
        (wrapper, {}, {"args": ()}, "args", True),
        (
            Model,
            {"completions": True, "answer": False},
            {"name": REQUIRED, "layers": (), "device": "cpu"},
            "layers",
            True,
        ),
        (Model("a"), {"completions": True, "answer": False}, {}, None, True),
        (
            functools.partial(plain, limit=5),
            {"completions": True, "answer": True, "hint": False},
            {"ignore_case": False, "limit": 5},
            None,
            False,
        ),
        (lambda completions: None, {"completions": True}, {}, None, False),
    ],
)
def test_arguments_are_split_at_the_star(function, data, options, variadic, every_column):
    assert Signature.of(function) == Signature(data, options, variadic, every_column)


class Mixed:
    def __call__(self, completions, *, limit=5): ...


class Silent:
    pass


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (Mixed, r"Mixed.__call__ takes options \['limit'\]; put them in __init__"),
        (Silent, "Silent has no __call__"),
        (max, "arguments of <built-in function max> cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused(function, said):
    with pytest.raises(UsageError, match=said):
        Signature.of(function)


def test_reserved_names_are_found():
    assert Signature.of(lambda completions, of, *, weight=1, when="": None).reserved() == ["of", "weight", "when"]


def echo(completions, ids="none", *tags, empty=False, **others):
    return completions, ids, tags, empty, others


@pytest.mark.parametrize(
    ("data", "options", "result"),
    [
        ({"completions": 1}, {}, (1, "none", (), False, {})),
        ({"completions": 1, "ids": 2}, {"tags": ("a", "b"), "empty": True}, (1, 2, ("a", "b"), True, {})),
        ({"completions": 1}, {"tags": ("a",)}, (1, "none", ("a",), False, {})),
        ({"completions": 1, "answer": 3}, {"tags": ("a",)}, (1, "none", ("a",), False, {"answer": 3})),
        ({"completions": 1, "answer": 3}, {"empty": True}, (1, "none", (), True, {"answer": 3})),
    ],
)
def test_a_call_puts_each_argument_where_it_belongs(data, options, result):
    assert Signature.of(echo).call(echo, data, options) == result


def test_a_wrapper_without_names_is_given_every_column():
    def inner(*args, **kwargs):
        return args, kwargs

    assert Signature.of(inner).call(inner, {"completions": 1, "answer": 2}, {}) == ((), {"completions": 1, "answer": 2})
