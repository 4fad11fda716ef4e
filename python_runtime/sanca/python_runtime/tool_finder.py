"""The tools as an action and a model find them: search by what they do, and which stubs a prompt shows. Calls none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from sanca.core.messages import Caller
from sanca.core.tools import ToolDefinition, ToolkitDefinition
from sanca.memory.tool_search import FoundTool, ToolUse
from sanca.prompts import estimate_tokens
from sanca.python_runtime.tool_uses import counted
from sanca.toolkit_bridge.observed import Observed
from sanca.toolkit_bridge.stubs import render_stub, signature

if TYPE_CHECKING:
    from sanca.memory.tool_search.index import ToolIndex

Observations = Callable[[ToolkitDefinition, Caller], Mapping[str, Observed]]
"""Tells by a tool's name what it gave in earlier calls, as far as this caller may know."""

SHOWN_TOOLS_MAX = 60
"""With more tools than this a prompt shows the smallest toolkits whole, and of the others only what a message needs.

Then it has about as many tokens as with twenty tools, whether there are a hundred or thousands: each part of it has a
bound of its own.
"""
_WHOLE_TOOLS = 15
_WHOLE_TOKENS = 1_300
"""Of toolkits shown whole when there are more tools; `card`, which every answer may need, comes first."""
_DIRECTORY_TOKENS = 350
"""Of the lines about the others."""
_MESSAGE_TOKENS = 900
"""Of the stubs that a message may need."""
_FIRST = "card"
_FOUND_TOOLS = 8
_FOR_MESSAGE = 10
_NAMES_OF_TOOLKIT = 4
_ABOUT_CHARS = 90


class ToolFinder:
    """Searches the toolkits as they are now. The index follows them when it is next asked."""

    def __init__(
        self,
        toolkits: Callable[[], Sequence[ToolkitDefinition]],
        uses: Callable[[], dict[str, ToolUse]] = dict,
        observed: Observations = lambda _toolkit, _caller: {},
    ) -> None:
        """Take what it searches.

        Args:
            toolkits: The toolkits now.
            uses: Reads how tools did in earlier calls; asked once, in a thread, at the first search.
            observed: What is known of the results of a toolkit's tools that do not declare them.
        """
        self._toolkits = toolkits
        self._read_uses = uses
        self._observed = observed
        self._uses: dict[str, ToolUse] | None = None
        self._lock = threading.Lock()
        self._index: ToolIndex | None = None
        self._followed: Sequence[ToolkitDefinition] | None = None
        self._tools: dict[str, ToolDefinition] = {}

    def note_call(self, name: str, *, succeeded: bool) -> None:
        """Count a call that ended; `name` is `toolkit.tool`. Before the first search the journal does so."""
        if self._uses is not None:
            self._uses[name] = counted(self._uses, name, succeeded=succeeded)

    async def search(self, query: str) -> list[dict[str, Any]]:
        """Return the tools that fit a query, best first: `name`, `tool` (the call's form), `description`, `score`."""
        return [_found(tool, found) for tool, found in await self._find(query, _FOUND_TOOLS)]

    def shown(self, caller: Caller) -> str:
        """Return the stubs every prompt shows: all while they are few, else small toolkits whole, the others in short.

        It depends on the toolkits, and on what the caller's earlier calls gave, which soon rests: providers find the
        start of a prompt in their caches.
        """
        toolkits = self._toolkits()
        whole = self._whole(toolkits, caller)
        if len(whole) == len(toolkits):
            return "\n".join(whole.values())
        others = [toolkit for toolkit in toolkits if toolkit.name not in whole]
        return "\n".join([*whole.values(), _directory(others)])

    def _whole(self, toolkits: Sequence[ToolkitDefinition], caller: Caller) -> dict[str, str]:
        """Return the stubs of the toolkits that are shown whole, by name, in the order that the toolkits have."""
        are_many, room, tools = _are_many(toolkits), _WHOLE_TOKENS, 0
        stubs: dict[str, str] = {}
        for toolkit in sorted(toolkits, key=_rank):
            tools += len(toolkit.tools)
            if are_many and tools > _WHOLE_TOOLS:
                break
            stub = render_stub(toolkit, self._observed(toolkit, caller))
            room -= estimate_tokens(stub)
            if are_many and room < 0:
                break
            stubs[toolkit.name] = stub
        return {toolkit.name: stubs[toolkit.name] for toolkit in toolkits if toolkit.name in stubs}

    @property
    def names(self) -> list[str]:
        """The toolkits' names."""
        return [toolkit.name for toolkit in self._toolkits()]

    @property
    def version(self) -> object:
        """Another object whenever there are other toolkits."""
        return self._toolkits()

    @property
    def is_abridged(self) -> bool:
        """Whether `shown` has some toolkits only in short."""
        return _are_many(self._toolkits())

    async def for_message(self, message: str, caller: Caller) -> str:
        """Return the stubs of the tools a message may need, of those that `shown` leaves out."""
        toolkits = self._toolkits()
        if not _are_many(toolkits):
            return ""
        whole = self._whole(toolkits, caller)
        # Searched among all, as an action would: those shown whole only take their places.
        found = [one.name for _, one in await self._find(message, _FOR_MESSAGE)]
        kept = self._within(found, [toolkit for toolkit in toolkits if toolkit.name not in whole], caller)
        return "\n".join(kept.values())

    def _within(self, found: Sequence[str], toolkits: Sequence[ToolkitDefinition], caller: Caller) -> dict[str, str]:
        """Return stubs by toolkit of as many of the tools found, the best first, as there is room for."""
        stubs: dict[str, str] = {}
        chosen: dict[str, list[ToolDefinition]] = {}
        for name in found:
            for toolkit in toolkits:
                tool = next((one for one in toolkit.tools if f"{toolkit.name}.{one.name}" == name), None)
                if tool is None:
                    continue
                tools = (*chosen.get(toolkit.name, []), tool)
                few = toolkit.model_copy(update={"tools": tools, "description": toolkit.description[:_ABOUT_CHARS]})
                stub = render_stub(few, self._observed(few, caller))
                others = sum(estimate_tokens(one) for other, one in stubs.items() if other != toolkit.name)
                if stubs and others + estimate_tokens(stub) > _MESSAGE_TOKENS:
                    return stubs
                chosen.setdefault(toolkit.name, []).append(tool)
                stubs[toolkit.name] = stub
        return stubs

    async def _find(self, query: str, limit: int) -> list[tuple[ToolDefinition, FoundTool]]:
        return await anyio.to_thread.run_sync(self._look_up, self._toolkits(), query, limit)

    def _look_up(
        self, toolkits: Sequence[ToolkitDefinition], query: str, limit: int
    ) -> list[tuple[ToolDefinition, FoundTool]]:
        with self._lock:
            if self._index is None:
                from sanca.memory.tool_search.index import ToolIndex  # numpy: in this thread, with the first search

                self._index = ToolIndex()
            if toolkits is not self._followed:
                self._tools = _by_name(toolkits)
                self._index.keep(self._tools)
                self._followed = toolkits
            if self._uses is None:
                self._uses = self._read_uses()
            found = self._index.search(query, limit, uses=dict(self._uses))  # copied: calls end meanwhile
            return [(self._tools[one.name], one) for one in found]


def _are_many(toolkits: Sequence[ToolkitDefinition]) -> bool:
    return sum(len(toolkit.tools) for toolkit in toolkits) > SHOWN_TOOLS_MAX


def _rank(toolkit: ToolkitDefinition) -> tuple[bool, int, str]:
    return toolkit.name != _FIRST, len(toolkit.tools), toolkit.name


def _found(tool: ToolDefinition, found: FoundTool) -> dict[str, Any]:
    toolkit = found.name.removesuffix(f".{tool.name}")
    form = f"{toolkit}.{signature(tool)}"
    return {"name": found.name, "tool": form, "description": tool.description, "score": found.score}


def _by_name(toolkits: Sequence[ToolkitDefinition]) -> dict[str, ToolDefinition]:
    return {f"{toolkit.name}.{tool.name}": tool for toolkit in toolkits for tool in toolkit.tools}


def _directory(toolkits: Sequence[ToolkitDefinition]) -> str:
    """Return comment lines about toolkits, the largest first: with an example each, then names, then how many more."""
    lines: list[str] = []
    room = _DIRECTORY_TOKENS
    ordered = sorted(toolkits, key=lambda one: (-len(one.tools), one.name))
    for number, toolkit in enumerate(ordered):
        line = _in_short(toolkit)
        if (left := room - estimate_tokens(line)) < (0 if number == len(ordered) - 1 else _DIRECTORY_TOKENS // 3):
            return "\n".join([*lines, _named(ordered[number:], room)]) + "\n"
        lines.append(line)
        room = left
    return "\n".join(lines) + "\n"


def _named(toolkits: Sequence[ToolkitDefinition], room: int) -> str:
    """Return one comment line with as many names as there is room for."""
    names: list[str] = []
    for toolkit in toolkits:
        if (room := room - estimate_tokens(toolkit.name) - 1) < 0:
            break
        names.append(toolkit.name)
    tools = sum(len(toolkit.tools) for toolkit in toolkits)
    more = len(toolkits) - len(names)
    return f"# further toolkits, {tools} tools: {', '.join(names)}{f' and {more} more' if more else ''}"


def _in_short(toolkit: ToolkitDefinition) -> str:
    """Return a toolkit as a comment line."""
    names = ", ".join(tool.name for tool in toolkit.tools[:_NAMES_OF_TOOLKIT])
    what = " ".join(toolkit.description.split())[:_ABOUT_CHARS]
    return f"# {toolkit.name}: {len(toolkit.tools)} tools, such as {names}. {what}".rstrip()
