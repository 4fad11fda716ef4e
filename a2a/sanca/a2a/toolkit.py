"""One other agent as a toolkit: `agents.<name>` with the one tool `ask`. Decides nothing about approval."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sanca.core.errors import ToolArgumentError, ToolFailedError, ToolNotFoundError
from sanca.core.toolkits_file import AgentEntry
from sanca.core.tools import CallContext, Effect, ToolDefinition, ToolkitDefinition
from sanca.core.untrusted import plain_name, plain_text

if TYPE_CHECKING:
    from sanca.a2a.agent import Conversation, RemoteAgent
    from sanca.a2a.answer import Answer

    from a2a.types import AgentCard

_CONVERSATIONS = 1000
"""Sessions whose conversation with the agent is remembered."""
_DESCRIPTION_CHARS = 1500
_INPUT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "message": {"type": "string", "description": "What you ask, with everything the agent needs to know"},
        "data": {"description": "Structured data to go with it (a dict or list), or None", "default": None},
    },
    "required": ["message"],
}
_OUTPUT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "data": {},
        "state": {"type": "string", "enum": ["completed", "input_required"]},
    },
}


class AgentToolkit:
    """A toolkit over one agent. `open` reads its card; a session's questions continue one conversation."""

    def __init__(self, name: str, entry: AgentEntry) -> None:
        self._entry = entry
        self._name = f"agents.{plain_name(name)}"
        self._label = f"The agent {name!r}"
        self._description = ""
        self._agent: RemoteAgent | None = None
        self._opening = asyncio.Lock()
        self._conversations: OrderedDict[str, Conversation] = OrderedDict()

    @property
    def definition(self) -> ToolkitDefinition:
        """The toolkit, described by the agent's own card once it was read."""
        ask = ToolDefinition(
            name="ask",
            description="Ask the agent and wait for its answer: text, data and state (input_required: it asks back).",
            effect=Effect.READ,
            timeout_seconds=self._entry.timeout_seconds,
            input_schema=_INPUT_SCHEMA,
            output_schema=_OUTPUT_SCHEMA,
        )
        return ToolkitDefinition(name=self._name, description=self._description, source="agent", tools=(ask,))

    async def open(self) -> None:
        """Read the agent's card.

        Raises:
            ToolFailedError: The agent cannot be reached, or its card cannot be used.
        """
        await self._connected()

    async def call(self, tool: str, arguments: Mapping[str, Any], context: CallContext) -> Any:
        """Ask the agent; returns `text`, `data` and `state`.

        Raises:
            ToolError: Says what went wrong, in the agent's words where it gave any.
        """
        if tool != "ask":
            raise ToolNotFoundError(f"{self._name} has no tool {tool!r}; it has 'ask'.", tool_name=tool, near=("ask",))
        message = arguments.get("message")
        if not isinstance(message, str) or not message.strip():
            raise ToolArgumentError(f"{self._name}.ask needs a message in words.", tool_name=tool, argument="message")
        return await self._ask(message, arguments.get("data"), context)

    async def close(self) -> None:
        """Close the connections."""
        async with self._opening:
            agent, self._agent = self._agent, None
            if agent is not None:
                await agent.close()

    async def _ask(self, message: str, data: object, context: CallContext) -> dict[str, Any]:
        from sanca.a2a.agent import Conversation

        agent = await self._connected()
        seconds = min(context.timeout_seconds, self._entry.timeout_seconds)
        conversation = self._conversations.get(context.session_id, Conversation())
        try:
            answer = await agent.ask(message, data, conversation, seconds)
        except TimeoutError as error:
            text = f"{self._label} did not answer within {seconds:g} seconds; its task was cancelled."
            raise ToolFailedError(text, tool_name=self._label, kind="timeout") from error
        self._remember(context.session_id, answer)
        return answer.value(self._label)

    async def _connected(self) -> RemoteAgent:
        from sanca.a2a.agent import RemoteAgent  # costs a second: loaded with the first agent

        async with self._opening:
            if self._agent is None:
                self._agent = await RemoteAgent.connect(self._label, self._entry)
                self._description = _describe(self._agent.card)
            return self._agent

    def _remember(self, session_id: str, answer: Answer) -> None:
        from sanca.a2a.agent import Conversation

        task_id = answer.task_id if answer.is_question else ""
        self._conversations[session_id] = Conversation(answer.context_id, task_id)
        self._conversations.move_to_end(session_id)
        while len(self._conversations) > _CONVERSATIONS:
            self._conversations.popitem(last=False)


def _describe(card: AgentCard) -> str:
    skills = "; ".join(f"{skill.name}: {skill.description}" for skill in card.skills)
    text = f"{card.name}. {card.description}" + (f" Skills: {skills}" if skills else "")
    return plain_text(text, _DESCRIPTION_CHARS)
