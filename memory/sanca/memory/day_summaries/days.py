"""Which days of whom still have to be summed up: follows the messages in the order they are kept, across restarts."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path

import structlog
from sanca.core.memory import MemoryRecord, RecordFilter, RecordStore, Scope

log = structlog.get_logger()

ZoneOf = Callable[[Scope], Awaitable[tzinfo]]
"""Tells where a user's days begin."""
OpenDay = tuple[Scope, str]


class OpenDays:
    """The days that have messages and no finished summary. One engine's own; another's does the same work once more."""

    def __init__(self, store: RecordStore, path: Path, zone_of: ZoneOf) -> None:
        """Take what it follows.

        Args:
            store: Keeps the messages.
            path: A file of its own, made when it is needed.
            zone_of: Tells a user's time zone.
        """
        self._store = store
        self._path = path
        self._zone_of = zone_of
        self._mark = ""
        self._open: set[OpenDay] = set()
        self._is_read = False

    async def follow(self) -> None:
        """Read the messages that came since the last time, and note their days."""
        self._read()
        zones: dict[Scope, tzinfo] = {}
        messages = RecordFilter(layers=("message",))
        async for page, mark in self._store.scan(None, messages, after=self._mark):
            for record in page:
                scope = Scope(tenant=record.tenant, user=record.user)
                if scope not in zones:
                    zones[scope] = await self._zone_of(scope)
                if day := day_of(record, zones[scope]):
                    self._open.add((scope, day))
            self._mark = mark
            self._write()

    async def over(self, now: datetime) -> list[OpenDay]:
        """Return those that are over where their user is, the oldest first."""
        self._read()
        found = []
        for scope, day in sorted(self._open, key=lambda it: (it[1], it[0].tenant, it[0].user)):
            if day < now.astimezone(await self._zone_of(scope)).date().isoformat():
                found.append((scope, day))
        return found

    async def note(self, scope: Scope, time: str) -> None:
        """Note the day of a message that was changed or forgotten: what stands for it is made anew."""
        self._read()
        if moment := moment_of(time):
            self._open.add((scope, moment.astimezone(await self._zone_of(scope)).date().isoformat()))
            self._write()

    def done(self, scope: Scope, day: str) -> None:
        """Take a day off the list."""
        self._open.discard((scope, day))
        self._write()

    async def forget(self, scope: Scope) -> None:
        """Take all days of a user off the list."""
        self._read()
        self._open = {one for one in self._open if one[0] != scope}
        self._write()

    def _read(self) -> None:
        if self._is_read:
            return
        self._is_read = True
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            self._mark = str(kept["mark"])
            self._open = {(Scope(tenant=tenant, user=user), str(day)) for tenant, user, day in kept["open"]}
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            # Everything is read anew: a day that has its summary is found to be done.
            log.warning("open_days_unreadable", path=self._path.name, reason=str(error))

    def _write(self) -> None:
        rows = sorted((scope.tenant, scope.user, day) for scope, day in self._open)
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self._path.with_suffix(".tmp")
        beside.write_text(json.dumps({"mark": self._mark, "open": rows}, ensure_ascii=False), encoding="utf-8")
        os.replace(beside, self._path)  # noqa: PTH105 - as Path.replace, and atomic on every system


def day_of(record: MemoryRecord, zone: tzinfo) -> str:
    """Return the day on which a record was said, where its user is; empty when its time is not known."""
    moment = moment_of(record.time)
    return moment.astimezone(zone).date().isoformat() if moment else ""


def moment_of(text: str) -> datetime | None:
    """Return an ISO 8601 time; one without a zone is UTC, one that is none is None."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def bounds_of(day: str, zone: tzinfo) -> tuple[str, str]:
    """Return when a day begins and the next one, ISO 8601 in UTC."""
    first = date.fromisoformat(day)
    begin = datetime(first.year, first.month, first.day, tzinfo=zone)
    after = date.fromordinal(first.toordinal() + 1)
    end = datetime(after.year, after.month, after.day, tzinfo=zone)
    return begin.astimezone(UTC).isoformat(), end.astimezone(UTC).isoformat()
