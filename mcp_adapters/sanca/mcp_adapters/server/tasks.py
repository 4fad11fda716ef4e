"""The tasks extension of MCP 2026-07-28 (SEP-2663): its methods and their rules. A `TaskSource` knows the tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import MCP_NAME_HEADER, decode_header_value
from mcp_types import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    RequestParams,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import Field
from sanca.mcp_adapters.server.who import Context

TASKS = "io.modelcontextprotocol/tasks"


class TaskParams(RequestParams):
    """Of `tasks/get` and `tasks/cancel`."""

    task_id: str = Field(alias="taskId", min_length=1, max_length=256)


class TaskUpdateParams(TaskParams):
    """Of `tasks/update`."""

    input_responses: dict[str, Any] = Field(alias="inputResponses")


class TaskSource(Protocol):
    """Where tasks come from. Who asks is in the context; what is another's is not there: `LookupError`."""

    async def get_task(self, ctx: Context, task_id: str) -> dict[str, Any]:
        """Return the task in the wire's words: `taskId, status, createdAt …`, with `result` or `error` when over."""

    async def update_task(self, ctx: Context, task_id: str, responses: Mapping[str, Any]) -> None:
        """Take answers to what the task asks; unknown keys are ignored."""

    async def cancel_task(self, ctx: Context, task_id: str) -> None:
        """Stop a task; one that is over stays as it is."""


def knows_tasks(ctx: Context) -> bool:
    """Whether this request may be answered by a task."""
    if ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        return False
    capabilities = ctx.session.client_capabilities
    return bool(capabilities and capabilities.extensions and TASKS in capabilities.extensions)


def require_tasks(ctx: Context) -> None:
    """Refuse a client that does not know tasks.

    Raises:
        MCPError: Names the extension.
    """
    if not knows_tasks(ctx):
        needed: dict[str, Any] = {"requiredCapabilities": {"extensions": {TASKS: {}}}}
        raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, f"The extension {TASKS} is needed.", needed)


def add_tasks(server: Server[Any], source: TaskSource) -> None:
    """Serve the extension's methods and advertise it."""

    async def get(ctx: Context, params: TaskParams) -> dict[str, Any]:
        task = await _found(ctx, params, source.get_task(_checked(ctx, params), params.task_id))
        return {**task, "resultType": "complete"}

    async def update(ctx: Context, params: TaskUpdateParams) -> dict[str, Any]:
        await _found(ctx, params, source.update_task(_checked(ctx, params), params.task_id, params.input_responses))
        return {"resultType": "complete"}

    async def cancel(ctx: Context, params: TaskParams) -> dict[str, Any]:
        await _found(ctx, params, source.cancel_task(_checked(ctx, params), params.task_id))
        return {"resultType": "complete"}

    server.extensions[TASKS] = {}
    server.add_request_handler("tasks/get", TaskParams, get)
    server.add_request_handler("tasks/update", TaskUpdateParams, update)
    server.add_request_handler("tasks/cancel", TaskParams, cancel)


def _checked(ctx: Context, params: TaskParams) -> Context:
    """Return the context of a request that follows the extension's rules; before anything is looked up."""
    if ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        raise MCPError(METHOD_NOT_FOUND, "Method not found", ctx.method)
    require_tasks(ctx)
    # SEP-2663, "Routing Headers": the task's id must be the request's name, so that a proxy can route by it.
    if ctx.request is not None and decode_header_value(ctx.request.headers.get(MCP_NAME_HEADER)) != params.task_id:
        raise MCPError(HEADER_MISMATCH, f"The header Mcp-Name must be the taskId of {ctx.method}.")
    return ctx


async def _found(ctx: Context, params: TaskParams, work: Any) -> Any:
    try:
        return await work
    except LookupError as error:
        raise MCPError(INVALID_PARAMS, f"There is no task {params.task_id!r}.", {"taskId": params.task_id}) from error
