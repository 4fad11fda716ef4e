"""What a person's page showed, for some minutes: the page and what was selected on it. Never part of a summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sanca.core.memory import MemoryRecord, RecordFilter, RecordKey, Scope
from sanca.memory.memory import Memory

_SELECTION_CHARS = 8_000
_EARLIER = 4
"""So many selections before the last one are known."""


@dataclass(frozen=True)
class Seen:
    """What a page showed."""

    url: str = ""
    title: str = ""
    selection: str = ""
    time_zone: str = ""


class Sensory:
    """A session's sensory memory: two records, `page` and `selection`, which expire."""

    def __init__(self, memory: Memory, *, minutes: int) -> None:
        """Take where it is kept, and for how long; 0 minutes: nothing is kept."""
        self._memory = memory
        self._keeps = timedelta(minutes=minutes)

    async def note(self, scope: Scope, session_id: str, seen: Seen) -> None:
        """Keep what a message's page shows; an empty selection leaves the earlier ones."""
        if not self._keeps:
            return
        records = []
        if seen.url or seen.title:
            facts = {"url": seen.url, "title": seen.title, "time_zone": seen.time_zone}
            records.append(self._record(scope, session_id, "page", seen.title or seen.url, facts))
        if selection := seen.selection.strip()[:_SELECTION_CHARS]:
            earlier = await self.selections(scope, session_id)
            if not earlier or earlier[0]["text"] != selection:
                data = {"url": seen.url, "title": seen.title, "earlier": earlier[:_EARLIER]}
                records.append(self._record(scope, session_id, "selection", selection, data))
        await self._memory.add(records)

    async def page(self, scope: Scope, session_id: str) -> Seen | None:
        """Return the page that was shown last; None when that is too long ago."""
        record = await self._read(scope, session_id, "page")
        if record is None:
            return None
        facts = {name: str(record.data.get(name, "")) for name in ("url", "title", "time_zone")}
        return Seen(**facts)

    async def selections(self, scope: Scope, session_id: str) -> Sequence[dict[str, Any]]:
        """Return what was selected, the last first: `text, url, title, time` of each."""
        record = await self._read(scope, session_id, "selection")
        if record is None:
            return []
        last = {"text": record.text, "time": record.time}
        last |= {name: str(record.data.get(name, "")) for name in ("url", "title")}
        oldest = (datetime.now(UTC) - self._keeps).isoformat()
        return [last, *(one for one in record.data.get("earlier", ()) if str(one.get("time", "")) >= oldest)]

    async def forget_expired(self) -> int:
        """Forget what is too old, of every user; returns how many records that were."""
        now, count = datetime.now(UTC).isoformat(), 0
        async for page, _ in self._memory.store.scan(None, RecordFilter(layers=("sensory",))):
            for record in page:
                if record.valid_until and record.valid_until <= now:
                    scope = Scope(tenant=record.tenant, user=record.user)
                    which = RecordFilter(
                        layers=("sensory",), ids=(record.id,), session_ids=(record.session_id,), own_only=True
                    )
                    count += await self._memory.forget(scope, which)
        return count

    async def _read(self, scope: Scope, session_id: str, name: str) -> MemoryRecord | None:
        key = RecordKey(layer="sensory", id=name, user=scope.user, session_id=session_id)
        record = await self._memory.get(scope, key)
        is_gone = record is None or (record.valid_until and record.valid_until <= datetime.now(UTC).isoformat())
        return None if is_gone else record

    def _record(self, scope: Scope, session_id: str, name: str, text: str, data: Mapping[str, Any]) -> MemoryRecord:
        now = datetime.now(UTC)
        return MemoryRecord(
            tenant=scope.tenant, user=scope.user, session_id=session_id, layer="sensory", id=name, text=text,
            time=now.isoformat(timespec="milliseconds"), valid_until=(now + self._keeps).isoformat(), data=dict(data),
        )  # fmt: skip
