"""Tells users that the memory store is down: each once an outage, in the run that meets it. Mends nothing."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from sanca.python_runtime.language import answer_language, sentence
from sanca.python_runtime.live_run import LiveRun
from sanca.python_runtime.run_record import RunStatus
from sanca.python_runtime.run_work import Finish


@runtime_checkable
class KnowsOutages(Protocol):
    """A store that may be down for a while."""

    def untold(self, tenant: str, user: str) -> bool:
        """Whether there is an outage that this user does not know of; asking counts as telling."""


class TellingFinish:
    """Ends runs, and tells before that of an outage that began before or in the run."""

    def __init__(self, finish: Finish, store: object) -> None:
        self._finish = finish
        self._store = store if isinstance(store, KnowsOutages) else None

    async def __call__(self, live: LiveRun, status: RunStatus, *, error: str = "", code: str = "failed") -> None:
        """Give the run its one end."""
        self.tell(live)
        await self._finish(live, status, error=error, code=code)

    def tell(self, live: LiveRun) -> None:
        """Show the notice where it is due."""
        request = live.record.request
        if self._store is not None and self._store.untold(request.caller.tenant, request.caller.user):
            language = answer_language(request.message, request.caller.language)
            live.reporter.notice(sentence("memory_down", language), level="warning", code="memory_down")
