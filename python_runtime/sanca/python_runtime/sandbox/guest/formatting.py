"""Texts cut in the middle, and values as JSON. Runs inside the action's limits."""

from __future__ import annotations

import json
from collections import Counter, OrderedDict, defaultdict
from typing import Any

from .records import Record
from .safely import is_a, is_short_number, is_small

_JSON_BYTES = 64 << 10
_CONTAINERS = (dict, list, tuple, Record, OrderedDict, defaultdict, Counter)


def shorten(text: str, limit: int) -> str:
    """Cut out the middle of a text that is too long, and say how much."""
    if len(text) <= limit:
        return text
    head = limit * 3 // 4
    return f"{text[:head]}\n[… {len(text) - limit:,} characters left out …]\n{text[len(text) - (limit - head) :]}"


def format_json(value: Any) -> str | None:
    """Return the value as JSON when it is JSON-like and short, else None."""
    if is_short_number(value):
        return json.dumps(value)
    if value is None or not is_small(value, 2 * _JSON_BYTES) or not _is_plain(value):
        return None
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except KeyboardInterrupt:
        raise
    except BaseException:  # a value may raise from anything it is asked
        return None
    return text if len(text.encode("utf-8", "replace")) < _JSON_BYTES else None


def _is_plain(value: Any) -> bool:
    """Whether all containers in it are of classes that say of themselves what they hold. `value` is small."""
    seen, waiting = set[int](), [value]
    while waiting:
        one = waiting.pop()
        if is_a(one, dict, list, tuple):
            if not any(type(one) is kind for kind in _CONTAINERS):  # no `in`: a class may compare as it likes
                return False
            if id(one) not in seen:
                seen.add(id(one))
                waiting += dict.values(one) if is_a(one, dict) else one
    return True
