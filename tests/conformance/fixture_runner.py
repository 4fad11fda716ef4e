"""An engine's runs without an engine, for protocol tests: what a run does is told by how its message's id begins.

It keeps everything `AgentRunner` promises (owners, numbered events, pages, waiting runs), so that what is tested above
it is the whole real stack. No model, no sandbox, no journal.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import anyio
import anyio.lowlevel
import orjson
from sanca.core.agent_runner import (
    NewRun,
    PendingAsk,
    RunEvent,
    RunFile,
    RunPage,
    RunStatusWord,
    RunView,
)
from sanca.core.errors import BadRequestError, NotFoundError, NotWaitingError
from sanca.core.messages import Caller
from sanca.core.tools import CallOutcome, ToolkitDefinition

LARGE_BYTES = 300_000
"""More than goes into an artifact itself."""


@dataclass(frozen=True)
class Script:
    """What a run does, in this order."""

    says: Sequence[str] = ()
    """Pieces of one answer."""
    file_bytes: int = 0
    evidence: Mapping[str, Any] = field(default_factory=dict)
    asks: str = ""
    """approval, form or question: it waits then; the answer's own script says how it goes on."""
    seconds: float = 0.0
    waits_for: str = ""
    """The name of a gate that `FixtureRunner.open_gate` opens."""
    fails: str = ""


SCRIPTS: dict[str, Script] = {
    "tck-complete-task": Script(says=("Hello from TCK",)),
    "tck-artifact-text": Script(says=("Generated text content",)),
    "tck-artifact-file": Script(file_bytes=11),
    "tck-artifact-file-url": Script(file_bytes=LARGE_BYTES),
    "tck-artifact-data": Script(evidence={"key": "value", "count": 42}),
    "tck-input-required": Script(asks="question"),
    "tck-reject-task": Script(fails="rejected"),
    "tck-stream-002": Script(),
    "tck-stream-001": Script(says=("Stream hello from TCK",)),
    "tck-stream-003": Script(says=("Stream task lifecycle",)),
    "tck-stream-ordering-001": Script(says=("Ordered output",)),
    "tck-stream-artifact-text": Script(says=("Streamed text content",)),
    "tck-stream-artifact-file": Script(file_bytes=11),
    "tck-stream-artifact-chunked": Script(says=("chunk-1 ", "chunk-2")),
    "test-resubscribe-message-id": Script(says=("It takes a while.",), seconds=5.0),
    "ask-approval": Script(asks="approval"),
    "ask-form": Script(asks="form"),
    "gate": Script(says=("begun ",), waits_for="gate"),
    "fail": Script(fails="It could not be done."),
}
ANSWERED = Script(says=("Thank you.",))
_ASKS = {
    "question": PendingAsk("", "question", "Which service?", {"properties": {"value": {"type": "string"}}}),
    "form": PendingAsk(
        "", "form", "Say more.", {"properties": {"size": {"type": "integer"}, "why": {"type": "string"}}}
    ),
    "approval": PendingAsk(
        "",
        "approval",
        "Restart checkout?",
        {"properties": {"approved": {"type": "boolean"}, "reason": {"type": "string"}}},
        {"toolkit": "system", "tool": "restart", "argumentsJson": '{"service":"checkout"}', "effect": "WRITE"},
    ),
}


class _Run:
    """One run and its events."""

    def __init__(self, caller: Caller, view: RunView) -> None:
        self.owner = (caller.tenant, caller.user)
        self.via = caller.via
        self.view = view
        self.events: list[RunEvent] = []
        self.answers: list[Any] = []
        self.changed = anyio.Event()
        self.work: asyncio.Task[None] | None = None

    def emit(self, kind: str, *, last: bool = False, **more: Any) -> None:
        """Add an event and wake who follows."""
        seq = len(self.events) + 1
        made = orjson.dumps({"type": kind, "timestamp": time.time_ns() // 1_000_000, **more}).decode()
        self.events.append(RunEvent(self.view.run_id, seq, made, last))
        self.view = replace(self.view, last_seq=seq)
        self.changed.set()
        self.changed = anyio.Event()

    def set_status(self, status: RunStatusWord, **more: Any) -> None:
        """Change what the run is, and when it changed."""
        self.view = replace(self.view, status=status, updated_at=_now(), **more)


class FixtureRunner:
    """See `AgentRunner`."""

    def __init__(self, scripts: Mapping[str, Script] | None = None, *, default: Script | None = None) -> None:
        """Take what runs do.

        Args:
            scripts: Beginning of a message's id → what its run does, beside `SCRIPTS`.
            default: What others do; None: they answer what was said.
        """
        self._default = default
        self._scripts = dict(sorted((SCRIPTS | dict(scripts or {})).items(), key=lambda one: -len(one[0])))
        self._runs: dict[str, _Run] = {}
        self._sessions: dict[str, tuple[str, str]] = {}
        self._files: dict[str, tuple[tuple[str, str], RunFile, bytes]] = {}
        self._gates: dict[str, anyio.Event] = {}
        self.started: list[tuple[Caller, NewRun]] = []
        """What was asked of it, the newest last; only the last hundred."""

    def open_gate(self, name: str = "gate") -> None:
        """Let the runs go on that wait for it."""
        self._gates.setdefault(name, anyio.Event()).set()

    def answers(self, run_id: str) -> list[Any]:
        """Return what a run was answered."""
        return self._runs[run_id].answers

    async def start(self, caller: Caller, new: NewRun) -> RunView:
        """Take a run in."""
        if not new.message and new.data is None and not new.file_ids:
            raise BadRequestError("The message is empty; say what is to be done.")
        session_id = self._session(caller, new.session_id)
        at = _now()
        view = RunView(
            new.run_id or f"run_{uuid.uuid4().hex}",
            session_id,
            "running",
            new.message,
            message_id=new.message_id,
            channel=caller.channel,
            started_at=at,
            updated_at=at,
        )
        run = self._runs[view.run_id] = _Run(caller, view)
        self.started = [*self.started[-99:], (caller, new)]
        echo = Script(says=(new.message or orjson.dumps(new.data).decode(),))
        self._begin(run, self._script(new.message_id) or self._default or echo)
        return run.view

    async def follow(self, caller: Caller, run_id: str, after: int = 0) -> AsyncIterator[RunEvent]:
        """Yield events until the run is over or waits."""
        run = self._run(caller, run_id)
        after = max(after, 0)
        while True:
            changed = run.changed
            for event in run.events[after:]:
                after = event.seq
                yield event
            if run.changed is changed:
                if run.view.status != "running":
                    return
                await changed.wait()

    async def follow_session(
        self, caller: Caller, session_id: str, after_run_id: str = "", after_seq: int = 0
    ) -> AsyncIterator[RunEvent]:
        """Yield the events of a session's runs, one after the other."""
        seen = not after_run_id
        for run in [one for one in self._runs.values() if one.view.session_id == session_id]:
            after = after_seq if run.view.run_id == after_run_id else 0
            seen = seen or run.view.run_id == after_run_id
            if seen:
                async for event in self.follow(caller, run.view.run_id, after):
                    yield event

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
        """Answer what a run waits for; the id of the message says how it goes on."""
        run = self._run(caller, run_id)
        if run.view.ask is None or run.view.ask.id != ask_id:
            raise NotWaitingError("The run does not wait for this answer.")
        run.answers.append({"approved": approved, "reason": reason, "value": value})
        after = run.view.last_seq
        run.set_status("running", ask=None)
        refused = Script(fails="It was not allowed.")
        self._begin(run, (self._script(agui_run_id) or self._default or ANSWERED) if approved else refused)
        return after

    async def cancel(self, caller: Caller, run_id: str) -> RunView:
        """Stop a run."""
        run = self._run(caller, run_id)
        if not run.view.is_over:
            if run.work is not None:
                run.work.cancel()
            run.set_status("cancelled", ask=None)
            self._finish(run, {"type": "cancelled"})
        return run.view

    async def get(self, caller: Caller, run_id: str) -> RunView:
        """Return a run."""
        return self._run(caller, run_id).view

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
        """Return runs, the one that changed last first."""
        cursor = _cursor(after) if after else None
        earliest = datetime.fromisoformat(since) if since else None
        mine = [
            run.view
            for run in self._runs.values()
            if run.owner == (caller.tenant, caller.user)
            and (not session_id or run.view.session_id == session_id)
            and (not statuses or run.view.status in statuses)
            and (not channel or run.view.channel == channel)
            and (earliest is None or datetime.fromisoformat(run.view.updated_at) >= earliest)
        ]
        mine.sort(key=lambda view: (view.updated_at, view.run_id), reverse=True)
        rest = [view for view in mine if cursor is None or (view.updated_at, view.run_id) < cursor]
        page = rest[:limit]
        more = f"{page[-1].updated_at}|{page[-1].run_id}" if len(rest) > limit else ""
        return RunPage(page, len(mine), more)

    async def put_file(self, caller: Caller, session_id: str, name: str, media_type: str, data: bytes) -> RunFile:
        """Keep a file."""
        self._session(caller, session_id)
        return self._keep(caller_key(caller), session_id, name, media_type or "text/plain", data, "input")

    async def read_file(self, caller: Caller, file_id: str) -> tuple[RunFile, bytes]:
        """Return a file."""
        owner, file, data = self._files.get(file_id, (("", ""), None, b""))
        if file is None or owner != caller_key(caller):
            raise NotFoundError("There is no such file.")
        return file, data

    async def skills(self, caller: Caller) -> Sequence[Mapping[str, str]]:
        """Return one skill."""
        return [
            {
                "name": "fleet_status",
                "title_en": "Show the fleet",
                "title_zh": "查看机群",
                "example_en": "show the fleet",
            }
        ]

    async def toolkits(self, caller: Caller) -> Sequence[ToolkitDefinition]:
        """Return one toolkit."""
        return [ToolkitDefinition(name="system", description="The fleet's system.")]

    async def call_tool(
        self, caller: Caller, session_id: str, toolkit: str, tool: str, arguments: Mapping[str, Any]
    ) -> CallOutcome | RunView:
        """There are no tools to call here."""
        raise NotFoundError("There is no such tool.")

    # -- inside -------------------------------------------------------------------------------------------------------

    def _session(self, caller: Caller, session_id: str) -> str:
        session_id = session_id or f"ses_{uuid.uuid4().hex}"
        if self._sessions.setdefault(session_id, caller_key(caller)) != caller_key(caller):
            raise NotFoundError("There is no such session.")
        return session_id

    def _run(self, caller: Caller, run_id: str) -> _Run:
        run = self._runs.get(run_id)
        if run is None or run.owner != caller_key(caller):
            raise NotFoundError(f"There is no run {run_id!r}.")
        return run

    def _script(self, message_id: str) -> Script | None:
        return next((script for prefix, script in self._scripts.items() if message_id.startswith(prefix)), None)

    def _keep(
        self, owner: tuple[str, str], session_id: str, name: str, media_type: str, data: bytes, direction: Any
    ) -> RunFile:
        file = RunFile(f"file_{uuid.uuid4().hex}", session_id, name, media_type, len(data), direction)
        self._files[file.file_id] = (owner, file, data)
        return file

    def _begin(self, run: _Run, script: Script) -> None:
        run.emit("RUN_STARTED", threadId=run.view.session_id, runId=run.view.run_id)
        run.work = asyncio.create_task(self._work(run, script))

    async def _work(self, run: _Run, script: Script) -> None:
        if script.says:
            await self._say(run, script)
        await anyio.sleep(script.seconds)
        self._end(run, replace(script, says=(*script.says, "and done")) if script.waits_for else script)

    async def _say(self, run: _Run, script: Script) -> None:
        message_id = f"msg-{run.view.run_id}-{run.view.last_seq}"
        run.emit("TEXT_MESSAGE_START", messageId=message_id, role="assistant")
        for piece in script.says:
            run.emit("TEXT_MESSAGE_CONTENT", messageId=message_id, delta=piece)
            await anyio.lowlevel.checkpoint()
        if script.waits_for:
            await self._gates.setdefault(script.waits_for, anyio.Event()).wait()
            run.emit("TEXT_MESSAGE_CONTENT", messageId=message_id, delta="and done")
        run.emit("TEXT_MESSAGE_END", messageId=message_id)

    def _end(self, run: _Run, script: Script) -> None:
        view = run.view
        if script.file_bytes:
            data = (b"output text\n" * (script.file_bytes // 12 + 1))[: script.file_bytes]
            file = self._keep(run.owner, view.session_id, "output.txt", "text/plain", data, "output")
            run.view = replace(view, files=(*view.files, file))
            content = {"file_id": file.file_id, "name": file.name, "size_bytes": file.size_bytes}
            content["media_type"] = file.media_type
            run.emit("ACTIVITY_SNAPSHOT", activityType="sanca-file", messageId=f"file-{file.file_id}", content=content)
        if script.asks:
            self._ask(run, _ASKS[script.asks])
        elif script.fails:
            run.set_status("failed", error=script.fails)
            run.emit("RUN_ERROR", message=script.fails, code="failed", last=True)
        else:
            run.set_status("done", answer="".join(script.says), evidence=script.evidence)
            self._finish(run, {"type": "success"})

    def _ask(self, run: _Run, ask: PendingAsk) -> None:
        ask = replace(ask, id=f"{run.view.run_id}/{run.view.last_seq}")
        run.set_status("needs_input", ask=ask)
        interrupt: dict[str, Any] = {"id": ask.id, "reason": ask.kind, "message": ask.message}
        interrupt |= {"responseSchema": ask.response_schema, "metadata": ask.metadata}
        self._finish(run, {"type": "interrupt", "interrupts": [interrupt]})

    def _finish(self, run: _Run, outcome: Mapping[str, Any]) -> None:
        view = run.view
        result: dict[str, Any] = {
            "run_id": view.run_id,
            "status": view.status,
            "answer": view.answer,
            "evidence": view.evidence,
        }
        run.emit("RUN_FINISHED", outcome=outcome, result=result, last=True)


def caller_key(caller: Caller) -> tuple[str, str]:
    """Return whose a caller's things are."""
    return caller.tenant, caller.user


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _cursor(text: str) -> tuple[str, str]:
    updated_at, bar, run_id = text.partition("|")
    if not bar:
        raise BadRequestError("The page token is not one of ours.")
    return updated_at, run_id
