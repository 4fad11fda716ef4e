"""`sanca memory import`: a conversation in a file becomes the messages of a session. All rows or none."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from pydantic import ValidationError
from sanca.core.errors import ConfigurationError
from sanca.core.memory import MemoryRecord, RecordFilter, Scope

_NEEDED = ("id", "speaker", "time", "text")
_TEXTS = ("id", "speaker", "text")
_MILLISECONDS_FROM = 100_000_000_000
"""A number above it counts milliseconds: as seconds it would lie three thousand years ahead."""


def import_file(file: Path, session: str, *, tenant: str, user: str, as_json: bool) -> None:
    """Bring the file's rows into the session and say how many there were.

    Raises:
        ConfigurationError: A row is not as it must be; says which and what mends it. Nothing was imported.
    """
    scope = Scope(tenant=tenant, user=user or getpass.getuser())
    records = read_records(file, scope, session)
    gone = anyio.run(partial(_keep, scope, session, records))
    if as_json:
        print(json.dumps({"session": session, "imported": len(records), "removed": gone}))  # noqa: T201
    else:
        also = f"; {gone} that the file no longer has were removed" if gone else ""
        print(f"{len(records)} messages are in session {session!r}{also}.")  # noqa: T201


def read_records(file: Path, scope: Scope, session: str) -> list[MemoryRecord]:
    """Return the rows of a file as messages of a session, in their order.

    Raises:
        ConfigurationError: The file or one of its rows cannot be used.
    """
    if not session.strip():
        raise ConfigurationError("The session has no name; give one with --session NAME.")
    records: list[MemoryRecord] = []
    lines: dict[str, int] = {}
    for number, row in _rows(file):
        record = _record(f"{str(file)!r}, line {number}", row, scope, session, len(records) + 1)
        if record.id in lines:
            raise ConfigurationError(
                f"{str(file)!r}, line {number}: the id {record.id!r} stands in line {lines[record.id]} already; "
                "give each row its own."
            )
        lines[record.id] = number
        records.append(record)
    if not records:
        raise ConfigurationError(
            f"The file {str(file)!r} has no rows; each line is a JSON object with {', '.join(_NEEDED)}."
        )
    return records


async def _keep(scope: Scope, session: str, records: list[MemoryRecord]) -> int:
    """Keep the records and remove those of the session that the file does not have; return how many these were."""
    from sanca.python_runtime.cli.memory_access import open_memory

    async with open_memory() as (store, memory):
        await store.touch_session(scope.tenant, scope.user, session, title=session)
        whole = RecordFilter(layers=("message",), session_ids=(session,), own_only=True)
        before = [one.id async for page, _ in store.scan(scope, whole) for one in page]
        await memory.add(records)
        gone = sorted(set(before) - {record.id for record in records})
        return await store.delete(scope, whole.model_copy(update={"ids": tuple(gone)})) if gone else 0


def _rows(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The file {str(file)!r} cannot be read as UTF-8 text: {error}.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ConfigurationError(
                f"{str(file)!r}, line {number}: not JSON ({error}); write one object a line."
            ) from error
        if not isinstance(row, dict):
            raise ConfigurationError(f'{str(file)!r}, line {number}: not a JSON object; write {{"id": …, "text": …}}.')
        yield number, row


def _record(where: str, row: dict[str, Any], scope: Scope, session: str, position: int) -> MemoryRecord:
    values: dict[str, Any] = {name: _text(where, row, name) for name in _TEXTS}
    try:
        return MemoryRecord(
            tenant=scope.tenant,
            user=scope.user,
            session_id=session,
            layer="message",
            position=position,
            time=_time(where, row.get("time")),
            **values,
        )
    except ValidationError as error:
        what = error.errors()[0]
        field = ".".join(str(part) for part in what["loc"])
        raise ConfigurationError(f"{where}: {field}: {what['msg']}; shorten it or cut the row in two.") from error


def _text(where: str, row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and name == "id":
        value = str(value)
    if not isinstance(value, str) or (name == "id" and not value.strip()):
        raise ConfigurationError(f'{where}: it needs a text "{name}"; a row has {", ".join(_NEEDED)}.')
    return value.strip() if name == "id" else value


def _time(where: str, value: object) -> str:
    """Return a row's time in ISO 8601; dates as people write them and seconds since 1970 are read, too."""
    if value is None or value == "":
        return ""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > _MILLISECONDS_FROM else value, UTC).isoformat()
        return _iso(str(value))
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigurationError(
            f"{where}: the time {value!r} cannot be read; write it as 2026-11-20T14:02:00+00:00, or leave it out."
        ) from error


def _iso(text: str) -> str:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        from dateutil.parser import parse

        return str(parse(text).isoformat())
    return text
