"""Tables in text: a list of dicts, shown as columns and rows with head, tail and a line a column. Knows no library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .columns import describe_column, is_constant
from .safely import CELL_CHARS, cell, is_a, items_of, size_of

ALL_ROWS = 20
HEAD_ROWS, TAIL_ROWS = 5, 3
WHOLE_CHARS = 2_400
MOST_COLUMNS = 12
"""Of a wider table the first columns are shown, and the others named in short."""
_MOST_KEYS = 60
_LEAST_FILLED = 0.4
_ROWS_LOOKED_AT = 1_000


def is_table(value: Any) -> bool:
    """Whether a list or tuple is rows: at least two dicts that share most of their keys."""
    if not is_a(value, list, tuple) or size_of(value) < 2:
        return False
    rows = list(items_of(value)) if size_of(value) <= _ROWS_LOOKED_AT else _sample(value)
    if not all(is_a(row, dict) for row in rows):
        return False
    keys = {key for row in rows for key in dict.keys(row) if is_a(key, str)}
    filled = sum(map(size_of, rows))
    return 0 < len(keys) <= _MOST_KEYS and filled >= _LEAST_FILLED * len(keys) * len(rows)


def render_rows(rows: Sequence[dict[str, Any]], name: str) -> str:
    """Return a list of dicts as a table; all of it when it is short."""
    keys = list(dict.fromkeys(str(key) for row in rows for key in dict.keys(row)))
    head = f"list of {len(rows):,} dicts"
    if len(rows) <= ALL_ROWS and len(keys) <= 2 * MOST_COLUMNS:
        whole = "\n".join(_lines(keys, range(len(rows)), rows, 2 * CELL_CHARS))
        if len(whole) <= WHOLE_CHARS:
            return f"{head}\n{whole}{_cell_hint(whole, f'{name}[0][{keys[0]!r}]')}"
    shown_keys = keys[:MOST_COLUMNS]
    columns = {key: [dict.get(row, key) for row in rows] for key in shown_keys}
    facts = [f"  {key}: {describe_column(column)}" for key, column in columns.items()]
    more = [f"  … {len(keys) - MOST_COLUMNS} keys more: list({name}[0])"] if len(keys) > MOST_COLUMNS else []
    differing = [key for key, column in columns.items() if not is_constant(column)]
    body = _lines(differing, _row_numbers(len(rows)), rows, CELL_CHARS)
    table = "\n".join(body)
    return "\n".join(
        [f"{head} with {len(keys)} keys:", *facts, *more, table, rows_hint(len(rows), f"{name}[{{0}}:{{1}}]")]
    ) + _cell_hint(table, f"{name}[0][{keys[0]!r}]")


def rows_hint(count: int, expression: str) -> str:
    """Say how many rows are not shown and how to get some; empty when all are."""
    left = count - HEAD_ROWS - TAIL_ROWS
    if left <= 0:
        return ""
    wanted = expression.format(HEAD_ROWS, min(HEAD_ROWS + 50, count - TAIL_ROWS))
    return f"… {left:,} rows more: print({wanted})"


def render_grid(head: Sequence[str], rows: Sequence[Sequence[str]], gap_after: int | None) -> list[str]:
    """Return lines with ` | ` between cells; a line of dots after row `gap_after`."""
    lines = [" | ".join(head)]
    for number, row in enumerate(rows):
        if number == gap_after:
            lines.append("…")
        lines.append(" | ".join(row))
    return lines


def split_rows(count: int, most: int = ALL_ROWS) -> tuple[list[int], int | None]:
    """Return which rows to show, and after how many of them some are left out."""
    if count <= most:
        return list(range(count)), None
    return [*range(HEAD_ROWS), *range(count - TAIL_ROWS, count)], HEAD_ROWS


def _row_numbers(count: int) -> list[int]:
    return split_rows(count, HEAD_ROWS + TAIL_ROWS)[0]


def _lines(keys: list[str], numbers: Sequence[int], rows: Sequence[dict[str, Any]], width: int) -> list[str]:
    def at(number: int, key: str) -> str:
        return cell(dict.get(rows[number], key), width) if dict.__contains__(rows[number], key) else "–"

    body = [[str(number), *(at(number, key) for key in keys)] for number in numbers]
    gap = HEAD_ROWS if len(numbers) < len(rows) else None
    return render_grid(["#", *keys], body, gap)


def _cell_hint(table: str, expression: str) -> str:
    return f"\nCells with … are cut: print({expression})" if "…" in table.replace("\n…\n", "\n") else ""


def _sample(value: Any) -> list[Any]:
    rows = list(items_of(value))
    return rows[:: max(1, len(rows) // _ROWS_LOOKED_AT)]
