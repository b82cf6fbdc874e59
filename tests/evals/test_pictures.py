"""Pictures from every form that data sets hold, where they stand in a prompt, and what is no picture."""

from __future__ import annotations

import base64
import hashlib
import io
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package: helpers are found beside them

from made_pictures import picture
from PIL import Image

from jeoul.errors import DataError
from jeoul.evals.pictures import pictures_of, sendable, with_pictures

RED, BLUE = picture(255), picture(0, "JPEG")
TURN: dict[str, Any] = {"role": "user", "content": "Find x."}


def test_every_form_of_a_picture(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/red.png").write_bytes(RED)
    for value in (
        RED,
        {"bytes": RED, "path": "x"},
        {"bytes": None, "path": "in/red.png"},
        "in/red.png",
        [bytearray(RED)],
    ):
        [one] = pictures_of(value, "p", tmp_path)
        assert (one.data, one.media, one.sha256) == (RED, "image/png", hashlib.sha256(RED).hexdigest())
    assert [one.media for one in pictures_of([RED, {"bytes": BLUE}], "p")] == ["image/png", "image/jpeg"]
    assert pictures_of(None, "p") == pictures_of([], "p") == []


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "F"])
def test_pil_images_become_png(mode: str) -> None:
    image = Image.open(io.BytesIO(RED)).convert(mode)
    [one] = pictures_of(image, "p")
    back = Image.open(io.BytesIO(one.data))
    assert (one.media, back.size) == ("image/png", (8, 8))
    assert list(back.convert("RGB").tobytes()) == list(image.convert("RGB").tobytes())


def test_the_nth_placeholder_is_the_nth_picture() -> None:
    one, two = pictures_of([RED, BLUE], "p")
    system = {"role": "system", "content": "<image> is a picture"}
    turns = with_pictures([system, TURN | {"content": "In <image>\n<image>, find x."}], [one, two], "p")
    assert turns[0] == system
    assert turns[1]["content"] == [
        {"type": "text", "text": "In "}, one.part, {"type": "text", "text": "\n"}, two.part,
        {"type": "text", "text": ", find x."},
    ]  # fmt: skip
    [turn] = with_pictures([TURN], [one, two], "p")
    assert turn["content"] == [one.part, two.part, {"type": "text", "text": "Find x."}]
    sent: Any = sendable(turns, {one.sha256: one, two.sha256: two})
    assert sent[0] == system
    assert sent[1]["content"][1] == {
        "type": "image_url", "image_url": {"url": "data:image/png;base64," + base64.b64encode(RED).decode()},
    }  # fmt: skip
    assert sent[1]["content"][3]["image_url"]["url"].startswith("data:image/jpeg;base64,")
    for text in ("<image> and <image> and <image>", "<image>"):
        with pytest.raises(DataError, match=r"here, p: .* the problem 2 pictures"):
            with_pictures([TURN | {"content": text}], [one, two], "here, p")


LATE = Image.open(io.BytesIO(picture(3, size=64)[:-60]))  # decoded only when it is saved


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"", "neither PNG nor JPEG: 0 bytes"),
        (b"<svg onload=x>", "neither PNG nor JPEG: 14 bytes that begin with b'<svg onl'; convert it"),
        (RED[:-1], "a damaged PNG"),
        (RED[: len(RED) // 2], "a damaged PNG"),
        (RED[:8], "a damaged PNG"),
        (RED[:40] + bytes([RED[40] ^ 1]) + RED[41:], "a checksum is wrong"),
        (RED[:8] + RED[-12:], "a damaged PNG"),
        (RED[:33] + RED[-12:], "a damaged PNG"),
        (RED[:8] + b"\xff\xff\xff\xffIHDR" + RED[16:], "a damaged PNG"),
        (BLUE[:-2], "a damaged JPEG"),
        (BLUE[:3], "a damaged JPEG"),
        (LATE, "cannot be decoded"),
        (7, "of type int; expected bytes"),
        ({"path": None}, "of type NoneType"),
        ("none.png", "'none.png', which cannot be read: No such file"),
        ("n\0.png", "cannot be read: "),
        ("x" * 10_000, "cannot be read: "),
        (".", "cannot be read: "),
        ("../outside.png", "which is not in "),
        ("link.png", "which is not in "),
        ({"bytes": None, "path": "/etc/hostname"}, "which is not in "),
        ("https://example.com/a.png", "the address 'https://example.com/a.png'; Jeoul loads none"),
        ("data:image/png;base64,AAAA", "the address"),
    ],
)
def test_what_is_no_picture_is_an_error_that_names_the_row(value: Any, said: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "outside.png").write_bytes(RED)
    (tmp_path / "data/link.png").symlink_to(tmp_path / "outside.png")
    with pytest.raises(DataError) as error:
        pictures_of([RED, value], "here, row 7", tmp_path / "data")
    assert str(error.value).startswith("here, row 7: picture 2 is ")
    assert said in str(error.value)
    assert len(str(error.value)) < 500


def test_a_name_without_a_folder() -> None:
    with pytest.raises(DataError, match=r"p: picture 1 is only named, 'a\.png'"):
        pictures_of("a.png", "p")
