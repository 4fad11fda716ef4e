"""One other agent as a toolkit: `agents.<name>`, asked at once, in pieces, or for later. Decides no approval."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import structlog
from sanca.a2a.conversations import Conversations
from sanca.a2a.proxies import SEND_SECONDS, AgentTools, tools_of
from sanca.a2a.task_book import CANCELLED, OVER, SentTask, TaskBook
from sanca.a2a.trust import RULES
from sanca.core.errors import SancaError, ToolArgumentError, ToolFailedError, ToolNotFoundError
from sanca.core.ports import ToolkitHost
from sanca.core.toolkits_file import AgentEntry
from sanca.core.tools import CallContext, ToolkitDefinition
from sanca.core.untrusted import plain_name, plain_text

if TYPE_CHECKING:
    from sanca.a2a.agent import RemoteAgent
    from sanca.a2a.answer import Answer
    from sanca.a2a.late import LateReplies
    from sanca.a2a.outgoing import Outgoing

log = structlog.get_logger(__name__)

_OUT_MOST = 200
"""Questions of one user that are out at once."""
_CARD_SECONDS = 600.0
"""How often the card is read again."""


class AgentToolkit:
    """A toolkit over one agent. `open` reads its card; a session's questions continue one conversation."""

    def __init__(self, name: str, entry: AgentEntry, home: Path, book: TaskBook) -> None:
        self._entry = entry
        self._rules = RULES[entry.trust]
        self._name = f"agents.{plain_name(name)}"
        self._label = f"The agent {name!r}"
        self._home = home
        self._book = book
        self._tools: AgentTools = tools_of(None, entry, self._rules)
        self._agent: RemoteAgent | None = None
        self._earlier: list[RemoteAgent] = []
        self._made: Outgoing | None = None
        self._host: ToolkitHost | None = None
        self._late: LateReplies | None = None
        self._opening = asyncio.Lock()
        self._background: list[asyncio.Task[None]] = []
        self._conversations = Conversations()

    @property
    def definition(self) -> ToolkitDefinition:
        """The toolkit, described by the agent's own card once it was read, if it is trusted so far."""
        return ToolkitDefinition(
            name=self._name, description=self._tools.description, source="agent", tools=self._tools.tools
        )

    def attach(self, host: ToolkitHost) -> None:
        """Take what hands late answers over."""
        self._host = host

    async def open(self) -> None:
        """Read the agent's card, and look for answers that are still out.

        Raises:
            ToolFailedError: The agent cannot be reached, or its card cannot be used.
        """
        await self._connected()
        if self._host is not None and not self._background:
            self._background = [
                asyncio.create_task(self._replies(self._host).run()),
                asyncio.create_task(self._watch_card(self._host)),
            ]

    async def call(self, tool: str, arguments: Mapping[str, Any], context: CallContext) -> Any:
        """Ask the agent, or look after what was asked.

        Raises:
            ToolError: Says what went wrong, in the agent's words where it gave any.
        """
        if tool == "send":
            return await self._send(arguments, context)
        if tool == "status":
            return await self._status(await self._sent(tool, arguments, context))
        if tool == "cancel":
            return await self._cancel(await self._sent(tool, arguments, context))
        if tool != "ask" and tool not in self._tools.skills:
            names = [one.name for one in self._tools.tools]
            text = f"{self._name} has no tool {tool!r}; it has {', '.join(names)}."
            raise ToolNotFoundError(text, tool_name=tool, near=("ask",))
        return await self._ask(tool, arguments, context)

    async def stream(
        self, tool: str, arguments: Mapping[str, Any], context: CallContext
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Ask the agent and yield `text, data, outside, state` as its answer comes.

        Raises:
            ToolError: Says what went wrong, in the agent's words where it gave any.
        """
        from sanca.a2a.answer import Answer, shown_parts

        agent = await self._connected()
        message = await self._message(tool, arguments, context)
        answer, shown = Answer(), 0
        async with aclosing(agent.stream(message, answer)) as events:
            async for _ in events:
                text, parts = answer.fresh()
                if parts and not answer.has_failed:
                    shown += len(text)
                    piece = shown_parts(parts, text, self._label, self._rules, so_far=shown - len(text))
                    yield {**piece, "state": "working"}
        value = answer.value(self._label, self._rules)
        self._conversations.remember(context.session_id, answer)
        yield {"text": "", "data": None, "outside": self._rules.is_outside, "state": value["state"]}

    async def close(self) -> None:
        """Close the connections; what is still out is looked for by the next broker."""
        for task in self._background:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._background = []
        async with self._opening:
            agents, self._agent, self._earlier = [self._agent, *self._earlier], None, []
            for agent in agents:
                if agent is not None:
                    await agent.close()
        await anyio.to_thread.run_sync(self._book.close)

    # -- asking -------------------------------------------------------------------------------------------------------

    async def _ask(self, tool: str, arguments: Mapping[str, Any], context: CallContext) -> dict[str, Any]:
        from sanca.a2a.answer import Answer

        seconds = min(context.timeout_seconds, self._entry.timeout_seconds)
        message = await self._message(tool, arguments, context)
        agent = await self._connected()
        answer = Answer()
        keeps = self._entry.late and self._host is not None
        try:
            await agent.ask(message, seconds, answer, keeps=keeps)
        except TimeoutError as error:
            if keeps and answer.task_id:
                return await self._let_go(answer, str(arguments["message"]), context)
            text = f"{self._label} did not answer within {seconds:g} seconds; its task was cancelled."
            raise ToolFailedError(text, tool_name=self._label, kind="timeout") from error
        self._conversations.remember(context.session_id, answer)
        return await self._value(answer, context.session_id)

    async def _let_go(self, answer: Answer, asked: str, context: CallContext) -> dict[str, Any]:
        await self._keep(answer.task_id, answer, asked, context)
        text = "It has not answered yet; its answer comes later, as a message of this session."
        return {**_NOTHING, "text": text, "state": "working", "task_id": answer.task_id, "outside": False}

    async def _send(self, arguments: Mapping[str, Any], context: CallContext) -> dict[str, Any]:
        message = await self._message("send", arguments, context)
        if self._host is None:
            raise ToolFailedError(f"{self._label} can only be asked here; nobody would take its late answer.")
        if await anyio.to_thread.run_sync(self._book.count_out, context.tenant, context.user) >= _OUT_MOST:
            text = f"{_OUT_MOST} questions to agents are out already; wait for answers, or cancel some."
            raise ToolFailedError(text, tool_name=self._label)
        agent = await self._connected()
        seconds = min(context.timeout_seconds, self._entry.timeout_seconds, SEND_SECONDS)
        answer = await agent.send(message, seconds)
        if answer.has_failed:
            answer.value(self._label, self._rules)  # raises, in the agent's words
        self._conversations.remember(context.session_id, answer)
        task_id = answer.task_id or message.message_id
        await self._keep(task_id, answer, str(arguments["message"]), context)
        text = "The agent has it; its answer comes later, as a message of this session."
        return {"task_id": task_id, "state": "working", "text": text}

    async def _keep(self, task_id: str, answer: Answer, asked: str, context: CallContext) -> None:
        assert self._host is not None  # noqa: S101 - checked by those who call
        task = SentTask(
            agent=self._name,
            task_id=task_id,
            tenant=context.tenant,
            user=context.user,
            session_id=context.session_id,
            run_id=context.run_id,
            context_id=answer.context_id,
            asked=asked,
        )
        late = self._replies(self._host)
        await late.add(task, self._entry.late_seconds, await self._reply(answer, task) if answer.is_over else None)

    async def _message(self, tool: str, arguments: Mapping[str, Any], context: CallContext) -> Any:
        from sanca.a2a.outgoing import Outgoing

        if self._made is None:
            self._made = Outgoing(self._label, self._entry, self._rules, self._home)
        self._made.host = self._host
        conversation = self._conversations.of(context.session_id)
        name = f"{self._name}.{tool}"
        return await self._made.message(name, arguments, context, conversation, self._tools.skills.get(tool, ""))

    # -- what came ----------------------------------------------------------------------------------------------------

    async def _value(self, answer: Answer, session_id: str) -> dict[str, Any]:
        """Return an answer as an action gets it, its files kept."""
        from sanca.a2a.files import SessionFolders

        value = answer.value(self._label, self._rules)
        files: list[dict[str, Any]] = []
        if answer.file_count and self._rules.takes_files:
            kept = SessionFolders(self._home).keep
            files = await anyio.to_thread.run_sync(kept, session_id, answer.files())
            files += answer.addresses()
        elif answer.file_count:
            value["text"] += f"\n({answer.file_count} files of it were not taken: it is not trusted.)"
        return {**value, "files": files}

    async def _reply(self, answer: Answer, task: SentTask) -> dict[str, Any]:
        """Return what a session sees of a late answer."""
        try:
            value = await self._value(answer, task.session_id)
        except ToolFailedError as error:
            return {"text": str(error), "data": None, "state": answer.word}
        if answer.is_question:
            self._conversations.remember(task.session_id, answer)
        data = value["data"]
        if value["files"]:
            data = {"data": data, "files": value["files"]}
        return {"text": value["text"], "data": data, "state": value["state"]}

    # -- what was sent ------------------------------------------------------------------------------------------------

    async def _sent(self, tool: str, arguments: Mapping[str, Any], context: CallContext) -> SentTask:
        task_id = arguments.get("task_id")
        if not isinstance(task_id, str) or not task_id:
            raise ToolArgumentError(f"{self._name}.{tool} needs the task_id that send gave.", argument="task_id")
        find = self._book.find
        found = await anyio.to_thread.run_sync(find, self._name, task_id, context.tenant, context.user)
        if found is None:
            raise ToolNotFoundError(f"{self._label} was sent no question {task_id[:80]!r} of yours.", tool_name=tool)
        return found

    async def _status(self, task: SentTask) -> dict[str, Any]:
        from sanca.a2a.failures import LATE_OR_OUTSIDE, failure_of

        if task.state == CANCELLED:
            return {"task_id": task.task_id, "state": "cancelled", "text": ""}
        if task.state != "waiting":
            return {"task_id": task.task_id, "state": "answered", "text": "Its answer is in the session."}
        agent = await self._connected()
        try:
            answer = await agent.look(task.task_id)
        except LATE_OR_OUTSIDE as error:
            raise failure_of(self._label, error) from error
        said = plain_text(answer.says, 500)
        return {"task_id": task.task_id, "state": answer.word, "text": said}

    async def _cancel(self, task: SentTask) -> dict[str, Any]:
        if task.state in {OVER, CANCELLED}:
            return await self._status(task)
        agent = await self._connected()
        await agent.cancel(task.task_id)
        await anyio.to_thread.run_sync(self._book.end, task, CANCELLED)
        return {"task_id": task.task_id, "state": "cancelled", "text": ""}

    # -- the connection -----------------------------------------------------------------------------------------------

    def _replies(self, host: ToolkitHost) -> LateReplies:
        from sanca.a2a.late import LateReplies

        if self._late is None:
            self._late = LateReplies(self._name, self._book, host, self._connected, self._reply)
        return self._late

    async def _connected(self) -> RemoteAgent:
        async with self._opening:
            if self._agent is None:
                self._agent = await self._connect()
            return self._agent

    async def _connect(self) -> RemoteAgent:
        from sanca.a2a.agent import RemoteAgent  # costs a second: loaded with the first agent

        agent = await RemoteAgent.connect(self._label, self._entry)
        self._tools = tools_of(agent.read.card, self._entry, self._rules)
        if self._rules.watches_card and self._host is not None:
            await self._note_card(agent.read.digest, self._host)
        return agent

    async def _note_card(self, digest: str, host: ToolkitHost) -> None:
        before = await anyio.to_thread.run_sync(self._book.seen_card, f"{self._name} {self._entry.url}", digest)
        if before and before != digest:
            text = (
                f"{self._label} ({self._entry.url}) has another agent card than before. See whether it is still the "
                f'agent you meant; to take no card but this one, set "card_digest": "{digest}".'
            )
            await host.tell_administrator(f"{self._name}.card", text)

    async def _watch_card(self, host: ToolkitHost) -> None:
        """Read the card again from time to time."""
        while True:
            await asyncio.sleep(_CARD_SECONDS)
            try:
                await self._read_card_again()
            except SancaError as error:  # it may be back the next time; calls tell of it meanwhile
                log.info("agent_card_not_read", agent=self._name, reason=str(error), told=host is not None)

    async def _read_card_again(self) -> None:
        async with self._opening:
            before = self._agent
            agent = await self._connect()
            if before is not None and agent.read.digest == before.read.digest:
                await agent.close()
                return
            self._agent = agent
            if before is not None:  # calls under way still use it
                self._earlier.append(before)


_NOTHING: dict[str, Any] = {"data": None, "schema": "", "files": []}
