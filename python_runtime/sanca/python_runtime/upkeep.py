"""Keeps day summaries up to date and forgets what pages showed, gently and while nothing is going on.

Forgetting by age, catching up with vectors, and looking at documents again keep their own time (wiring.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import anyio
import structlog
from sanca.core.errors import SancaError
from sanca.core.memory import Scope
from sanca.memory.sensory import Sensory
from sanca.python_runtime.memory_parts import MemoryParts

log = structlog.get_logger()

_FIRST_SECONDS, _SECONDS = 20.0, 60.0
_DAYS_AT_ONCE = 5
"""So many days a minute: those of a long time away are caught up with, and nobody notices."""


class Upkeep:
    """Lifecycle: `keep` runs until it is cancelled; `run_once` may be called by itself."""

    def __init__(
        self, parts: MemoryParts, is_idle: Callable[[], bool], *, clock: Callable[[], datetime] | None = None
    ) -> None:
        """Take what is kept up, and what tells whether anything is going on."""
        self._parts = parts
        self._is_idle = is_idle
        self._clock = clock or (lambda: datetime.now(UTC))
        self._sensory = Sensory(parts.memory, minutes=parts.settings.sensory_minutes)

    async def keep(self) -> None:
        """Look after it each minute; what fails is told in the log and tried again the next time."""
        await anyio.sleep(_FIRST_SECONDS)
        while True:
            if self._is_idle():
                await self._tried()
            await anyio.sleep(_SECONDS)

    async def run_once(self) -> list[tuple[Scope, str]]:
        """Take what people changed in files, sum up days that are over, forget old pages; returns the days summed up.

        Raises:
            SancaError: The store refuses or does not answer; what is done stays so.
        """
        for scope, day in await self._parts.days.changed_files():
            await self._parts.days.take_edits(scope, day)
        await self._parts.open_days.follow()
        done = []
        for scope, day in (await self._parts.open_days.over(self._clock()))[:_DAYS_AT_ONCE]:
            if self._parts.settings.recalls_for(scope.tenant):
                await self._parts.days.compact(scope, day, await self._parts.zone(scope))
                done.append((scope, day))
            self._parts.open_days.done(scope, day)
        await self._sensory.forget_expired()
        return done

    async def _tried(self) -> None:
        try:
            done = await self.run_once()
        except SancaError as error:
            log.warning("memory_upkeep_put_off", reason=str(error))
        except Exception:  # a fault here must not end the engine, nor go unseen
            log.exception("memory_upkeep_broke")
        else:
            if done:
                log.info("days_summed_up", days=len(done))
