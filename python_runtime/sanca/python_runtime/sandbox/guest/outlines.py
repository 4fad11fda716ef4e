"""Large or nested values in text: a line an entry, the inner ones in short, head and tail, and how to get the rest."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from .arrays import describe_array, is_array
from .columns import describe_column, describe_numbers, describe_values, is_constant
from .dataframes import is_dataframe, is_series
from .objects import plain_repr
from .safely import ONE_LINE, cell, class_name, cut, exact, is_a, is_small, items_of, number, shown, size_of
from .tables import is_table, render_rows

_LINE_CHARS = 160
_KEPT_HEAD = (12, 8, 4)
_KEPT_TAIL = (3, 2, 1)
"""Entries shown of a container, by how deep it lies."""
_GIST_KEYS = 12
_SAMPLE = 100_000
_FLAT_SHOWN = 10
_DEEPEST = 2
_COURSE_CHARS = 40


def render_container(value: Any, name: str) -> str:
    """Return a list, tuple, set or dict that is too long for its repr."""
    if is_table(value):
        return render_rows(list(items_of(value)), name)
    lines = [f"{gist(value)}:", *_entries(value, 0)]
    left = size_of(value) - _KEPT_HEAD[0] - _KEPT_TAIL[0]
    if is_a(value, dict):
        lines.append(f"more of it: print({name}[{cut(shown(next(iter(items_of(value)), '')), 40)}])")
    elif left > 0 and is_a(value, list, tuple):
        lines.append(f"… {left:,} more: print({name}[{_KEPT_HEAD[0]}:{_KEPT_HEAD[0] + min(left, 50)}])")
    elif left > 0:
        lines.append(f"… {left:,} more: print(list({name})[{_KEPT_HEAD[0]}:{_KEPT_HEAD[0] + min(left, 50)}])")
    return "\n".join(lines)


def render_fields(value: Any, fields: dict[str, Any], name: str) -> str:
    """Return an object with fields, one a line."""
    first = next(iter(fields), "")
    lines = [f"{class_name(value)} with {len(fields)} fields:", *_lines(fields.items(), 0)]
    return "\n".join([*lines, f"more of it: print({name}.{first})"])


def gist(value: Any) -> str:
    """Return a value in one line: itself when short, else what it is and how much of it there is."""
    if is_a(value, dict):
        return _gist_dict(value)
    if is_a(value, list, tuple, set, frozenset):
        return _gist_sequence(value)
    return _gist_single(value)


def render_text(text: str, name: str, limit: int) -> str:
    """Return a text, its middle left out when it is too long, and how to get that."""
    if len(text) <= limit:
        return text
    head, tail = limit * 3 // 4, limit - limit * 3 // 4
    left = text[head : len(text) - tail]
    said = (
        f"[… {len(left):,} characters left out ({left.count(chr(10)):,} lines): print({name}[{head}:{head + 3000}]) …]"
    )
    return f"{text[:head]}\n{said}\n{text[len(text) - tail :]}"


def render_bytes(value: Any, name: str) -> str:
    """Return what bytes begin and end with."""
    data = bytes(memoryview(value)[:64]), bytes(memoryview(value)[-16:])
    said = f"{class_name(value)} of {size_of(value):,} bytes: {data[0]!r} … {data[1]!r}"
    return f"{said}\nmore of it: print({name}[64:320])"


def _gist_dict(value: Any) -> str:
    keys = list(islice(items_of(value), _GIST_KEYS))
    named = ", ".join(cell(key, 40) for key in keys)
    more = f", … {size_of(value) - len(keys):,} more" if size_of(value) > len(keys) else ""
    kind = class_name(value)
    kind = "dict" if kind == "Record" else kind
    said = f"{kind} of {size_of(value):,}: {named}{more}"
    numbers = list(islice(dict.values(value), _SAMPLE))
    if size_of(value) > _GIST_KEYS and all(is_a(one, int, float) for one in numbers):
        said += f" ({describe_numbers(numbers)})"
    return said


def _gist_sequence(value: Any) -> str:
    size, sample = size_of(value), list(islice(items_of(value), _SAMPLE))
    kind = class_name(value)
    if is_table(value):
        keys = list(dict.keys(sample[0]))[:_GIST_KEYS]
        columns = {key: [dict.get(row, key) for row in sample] for key in keys[:4]}
        facts = [f"{cell(key, 30)}: {describe_column(column)}{_course(column)}" for key, column in columns.items()]
        return cut(f"{kind} of {size:,} dicts ({'; '.join(facts)}{'; …' if len(keys) > 4 else ''})", 3 * _LINE_CHARS)
    kinds = sorted({class_name(one) for one in sample})
    inner = kinds[0] if len(kinds) == 1 else "mixed " + "/".join(kinds[:4])
    said = describe_values(sample)
    return f"{kind} of {size:,} {inner}{f' ({said})' if said else ''}"


def _course(column: list[Any]) -> str:
    """Return where numbers or texts begin and end, which tells a rise from a fall."""
    if not all(is_a(value, int, float, str) for value in (column[0], column[-1])) or is_constant(column):
        return ""
    return f", first {cell(column[0], _COURSE_CHARS)}, last {cell(column[-1], _COURSE_CHARS)}"


def _gist_single(value: Any) -> str:
    if is_dataframe(value):
        named = ", ".join(cell(label, 30) for label in list(value.columns[:_GIST_KEYS]))
        return f"DataFrame {value.shape[0]:,} rows × {value.shape[1]:,} columns ({named})"
    if is_series(value):
        return f"Series {cell(value.name)} of {len(value):,} {value.dtype}"
    if is_array(value):
        return describe_array(value)
    if is_a(value, str) and size_of(value) > _LINE_CHARS:
        text = exact(value)
        return f"{cut(shown(text[:_LINE_CHARS]), _LINE_CHARS)} ({len(text):,} characters)"
    if is_a(value, bytes, bytearray) and size_of(value) > _LINE_CHARS:
        return f"{class_name(value)} of {size_of(value):,} bytes: {bytes(memoryview(value)[:24])!r} …"
    return cut(plain_repr(value) or shown(value), _LINE_CHARS)


def _entries(value: Any, depth: int) -> list[str]:
    if not is_a(value, dict) and _is_flat(value):
        return [f"{'  ' * depth}{_flat(value)}"]
    first, last = _ends(value, _KEPT_HEAD[min(depth, 2)], _KEPT_TAIL[min(depth, 2)])
    lines = _lines(first, depth)
    if left := size_of(value) - len(first) - len(last):
        lines.append(f"{'  ' * depth}… {left:,} more …")
    return [*lines, *_lines(last, depth)]


def _ends(value: Any, head: int, tail: int) -> tuple[list[Any], list[Any]]:
    """Return the first and last entries as (key or number, entry)."""
    size = size_of(value)
    if size <= head + tail:
        head, tail = size, 0
    if is_a(value, dict):
        last = list(islice(reversed(dict.items(value)), tail)) if type(value) is dict else []
        return list(islice(dict.items(value), head)), last[::-1]
    first = list(islice(enumerate(items_of(value)), head))
    if tail and is_a(value, list, tuple):
        return first, [(number, value[number]) for number in range(size - tail, size)]
    return first, []


def _lines(pairs: Iterable[tuple[Any, Any]], depth: int) -> list[str]:
    return [line for key, one in pairs for line in _line(key, one, depth)]


def _line(key: Any, value: Any, depth: int) -> list[str]:
    """Return an entry on one line; a nested one that is too long for that as what it is, with its own entries below."""
    start = f"{'  ' * depth}{cell(key)}: "
    if is_small(value, _LINE_CHARS) and len(text := plain_repr(value) or shown(value)) <= _LINE_CHARS:
        return [start + text.translate(ONE_LINE)]
    is_long_table = is_table(value) and size_of(value) > _KEPT_HEAD[depth]
    nested = is_a(value, dict, list, tuple) and not is_long_table and depth < _DEEPEST
    return [start + gist(value), *(_entries(value, depth + 1) if nested else ())]


def _is_flat(value: Any) -> bool:
    """Whether it holds only numbers, true and false: those need no line each."""
    return all(is_a(one, int, float) or one is None for one in islice(items_of(value), 2_000))


def _flat(value: Any) -> str:
    first, last = _ends(value, _FLAT_SHOWN, 3)
    written = [number(one) for _, one in first]
    if size_of(value) > len(first) + len(last):
        written.append("…")
    return f"[{', '.join([*written, *(number(one) for _, one in last)])}]"
