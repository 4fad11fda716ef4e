"""Texts cut in the middle, and values as JSON. Runs inside the action's limits."""

from __future__ import annotations

import json
from typing import Any

from .safely import is_small

_JSON_BYTES = 64 << 10


def shorten(text: str, limit: int) -> str:
    """Cut out the middle of a text that is too long, and say how much."""
    if len(text) <= limit:
        return text
    head = limit * 3 // 4
    return f"{text[:head]}\n[… {len(text) - limit:,} characters left out …]\n{text[len(text) - (limit - head) :]}"


def format_json(value: Any) -> str | None:
    """Return the value as JSON when it is JSON-like and short, else None."""
    if value is None or not is_small(value, 2 * _JSON_BYTES):
        return None
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except KeyboardInterrupt:
        raise
    except BaseException:  # a value may raise from anything it is asked
        return None
    return text if len(text.encode("utf-8", "replace")) < _JSON_BYTES else None
