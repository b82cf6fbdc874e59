"""Plain values come back as they were; all else is no value, an opaque one or a refusal, never anything that runs."""

from __future__ import annotations

import contextlib
import math
import random
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeoul.rewards.code.sandbox.inside.codec import CodecError, Opaque, decode, encode

HASHABLE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.complex_numbers(allow_nan=False)
    | st.fractions()
    | st.decimals(allow_nan=False),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=4),
    max_leaves=6,
)
VALUES = st.recursive(
    HASHABLE | st.builds(range, st.integers(-9, 9), st.integers(-9, 9), st.sampled_from([-2, 1, 3])),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.tuples(inner)
        | st.sets(HASHABLE, max_size=4)
        | st.dictionaries(HASHABLE, inner, max_size=4)
        | st.builds(deque, st.lists(inner, max_size=3))
    ),
    max_leaves=20,
)


def same(left, right):
    return type(left) is type(right) and left == right


@given(VALUES)
@settings(max_examples=200)
def test_a_value_comes_back_as_it_was(value):
    assert same(decode(encode(value)), value)
    assert decode(encode(value, strict=True)) == value


@pytest.mark.parametrize("value", [math.inf, -0.0, 5e-324, 2**5000, -(2**64), "\ud800", "\0", [], {(): frozenset()}])
def test_edges_come_back(value):
    assert repr(decode(encode(value))) == repr(value)


def test_nan_is_a_float_and_itself_to_nothing():
    assert math.isnan(decode(encode(math.nan)))


@given(st.binary(max_size=60))
@settings(max_examples=300)
def test_other_bytes_are_refused_or_a_value(data):
    try:
        value = decode(data)
    except CodecError:
        return
    encode(value)


@given(VALUES, st.integers(0, 10**6))
@settings(max_examples=200)
def test_bytes_that_were_changed_are_refused_or_a_value(value, seed):
    data, chance = bytearray(encode(value)), random.Random(seed)
    for _ in range(chance.randrange(1, 4)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    with contextlib.suppress(CodecError):
        decode(bytes(data))


def test_subclasses_become_what_they_are_based_on():
    class Lying(int):
        __hash__ = int.__hash__

        def __eq__(self, other):
            return True

        def __index__(self):
            return 7

        def to_bytes(self, *_, **__):
            return b"\x07"

    class Text(str):
        def __str__(self):
            return "right"

        def encode(self, *_):
            return b"right"

    class Items(list):
        def __iter__(self):
            return iter(["right"])

    class Half(Fraction):
        numerator = property(lambda self: 1)

    class Kind(IntEnum):
        one = 1

    point = namedtuple("point", "x y")
    for value, plain in [
        (Lying(3), 3),
        (Text("wrong"), "wrong"),
        (Items(["wrong"]), ["wrong"]),
        (Half(3, 4), Fraction(3, 4)),
        (Kind.one, 1),
        (point(1, 2), (1, 2)),
        (Counter("aab"), {"a": 2, "b": 1}),
        (OrderedDict(a=1), {"a": 1}),
        (defaultdict(int, a=1), {"a": 1}),
        (bytearray(b"x"), b"x"),
        (np.int64(3), 3),
        (np.float64(0.5), 0.5),
        (np.bool_(True), True),
    ]:
        assert same(decode(encode(value)), plain), type(value)


def test_anything_else_is_opaque_and_equals_nothing():
    class Equal:
        __hash__ = None

        def __eq__(self, other):
            return True

    for value in (Equal(), object(), print, int, lambda: 1, np.zeros(3)):
        found = decode(encode([value]))[0]
        assert type(found) is Opaque
        assert not found == found  # noqa: SIM201
        assert found != found
        assert found not in [1, None]
        with pytest.raises(CodecError):
            encode(value, strict=True)


def test_iterators_arrive_as_what_they_give():
    assert list(decode(encode(x * x for x in range(3)))) == [0, 1, 4]
    assert decode(encode(iter([1]))) != [1]
    from itertools import count

    assert sum(1 for _ in decode(encode(count()))) == 100_000


def test_limits():
    deep = []
    for _ in range(500):
        deep = [deep]
    cyclic = []
    cyclic.append(cyclic)
    for value in (deep, cyclic, "x" * 2**25, [[None] * 1000] * 2000):
        with pytest.raises(CodecError):
            decode(encode(value))
    nested = b"l\0\0\0\1" * 1000 + b"N"
    for data in (
        nested,
        b"l\xff\xff\xff\xff",
        b"I\xff\xff\xff\xff",
        b"Q\0\0\0\2I\0\0\0\1\1I\0\0\0\1\0",
        b"d\0\0\0\3abc",
        b"",
    ):
        with pytest.raises(CodecError):
            decode(data)
    assert decode(encode(Decimal("1e999999"))) == Decimal("1e999999")
