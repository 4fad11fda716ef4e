"""The eleven operations of A2A over the engine's runs. Knows no wire: the SDK's dispatchers call it in all bindings.

Why not the SDK's own handler: docs/decisions/0028.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace

from sanca.a2a.server.answering import Unclear, read_answer
from sanca.a2a.server.cards import Cards
from sanca.a2a.server.contexts import caller_of, version_of
from sanca.a2a.server.failures import operation, stream
from sanca.a2a.server.incoming import caller_through, check_message, new_run
from sanca.a2a.server.push import Pushes
from sanca.a2a.server.store import A2aStore
from sanca.a2a.server.tasks import Tasks
from sanca.a2a.server.views import STATES, question
from sanca.a2a.server.waiting import Waiting
from sanca.core.agent_runner import AgentRunner, PendingAsk, RunView
from sanca.core.errors import NotFoundError
from sanca.core.messages import Caller

from a2a.server.context import ServerCallContext
from a2a.server.events import Event
from a2a.server.request_handlers.request_handler import RequestHandler
from a2a.types.a2a_pb2 import (
    AgentCard,
    CancelTaskRequest,
    DeleteTaskPushNotificationConfigRequest,
    GetExtendedAgentCardRequest,
    GetTaskPushNotificationConfigRequest,
    GetTaskRequest,
    ListTaskPushNotificationConfigsRequest,
    ListTaskPushNotificationConfigsResponse,
    ListTasksRequest,
    ListTasksResponse,
    Message,
    SendMessageConfiguration,
    SendMessageRequest,
    SubscribeToTaskRequest,
    Task,
    TaskPushNotificationConfig,
    TaskState,
)
from a2a.utils.constants import DEFAULT_LIST_TASKS_PAGE_SIZE
from a2a.utils.errors import (
    InvalidParamsError,
    TaskNotCancelableError,
    TaskNotFoundError,
    UnsupportedOperationError,
)
from a2a.utils.task import validate_history_length, validate_page_size


class RunnerHandler(RequestHandler):
    """A2A requests, answered from `AgentRunner`. Safe to use from many tasks at once."""

    def __init__(
        self,
        runner: AgentRunner,
        tasks: Tasks,
        store: A2aStore,
        pushes: Pushes,
        waiting: Waiting,
        cards: Cards,
        own_id: str,
        hops: int,
    ) -> None:
        """Take its parts.

        Args:
            runner: The engine.
            tasks: Reads runs as tasks.
            store: Keeps the turns of talks.
            pushes: Sends notifications.
            waiting: Is told of answers.
            cards: Makes extended cards.
            own_id: What we are called in lists of agents.
            hops: How many agents a request may have come through.
        """
        self._runner = runner
        self._tasks = tasks
        self._store = store
        self._pushes = pushes
        self._waiting = waiting
        self._cards = cards
        self._own_id = own_id
        self._hops = hops

    # -- messages -----------------------------------------------------------------------------------------------------

    @operation
    async def on_message_send(self, params: SendMessageRequest, context: ServerCallContext) -> Task | Message:
        """Take a message in; waits for the task's end, or until it asks something, unless told not to."""
        caller, view, after = await self._take(params, context)
        if after >= 0 and not params.configuration.return_immediately and not view.is_over:
            async for _ in self._tasks.follow(caller, view.run_id, after):
                pass
            view = await self._runner.get(caller, view.run_id)
        return await self._tasks.task(caller, view, history=_history(params.configuration))

    @stream
    async def on_message_send_stream(
        self, params: SendMessageRequest, context: ServerCallContext
    ) -> AsyncGenerator[Event, None]:
        """Take a message in and stream what becomes of it."""
        caller, view, after = await self._take(params, context)
        yield await self._tasks.task(caller, view, history=_history(params.configuration), artifacts=view.is_over)
        if view.is_over or after < 0:
            return
        async for update in self._tasks.updates(caller, view, after):
            yield update

    async def _take(self, params: SendMessageRequest, context: ServerCallContext) -> tuple[Caller, RunView, int]:
        """Start a run, or answer one; returns where its events go on, -1: it still waits for an answer."""
        caller, message = caller_of(context, params), params.message
        check_message(message)
        validate_history_length(params.configuration)
        caller = caller_through(caller, params, self._own_id, self._hops)
        push = _push_of(params.configuration)
        if push is not None:
            await self._pushes.check(push)
        if message.task_id:
            view, after = await self._answer(caller, message)
        else:
            view, after = await self._start(caller, message, context.user.user_name), 0
        if push is not None:
            push.task_id = view.run_id
            self._pushes.add(caller, version_of(context), push, max(after, 0))
        return caller, view, after

    async def _start(self, caller: Caller, message: Message, sender: str) -> RunView:
        try:
            return await self._runner.start(caller, await new_run(self._runner, caller, message, sender))
        except NotFoundError as error:  # the context is another's; a task was not asked for
            raise InvalidParamsError(str(error)) from error

    async def _answer(self, caller: Caller, message: Message) -> tuple[RunView, int]:
        view = await self._runner.get(caller, message.task_id)
        if message.context_id and message.context_id != view.session_id:
            raise InvalidParamsError("The contextId is not the one of the task; leave it out, or give the task's own.")
        if view.is_over:
            raise UnsupportedOperationError(
                "The task is over and takes no further message; begin another one with its contextId."
            )
        ask = view.ask
        if view.status != "needs_input" or ask is None:
            raise UnsupportedOperationError(
                "The task is at work and asks nothing now; wait for it, cancel it, or begin another one."
            )
        answer = read_answer(message, ask)
        if isinstance(answer, Unclear):
            self._keep_turn(caller, view, ask, message)
            return _asked_again(view, ask, answer.why), -1
        after = await self._runner.answer(
            caller,
            view.run_id,
            ask.id,
            approved=answer.approved,
            reason=answer.reason,
            value=answer.value,
            agui_run_id=message.message_id,
        )
        self._keep_turn(caller, view, ask, message)
        self._waiting.answered(view.run_id)
        return await self._runner.get(caller, view.run_id), after

    def _keep_turn(self, caller: Caller, view: RunView, ask: PendingAsk, message: Message) -> None:
        kept = Message()
        kept.CopyFrom(message)
        kept.task_id, kept.context_id = view.run_id, view.session_id
        for part in kept.parts:
            if part.WhichOneof("content") == "raw":
                part.ClearField("raw")
                part.text = f"(a file of {part.filename or 'no name'})"
        asked = question(view.run_id, view.session_id, ask)
        turns = [asked.SerializeToString(), kept.SerializeToString()]
        self._store.add_turns(view.run_id, caller.tenant, caller.user, turns)

    # -- tasks --------------------------------------------------------------------------------------------------------

    @operation
    async def on_get_task(self, params: GetTaskRequest, context: ServerCallContext) -> Task | None:
        """Return a task as it stands."""
        caller = caller_of(context, params)
        validate_history_length(params)
        view = await self._runner.get(caller, params.id)
        return await self._tasks.task(caller, view, history=_history(params))

    @operation
    async def on_list_tasks(self, params: ListTasksRequest, context: ServerCallContext) -> ListTasksResponse:
        """Return tasks that came in by A2A, the one that changed last first."""
        caller = caller_of(context, params)
        validate_history_length(params)
        if params.HasField("page_size"):
            validate_page_size(params.page_size)
        limit = params.page_size or DEFAULT_LIST_TASKS_PAGE_SIZE
        statuses = [word for word, state in STATES.items() if state == params.status]
        if params.status and not statuses:
            return ListTasksResponse(page_size=limit)
        page = await self._runner.list(
            caller,
            session_id=params.context_id,
            statuses=statuses,
            channel="a2a",
            since=_since(params),
            after=params.page_token,
            limit=limit,
        )
        history = _history(params)
        tasks = [
            await self._tasks.task(caller, view, history=history, artifacts=params.include_artifacts)
            for view in page.runs
        ]
        return ListTasksResponse(tasks=tasks, next_page_token=page.next, page_size=limit, total_size=page.total)

    @operation
    async def on_cancel_task(self, params: CancelTaskRequest, context: ServerCallContext) -> Task | None:
        """Stop a task for good; returns once nothing of it leaves any more."""
        caller = caller_of(context, params)
        view = await self._runner.get(caller, params.id)
        if not view.is_over:
            view = await self._runner.cancel(caller, params.id)
            self._waiting.answered(params.id)
            if view.status == "cancelled":
                return await self._tasks.task(caller, view)
        raise TaskNotCancelableError(f"The task is over: {TaskState.Name(STATES[view.status])}.")

    @stream
    async def on_subscribe_to_task(
        self, params: SubscribeToTaskRequest, context: ServerCallContext
    ) -> AsyncGenerator[Event, None]:
        """Stream a task as it stands and what happens to it, until it is over."""
        caller = caller_of(context, params)
        view = await self._runner.get(caller, params.id)
        if view.is_over:
            raise UnsupportedOperationError(f"The task is over: {TaskState.Name(STATES[view.status])}. Get it instead.")
        async for event in self._tasks.subscribe(caller, view):
            yield event

    # -- push addresses -----------------------------------------------------------------------------------------------

    @operation
    async def on_create_task_push_notification_config(
        self, params: TaskPushNotificationConfig, context: ServerCallContext
    ) -> TaskPushNotificationConfig:
        """Keep an address that a task's changes are sent to from now on."""
        caller = caller_of(context, params)
        view = await self._runner.get(caller, params.task_id)
        await self._pushes.check(params)
        return self._pushes.add(caller, version_of(context), params, view.last_seq)

    @operation
    async def on_get_task_push_notification_config(
        self, params: GetTaskPushNotificationConfigRequest, context: ServerCallContext
    ) -> TaskPushNotificationConfig:
        """Return one address."""
        await self._runner.get(caller_of(context, params), params.task_id)
        found = next((one for one in self._pushes.of_task(params.task_id) if one.id == params.id), None)
        if found is None:
            raise TaskNotFoundError("The task has no push notification configuration of that id.")
        return found

    @operation
    async def on_list_task_push_notification_configs(
        self, params: ListTaskPushNotificationConfigsRequest, context: ServerCallContext
    ) -> ListTaskPushNotificationConfigsResponse:
        """Return all addresses of a task; they are so few that there is one page."""
        await self._runner.get(caller_of(context, params), params.task_id)
        return ListTaskPushNotificationConfigsResponse(configs=self._pushes.of_task(params.task_id))

    @operation
    async def on_delete_task_push_notification_config(
        self, params: DeleteTaskPushNotificationConfigRequest, context: ServerCallContext
    ) -> None:
        """Forget an address; it need not exist."""
        await self._runner.get(caller_of(context, params), params.task_id)
        self._pushes.drop(params.task_id, params.id)

    # -- the card -----------------------------------------------------------------------------------------------------

    @operation
    async def on_get_extended_agent_card(
        self, params: GetExtendedAgentCardRequest, context: ServerCallContext
    ) -> AgentCard:
        """Return the card for somebody known."""
        return await self._cards.extended(caller_of(context, params))


def _history(params: SendMessageConfiguration | GetTaskRequest | ListTasksRequest) -> int | None:
    return params.history_length if params.HasField("history_length") else None


def _since(params: ListTasksRequest) -> str:
    if not params.HasField("status_timestamp_after"):
        return ""
    try:
        return params.status_timestamp_after.ToJsonString()
    except ValueError as error:
        raise InvalidParamsError("statusTimestampAfter is no time between the years 1 and 9999.") from error


def _push_of(configuration: SendMessageConfiguration) -> TaskPushNotificationConfig | None:
    if not configuration.HasField("task_push_notification_config"):
        return None
    found = TaskPushNotificationConfig()
    found.CopyFrom(configuration.task_push_notification_config)
    return found


def _asked_again(view: RunView, ask: PendingAsk, why: str) -> RunView:
    return replace(view, ask=replace(ask, message=f"{why}\n\n{ask.message}"))
