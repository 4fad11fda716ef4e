"""The broker itself: its parts, and every operation the engine may ask for. Runs in the broker's process."""

from __future__ import annotations

import dataclasses
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import structlog
from sanca.core.errors import ConfigurationError
from sanca.core.ports import Toolkit
from sanca.core.tools import CallOutcome
from sanca.python_runtime.broker.backends import RESULTS_IDLE_SECONDS, EngineBackend, HostBackend, LocalBackend
from sanca.python_runtime.broker.catalog import Backend, Catalog, engine_toolkit
from sanca.python_runtime.broker.gate import ToolCallGate
from sanca.python_runtime.broker.given_agents import GivenAgents
from sanca.python_runtime.broker.host_link import HostLink
from sanca.python_runtime.broker.journal import Fact, Journal
from sanca.python_runtime.broker.journal_reader import JournalReader
from sanca.python_runtime.broker.late_replies import LateReplies
from sanca.python_runtime.broker.outbox import Outbox
from sanca.python_runtime.broker.outgoing_masks import OutgoingMasks
from sanca.python_runtime.broker.page_tools import PAGE_TOOLKIT
from sanca.python_runtime.broker.passage import Passage
from sanca.python_runtime.broker.records import AskKind, CallRecord, RunContext
from sanca.python_runtime.broker.reliability import Reliability
from sanca.python_runtime.broker.run_state import Answer, RunState, UnderWay
from sanca.python_runtime.broker.sandbox_session import SandboxSession
from sanca.python_runtime.broker.settle import RECENT_SECONDS, Settling
from sanca.python_runtime.broker.taken_out import FAILURES, PAUSE_SECONDS, TakenOut
from sanca.python_runtime.broker.toolkit_host import BrokerToolkitHost
from sanca.python_runtime.broker.toolkit_loop import ToolkitLoop
from sanca.toolkit_bridge import CardToolkit, WireGateway
from sanca.toolkit_bridge.gateway import HostDescription
from sanca.toolkit_bridge.py4j_gateway import Py4JGateway

log = structlog.get_logger(__name__)

_FIRST_TRY_SECONDS = 5.0
_SETTLE_SECONDS = 3.0
"""How long the first catalog waits for MCP servers and other agents, so that the first action finds them."""
_STOP_SECONDS = 2.0
"""How long a call that was told to stop may take to do so."""
_ABANDON_SECONDS = 3.0
"""How long the question may take what became of one that did not."""


class Broker:
    """Made once a process. Operations are called by the channel's thread or by threads of its own."""

    def __init__(
        self,
        home: Path,
        factories: Sequence[str],
        outbox: Outbox,
        *,
        adds_libraries: bool = False,
        remembers: bool = False,
        answers_unread_seconds: float = 30.0,
        tool_failures: int = FAILURES,
        tool_pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._outbox = outbox
        self._answers_unread_seconds = answers_unread_seconds
        self._journal = Journal(home / "journal.db")
        self._fast, self._control = WireGateway(home), Py4JGateway(home)
        self._reliability = Reliability(TakenOut(tool_failures, tool_pause_seconds))
        self._settling = Settling(self._control, self._journal.put)
        self._reader: JournalReader | None = JournalReader(home)
        self._host = HostLink(home, self._control, self._host_changed, self._host_is_back)
        self._late_replies = LateReplies(outbox.post)
        self._toolkit_host = BrokerToolkitHost(
            lambda run_id: self._runs.get(run_id),
            self._ask_for_toolkit,
            self._late_replies.deliver,
            OutgoingMasks(home).masked,
            self._call_for_toolkit,
        )
        self._loop = ToolkitLoop(home, factories, self._rebuild, self._toolkit_host)
        self._given_agents = GivenAgents(home, self._loop)
        self._host_backend = HostBackend(self._fast, self._control, self._host.wake)
        self._engine_backend = EngineBackend(outbox.post)
        self._local_backend = LocalBackend(self._loop, self._loop.toolkits)
        self._card = CardToolkit()
        self._card_backend = LocalBackend(self._loop, {"card": self._card})
        self._building = threading.Lock()
        self._is_open = False
        self._own_toolkit = engine_toolkit(adds_libraries=adds_libraries, remembers=remembers)
        self._catalog = Catalog([(self._own_toolkit, self._engine_backend)])
        self._gate = ToolCallGate(lambda: self._catalog, self._journal, outbox, self._reliability)
        self._runs: dict[str, RunState] = {}
        self._sessions: dict[str, SandboxSession] = {}

    def open(self) -> dict[str, Any]:
        """Open the toolkits and look for the host once; return the first catalog."""
        self._host.start()
        self._loop.open()
        self._host.await_first_try(_FIRST_TRY_SECONDS)
        self._host_changed()
        self._loop.await_settled(_SETTLE_SECONDS)
        if self._host.state == "connected":
            self._host_backend.release_left(self._journal.recent_runs(RESULTS_IDLE_SECONDS))
        self._rebuild()
        self._is_open = True
        return self._catalog.content

    def close(self) -> None:
        """Let nothing more leave, stop what runs, write the journal, let go of everything."""
        _at_once(list(self._runs.values()), self._close, 2 * _STOP_SECONDS + _ABANDON_SECONDS)
        for session in list(self._sessions.values()):
            session.close()
        for run in self._runs.values():
            self._host_backend.release(run)
        self._host_backend.close(_STOP_SECONDS)
        self._settling.close()
        self._host.close()
        self._fast.close()
        self._control.close()
        self._loop.close()
        self._journal.close()

    def open_run(self, context: RunContext) -> None:
        """Let calls of a run pass; one opened before goes on with its call numbers."""
        known = self._runs.get(context.run_id)
        if known is not None and not known.is_closed:
            known.context = context
            return
        self._runs[context.run_id] = RunState(context, self._journal.last_call_number(context.run_id))

    def close_run(self, run_id: str) -> None:
        """Forget a run; whatever of it is still under way is stopped."""
        if (run := self._runs.get(run_id)) is None:
            return
        self._close(run)
        for session in self._sessions.values():
            if session.is_bound_to(run):
                session.unbind()
        self._host_backend.release(run)
        self._runs.pop(run_id, None)

    def bind(self, session_id: str, connected: socket.socket | None, run_id: str, round_number: int) -> None:
        """Count a sandbox session's calls to a run and round; a new socket replaces the old one."""
        run = self._run(run_id)
        session = self._sessions.get(session_id)
        if connected is not None:
            if session is not None:
                session.close()
            session = SandboxSession(
                session_id,
                connected,
                self._gate,
                lambda: self._reliability.described(self._catalog.content, run.context),
                self._misbehaved,
                unread_seconds=self._answers_unread_seconds,
            )
            self._sessions[session_id] = session
        if session is None or not session.is_alive:
            raise ConfigurationError(
                f"The sandbox session {session_id!r} has no living socket; give its socket to bind."
            )
        run.round = round_number
        session.bind(run, round_number)

    def unbind(self, session_id: str) -> None:
        """Refuse a sandbox session's calls."""
        if (session := self._sessions.get(session_id)) is not None:
            session.unbind()

    def end_session(self, session_id: str) -> None:
        """Close a sandbox session's socket."""
        if (session := self._sessions.pop(session_id, None)) is not None:
            session.close()

    def waited_seconds(self, session_id: str) -> float:
        """Return how long a sandbox session's calls have waited since it was bound."""
        session = self._sessions.get(session_id)
        return session.waited_seconds() if session is not None else 0.0

    def call(self, run_id: str, toolkit: str, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Call a tool for the engine. Blocks."""
        run = self._run(run_id)
        return self._gate.call(run, run.round, toolkit, tool, (), arguments).model_dump()

    def call_once(self, context: RunContext, toolkit: str, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Let one call of a new run pass, and forget the run. Blocks."""
        run = self._runs[context.run_id] = RunState(context, 0)
        try:
            return self._gate.call(run, 0, toolkit, tool, (), arguments).model_dump()
        finally:
            self.close_run(context.run_id)

    def answer(self, run_id: str, call_id: str, answer: Answer) -> bool:
        """Hand a person's answer to a waiting call."""
        run = self._runs.get(run_id)
        return run is not None and run.answer(call_id, answer)

    def close_gate(self, run_id: str) -> list[dict[str, Any]]:
        """Let no further call of a run leave and say what became of those under way. Blocks."""
        run = self._runs.get(run_id)
        return [] if run is None else [dataclasses.asdict(record) for record in self._close(run)]

    def append(self, fact: Mapping[str, Any]) -> None:
        """Queue a fact of the engine."""
        run = self._runs.get(fact["run_id"])
        session_id = fact["session_id"] or (run.context.session_id if run else "")
        trace_id = fact["trace_id"] or (run.context.trace_id if run else "")
        row = Fact(fact["run_id"], session_id, fact["kind"], fact["time"], trace_id, fact["data"])
        self._journal.put(row)

    def flush(self, callback: Any) -> None:
        """Call back once everything appended is on the disk, and every call that a sandbox has its answer of."""
        for session in list(self._sessions.values()):
            session.await_written()
        self._journal.when_written(callback)

    def engine_reply(self, message: dict[str, Any]) -> None:
        """Take the engine's reply to a call of toolkit `sanca`."""
        self._engine_backend.reply(message)

    def reply_taken(self, message: dict[str, Any]) -> None:
        """Take the engine's word on an agent's late reply."""
        self._late_replies.taken(message["number"], message["problem"])

    def refresh_toolkits(self) -> dict[str, Any]:
        """Read the host's description again. Blocks."""
        self._host.refresh()
        return self._catalog.content

    def health(self) -> dict[str, Any]:
        """Return the fields of `BrokerHealth` but the engine's own latency. Asks the host when there is one; blocks."""
        if self._host.state == "connected":
            self._host.refresh()
        return {
            "gateway": self._host.state,
            "gateway_detail": self._host.detail,
            "gateway_latency_ms": self._host.latency_ms,
            "journal": self._journal.problem or "ok",
            "problems": {
                **self._loop.problems,
                **self._reliability.taken_out.everybodys(),
                **self._toolkit_host.notices,
            },
            "calls": self._reliability.counts.told(),
            "pid": os.getpid(),
        }

    def _host_changed(self) -> None:
        """Follow the host's description: its agents, then its toolkits."""
        if self._host.description is not None and self._loop.is_running:
            self._given_agents.take(self._host.description.agents)
        self._rebuild()

    def _host_is_back(self, description: HostDescription) -> None:
        """Forget how the tools of a host did that is another process now; ask it what the broker before us cannot."""
        names = {f"{toolkit.name}.{tool.name}" for toolkit in description.toolkits for tool in toolkit.tools}
        self._reliability.taken_out.forget(names)
        if (reader := self._reader) is not None:  # the first time: no call of ours has left
            self._reader = None
            left = reader.effects_left_open(RECENT_SECONDS)
            self._settling.settle([row for row in left if f"{row.data['toolkit']}.{row.data['tool']}" in names])

    def _ask_for_toolkit(self, passage: Passage, kind: AskKind, card: dict[str, Any], ask_id: str) -> Answer:
        return self._gate.ask_for_toolkit(passage, kind, card, ask_id)

    def _call_for_toolkit(
        self, run: RunState, round_number: int, toolkit: str, tool: str, arguments: Mapping[str, Any]
    ) -> CallOutcome:
        return self._gate.call(run, round_number, toolkit, tool, (), arguments)

    def _misbehaved(self, session_id: str, reason: str) -> None:
        self._outbox.post({"op": "misbehaved", "sandbox_session_id": session_id, "reason": reason})

    def _run(self, run_id: str) -> RunState:
        if (run := self._runs.get(run_id)) is None:
            raise ConfigurationError(f"The run {run_id!r} is not open in the broker.")
        return run

    def _close(self, run: RunState) -> list[CallRecord]:
        under_way = run.close()
        _at_once(under_way, _cancel, _STOP_SECONDS)
        if not run.await_settled(_STOP_SECONDS):
            left = [call for call in under_way if run.cut_off().get(call.call_id) is None]
            _at_once(left, _abandon, _STOP_SECONDS)
            run.await_settled(_ABANDON_SECONDS)
        run_id = run.context.run_id
        return [record or _unsettled(run_id, call_id) for call_id, record in run.cut_off().items()]

    def _rebuild(self) -> None:
        """Make the catalog anew of what there is now, and tell the engine if it is another one."""
        with self._building:
            sources: list[tuple[Any, Backend]] = [(self._own_toolkit, self._engine_backend)]
            if self._host.description is not None:
                sources += [(toolkit, self._host_backend) for toolkit in self._host.description.toolkits]
            local: list[Toolkit] = list(self._loop.toolkits.values())
            sources += [(toolkit.definition, self._local_backend) for toolkit in local]
            sources += [(self._card.definition, self._card_backend), (PAGE_TOOLKIT, self._engine_backend)]
            catalog = Catalog(sources)
            if catalog.version == self._catalog.version:
                return
            self._catalog = catalog
        if self._is_open:
            self._outbox.post({"op": "toolkits", "value": catalog.content})


def _at_once(subjects: Sequence[Any], act: Callable[[Any], Any], timeout_seconds: float) -> None:
    """Do it to all at once: one that does not listen must not keep the others running."""
    threads = [threading.Thread(target=act, args=(subject,), daemon=True) for subject in subjects]
    for thread in threads:
        thread.start()
    end = time.monotonic() + timeout_seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))


def _cancel(call: UnderWay) -> None:
    call.cancel()


def _abandon(call: UnderWay) -> None:
    call.abandon()


def _unsettled(run_id: str, call_id: str) -> CallRecord:
    return CallRecord(
        run_id=run_id,
        call_id=call_id,
        toolkit="",
        tool="",
        effect="",
        status="unknown",
        summary="It did not stop when told to; what it does is not known.",
        error_kind="unknown",
    )
