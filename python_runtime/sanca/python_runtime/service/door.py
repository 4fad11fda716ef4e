"""What each method of engine.proto does, on an open engine. Checks what comes in; the work is the engine's."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import grpc
import structlog
from sanca.core.errors import ConfigurationError, DocumentError, RecordConflictError, RunError, SancaError, StoreError
from sanca.core.messages import Caller
from sanca.memory.stores.outbox.buffered import BufferedStore
from sanca.python_runtime.asks import Answer
from sanca.python_runtime.engine import Engine
from sanca.python_runtime.refusals import BadRequestError, NotAllowedError, NotFoundError, NotWaitingError
from sanca.python_runtime.service import conversions as convert
from sanca.python_runtime.service import engine_pb2 as pb
from sanca.python_runtime.service.incoming import read_file
from sanca.python_runtime.service.memory_door import MemoryDoor
from sanca.python_runtime.version import VERSION

log = structlog.get_logger()

_STATUSES: tuple[tuple[type[SancaError], grpc.StatusCode], ...] = (
    (NotFoundError, grpc.StatusCode.NOT_FOUND),
    (NotAllowedError, grpc.StatusCode.PERMISSION_DENIED),
    (NotWaitingError, grpc.StatusCode.FAILED_PRECONDITION),
    (BadRequestError, grpc.StatusCode.INVALID_ARGUMENT),
    (ConfigurationError, grpc.StatusCode.INVALID_ARGUMENT),
    (RunError, grpc.StatusCode.UNAVAILABLE),
    (RecordConflictError, grpc.StatusCode.ABORTED),
    (DocumentError, grpc.StatusCode.INVALID_ARGUMENT),
    (StoreError, grpc.StatusCode.UNAVAILABLE),
)
_CHUNK_BYTES = 256 * 1024
_LIST_LIMIT = 200
_MASKED_CHARS = 20_000
_COMMENT_CHARS = 4_000
_TITLE_CHARS = 200


class EngineDoor(MemoryDoor):
    """One method for each of engine.proto, by its name in snake case."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._began_at = time.monotonic()
        self.http = self.a2a_grpc = ""
        """Where the doors are, once they are open."""

    def status_of(self, error: SancaError) -> grpc.StatusCode:
        """Return the status that stands for an error."""
        return next((status for kind, status in _STATUSES if isinstance(error, kind)), grpc.StatusCode.UNKNOWN)

    # -- runs ---------------------------------------------------------------------------------------------------------

    async def start_run(self, request: pb.StartRunRequest) -> AsyncIterator[pb.RunEvent]:
        """Take a run in and stream its events until its AG-UI run ends."""
        caller = convert.caller_from(request.caller)
        wanted = self._engine.request(request.session_id, caller, **convert.run_input_from(request))
        events = await self._engine.start(wanted)
        async for event in events.follow(until="first_end"):
            yield convert.event_message(wanted.run_id, event)

    async def attach_run(self, request: pb.AttachRunRequest) -> AsyncIterator[pb.RunEvent]:
        """Stream a run's events after a number."""
        caller = convert.caller_from(request.caller)
        async for event in self._engine.attach_run(caller, request.run_id, request.from_seq):
            yield convert.event_message(request.run_id, event)

    async def attach_session(self, request: pb.AttachSessionRequest) -> AsyncIterator[pb.RunEvent]:
        """Stream all events of a session, or those after one of them, then those of its live runs."""
        caller = convert.caller_from(request.caller)
        after = (request.after_run_id, request.after_seq)
        async for run_id, event in self._engine.attach_session(caller, request.session_id, *after):
            yield convert.event_message(run_id, event._replace(last=False))

    async def cancel_run(self, request: pb.CancelRunRequest) -> pb.RunSummary:
        """Stop a run for good."""
        caller = convert.caller_from(request.caller)
        return convert.summary_message(await self._engine.cancel(request.run_id, caller=caller))

    async def answer(self, request: pb.AnswerRequest) -> AsyncIterator[pb.RunEvent]:
        """Take an answer and stream what follows."""
        caller = convert.caller_from(request.caller)
        value = convert.json_value(request.value_json, "value_json")
        answer = Answer(request.approved, request.reason[:_COMMENT_CHARS], value, caller.user)
        events, after = await self._engine.answer_interrupt(
            caller, request.run_id, request.interrupt_id, answer, request.agui_run_id
        )
        async for event in events.follow(after, until="first_end"):
            yield convert.event_message(events.run_id, event)

    async def get_run(self, request: pb.GetRunRequest) -> pb.RunSummary:
        """Say how a run stands."""
        caller = convert.caller_from(request.caller)
        return convert.summary_message(await self._engine.parts.runs.get(caller, request.run_id))

    async def list_runs(self, request: pb.ListRunsRequest) -> pb.ListRunsReply:
        """List the newest runs of a session, in order."""
        caller = convert.caller_from(request.caller)
        records = await self._engine.parts.runs.of_session(caller, request.session_id)
        newest = records[-_limit(request.limit) :]
        return pb.ListRunsReply(runs=[convert.summary_message(record) for record in newest])

    def _masked(self, text: str) -> str:
        """Return a person's words as they may be kept."""
        return self._engine.parts.remembering.own_words.mask(text[:_MASKED_CHARS])

    # -- sessions -----------------------------------------------------------------------------------------------------

    async def list_sessions(self, request: pb.ListSessionsRequest) -> pb.ListSessionsReply:
        """List the caller's sessions, most recently used first."""
        caller, parts = convert.caller_from(request.caller), self._engine.parts
        found = await parts.sessions.list_sessions(caller.tenant, caller.user, limit=_limit(request.limit))
        live = {str(record.session_id): record.run_id for record in await parts.store.live()}
        return pb.ListSessionsReply(
            sessions=[pb.Session(**one, live_run_id=live.get(one["session_id"], "")) for one in found]
        )

    async def rename_session(self, request: pb.RenameSessionRequest) -> pb.Session:
        """Give a session a title."""
        caller, title = convert.caller_from(request.caller), self._masked(request.title.strip())[:_TITLE_CHARS]
        if not title:
            raise BadRequestError("The title is empty.")
        await self._check_session(caller, request.session_id)
        await self._engine.parts.sessions.rename_session(caller.tenant, caller.user, request.session_id, title)
        return pb.Session(session_id=request.session_id, title=title)

    async def delete_session(self, request: pb.DeleteSessionRequest) -> pb.Empty:
        """Forget a session; what is under way in it is cancelled."""
        caller, parts = convert.caller_from(request.caller), self._engine.parts
        await self._check_session(caller, request.session_id)
        for record in await parts.runs.of_session(caller, request.session_id):
            if record.is_live:
                await parts.runs.cancel(caller, record.run_id)
        await parts.workers.let_go(request.session_id)
        await parts.sessions.delete_session(caller.tenant, caller.user, request.session_id)
        await parts.remembering.days.forget_session(caller.scope, request.session_id)
        await parts.store.forget_session(caller, request.session_id)
        await parts.files.forget(request.session_id)
        return pb.Empty()

    async def give_feedback(self, request: pb.FeedbackRequest) -> pb.Empty:
        """Keep a thumb up or down."""
        caller = convert.caller_from(request.caller)
        if request.thumb not in ("up", "down"):
            raise BadRequestError(f"The thumb must be up or down, not {request.thumb!r}.")
        await self._engine.parts.runs.get(caller, request.run_id)
        await self._engine.parts.sessions.add_feedback(
            caller.tenant, caller.user, request.run_id, request.thumb, self._masked(request.comment)[:_COMMENT_CHARS]
        )
        await self._engine.parts.learning.feedback(
            caller, request.run_id, request.thumb, request.comment[:_COMMENT_CHARS]
        )
        return pb.Empty()

    async def page_reply(self, request: pb.PageReplyRequest) -> pb.Empty:
        """Hand a run what its page says of a command."""
        caller, runs = convert.caller_from(request.caller), self._engine.parts.runs
        await runs.get(caller, request.run_id)
        if live := runs.live(request.run_id):
            live.page.take_reply(convert.page_reply_from(request))
        return pb.Empty()

    async def _check_session(self, caller: Caller, session_id: str) -> None:
        if not await self._engine.parts.sessions.owns_session(caller.tenant, caller.user, session_id):
            raise NotFoundError(f"There is no session {session_id!r} of yours.")

    # -- files --------------------------------------------------------------------------------------------------------

    async def put_file(self, chunks: AsyncIterator[pb.FileChunk]) -> pb.FileInfo:
        """Keep a file that a person gave."""
        parts = self._engine.parts
        caller, given, content = await read_file(chunks, parts.settings.file_bytes)
        info = await parts.files.put(caller, given.session_id, given.name, content)
        return convert.file_message(info)

    async def get_file(self, request: pb.GetFileRequest) -> AsyncIterator[pb.FileChunk]:
        """Stream a file."""
        caller = convert.caller_from(request.caller)
        info = await self._engine.parts.files.get(caller, request.file_id)
        content = await anyio.to_thread.run_sync(Path(info.path).read_bytes)
        yield pb.FileChunk(info=convert.file_message(info), data=content[:_CHUNK_BYTES])
        for start in range(_CHUNK_BYTES, len(content), _CHUNK_BYTES):
            yield pb.FileChunk(data=content[start : start + _CHUNK_BYTES])

    # -- models, skills, health ---------------------------------------------------------------------------------------

    async def get_models(self, request: pb.GetModelsRequest) -> pb.ModelSettings:
        """List the configured models."""
        convert.caller_from(request.caller)
        return self._models()

    async def set_model(self, request: pb.SetModelRequest) -> pb.ModelSettings:
        """Set or remove a role's model."""
        convert.caller_from(request.caller)
        entry = convert.entry_from(request.entry)
        if request.remove:
            self._engine.parts.models.remove(entry.role)
        else:
            self._engine.parts.models.set_model(entry, request.api_key)
        return self._models()

    async def test_model(self, request: pb.SetModelRequest) -> pb.TestModelReply:
        """Ask a model for one word."""
        convert.caller_from(request.caller)
        ok, message, seconds = await self._engine.parts.models.test(convert.entry_from(request.entry), request.api_key)
        return pb.TestModelReply(ok=ok, message=message, seconds=seconds)

    def _models(self) -> pb.ModelSettings:
        models = self._engine.parts.models
        return pb.ModelSettings(
            models=[convert.entry_message(one) for one in models.entries()],
            usage=[convert.usage_message(one) for one in models.usage()],
        )

    async def list_skills(self, request: pb.ListSkillsRequest) -> pb.ListSkillsReply:
        """List the skills whose toolkits there are, those that the caller's runs taught among them."""
        caller, parts = convert.caller_from(request.caller), self._engine.parts
        there = [toolkit.name for toolkit in parts.broker.client.toolkits]
        await parts.learning.shelf.refresh(caller.scope)
        listing = parts.learning.shelf.of(caller.scope).listing(there)
        return pb.ListSkillsReply(skills=[pb.SkillInfo(**one) for one in listing])

    async def toolkits_changed(self, _: pb.Empty) -> pb.Empty:
        """Read the host's toolkits again."""
        await self._engine.parts.broker.client.refresh_toolkits()
        return pb.Empty()

    async def health(self, _: pb.HealthRequest) -> pb.HealthReply:
        """Say how engine, broker, gateway and store are."""
        parts = self._engine.parts
        try:
            broker = await parts.broker.client.health()
        except SancaError as error:
            return self._health("degraded", "disconnected", str(error), 0.0, await self._store())
        problems = [_problem(name, reason) for name, reason in broker.problems.items()]
        if broker.journal != "ok":
            problems.append(broker.journal)
        detail = "; ".join([broker.gateway_detail, *problems] if broker.gateway_detail else problems)
        status = "ok" if broker.journal == "ok" and broker.gateway != "disconnected" else "degraded"
        if isinstance(parts.sessions, BufferedStore) and parts.sessions.outage:
            status = "degraded"
        reply = self._health(status, broker.gateway, detail, broker.latency_ms, await self._store())
        reply.tool_calls.extend(pb.ToolCount(**count) for count in broker.calls)
        return reply

    async def _store(self) -> str:
        store = self._engine.parts.sessions
        return await store.detail() if isinstance(store, BufferedStore) else store.name

    def _health(self, status: str, gateway: str, detail: str, latency_ms: float, store: str) -> pb.HealthReply:
        parts = self._engine.parts
        return pb.HealthReply(
            status=status,
            version=VERSION,
            sandbox_level=parts.sandbox.level,
            sandbox_detail=parts.sandbox.detail,
            type_check_detail=parts.checker.detail,
            gateway=gateway,
            gateway_detail=detail,
            store=store,
            models=[f"{one.role}: {one.model or one.base_url}" for one in parts.models.entries()],
            runs_live=parts.runs.count,
            pid=os.getpid(),
            uptime_seconds=time.monotonic() - self._began_at,
            broker_latency_ms=latency_ms,
            http=self.http,
            a2a_grpc=self.a2a_grpc,
        )


def _problem(name: str, reason: str) -> str:
    return reason if reason.startswith(name) else f"{name}: {reason}"


def _limit(asked: int) -> int:
    return min(asked or 50, _LIST_LIMIT)
