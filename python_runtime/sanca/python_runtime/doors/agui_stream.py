"""A run's events as server-sent events with ids, so that a connection that broke goes on where it was. Knows no run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

import orjson
import structlog
from sanca.core.agent_runner import RunEvent
from sanca.core.door_errors import sentence_of
from sanca.core.errors import BadRequestError
from sse_starlette.event import ServerSentEvent

log = structlog.get_logger()

LINE_END = "\n"


class EventPlace(NamedTuple):
    """An event of a session: the run, and its number there."""

    run_id: str
    seq: int


def id_of(event: RunEvent) -> str | None:
    """Return the event's id; None for one that comes again (of a run that is held)."""
    return f"{event.run_id}:{event.seq}" if event.seq else None


def place_of(event_id: str) -> EventPlace | None:
    """Return what an event's id names; None when it is empty.

    Raises:
        BadRequestError: It is no id of ours.
    """
    if not event_id:
        return None
    run_id, _, seq = event_id.rpartition(":")
    if not run_id or not seq.isdecimal() or not seq.isascii() or len(seq) > 12:
        raise BadRequestError(f"{event_id[:100]!r} is no event id: it has the form <run>:<number>.")
    return EventPlace(run_id, int(seq))


async def server_sent(events: AsyncIterator[RunEvent], *, needs_end: bool) -> AsyncIterator[ServerSentEvent]:
    """Yield the events as they are to be sent.

    A stream that fails, or ends without having said how (`needs_end`), ends with a RUN_ERROR.
    """
    has_ended = False
    try:
        async for event in events:
            has_ended = event.last
            yield ServerSentEvent(event.json, id=id_of(event), sep=LINE_END)
    except Exception as error:  # whatever it is, the client is told in a sentence
        log.warning("agui_stream_failed", error=repr(error))
        yield _error(sentence_of(error))
        return
    if needs_end and not has_ended:
        yield _error("The run ended without saying how.")


def _error(sentence: str) -> ServerSentEvent:
    told = orjson.dumps({"type": "RUN_ERROR", "message": sentence, "code": "failed"}).decode()
    return ServerSentEvent(told, sep=LINE_END)
