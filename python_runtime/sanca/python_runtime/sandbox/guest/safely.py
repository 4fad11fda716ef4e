"""Looks at values that may lie: classes that pretend, reprs that raise, texts that are none. Decides no layout.

All of it runs inside the action's limits, so a repr that never returns ends as any action that never returns does.
"""

from __future__ import annotations

import datetime
import decimal
import pathlib
import sys
import uuid
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

CELL_CHARS = 60
_INT_BITS = 4_096
_SHORT = 1 << 63
ONE_LINE = str.maketrans({"\n": "\\n", "\r": "\\r", "\t": "\\t"})

_ancestors_of: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__


def exact(text: str) -> str:
    """Return a text of class str, whatever a subclass says of itself."""
    return str.__str__(text)


def class_name(value: Any) -> str:
    """Return the name of a value's real class."""
    name: str = type.__dict__["__name__"].__get__(type(value))
    return exact(name)[:80]


def is_a(value: Any, *kinds: type) -> bool:
    """Whether the value's real class is one of `kinds` or below it; `__class__` and metaclasses are not asked."""
    for ancestor in _ancestors_of(type(value)):
        for kind in kinds:
            if ancestor is kind:  # no `in`: a class may compare as it likes
                return True
    return False


def is_of(value: Any, module: str, name: str) -> bool:
    """Whether the value is of a class of a library; false when the action did not import that library."""
    loaded = sys.modules.get(module)
    if loaded is None:
        return False
    kind: Any = getattr(loaded, "__dict__", {}).get(name)
    return is_a(kind, type) and is_a(value, kind)


def is_short_number(value: Any) -> bool:
    """Whether the value is a plain whole number of 64 bits or a truth value: nothing of it needs care."""
    kind = type(value)
    return kind is bool or (kind is int and -_SHORT <= value < _SHORT)


def shown(value: Any) -> str:
    """Return the value's repr, or a note why there is none."""
    if is_a(value, int) and int.bit_length(value) > _INT_BITS:
        return f"<an int of {int.bit_length(value):,} bits, about {int(int.bit_length(value) * 0.30103):,} digits>"
    try:
        return exact(repr(value))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a repr raises is a fact about the value, not about the action
        return f"<{class_name(value)} object whose repr raised {class_name(error)}>"


def written(value: Any) -> str:
    """Return the value as `str` has it, or a note why there is none."""
    try:
        return exact(str(value))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # as in `shown`
        return f"<{class_name(value)} object whose text raised {class_name(error)}>"


def cut(text: str, limit: int) -> str:
    """Return the beginning and a little of the end of a text, on one line."""
    if len(text) > limit:
        tail = limit // 4
        text = f"{text[: limit - tail - 1]}…{text[len(text) - tail :]}"
    return text.translate(ONE_LINE)


def cell(value: Any, limit: int = CELL_CHARS) -> str:
    """Return a value as it stands in a table: short, on one line, a text without quotes."""
    if is_a(value, str):
        return cut(exact(value), limit)
    if is_of(value, "numpy", "generic"):
        value = value.item()
    if is_a(value, float):
        return number(value)
    is_plain_text = is_a(value, datetime.date, decimal.Decimal, pathlib.PurePath, uuid.UUID)
    return cut(written(value) if is_plain_text else shown(value), limit)


def number(value: Any) -> str:
    """Return a number with six digits at most."""
    if is_a(value, bool) or not is_a(value, int, float):
        return shown(value)
    return shown(value) if is_a(value, int) else f"{float(value):.6g}"


def size_of(value: Any) -> int:
    """Return the length of a container or text by its real class's own count."""
    for kind in (dict, list, tuple, set, frozenset, str, bytes, bytearray):
        if is_a(value, kind):
            return int(kind.__len__(value))
    return len(value)


def items_of(value: Any) -> Iterator[Any]:
    """Iterate over a list, tuple, set or dict's keys by its real class."""
    for kind in (dict, list, tuple, set, frozenset):
        if is_a(value, kind):
            return kind.__iter__(value)
    return iter(value)


def is_small(value: Any, most_chars: int) -> bool:
    """Whether the value is surely short as text, found without writing it down. Objects count as a few characters."""
    left, seen, waiting = most_chars, set[int](), [value]
    while waiting and left > 0:
        one = waiting.pop()
        left -= 2
        if is_a(one, str, bytes, bytearray):
            left -= size_of(one)
        elif is_a(one, int):
            left -= int.bit_length(one) // 4
        elif is_a(one, dict, list, tuple, set, frozenset) and id(one) not in seen:
            seen.add(id(one))
            waiting += islice(items_of(one), left + 1)
            if is_a(one, dict):
                waiting += islice(dict.values(one), left + 1)
    return left > 0
