"""The gate: the one place every tool call passes. Decides, asks, journals, calls; runs in the caller's thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
import structlog
from sanca.core.errors import SancaError, ToolArgumentError, ToolDeniedError, ToolError
from sanca.core.tools import CallOutcome
from sanca.python_runtime.broker.backends import outcome_of
from sanca.python_runtime.broker.call_streams import CallStream, StreamFacts
from sanca.python_runtime.broker.catalog import Catalog, PreparedCall, ToolEntry
from sanca.python_runtime.broker.journal import Fact, Journal
from sanca.python_runtime.broker.outbox import Outbox
from sanca.python_runtime.broker.policy import check_budget, check_right, decide
from sanca.python_runtime.broker.records import Ask, AskKind, CallRecord, CallStatusWord
from sanca.python_runtime.broker.run_state import Answer, RunState, UnderWay
from sanca.python_runtime.broker.shorten import shorten, summarize
from sanca.toolkit_bridge.gateway import failure

log = structlog.get_logger(__name__)

_NAME_CHARS = 160
_ASK_CHARS = 65_536
_STATUS: dict[str, CallStatusWord] = {
    "denied": "denied",
    "approval_required": "denied",
    "cancelled": "cancelled",
    "unknown": "unknown",
}


@dataclass(slots=True)
class _Passage:
    """A call on its way through the gate."""

    run: RunState
    call_id: str
    number: int
    """The how-manieth of its run."""
    round: int
    toolkit: str
    tool: str
    begun: float = field(default_factory=time.monotonic)
    person_seconds: float = 0.0
    entry: ToolEntry | None = None
    arguments: dict[str, Any] = field(default_factory=dict)
    arguments_json: str = "{}"
    approved_by: str | None = None


class ToolCallGate:
    """Made once; called from many threads. The catalog is read anew for every call."""

    def __init__(self, catalog: Callable[[], Catalog], journal: Journal, outbox: Outbox) -> None:
        self._catalog = catalog
        self._journal = journal
        self._outbox = outbox

    def call(
        self,
        run: RunState,
        round_number: int,
        toolkit: str,
        tool: str,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> CallOutcome:
        """Pass one call: resolve, check, permit, ask, journal, call, journal. Returns its envelope.

        Of a tool that gives a stream, the first items are the value.
        """
        outcome = self.enter(run, round_number, toolkit, tool, args, kwargs)
        return outcome.collect() if isinstance(outcome, CallStream) else outcome

    def enter(
        self,
        run: RunState,
        round_number: int,
        toolkit: str,
        tool: str,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> CallOutcome | CallStream:
        """Do as `call` for a caller that takes streams and closes them; a call is under way as long as its stream."""
        # A name is what hostile code sent; of one that is no name, the journal keeps the beginning.
        passage = _Passage(run, *run.begin_call(), round_number, toolkit[:_NAME_CHARS], tool[:_NAME_CHARS])
        try:
            self._prepare(passage, args, kwargs or {})
            self._approve(passage)
            if _entry(passage).definition.streams:
                return self._open_stream(passage)
            outcome = self._answered_by_person(passage, self._run(passage))
        except RecursionError:
            outcome = failure("argument", f"{passage.toolkit}.{passage.tool}: an argument is nested too deep.")
        except SancaError as error:
            outcome = outcome_of(error)
            if run.is_closed and isinstance(error, ToolDeniedError):
                outcome = failure("cancelled", str(error))
        except Exception as error:
            log.exception("gate_failed", toolkit=toolkit, tool=tool, call_id=passage.call_id)
            outcome = failure("failed", f"The broker failed at {toolkit}.{tool}: {type(error).__name__}.")
        self._finish(passage, outcome)
        return outcome

    def _prepare(self, passage: _Passage, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        context = passage.run.context
        passage.entry = entry = self._catalog().find(passage.toolkit, passage.tool)
        passage.arguments = entry.signature.unify(args, kwargs)
        try:
            passage.arguments_json = orjson.dumps(passage.arguments).decode()
        except TypeError as error:
            raise ToolArgumentError(
                f"{entry.name}: an argument has no JSON form: {error}.", tool_name=entry.name
            ) from None
        check_right(context, entry.name, entry.definition.right)
        run = passage.run
        argument_bytes = run.count_arguments(len(passage.arguments_json))
        check_budget(context.budget, passage.number, run.tool_seconds, argument_bytes)

    def _approve(self, passage: _Passage) -> None:
        """Ask a person if the policy wants it."""
        entry, context = _entry(passage), passage.run.context
        decision = decide(context.rules, entry.name, entry.definition, context.channel)
        if decision == "allow":
            return
        if decision == "deny":
            raise ToolDeniedError(f"The policy does not allow {entry.name} here.", tool_name=entry.name)
        if len(passage.arguments_json) > _ASK_CHARS:
            text = f"{entry.name}: the arguments are longer than {_ASK_CHARS:,} characters; nobody can agree to what"
            raise ToolArgumentError(f"{text} nobody can read. Pass less at once.", tool_name=entry.name)
        answer = self._ask(passage, "approval", None)
        if not answer.approved:
            raise _refused(entry.name, answer)
        passage.approved_by = answer.by

    def _run(self, passage: _Passage) -> CallOutcome:
        """Journal that the call leaves, and let it."""
        entry, run = _entry(passage), passage.run
        prepared = self._prepared(passage)
        self._depart(passage, UnderWay(passage.call_id, entry.backend.cancel, entry.backend.abandon))
        left = time.monotonic()
        try:
            return entry.backend.call(prepared)
        finally:
            run.arrive(passage.call_id, time.monotonic() - left)

    def _open_stream(self, passage: _Passage) -> CallStream:
        """Journal that the call leaves, and let it begin to give items."""
        entry, run = _entry(passage), passage.run

        def finish(outcome: CallOutcome, facts: StreamFacts) -> None:
            run.arrive(passage.call_id, 0.0)
            self._finish(passage, outcome, facts)

        stream = CallStream(entry, run, finish)
        prepared = self._prepared(passage)
        self._depart(passage, UnderWay(passage.call_id, stream.cancel, stream.cancel))
        try:
            stream.open(entry.backend.stream(prepared))
        except BaseException:
            run.arrive(passage.call_id, 0.0)
            raise
        return stream

    def _prepared(self, passage: _Passage) -> PreparedCall:
        return PreparedCall(
            passage.run,
            passage.call_id,
            passage.toolkit,
            _entry(passage).definition,
            passage.arguments,
            passage.arguments_json,
            passage.approved_by,
        )

    def _depart(self, passage: _Passage, under_way: UnderWay) -> None:
        """Write down that the call leaves, and put it among those under way."""
        entry = _entry(passage)
        requested = self._fact(passage, "call_requested", _requested(passage, entry))
        if entry.is_effect:
            self._journal.put_and_wait(requested)
        else:
            self._journal.put(requested)
        passage.run.depart(under_way)
        self._tell(passage, "running")

    def _answered_by_person(self, passage: _Passage, outcome: CallOutcome) -> CallOutcome:
        """Show the card a tool gave; if it asks something, wait for the person, whose answer becomes the value."""
        entry = _entry(passage)
        card = outcome.value.get("card") if outcome.ok and isinstance(outcome.value, dict) else None
        if not isinstance(card, dict):
            return outcome
        if entry.definition.interaction == "none":
            if passage.toolkit == "card":
                message = {"op": "card", "run_id": passage.run.context.run_id, "call_id": passage.call_id}
                self._outbox.post({**message, "card": card})
            return outcome
        answer = self._ask(passage, "form" if entry.definition.interaction == "form" else "question", card)
        if answer.cancelled or (entry.definition.interaction == "form" and not answer.approved):
            raise _refused(entry.name, answer)
        if entry.definition.interaction == "form":
            return CallOutcome(ok=True, value=answer.value)
        return CallOutcome(ok=True, value={"approved": answer.approved, "reason": answer.reason})

    def _ask(self, passage: _Passage, kind: AskKind, card: dict[str, Any] | None) -> Answer:
        entry, run = _entry(passage), passage.run
        ask = Ask(
            run_id=run.context.run_id,
            call_id=passage.call_id,
            toolkit=passage.toolkit,
            tool=passage.tool,
            arguments=passage.arguments,
            arguments_json=passage.arguments_json,
            effect=str(entry.definition.effect),
            kind=kind,
            description=entry.definition.description,
            undo=entry.definition.undo,
            card=card,
            round=passage.round,
        )
        waiting = run.begin_waiting(passage.call_id)
        begun = time.monotonic()
        try:
            asked = {"call_id": passage.call_id, "kind": kind, "tool": entry.name, "arguments": passage.arguments}
            self._journal.put(self._fact(passage, "approval_asked", asked))
            self._tell(passage, "waiting")
            self._outbox.post({"op": "ask", "ask": {name: getattr(ask, name) for name in ask.__slots__}})
            answer = waiting.wait(run.context.approval_timeout_seconds)
        finally:
            run.end_waiting(passage.call_id)
            passage.person_seconds += time.monotonic() - begun
        told = {"call_id": passage.call_id, "approved": answer.approved, "by": answer.by, "reason": answer.reason}
        self._journal.put(self._fact(passage, "approval_answered", {**told, "value": answer.value}))
        return answer

    def _finish(self, passage: _Passage, outcome: CallOutcome, facts: StreamFacts | None = None) -> None:
        error = outcome.error
        seconds = time.monotonic() - passage.begun - passage.person_seconds if facts is None else facts.seconds
        data: dict[str, Any] = {"call_id": passage.call_id, "ok": outcome.ok, "seconds": round(seconds, 6)}
        if error is not None:
            data["error"] = error.model_dump(exclude_defaults=True)
        elif facts is None:
            data["value"] = outcome.value
        if facts is not None:
            data |= {"items": facts.items, "sample": facts.sample, "closed_early": facts.is_closed_early}
            outcome = CallOutcome(ok=outcome.ok, error=error, value=f"{facts.items:,} items")
        if passage.entry is None or error is not None:
            data |= {"toolkit": passage.toolkit, "tool": passage.tool, "round": passage.round}
        if outcome.replayed:
            data["replayed"] = True
        try:
            self._journal.put(self._fact(passage, "call_finished", data))
        except SancaError as problem:
            log.error("call_not_journalled", call_id=passage.call_id, reason=str(problem))
        status = "ok" if error is None else _STATUS.get(error.kind, "failed")
        make = partial(_record, passage, status, seconds, outcome)
        self._outbox.tell(passage.call_id, make)
        if passage.run.is_closed:
            passage.run.settle(CallRecord(*make()))
        if passage.entry is None or passage.entry.is_effect or error is not None:
            self._log(passage, status, seconds)

    def _tell(self, passage: _Passage, status: CallStatusWord) -> None:
        seconds = time.monotonic() - passage.begun - passage.person_seconds
        self._outbox.tell(passage.call_id, partial(_record, passage, status, seconds, None))

    def _fact(self, passage: _Passage, kind: str, data: Mapping[str, Any]) -> Fact:
        context = passage.run.context
        return Fact(context.run_id, context.session_id, kind, time.time(), context.trace_id, data)

    def _log(self, passage: _Passage, status: str, seconds: float) -> None:
        context = passage.run.context
        log.info(
            "tool_call_finished",
            tool=f"{passage.toolkit}.{passage.tool}"[:160],
            status=status,
            call_id=passage.call_id,
            run_id=context.run_id,
            session_id=context.session_id,
            trace_id=context.trace_id,
            user=context.user,
            duration_seconds=round(seconds, 6),
        )


def _record(passage: _Passage, status: CallStatusWord, seconds: float, outcome: CallOutcome | None) -> tuple[Any, ...]:
    """Return the fields of a `CallRecord` in their order; a plain tuple, as thousands a second are made."""
    entry = passage.entry
    return (
        passage.run.context.run_id,
        passage.call_id,
        passage.toolkit[:80],
        passage.tool[:80],
        entry.definition.effect.value if entry is not None else "READ",
        status,
        passage.round,
        shorten(passage.arguments),
        round(seconds, 6),
        summarize(outcome),
        outcome.error.kind if outcome is not None and outcome.error is not None else "",
    )


def _entry(passage: _Passage) -> ToolEntry:
    if passage.entry is None:
        raise ToolError("The call was not resolved.")
    return passage.entry


def _requested(passage: _Passage, entry: ToolEntry) -> dict[str, Any]:
    data = {
        "call_id": passage.call_id,
        "toolkit": passage.toolkit,
        "tool": passage.tool,
        "arguments_json": passage.arguments_json,
        "effect": entry.definition.effect,
        "round": passage.round,
    }
    return {**data, "approved_by": passage.approved_by} if passage.approved_by else data


def _refused(name: str, answer: Answer) -> ToolDeniedError:
    if answer.cancelled:
        return ToolDeniedError("The run was cancelled before a person answered.", tool_name=name)
    who = answer.by or "No one"
    reason = f": {answer.reason}" if answer.reason else ""
    said = "said no to" if answer.by else "agreed to"
    return ToolDeniedError(f"{who} {said} {name}{reason}.", tool_name=name)
