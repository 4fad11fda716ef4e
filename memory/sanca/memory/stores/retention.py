"""Forgets what is older than it may be kept: messages, and the days that sum them up. The same on every store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import anyio.to_thread
import structlog
from sanca.core.errors import StoreError
from sanca.core.memory import RecordFilter, RecordStore, Scope
from sanca.memory.day_summaries import day_file

log = structlog.get_logger()

_DAY_SECONDS = 86_400.0
_AGAIN_SECONDS = 600.0


class Retention:
    """Lifecycle: `keep` runs until it is cancelled; `run_once` may be called by itself."""

    def __init__(self, store: RecordStore, keep_days: int, days_folder: Path | None) -> None:
        """Take the store, how long messages are kept (0: for good), and the folder of the days' Markdown."""
        self._store = store
        self._keep_days = keep_days
        self._folder = days_folder

    async def keep(self) -> None:
        """Forget now and once a day; sooner again where the store did not answer."""
        while self._keep_days:
            wait = _DAY_SECONDS
            try:
                if forgotten := await self.run_once(datetime.now(UTC)):
                    log.info("old_memory_forgotten", records=forgotten, older_than_days=self._keep_days)
            except StoreError as error:
                log.warning("old_memory_not_forgotten", reason=str(error))
                wait = _AGAIN_SECONDS
            await anyio.sleep(wait)

    async def run_once(self, now: datetime) -> int:
        """Forget what is older than the kept days; return how many records there were.

        Raises:
            StoreError: The store does not answer or refuses; what was forgotten stays so.
        """
        if not self._keep_days:
            return 0
        before = now - timedelta(days=self._keep_days)
        return await self._forget_messages(before.isoformat()) + await self._forget_days(before.date().isoformat())

    async def _forget_messages(self, before: str) -> int:
        old = RecordFilter(layers=("message",), until=before)
        sessions = {
            (Scope(tenant=one.tenant, user=one.user), one.session_id)
            async for page, _ in self._store.scan(None, old)
            for one in page
        }
        count = 0
        for scope, session_id in sorted(sessions, key=str):
            which = RecordFilter(layers=("message",), until=before, session_ids=(session_id,), own_only=True)
            count += await self._store.delete(scope, which)
        return count

    async def _forget_days(self, before: str) -> int:
        """Forget the days before this one, files first: by the records the next run finds what was left."""
        days = {
            (Scope(tenant=one.tenant, user=one.user), one.document)
            async for page, _ in self._store.scan(None, RecordFilter(layers=("summary",)))
            for one in page
            if one.document < before
        }
        count = 0
        for scope, day in sorted(days, key=str):
            if self._folder is not None:
                path = day_file.path_of(self._folder, scope.tenant, scope.user, day)
                await anyio.to_thread.run_sync(lambda path=path: path.unlink(missing_ok=True))  # type: ignore[misc]  # a lambda's default has no type
            count += await self._store.delete(scope, RecordFilter(layers=("summary",), documents=(day,), own_only=True))
        return count
