"""What a message is given from memory: preferences, knowledge, and what was said before that fits it. Changes nothing.

Each has its own share of the prompt (sanca.prompts). A memory that does not answer costs a message nothing but itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sanca.core.errors import SancaError
from sanca.core.memory import Hit, MemoryRecord, Query, RecordFilter, Scope
from sanca.core.messages import Message
from sanca.memory.day_summaries import brief_of
from sanca.memory.knowledge import doubt_of
from sanca.memory.retrieval.words import STOP_WORDS, raw_words
from sanca.memory.text import index_terms
from sanca.prompts import Recalled
from sanca.python_runtime.memory_parts import MemoryParts
from sanca.python_runtime.run_record import RunRequest

log = structlog.get_logger()

_SURE = 0.3
"""A score from which something fits without sharing a word. Below it scores tell which fits better, not whether any
does: the message itself is among what is compared, and outdoes the rest."""
_SHARED, _SHARE = 2, 0.25
"""What fits shares so many of the message's telling words (or the only one), and such a part of them."""
_MOST = 6
_KNOWLEDGE_CHARS, _OTHERS_CHARS, _EARLIER_CHARS = 5_000, 3_500, 3_500
_TEXT_CHARS, _BRIEF_CHARS = 1_200, 900
_READ_FOR_BRIEF = 200
_QUERY_CHARS = 2_000
_HALF_LIFE_DAYS = 180.0
_SHOWN = 8
"""How many records a round names as recalled."""


@dataclass(frozen=True)
class Remembered:
    """What of memory fits a message."""

    preferences: tuple[str, ...] = ()
    knowledge: tuple[Recalled, ...] = ()
    recalled: tuple[Recalled, ...] = ()
    """From other sessions."""
    earlier: tuple[Recalled, ...] = ()
    """From this session, before the messages that are shown anyway."""
    shown: tuple[dict[str, str], ...] = ()
    """`layer, id, session_id, citation` of each, the best first, as a round tells the page."""


class Recollection:
    """Looks up what fits a message. Safe to call from many runs."""

    def __init__(self, parts: MemoryParts, *, history_messages: int) -> None:
        """Take where it looks, and how many messages of a session prompts show anyway."""
        self._parts = parts
        self._history = history_messages

    async def fitting(self, request: RunRequest, text: str, history: Sequence[Message]) -> Remembered:
        """Return what fits a message; nothing when the tenant does without, or the memory does not answer."""
        if not self._parts.settings.recalls_for(request.caller.tenant):
            return Remembered()
        try:
            return await self._fitting(request, text[:_QUERY_CHARS], history)
        except SancaError as error:
            log.warning("nothing_recalled", reason=str(error))
            return Remembered()

    async def _fitting(self, request: RunRequest, text: str, history: Sequence[Message]) -> Remembered:
        scope = request.caller.scope
        wishes = await self._parts.preferences.all(scope)
        known = await self._parts.knowledge.recall(scope, Query(text=text, limit=_MOST, max_chars=_KNOWLEDGE_CHARS))
        knowledge = [one for one in known if _fits(text, one)]
        others = await self._others(scope, request.session_id, text)
        earlier, brief = await self._earlier(request, text, history)
        best = sorted([*knowledge, *others, *earlier], key=lambda hit: -hit.score)
        return Remembered(
            preferences=tuple(one.text for one in wishes),
            knowledge=tuple(_told(hit, doubt_of(hit.record)) for hit in knowledge),
            recalled=tuple(map(_told, others)),
            earlier=(*brief, *map(_told, sorted(earlier, key=lambda hit: hit.record.position))),
            shown=tuple(map(_shown, best[:_SHOWN])),
        )

    async def _others(self, scope: Scope, session_id: str, text: str) -> list[Hit]:
        which = RecordFilter(layers=("message", "summary"), not_session_ids=(session_id,), own_only=True)
        query = Query(text=text, limit=_MOST, filter=which, half_life_days=_HALF_LIFE_DAYS, max_chars=_OTHERS_CHARS)
        hits = await self._parts.memory.recall(scope, query)
        return [one for one in hits if _fits(text, one) and not _is_mark(one.record)]

    async def _earlier(
        self, request: RunRequest, text: str, history: Sequence[Message]
    ) -> tuple[list[Hit], list[Recalled]]:
        """Return what fits of this session's messages that the prompt does not show, and the rest of them in short."""
        if len(history) < self._history - 1:
            return [], []
        scope, session_id = request.caller.scope, request.session_id
        shown = {request.message_id, *(one.id for one in history)}
        which = RecordFilter(layers=("message",), session_ids=(session_id,))
        query = Query(text=text, limit=2 * _MOST, filter=which, max_chars=_EARLIER_CHARS)
        hits = await self._parts.memory.recall(scope, query)
        fitting = [one for one in hits if one.record.id not in shown and _fits(text, one)][:_MOST]
        return fitting, await self._in_short(scope, session_id, shown, {one.record.id for one in fitting})

    async def _in_short(self, scope: Scope, session_id: str, shown: set[str], fitting: set[str]) -> list[Recalled]:
        """Return the telling sentences of the session's messages that are shown nowhere else."""
        rest: list[MemoryRecord] = []
        which = RecordFilter(layers=("message",), session_ids=(session_id,), own_only=True)
        async for page, _ in self._parts.memory.store.scan(scope, which, newest_first=True, page=_READ_FOR_BRIEF):
            rest = [one for one in page if one.id not in shown and one.id not in fitting]
            break  # what is older was told by the summaries of its days
        if not rest:
            return []
        text = brief_of(sorted(rest, key=lambda one: one.position), _BRIEF_CHARS)
        return [Recalled(text, "this session before, in short")] if text else []


def _fits(text: str, hit: Hit) -> bool:
    """Whether a hit is about what a message is about, rather than merely the nearest; its own words tell nothing."""
    if hit.record.text.strip() == text.strip():
        return False
    asked = _telling(text)
    shared = len(asked & _telling(f"{hit.record.title} {hit.record.text}"))
    return hit.score >= _SURE or (shared >= min(_SHARED, len(asked)) > 0 and shared >= _SHARE * len(asked))


def _telling(text: str) -> frozenset[str]:
    """Return the words that name something; of Chinese pairs of characters."""
    words = " ".join(word for word in raw_words(text) if word not in STOP_WORDS)
    return frozenset(term for term in index_terms(words) if len(term) > 1 or term.isdigit())


def _told(hit: Hit, doubt: str = "") -> Recalled:
    text = hit.record.text
    shown = text if len(text) <= _TEXT_CHARS else f"{text[:_TEXT_CHARS]}…"
    return Recalled(shown, hit.citation, doubt)


def _shown(hit: Hit) -> dict[str, str]:
    record = hit.record
    return {"layer": record.layer, "id": record.id, "session_id": record.session_id, "citation": hit.citation}


def _is_mark(record: MemoryRecord) -> bool:
    """Whether it only lists the titles of a day's sections."""
    return record.layer == "summary" and record.position == 0
