"""pandas values in text: shape, dtypes, what is missing, a few statistics, head and tail. Never imports pandas."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .columns import describe_numbers, describe_values, is_constant
from .safely import CELL_CHARS, cell, cut, exact, is_a, is_of, number, shown
from .tables import ALL_ROWS, HEAD_ROWS, MOST_COLUMNS, TAIL_ROWS, WHOLE_CHARS, render_grid, rows_hint, split_rows

_SAMPLE = 200_000
_FIRST_COLUMNS = 8
_ROWS_TOLD, _COLUMNS_TOLD, _TOLD_BYTES = 200, 30, 64 << 10


def is_dataframe(value: Any) -> bool:
    """Whether the value is a DataFrame of a pandas that the action imported."""
    return is_of(value, "pandas", "DataFrame")


def is_series(value: Any) -> bool:
    """Whether the value is a Series of a pandas that the action imported."""
    return is_of(value, "pandas", "Series")


def render_dataframe(frame: Any, name: str) -> str:
    """Return a DataFrame as a table; all of it when it is short."""
    rows, columns = frame.shape
    labels = list(frame.columns[: MOST_COLUMNS if columns <= MOST_COLUMNS else _FIRST_COLUMNS])
    head = f"DataFrame {rows:,} rows × {columns:,} columns, index {_describe_index(frame.index)}"
    numbers, gap = split_rows(rows)
    body = _grid(frame, labels, numbers, gap)
    is_whole = gap is None and columns <= MOST_COLUMNS and len("\n".join(body)) <= WHOLE_CHARS
    if is_whole:
        dtypes = ", ".join(f"{cell(label)} {frame.dtypes.iloc[at]}" for at, label in enumerate(labels))
        return "\n".join([head, dtypes, *body])
    if gap is None and rows > HEAD_ROWS + TAIL_ROWS:
        numbers, gap = split_rows(rows, HEAD_ROWS + TAIL_ROWS)
        body = _grid(frame, labels, numbers, gap)
    facts = [f"  {cell(label)}: {_describe(frame.iloc[:, at])}" for at, label in enumerate(labels)]
    if columns > len(labels):
        last = cell(frame.columns[-1], CELL_CHARS // 2)
        facts.append(f"  … {columns - len(labels):,} columns more, the last {last}: print(list({name}.columns))")
    hint = rows_hint(rows, f"{name}.iloc[{{0}}:{{1}}]") if gap is not None else ""
    return "\n".join(line for line in (head + ":", *facts, *body, hint) if line)


def render_series(series: Any, name: str) -> str:
    """Return a Series with its labels; all of it when it is short."""
    rows = len(series)
    named = "" if series.name is None else f" {cell(series.name)}"
    head = f"Series{named} of {rows:,}, index {_describe_index(series.index)}: {_describe(series)}"
    numbers, gap = split_rows(rows)
    body = [f"{_label(series.index, at)} | {cell(series.iloc[at])}" for at in numbers]
    if gap is not None:
        body.insert(gap, "…")
    hint = rows_hint(rows, f"{name}.iloc[{{0}}:{{1}}]") if rows > ALL_ROWS else ""
    return "\n".join(line for line in (head, *body, hint) if line)


def table_json(value: Any) -> str | None:
    """Return the first rows of a DataFrame or Series as JSON: columns, rows, and how many rows there are; else None."""
    if not is_dataframe(value) and not is_series(value):
        return None
    total = len(value)
    try:
        frame = value.to_frame("value" if value.name is None else value.name) if is_series(value) else value
        frame = frame.iloc[:_ROWS_TOLD, :_COLUMNS_TOLD]
        if type(frame.index).__name__ != "RangeIndex":
            frame = frame.reset_index()
        told = json.loads(frame.to_json(orient="split", index=False, date_format="iso", default_handler=str))
    except KeyboardInterrupt:
        raise
    except BaseException:  # cells may be of the action's own classes
        return None
    columns = ["/".join(map(str, name)) if is_a(name, list) else str(name) for name in told["columns"]]
    rows = told["data"]
    while rows:
        text = json.dumps({"columns": columns, "rows": rows, "total": total}, ensure_ascii=False)
        if len(text.encode("utf-8", "replace")) < _TOLD_BYTES:
            return text
        rows = rows[: len(rows) // 2]
    return None


def _grid(frame: Any, labels: Sequence[Any], numbers: Sequence[int], gap: int | None) -> list[str]:
    def at(row: int, column: int) -> str:
        return cell(frame.iat[row, column], CELL_CHARS)

    wanted = range(len(labels)) if gap is None else [at for at in range(len(labels)) if not _is_constant(frame, at)]
    body = [[_label(frame.index, row), *(at(row, column) for column in wanted)] for row in numbers]
    return render_grid(["index", *(cell(labels[column]) for column in wanted)], body, gap)


def _is_constant(frame: Any, column: int) -> bool:
    """Whether a column's statistics say all of it, so that the rows need not."""
    return bool(len(frame) <= _SAMPLE) and is_constant(frame.iloc[:, column].tolist())


def _label(index: Any, at: int) -> str:
    return cell(index[at], CELL_CHARS // 2)


def _describe_index(index: Any) -> str:
    if not len(index):
        return "empty"
    kind = exact(type(index).__name__)
    return f"{'' if kind == 'Index' else kind + ' '}{cell(index[0], 40)} … {cell(index[-1], 40)}"


def _describe(column: Any) -> str:
    """Return dtype, missing values and statistics of one column; what cannot be computed is left out."""
    parts = [str(column.dtype)]
    try:
        missing = int(column.isna().sum())
        if missing:
            parts.append(f"{missing:,} missing")
        parts.append(_statistics(column))
    except KeyboardInterrupt:
        raise
    except Exception as error:  # a column may hold anything
        parts.append(f"no statistics ({cut(shown(error), CELL_CHARS)})")
    return ", ".join(part for part in parts if part)


def _statistics(column: Any) -> str:
    present = column.dropna()
    if not len(present):
        return ""
    kind = column.dtype.kind if hasattr(column.dtype, "kind") else "O"
    if kind in "iuf":
        if len(present) > _SAMPLE:
            lowest, mean, highest = (one.item() for one in (present.min(), present.mean(), present.max()))
            return f"min {number(lowest)}, mean {number(mean)}, max {number(highest)}"
        return describe_numbers(present.tolist())
    if kind in "mM":
        return f"{present.min()} … {present.max()}"
    sample = present.iloc[:_SAMPLE].tolist()
    said = describe_values(sample)
    return f"{said} (of the first {_SAMPLE:,})" if said and len(present) > _SAMPLE else said
