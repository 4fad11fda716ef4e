"""The gate: the one place every tool call passes. Decides, asks, journals, calls; runs in the caller's thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
import structlog
from sanca.core.errors import SancaError, ToolArgumentError, ToolDeniedError
from sanca.core.tools import CallOutcome
from sanca.python_runtime.broker.backends import outcome_of
from sanca.python_runtime.broker.call_streams import CallStream, ItemSource, PieceSource, StreamFacts
from sanca.python_runtime.broker.catalog import Catalog
from sanca.python_runtime.broker.journal import Journal
from sanca.python_runtime.broker.outbox import Outbox
from sanca.python_runtime.broker.passage import Passage
from sanca.python_runtime.broker.policy import check_budget, check_right, decide
from sanca.python_runtime.broker.records import Ask, AskKind, CallRecord, CallStatusWord
from sanca.python_runtime.broker.reliability import Reliability
from sanca.python_runtime.broker.run_state import Answer, RunState, UnderWay
from sanca.toolkit_bridge.gateway import failure

log = structlog.get_logger(__name__)

_ASK_CHARS = 65_536
_STATUS: dict[str, CallStatusWord] = {
    "denied": "denied",
    "approval_required": "denied",
    "cancelled": "cancelled",
    "unknown": "unknown",
}


class ToolCallGate:
    """Made once; called from many threads. The catalog is read anew for every call."""

    def __init__(
        self, catalog: Callable[[], Catalog], journal: Journal, outbox: Outbox, reliability: Reliability
    ) -> None:
        self._catalog = catalog
        self._reliability = reliability
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
        passed = self.enter(run, round_number, toolkit, tool, args, kwargs)
        return passed.collect() if isinstance(passed, CallStream) else self.finish(passed)

    def enter(
        self,
        run: RunState,
        round_number: int,
        toolkit: str,
        tool: str,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Passage | CallStream:
        """Do as `call` for a caller that answers first and calls `finish` then, and that takes streams and closes them.

        A stream's call is under way as long as the stream is open, and finished by its end.
        """
        passage = Passage(run, round_number, toolkit, tool)
        try:
            self._prepare(passage, args, kwargs or {})
            self._approve(passage)
            if passage.entry.definition.streams:
                return self._open_stream(passage)
            outcome = self._run(passage)
            if passage.rest is not None:
                passage.outcome = outcome if outcome.attempts else None
                return self._read_on(passage, passage.rest)
            passage.outcome = self._answered_by_person(passage, outcome)
        except RecursionError:
            passage.outcome = failure("argument", f"{passage.toolkit}.{passage.tool}: an argument is nested too deep.")
        except SancaError as error:
            is_late = run.is_closed and isinstance(error, ToolDeniedError)
            passage.outcome = failure("cancelled", str(error)) if is_late else outcome_of(error)
        except Exception as error:
            log.exception("gate_failed", toolkit=toolkit, tool=tool, call_id=passage.call_id)
            passage.outcome = failure("failed", f"The broker failed at {toolkit}.{tool}: {type(error).__name__}.")
        return self._advised(passage)

    def _advised(self, passage: Passage) -> Passage:
        """Add to a failure what else may do."""
        outcome = passage.ended()
        if outcome.error is not None and outcome.error.kind != "not_found":
            passage.outcome = self._reliability.advised(passage, outcome, self._catalog())
        return passage

    def _prepare(self, passage: Passage, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        context = passage.run.context
        entry = self._catalog().find(passage.toolkit, passage.tool)
        passage.resolve(entry)
        passage.arguments = entry.signature.unify(args, kwargs)
        try:
            passage.arguments_json = orjson.dumps(passage.arguments).decode()
        except TypeError as error:
            raise ToolArgumentError(
                f"{entry.name}: an argument has no JSON form: {error}.", tool_name=entry.name
            ) from None
        check_right(context, entry.name, entry.definition.right)
        self._reliability.check(passage)
        run = passage.run
        argument_bytes = run.count_arguments(len(passage.arguments_json))
        check_budget(context.budget, passage.number, run.tool_seconds, argument_bytes)

    def _approve(self, passage: Passage) -> None:
        """Ask a person if the policy wants it."""
        entry, context = passage.entry, passage.run.context
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

    def _run(self, passage: Passage) -> CallOutcome:
        """Journal that the call leaves, and let it."""
        self._depart(passage, passage)
        before = passage.elapsed()
        try:
            return self._reliability.call(passage)
        finally:
            passage.run.arrive(passage.call_id, passage.elapsed() - before)
            passage.note_departure()

    def _open_stream(self, passage: Passage) -> CallStream:
        """Journal that the call leaves, and let it begin to give items."""
        stream = CallStream(passage, self._finish_stream)
        self._depart(passage, stream)
        try:
            stream.open(passage.entry.backend.stream(passage))
            passage.note_departure()
        except BaseException:
            passage.run.arrive(passage.call_id, 0.0)
            raise
        return stream

    def _read_on(self, passage: Passage, rest: ItemSource | PieceSource) -> CallStream:
        """Let the rest of a result be read; the call is under way until that ends."""
        stream = CallStream(passage, self._finish_stream)
        passage.run.depart(stream)
        stream.open(rest, passage.elapsed())
        return stream

    def _depart(self, passage: Passage, under_way: UnderWay) -> None:
        """Put a call among those under way.

        That an effect leaves is on the disk before it does; a read's row is queued while the tool works already.
        """
        self._reliability.enter(passage)
        if passage.entry.is_effect:
            self._journal.put_and_wait(passage.fact("call_requested", passage.requested()))
        passage.run.depart(under_way)
        passage.on_departure = self._note_departure

    def _note_departure(self, passage: Passage) -> None:
        if not passage.entry.is_effect:
            self._journal.put(passage.fact("call_requested", passage.requested()))
        self._outbox.tell(passage)

    def _answered_by_person(self, passage: Passage, outcome: CallOutcome) -> CallOutcome:
        """Show the card a tool gave; if it asks something, wait for the person, whose answer becomes the value."""
        entry = passage.entry
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

    def ask_for_toolkit(self, passage: Passage, kind: AskKind, card: dict[str, Any], ask_id: str) -> Answer:
        """Ask a person what the tool of a call that is under way wants to know. Blocks until there is an answer."""
        return self._ask(passage, kind, card, ask_id)

    def _ask(self, passage: Passage, kind: AskKind, card: dict[str, Any] | None, ask_id: str = "") -> Answer:
        entry, run = passage.entry, passage.run
        ask_id = ask_id or passage.call_id
        ask = Ask(
            run_id=run.context.run_id,
            call_id=ask_id,
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
        waiting = run.begin_waiting(passage.call_id, ask_id)
        passage.begin_asking()
        try:
            asked = {"call_id": ask_id, "kind": kind, "tool": entry.name, "arguments": passage.arguments}
            self._journal.put(passage.fact("approval_asked", asked))
            passage.seconds = passage.elapsed()
            self._outbox.tell(passage)
            self._outbox.post({"op": "ask", "ask": {name: getattr(ask, name) for name in ask.__slots__}})
            answer = waiting.wait(run.context.approval_timeout_seconds)
        finally:
            run.end_waiting(ask_id)
            passage.end_asking()
        told = {"call_id": ask_id, "approved": answer.approved, "by": answer.by, "reason": answer.reason}
        self._journal.put(passage.fact("approval_answered", {**told, "value": answer.value}))
        return answer

    def finish(self, passage: Passage) -> CallOutcome:
        """Write down how a call ended, and tell it; return how."""
        outcome = passage.ended()
        passage.seconds = passage.elapsed()
        self._finish(passage, {} if outcome.error is not None else {"value": outcome.value})
        return outcome

    def _finish_stream(self, passage: Passage, outcome: CallOutcome, facts: StreamFacts) -> CallOutcome:
        told = self._reliability.advised(passage, outcome, self._catalog())
        attempts = passage.outcome.attempts if passage.outcome is not None else ()
        passage.outcome = CallOutcome(ok=told.ok, error=told.error, value=facts.summary(), attempts=attempts)
        passage.seconds = facts.seconds
        self._reliability.note(passage, outcome.error)
        self._finish(passage, facts.journalled())
        return told

    def _finish(self, passage: Passage, result: dict[str, Any]) -> None:
        outcome = passage.ended()
        error = outcome.error
        data = {"call_id": passage.call_id, "ok": outcome.ok, "seconds": round(passage.seconds, 6)} | result
        if error is not None:
            data["error"] = error.model_dump(exclude_defaults=True)
            data |= {"toolkit": passage.toolkit, "tool": passage.tool, "round": passage.round}
        if outcome.replayed:
            data["replayed"] = True
        if outcome.attempts:
            data["attempts"] = [attempt.model_dump() for attempt in outcome.attempts]
        self._reliability.count(passage, outcome)
        try:
            self._journal.put(passage.fact("call_finished", data))
        except SancaError as problem:
            log.error("call_not_journalled", call_id=passage.call_id, reason=str(problem))
        passage.status = "ok" if error is None else _STATUS.get(error.kind, "failed")
        self._outbox.tell(passage)
        if passage.run.is_closed:
            passage.run.settle(CallRecord(*passage.record()))
        if error is not None or passage.entry.is_effect:
            self._log(passage)

    def _log(self, passage: Passage) -> None:
        context = passage.run.context
        log.info(
            "tool_call_finished",
            tool=f"{passage.toolkit}.{passage.tool}"[:160],
            status=passage.status,
            call_id=passage.call_id,
            run_id=context.run_id,
            session_id=context.session_id,
            trace_id=context.trace_id,
            user=context.user,
            duration_seconds=round(passage.seconds, 6),
        )


def _refused(name: str, answer: Answer) -> ToolDeniedError:
    if answer.cancelled:
        return ToolDeniedError("The run was cancelled before a person answered.", tool_name=name)
    who = answer.by or "No one"
    reason = f": {answer.reason}" if answer.reason else ""
    said = "said no to" if answer.by else "agreed to"
    return ToolDeniedError(f"{who} {said} {name}{reason}.", tool_name=name)
