"""Has the files of known documents looked at again while the engine runs. How, is the memory room's business."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import anyio
import structlog
from sanca.core.errors import SancaError
from sanca.memory import MemorySettings
from sanca.memory.knowledge import KnowledgeBase, recheck

log = structlog.get_logger()

_FIRST_AFTER_SECONDS = 300.0
_LOOKS_OF_PERIOD = 4


async def keep_knowledge_fresh(
    knowledge: KnowledgeBase, settings: MemorySettings, *, first_after_seconds: float = _FIRST_AFTER_SECONDS
) -> None:
    """Check again, for ever, what was not looked at for `SANCA_MEMORY_KNOWLEDGE_RECHECK_HOURS`.

    It looks four times in that period, so that an engine that is started anew each day comes to it, too. A store that
    is down is tried again the next time.
    """
    period = timedelta(hours=settings.knowledge_recheck_hours)
    if not period:
        return
    await anyio.sleep(first_after_seconds)
    while True:
        try:
            await recheck(knowledge, not_since=datetime.now(UTC) - period)
        except SancaError as error:
            log.warning("knowledge_recheck_put_off", reason=str(error))
        await anyio.sleep(period.total_seconds() / _LOOKS_OF_PERIOD)
