"""The tools there are now, from all sources, ready for the gate. A snapshot: replaced as a whole, never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from sanca.core.errors import ToolNotFoundError
from sanca.core.tools import CallOutcome, Effect, ToolDefinition, ToolkitDefinition
from sanca.python_runtime.broker.call_streams import ItemSource
from sanca.python_runtime.broker.memory_definitions import MEMORY_TOOLS
from sanca.python_runtime.broker.passage import Passage
from sanca.toolkit_bridge import ToolSignature, did_you_mean, near_names
from sanca.toolkit_bridge.pages import gives_bytes

ENGINE_TOOLKIT = ToolkitDefinition(
    name="sanca",
    description="The teammate itself.",
    source="engine",
    tools=(
        ToolDefinition(
            name="say",
            description="Say something to the person now, while the action runs.",
            approval="NEVER",
            input_schema={
                "type": "object",
                "properties": {
                    "text": {"type": "string", "description": "Markdown."},
                    "message_id": {
                        "type": ["string", "null"],
                        "default": None,
                        "maxLength": 60,
                        "description": "The same id again replaces what was said under it.",
                    },
                },
                "required": ["text"],
            },
        ),
        ToolDefinition(
            name="search_tools",
            description="Find tools by what they do.",
            approval="NEVER",
            input_schema={
                "type": "object",
                "properties": {"query": {"type": "string"}, "limit": {"type": "integer", "default": 8}},
                "required": ["query"],
            },
        ),
    ),
)
"""What the engine answers itself; `describe` is answered by the broker and is no call."""
_ADD_LIBRARY = ToolDefinition(
    name="add_library",
    description="Fetch a Python library from the package index of this machine, for the actions of this session.",
    effect=Effect.WRITE,
    idempotent=True,
    timeout_seconds=180.0,
    undo="It is gone with the session.",
    input_schema={
        "type": "object",
        "properties": {"name": {"type": "string", "description": "As in the index: `humanize`, or `humanize==4.9`."}},
        "required": ["name"],
    },
)


def engine_toolkit(*, adds_libraries: bool, remembers: bool = False) -> ToolkitDefinition:
    """Return the engine's own toolkit, with what this installation allows and the engine has."""
    tools = (*ENGINE_TOOLKIT.tools, *(MEMORY_TOOLS if remembers else ()), *((_ADD_LIBRARY,) if adds_libraries else ()))
    return ENGINE_TOOLKIT.model_copy(update={"tools": tools})


class Backend(Protocol):
    """Runs the tools of one kind of toolkit. Blocking; many calls at once."""

    def call(self, call: Passage) -> CallOutcome:
        """Run a tool and return its envelope; raises nothing but SancaError."""

    def stream(self, call: Passage) -> ItemSource:
        """Run a tool that gives items; raises nothing but SancaError."""

    def cancel(self, call_id: str) -> None:
        """Tell a running tool to stop."""

    def abandon(self, call_id: str) -> None:
        """Free the thread that waits for a tool, whether it stops or not."""


@dataclass(frozen=True, slots=True)
class ToolEntry:
    """One tool, ready to be called."""

    name: str
    """`toolkit.tool`."""
    toolkit: str
    definition: ToolDefinition
    signature: ToolSignature
    backend: Backend
    is_effect: bool
    is_repeatable: bool
    gives_bytes: bool
    """Whether its value is bytes, which come in base64."""


class Catalog:
    """Looks tools up by name; built of toolkits and who runs them. Where a name comes twice, the first one counts."""

    def __init__(self, sources: Sequence[tuple[ToolkitDefinition, Backend]]) -> None:
        self._tools: dict[str, dict[str, ToolEntry]] = {}
        definitions = []
        for toolkit, backend in sources:
            if toolkit.name not in self._tools:
                self._tools[toolkit.name] = {each.name: _entry(toolkit.name, each, backend) for each in toolkit.tools}
                definitions.append(toolkit)
        self.toolkits = tuple(definitions)
        content = [toolkit.model_dump(mode="json") for toolkit in definitions]
        self.version = hashlib.blake2b(orjson.dumps(content), digest_size=8).hexdigest()
        self.content: dict[str, Any] = {"version": self.version, "toolkits": content}
        """What the engine and the actions are told."""

    def find(self, toolkit: str, tool: str) -> ToolEntry:
        """Return a tool.

        Raises:
            ToolNotFoundError: With names that are close.
        """
        try:
            return self._tools[toolkit][tool]
        except (KeyError, TypeError):
            raise self._not_found(str(toolkit)[:80], str(tool)[:80]) from None

    def full_name(self, toolkit: str, tool: str) -> str:
        """Return `toolkit.tool` of a tool named as another of its toolkit names it; empty when there is none."""
        for kit, name in ((toolkit, tool), tuple(tool.rpartition(".")[::2])):
            if name in self._tools.get(kit, ()):
                return f"{kit}.{name}"
        return ""

    def _not_found(self, toolkit: str, tool: str) -> ToolNotFoundError:
        name = f"{toolkit}.{tool}"
        if (tools := self._tools.get(toolkit)) is None:
            near = near_names(toolkit, self._tools)
            message = f"There is no toolkit {toolkit!r}.{did_you_mean(near)} There are: {', '.join(self._tools)}."
            return ToolNotFoundError(message, tool_name=name, near=near)
        near = near_names(tool, tools)
        if not near:
            near = tuple(f"{other}.{tool}" for other, names in self._tools.items() if tool in names)[:3]
        return ToolNotFoundError(f"{toolkit} has no tool {tool!r}.{did_you_mean(near)}", tool_name=name, near=near)


def _entry(toolkit: str, definition: ToolDefinition, backend: Backend) -> ToolEntry:
    is_effect = definition.effect is not Effect.READ
    return ToolEntry(
        name=f"{toolkit}.{definition.name}",
        toolkit=toolkit,
        definition=definition,
        signature=ToolSignature(definition, toolkit=toolkit),
        backend=backend,
        is_effect=is_effect,
        is_repeatable=not is_effect or definition.idempotent,
        gives_bytes=gives_bytes(definition.output_schema),
    )
