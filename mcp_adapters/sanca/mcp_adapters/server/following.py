"""One request and the run behind it: follows it, tells progress, asks the person at the client. Starts no run."""

from __future__ import annotations

import json
from typing import Any

import anyio
import mcp_types as types
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from sanca.core.agent_runner import AgentRunner, PendingAsk, RunEvent, RunView
from sanca.core.errors import NotWaitingError
from sanca.core.messages import Caller
from sanca.core.untrusted import plain_text
from sanca.mcp_adapters.server.elicitation import FormAnswer, answer_from, can_elicit, form_of
from sanca.mcp_adapters.server.who import Context, Presence

_PROGRESS_CHARS = 200
_PROGRESS_SECONDS = 5.0
"""A reader that is slower than this misses a line of progress; the run does not wait for it."""
_PAUSE_SECONDS = 0.1

Outcome = RunView | types.InputRequiredResult


class Following:
    """Leads one request to the end of its run, as far as the request may wait."""

    def __init__(self, runner: AgentRunner, caller: Caller, ctx: Context, presence: Presence) -> None:
        self._runner = runner
        self._caller = caller
        self._ctx = ctx
        self._presence = presence
        self._wants_progress = bool(ctx.meta and ctx.meta.get("progress_token") is not None)
        self._told_at = 0.0

    async def lead(self, run_id: str, after: int, seconds: float, *, may_ask: bool = True) -> Outcome:
        """Follow a run until it is over, asks what the client cannot be asked, or the time is up; it goes on then.

        A request that its sender withdraws takes the run with it.
        """
        try:
            with anyio.move_on_after(seconds):
                return await self._lead(run_id, after, may_ask=may_ask)
            return await self._runner.get(self._caller, run_id)
        except anyio.get_cancelled_exc_class():
            if self._presence.withdrew(self._ctx):
                with anyio.CancelScope(shield=True):
                    await self._runner.cancel(self._caller, run_id)
            raise

    async def resume(self, state: str, responses: dict[str, Any] | None, seconds: float) -> Outcome:
        """Go on with what an earlier round asked; `state` is what we sealed then."""
        run_id, ask_id = _read_state(state)
        view = await self._runner.get(self._caller, run_id)
        after = view.last_seq
        if view.ask is not None and view.ask.id == ask_id:
            answer = answer_from(view.ask, (responses or {}).get(ask_id))
            if answer is None:
                return asked_in_result(view)
            after = await self._answer(view, view.ask, answer)
        return await self.lead(run_id, after, seconds)

    async def _lead(self, run_id: str, after: int, *, may_ask: bool) -> Outcome:
        while True:
            await self._follow(run_id, after)
            view = await self._runner.get(self._caller, run_id)
            if view.ask is None or not may_ask or not can_elicit(self._ctx):
                return view
            if self._ctx.protocol_version in MODERN_PROTOCOL_VERSIONS:
                return asked_in_result(view)
            given = await self._ctx.session.elicit_form(*_form(view.ask), self._ctx.request_id)
            answer = answer_from(view.ask, given)
            if answer is None:
                return view
            after = await self._answer(view, view.ask, answer)

    async def _answer(self, view: RunView, ask: PendingAsk, answer: FormAnswer) -> int:
        try:
            return await self._runner.answer(
                self._caller, view.run_id, ask.id, approved=answer.approved, reason=answer.reason, value=answer.value
            )
        except NotWaitingError:  # somebody else answered meanwhile, in the portal for instance
            return view.last_seq

    async def _follow(self, run_id: str, after: int) -> None:
        async for event in self._runner.follow(self._caller, run_id, after):
            if self._wants_progress:
                await self._tell(event)

    async def _tell(self, event: RunEvent) -> None:
        now = anyio.current_time()
        if now - self._told_at < _PAUSE_SECONDS:
            return
        if line := progress_line(event.json):
            self._told_at = now
            with anyio.move_on_after(_PROGRESS_SECONDS):
                await self._ctx.session.report_progress(event.seq, message=line)


def asked_in_result(view: RunView) -> types.InputRequiredResult:
    """Return what a run asks, as the result of one round of several."""
    if view.ask is None:
        raise MCPError(types.INTERNAL_ERROR, f"The run {view.run_id!r} asks nothing.")
    request = types.ElicitRequest(params=form_of(view.ask))
    state = json.dumps({"run": view.run_id, "ask": view.ask.id})
    return types.InputRequiredResult(input_requests={view.ask.id: request}, request_state=state)


def progress_line(event_json: str) -> str:
    """Return what an event says about how far a run is; empty: nothing worth a line."""
    event = json.loads(event_json)
    if event.get("type") != "ACTIVITY_SNAPSHOT":
        return ""
    content = event.get("content") or {}
    match event.get("activityType"):
        case "sanca-round":
            goal = content.get("sub_goal") or ""
            said = f"Round {content.get('round')}: {content.get('status')}{f' – {goal}' if goal else ''}"
        case "sanca-message":
            said = content.get("text") or ""
        case "sanca-file":
            said = f"File {content.get('name')}"
        case _:
            said = ""
    return plain_text(said, _PROGRESS_CHARS)


def _form(ask: PendingAsk) -> tuple[str, dict[str, Any]]:
    form = form_of(ask)
    return form.message, form.requested_schema


def _read_state(state: str) -> tuple[str, str]:
    """Return run and ask of a state; it was sealed, so that only ours come here, perhaps of an older version."""
    try:
        read = json.loads(state)
        return str(read["run"]), str(read["ask"])
    except (ValueError, KeyError, TypeError) as error:
        raise MCPError(types.INVALID_PARAMS, "The requestState is not one of this tool's.") from error
