"""What each server said of its tools when they were first seen: kept, compared, and changed only by an administrator.

`<home>/mcp_pins.json`: server → `entry` (what it was started with), `about`, `listed` (names at the last connection),
`tools` (name → definition as agreed), `waiting` (name → definition as it is now and nobody has agreed to).
The agreed definitions are also what an engine shows before it has connected to a server.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sanca.core.errors import ConfigurationError
from sanca.core.toolkits_file import McpServerEntry
from sanca.core.untrusted import plain_text, reveal
from sanca.mcp_adapters.state_file import change_state, read_state, stamp_of

FILE_NAME = "mcp_pins.json"
_DIFF_LINES = 60
_DIFF_CHARS = 4000
_PINNED_KEYS = ("name", "title", "description", "inputSchema", "outputSchema", "annotations", "execution")

Definition = dict[str, Any]
"""A tool as the server lists it, without what says nothing of what it does (icons, `_meta`)."""


@dataclass
class ServerPins:
    """One server's part of the file."""

    entry: str = ""
    about: dict[str, Any] = field(default_factory=dict)
    """`description` and `features` (`resources`, `prompts`, `completions`) as of the last connection."""
    listed: list[str] = field(default_factory=list)
    tools: dict[str, Definition] = field(default_factory=dict)
    waiting: dict[str, Definition] = field(default_factory=dict)

    def take(self, found: Mapping[str, Definition]) -> None:
        """Take what the server lists now: what is new is agreed to by being first, what changed waits."""
        self.listed = list(found)
        self.waiting = {}
        for name, definition in found.items():
            agreed = self.tools.setdefault(name, definition)
            if digest(agreed) != digest(definition):
                self.waiting[name] = definition

    def agree(self, names: list[str]) -> list[str]:
        """Agree to what waits, to all of it when no names are given; return what was agreed to."""
        agreed = [name for name in self.waiting if not names or name in names]
        for name in agreed:
            self.tools[name] = self.waiting.pop(name)
        return agreed


class PinFile:
    """The file. Every method reads it anew; safe beside other processes that change it."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE_NAME

    @property
    def stamp(self) -> tuple[int, int]:
        """What changes whenever the file does."""
        return stamp_of(self._path)

    def servers(self) -> list[str]:
        """Return the names of the servers it knows."""
        return list(read_state(self._path))

    def load(self, server: str) -> ServerPins:
        """Return what is known of a server."""
        return _pins(self._path, read_state(self._path).get(server, {}))

    def note(self, server: str, entry: str, about: Mapping[str, Any], found: Mapping[str, Definition]) -> ServerPins:
        """Take what a server says now, and return how that stands to what was agreed."""
        noted = ServerPins()

        def change(content: dict[str, Any]) -> None:
            nonlocal noted
            noted = _pins(self._path, content.get(server, {}))
            noted.entry, noted.about = entry, dict(about)
            noted.take(found)
            content[server] = vars(noted)

        known = self.load(server)
        before = json.dumps(vars(known), sort_keys=True)
        known.entry, known.about = entry, dict(about)
        known.take(found)
        if json.dumps(vars(known), sort_keys=True) == before:
            return known
        change_state(self._path, change)
        return noted

    def agree(self, server: str, names: list[str]) -> list[str]:
        """Agree to what a server changed; return the names of the tools.

        Raises:
            ConfigurationError: Nothing of that server, or of those names, waits.
        """
        agreed: list[str] = []

        def change(content: dict[str, Any]) -> None:
            pins = _pins(self._path, content.get(server, {}))
            agreed.extend(pins.agree(names))
            content[server] = vars(pins)

        waiting = self.load(server).waiting
        missing = [name for name in names if name not in waiting]
        if missing or not waiting:
            what = f"The tool {missing[0]!r}" if missing else "No tool"
            raise ConfigurationError(f"{what} of the MCP server {server!r} waits for an agreement.", setting=FILE_NAME)
        change_state(self._path, change)
        return agreed

    def forget(self, server: str) -> None:
        """Forget a server: what it says next is what is agreed to."""

        def change(content: dict[str, Any]) -> None:
            content.pop(server, None)

        change_state(self._path, change)


def definition_of(wire: Mapping[str, Any]) -> Definition:
    """Return the part of a listed tool that is pinned."""
    return {key: wire[key] for key in _PINNED_KEYS if wire.get(key) is not None}


def digest(definition: Definition) -> str:
    """Return what is the same only for the same definition."""
    return hashlib.sha256(json.dumps(definition, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def entry_mark(entry: McpServerEntry) -> str:
    """Return what changes when the operator changes which server is meant; holds no secret."""
    meant = [entry.command, *entry.args, entry.cwd or "", entry.url, *sorted(entry.env)]
    return hashlib.sha256("\0".join(meant).encode()).hexdigest()[:16]


def difference(before: Definition, after: Definition) -> str:
    """Return what changed, for a person: hidden characters spelled out, bounded."""
    old, new = (json.dumps(one, indent=1, ensure_ascii=False, sort_keys=True).splitlines() for one in (before, after))
    lines = [reveal(line) for line in difflib.unified_diff(old, new, "agreed", "now", lineterm="", n=1)]
    more = [] if len(lines) <= _DIFF_LINES else [f"… {len(lines) - _DIFF_LINES} more lines"]
    return plain_text("\n".join([*lines[:_DIFF_LINES], *more]), _DIFF_CHARS)


def _pins(path: Path, content: Any) -> ServerPins:
    try:
        return ServerPins(**content)
    except TypeError:
        raise ConfigurationError(f"{str(path)!r} is not of its form; move it away.", setting=FILE_NAME) from None
