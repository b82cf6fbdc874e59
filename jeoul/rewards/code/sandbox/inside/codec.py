"""Plain values as bytes and back, across the line between a program and the process that judges it.

None, bool, int, float, complex, str, bytes, list, tuple, set, frozenset, dict, range, deque, Fraction, Decimal and
iterators (as what they give). An instance of a subclass arrives as the plain value; anything else as :class:`Opaque`,
which equals nothing. Reading runs nothing: no pickle, no class named by the other side.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from itertools import islice
from typing import Any

__all__ = ["MOST_BYTES", "CodecError", "Opaque", "decode", "encode"]

MOST_BYTES = 16 * 2**20
MOST_NODES = 1_000_000
MOST_DEPTH = 150
MOST_ITEMS = 100_000
"""Items taken from an iterator, which may be endless."""
_REAL, _IMAGINARY = vars(complex)["real"].__get__, vars(complex)["imag"].__get__
_ABOVE, _BELOW = vars(Fraction)["_numerator"].__get__, vars(Fraction)["_denominator"].__get__
"""Parts of a value that its class, which may be the program's, has no say in."""
_LENGTH = struct.Struct(">I")
_DOUBLE = struct.Struct(">d")
_COMPLEX = struct.Struct(">dd")


class CodecError(ValueError):
    """Bytes that are no value, a value beyond the limits, or (``strict``) one that is not plain."""


class Opaque:
    """Stands for an object of a class that is not plain. It equals nothing, not even itself."""

    __slots__ = ("name",)
    __hash__ = object.__hash__

    def __init__(self, name: str = "object") -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<{self.name}>"


def encode(value: Any, *, strict: bool = False) -> bytes:
    """The value as bytes.

    Args:
        strict: refuse what is not plain rather than send it as opaque.

    Raises:
        CodecError: too deep, too large, or not plain where ``strict``.

    >>> decode(encode({"a": [1, 2.5, (None, True)]}))
    {'a': [1, 2.5, (None, True)]}
    """
    out = bytearray()
    _put(out, value, 0, strict)
    if len(out) > MOST_BYTES:
        raise CodecError(f"more than {MOST_BYTES} bytes")
    return bytes(out)


def decode(data: bytes) -> Any:
    """The value of :func:`encode`'s bytes, made of plain objects only.

    Raises:
        CodecError: for all other bytes, and beyond the limits of depth, size and number.
    """
    reader = _Reader(data)
    try:
        value = reader.value(0)
    except (
        struct.error,
        IndexError,
        UnicodeError,
        OverflowError,
        TypeError,
        InvalidOperation,
        RecursionError,
    ) as error:
        raise CodecError(f"not a value: {type(error).__name__}") from None
    if reader.at != len(data):
        raise CodecError("bytes after the value")
    return value


# -- writing: in the program's own process, so nothing here is relied upon


def _put(out: bytearray, value: Any, depth: int, strict: bool) -> None:
    if depth > MOST_DEPTH:
        raise CodecError(f"nested more than {MOST_DEPTH} deep")
    if len(out) > MOST_BYTES:
        raise CodecError(f"more than {MOST_BYTES} bytes")
    kind = type(value)
    put = _PUT.get(kind)
    if put is None:
        put = next((put for base, put in _PUT.items() if issubclass(kind, base)), None)
    if put is not None:
        put(out, value, depth, strict)
    elif kind.__module__ == "numpy" and hasattr(value, "dtype") and getattr(value, "shape", None) == ():
        _put(out, value.item(), depth + 1, strict)
    elif strict:
        raise CodecError(f"{kind.__name__} is not one of them")
    elif hasattr(kind, "__next__"):
        _sequence(b"i", out, list(islice(value, MOST_ITEMS)), depth, strict)
    else:
        _text(b"O", out, str(getattr(kind, "__name__", "object"))[:100])


def _text(tag: bytes, out: bytearray, text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    out += tag + _LENGTH.pack(len(data)) + data


def _int(out: bytearray, value: int, depth: int, strict: bool) -> None:
    value = int.__index__(value)
    data = value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)
    out += b"I" + _LENGTH.pack(len(data)) + data


def _bytes(out: bytearray, value: bytes, depth: int, strict: bool) -> None:
    data = memoryview(value).tobytes()
    out += b"B" + _LENGTH.pack(len(data)) + data


def _sequence(tag: bytes, out: bytearray, items: Iterable[Any], depth: int, strict: bool) -> None:
    items = list(items)
    out += tag + _LENGTH.pack(len(items))
    for item in items:
        _put(out, item, depth + 1, strict)


def _dict(out: bytearray, value: dict[Any, Any], depth: int, strict: bool) -> None:
    pairs = list(dict.items(value))
    out += b"D" + _LENGTH.pack(len(pairs))
    for key, item in pairs:
        _put(out, key, depth + 1, strict)
        _put(out, item, depth + 1, strict)


def _many(tag: bytes, items: Callable[[Any], Iterator[Any]]) -> Callable[[bytearray, Any, int, bool], None]:
    return lambda out, value, depth, strict: _sequence(tag, out, items(value), depth, strict)


def _float(out: bytearray, value: float, depth: int, strict: bool) -> None:
    out += b"F" + _DOUBLE.pack(float.__float__(value))


def _complex(out: bytearray, value: complex, depth: int, strict: bool) -> None:
    out += b"C" + _COMPLEX.pack(_REAL(value), _IMAGINARY(value))


_PUT: dict[type, Callable[[bytearray, Any, int, bool], None]] = {
    type(None): lambda out, value, depth, strict: out.extend(b"N"),
    bool: lambda out, value, depth, strict: out.extend(b"T" if value else b"f"),
    int: _int,
    float: _float,
    str: lambda out, value, depth, strict: _text(b"S", out, str.__str__(value)),
    list: _many(b"l", list.__iter__),
    tuple: _many(b"t", tuple.__iter__),
    dict: _dict,
    set: _many(b"s", set.__iter__),
    frozenset: _many(b"z", frozenset.__iter__),
    bytes: _bytes,
    bytearray: _bytes,
    complex: _complex,
    range: lambda out, value, depth, strict: _sequence(b"r", out, [value.start, value.stop, value.step], depth, strict),
    deque: _many(b"q", deque.__iter__),
    Fraction: lambda out, value, depth, strict: _sequence(b"Q", out, [_ABOVE(value), _BELOW(value)], depth, strict),
    Decimal: lambda out, value, depth, strict: _text(b"d", out, Decimal.__str__(value)),
}


# -- reading: the other side may have written anything


class _Reader:
    """Reads one value off hostile bytes."""

    def __init__(self, data: bytes) -> None:
        if len(data) > MOST_BYTES + 2**20:
            raise CodecError(f"more than {MOST_BYTES} bytes")
        self.data = data
        self.at = 0
        self.nodes = 0

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise CodecError("ends in the middle of a value")
        part = self.data[self.at : end]
        self.at = end
        return part

    def length(self) -> int:
        (length,) = _LENGTH.unpack(self.take(4))
        if length > len(self.data) - self.at:  # every item takes a byte at least
            raise CodecError("ends in the middle of a value")
        return int(length)

    def text(self) -> str:
        return self.take(self.length()).decode("utf-8", "surrogatepass")

    def items(self, depth: int) -> list[Any]:
        return [self.value(depth + 1) for _ in range(self.length())]

    def value(self, depth: int) -> Any:
        self.nodes += 1
        if depth > MOST_DEPTH + 2 or self.nodes > MOST_NODES:
            raise CodecError("nested too deep" if depth > MOST_DEPTH else f"more than {MOST_NODES} values")
        tag = self.take(1)
        read = _READ.get(tag)
        if read is None:
            raise CodecError(f"unknown kind of value {tag!r}")
        return read(self, depth)


def _read_dict(reader: _Reader, depth: int) -> dict[Any, Any]:
    count = reader.length()
    return {reader.value(depth + 1): reader.value(depth + 1) for _ in range(count)}


def _read_fraction(reader: _Reader, depth: int) -> Fraction:
    parts = reader.items(depth)
    if len(parts) != 2 or not all(type(part) is int for part in parts) or parts[1] == 0:
        raise CodecError("not a fraction")
    return Fraction(*parts)


def _read_range(reader: _Reader, depth: int) -> range:
    bounds = reader.items(depth)
    if len(bounds) != 3 or not all(type(bound) is int for bound in bounds) or bounds[2] == 0:
        raise CodecError("not a range")
    return range(*bounds)


_READ: dict[bytes, Callable[[_Reader, int], Any]] = {
    b"N": lambda reader, depth: None,
    b"T": lambda reader, depth: True,
    b"f": lambda reader, depth: False,
    b"I": lambda reader, depth: int.from_bytes(reader.take(reader.length()), "big", signed=True),
    b"F": lambda reader, depth: _DOUBLE.unpack(reader.take(8))[0],
    b"C": lambda reader, depth: complex(*_COMPLEX.unpack(reader.take(16))),
    b"S": lambda reader, depth: reader.text(),
    b"B": lambda reader, depth: reader.take(reader.length()),
    b"l": lambda reader, depth: reader.items(depth),
    b"t": lambda reader, depth: tuple(reader.items(depth)),
    b"s": lambda reader, depth: set(reader.items(depth)),
    b"z": lambda reader, depth: frozenset(reader.items(depth)),
    b"q": lambda reader, depth: deque(reader.items(depth)),
    b"i": lambda reader, depth: iter(reader.items(depth)),
    b"D": _read_dict,
    b"r": _read_range,
    b"Q": _read_fraction,
    b"d": lambda reader, depth: Decimal(reader.text()),
    b"O": lambda reader, depth: Opaque(reader.text()),
}
