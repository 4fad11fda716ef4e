"""The engine's side of the broker: starts it, asks it, hears from it. On the engine's event loop; nothing blocks it."""

from __future__ import annotations

import dataclasses
import math
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol

import anyio
import structlog
from anyio.abc import Process, TaskGroup
from sanca.core.errors import ConfigurationError, RunError, SancaError, ToolError
from sanca.core.ports import AgentReply
from sanca.core.tools import CallOutcome, ToolkitDefinition
from sanca.python_runtime.broker.launch import start_broker
from sanca.python_runtime.broker.link import ChannelClosedError, EngineLink
from sanca.python_runtime.broker.records import Ask, BrokerHealth, BrokerSettings, CallRecord, RunContext

log = structlog.get_logger(__name__)


_OPENING_STOP_SECONDS = 1.0


class BrokerLostError(RunError):
    """The broker's process ended; calls that ran are in the journal, their outcome may be unknown."""


class BrokerCallbacks(Protocol):
    """What the engine hears. Called one after another in the order things happened, but for `on_engine_call`.

    A callback that raises is logged and stops nothing. None may wait for a person, nor for `unbind`, `close_run` or
    `close_gate`, which themselves wait until everything before them has been told.
    """

    async def on_call(self, run_id: str, call: CallRecord) -> None:
        """Hear that a call began, waits or ended; what happens within 50 ms is told once, as it then is."""

    async def on_more_calls(self, run_id: str, name: str, count: int) -> None:
        """Hear that so many more reads by a tool (`toolkit.tool`) ended well: of very many the ends are told singly."""

    async def on_ask(self, run_id: str, ask: Ask) -> None:
        """Hear that a call waits for a person; the answer goes to `BrokerClient.answer`."""

    async def on_card(self, run_id: str, call_id: str, card: dict[str, Any]) -> None:
        """Show a card: `{"kind", "surface_id", …}`."""

    async def on_engine_call(self, run_id: str, tool: str, arguments: dict[str, Any]) -> Any:
        """Answer a call of toolkit `sanca`: `say(text)`, `search_tools(query)`. Several may run at once."""

    async def on_agent_reply(self, reply: AgentReply) -> None:
        """Keep an agent's late reply, or drop what nobody can have; what it raises makes it come again."""

    async def on_toolkits_changed(self) -> None:
        """Hear that `BrokerClient.toolkits` is new."""

    async def on_sandbox_misbehaved(self, sandbox_session_id: str, reason: str) -> None:
        """Hear that a guest broke the rules of its channel, which is closed; the guest is to be killed."""

    async def on_broker_lost(self) -> None:
        """Hear that the broker's process ended unasked; a new client may be opened."""


class BrokerClient:
    """See `open`. One event loop; many tasks at once. After a BrokerLostError every method raises it again."""

    def __init__(
        self, settings: BrokerSettings, callbacks: BrokerCallbacks, link: EngineLink, process: Process
    ) -> None:
        self._settings = settings
        self._callbacks = callbacks
        self._link = link
        self._process = process
        self._closing = False
        self._toolkits: tuple[ToolkitDefinition, ...] = ()
        self._version = ""
        self._told, self._untold = anyio.create_memory_object_stream[dict[str, Any] | anyio.Event](math.inf)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: BrokerSettings, callbacks: BrokerCallbacks) -> AsyncIterator[BrokerClient]:
        """Start a broker and end it at the end; in between, hear from it.

        Raises:
            ConfigurationError: It could not start; says why.
        """
        ours, theirs = socket.socketpair()
        try:
            process = await start_broker(theirs)
        finally:
            theirs.close()
        client = cls(settings, callbacks, EngineLink(ours), process)
        failed: Exception | None = None
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(client._listen, tasks)
                tasks.start_soon(client._dispatch_on)
                tasks.start_soon(client._link.pump)
                try:
                    await client._start()
                    yield client
                    await client.close()
                except Exception as error:
                    failed = error
                tasks.cancel_scope.cancel()
        finally:
            client._closing = True
            with anyio.CancelScope(shield=True):
                await client._end_process()
        if failed is not None:
            raise failed

    async def open_run(self, context: RunContext) -> None:
        """Let calls of a run pass. An id opened before goes on with its call numbers."""
        await self._ask("open_run", context=dataclasses.asdict(context))

    async def close_run(self, run_id: str) -> None:
        """Forget a run; what still waits is cancelled. All its call records have been told when this returns."""
        await self._ask("close_run", run_id=run_id)
        await self._all_told()

    async def bind(
        self, sandbox_session_id: str, sandbox: socket.socket | None, run_id: str, round_number: int
    ) -> None:
        """Count a sandbox session's calls to a run and round from now on, and set its waited seconds to 0.

        Args:
            sandbox_session_id: Any id; the same for the life of the sandbox session.
            sandbox: The broker's end of the socket, given once; the caller closes its own copy. None afterwards.
            run_id: An open run.
            round_number: For the records.
        """
        number = sandbox.fileno() if sandbox is not None else None
        parameters = {"sandbox_session_id": sandbox_session_id, "run_id": run_id, "round": round_number}
        await self._ask("bind", descriptor=number, **parameters, has_socket=number is not None)

    async def unbind(self, sandbox_session_id: str) -> None:
        """Refuse calls of a sandbox session until it is bound again. All its call records have been told on return."""
        await self._ask("unbind", sandbox_session_id=sandbox_session_id)
        await self._all_told()

    async def end_session(self, sandbox_session_id: str) -> None:
        """Close the broker's end of a sandbox session's socket."""
        await self._ask("end_session", sandbox_session_id=sandbox_session_id)

    async def waited_seconds(self, sandbox_session_id: str) -> float:
        """Return how long calls have waited for tools and persons since the last `bind`, a running one included."""
        return float(await self._ask("waited_seconds", sandbox_session_id=sandbox_session_id))

    async def call(self, run_id: str, toolkit: str, tool: str, arguments: Mapping[str, Any]) -> CallOutcome:
        """Call a tool for the engine itself, through the same gate."""
        content = await self._ask("call", run_id=run_id, toolkit=toolkit, tool=tool, arguments=dict(arguments))
        return CallOutcome.model_validate(content)

    async def call_once(
        self, context: RunContext, toolkit: str, tool: str, arguments: Mapping[str, Any]
    ) -> CallOutcome:
        """Open a run, let one call of it through the gate and forget it: one way there and back."""
        opened = dataclasses.asdict(context)
        content = await self._ask("call_once", context=opened, toolkit=toolkit, tool=tool, arguments=dict(arguments))
        return CallOutcome.model_validate(content)

    async def answer(
        self, run_id: str, call_id: str, *, approved: bool, by: str, reason: str = "", value: Any = None
    ) -> bool:
        """Hand a person's answer to a waiting call. False when no such call waits (answered before, cancelled)."""
        parameters = {
            "run_id": run_id,
            "call_id": call_id,
            "approved": approved,
            "by": by,
            "reason": reason,
            "value": value,
        }
        return bool(await self._ask("answer", **parameters))

    async def close_gate(self, run_id: str) -> list[CallRecord]:
        """Let no further call of a run leave, end those that run, and say what became of each.

        Returns:
            The calls that ran or waited, with their final status; `unknown` where the host could not tell.
        """
        records = [CallRecord(**record) for record in await self._ask("close_gate", run_id=run_id)]
        await self._all_told()
        return records

    def append(
        self, run_id: str, kind: str, data: Mapping[str, Any], *, session_id: str = "", trace_id: str = ""
    ) -> None:
        """Write one fact into the journal, after everything sent before. Returns at once; `flush` waits for the disk.

        Args:
            run_id: The run; need not be open.
            kind: percept, prompt, model_reply, action, observation, event, self_check, run_started, run_finished …
            data: JSON-like.
            session_id: Empty: that of the open run.
            trace_id: Empty: that of the open run.
        """
        self._check()
        message = {"op": "append", "run_id": run_id, "kind": kind, "data": dict(data)}
        self._link.post({**message, "session_id": session_id, "trace_id": trace_id, "time": time.time()})

    async def flush(self) -> None:
        """Return when everything appended before is on the disk.

        Raises:
            StoreUnavailableError: The journal cannot be written; says why.
        """
        await self._ask("flush")

    @property
    def toolkits(self) -> tuple[ToolkitDefinition, ...]:
        """The toolkits as last told; the host's stay listed while it is away."""
        return self._toolkits

    @property
    def toolkits_version(self) -> str:
        """Changes when any toolkit does."""
        return self._version

    async def refresh_toolkits(self) -> tuple[ToolkitDefinition, ...]:
        """Ask the host again what it has, now."""
        self._take_toolkits(await self._ask("refresh_toolkits"))
        return self._toolkits

    async def health(self) -> BrokerHealth:
        """Ask how the broker, the gateway and the journal are."""
        begun = time.perf_counter()
        await self._ask("ping")
        latency_ms = (time.perf_counter() - begun) * 1000
        return BrokerHealth(**{**await self._ask("health"), "latency_ms": round(latency_ms, 3)})

    async def close(self) -> None:
        """End the broker: what ran gets a moment to finish, the journal is written. `open` does it at its end."""
        if self._closing:
            return
        self._closing = True
        self._link.post({"op": "close"})
        with anyio.move_on_after(self._settings.close_timeout_seconds):
            await self._process.wait()

    async def _start(self) -> None:
        settings: dict[str, Any] = {"home": str(self._settings.home), "log_level": self._settings.log_level}
        settings["timeout_seconds"] = self._settings.start_timeout_seconds
        settings["adds_libraries"] = self._settings.adds_libraries
        settings["remembers"] = self._settings.remembers
        settings["answers_unread_seconds"] = self._settings.answers_unread_seconds
        settings["tool_failures"] = self._settings.tool_failures
        settings["tool_pause_seconds"] = self._settings.tool_pause_seconds
        try:
            with anyio.fail_after(self._settings.start_timeout_seconds):
                factories = list(self._settings.toolkit_factories)
                content = await self._link.ask("start", **settings, toolkit_factories=factories)
        except TimeoutError:
            seconds = self._settings.start_timeout_seconds
            raise ConfigurationError(
                f"The broker did not start within {seconds:g} seconds; its log says why."
            ) from None
        except ChannelClosedError:
            raise ConfigurationError("The broker ended while it started; the log above says why.") from None
        self._take_toolkits(content)

    async def _ask(self, op: str, *, descriptor: int | None = None, **parameters: Any) -> Any:
        self._check()
        try:
            return await self._link.ask(op, descriptor=descriptor, **parameters)
        except ChannelClosedError:
            raise self._lost() from None

    def _check(self) -> None:
        if self._link.is_closed:
            raise self._lost()

    def _lost(self) -> SancaError:
        return BrokerLostError("The broker's process ended; the run cannot go on. It can be started again.")

    async def _listen(self, tasks: TaskGroup) -> None:
        """Sort what the broker says until it ends; never waits for a callback, which may itself wait for an answer."""
        async for message in self._link.messages():
            if message["op"] == "engine_call":
                tasks.start_soon(self._serve_engine_call, message)
            elif message["op"] == "agent_reply":
                tasks.start_soon(self._take_reply, message)
            else:
                self._told.send_nowait(message)
        if not self._closing:
            log.error("broker_lost", pid=self._process.pid)
            self._told.send_nowait({"op": "lost"})

    async def _dispatch_on(self) -> None:
        async for message in self._untold:
            if isinstance(message, anyio.Event):
                message.set()
            else:
                await self._dispatch(message)

    async def _all_told(self) -> None:
        """Wait until the callbacks have heard everything the broker said so far."""
        told = anyio.Event()
        self._told.send_nowait(told)
        await told.wait()

    async def _dispatch(self, message: dict[str, Any]) -> None:
        match message["op"]:
            case "calls":
                for content in message["calls"]:
                    record = CallRecord(*content)
                    await self._guarded(self._callbacks.on_call(record.run_id, record))
                for run_id, name, count in message["more"]:
                    await self._guarded(self._callbacks.on_more_calls(run_id, name, count))
            case "ask":
                ask = Ask(**message["ask"])
                await self._guarded(self._callbacks.on_ask(ask.run_id, ask))
            case "card":
                await self._guarded(self._callbacks.on_card(message["run_id"], message["call_id"], message["card"]))
            case "toolkits":
                self._take_toolkits(message["value"])
                await self._guarded(self._callbacks.on_toolkits_changed())
            case "misbehaved":
                told = self._callbacks.on_sandbox_misbehaved(message["sandbox_session_id"], message["reason"])
                await self._guarded(told)
            case "lost":
                await self._guarded(self._callbacks.on_broker_lost())
            case unknown:
                log.warning("broker_said_something_unknown", op=unknown)

    async def _serve_engine_call(self, message: dict[str, Any]) -> None:
        reply: dict[str, Any] = {"op": "engine_reply", "number": message["number"]}
        try:
            value = await self._callbacks.on_engine_call(message["run_id"], message["tool"], message["arguments"])
            reply |= {"ok": True, "value": value}
        except SancaError as error:
            kind = error.kind if isinstance(error, ToolError) else "failed"
            reply |= {"ok": False, "kind": kind, "message": str(error)}
        except Exception as error:
            log.exception("engine_call_failed", run_id=message["run_id"], tool=message["tool"])
            sentence = f"The engine failed at {message['tool']}: {type(error).__name__}."
            reply |= {"ok": False, "kind": "failed", "message": sentence}
        if not self._link.is_closed:
            self._link.post(reply)

    async def _take_reply(self, message: dict[str, Any]) -> None:
        problem = ""
        try:
            await self._callbacks.on_agent_reply(AgentReply(**message["reply"]))
        except SancaError as error:
            problem = str(error)
        except Exception as error:
            log.exception("agent_reply_failed")
            problem = f"it failed inside ({type(error).__name__})"
        if not self._link.is_closed:
            self._link.post({"op": "reply_taken", "number": message["number"], "problem": problem})

    async def _guarded(self, callback: Any) -> None:
        try:
            await callback
        except Exception:
            log.exception("broker_callback_failed")

    def _take_toolkits(self, content: Mapping[str, Any]) -> None:
        if content["version"] != self._version:
            self._toolkits = tuple(ToolkitDefinition.model_validate(each) for each in content["toolkits"])
            self._version = content["version"]

    async def _end_process(self) -> None:
        self._link.close()
        self._told.close()
        self._untold.close()
        # One that was still opening has nothing to write, and may wait for servers that nobody wants any more.
        with anyio.move_on_after(self._settings.close_timeout_seconds if self._version else _OPENING_STOP_SECONDS):
            await self._process.wait()
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        await self._process.aclose()
