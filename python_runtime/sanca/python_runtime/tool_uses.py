"""How tools did in earlier calls, read from the journal for tool search. Blocking; writes nothing."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

import structlog
from sanca.memory.tool_search import ToolUse

log = structlog.get_logger()

_LATEST_ROWS = 200_000
_CALLS = f"""
    SELECT json_extract(data, '$.call_id'), json_extract(data, '$.toolkit'), json_extract(data, '$.tool'),
           json_extract(data, '$.ok')
    FROM journal
    WHERE id > (SELECT max(id) FROM journal) - {_LATEST_ROWS} AND kind IN ('call_requested', 'call_finished')
"""  # noqa: S608 - a constant


def uses_in_journal(path: Path) -> dict[str, ToolUse]:
    """Return the latest calls counted by tool (`toolkit.tool`); nothing when there is no journal to read yet."""
    if not path.exists():
        return {}
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)) as connection:
            return _count(connection.execute(_CALLS))
    except sqlite3.Error as error:  # search works without; the next engine reads it again
        log.warning("tool_uses_not_read", reason=str(error))
        return {}


def counted(uses: Mapping[str, ToolUse], name: str, *, succeeded: bool) -> ToolUse:
    """Return a tool's use with one more call."""
    known = uses.get(name, ToolUse())
    return ToolUse(known.calls + 1, known.succeeded + succeeded)


def _count(rows: Iterable[tuple[str, str | None, str | None, int | None]]) -> dict[str, ToolUse]:
    names: dict[str, str] = {}
    ended: dict[str, bool] = {}
    for call_id, toolkit, tool, succeeded in rows:
        if toolkit and tool:
            names[call_id] = f"{toolkit}.{tool}"
        if succeeded is not None:
            ended[call_id] = bool(succeeded)
    calls = Counter(names[call_id] for call_id in ended if call_id in names)
    good = Counter(names[call_id] for call_id, succeeded in ended.items() if succeeded and call_id in names)
    return {name: ToolUse(count, good[name]) for name, count in calls.items()}
