"""The agent's own tools: `ask`, and what looks after runs. Each takes checked arguments; who asks is known."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import mcp_types as types
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from sanca.core.access import ASK
from sanca.core.agent_runner import AgentRunner, NewRun, RunView
from sanca.core.errors import BadRequestError
from sanca.core.ids import new_run_id
from sanca.core.messages import Caller
from sanca.core.untrusted import plain_text
from sanca.mcp_adapters.server.following import Following
from sanca.mcp_adapters.server.reports import RunReport, report_of, result_of, sentence_of_run
from sanca.mcp_adapters.server.run_tasks import task_of
from sanca.mcp_adapters.server.settings import McpServerSettings
from sanca.mcp_adapters.server.tasks import knows_tasks
from sanca.mcp_adapters.server.who import Context, Presence

Params = types.CallToolRequestParams
Answer = types.CallToolResult | types.InputRequiredResult | dict[str, Any]
Model = TypeVar("Model", bound=BaseModel)
_SENDER_CHARS = 100
_PAGE = 20


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AskArguments(_Arguments):
    """Of `ask`."""

    message: str = Field(min_length=1, description="What is to be found out or done, in plain words.")
    session_id: str = Field(default="", description="To go on with a conversation; empty: a new one.")
    data: JsonValue = Field(default=None, description="Structured data that belongs to the message.")


class RunArguments(_Arguments):
    """Of tools about one run."""

    run_id: str = Field(min_length=1, max_length=256)


class AnswerArguments(RunArguments):
    """Of `answer_run`."""

    answer: str = Field(default="", description="The answer to a question, in words.")
    values: dict[str, JsonValue] = Field(default_factory=dict, description="A form's fields.")


class ListArguments(_Arguments):
    """Of `list_runs`."""

    session_id: str = Field(default="", description="Only those of one conversation.")
    status: Literal["", "queued", "held", "running", "needs_input", "done", "failed", "cancelled", "interrupted"] = ""
    after: str = Field(default="", description="`next` of the page before.")


class RunList(BaseModel):
    """Some runs, the one that changed last first."""

    runs: list[RunReport]
    total: int
    next: str = ""


@dataclass(frozen=True)
class OwnTool:
    """A tool of the agent."""

    definition: types.Tool
    call: Callable[[Context, Params], Awaitable[Answer]]


class RunTools:
    """Makes the tools."""

    def __init__(self, runner: AgentRunner, limits: McpServerSettings, presence: Presence) -> None:
        self._runner = runner
        self._limits = limits
        self._presence = presence

    def all(self) -> list[OwnTool]:
        """Return the tools in the order in which they are listed."""
        return [
            OwnTool(_define("ask", AskArguments, RunReport, "Ask the agent", _ASK, writes=True), self._ask),
            OwnTool(_define("run_status", RunArguments, RunReport, "How a run stands", _STATUS), self._status),
            OwnTool(_define("list_runs", ListArguments, RunList, "Your runs", _LIST), self._list),
            OwnTool(_define("answer_run", AnswerArguments, RunReport, "Answer", _ANSWER, writes=True), self._answer),
            OwnTool(_define("cancel_run", RunArguments, RunReport, "Stop a run", _CANCEL, writes=True), self._cancel),
        ]

    async def _ask(self, ctx: Context, params: Params) -> Answer:
        caller = self._presence.caller(ctx, ASK)
        following = Following(self._runner, caller, ctx, self._presence)
        if params.request_state is not None:
            return _shown(
                await following.resume(params.request_state, params.input_responses, self._limits.wait_seconds)
            )
        given = read_arguments(AskArguments, params.arguments)
        run_id = new_run_id()
        new = NewRun(
            message=given.message, session_id=given.session_id, run_id=run_id, data=given.data, sender=_sender(ctx)
        )
        await self._runner.start(caller, new)
        if not knows_tasks(ctx):
            return _shown(await following.lead(run_id, 0, self._limits.wait_seconds))
        view = await following.lead(run_id, 0, self._limits.task_seconds, may_ask=False)
        if isinstance(view, RunView) and not view.is_over:
            return {**task_of(view), "resultType": "task"}
        return _shown(view)

    async def _status(self, ctx: Context, params: Params) -> Answer:
        caller = self._presence.caller(ctx, ASK)
        given = read_arguments(RunArguments, params.arguments)
        return _stands(await self._runner.get(caller, given.run_id))

    async def _cancel(self, ctx: Context, params: Params) -> Answer:
        caller = self._presence.caller(ctx, ASK)
        given = read_arguments(RunArguments, params.arguments)
        return _stands(await self._runner.cancel(caller, given.run_id))

    async def _list(self, ctx: Context, params: Params) -> Answer:
        caller = self._presence.caller(ctx, ASK)
        given = read_arguments(ListArguments, params.arguments)
        statuses = (given.status,) if given.status else ()
        page = await self._runner.list(
            caller, session_id=given.session_id, statuses=statuses, after=given.after, limit=_PAGE
        )
        listed = RunList(runs=[report_of(view) for view in page.runs], total=page.total, next=page.next)
        lines = [f"{view.run_id} {view.status}: {plain_text(view.message, 80)}" for view in page.runs]
        text = types.TextContent(text="\n".join(lines) or "There are no runs.")
        return types.CallToolResult(content=[text], structured_content=listed.model_dump(mode="json"))

    async def _answer(self, ctx: Context, params: Params) -> Answer:
        caller = self._presence.caller(ctx, ASK)
        given = read_arguments(AnswerArguments, params.arguments)
        view = await self._runner.get(caller, given.run_id)
        after = await self._answer_words(caller, view, given)
        following = Following(self._runner, caller, ctx, self._presence)
        return _shown(await following.lead(view.run_id, after, self._limits.wait_seconds))

    async def _answer_words(self, caller: Caller, view: RunView, given: AnswerArguments) -> int:
        """Answer a question or a form.

        Raises:
            BadRequestError: The run waits for nothing, or for a person's consent: a tool's caller is a model, and no
                model agrees to its own effects.
        """
        if view.ask is None:
            raise BadRequestError(f"The run {view.run_id!r} waits for nothing; it is {view.status}.")
        if view.ask.kind == "approval":
            raise BadRequestError(sentence_of_run(view))
        value = dict(given.values) or {"value": given.answer}
        return await self._runner.answer(caller, view.run_id, view.ask.id, approved=True, value=value)


def read_arguments(model: type[Model], given: Mapping[str, Any] | None) -> Model:
    """Return checked arguments.

    Raises:
        BadRequestError: Names the first that is wrong.
    """
    try:
        return model.model_validate(dict(given or {}))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BadRequestError(f"The argument {place!r} is wrong: {first['msg']}.") from error


def _define(
    name: str,
    arguments: type[BaseModel],
    result: type[BaseModel],
    title: str,
    description: str,
    *,
    writes: bool = False,
) -> types.Tool:
    return types.Tool(
        name=name,
        title=title,
        description=description,
        input_schema=arguments.model_json_schema(),
        output_schema=result.model_json_schema(),
        annotations=types.ToolAnnotations(
            title=title, read_only_hint=not writes, destructive_hint=False if not writes else None
        ),
    )


def _shown(outcome: RunView | types.InputRequiredResult) -> Answer:
    return result_of(outcome) if isinstance(outcome, RunView) else outcome


def _stands(view: RunView) -> types.CallToolResult:
    """Return how a run stands; that it failed is not a failure of who asks for it."""
    return result_of(view).model_copy(update={"is_error": False})


def _sender(ctx: Context) -> str:
    info = ctx.session.client_params.client_info if ctx.session.client_params else None
    return plain_text(info.name, _SENDER_CHARS).replace("\n", " ").replace("\t", " ") if info else ""


_ASK = (
    "Ask the agent to find something out or to do something with the systems it looks after. It works by itself, asks "
    "a person before it changes anything, and answers with what it rests on. Takes seconds to minutes."
)
_STATUS = "How a run stands: its answer, what it waits for, the files it made."
_LIST = "Your runs, the one that changed last first."
_ANSWER = "Answer a run's question, or fill in its form, and wait for what follows. Approvals are a person's alone."
_CANCEL = "Stop a run for good; nothing of it goes on afterwards."
