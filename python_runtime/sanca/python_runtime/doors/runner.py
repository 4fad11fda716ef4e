"""The engine as doors see it: `AgentRunner` over the open engine's runs, files, skills and gate. Speaks no protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio.to_thread
import orjson
from pydantic import ValidationError
from sanca.core.agent_runner import NewRun, RunEvent, RunFile, RunPage, RunStatusWord, RunView
from sanca.core.ids import new_session_id
from sanca.core.messages import Caller
from sanca.core.tools import CallOutcome, ToolkitDefinition
from sanca.python_runtime.asks import Answer
from sanca.python_runtime.doors.direct_calls import DirectCalls
from sanca.python_runtime.doors.file_names import with_suffix
from sanca.python_runtime.doors.views import file_from, view_of
from sanca.python_runtime.engine import Engine
from sanca.python_runtime.refusals import BadRequestError
from sanca.python_runtime.run_list import LIMIT_MOST, RunFilter, place_from, place_of
from sanca.python_runtime.run_record import RunRecord, RunRequest

_ID_CHARS = 256
_REASON_CHARS = 4_000
_REQUEST_FIELDS = ("action_code", "click", "source", "continue_run_id", "page", "replaces_message_id")
"""What `NewRun.rest` may hold; all else has a field of its own, or is the engine's to say."""


class EngineRunner:
    """Implements `sanca.core.agent_runner.AgentRunner`. One for all doors; from the engine's event loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._direct = DirectCalls(engine)

    async def close(self) -> None:
        """Return when every call that was made is written down; before the engine closes."""
        await self._direct.close()

    # -- runs ---------------------------------------------------------------------------------------------------------

    async def start(self, caller: Caller, new: NewRun) -> RunView:
        """Take a run in; it works whether or not anybody follows it."""
        for name in ("run_id", "message_id", "agui_run_id", "sender"):
            _check_text(getattr(new, name), name)
        session_id, rest = new.session_id or new_session_id(), _rest(new.rest)
        if new.data is not None:
            rest |= await self._put_data(caller, session_id, new.data)
        wanted = self._request(caller, session_id, new, rest)
        await self._engine.start(wanted)
        return await self.get(caller, wanted.run_id)

    def _request(self, caller: Caller, session_id: str, new: NewRun, rest: dict[str, Any]) -> RunRequest:
        added = rest.pop("added_file_ids", ())
        names = {name: getattr(new, name) for name in ("message", "run_id", "message_id", "agui_run_id", "sender")}
        try:
            return self._engine.request(session_id, caller, **names, file_ids=(*new.file_ids, *added), **rest)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise BadRequestError(f"The field {place} of the request is wrong: {first['msg']}.") from error

    async def _put_data(self, caller: Caller, session_id: str, data: Any) -> dict[str, Any]:
        """Keep structured data as a file of the session; a run is told its name."""
        try:
            content = orjson.dumps(data, option=orjson.OPT_INDENT_2)
        except (TypeError, RecursionError) as error:
            raise BadRequestError(f"The data of the message has no JSON form: {error}.") from error
        info = await self._engine.parts.files.put(caller, session_id, "data.json", content)
        return {"data_file": info.name, "added_file_ids": (info.file_id,)}

    async def follow(self, caller: Caller, run_id: str, after: int = 0) -> AsyncIterator[RunEvent]:
        """Yield the events after a number, then live ones, until the run is over or waits for a person."""
        runs = self._engine.parts.runs
        log = await runs.log_of(await runs.get(caller, run_id))
        async for event in log.follow(max(0, after)):
            yield RunEvent(run_id, event.seq, event.json, event.last)

    async def follow_session(
        self, caller: Caller, session_id: str, after_run_id: str = "", after_seq: int = 0
    ) -> AsyncIterator[RunEvent]:
        """Yield the events of a session's runs in order, or those after one event, until nothing is under way."""
        events = self._engine.attach_session(caller, session_id, after_run_id, max(0, after_seq))
        async for run_id, event in events:
            yield RunEvent(run_id, event.seq, event.json)

    async def answer(
        self,
        caller: Caller,
        run_id: str,
        ask_id: str,
        *,
        approved: bool,
        reason: str = "",
        value: Any = None,
        agui_run_id: str = "",
    ) -> int:
        """Answer what a run waits for; returns the number after which the events that follow begin."""
        _check_text(agui_run_id, "agui_run_id")
        answer = Answer(approved, reason[:_REASON_CHARS], value, caller.user)
        await self._engine.parts.runs.get(caller, run_id)
        return await self._engine.parts.runs.answer(caller, run_id, ask_id, answer, agui_run_id)

    async def cancel(self, caller: Caller, run_id: str) -> RunView:
        """Stop a run for good; returns when nothing of it leaves any more."""
        return await self._view(await self._engine.cancel(run_id, caller=caller))

    async def get(self, caller: Caller, run_id: str) -> RunView:
        """Return a run as it stands."""
        return await self._view(await self._engine.parts.runs.get(caller, run_id))

    async def list(
        self,
        caller: Caller,
        *,
        session_id: str = "",
        statuses: Collection[RunStatusWord] = (),
        channel: str = "",
        since: str = "",
        after: str = "",
        limit: int = 50,
    ) -> RunPage:
        """Return the caller's runs, the one that changed last first."""
        if not 1 <= limit <= LIMIT_MOST:
            raise BadRequestError(f"The limit must be from 1 to {LIMIT_MOST}, not {limit}.")
        place, changed = place_from(after), _utc(since)
        wanted = RunFilter(session_id, tuple(statuses), channel, changed, place, limit + 1)
        parts = self._engine.parts
        records, total = await parts.store.page(caller, wanted)
        shown = records[:limit]
        views = [await self._view(self._newest(record)) for record in shown]
        return RunPage(views, total, place_of(shown[-1]) if len(records) > limit else "")

    def _newest(self, record: RunRecord) -> RunRecord:
        live = self._engine.parts.runs.live(record.run_id)
        return live.record if live else record

    async def _view(self, record: RunRecord) -> RunView:
        parts = self._engine.parts
        return await view_of(record, parts.runs.live(record.run_id), parts.sessions)

    # -- files --------------------------------------------------------------------------------------------------------

    async def put_file(self, caller: Caller, session_id: str, name: str, media_type: str, data: bytes) -> RunFile:
        """Put a file into a session; its type is told by its name, as everywhere, and a name without one gets it."""
        info = await self._engine.parts.files.put(caller, session_id, with_suffix(name, media_type), data)
        return file_from(asdict(info))

    async def read_file(self, caller: Caller, file_id: str) -> tuple[RunFile, bytes]:
        """Return a file of the caller's."""
        info = await self._engine.parts.files.get(caller, file_id)
        return file_from(asdict(info)), await anyio.to_thread.run_sync(Path(info.path).read_bytes)

    # -- what it can do -----------------------------------------------------------------------------------------------

    async def skills(self, caller: Caller) -> Sequence[Mapping[str, str]]:
        """Return what it can do without a model."""
        parts = self._engine.parts
        there = [toolkit.name for toolkit in parts.broker.client.toolkits]
        await parts.learning.shelf.refresh(caller.scope)
        return parts.learning.shelf.of(caller.scope).listing(there)

    async def toolkits(self, caller: Caller) -> Sequence[ToolkitDefinition]:
        """Return the toolkits as of now."""
        return self._engine.parts.broker.client.toolkits

    async def call_tool(
        self, caller: Caller, session_id: str, toolkit: str, tool: str, arguments: Mapping[str, Any]
    ) -> CallOutcome | RunView:
        """Pass one call through the gate, as a run of its own without a model."""
        outcome = await self._direct.call(caller, session_id, toolkit, tool, arguments)
        return outcome if isinstance(outcome, CallOutcome) else await self._view(outcome)


def _rest(given: Mapping[str, Any]) -> dict[str, Any]:
    for name in given:
        if name not in _REQUEST_FIELDS:
            raise BadRequestError(f"A run has no field {name!r}.")
    return dict(given)


def _check_text(value: str, name: str) -> None:
    if len(value) > _ID_CHARS or not value.isprintable():
        raise BadRequestError(f"The {name} must be at most {_ID_CHARS} printable characters.")


def _utc(since: str) -> str:
    """Return a time as records spell it."""
    if not since:
        return ""
    try:
        given = datetime.fromisoformat(since)
        zoned = given if given.tzinfo else given.replace(tzinfo=UTC)
        return zoned.astimezone(UTC).isoformat(timespec="microseconds")
    except (ValueError, OverflowError) as error:
        raise BadRequestError(f"The time {since[:64]!r} is not ISO 8601.") from error
