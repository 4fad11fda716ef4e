"""A run's record as a door may show it, with its files and with what it waits for. Reads; changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sanca.core.agent_runner import PendingAsk, RunFile, RunView
from sanca.core.messages import Caller
from sanca.core.ports import SessionStore
from sanca.python_runtime.asks import Ask
from sanca.python_runtime.live_run import LiveRun
from sanca.python_runtime.run_record import RunRecord, RunStatus


async def view_of(record: RunRecord, live: LiveRun | None, sessions: SessionStore) -> RunView:
    """Return the view of a run.

    Args:
        record: The run's record; of a run in memory the one that it changes.
        live: The run, when it is in memory.
        sessions: Where the records of files are.
    """
    if live is not None:
        live.note_progress()
    asked = live.waiting_for if live is not None and record.status is RunStatus.NEEDS_INPUT else None
    request = record.request
    return RunView(
        run_id=record.run_id,
        session_id=record.session_id,
        status=record.status.value,
        message=request.text,
        message_id=request.message_id,
        channel=request.caller.channel,
        answer=record.answer,
        error=record.error,
        started_at=record.started_at,
        updated_at=record.updated_at or record.started_at,
        ask=pending_ask(asked) if asked is not None else None,
        files=await _files_of(record, sessions),
        cards=tuple(record.cards),
        evidence=record.evidence,
        usage=tuple(record.usage),
        seconds=record.seconds,
        calls=record.calls,
        last_seq=live.log.last_seq if live is not None else record.last_seq,
    )


def pending_ask(ask: Ask) -> PendingAsk:
    """Return what a run waits for, as a door may show it."""
    interrupt = ask.interrupt()
    return PendingAsk(
        id=ask.id,
        kind=ask.kind,
        message=ask.message,
        response_schema=interrupt.response_schema or {},
        metadata=interrupt.metadata or {},
        card=ask.card,
    )


def file_from(info: Mapping[str, Any]) -> RunFile:
    """Return a file's record without the place where it lies."""
    return RunFile(**{name: info[name] for name in RunFile.__dataclass_fields__})


async def _files_of(record: RunRecord, sessions: SessionStore) -> Sequence[RunFile]:
    caller: Caller = record.request.caller
    file_ids = dict.fromkeys((*record.request.file_ids, *record.output_ids))
    found = [await sessions.file(caller.tenant, caller.user, file_id) for file_id in file_ids]
    return tuple(file_from(info) for info in found if info)
