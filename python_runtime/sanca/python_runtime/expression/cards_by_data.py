"""Which card a value asks for by its shape, where nobody has chosen one: rules, no model. Shows nothing itself.

A patch → diff; numbers over time → line chart; names with addresses → links; rows → table; a part of a whole →
progress; a flat object → facts. What is none of these stays text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sanca.python_runtime.expression.links import link_of
from sanca.python_runtime.expression.series import series_of

Spec = dict[str, Any]

_DIFF = re.compile(r"\s*(diff --git .+\n|--- .+\n\+\+\+ .+\n@@ )")
_FACTS = range(2, 41)
_LINKS = range(1, 51)
_CELL_CHARS = 300
_MOST_COLUMNS = 30
_PARTS = ("value", "done", "completed")
_WHOLES = ("total", "of")


def card_for(value: object, title: str) -> Spec | None:
    """Return the card for a value as JSON gives it, without a surface id; None: it is best said as text."""
    for rule in _RULES:
        if (found := rule(value)) is not None:
            return {"title": title, **found}
    return None


def card_for_frame(told: Mapping[str, Any], title: str) -> Spec | None:
    """Return the card for a DataFrame's first rows: `columns`, `rows` and `total`. A guest made it: checked here."""
    columns, rows, total = told.get("columns"), told.get("rows"), told.get("total")
    if not (isinstance(columns, list) and isinstance(rows, list) and rows and isinstance(total, int)):
        return None
    names = [str(name)[:_CELL_CHARS] for name in columns]
    records = [dict(zip(names, row, strict=False)) for row in rows if isinstance(row, list)]
    if total == len(records) and (found := card_for(records, title)) is not None:
        return found
    return {"kind": "table", "title": title, "columns": names, "rows": records, "total": total}


def read_json(text: str | None) -> Any:
    """Return what a guest says its value is; None when it is no JSON."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def _diff(value: object) -> Spec | None:
    if isinstance(value, str):
        return {"kind": "diff", "patch": value} if _DIFF.match(value) else None
    if isinstance(value, Mapping):
        patch, files = value.get("patch"), value.get("files")
        if isinstance(patch, str) and _DIFF.match(patch):
            path = value.get("path")
            return {"kind": "diff", "patch": patch} | ({"path": path} if isinstance(path, str) else {})
        return _diff(files) if isinstance(files, list) else None
    if isinstance(value, list) and value and all(isinstance(one, Mapping) and one.get("patch") for one in value):
        if len(value) == 1 and isinstance(path := value[0].get("path"), str):
            return {"kind": "diff", "patch": str(value[0]["patch"]), "path": path}
        return {"kind": "diff", "patch": "\n".join(str(one["patch"]).rstrip("\n") for one in value) + "\n"}
    return None


def _chart(value: object) -> Spec | None:
    series = series_of(value)
    return {"kind": "line_chart", "series": series} if series else None


def _links(value: object) -> Spec | None:
    if not isinstance(value, list) or len(value) not in _LINKS:
        return None
    links = [link_of(one) for one in value]
    return {"kind": "links", "items": links} if all(links) else None


def _table(value: object) -> Spec | None:
    rows = _named_rows(value) if isinstance(value, Mapping) else value
    if not isinstance(rows, list) or len(rows) < 2 or not all(isinstance(row, Mapping) for row in rows):
        return None
    columns = list(dict.fromkeys(str(key) for row in rows for key in row))
    filled = sum(len(row) for row in rows)
    if not 2 <= len(columns) <= _MOST_COLUMNS or filled < 0.5 * len(columns) * len(rows):
        return None
    if any(isinstance(cell, list | Mapping) for row in rows for cell in row.values()):
        columns = [name for name in columns if not any(isinstance(row.get(name), list | Mapping) for row in rows)]
    if len(columns) < 2:
        return None
    return {"kind": "table", "columns": [_column(name) for name in columns], "rows": rows}


def _named_rows(value: Mapping[str, Any]) -> list[Any] | None:
    """Return the rows of `{name: {…}, …}`, each with its name in front."""
    if len(value) < 2 or not all(isinstance(row, Mapping) and row for row in value.values()):
        return None
    first = next(iter(value.values()))
    return [{("name" if "name" not in first else "#"): name, **row} for name, row in value.items()]


def _column(name: str) -> dict[str, str]:
    return {"key": name, "label": name.replace("_", " ")}


def _progress(value: object) -> Spec | None:
    if not isinstance(value, Mapping) or not 2 <= len(value) <= 3:
        return None
    part = next((value[name] for name in _PARTS if _is_number(value.get(name))), None)
    whole = next((value[name] for name in _WHOLES if _is_number(value.get(name))), None)
    others = [each for name, each in value.items() if name not in {*_PARTS, *_WHOLES}]
    if part is None or not whole or not 0 <= part <= whole or any(not isinstance(each, str) for each in others):
        return None
    return {"kind": "progress", "value": part, "total": whole} | ({"title": others[0]} if others else {})


def _facts(value: object) -> Spec | None:
    if not isinstance(value, Mapping) or len(value) not in _FACTS:
        return None
    if not all(_is_cell(cell) for cell in value.values()):
        return None
    return {"kind": "facts", "items": {str(name).replace("_", " "): cell for name, cell in value.items()}}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_cell(value: object) -> bool:
    return value is None or isinstance(value, int | float) or (isinstance(value, str) and len(value) <= _CELL_CHARS)


_RULES: Sequence[Callable[[object], Spec | None]] = (_diff, _chart, _links, _table, _progress, _facts)
