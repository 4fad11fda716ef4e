"""The suite's tools that become tasks (SEP-2663), and the tasks: real work in the event loop, kept in memory."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import mcp_types as types
from mcp_fixture_content import form
from mcp_fixture_input import accepted, asking
from mcp_fixture_tools import Answer, FixtureTools, Handler, Params, said
from pydantic import BaseModel
from sanca.mcp_adapters.server.tasks import knows_tasks, require_tasks
from sanca.mcp_adapters.server.who import Context

Work = Callable[["FixtureTask"], Awaitable[types.CallToolResult]]


class FixtureTask:
    """One task: its work and what it asks."""

    def __init__(self, work: Work) -> None:
        self.id = f"task_{uuid.uuid4().hex}"
        self.asked: dict[str, types.ElicitRequest] = {}
        self.answers: dict[str, Any] = {}
        self._answered = asyncio.Event()
        self._created = self._updated = _now()
        self._running = asyncio.ensure_future(work(self))
        self._running.add_done_callback(self._touch)

    async def ask(self, **requests: types.ElicitRequest) -> dict[str, Any]:
        """Ask, and wait until everything was answered."""
        self.asked.update(requests)
        self._touch()
        await self._answered.wait()
        return self.answers

    def answer(self, responses: Mapping[str, Any]) -> None:
        """Take some of the answers."""
        for key in [key for key in self.asked if key in responses]:
            del self.asked[key]
            self.answers[key] = responses[key]
        if not self.asked:
            self._answered.set()
        self._touch()

    def cancel(self) -> None:
        """Stop it, if it is not over."""
        self._running.cancel()

    @property
    def brief(self) -> dict[str, Any]:
        """What is told when it is made."""
        times = {"createdAt": self._created, "lastUpdatedAt": self._updated}
        return {"taskId": self.id, "status": self._status, **times, "ttlMs": 600_000, "pollIntervalMs": 200}

    @property
    def whole(self) -> dict[str, Any]:
        """What `tasks/get` tells."""
        match self._status:
            case "completed":
                return {**self.brief, "result": _on_wire(self._running.result())}
            case "failed":
                return {**self.brief, "error": {"code": types.INTERNAL_ERROR, "message": "The job broke."}}
            case "input_required":
                shown = {key: _on_wire(one) for key, one in self.asked.items()}
                return {**self.brief, "inputRequests": shown}
            case _:
                return self.brief

    @property
    def _status(self) -> str:
        if self._running.cancelled():
            return "cancelled"
        if self._running.done():
            return "failed" if self._running.exception() else "completed"
        return "input_required" if self.asked else "working"

    def _touch(self, _: object = None) -> None:
        self._updated = _now()


class FixtureTasks:
    """Every task by id."""

    def __init__(self) -> None:
        self._tasks: dict[str, FixtureTask] = {}

    def start(self, work: Work) -> dict[str, Any]:
        """Begin a task; returns what `tools/call` answers."""
        task = FixtureTask(work)
        self._tasks[task.id] = task
        return {**task.brief, "resultType": "task"}

    async def get_task(self, ctx: Context, task_id: str) -> dict[str, Any]:
        """Return a task."""
        return self._tasks[task_id].whole

    async def update_task(self, ctx: Context, task_id: str, responses: Mapping[str, Any]) -> None:
        """Take answers."""
        self._tasks[task_id].answer(responses)

    async def cancel_task(self, ctx: Context, task_id: str) -> None:
        """Stop it."""
        self._tasks[task_id].cancel()

    def slowly(self, work: Callable[[Params], Work]) -> Handler:
        """Return a tool that becomes a task where the client knows tasks, and is waited for elsewhere."""

        async def handle(ctx: Context, params: Params) -> Answer:
            if knows_tasks(ctx):
                return self.start(work(params))
            return await work(params)(FixtureTask(_nothing))

        return handle

    def only_as_task(self, work: Callable[[Params], Work]) -> Handler:
        """Return a tool that is refused to a client that does not know tasks."""

        async def handle(ctx: Context, params: Params) -> Answer:
            require_tasks(ctx)
            return self.start(work(params))

        return handle


async def _nothing(task: FixtureTask) -> types.CallToolResult:
    return said("")


async def _greet(ctx: Context, params: Params) -> Answer:
    return said(f"Hello, {(params.arguments or {}).get('name', '')}!")


def _compute(params: Params) -> Work:
    async def work(task: FixtureTask) -> types.CallToolResult:
        await asyncio.sleep(float((params.arguments or {}).get("seconds", 0)))
        return said("Computed.")

    return work


def _fail(params: Params) -> Work:
    async def work(task: FixtureTask) -> types.CallToolResult:
        return types.CallToolResult(content=said("The job failed.").content, is_error=True)

    return work


def _break(params: Params) -> Work:
    async def work(task: FixtureTask) -> types.CallToolResult:
        raise RuntimeError("broken on purpose")

    return work


def _confirm(params: Params) -> Work:
    async def work(task: FixtureTask) -> types.CallToolResult:
        name = (params.arguments or {}).get("filename", "")
        await task.ask(confirm=form(f"Delete {name}?", confirm={"type": "boolean"}))
        return said(f"Deleted {name}.")

    return work


def _ask_twice(params: Params) -> Work:
    async def work(task: FixtureTask) -> types.CallToolResult:
        name = {"type": "string"}
        await task.ask(first=form("First name?", name=name), second=form("Second name?", name=name))
        return said("Both were answered.")

    return work


def _greet_later(name: str) -> Work:
    async def work(task: FixtureTask) -> types.CallToolResult:
        return said(f"Hello, {name}, from a task!")

    return work


def add_task_tools(tools: FixtureTools, tasks: FixtureTasks) -> None:
    """Add the tools of this module."""

    async def ask_then_start(ctx: Context, params: Params) -> Answer:
        require_tasks(ctx)
        values = accepted(params, "user_name")
        if values is None:
            return asking("asked", user_name=form("What is your name?", name={"type": "string"}))
        return tasks.start(_greet_later(str(values.get("name", ""))))

    tools.add("greet", _greet, name={"type": "string"})
    seconds = {"type": "object", "properties": {"seconds": {"type": "number"}, "label": {"type": "string"}}}
    tools.add("slow_compute", tasks.slowly(_compute), seconds)
    tools.add("failing_job", tasks.only_as_task(_fail))
    tools.add("protocol_error_job", tasks.only_as_task(_break))
    tools.add("confirm_delete", tasks.only_as_task(_confirm), filename={"type": "string"})
    tools.add("multi_input", tasks.only_as_task(_ask_twice))
    tools.add("test_tool_with_task", ask_then_start)


def _on_wire(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(by_alias=True, mode="json", exclude_none=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
