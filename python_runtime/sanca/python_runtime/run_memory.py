"""What a run does with memory at its beginning and end: the page it saw, and what is kept of what was said."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfoNotFoundError

import anyio.to_thread
import structlog
from sanca.core.errors import SancaError
from sanca.memory.sensory import Seen, Sensory
from sanca.python_runtime.memory_parts import MemoryParts
from sanca.python_runtime.run_record import PageContext, RunRequest

log = structlog.get_logger()

_THIS_PAGE = re.compile(
    r"\b(?:this|the|that|current) (?:page|site|screen|dashboard|view)\b"
    r"|(?:这个?|本|当前|该)(?:页面?|网页|界面|看板|屏)",
    re.IGNORECASE,
)
_SELECTED = re.compile(
    r"\b(?:selected|selection|highlighted|marked)\b|选中|选择的|选的|划的|标记的|高亮", re.IGNORECASE
)
_BEFORE = re.compile(
    r"\b(?:before|earlier|previous(?:ly)?|last|first|just now|a moment ago)\b|之前|刚才|上一?次|先前|前面|上一个",
    re.IGNORECASE,
)


class RunMemory:
    """One engine's. Safe to use from many runs."""

    def __init__(self, parts: MemoryParts) -> None:
        """Take what is remembered by."""
        self._parts = parts
        self._sensory = Sensory(parts.memory, minutes=parts.settings.sensory_minutes)

    async def masked(self, text: str) -> str:
        """Return a message as it may be kept: what is secret in it named, not shown."""
        return await anyio.to_thread.run_sync(self._parts.own_words.mask, text)

    async def look(self, request: RunRequest) -> RunRequest:
        """Return the request with what its page, or one of some minutes ago, shows; keeps what this one shows."""
        if request.click is not None or not self._parts.settings.recalls_for(request.caller.tenant):
            return request
        try:
            page = await self._page(request)
            if request.page is not None:
                await self._keep(request, request.page)
        except (SancaError, ZoneInfoNotFoundError) as error:
            log.warning("page_not_remembered", reason=str(error))
            return request
        return request if page == request.page else request.model_copy(update={"page": page})

    async def _page(self, request: RunRequest) -> PageContext | None:
        scope, session_id, page = request.caller.scope, request.session_id, request.page
        if page is None and _THIS_PAGE.search(request.message):
            seen = await self._sensory.page(scope, session_id)
            page = PageContext(url=seen.url, title=seen.title, time_zone=seen.time_zone) if seen else None
        if not _SELECTED.search(request.message):
            return page
        now = page.selection.strip() if page else ""
        if now and not _BEFORE.search(request.message):
            return page
        earlier = [one["text"] for one in await self._sensory.selections(scope, session_id) if one["text"] != now]
        if not earlier:
            return page
        known = page or PageContext()
        if now:
            return known.model_copy(update={"selected_before": earlier[0]})
        return known.model_copy(update={"selection": earlier[0]})

    async def _keep(self, request: RunRequest, page: PageContext) -> None:
        scope = request.caller.scope
        seen = Seen(url=page.url, title=page.title, selection=page.selection, time_zone=page.time_zone)
        await self._sensory.note(scope, request.session_id, seen)
        if page.time_zone:
            await self._parts.preferences.note_time_zone(scope, page.time_zone)
