"""LiveCodeBench's private tests: base64 of zlib of a pickled text. Nothing is unpickled: only a text is looked for."""

from __future__ import annotations

import base64
import binascii
import pickletools
import zlib

from jeoul.errors import DataError

__all__ = ["MOST", "unpack"]

MOST = 512 * 2**20
"""Bytes that may come of a cell: a few kilobytes of zlib can stand for gigabytes."""
_TEXTS = ("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "UNICODE")
_HARMLESS = ("PROTO", "FRAME", "MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT", "STOP")


def unpack(cell: str, where: str) -> str:
    r"""The JSON text in a cell of private tests, or the cell itself where it is JSON as it stands.

    The opcodes of the pickle are read, not run: one text and what frames it; any other opcode is refused.

    Raises:
        DataError: it is none of these, or larger than :data:`MOST`.

    >>> import pickle
    >>> unpack(base64.b64encode(zlib.compress(pickle.dumps("[1]"))).decode(), "row 0")
    '[1]'
    >>> unpack(base64.b64encode(zlib.compress(pickle.dumps(print))).decode(), "row 0")
    Traceback (most recent call last):
    jeoul.errors.DataError: row 0: the private tests are a pickle with STACK_GLOBAL in it, not of one text: refused
    """
    if cell.lstrip()[:1] in ("[", "{"):
        return cell
    try:
        packed = base64.b64decode(cell, validate=True)
    except (binascii.Error, ValueError):
        raise DataError(f"{where}: the private tests are neither JSON nor base64") from None
    stream = zlib.decompressobj()
    try:
        data = stream.decompress(packed, MOST)
    except zlib.error as error:
        raise DataError(f"{where}: the private tests cannot be decompressed: {error}") from None
    if stream.unconsumed_tail or not stream.eof:
        why = f"are larger than {MOST // 2**20} MiB" if stream.unconsumed_tail else "are cut"
        raise DataError(f"{where}: the private tests {why}")
    if data[:1] in (b"[", b"{"):
        return data.decode("utf-8", "replace")
    return _text(data, where)


def _text(data: bytes, where: str) -> str:
    texts: list[str] = []
    try:
        for code, argument, _ in pickletools.genops(data):
            if code.name in _TEXTS:
                texts.append(str(argument))
            elif code.name not in _HARMLESS:
                raise DataError(
                    f"{where}: the private tests are a pickle with {code.name} in it, not of one text: refused"
                )
    except DataError:
        raise
    except Exception as error:  # whatever the reader of opcodes meets in bytes that are no pickle
        raise DataError(f"{where}: the private tests are no pickle of a text: {error}") from None
    if len(texts) != 1:
        raise DataError(f"{where}: the private tests are a pickle of {len(texts)} texts, expected one")
    return texts[0]
