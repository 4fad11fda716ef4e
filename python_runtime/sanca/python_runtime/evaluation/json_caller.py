"""Does tasks by native tool calls, as function-calling agents do: several calls at once, answers as tool messages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from sanca.core.messages import ModelRequest, PromptMessage, ToolCall, ToolSpec
from sanca.core.ports import Model
from sanca.core.tools import ToolkitDefinition
from sanca.python_runtime.evaluation.ask_model import ask
from sanca.python_runtime.evaluation.authors import CallAnswer, Spent, Turn, WantedCall
from sanca.python_runtime.evaluation.suite import EvaluationTask

_INSTRUCTIONS = """\
You are a helpful assistant. Do what the user asks with the tools you have.
- Call several tools at once when none of them needs another one's result; they run in the order you give them.
- Look before you change something, and change only what was asked. Never make up a value that a tool can tell.
- When a call fails, read why, and mend it or go another way.
- When the task is done, or cannot be done, answer without a tool call: the outcome first, in a few sentences."""
_MALFORMED_MOST = 3


class JsonCaller:
    """A model with native tools."""

    def __init__(self, model: Model, *, rounds_most: int) -> None:
        """Take the model, and how many times it may be asked in a turn."""
        self._model = model
        self._rounds_most = rounds_most
        self._messages: list[PromptMessage] = []
        self._tools: dict[str, tuple[str, str]] = {}
        self._specs: tuple[ToolSpec, ...] = ()
        self._asked: list[WantedCall] = []
        self._answer = ""
        self._rounds = 0
        self.spent = Spent()

    @property
    def name(self) -> str:
        """The model's name and the mode."""
        return f"{self._model.name} json"

    async def hear(self, task: EvaluationTask, turn: Turn) -> None:
        """Put the message behind the conversation; tools that came or went are told by the request itself."""
        if turn.number == 0:
            rules = f"\n\n{task.rules}" if task.rules else ""
            self._messages = [PromptMessage(role="system", content=_INSTRUCTIONS + rules)]
            self.spent = Spent()
        content = f"{turn.message}\n\n{task.answer_form}" if task.answer_form else turn.message
        self._messages.append(PromptMessage(role="user", content=content))
        self._tools = tool_names(turn.toolkits)
        self._specs = tool_specs(turn.toolkits, self._tools)
        self._answer, self._rounds, self._asked = "", 0, []

    def answer(self) -> str | None:
        """Return the words without calls."""
        return self._answer

    async def next_calls(
        self, task: EvaluationTask, turn: int, so_far: Sequence[Sequence[CallAnswer]]
    ) -> Sequence[WantedCall]:
        """Ask the model, with the answers to its last calls.

        Raises:
            ModelError: It refused or cannot be reached.
        """
        if so_far and self._asked:
            self._messages += [
                PromptMessage(role="tool", content=each.text, tool_call_id=each.call.id) for each in so_far[-1]
            ]
            self._asked = []
        for _ in range(_MALFORMED_MOST):
            if self._rounds >= self._rounds_most:
                return ()
            self._rounds += 1
            calls = await self._ask()
            if calls or self._answer:
                return calls
            self.spent.malformed += 1
            self._messages.append(PromptMessage(role="user", content="Your reply was empty. Call tools, or answer."))
        return ()

    async def _ask(self) -> Sequence[WantedCall]:
        request = ModelRequest(messages=tuple(self._messages), tools=self._specs)
        reply = await ask(self._model, request)
        self.spent.model_calls += 1
        self.spent.add(reply.usage)
        said = PromptMessage(role="assistant", content=reply.text, tool_calls=reply.calls, extra=reply.extra)
        self._messages.append(said)
        if not reply.calls:
            self._answer = reply.text.strip()
        self._asked = [self._wanted(each) for each in reply.calls]
        self.spent.malformed += sum(bool(each.problem) for each in self._asked)
        return self._asked

    def _wanted(self, call: ToolCall) -> WantedCall:
        toolkit, tool = self._tools.get(call.name, ("", call.name))
        if not toolkit:
            near = get_close_matches(call.name, self._tools, 3)
            hint = f" Close names: {', '.join(near)}." if near else ""
            return WantedCall(call.id, toolkit, tool, problem=f"There is no tool {call.name!r}.{hint}")
        try:
            arguments = json.loads(call.arguments_json or "{}")
        except ValueError as error:
            return WantedCall(call.id, toolkit, tool, problem=f"The arguments are not JSON: {error}.")
        if not isinstance(arguments, dict):
            return WantedCall(call.id, toolkit, tool, problem="The arguments must be a JSON object.")
        return WantedCall(call.id, toolkit, tool, arguments)


def tool_names(toolkits: Sequence[ToolkitDefinition]) -> dict[str, tuple[str, str]]:
    """Return the name of each tool as a model calls it → toolkit and tool; with the toolkit only where it must be."""
    pairs = [(toolkit.name, tool.name) for toolkit in toolkits for tool in toolkit.tools]
    names = [tool for _, tool in pairs]
    return {
        (tool if names.count(tool) == 1 else f"{toolkit}__{tool}").replace(".", "__"): (toolkit, tool)
        for toolkit, tool in pairs
    }


def tool_specs(toolkits: Sequence[ToolkitDefinition], names: Mapping[str, tuple[str, str]]) -> tuple[ToolSpec, ...]:
    """Return the tools for a request, as their own definitions describe them."""
    tools = {(toolkit.name, tool.name): tool for toolkit in toolkits for tool in toolkit.tools}
    return tuple(
        ToolSpec(name=name, description=tools[pair].description, parameters=tools[pair].input_schema)
        for name, pair in names.items()
    )
