"""Pictures that an action claims to have drawn: only small, whole PNGs pass. Draws nothing, decodes no pixel."""

from __future__ import annotations

import struct
from typing import Any

from sanca.python_runtime.sandbox.ports import ResultImage

MOST_IMAGES = 4
IMAGE_BYTES = 512 << 10
_MOST_SIDE = 4_096
"""A side of more pixels would fill the memory of the browser that shows it, however few bytes it has."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = struct.Struct(">8sI4sII")
_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_TITLE_CHARS = 200
_DESCRIPTION_CHARS = 800


def read_images(told: object) -> tuple[ResultImage, ...]:
    """Return the pictures among what a guest sent; what is none is left out."""
    if not isinstance(told, list):
        return ()
    images = [_read_image(one) for one in told[:MOST_IMAGES] if isinstance(one, dict)]
    return tuple(image for image in images if image is not None)


def size_of(data: bytes) -> tuple[int, int] | None:
    """Return width and height of a PNG; None for bytes that are no small whole PNG."""
    if not _HEADER.size <= len(data) <= IMAGE_BYTES or not data.endswith(_END):
        return None
    signature, length, kind, width, height = _HEADER.unpack_from(data)
    if signature != _SIGNATURE or kind != b"IHDR" or length != 13:
        return None
    return (width, height) if 0 < width <= _MOST_SIDE and 0 < height <= _MOST_SIDE else None


def _read_image(told: dict[str, Any]) -> ResultImage | None:
    data = told.get("data")
    if not isinstance(data, bytes) or told.get("media_type") != "image/png" or size_of(data) is None:
        return None
    return ResultImage(
        media_type="image/png",
        data=data,
        title=_one_line(told.get("title"), _TITLE_CHARS),
        description=_one_line(told.get("description"), _DESCRIPTION_CHARS),
    )


def _one_line(value: object, limit: int) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(letter if letter.isprintable() else " " for letter in text[:limit]).strip()
