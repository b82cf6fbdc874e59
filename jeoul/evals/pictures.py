"""Pictures of problems, for models that see: their bytes as the data set has them, and where they stand in a prompt."""

from __future__ import annotations

import base64
import hashlib
import io
import sys
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jeoul.errors import DataError

__all__ = ["PLACEHOLDER", "Picture", "pictures_of", "sendable", "with_pictures"]

PLACEHOLDER = "<image>"
"""Stands in a problem's text where a picture belongs."""
_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_JPEG_SCAN, _JPEG_END = b"\xff\xda", b"\xff\xd9"


@dataclass(frozen=True)
class Picture:
    """A whole PNG or JPEG file.

    Attributes:
        data: its bytes.
        media: "image/png" or "image/jpeg".
        sha256: of the bytes, in hex: what stands for the picture wherever a prompt is kept.
    """

    data: bytes = field(repr=False)
    media: str
    sha256: str

    @property
    def part(self) -> dict[str, str]:
        """What stands for it in a message's content: no bytes."""
        return {"type": "image", "media": self.media, "sha256": self.sha256}


def pictures_of(value: Any, where: str, folder: Path | None = None) -> list[Picture]:
    """The pictures of one problem, from a cell of its column.

    Args:
        value: one picture or a list of them: bytes, ``{"bytes": …, "path": …}`` as image columns of ``datasets`` hold,
            a PIL image (sent as PNG), or the name of a file in ``folder``. None for none.
        where: names the problem in errors.
        folder: of the data; files outside it are not read, and none where it is None.

    Raises:
        DataError: one is not a whole PNG or JPEG file, or cannot be read.
    """
    given = value if isinstance(value, list | tuple) else [] if value is None else [value]
    found = []
    for number, one in enumerate(given, start=1):
        try:
            data = _bytes(one, folder)
            found.append(Picture(data, _media(data), hashlib.sha256(data).hexdigest()))
        except ValueError as error:
            raise DataError(f"{where}: picture {number} {error}") from None
    return found


def with_pictures(prompt: Sequence[Mapping[str, Any]], pictures: Sequence[Picture], where: str) -> list[dict[str, Any]]:
    """Messages whose last content is parts: the n-th ``<image>`` of its text gives way to the n-th picture.

    Where the text has no ``<image>``, the pictures come before it. No part holds a picture's bytes: see
    :func:`sendable`.

    >>> one = Picture(b"", "image/png", "0" * 64)
    >>> [turn] = with_pictures([{"role": "user", "content": "In <image>, find x."}], [one], "p")
    >>> [part.get("text", part["type"]) for part in turn["content"]]
    ['In ', 'image', ', find x.']

    Raises:
        DataError: there are more or fewer ``<image>`` than pictures.
    """
    *before, last = prompt
    texts = str(last["content"]).split(PLACEHOLDER)
    if len(texts) == 1:
        texts = ["" for _ in pictures] + texts
    if len(texts) != len(pictures) + 1:
        raise DataError(
            f"{where}: the prompt has {len(texts) - 1} times {PLACEHOLDER}, and the problem {len(pictures)} pictures; "
            f"expected as many, or no {PLACEHOLDER} at all (pictures then come before the text)"
        )
    parts: list[dict[str, str]] = []
    for number, text in enumerate(texts):
        parts += [{"type": "text", "text": text}] if text else []
        parts += [pictures[number].part] if number < len(pictures) else []
    return [*map(dict, before), {**last, "content": parts}]


def sendable(prompt: str | list[dict[str, Any]], pictures: Mapping[str, Picture]) -> str | list[dict[str, Any]]:
    """A prompt as OpenAI-compatible endpoints read it: pictures as ``image_url`` with a ``data:`` URI."""
    if isinstance(prompt, str) or not pictures:
        return prompt
    return [
        {**turn, "content": [_sent(part, pictures) for part in turn["content"]]}
        if isinstance(turn["content"], list)
        else turn
        for turn in prompt
    ]


def _sent(part: dict[str, Any], pictures: Mapping[str, Picture]) -> dict[str, Any]:
    if part["type"] != "image":
        return part
    picture = pictures[part["sha256"]]
    url = f"data:{picture.media};base64,{base64.b64encode(picture.data).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


def _bytes(value: Any, folder: Path | None) -> bytes:
    """The file's bytes; ValueError says why there are none."""
    if isinstance(value, Mapping):
        value = value.get("path") if value.get("bytes") is None else value["bytes"]
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, str):
        return _file(value, folder)
    image = sys.modules.get("PIL.Image")  # who has one has imported it
    if image is not None and isinstance(value, image.Image):
        return _encoded(value)
    raise ValueError(
        f'is of type {type(value).__name__}; expected bytes, {{"bytes": …, "path": …}}, a PIL image or a file\'s name'
    )


def _file(name: str, folder: Path | None) -> bytes:
    shown = f"{name!r}" if len(name) <= 80 else f"{name[:80]!r}…"
    if "://" in name[:16] or name.startswith("data:"):
        raise ValueError(f"is the address {shown}; Jeoul loads none: put the files beside the data, or their bytes in")
    if folder is None:
        raise ValueError(f"is only named, {shown}; without a folder of the data its bytes are needed")
    try:
        path = (folder / name).resolve()
        inside = path.is_relative_to(folder.resolve())
        if inside:  # data of others must not choose among all files here what is sent to an endpoint
            return path.read_bytes()
    except (OSError, ValueError) as error:  # no such file, a folder, a name too long or with a null in it
        reason = getattr(error, "strerror", None) or str(error)
        raise ValueError(f"is the file {shown}, which cannot be read: {reason}") from None
    raise ValueError(f"is the file {shown}, which is not in {folder}, the folder of the data; copy it there")


def _encoded(image: Any) -> bytes:
    made = io.BytesIO()
    try:
        known = image.mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
        (image if known else image.convert("RGB")).save(made, "PNG")
    except Exception as error:  # decoded only now: what the plug-in of its format raises
        raise ValueError(f"is an image that cannot be decoded: {type(error).__name__}: {error!s:.200}") from None
    return made.getvalue()


def _media(data: bytes) -> str:
    """The media type of a whole PNG or JPEG; ValueError says what it is instead."""
    if data.startswith(_PNG):
        if not _whole_png(data):
            raise ValueError(f"is a damaged PNG ({len(data)} bytes): it breaks off, or a checksum is wrong")
        return "image/png"
    if data.startswith(_JPEG):
        # inside a scan no other marker can stand, so a file that is cut there has a last scan without an end
        if not 0 < data.rfind(_JPEG_SCAN) < data.rfind(_JPEG_END):
            raise ValueError(f"is a damaged JPEG ({len(data)} bytes): it breaks off")
        return "image/jpeg"
    raise ValueError(f"is neither PNG nor JPEG: {len(data)} bytes that begin with {data[:8]!r}; convert it")


def _whole_png(data: bytes) -> bool:
    at, pixels = len(_PNG), False
    while at + 12 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        end = at + 8 + size
        if zlib.crc32(memoryview(data)[at + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            return False
        if (at == len(_PNG)) != (kind == b"IHDR"):
            return False
        pixels |= kind == b"IDAT"
        if kind == b"IEND":
            return pixels
        at = end + 4
    return False
