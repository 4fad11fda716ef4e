"""What runs of the past had done, read from the journal.

For the sentence about an interrupted run, and for going on with it.
"""

from __future__ import annotations

from typing import Any

from sanca.python_runtime.call_words import did_in_words
from sanca.python_runtime.journal import Journal
from sanca.python_runtime.language import answer_language, sentence
from sanca.python_runtime.refusals import BadRequestError, NotFoundError
from sanca.python_runtime.run_record import RunRecord, RunRequest, RunStatus
from sanca.python_runtime.run_store import RunStore


class WhatRunsDid:
    """Reads calls and their outcomes."""

    def __init__(self, journal: Journal, store: RunStore) -> None:
        self._journal = journal
        self._store = store

    async def tell(self, record: RunRecord) -> str:
        """Say that a run was cut off, and what it had done by then; counts its calls into the record."""
        language = answer_language(record.request.message, record.request.caller.language)
        calls = await self._calls(record.run_id)
        record.calls = len(calls)
        return sentence("interrupted", language) + did_in_words(calls, language)

    async def resolve(self, request: RunRequest) -> RunRequest:
        """Return a request to go on with an interrupted run as that run's own, with what it had done.

        Raises:
            NotFoundError: There is no such run of this caller.
            BadRequestError: That run is not over.
        """
        record = await self._store.get(request.continue_run_id)
        if record is None or not record.belongs_to(request.caller):
            raise NotFoundError(f"There is no run {request.continue_run_id!r} of yours.")
        if record.status not in (RunStatus.INTERRUPTED, RunStatus.CANCELLED, RunStatus.FAILED):
            raise BadRequestError(f"The run {record.run_id!r} was not cut off, so there is nothing to go on with.")
        old = record.request
        message = request.message or old.message
        action_code = "" if request.message else old.action_code
        language = answer_language(message, request.caller.language)
        done = did_in_words(await self._calls(record.run_id), language)
        return request.model_copy(update={"message": message, "action_code": action_code, "already_done": done})

    async def _calls(self, run_id: str) -> list[tuple[str, str]]:
        calls = await self._journal.calls(run_id)
        return [(f"{call['toolkit']}.{call['tool']}", _status(call)) for call in calls]


def _status(call: dict[str, Any]) -> str:
    """A call that was requested and never finished: nobody here knows whether it had its effect."""
    finished = call.get("finished")
    if finished is None:
        return "unknown"
    return "ok" if finished.get("ok") else str(finished.get("error", {}).get("kind", "failed"))
