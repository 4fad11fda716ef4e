"""Who runs a tool: the host by the gateway, a toolkit on the broker's loop, or the engine itself."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import ValidationError
from sanca.core.errors import GatewayError, GatewayUnavailableError, SancaError, ToolError
from sanca.core.ports import StreamingToolkit, Toolkit
from sanca.core.tools import CallContext, CallError, CallOutcome, Effect, ResultPage
from sanca.python_runtime.broker.call_streams import ItemSource, ListSource, PieceSource
from sanca.python_runtime.broker.host_pieces import HostItems, HostPieces
from sanca.python_runtime.broker.loop_stream import LoopStream
from sanca.python_runtime.broker.passage import Passage
from sanca.python_runtime.broker.tool_threads import GivenUpError, Waiting
from sanca.toolkit_bridge.beside import split
from sanca.toolkit_bridge.gateway import Gateway, GatewayCall, failure
from sanca.toolkit_bridge.pages import ResultCloser, ResultPieces, release_results

if TYPE_CHECKING:
    from sanca.python_runtime.broker.run_state import RunState
    from sanca.python_runtime.broker.toolkit_loop import ToolkitLoop

log = structlog.get_logger(__name__)

ENGINE_TIMEOUT_SECONDS = 60.0
RESULTS_IDLE_SECONDS = 300.0
"""For how long the host keeps a result that nobody reads (`sanca.results.idle`)."""


class HostBackend:
    """The host's toolkits. Calls go over the fast gateway, control over the other."""

    def __init__(self, fast: Gateway, control: Gateway, lost: Callable[[], None]) -> None:
        self._fast = fast
        self._control = control
        self._lost = lost
        self._closer = ResultCloser()

    def call(self, call: Passage) -> CallOutcome:
        """Run a tool in the host."""
        definition = call.definition
        call.run.asked_host = True
        arguments_json, texts = split(call.arguments, call.arguments_json)
        request = GatewayCall(
            call.call_id,
            call.toolkit,
            definition.name,
            arguments_json,
            call.run.context_json(call.call_id, definition.timeout_seconds, call.approved_by),
            definition.timeout_seconds,
            call.entry.is_repeatable,
            call.note_departure,
            texts,
        )
        try:
            outcome = self._fast.call(request)
        except GatewayUnavailableError as error:
            self._lost()
            return failure("unavailable", str(error), retryable=True)
        except GatewayError as error:
            return failure("failed", str(error))
        if outcome.page is not None:
            call.rest = self._rest(call, outcome, outcome.page)
        return outcome

    def stream(self, call: Passage) -> ItemSource:
        """Run a tool in the host, which tells with what it gives whether that is a stream."""
        outcome = self.call(call)
        return call.rest or ListSource(outcome)

    def release(self, run: RunState) -> None:
        """Let go of what a run that ends may hold in the host. Returns at once."""
        if run.asked_host:
            self._closer.put(lambda: release_results(self._fast, run.context.run_id, run.context_json))

    def release_left(self, run_ids: Iterable[str]) -> None:
        """Let go of what runs of a broker before this one may hold: it died and told nobody."""
        try:
            for run_id in run_ids:
                context = CallContext(call_id="", run_id=run_id, session_id="", tenant="", user="", pages=True)
                if not release_results(self._fast, run_id, partial(_context_json, context)):
                    return  # it answers no more; it frees them by itself when nobody reads them
        except GatewayError as error:
            log.info("results_not_released", reason=str(error))

    def close(self, timeout_seconds: float) -> None:
        """Tell the host what is left to tell."""
        self._closer.close(timeout_seconds)

    def cancel(self, call_id: str) -> None:
        """Interrupt the tool in the host."""
        try:
            self._control.cancel(call_id)
        except GatewayError as error:
            log.warning("host_cancel_failed", call_id=call_id, reason=str(error))

    def abandon(self, call_id: str) -> None:
        """Stop waiting for the host's answer."""
        self._fast.abandon(call_id)

    def _rest(self, call: Passage, first: CallOutcome, page: ResultPage) -> ItemSource | PieceSource:
        definition = call.definition
        pieces = ResultPieces(self._fast, self._control, self._closer, call.call_id, page, call.run.context_json)
        if page.stream and page.kind == "items":
            return HostItems(call.entry.name, pieces, first)
        return HostPieces(
            call.entry.name,
            pieces,
            first,
            timeout_seconds=definition.timeout_seconds,
            is_bytes=call.entry.gives_bytes,
        )


class LocalBackend:
    """Toolkits in the broker: Python functions in threads; coroutines, MCP servers and other agents on its loop."""

    def __init__(self, loop: ToolkitLoop, toolkits: Mapping[str, Toolkit]) -> None:
        self._loop = loop
        self._toolkits = toolkits
        self._running: dict[str, Callable[[], None]] = {}
        """Call id → gives it up."""

    def call(self, call: Passage) -> CallOutcome:
        """Run a tool and wait for it."""
        try:
            waiting = self._start(call)
            call.note_departure()
            return CallOutcome(ok=True, value=_result_of(call, waiting))
        except GivenUpError:
            return _stopped(call, "cancelled", "was cancelled")
        except TimeoutError:
            self.cancel(call.call_id)
            return _stopped(call, "timeout", f"did not finish within {call.definition.timeout_seconds:g} seconds")
        except SancaError as error:
            return outcome_of(error)
        except Exception as error:
            log.exception("toolkit_failed", toolkit=call.toolkit, tool=call.definition.name)
            return failure("failed", f"{call.toolkit}.{call.definition.name} failed: {type(error).__name__}: {error}")
        finally:
            self._running.pop(call.call_id, None)

    def stream(self, call: Passage) -> ItemSource:
        """Let a tool begin to give items."""
        toolkit, definition = self._toolkits[call.toolkit], call.definition
        if not isinstance(toolkit, StreamingToolkit):
            return ListSource(self.call(call))
        stream = LoopStream(f"{call.toolkit}.{definition.name}", outcome_of)
        items = toolkit.stream(definition.name, call.arguments, call_context(call))
        stream.task = self._loop.start(stream.fill, items)
        return stream

    def cancel(self, call_id: str) -> None:
        """Cancel the tool's task; a function goes on, and nobody waits for it."""
        if (give_up := self._running.get(call_id)) is not None:
            give_up()

    def abandon(self, call_id: str) -> None:
        """Cancelling is all there is: the waiting thread is free at once."""
        self.cancel(call_id)

    def _start(self, call: Passage) -> Waiting:
        toolkit, context = self._toolkits[call.toolkit], call_context(call)
        find = getattr(toolkit, "blocking_call", None)
        blocking = None if find is None else find(call.definition.name, call.arguments, context)
        if blocking is not None:
            waiting = self._loop.threads.start(blocking)
            self._running[call.call_id] = waiting.give_up
            return waiting
        started = self._loop.run(toolkit.call(call.definition.name, call.arguments, context))
        self._running[call.call_id] = started.cancel
        return started.waiting


class EngineBackend:
    """The toolkits `sanca` and `page`: a question to the engine's process."""

    def __init__(self, post: Callable[[dict[str, Any]], None]) -> None:
        self._post = post
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        self._by_call: dict[str, Future[dict[str, Any]]] = {}

    def call(self, call: Passage) -> CallOutcome:
        """Ask the engine and wait for its reply."""
        call.note_departure()  # before the engine hears of it and writes down something itself
        number = next(self._numbers)
        self._waiting[number] = self._by_call[call.call_id] = future = Future[dict[str, Any]]()
        question = {"op": "engine_call", "number": number, "run_id": call.run.context.run_id}
        name = call.definition.name if call.toolkit == "sanca" else f"{call.toolkit}.{call.definition.name}"
        self._post({**question, "tool": name, "arguments": call.arguments})
        try:
            reply = future.result(max(ENGINE_TIMEOUT_SECONDS, call.definition.timeout_seconds))
        except TimeoutError:
            return failure("timeout", f"The engine did not answer {call.toolkit}.{call.definition.name} in time.")
        except CancelledError:
            return failure("cancelled", "The run was cancelled.")
        finally:
            self._waiting.pop(number, None)
            self._by_call.pop(call.call_id, None)
        return CallOutcome(ok=True, value=reply["value"]) if reply["ok"] else failure(reply["kind"], reply["message"])

    def reply(self, message: dict[str, Any]) -> None:
        """Take the engine's reply."""
        if (future := self._waiting.get(message["number"])) is not None and not future.done():
            future.set_result(message)

    def stream(self, call: Passage) -> ItemSource:
        """Ask the engine; what it gives comes at once."""
        return ListSource(self.call(call))

    def cancel(self, call_id: str) -> None:
        """Stop waiting for the engine."""
        if (future := self._by_call.get(call_id)) is not None:
            future.cancel()

    def abandon(self, call_id: str) -> None:
        """Stop waiting for the engine."""
        self.cancel(call_id)


def _stopped(call: Passage, kind: str, what: str) -> CallOutcome:
    """Return how a tool ended that was stopped while it ran; nobody can say how far an effect had come."""
    name = f"{call.toolkit}.{call.definition.name}"
    if call.definition.effect is Effect.READ:
        return failure(kind, f"{name} {what}.")
    return failure("unknown", f"{name} {what}; its effect may or may not have happened. Look before you try again.")


def _context_json(context: CallContext, call_id: str, timeout_seconds: float) -> str:
    return context.model_copy(update={"call_id": call_id, "timeout_seconds": timeout_seconds}).model_dump_json()


def _result_of(call: Passage, waiting: Waiting) -> Any:
    """Return what the tool gave, within its time; that a person takes to answer it does not count."""
    began = call.elapsed()
    while (left := began + call.definition.timeout_seconds - call.elapsed()) > 0:
        if waiting.is_over_within(left):
            return waiting.result(0)
    return waiting.result(0)


def call_context(call: Passage) -> CallContext:
    """Return who calls, for a toolkit in this process."""
    context = call.run.context
    return CallContext(
        call_id=call.call_id,
        run_id=context.run_id,
        session_id=context.session_id,
        tenant=context.tenant,
        user=context.user,
        rights=context.rights,
        channel=context.channel,
        via=context.via,
        trace_id=context.trace_id,
        timeout_seconds=call.definition.timeout_seconds,
        approved_by=call.approved_by,
    )


def outcome_of(error: SancaError) -> CallOutcome:
    """Return the envelope of an error."""
    if not isinstance(error, ToolError):
        return failure("unavailable" if error.retryable else "failed", str(error), retryable=error.retryable)
    fields = {
        "kind": error.kind,
        "message": str(error),
        "argument": error.argument,
        "near": error.near,
        "java_class": error.java_class,
        "stack": error.stack,
        "retryable": error.retryable,
    }
    try:
        return CallOutcome(ok=False, error=CallError.model_validate(fields))
    except ValidationError:  # a toolkit of others invented a kind
        return failure("failed", str(error))
