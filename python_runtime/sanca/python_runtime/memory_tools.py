"""Answers what actions ask of memory: `sanca.recall`, `sanca.remember`, `sanca.forget_note`. Knows no store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast
from weakref import WeakKeyDictionary

from sanca.core.errors import BudgetExceededError, ToolArgumentError, ToolDeniedError, ToolNotFoundError
from sanca.core.memory import Hit, Layer, MemoryRecord, Query, RecordFilter, RecordKey, Scope
from sanca.core.untrusted import plain_text
from sanca.memory.knowledge import NOTE, NOTES, doubt_of, is_head
from sanca.memory.memory import Memory
from sanca.python_runtime.broker.memory_definitions import ABOUT_CHARS, LAYERS, MEMORY_TOOLS, NOTE_CHARS, RECALL_MOST
from sanca.python_runtime.live_run import LiveRun

NOTES_OF_RUN = 20
"""So many notes a run may keep: what goes wrong in a loop must not fill a person's memory."""
_TEXT_CHARS = 4_000
_ALL_CHARS = 40_000
_QUERY_CHARS = 8_000
_SHOWN_MOST = 8
_ASKED_BESIDES = 5
"""Asked for besides, because the message that the run serves and the heads of documents are left out."""
_OWN_SPEAKERS = frozenset({"user", "assistant"})


class MemoryTools:
    """The memory of the user for whom a run works, and their tenant's knowledge; nobody else's."""

    names = frozenset(tool.name for tool in MEMORY_TOOLS)

    def __init__(self, memory: Memory, recalls_for: Callable[[str], bool] = lambda _tenant: True) -> None:
        """Take what it works with.

        Args:
            memory: Keeps and finds.
            recalls_for: Whether a tenant's messages are answered with what is remembered.
        """
        self._memory = memory
        self._recalls_for = recalls_for
        self._notes: WeakKeyDictionary[LiveRun, int] = WeakKeyDictionary()

    async def answer(self, live: LiveRun, tool: str, arguments: Mapping[str, Any]) -> Any:
        """Answer a call of one of `names`.

        Raises:
            ToolArgumentError: An argument is empty or of no use.
            BudgetExceededError: The run kept all the notes that it may keep.
            ToolDeniedError: There is no user to keep a note for, or the tenant has recalling switched off.
            StoreError: The store refused, or does not answer.
        """
        match tool:
            case "recall":
                return await self._recall(live, arguments)
            case "remember":
                return await self._remember(live, arguments)
            case "forget_note":
                return await self._forget(live, str(arguments.get("id", "")))
        raise ToolNotFoundError(f"Memory has no tool {tool!r}.", tool_name=f"sanca.{tool}")

    async def _recall(self, live: LiveRun, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
        text = str(arguments.get("query", "")).strip()
        if not text:
            raise ToolArgumentError("sanca.recall needs a query: say what you look for.", argument="query")
        if not self._recalls_for(live.record.request.caller.tenant):
            raise ToolDeniedError("Recalling is switched off here (SANCA_MEMORY_RECALL); answer without it.")
        limit = min(max(int(arguments.get("limit") or 5), 1), RECALL_MOST)
        layers = tuple(cast(Layer, layer) for layer in arguments.get("layers") or LAYERS)
        query = Query(
            text=text[:_QUERY_CHARS],
            limit=limit + _ASKED_BESIDES,
            filter=RecordFilter(layers=layers),
            max_chars=_ALL_CHARS,
        )
        hits = await self._memory.recall(_scope(live), query)
        asked = live.record.request.message_id
        kept = [hit for hit in hits if hit.record.id != asked and not is_head(hit.record)]
        _show(live, kept[:limit])
        return [_told(hit) for hit in kept[:limit]]

    async def _remember(self, live: LiveRun, arguments: Mapping[str, Any]) -> dict[str, str]:
        scope = _scope(live)
        text, about = str(arguments.get("text", "")).strip(), str(arguments.get("about") or "").strip()
        if not text:
            raise ToolArgumentError("sanca.remember needs a text.", argument="text")
        if not scope.user:
            raise ToolDeniedError("sanca.remember keeps notes of a person, and this run has none.")
        kept = self._notes.get(live, 0)
        if kept >= NOTES_OF_RUN:
            raise BudgetExceededError(f"This run has kept {NOTES_OF_RUN} notes, which is all it may keep.")
        self._notes[live] = kept + 1
        note = _note(scope, live, plain_text(text, NOTE_CHARS), plain_text(about, ABOUT_CHARS))
        await self._memory.add([note])
        found = await self._memory.get(scope, note.key)
        return {"id": note.id, "text": found.text if found else note.text}

    async def _forget(self, live: LiveRun, note_id: str) -> bool:
        scope = _scope(live)
        found = await self._memory.get(scope, RecordKey(layer="knowledge", id=note_id, user=scope.user))
        if found is None or found.data.get("kind") != NOTE:
            return False
        which = RecordFilter(layers=("knowledge",), documents=(NOTES,), ids=(note_id,), own_only=True)
        return await self._memory.forget(scope, which) > 0


def _scope(live: LiveRun) -> Scope:
    caller = live.record.request.caller
    return Scope(tenant=caller.tenant, user=caller.user)


def _show(live: LiveRun, hits: Sequence[Hit]) -> None:
    """Have the round tell the page what it recalled, each once."""
    if live.state is None:
        return
    recalled = live.state.round.recalled
    for hit in hits:
        if hit.score < hits[0].score / 2:  # the action sees it, but hardly used it
            break
        record = hit.record
        one = {"layer": record.layer, "id": record.id, "session_id": record.session_id, "citation": hit.citation}
        if one not in recalled and len(recalled) < _SHOWN_MOST:
            recalled.append(one)


def _note(scope: Scope, live: LiveRun, text: str, about: str) -> MemoryRecord:
    """Return a note; the same one again is the same record."""
    now = datetime.now(UTC)
    digest = hashlib.sha256(f"{about}\0{text}".encode()).hexdigest()[:16]
    request = live.record.request
    return MemoryRecord(
        tenant=scope.tenant,
        user=scope.user,
        layer="knowledge",
        id=f"note-{digest}",
        text=text,
        title=about,
        time=now.isoformat(timespec="seconds"),
        document=NOTES,
        source=f"note of {now:%Y-%m-%d}",
        data={"kind": NOTE, "run_id": request.run_id, "session_id": request.session_id},
    )


def _told(hit: Hit) -> dict[str, Any]:
    record = hit.record
    outside = _is_outside(record)
    return {
        "text": plain_text(record.text, _TEXT_CHARS) if outside else record.text[:_TEXT_CHARS],
        "source": plain_text(hit.citation or record.source or record.id, 300),
        "layer": record.layer,
        "title": plain_text(record.title, 300),
        "time": record.time,
        "score": round(hit.score, 4),
        "outside": outside,
        "doubt": plain_text(doubt_of(record), 500),
        "id": record.id,
    }


def _is_outside(record: MemoryRecord) -> bool:
    """Whether others than the user and the engine wrote it: documents, pages, people in imported conversations.

    A note was written by an action, perhaps out of what a tool gave, and counts as outside too.
    """
    if record.layer == "message":
        return record.speaker not in _OWN_SPEAKERS
    return record.layer in {"knowledge", "sensory"}
