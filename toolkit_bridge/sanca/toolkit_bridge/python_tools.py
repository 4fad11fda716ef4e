"""The toolkit of Python tools: a class with methods marked `@tool`, or the tools it is given."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, ClassVar

from sanca.core.errors import ToolNotFoundError
from sanca.core.tools import CallContext, ToolkitDefinition
from sanca.toolkit_bridge.bound_tools import BoundTool, bind_tool
from sanca.toolkit_bridge.names import did_you_mean, near_names
from sanca.toolkit_bridge.tool_marks import MARK, own_doc


class PythonToolkit:
    """A toolkit of Python tools: its own methods marked `@tool`, and the `tools` it is given or declares.

    A subclass may override `open` and `close`; see `sanca.core.ports.Toolkit` for the lifecycle.
    """

    name: ClassVar[str] = ""
    description: ClassVar[str] = ""
    tools: ClassVar[Sequence[Any]] = ()
    """Functions marked `@tool`, and `PythonTool` classes or objects."""

    def __init__(self, name: str = "", *, description: str = "", tools: Sequence[Any] = ()) -> None:
        self._name = name or self.name or type(self).__name__.removesuffix("Toolkit").lower()
        self._description = description or self.description or inspect.cleandoc(own_doc(type(self)))
        self._tools = {bound.definition.name: bound for bound in self._bind([*type(self).tools, *tools])}
        self.definition = ToolkitDefinition(
            name=self._name,
            description=self._description,
            source="python",
            tools=tuple(bound.definition for bound in self._tools.values()),
        )

    async def open(self) -> None:
        """Get ready; called once before any call."""

    async def close(self) -> None:
        """Let go; called once after the last call."""

    async def call(self, tool: str, arguments: Mapping[str, Any], context: CallContext) -> Any:
        """Run one tool and return a JSON-like value."""
        return await self._tool(tool).call(arguments, context, f"{self._name}.{tool}")

    async def stream(self, tool: str, arguments: Mapping[str, Any], context: CallContext) -> AsyncGenerator[Any, None]:
        """Run one tool that is a generator and yield its items, JSON-like values."""
        async with aclosing(self._tool(tool).stream(arguments, context, f"{self._name}.{tool}")) as items:
            async for item in items:
                yield item

    def blocking_call(self, tool: str, arguments: Mapping[str, Any], context: CallContext) -> Callable[[], Any] | None:
        """Return what runs a tool in the thread that calls it, when it is a plain function; None when it is not."""
        bound = self._tools.get(tool)
        if bound is None or not bound.is_plain:
            return None
        return functools.partial(bound.call_blocking, arguments, context, f"{self._name}.{tool}")

    def _tool(self, tool: str) -> BoundTool:
        if (bound := self._tools.get(tool)) is None:
            near = near_names(tool, self._tools)
            raise ToolNotFoundError(
                f"{self._name} has no tool {tool!r}.{did_you_mean(near)}", tool_name=tool, near=near
            )
        return bound

    def _bind(self, given: Sequence[Any]) -> list[BoundTool]:
        own = [getattr(self, name) for name, member in inspect.getmembers(type(self)) if hasattr(member, MARK)]
        return [bind_tool(each) for each in [*own, *given]]
