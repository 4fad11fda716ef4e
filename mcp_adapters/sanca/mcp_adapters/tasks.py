"""Long calls that a server runs as tasks: polled, answered when they ask, cancelled when nobody wants them any more.

Both forms: the extension `io.modelcontextprotocol/tasks` of 2026-07-28, where the server decides and its questions lie
in what it tells of the task, and the tasks of 2025-11-25, which the client asks for. Loads the SDK: imported with the
first connection.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import anyio
import anyio.lowlevel
from mcp import MCPError
from mcp.client import ClientRequestContext
from mcp.client.extension import ClaimContext, ClientExtension, ResultClaim
from mcp.client.session import ClientSession
from mcp.shared.dispatcher import CallOptions
from mcp_types import (
    INTERNAL_ERROR,
    CallToolRequest,
    CallToolRequestParams,
    CallToolResult,
    CancelTaskRequest,
    CancelTaskRequestParams,
    CreateTaskResult,
    ErrorData,
    GetTaskPayloadRequest,
    GetTaskPayloadRequestParams,
    GetTaskRequest,
    GetTaskRequestParams,
    GetTaskResult,
    InputRequest,
    Request,
    RequestParams,
    Result,
    TaskMetadata,
)
from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

EXTENSION = "io.modelcontextprotocol/tasks"
_FIRST_PAUSE_SECONDS = 0.5
_SHORTEST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 10.0
_CANCEL_SECONDS = 2.0
_QUESTIONS = 100

_INPUT_REQUEST: TypeAdapter[InputRequest] = TypeAdapter(InputRequest)


class _TaskParams(RequestParams):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    task_id: str


class _UpdateParams(_TaskParams):
    input_responses: dict[str, Any]


class _GetTask(Request[_TaskParams, Literal["tasks/get"]]):
    method: Literal["tasks/get"] = "tasks/get"
    params: _TaskParams
    name_param = "taskId"


class _UpdateTask(Request[_UpdateParams, Literal["tasks/update"]]):
    method: Literal["tasks/update"] = "tasks/update"
    params: _UpdateParams
    name_param = "taskId"


class _CancelTask(Request[_TaskParams, Literal["tasks/cancel"]]):
    method: Literal["tasks/cancel"] = "tasks/cancel"
    params: _TaskParams
    name_param = "taskId"


class _TaskFields(Result):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    task_id: str = Field(max_length=1000)
    status: Literal["working", "input_required", "completed", "failed", "cancelled"]
    status_message: str | None = None
    poll_interval_ms: float | None = None


class TaskStarted(_TaskFields):
    """What a server gives instead of a tool's result."""

    result_type: Literal["task"] = "task"


class _TaskState(_TaskFields):
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    # Not `input_requests`: that field of a result the SDK reads as its own.
    questions: dict[str, Any] = Field(default_factory=dict, validation_alias="inputRequests")


class _Acknowledged(Result):
    pass


class TasksExtension(ClientExtension):
    """Tells servers that a call may become a task, and sees such a task to its end."""

    identifier = EXTENSION

    def claims(self) -> Sequence[ResultClaim[Any]]:
        """Return the one further form of a call's result."""
        return [ResultClaim(result_type="task", model=TaskStarted, resolve=_see_to_the_end)]


async def _see_to_the_end(started: TaskStarted, context: ClaimContext) -> CallToolResult:
    session = context.session
    state: _TaskFields = started
    answered: set[str] = set()
    try:
        while state.status in {"working", "input_required"}:
            await anyio.sleep(_pause(state.poll_interval_ms))
            state = await session.send_request(_GetTask(params=_TaskParams(task_id=started.task_id)), _TaskState)
            if state.status == "input_required" and isinstance(state, _TaskState):
                await _answer(session, started.task_id, state.questions, answered)
    except anyio.get_cancelled_exc_class():
        await _cancel(session, _CancelTask(params=_TaskParams(task_id=started.task_id)))
        raise
    return _result(state)


async def _answer(session: ClientSession, task_id: str, questions: Mapping[str, Any], answered: set[str]) -> None:
    """Answer what a task asks and has not been answered; what nobody answers ends the task."""
    responses: dict[str, Any] = {}
    for key, question in questions.items():
        if key in answered:
            continue
        if len(answered) >= _QUESTIONS:
            raise MCPError(INTERNAL_ERROR, "the task asks too many questions")
        request = _INPUT_REQUEST.validate_python(question)
        answer = await session.dispatch_input_request(ClientRequestContext(session=session, request_id=key), request)
        if isinstance(answer, ErrorData):
            await _cancel(session, _CancelTask(params=_TaskParams(task_id=task_id)))
            raise MCPError.from_error_data(answer)
        responses[key] = answer.model_dump(by_alias=True, mode="json", exclude_none=True)
        answered.add(key)
    if responses:
        params = _UpdateParams(task_id=task_id, input_responses=responses)
        await session.send_request(_UpdateTask(params=params), _Acknowledged)


def _result(state: _TaskFields) -> CallToolResult:
    if state.status == "completed" and isinstance(state, _TaskState) and state.result is not None:
        return CallToolResult.model_validate(state.result, by_name=False)
    told = state.error if isinstance(state, _TaskState) and state.error else {}
    code, message = told.get("code"), told.get("message")
    words = str(message or state.status_message or f"the task ended as {state.status}")
    raise MCPError(code if isinstance(code, int) else INTERNAL_ERROR, words)


async def call_as_task(session: ClientSession, name: str, arguments: dict[str, Any], keep_seconds: float) -> Any:
    """Call a tool of 2025-11-25 that its server runs only as a task; return its `CallToolResult`."""
    params = CallToolRequestParams(name=name, arguments=arguments, task=TaskMetadata(ttl=int(keep_seconds * 1000)))
    task = (await _started(session, CallToolRequest(params=params))).task
    try:
        while task.status == "working":
            await anyio.sleep(_pause(task.poll_interval))
            asked = GetTaskRequest(params=GetTaskRequestParams(task_id=task.task_id))
            task = await session.send_request(asked, GetTaskResult)
        # Also while it asks for something: the questions come while the result is waited for.
        payload = GetTaskPayloadRequest(params=GetTaskPayloadRequestParams(task_id=task.task_id))
        return await session.send_request(payload, CallToolResult, request_read_timeout_seconds=keep_seconds)
    except anyio.get_cancelled_exc_class():
        await _cancel(session, CancelTaskRequest(params=CancelTaskRequestParams(task_id=task.task_id)))
        raise


async def _started(session: ClientSession, request: CallToolRequest) -> CreateTaskResult:
    """Send the call past `send_request`, which takes nothing but a tool's own result for an answer to it."""
    data, options = request.model_dump(by_alias=True, mode="json", exclude_none=True), CallOptions()
    session._stamp(data, options)
    raw = await session._dispatcher.send_raw_request(data["method"], data["params"], options)
    return CreateTaskResult.model_validate(raw, by_name=False)


async def _cancel(session: ClientSession, request: Request[Any, Any]) -> None:
    """Tell the server, whether it listens or not."""
    with anyio.move_on_after(_CANCEL_SECONDS, shield=True):
        try:
            await session.send_request(request, _Acknowledged)
        except (MCPError, ValueError):
            await anyio.lowlevel.checkpoint()  # it is over at the server, or the server is gone


def _pause(milliseconds: float | None) -> float:
    wanted = _FIRST_PAUSE_SECONDS if milliseconds is None else milliseconds / 1000
    return min(_LONGEST_PAUSE_SECONDS, max(_SHORTEST_PAUSE_SECONDS, wanted))
