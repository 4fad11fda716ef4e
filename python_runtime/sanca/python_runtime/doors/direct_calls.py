"""One tool call as a run of its own, without a model and without a sandbox: the way of MCP clients to the toolkits.

The gate is the same; only the queue and the rounds are left out. A call that gives its value at once is written down
together with others, after it was answered: what it did is in the journal by then, as with every call.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import anyio
import structlog
from sanca.core.access import CALL_TOOLS
from sanca.core.errors import SancaError, ToolError
from sanca.core.messages import Caller
from sanca.core.tools import CallError, CallOutcome
from sanca.python_runtime.engine import Engine
from sanca.python_runtime.live_run import LiveRun
from sanca.python_runtime.refusals import NotAllowedError
from sanca.python_runtime.run_record import RunRecord, RunStatus
from sanca.python_runtime.run_store import RunStore

log = structlog.get_logger()

_ANSWER_CHARS = 65_536
"""Of a value that was answered at once, and that the journal has whole."""
_STOPPED = "The call was stopped before it gave a value."
_SESSIONS = 10_000
_SESSION_SECONDS = 60.0
"""For how long a session is taken as the caller's without looking again."""


class DirectCalls:
    """Makes the calls; from the engine's event loop. `close` before the engine does."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._runs = engine.parts.runs
        self._store = engine.parts.store
        self._known: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._unwritten: list[LiveRun] = []
        self._written: anyio.Event | None = None

    async def call(
        self, caller: Caller, session_id: str, toolkit: str, tool: str, arguments: Mapping[str, Any]
    ) -> CallOutcome | RunRecord:
        """Make a call; returns its envelope, or the run that waits for a person.

        Raises:
            NotAllowedError: The caller may not call toolkits directly.
            SancaError: The session is another's, or the engine cannot take the call.
        """
        if not {CALL_TOOLS, "*"} & set(caller.rights):
            raise NotAllowedError(f"Calling toolkits directly needs the right {CALL_TOOLS!r}.")
        session_id = session_id or _session_of(caller)
        request = self._engine.request(session_id, caller, message=f"{toolkit}.{tool}")
        made = _Call(self, toolkit, tool, arguments)
        key = (caller.tenant, caller.user, session_id)
        known = self._known.get(key, 0.0) > time.monotonic()
        live = await self._runs.start_at_once(request, made.perform, made.save, opens_session=not known)
        if not known:
            self._remember(key)
        try:
            await live.rested.wait()
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._runs.cancel(caller, request.run_id)  # nobody waits for the value any more
            raise
        if made.outcome is None and live.record.status is not RunStatus.NEEDS_INPUT:
            return CallOutcome(ok=False, error=CallError(kind="cancelled", message=live.record.error or _STOPPED))
        return made.outcome or live.record

    async def close(self) -> None:
        """Return when everything is written down."""
        while self._written is not None:
            await self._written.wait()

    def _remember(self, key: tuple[str, str, str]) -> None:
        self._known[key] = time.monotonic() + _SESSION_SECONDS
        self._known.move_to_end(key)
        if len(self._known) > _SESSIONS:
            self._known.popitem(last=False)

    def write_soon(self, live: LiveRun) -> None:
        """Write down a run that is over, with others."""
        self._unwritten.append(live)
        if self._written is None:
            self._written = anyio.Event()
            self._runs.in_background(self._write)

    async def _write(self) -> None:
        try:
            with anyio.CancelScope(shield=True):
                while self._unwritten:
                    batch, self._unwritten = self._unwritten, []
                    await self._write_all(batch)
        finally:
            if self._written is not None:
                self._written.set()
                self._written = None

    async def _write_all(self, batch: list[LiveRun]) -> None:
        try:
            await self._store.add_all([live.record for live in batch])
        except SancaError as error:
            log.error("runs_not_written", count=len(batch), reason=str(error))
        for live in batch:
            self._runs.forget(live.record.run_id)

    @property
    def engine(self) -> Engine:
        """The engine whose gate it is."""
        return self._engine

    @property
    def store(self) -> RunStore:
        """Where runs are written."""
        return self._store


class _Call:
    """One call: how it is made, and when its run is written."""

    def __init__(self, calls: DirectCalls, toolkit: str, tool: str, arguments: Mapping[str, Any]) -> None:
        self._calls = calls
        self._name = (toolkit, tool)
        self._arguments = arguments
        self._is_stored = False
        self.outcome: CallOutcome | None = None

    async def save(self, record: RunRecord) -> None:
        """Write the record; not before somebody is asked or it is stopped: most calls are over in a moment."""
        if self._is_stored:
            await self._calls.store.save(record)
        elif record.status is not RunStatus.RUNNING:
            self._is_stored = True
            record.session_sequence = (await self._calls.store.add(record)).session_sequence
            record.note_status()

    async def perform(self, live: LiveRun) -> None:
        """Make the call and end the run."""
        outcome = await self._outcome(live)
        record, runs = live.record, self._calls.engine.parts.runs
        error = outcome.error.message if outcome.error else ""
        status = RunStatus.FAILED if error else RunStatus.DONE
        text, record.calls = outcome.model_dump_json(exclude_defaults=True), 1
        if self._is_stored:
            record.answer = text
            await runs.end(live, status, error=error)
        elif not live.is_stopping:
            record.answer = text if len(text) <= _ANSWER_CHARS else ""
            self.outcome = outcome
            runs.end_at_once(live, status, error)
            self._calls.write_soon(live)

    async def _outcome(self, live: LiveRun) -> CallOutcome:
        broker = self._calls.engine.parts.broker
        try:
            return await broker.call_once(live.record.request, *self._name, self._arguments)
        except ToolError as error:
            return CallOutcome(ok=False, error=CallError(kind="failed", message=str(error)))
        except SancaError as error:
            return CallOutcome(ok=False, error=CallError(kind="unavailable", message=str(error), retryable=True))


def _session_of(caller: Caller) -> str:
    """Return the session of a caller's direct calls that name none."""
    mark = hashlib.sha256(f"{caller.tenant}\0{caller.user}".encode()).hexdigest()[:24]
    return f"tools-{caller.channel}-{mark}"
