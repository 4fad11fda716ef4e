"""The AG-UI door: `POST /agui` runs or answers, `GET /agui/connect` shows a session from any event on.

What comes in is read by agui_input, what goes out is framed by agui_stream; the runs are the engine's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import anyio
import structlog
from sanca.core.access import ASK, Access, DoorSettings, identity_of
from sanca.core.agent_runner import AgentRunner, RunEvent, RunStatusWord, RunView
from sanca.core.errors import (
    BadRequestError,
    ForbiddenError,
    NotFoundError,
    NotWaitingError,
)
from sanca.core.messages import Caller
from sanca.python_runtime.doors.agui_input import ResumeEntry, RunInput, meaning, new_run, read_cancel, read_input
from sanca.python_runtime.doors.agui_stream import LINE_END, place_of, server_sent
from sse_starlette.sse import EventSourceResponse, SendTimeoutError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router

log = structlog.get_logger()

_PATHS = ("/agui", "/agui/connect", "/agui/cancel")
_LIVE: tuple[RunStatusWord, ...] = ("queued", "held", "running", "needs_input")
_KEEP_ALIVE_SECONDS = 15
_SEND_SECONDS = 60
"""A reader that takes nothing for so long is let go; it can connect again."""


def make_door(runner: AgentRunner, access: Access, settings: DoorSettings) -> AguiDoor:
    """Make the door; who asks was found out before, and bodies are bounded."""
    return AguiDoor(runner)


class AguiDoor:
    """Implements `sanca.core.access.Door`."""

    def __init__(self, runner: AgentRunner) -> None:
        self._runner = runner
        self._open: set[anyio.CancelScope] = set()
        self._router = Router(
            [
                Route("/agui", self._post, methods=["POST"]),
                Route("/agui/connect", self._connect, methods=["GET"]),
                Route("/agui/cancel", self._cancel, methods=["POST"]),
            ]
        )

    @property
    def paths(self) -> Sequence[str]:
        """The paths it answers."""
        return _PATHS

    @property
    def public_paths(self) -> Sequence[str]:
        """None: all need to know who asks."""
        return ()

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """End what still streams; its runs go on."""
        for scope in self._open:
            scope.cancel()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; a refusal is raised, and the server says it. A client that leaves cancels nothing."""
        with anyio.CancelScope() as open_scope:
            self._open.add(open_scope)
            try:
                await self._router(scope, receive, send)
            except SendTimeoutError:
                log.info("agui_reader_too_slow", seconds=_SEND_SECONDS)
            finally:
                self._open.discard(open_scope)

    # -- the ways in ----------------------------------------------------------------------------------------------

    async def _post(self, request: Request) -> Response:
        asking = _caller(request)
        given = read_input(await request.body())
        caller, entry = given.caller(asking), given.answer
        if entry is not None:
            run_id, after = await self._take_answer(caller, given, entry)
            return _streamed(self._runner.follow(caller, run_id, after), needs_end=True)
        run_id, after = await self._start(caller, given, request)
        return _streamed(self._runner.follow(caller, run_id, after), needs_end=after == 0)

    async def _connect(self, request: Request) -> Response:
        caller = _caller(request)
        session_id = request.query_params.get("threadId", "")
        if not session_id:
            raise BadRequestError("threadId is missing: name the thread to show.")
        seen = place_of(request.headers.get("last-event-id") or request.query_params.get("after", ""))
        if seen is not None and (await self._runner.get(caller, seen.run_id)).session_id != session_id:
            raise NotFoundError(f"There is no run {seen.run_id!r} in the thread {session_id!r}.")
        return _streamed(self._runner.follow_session(caller, session_id, *(seen or ())), needs_end=False)

    async def _cancel(self, request: Request) -> Response:
        """Stop one run of a thread, or all that are under way in it."""
        caller = _caller(request)
        thread_id, run_id = read_cancel(await request.body())
        if run_id:
            runs: Sequence[RunView] = [await self._runner.get(caller, run_id)]
        else:
            runs = (await self._runner.list(caller, session_id=thread_id, statuses=_LIVE)).runs
        if not runs or any(run.session_id != thread_id for run in runs):
            raise NotFoundError(f"Nothing of yours is under way in the thread {thread_id!r} under that id.")
        ended = [await self._runner.cancel(caller, run.run_id) for run in reversed(runs)]
        return JSONResponse({"runs": [{"runId": run.run_id, "status": run.status} for run in ended]})

    # -- what they do -------------------------------------------------------------------------------------------------

    async def _start(self, caller: Caller, given: RunInput, request: Request) -> tuple[str, int]:
        new, files = new_run(given, caller)
        ids = [
            (await self._runner.put_file(caller, given.thread_id, one.name, one.media_type, one.data)).file_id
            for one in files
        ]
        new = replace(new, file_ids=[*new.file_ids, *ids])
        run = await self._runner.start(caller, new)
        seen = place_of(request.headers.get("last-event-id", ""))
        return run.run_id, seen.seq if seen is not None and seen.run_id == run.run_id else 0

    async def _take_answer(self, caller: Caller, given: RunInput, entry: ResumeEntry) -> tuple[str, int]:
        run_id = entry.interrupt_id.rpartition("/")[0]
        run = await self._runner.get(caller, run_id)
        if run.session_id != given.thread_id:
            raise NotFoundError(f"There is no run {run_id!r} in the thread {given.thread_id!r}.")
        if run.ask is None or run.ask.id != entry.interrupt_id:
            raise NotWaitingError(f"Nothing waits for an answer under {entry.interrupt_id!r} any more.")
        said = meaning(entry, run.ask)
        after = await self._runner.answer(
            caller,
            run_id,
            entry.interrupt_id,
            approved=said.approved,
            reason=said.reason,
            value=said.value,
            agui_run_id=given.run_id,
        )
        return run_id, after


def _caller(request: Request) -> Caller:
    identity = identity_of(request.scope)
    if not identity.may(ASK):
        raise ForbiddenError(f"Talking to the agent needs the right {ASK!r}.", right=ASK)
    return identity.caller


def _streamed(events: AsyncIterator[RunEvent], *, needs_end: bool) -> Response:
    return EventSourceResponse(
        server_sent(events, needs_end=needs_end),
        ping=_KEEP_ALIVE_SECONDS,
        sep=LINE_END,
        send_timeout=_SEND_SECONDS,
    )
