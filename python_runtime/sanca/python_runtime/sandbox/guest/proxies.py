"""The objects that stand for toolkits and tools in an action: `system.logs(…)`, `mcp.runbooks.search(…)`."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from .channel import ToolChannel
from .descriptions import Descriptions, render_tool, render_toolkit, signature_of


class Tool:
    """One tool; calling it calls the tool. Its documentation is fetched when it is first looked at."""

    def __init__(self, channel: ToolChannel, descriptions: Descriptions, toolkit: str, name: str) -> None:
        self._call = channel.call
        self._call_async = channel.call_async
        self._descriptions = descriptions
        self._toolkit = toolkit
        self.__name__ = name
        self.__qualname__ = f"{toolkit}.{name}"

    def __call__(self, *positional: Any, **named: Any) -> Any:
        """Call the tool."""
        return self._call(self._toolkit, self.__name__, positional, named)

    async def aio(self, *positional: Any, **named: Any) -> Any:
        """Call the tool and let the event loop go on meanwhile: `await system.health.aio("a")`."""
        return await self._call_async(self._toolkit, self.__name__, positional, named)

    def __repr__(self) -> str:
        return f"<tool {self.__qualname__}>"

    @property
    def __signature__(self) -> inspect.Signature:
        return signature_of(self._descriptions.tool(self._toolkit, self.__name__))

    @property
    def _text(self) -> str:
        return render_tool(self._toolkit, self._descriptions.tool(self._toolkit, self.__name__))

    __doc__ = _text  # a property here is what makes `system.logs.__doc__` the tool's own


class Toolkit:
    """A toolkit, or the part of a dotted name that several toolkits share."""

    def __init__(self, channel: ToolChannel, descriptions: Descriptions, name: str, names: frozenset[str]) -> None:
        self._channel = channel
        self._descriptions = descriptions
        self._name = name
        self._names = names

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"the toolkit {self._name!r} has no {name!r}")
        full = f"{self._name}.{name}"
        if full in self._names or any(other.startswith(f"{full}.") for other in self._names):
            found: Any = Toolkit(self._channel, self._descriptions, full, self._names)
        else:
            found = Tool(self._channel, self._descriptions, self._name, name)
        self.__dict__[name] = found
        return found

    def __dir__(self) -> list[str]:
        start = len(self._name) + 1
        below = {other[start:].split(".")[0] for other in self._names if other.startswith(f"{self._name}.")}
        return sorted(below | set(self._descriptions.tools(self._name)))

    def __repr__(self) -> str:
        return f"<toolkit {self._name}>"

    @property
    def _text(self) -> str:
        below = [other for other in sorted(self._names) if other.startswith(f"{self._name}.")]
        return render_toolkit(self._name, self._descriptions.toolkit(self._name), below)

    __doc__ = _text  # as in Tool


class Tools:
    """Finds tools: `tools.search("disk")`, `tools.describe("system.logs")`."""

    def __init__(self, channel: ToolChannel, descriptions: Descriptions) -> None:
        self._channel = channel
        self._descriptions = descriptions

    def search(self, query: str) -> Any:
        """Return the tools whose description fits the query, best first."""
        return self._channel.call("sanca", "search_tools", (query,))

    def describe(self, name: str) -> str:
        """Return the documentation of a tool (`"system.logs"`) or of a whole toolkit (`"system"`)."""
        toolkits = self._descriptions.toolkit_names()
        if name in toolkits:
            return render_toolkit(name, self._descriptions.toolkit(name), [])
        toolkit, _, tool = name.rpartition(".")
        return render_tool(toolkit, self._descriptions.tool(toolkit, tool))

    def __repr__(self) -> str:
        return "<tools: search(query), describe(name)>"


def make_toolkits(channel: ToolChannel, descriptions: Descriptions, names: Iterable[str]) -> dict[str, Toolkit]:
    """Return the proxies by the name an action uses: one for each first part of a toolkit's name."""
    known = frozenset(names)
    return {
        root: Toolkit(channel, descriptions, root, known) for root in sorted({name.split(".")[0] for name in known})
    }
