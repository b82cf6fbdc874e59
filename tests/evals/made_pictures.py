"""Small pictures, made on the spot."""

from __future__ import annotations

import io

from PIL import Image


def picture(shade: int, form: str = "PNG", size: int = 8) -> bytes:
    """A file of a square in one colour."""
    made = io.BytesIO()
    Image.new("RGB", (size, size), (shade, 255 - shade, 7)).save(made, form)
    return made.getvalue()
