"""What a toolkit in the broker may ask of it: a person's answer, another call, a notice. Runs no tool itself."""

from __future__ import annotations

import itertools
import threading
import uuid
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Literal

import anyio
import anyio.to_thread
import structlog
from sanca.core.errors import ToolDeniedError, ToolFailedError
from sanca.core.ports import AgentReply, PersonAnswer
from sanca.core.tools import CallContext, CallOutcome
from sanca.core.untrusted import plain_text
from sanca.python_runtime.broker.form_fields import fields_of, values_of
from sanca.python_runtime.broker.passage import Passage
from sanca.python_runtime.broker.records import AskKind
from sanca.python_runtime.broker.run_state import Answer, RunState

log = structlog.get_logger(__name__)

AskPerson = Callable[[Passage, AskKind, dict[str, Any], str], Answer]
"""The gate's own way to ask; blocks until the person has answered."""
CallTool = Callable[[RunState, int, str, str, Mapping[str, Any]], CallOutcome]
"""The gate's own way to pass a call: run, round, toolkit, tool, arguments; blocks until it is over."""

_MESSAGE_CHARS = 4000
_NOTICE_CHARS = 8000
_NOTICES = 200
_QUESTIONS_AT_ONCE = 256
_CALLS_AT_ONCE = 64


class BrokerToolkitHost:
    """One for all toolkits of a broker. Its coroutines run on the broker's loop; `notices` may be read anywhere."""

    def __init__(
        self,
        find_run: Callable[[str], RunState | None],
        ask: AskPerson,
        deliver: Callable[[AgentReply], Awaitable[None]],
        mask: Callable[[Any], Awaitable[Any]],
        call: CallTool,
    ) -> None:
        """Hold the ways to a run, to a person and to the engine.

        Args:
            find_run: The open run of an id.
            ask: Asks a person on behalf of a call that is under way.
            deliver: Hands an agent's late reply to the engine.
            mask: Takes secrets and personal data out of a text or JSON value.
            call: Passes one more call of a run through the gate.
        """
        self._call = call
        self._deliver = deliver
        self._mask = mask
        self._find_run = find_run
        self._ask = ask
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._notices: dict[str, str] = {}
        self._limiter: anyio.CapacityLimiter | None = None
        self._calls: anyio.CapacityLimiter | None = None

    @property
    def notices(self) -> dict[str, str]:
        """What the administrator was told and is not settled, by code."""
        with self._lock:
            return dict(self._notices)

    async def ask_person(
        self,
        context: CallContext,
        kind: Literal["form", "approval"],
        message: str,
        schema: Mapping[str, Any] | None = None,
    ) -> PersonAnswer:
        """Ask the person behind a call that is under way; the call's own clock stands still meanwhile.

        Raises:
            ToolDeniedError: The run is over or was cancelled.
            ToolFailedError: The call is not under way.
        """
        run, passage = self._under_way(context)
        ask_id = f"{context.call_id}/ask-{next(self._numbers)}"
        card = _card(kind, plain_text(message, _MESSAGE_CHARS), schema)
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(_QUESTIONS_AT_ONCE)
        asking = partial(
            self._ask, passage, "form" if kind == "form" and card.get("fields") else "question", card, ask_id
        )
        try:
            answer = await anyio.to_thread.run_sync(asking, abandon_on_cancel=True, limiter=self._limiter)
        except BaseException:
            run.answer(ask_id, Answer(approved=False, reason="nobody waits for it any more", cancelled=True))
            raise
        return _person_answer(answer, schema)

    async def call_tool(
        self, context: CallContext, toolkit: str, tool: str, arguments: Mapping[str, Any]
    ) -> CallOutcome:
        """Pass another call of the same run through the gate.

        Raises:
            ToolDeniedError: The run is over or was cancelled.
            ToolFailedError: The call is not under way.
        """
        run, passage = self._under_way(context)
        if self._calls is None:
            self._calls = anyio.CapacityLimiter(_CALLS_AT_ONCE)
        calling = partial(self._call, run, passage.round, toolkit, tool, arguments)
        passage.begin_asking()  # its time is the other call's, which may ask a person, and counts there
        try:
            return await anyio.to_thread.run_sync(calling, abandon_on_cancel=True, limiter=self._calls)
        finally:
            passage.end_asking()

    async def deliver_reply(self, reply: AgentReply) -> None:
        """Hand over what came after its call was over.

        Raises:
            StoreUnavailableError: The engine did not take it; it may be handed over again.
        """
        await self._deliver(reply)

    async def masked(self, value: Any) -> Any:  # a JSON value of any shape
        """Return a text or JSON value without secrets and personal data."""
        return await self._mask(value)

    async def tell_administrator(self, code: str, text: str) -> None:
        """Keep and log a notice; the same code again replaces it, an empty text settles it."""
        with self._lock:
            if not text:
                self._notices.pop(code, None)
                return
            if code not in self._notices and len(self._notices) >= _NOTICES:
                self._notices.pop(next(iter(self._notices)))
            is_new = self._notices.get(code) != text
            self._notices[code] = text[:_NOTICE_CHARS]
        if is_new:
            log.warning("administrator_notice", code=code, text=text[:_NOTICE_CHARS])

    def _under_way(self, context: CallContext) -> tuple[RunState, Passage]:
        run = self._find_run(context.run_id)
        if run is None or run.is_closed:
            raise ToolDeniedError("The run is over; nobody can be asked any more.", call_id=context.call_id)
        call = run.under_way(context.call_id)
        passage = call if isinstance(call, Passage) else getattr(call, "passage", None)
        if not isinstance(passage, Passage):
            raise ToolFailedError("The call is over; nobody can be asked for it any more.", call_id=context.call_id)
        return run, passage


def _card(kind: str, message: str, schema: Mapping[str, Any] | None) -> dict[str, Any]:
    surface_id = f"card_{uuid.uuid4().hex[:12]}"
    fields = fields_of(schema) if kind == "form" and schema else []
    if fields:
        return {"kind": "form", "surface_id": surface_id, "title": message, "fields": fields}
    title, _, detail = message.partition("\n")
    return {"kind": "approve", "surface_id": surface_id, "title": title, "detail": detail.strip() or title}


def _person_answer(answer: Answer, schema: Mapping[str, Any] | None) -> PersonAnswer:
    if answer.cancelled or (not answer.approved and not answer.by):
        return PersonAnswer("cancelled", by=answer.by)
    if not answer.approved:
        return PersonAnswer("declined", by=answer.by)
    given = answer.value if isinstance(answer.value, Mapping) else {}
    return PersonAnswer("accepted", values_of(schema, given) if schema else {}, by=answer.by)
