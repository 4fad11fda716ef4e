"""The tools as an action and a model find them: search by what they do, and which stubs a prompt shows. Calls none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from sanca.core.messages import Caller
from sanca.core.tools import ToolDefinition, ToolkitDefinition
from sanca.memory.tool_search import FoundTool, ToolUse
from sanca.python_runtime.tool_uses import counted
from sanca.toolkit_bridge.observed import Observed
from sanca.toolkit_bridge.stubs import render_stub, signature

if TYPE_CHECKING:
    from sanca.memory.tool_search.index import ToolIndex

Observations = Callable[[ToolkitDefinition, Caller], Mapping[str, Observed]]
"""Tells by a tool's name what it gave in earlier calls, as far as this caller may know."""

SHOWN_TOOLS_MAX = 60
"""With more tools than this a prompt shows the smaller toolkits whole, and of the others only what a message needs."""
_FOUND_TOOLS = 8
_FOR_MESSAGE = 16
_NAMES_OF_TOOLKIT = 5


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
        whole = whole_toolkits(toolkits)
        stubs = [
            render_stub(toolkit, self._observed(toolkit, caller)) if toolkit.name in whole else _in_short(toolkit)
            for toolkit in toolkits
        ]
        return "\n".join(stubs)

    @property
    def version(self) -> object:
        """Another object whenever there are other toolkits."""
        return self._toolkits()

    @property
    def is_abridged(self) -> bool:
        """Whether `shown` has some toolkits only in short."""
        toolkits = self._toolkits()
        return len(whole_toolkits(toolkits)) < len(toolkits)

    async def for_message(self, message: str, caller: Caller) -> str:
        """Return the stubs of the tools a message may need, of those that `shown` leaves out."""
        toolkits = self._toolkits()
        whole = whole_toolkits(toolkits)
        left_out = [toolkit for toolkit in toolkits if toolkit.name not in whole]
        if not left_out:
            return ""
        # Searched among all, as an action would: those shown whole only take their places.
        found = {one.name for _, one in await self._find(message, _FOR_MESSAGE)}
        stubs = []
        for toolkit in left_out:
            tools = tuple(tool for tool in toolkit.tools if f"{toolkit.name}.{tool.name}" in found)
            if tools:
                few = toolkit.model_copy(update={"tools": tools})
                stubs.append(render_stub(few, self._observed(few, caller)))
        return "\n".join(stubs)

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


def whole_toolkits(toolkits: Sequence[ToolkitDefinition]) -> set[str]:
    """Return the names of the toolkits a prompt shows whole: the smallest first, as long as they are few tools."""
    whole: set[str] = set()
    room = SHOWN_TOOLS_MAX
    for toolkit in sorted(toolkits, key=lambda one: (len(one.tools), one.name)):
        room -= len(toolkit.tools)
        if room < 0:
            break
        whole.add(toolkit.name)
    return whole


def _found(tool: ToolDefinition, found: FoundTool) -> dict[str, Any]:
    toolkit = found.name.removesuffix(f".{tool.name}")
    form = f"{toolkit}.{signature(tool)}"
    return {"name": found.name, "tool": form, "description": tool.description, "score": found.score}


def _by_name(toolkits: Sequence[ToolkitDefinition]) -> dict[str, ToolDefinition]:
    return {f"{toolkit.name}.{tool.name}": tool for toolkit in toolkits for tool in toolkit.tools}


def _in_short(toolkit: ToolkitDefinition) -> str:
    """Return a toolkit as comment lines."""
    names = ", ".join(tool.name for tool in toolkit.tools[:_NAMES_OF_TOOLKIT])
    what = " ".join(toolkit.description.split())[:300]
    return f"# {toolkit.name}: {len(toolkit.tools)} tools, such as {names}. {what}".rstrip() + "\n"
