"""What is known of a server's tools: listed by it, agreed to or withheld, and what an administrator should hear of it.

Connects to nothing. What it shows before the first connection is what `mcp_pins.json` has of the last one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sanca.core.errors import ConfigurationError
from sanca.core.toolkits_file import McpServerEntry
from sanca.core.tools import ToolDefinition
from sanca.core.untrusted import plain_name, plain_text
from sanca.mcp_adapters.further_tools import features_of, further_tools
from sanca.mcp_adapters.mapping import DESCRIPTION_CHARS, TOOLS_LIMIT, MappedTools, McpTool, map_tools
from sanca.mcp_adapters.pins import Definition, PinFile, ServerPins, definition_of, difference, entry_mark
from sanca.mcp_adapters.suspicion import suspect

if TYPE_CHECKING:
    from mcp import Client

log = structlog.get_logger(__name__)

_PAGES = 50
_NOTICE_DIFFS = 3


@dataclass(frozen=True)
class Listing:
    """What a server says of itself at a connection."""

    description: str
    features: list[str]
    tools: dict[str, Definition]


async def read_listing(client: Client) -> Listing:
    """Ask a server for its tools, all pages of them; raises what the SDK raises."""
    tools: dict[str, Definition] = {}
    cursor: str | None = None
    for _ in range(_PAGES if client.server_capabilities.tools is not None else 0):
        page = await client.list_tools(cursor=cursor, cache_mode="refresh")
        for tool in page.tools:
            wire = tool.model_dump(mode="json", by_alias=True, exclude_none=True)
            tools.setdefault(tool.name, definition_of(wire))
        cursor = page.next_cursor
        if not cursor or len(tools) >= TOOLS_LIMIT:
            break
    info = client.server_info
    said = client.instructions or (info.description if info else "") or (info.title if info else "") or ""
    kept = dict(list(tools.items())[:TOOLS_LIMIT])
    return Listing(said, features_of(client), kept)


class KnownTools:
    """One server's tools as they are shown now. Used from one event loop."""

    def __init__(
        self, server: str, toolkit: str, entry: McpServerEntry, home: Path, strangers: Collection[str]
    ) -> None:
        self._server = server
        self._toolkit = toolkit
        self._entry = entry
        self._strangers = strangers
        self._file = PinFile(home)
        self._stamp: tuple[int, int] | None = None
        self._pins = ServerPins()
        self._mapped = MappedTools()
        self._is_known = False
        self._description_reasons: list[str] = []
        self.description = ""
        self.further: Mapping[str, ToolDefinition] = {}

    @property
    def tools(self) -> Mapping[str, McpTool]:
        """Our name → the tool."""
        return self._mapped.tools

    @property
    def withheld(self) -> set[str]:
        """Our names of the tools that changed and nobody has agreed to."""
        return {plain_name(name) for name in self._pins.waiting}

    def definitions(self) -> Iterator[ToolDefinition]:
        """Yield what is shown: the server's own tools, then those for its resources and prompts."""
        for tool in self._mapped.tools.values():
            yield tool.definition
        yield from self.further.values()

    def recall(self) -> bool:
        """Show what is known of the last connection; False when that is nothing, or of another entry."""
        self._stamp = self._file.stamp
        pins = self._file.load(self._server)
        if pins.entry != entry_mark(self._entry) or not (pins.listed or pins.about.get("features")):
            return False
        self._show(pins)
        return True

    def look(self) -> bool:
        """Look whether an administrator has agreed to something meanwhile; may be asked from any thread."""
        if not self._is_known or (stamp := self._file.stamp) == self._stamp:
            return False
        self._stamp = stamp
        try:
            self._show(self._file.load(self._server))
        except ConfigurationError as error:  # what is shown stays as it was
            log.error("mcp_pins_not_read", server=self._server, reason=str(error))
            return False
        return True

    def take(self, listing: Listing) -> None:
        """Take what the server says now."""
        about = {"description": plain_text(listing.description, 20_000), "features": listing.features}
        pins = self._file.note(self._server, entry_mark(self._entry), about, listing.tools)
        self._stamp = self._file.stamp
        self._show(pins)

    def notices(self) -> dict[str, str]:
        """Return what an administrator should hear, by code; an empty text: it is settled."""
        return {
            f"{self._toolkit}.changed": self._changed_notice(),
            f"{self._toolkit}.suspect": self._suspect_notice(),
        }

    def _show(self, pins: ServerPins) -> None:
        self._is_known = True
        self._pins = pins
        agreed = {name: pins.tools[name] for name in pins.listed if name in pins.tools and name not in pins.waiting}
        self._mapped = map_tools(agreed, self._entry, self._strangers)
        self.further = further_tools(list(pins.about.get("features", [])), self._mapped.tools, self._entry)
        said = str(pins.about.get("description") or "")
        self._description_reasons = suspect(iter([said]), self._strangers)
        if self._description_reasons:
            said = ""
        self.description = plain_text(said, DESCRIPTION_CHARS) or f"Tools of the MCP server {self._toolkit}."

    def _changed_notice(self) -> str:
        waiting = self._pins.waiting
        if not waiting:
            return ""
        names = ", ".join(plain_text(name, 80) for name in waiting)
        diffs = [difference(self._pins.tools.get(name, {}), waiting[name]) for name in list(waiting)[:_NOTICE_DIFFS]]
        return (
            f"The MCP server {self._server!r} says something else of {names} than when it was agreed to; "
            f"withheld until you agree: `sanca mcp pins {self._server}`, then `sanca mcp accept {self._server}`.\n"
            + "\n".join(diffs)
        )

    def _suspect_notice(self) -> str:
        said = [f"{name}: {'; '.join(reasons)}" for name, reasons in self._mapped.suspects.items()]
        said += (
            [f"the server's description: {'; '.join(self._description_reasons)}"] if self._description_reasons else []
        )
        said += [f"{name}: another tool has its name, it is left out" for name in self._mapped.doubles]
        return f"Of the MCP server {self._server!r} was withheld: {' · '.join(said)}." if said else ""
