"""Runs as tasks of the tasks extension: the task's id is the run's, for a direct call with a mark in front."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mcp_types as types
from pydantic import ValidationError
from sanca.core.access import ASK, CALL_TOOLS
from sanca.core.agent_runner import AgentRunner, RunView
from sanca.core.errors import NotFoundError
from sanca.core.messages import Caller
from sanca.mcp_adapters.server.elicitation import answer_from, form_of
from sanca.mcp_adapters.server.reports import result_of, sentence_of_run
from sanca.mcp_adapters.server.toolkit_results import result_from_answer
from sanca.mcp_adapters.server.who import Context, Presence

_DIRECT = "call."
_POLL_MILLISECONDS = 1_000
_STATUSES = {"needs_input": "input_required", "done": "completed", "failed": "completed", "interrupted": "completed"}
"""`failed` of the extension means that the protocol broke; a run that failed is a tool's error, and completed."""


def task_of(view: RunView, *, is_direct: bool = False) -> dict[str, Any]:
    """Return a run as a task, without its result.

    Args:
        view: The run.
        is_direct: It is one call of a toolkit, and its result is the tool's own.
    """
    status = view.status if view.status == "cancelled" else _STATUSES.get(view.status, "working")
    task: dict[str, Any] = {
        "taskId": f"{_DIRECT if is_direct else ''}{view.run_id}",
        "status": status,
        "createdAt": view.started_at,
        "lastUpdatedAt": view.updated_at or view.started_at,
        "ttlMs": None,
        "pollIntervalMs": _POLL_MILLISECONDS,
    }
    if not view.is_over:
        task["statusMessage"] = sentence_of_run(view)
    return task


class RunTasks:
    """Implements `TaskSource` over the agent's runs."""

    def __init__(self, runner: AgentRunner, presence: Presence) -> None:
        self._runner = runner
        self._presence = presence

    async def get_task(self, ctx: Context, task_id: str) -> dict[str, Any]:
        """Return a task with its result, or with what it asks."""
        caller, run_id, is_direct = self._split(ctx, task_id)
        view = await self._view(caller, run_id)
        task = task_of(view, is_direct=is_direct)
        if task["status"] == "completed":
            result = result_from_answer(view) if is_direct else result_of(view)
            return {**task, "result": _on_wire(result)}
        if view.ask is not None:
            request = types.ElicitRequest(params=form_of(view.ask))
            return {**task, "inputRequests": {view.ask.id: _on_wire(request)}}
        return task

    async def update_task(self, ctx: Context, task_id: str, responses: Mapping[str, Any]) -> None:
        """Answer what a task asks; what it does not ask (any more) is ignored."""
        caller, run_id, _ = self._split(ctx, task_id)
        view = await self._view(caller, run_id)
        if view.ask is None or view.ask.id not in responses:
            return
        try:
            given = types.ElicitResult.model_validate(responses[view.ask.id])
        except ValidationError:
            return
        answer = answer_from(view.ask, given)
        if answer is not None:
            await self._runner.answer(
                caller, run_id, view.ask.id, approved=answer.approved, reason=answer.reason, value=answer.value
            )

    async def cancel_task(self, ctx: Context, task_id: str) -> None:
        """Stop the run."""
        caller, run_id, _ = self._split(ctx, task_id)
        view = await self._view(caller, run_id)
        if not view.is_over:
            await self._runner.cancel(caller, run_id)

    def _split(self, ctx: Context, task_id: str) -> tuple[Caller, str, bool]:
        is_direct = task_id.startswith(_DIRECT)
        caller = self._presence.caller(ctx, CALL_TOOLS if is_direct else ASK)
        return caller, task_id.removeprefix(_DIRECT), is_direct

    async def _view(self, caller: Caller, run_id: str) -> RunView:
        try:
            return await self._runner.get(caller, run_id)
        except NotFoundError as error:
            raise LookupError(run_id) from error


def _on_wire(model: types.Result | types.ElicitRequest) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)
