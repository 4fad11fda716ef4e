"""A user's preferences: read, learned from messages, set, allowed again, forgotten. Knows no page and no prompt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sanca.core.memory import MemoryRecord, RecordFilter, RecordKey, Scope
from sanca.memory.memory import Memory
from sanca.memory.preferences.rules import Said, Wish, content_of, likeness, said_for_good

_OPPOSITE = {"dont": ("do", "habit"), "do": ("dont",), "habit": ("dont",)}
_SAME, _AGAINST = 0.85, 0.6
"""Shares of common words from which a wish says the same as an earlier one, or goes against it."""
_MOST = 200
"""Preferences of one user at most; then the oldest learned one gives way."""
_ZONE = re.compile(r"[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_+-]+)+|UTC")
_KIND_WORDS = {
    "role": r"^(?:my )?(?:role|job|position|title)s?$|^我?的?(?:角色|职位|岗位)$",
    "language": r"^(?:my )?(?:preferred )?languages?$|^我?的?语言(?:偏好)?$",
    "name": r"^(?:my )?(?:nick ?)?name$|^我?的?(?:名字|姓名)$",
    "habit": r"^(?:my )?habits?$|^我?的?习惯$",
    "time-zone": r"^(?:my )?time ?zone$|^我?的?时区$",
}
"""Kinds and ids by the words that people forget them by."""
TIME_ZONE = "time-zone"


@dataclass(frozen=True)
class Learned:
    """What a message changed."""

    kept: tuple[MemoryRecord, ...] = ()
    replaced: tuple[MemoryRecord, ...] = ()
    """What it went against, or said before in other words: not kept any more."""
    is_all: bool = False
    """Whether the message says nothing else."""
    rest: str = ""
    """What else it says."""

    def __bool__(self) -> bool:
        """Whether anything was changed."""
        return bool(self.kept or self.replaced)


class Preferences:
    """What a user wants, by tenant and user. A tenant's own (user "") hold for each of its users."""

    def __init__(self, memory: Memory) -> None:
        """Take where they are kept."""
        self._memory = memory

    async def all(self, scope: Scope) -> list[MemoryRecord]:
        """Return the user's and the tenant's, the newest last; a user's own stands before a tenant's of its id."""
        found: dict[str, MemoryRecord] = {}
        async for page, _ in self._memory.store.scan(scope, RecordFilter(layers=("preference",))):
            for record in page:
                if record.user or record.id not in found:
                    found[record.id] = record
        return sorted(found.values(), key=lambda one: one.updated_at)

    async def learn(self, scope: Scope, message: str, *, run_id: str = "") -> Learned:
        """Keep what a message says for good. What contradicts it, or says the same, is replaced.

        Raises:
            StoreUnavailableError: The store does not answer; nothing was learned.
        """
        return await self.keep(scope, said_for_good(message), run_id=run_id)

    async def keep(self, scope: Scope, said: Said, *, run_id: str = "") -> Learned:
        """Keep what was found in a message, as `learn` does.

        Raises:
            StoreUnavailableError: The store does not answer; nothing was learned.
        """
        if not said.wishes and not said.allows:
            return Learned()
        known = [one for one in await self.all(scope) if one.user == scope.user]
        made = [self._record(scope, wish, run_id) for wish in said.wishes]
        gone = {one.id: one for wish in said.wishes for one in known if _gives_way(one, wish)}
        allowed = [content_of(text) for text in said.allows]
        gone |= {one.id: one for one in known if one.data.get("kind") == "dont" and _is_allowed(one, allowed)}
        if not made and not gone:
            return Learned()
        await self._make_room(scope, known, len(made) - len(gone))
        await self._memory.add(made)
        kept_ids = {one.id for one in made}
        await self._forget_ids(scope, [name for name in gone if name not in kept_ids])
        replaced = tuple(one for one in gone.values() if one.text not in {record.text for record in made})
        is_all = not said.rest or (not said.wishes and said.rest == " ".join(said.allows))
        return Learned(tuple(made), replaced, is_all, said.rest)

    async def set(
        self, scope: Scope, name: str, text: str, kind: str, *, by: str = "user", **data: Any
    ) -> MemoryRecord:
        """Keep a preference under its id as the user, or a rule, says; returns it."""
        facts = {"kind": kind, "by": by, "run_id": "", **data}
        record = MemoryRecord(
            tenant=scope.tenant, user=scope.user, layer="preference", id=name, text=text, time=_now(), data=facts
        )
        await self._memory.add([record])
        return record

    async def forget(self, scope: Scope, ids: Sequence[str]) -> int:
        """Forget some of the user's own; returns how many there were."""
        return await self._forget_ids(scope, ids)

    async def about(self, scope: Scope, words: str) -> list[MemoryRecord]:
        """Return the user's own that are about what the words name, the best first."""
        own = [one for one in await self.all(scope) if one.user == scope.user]
        named = next((kind for kind, said in _KIND_WORDS.items() if re.search(said, words, re.IGNORECASE)), "")
        if of_kind := [one for one in own if named and named in (one.id, one.data.get("kind"))]:
            return of_kind
        wanted = content_of(words)
        scored = [(len(wanted & content_of(f"{one.text} {one.id}")) / max(1, len(wanted)), one) for one in own]
        return [one for score, one in sorted(scored, key=lambda it: -it[0]) if score >= 0.5]

    async def language(self, scope: Scope) -> str:
        """Return the English name of the language to answer in; empty: the message's own."""
        record = await self._read(scope, "language")
        return language_in(record) if record else ""

    async def time_zone(self, scope: Scope) -> str:
        """Return the user's time zone, an IANA name; empty when it is not known."""
        record = await self._read(scope, TIME_ZONE)
        return zone_in(record) if record else ""

    async def note_time_zone(self, scope: Scope, name: str) -> None:
        """Remember where the user's days begin, as the page tells it; what the user said or wrote stays."""
        key = RecordKey(layer="preference", id=TIME_ZONE, user=scope.user)
        record = await self._memory.get(scope, key)
        is_told = record is not None and zone_in(record) != record.data.get("time_zone")
        if is_told or not is_zone(name) or (record is not None and zone_in(record) == name):
            return
        await self.set(scope, TIME_ZONE, f"My time zone is {name}.", "habit", by="learned", time_zone=name)

    async def _read(self, scope: Scope, name: str) -> MemoryRecord | None:
        """Return the user's own, else the tenant's."""
        keys = [RecordKey(layer="preference", id=name, user=user) for user in dict.fromkeys((scope.user, ""))]
        return next(iter(await self._memory.store.get(scope, keys)), None)

    def _record(self, scope: Scope, wish: Wish, run_id: str) -> MemoryRecord:
        data = {"kind": wish.kind, "by": "learned", "run_id": run_id}
        if wish.language:
            data["language"] = wish.language
        return MemoryRecord(
            tenant=scope.tenant, user=scope.user, layer="preference", id=wish.id, text=wish.text, time=_now(),
            source=run_id, data=data,
        )  # fmt: skip

    async def _make_room(self, scope: Scope, known: Sequence[MemoryRecord], more: int) -> None:
        over = len(known) + more - _MOST
        learned = [one.id for one in known if one.data.get("by") == "learned"]
        if over > 0 and learned:
            await self._forget_ids(scope, learned[:over])

    async def _forget_ids(self, scope: Scope, ids: Sequence[str]) -> int:
        if not ids:
            return 0
        return await self._memory.forget(scope, RecordFilter(layers=("preference",), ids=tuple(ids), own_only=True))


def language_in(record: MemoryRecord) -> str:
    """Return the language a preference names: what was learned with it, unless its text was edited since."""
    wish = next((one for one in said_for_good(record.text).wishes if one.kind == "language"), None)
    return wish.language if wish else str(record.data.get("language", ""))


def zone_in(record: MemoryRecord) -> str:
    """Return the time zone that a preference names; empty when it names none that there is."""
    return next((name for name in _ZONE.findall(record.text) if is_zone(name)), "")


def is_zone(name: str) -> bool:
    """Whether it names a time zone."""
    try:
        return bool(name) and ZoneInfo(name) is not None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def _gives_way(known: MemoryRecord, wish: Wish) -> bool:
    if known.id == wish.id:
        return True
    kind, alike = known.data.get("kind", ""), likeness(content_of(known.text), content_of(wish.text))
    return (alike >= _SAME and kind == wish.kind) or (alike >= _AGAINST and kind in _OPPOSITE.get(wish.kind, ()))


def _is_allowed(known: MemoryRecord, allowed: Sequence[frozenset[str]]) -> bool:
    forbidden = content_of(known.text)
    return any(likeness(forbidden, one) >= _AGAINST for one in allowed)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
