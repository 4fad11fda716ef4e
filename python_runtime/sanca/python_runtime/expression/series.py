"""Whether a value is numbers over time, and its lines if so. Rows that only have a time (logs, say) are none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Series = dict[str, list[list[Any]]]

_TIMES = ("time", "timestamp", "at", "date", "day", "month", "week", "hour", "minute", "ts", "datetime")
_TIME = re.compile(r"\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?)?")
_LEAST_POINTS = 3
_MOST_LINES = 8
_MOST_POINTS = 20_000


def series_of(value: object) -> Series | None:
    """Return the lines of a chart: name → points [time, number]; None when the value is nothing of that kind."""
    if isinstance(value, Mapping):
        lines = {str(name): _points(points) for name, points in value.items()}
        return _worth_showing({name: points for name, points in lines.items() if points is not None}, len(value))
    if isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):
        return _worth_showing(_of_rows(value))
    points = _points(value)
    return _worth_showing({"": points}) if points else None


def _worth_showing(lines: Series | None, wanted: int = 0) -> Series | None:
    if not lines or len(lines) < wanted or len(lines) > _MOST_LINES:
        return None
    longest = max(len(points) for points in lines.values())
    return lines if _LEAST_POINTS <= longest <= _MOST_POINTS else None


def _points(value: object) -> list[list[Any]] | None:
    """Return the points of `[[time, number], …]` or `[{time, value}, …]`; an empty list is a line without points."""
    if not isinstance(value, list):
        return None
    if all(isinstance(one, list) and len(one) == 2 for one in value):
        pairs = [list(one) for one in value]
    elif all(isinstance(one, Mapping) and len(one) == 2 for one in value):
        rows = _of_rows(value)
        pairs = next(iter(rows.values())) if rows else [[None, None]]
    else:
        return None
    return pairs if all(_is_time(x) and (y is None or _is_number(y)) for x, y in pairs) else None


def _of_rows(rows: Sequence[Mapping[str, Any]]) -> Series | None:
    """Return the lines of rows with one time, numbers and at most one name."""
    names = list(rows[0]) if rows else []
    clocks = (name for name in names if name.lower() in _TIMES)
    clock = next((name for name in clocks if all(_is_time(row.get(name)) for row in rows)), "")
    if not clock or any(set(row) != set(names) for row in rows):
        return None
    numbers = [name for name in names if name != clock and all(_is_number(row[name]) for row in rows)]
    others = [name for name in names if name != clock and name not in numbers]
    if not numbers or len(others) > 1 or (others and len(numbers) > 1):
        return None
    lines: Series = {}
    for row in sorted(rows, key=lambda row: str(row[clock])):
        for name in numbers:
            line = str(row[others[0]]) if others else name
            lines.setdefault(line, []).append([row[clock], row[name]])
    if any(len({str(x) for x, _ in points}) < len(points) for points in lines.values()):
        return None  # several numbers at one time: no line goes through them
    return lines


def _is_time(value: object) -> bool:
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
